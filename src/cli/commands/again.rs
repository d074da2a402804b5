//! The command that runs something once more, with everything that it was given, and what a person is told to do next.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use crate::cli::args::Arguments;
use crate::cli::commands::keys::OpeningKeys;
use crate::cli::commands::run::RunArguments;
use crate::cli::commands::{exec, run};
use crate::cli::error::CliError;
use crate::cli::render::report::last_with_values;
use crate::cli::ui::Format;
use crate::ops::run::end::RunEnd;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::run::{Report, RunMode};
use xfer_domain::shell::xfer_command;

/// What starts a run once more.
#[derive(Debug, Clone)]
pub(super) struct Again {
    before: Vec<String>,
    dry_run: bool,
    after: Vec<String>,
}

impl Again {
    /// After `xfer run`; `everywhere` are the options that every command has.
    pub(super) fn of_run(arguments: &run::Arguments, everywhere: &[String]) -> Self {
        let mut words = Words::default();
        words.option("--notify", arguments.notify);
        Self::new(["run".to_owned(), arguments.routine.clone()], &arguments.options, words, everywhere)
    }

    /// After `xfer exec`.
    pub(super) fn of_exec(arguments: &exec::Arguments, everywhere: &[String]) -> Self {
        let mut words = Words::default();
        words.keys(&arguments.keys);
        words.option("--json", arguments.json);
        words.path("--log-file", arguments.log_file.as_deref());
        words.value("--min-revision", arguments.min_revision);
        words.path("--notify-file", arguments.notify_file.as_deref());
        if arguments.notify_file.is_some() && arguments.notify_as != exec::NotifyAs::default() {
            words.value(
                "--notify-as",
                clap::ValueEnum::to_possible_value(&arguments.notify_as).map(|it| it.get_name().to_owned()),
            );
        }
        Self::new(["exec".to_owned(), arguments.file.display().to_string()], &arguments.options, words, everywhere)
    }

    fn new(command: [String; 2], options: &RunArguments, own: Words, everywhere: &[String]) -> Self {
        let mut after = own;
        if !options.periods.is_empty() {
            after.value("--periods", Some(options.periods.join(",")));
        }
        for job in &options.jobs {
            after.value("--job", Some(job));
        }
        after.option("--no-verify", options.no_verify);
        after.option("--fail-on-empty", options.fail_on_empty);
        after.value("--timeout", options.timeout.map(length));
        after.0.extend_from_slice(everywhere);
        Self { before: command.into(), dry_run: options.dry_run, after: after.0 }
    }

    /// The same command.
    pub(super) fn command(&self) -> String {
        self.typed(self.dry_run)
    }

    /// The same command, so that values are sent.
    fn for_real(&self) -> String {
        self.typed(false)
    }

    /// The words of the same command, after `xfer`.
    pub(super) fn words(&self) -> Vec<String> {
        self.with(self.dry_run)
    }

    fn with(&self, dry_run: bool) -> Vec<String> {
        let dry = dry_run.then(|| "--dry-run".to_owned());
        self.before.iter().chain(&dry).chain(&self.after).cloned().collect()
    }

    /// The same command over another period.
    fn over(&self, period: &str) -> String {
        let mut words = self.words();
        if let Some(at) = words.iter().position(|word| word == "--periods") {
            words.drain(at..(at + 2).min(words.len()));
        }
        words.extend(["--periods".to_owned(), period.to_owned()]);
        xfer_command(&words)
    }

    fn typed(&self, dry_run: bool) -> String {
        xfer_command(&self.with(dry_run))
    }

    /// What to do after a run with this report, line by line; nothing where all is done.
    pub(super) fn next(&self, report: &Report, code: ExitCode) -> Vec<String> {
        let cells = || format!("every cell with its reason: xfer runs cells {}", report.run);
        match (report.mode, code) {
            // What there is to say about nothing stands in the report.
            _ if report.values.fetched == 0 && matches!(code, ExitCode::Success | ExitCode::Empty) => {
                let latest = last_with_values(report);
                latest.map(|period| format!("next, for that period: {}", self.over(period))).into_iter().collect()
            }
            (RunMode::DryRun, ExitCode::Success) => vec![format!("next: {}", self.for_real())],
            (RunMode::Run, ExitCode::Success) => Vec::new(),
            (mode, ExitCode::Temporary | ExitCode::Unknown | ExitCode::Interrupted | ExitCode::Terminated) => {
                let again = if mode == RunMode::DryRun {
                    "run it again"
                } else {
                    "run it again; only what did not arrive is sent"
                };
                vec![format!("next: {again}: {}", self.command())]
            }
            (RunMode::DryRun, ExitCode::Incomplete) => {
                vec![cells(), format!("next, when these may stay away or are put right: {}", self.for_real())]
            }
            _ => vec![cells()],
        }
    }

    /// How the program ends after a run.
    pub(super) fn ended(&self, end: RunEnd) -> Result<ExitCode, CliError> {
        match end.report {
            Ok(_) => Ok(end.code),
            Err(error) => Err(self.hinted(error.into())),
        }
    }

