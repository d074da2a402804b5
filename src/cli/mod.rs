//! The command line: parses, asks, draws. The only layer that prints, prompts, reads the environment or exits.
//!
//! Each command is one file in [`commands`]: an argument struct whose doc comments are the help text, and one
//! function that calls `ops` and renders what comes back.

pub mod arguments;
pub mod commands;
mod completion;
mod dispatch;
pub mod error;
pub mod line_reader;
pub mod output;
pub mod prompt;
mod question;
mod redacting;
pub mod render;
pub mod root;
mod running;
mod runtime;
mod syncing;
pub mod ui;
mod waiting;
mod wizard;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;

use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::ui::{Format, Ui};
use xfer_domain::exit_code::ExitCode;
use xfer_storage::platform;

/// Runs the program with these arguments (the program's name first) and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let output = Output::default();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(candidates) = completion::candidates(&arguments, root::tree) {
        // A shell shows nothing of an error, and a person is typing: no candidates.
        output.for_programs(&candidates.unwrap_or_default());
        return settled(ExitCode::Success, &Ui::new(Format::Table, true, false, no_colour, output));
    }
    let arguments = match root::read(arguments) {
        Ok(arguments) => arguments,
        Err(refusal) => {
            // Help and version are answers, everything else is wrong usage.
            output.answer(&refusal, !no_colour);
            let code = if refusal.use_stderr() { ExitCode::Usage } else { ExitCode::Success };
            return settled(code, &Ui::new(Format::Table, false, false, no_colour, output));
        }
    };
    platform::keep_memory_private();
    platform::survive_size_limits();
    say_nothing_of_values_in_a_panic();
    let ui = Ui::new(arguments.format(), arguments.quiet, arguments.yes, no_colour, output);
    start_logging(arguments.verbose);
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| dispatch::execute(&arguments, &ui)));
    let code = match outcome {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => failed(&error, &ui),
        // The hook has said where.
        Err(_) => ExitCode::Bug,
    };
    settled(code, &ui)
}

/// Tells about an error.
fn failed(error: &CliError, ui: &Ui) -> ExitCode {
    ui.error(&error.message, &error.causes, &error.hints);
    if ui.format == Format::Json {
        ui.error_as_json(error);
    }
    error.code
}

/// The end of the program: what was printed has to have arrived.
fn settled(code: ExitCode, ui: &Ui) -> ExitCode {
    let (code, error) = ui.output().settled(code);
    if let Some(error) = error {
        failed(&error, ui);
    }
    code
}

/// A panic's message may quote the value that it stumbled over, and that may be a secret or somebody's figures: only
/// the place is said.
fn say_nothing_of_values_in_a_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        let text = format!("error: this is a bug in xfer{place}\nhint: please report it with what you did\n");
        output::talk(&text);
    }));
}

/// Logs go to stderr. `XFER_LOG` takes tracing's filter syntax; `-v` shows what xfer does, `-vv` how. What the
/// network crates log stays out: it could hold headers. No line holds a login, whoever wrote it ([`redacting`]).
fn start_logging(verbosity: u8) {
    use tracing_subscriber::EnvFilter;

    let level = match verbosity {
        0 => "warn",
        1 => "xfer=info",
        _ => "xfer=debug",
    };
    let filter = std::env::var("XFER_LOG").ok().and_then(|filter| EnvFilter::try_new(filter).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(level));
    // The last one calls an error what our own error says in full.
    let quieted = ["hyper=warn", "reqwest=warn", "rustls=warn", "h2=warn", "rustls_platform_verifier=off"]
        .into_iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    // A second start in one process (tests) keeps the first one's logger.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(quieted)
        .with_writer(output::log)
        // A log that cannot be written says so on the same stream, and panics if that fails.
        .log_internal_errors(false)
        .with_ansi(output::talks_to_a_terminal())
        .without_time()
        .try_init();
}
