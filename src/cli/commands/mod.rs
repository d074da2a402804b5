//! The commands: each parses, calls one function of `ops`, and renders the outcome.

mod again;
pub mod check;
pub mod completions;
pub mod dashboard;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod exec;
pub mod external;
mod files;
pub mod init;
pub mod job;
pub mod key;
pub mod keys;
mod lines;
pub mod man;
pub mod orgunit;
pub mod pair;
pub mod plugin;
mod progress;
mod replay;
pub mod routine;
pub mod run;
pub mod runs;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod schedule;
pub mod script;
pub mod script_tools;
pub mod server;
mod telling;
mod unread;
pub mod xfer_file;

use std::future::Future;

use crate::cli::args::{Arguments, Command};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::tidy::tidy;
use xfer_domain::exit_code::ExitCode;
use xfer_storage::platform;
use xfer_storage::store::say_who_is_waited_for;

/// Carries out what was typed.
pub fn execute(arguments: &Arguments, ui: &Ui) -> Result<ExitCode, CliError> {
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
        Some(Command::Run(command)) => run::execute(command, &again::everywhere(arguments), &home, ui),
        Some(Command::Exec(command)) => exec::execute(command, &again::everywhere(arguments), &home, ui),
        Some(Command::Key(command)) => key::execute(command, &home, ui),
        Some(Command::Doctor(command)) => doctor::execute(command, &home, ui),
        Some(Command::Schedule(command)) => schedule::execute(command, &home, ui),
        Some(Command::Runs(command)) => runs::execute(command, &home, ui),
        #[cfg(feature = "demo")]
        Some(Command::Demo(command)) => demo::execute_demo(command, ui),
        #[cfg(feature = "demo")]
        Some(Command::Sandbox(command)) => sandbox::execute(command, ui),
        Some(Command::Completions(command)) => completions::execute(command, ui),
        Some(Command::Man(command)) => man::execute(command, ui),
        Some(Command::External(words)) => external::execute(words, &home),
    }
}

fn home(arguments: &Arguments) -> Result<Home, CliError> {
    platform::home_folder(arguments.home.as_deref()).map(Home::at).map_err(CliError::from)
}

/// Waits for a future on a runtime of its own; commands are synchronous up to here.
pub(crate) fn wait<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|cause| CliError::local_io("the program could not start its network part".to_owned(), &cause))?;
    let outcome = runtime.block_on(future);
    // A read that still waits for a server would keep the process from ending; nothing depends on it any more.
    runtime.shutdown_background();
    outcome
}
