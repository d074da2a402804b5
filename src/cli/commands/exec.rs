//! `xfer exec`: a routine from its file, unattended.
//!
//! Everything that it does is decided by the file, the arguments and the servers: it reads no configuration, asks
//! nothing, and says what happens in lines that a log can keep.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use crate::cli::commands::ending::Ending;
use crate::cli::commands::keys::OpeningKeys;
use crate::cli::commands::lines::Lines;
use crate::cli::commands::run::RunArguments;
use crate::cli::commands::wait;
use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::render::report;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::xfer_files;
use crate::transfer::events::Event;

/// `xfer exec`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The xfer file
    pub file: PathBuf,
    /// What opens the file.
    #[command(flatten)]
    pub keys: OpeningKeys,
    /// How the run differs from the routine.
    #[command(flatten)]
    pub options: RunArguments,
    /// Print the report as JSON; the same as --format json
    #[arg(long)]
    pub json: bool,
    /// Write what happens to this file too; it is moved aside when it grows too large
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Refuse a file of an earlier export than this
    #[arg(long, value_name = "NUMBER")]
    pub min_revision: Option<u32>,
}

/// Carries out `xfer exec`.
pub fn execute(arguments: &Arguments, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let lines = Lines::new(ui, arguments.log_file.as_deref())?;
    let outcome = run(arguments, home, ui, &lines);
    if let Err(error) = &outcome {
        lines.error(error);
    }
    outcome
}

fn run(arguments: &Arguments, home: &Home, ui: &Ui, lines: &Lines<'_>) -> Result<ExitCode, CliError> {
    let keys = arguments.keys.unasked(ui, &arguments.file)?;
    let (content, about) = xfer_files::open_for_run(&arguments.file, &keys, arguments.min_revision, Timestamp::now())?;
    lines.say(&format!(
        "{} revision {} from {} to {}",
        content.document.routine.name, about.revision, content.source.name, content.destination.name
    ));
    let (report, code) = wait(async {
        let ending = Ending::watch(arguments.options.timeout)?;
        let events = |event: Event| lines.event(&event);
        let run = xfer_files::exec(home, content, about, arguments.options.options(), ending.stop(), &events);
        let report = Box::pin(run).await.map_err(|error| ending.error(error))?;
        let code = ending.code(&report);
        Ok((report, code))
    })?;
    lines.report(&report);
    report::print(&report, ui);
    Ok(code)
}
