//! The command that repeats a run with all its options, and the next steps for the user.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use crate::cli::arguments::keys::OpeningKeys;
use crate::cli::arguments::run::RunArguments;
use crate::cli::error::CliError;
use crate::cli::render::report::last_with_values;
use crate::ops::run::end::RunEnd;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::run::{Report, RunMode};
use xfer_domain::shell::xfer_command;

/// What starts a run once more.
#[derive(Debug, Clone)]
pub(crate) struct Again {
    before: Vec<String>,
    dry_run: bool,
    after: Vec<String>,
}

impl Again {
    /// After `xfer run`; `everywhere` are the options that every command has.
    pub(crate) fn of_run(routine: &str, options: &RunArguments, notify: bool, everywhere: &[String]) -> Self {
        let mut words = CommandWords::default();
        words.option("--notify", notify);
        Self::new(["run".to_owned(), routine.to_owned()], options, words, everywhere)
    }

    /// After another command that runs something; `own` are the options that only it has.
    pub(crate) fn new(command: [String; 2], options: &RunArguments, own: CommandWords, everywhere: &[String]) -> Self {
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
    pub(crate) fn command(&self) -> String {
        self.typed(self.dry_run)
    }

    /// The same command, so that values are sent.
    fn for_real(&self) -> String {
        self.typed(false)
    }

    /// The words of the same command, after `xfer`.
    pub(crate) fn words(&self) -> Vec<String> {
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
    pub(crate) fn next(&self, report: &Report, code: ExitCode) -> Vec<String> {
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
                vec![cells(), format!("next, when these are corrected or may be left out: {}", self.for_real())]
            }
            _ => vec![cells()],
        }
    }

    /// How the program ends after a run.
    pub(crate) fn ended(&self, end: RunEnd) -> Result<ExitCode, CliError> {
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

/// Words of a command, as they will stand in it before they are quoted.
#[derive(Debug, Default)]
pub(crate) struct CommandWords(pub(crate) Vec<String>);

impl CommandWords {
    /// An option without a value.
    pub(crate) fn option(&mut self, name: &str, given: bool) {
        self.0.extend(given.then(|| name.to_owned()));
    }

    /// An option with its value, where there is one.
    pub(crate) fn value(&mut self, name: &str, value: Option<impl ToString>) {
        self.0.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.to_string()]));
    }

    /// An option with a path, where there is one.
    pub(crate) fn path(&mut self, name: &str, path: Option<&Path>) {
        self.value(name, path.map(Path::display));
    }

    /// What opens a file.
    pub(crate) fn keys(&mut self, keys: &OpeningKeys) {
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
    use super::Again;
    use crate::cli::arguments::run::RunArguments;
    use crate::cli::error::CliError;
    use xfer_domain::exit_code::ExitCode;

    #[test]
    fn an_error_that_may_pass_says_the_command_once() {
        let options = RunArguments { periods: vec!["202401".to_owned()], ..RunArguments::default() };
        let again = Again::of_run("monthly", &options, false, &[]);
        let error = |code, hint: &str| CliError { code, ..CliError::usage("no answer".to_owned()).hint(hint) };
        let hints = |error| again.hinted(error).hints;
        let command = "run it again: xfer run monthly --periods 202401";
        assert_eq!(hints(error(ExitCode::Temporary, "check the network")), ["check the network", command]);
        let stopped = error(ExitCode::Interrupted, "run it again; nothing is lost");
        assert_eq!(hints(stopped), ["run it again; nothing is lost: xfer run monthly --periods 202401"]);
        assert_eq!(hints(error(ExitCode::Login, "log in")), ["log in"]);
    }
}