    /// The error of a run that came to no report, with the command where the same one may help.
    fn hinted(&self, mut error: CliError) -> CliError {
        let helps = [ExitCode::Temporary, ExitCode::Unknown, ExitCode::Interrupted, ExitCode::Terminated];
        if helps.contains(&error.code) {
            let command = self.command();
            match error.hints.iter_mut().find(|hint| hint.starts_with("run it again")) {
                Some(hint) => *hint = format!("{hint}: {command}"),
                None => error.hints.push(format!("run it again: {command}")),
            }
        }
        error
    }
}

/// The options of every command that decide what it works on, as they were typed: not what the environment says, which
/// is still there.
pub(super) fn everywhere(arguments: &Arguments) -> Vec<String> {
    let typed = |path: Option<&Path>, variable: &str| {
        path.filter(|path| std::env::var_os(variable).as_deref() != Some(path.as_os_str())).map(Path::to_owned)
    };
    let mut words = Words::default();
    words.path("--home", typed(arguments.home.as_deref(), "XFER_HOME").as_deref());
    let key = &arguments.key_passphrase;
    words.path(
        "--key-passphrase-file",
        typed(key.key_passphrase_file.as_deref(), "XFER_KEY_PASSPHRASE_FILE").as_deref(),
    );
    words.value("--key-passphrase-command", key.key_passphrase_command.as_ref());
    match arguments.format {
        Format::Table => {}
        Format::Json => words.value("--format", Some("json")),
        Format::Csv => words.value("--format", Some("csv")),
    }
    words.0
}

/// Words of a command, as they will stand in it before they are quoted.
#[derive(Debug, Default)]
struct Words(Vec<String>);

impl Words {
    fn option(&mut self, name: &str, given: bool) {
        self.0.extend(given.then(|| name.to_owned()));
    }

    fn value(&mut self, name: &str, value: Option<impl ToString>) {
        self.0.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.to_string()]));
    }

    fn path(&mut self, name: &str, path: Option<&Path>) {
        self.value(name, path.map(Path::display));
    }

    fn keys(&mut self, keys: &OpeningKeys) {
        for file in &keys.key_files {
            self.path("--key-file", Some(file));
        }
        self.path("--passphrase-file", keys.passphrase_file.as_deref());
        self.value("--passphrase-command", keys.passphrase_command.as_ref());
    }
}

/// A length of time as `--timeout` takes it: `1h30m`.
fn length(time: Duration) -> String {
    SignedDuration::try_from(time)
        .map_or_else(|_| format!("{}s", time.as_secs()), |time| format!("{time:#}").replace(' ', ""))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Again, everywhere};
    use crate::cli::args::{Arguments, Command};
    use crate::cli::error::CliError;
    use xfer_domain::exit_code::ExitCode;

    fn again(line: &[&str]) -> Again {
        let arguments = Arguments::try_parse_from(line).unwrap();
        let everywhere = everywhere(&arguments);
        match &arguments.command {
            Some(Command::Run(run)) => Again::of_run(run, &everywhere),
            Some(Command::Exec(exec)) => Again::of_exec(exec, &everywhere),
            other => panic!("{other:?}"),
        }
    }

    /// A command is the same again if it comes back as it was.
    #[test]
    fn every_option_of_a_run_stands_in_the_command_that_runs_it_again() {
        for line in [
            "xfer run monthly",
            "xfer run monthly --dry-run --periods 202401..202403,LAST_MONTH --job a --job b --no-verify",
            "xfer run monthly --notify --fail-on-empty --timeout 1h30m --home /srv/xfer --key-passphrase-file /k",
            "xfer exec /srv/monthly.xfer --key-file /k1 --key-file /k2 --passphrase-file - --periods 202401",
            "xfer exec m.xfer --json --log-file run.log --min-revision 3 --notify-file hook --notify-as slack --timeout 90s",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let command = again(&words).command();
            let (mut told, mut typed): (Vec<&str>, Vec<&str>) = (command.split(' ').collect(), words);
            if line.contains("90s") {
                typed.pop();
                typed.push("1m30s");
            }
            told.sort_unstable();
            typed.sort_unstable();
            assert_eq!(told, typed);
        }
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let words =
            ["xfer", "exec", "Santé du mois.xfer", "--passphrase-command", "pass show 'x'", "--job", "$HOME `a`"];
        assert_eq!(
            again(&words).command(),
            r"xfer exec 'Santé du mois.xfer' --passphrase-command 'pass show '\''x'\''' --job '$HOME `a`'"
        );
    }

    #[test]
    fn an_error_that_may_pass_says_the_command_once() {
        let again = again(&["xfer", "run", "monthly", "--periods", "202401"]);
        let error = |code, hint: &str| CliError { code, ..CliError::usage("no answer".to_owned()).hint(hint) };
        let hints = |error| again.hinted(error).hints;
        let command = "run it again: xfer run monthly --periods 202401";
        assert_eq!(hints(error(ExitCode::Temporary, "check the network")), ["check the network", command]);
        let stopped = error(ExitCode::Interrupted, "run it again; nothing is lost");
        assert_eq!(hints(stopped), ["run it again; nothing is lost: xfer run monthly --periods 202401"]);
        assert_eq!(hints(error(ExitCode::Login, "log in")), ["log in"]);
    }
}
