//! From what was typed to the command that carries it out.

#[cfg(feature = "demo")]
use std::ffi::OsString;
use std::path::Path;

#[cfg(feature = "demo")]
use clap::Parser;

use crate::cli::commands::{
    completions, dashboard, doctor, exec, external, init, job, key, man, orgunit, plugin, routine, run, runs, schedule,
    script, server,
};
#[cfg(feature = "demo")]
use crate::cli::commands::{demo, sandbox};
use crate::cli::error::CliError;
use crate::cli::root::{Arguments, Command, tree};
use crate::cli::running::again::CommandWords;
use crate::cli::ui::{Format, Ui};
use crate::ops::home::Home;
use crate::ops::tidy::tidy;
use xfer_domain::exit_code::ExitCode;
use xfer_storage::platform;
use xfer_storage::store::say_who_is_waited_for;

/// Carries out what was typed.
pub(super) fn execute(arguments: &Arguments, ui: &Ui) -> Result<ExitCode, CliError> {
    if !platform::clock_is_set() {
        return Err(CliError::clock());
    }
    let waiting = ui.clone();
    say_who_is_waited_for(move |file| {
        waiting.say(&format!("waiting for {}: another program is writing to it", file.display()));
    });
    let home = home(arguments)?.unlocked_by(arguments.key_passphrase.unlocking(ui));
    tidy(&home);
    match &arguments.command {
        None => dashboard::show(&home, ui),
        Some(Command::Init(command)) => init::execute(command, &home, ui),
        Some(Command::Server(command)) => server::execute(command, &home, ui),
        Some(Command::OrgUnit(command)) => orgunit::execute(command, &home, ui),
        Some(Command::Job(command)) => job::execute(command, &home, ui),
        Some(Command::Routine(command)) => routine::execute(command, &home, ui),
        Some(Command::Script(command)) => script::execute(command, &home, ui),
        Some(Command::Plugin(command)) => plugin::execute(command, &home, ui),
        Some(Command::Run(command)) => run::execute(command, &everywhere(arguments), &home, ui),
        Some(Command::Exec(command)) => exec::execute(command, &everywhere(arguments), &home, ui),
        Some(Command::Key(command)) => key::execute(command, &home, ui),
        Some(Command::Doctor(command)) => doctor::execute(command, &home, ui),
        Some(Command::Schedule(command)) => schedule::execute(command, &home, ui),
        Some(Command::Runs(command)) => runs::execute(command, &home, ui),
        #[cfg(feature = "demo")]
        Some(Command::Demo(command)) => demo::execute_demo(command, &|words, ui| typed(words, ui), ui),
        #[cfg(feature = "demo")]
        Some(Command::Sandbox(command)) => sandbox::execute(command, ui),
        Some(Command::Completions(command)) => completions::execute(command, ui),
        Some(Command::Man(command)) => man::execute(command, tree(), ui),
        Some(Command::External(words)) => external::execute(words, &tree(), &home),
    }
}

fn home(arguments: &Arguments) -> Result<Home, CliError> {
    platform::home_folder(arguments.home.as_deref()).map(Home::at).map_err(CliError::from)
}

/// Carries out a line that the program itself types.
#[cfg(feature = "demo")]
fn typed(words: Vec<OsString>, ui: &Ui) -> Result<ExitCode, CliError> {
    let arguments = Arguments::try_parse_from(words)
        .map_err(|cause| CliError::usage(format!("the demo's own command is wrong: {cause}")))?;
    execute(&arguments, ui)
}

/// The options of every command that decide what it works on, as they were typed: not what the environment says, which
/// is still there.
fn everywhere(arguments: &Arguments) -> Vec<String> {
    let typed = |path: Option<&Path>, variable: &str| {
        path.filter(|path| std::env::var_os(variable).as_deref() != Some(path.as_os_str())).map(Path::to_owned)
    };
    let mut words = CommandWords::default();
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::everywhere;
    use crate::cli::commands::{exec, external, run};
    use crate::cli::root::{Arguments, Command, tree};
    use crate::cli::running::again::Again;

    fn again(line: &[&str]) -> Again {
        let arguments = Arguments::try_parse_from(line).unwrap();
        let everywhere = everywhere(&arguments);
        match &arguments.command {
            Some(Command::Run(run)) => run::order(run, &everywhere).again(),
            Some(Command::Exec(exec)) => exec::again(exec, &everywhere),
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
    fn a_mistyped_command_is_met_with_the_one_that_was_meant() {
        assert_eq!(external::unknown("rutine", &tree()).hints, ["did you mean routine?"]);
        assert!(external::unknown("zzzzzz", &tree()).hints[0].contains("xfer-zzzzzz"));
    }
}
