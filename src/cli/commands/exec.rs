//! `xfer exec`: a routine from its file, unattended.
//!
//! Everything that it does is decided by the file, the arguments and the servers: it reads no configuration, asks
//! nothing, and says what happens in lines that a log can keep.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::cli::commands::ending::Ending;
use crate::cli::commands::keys::OpeningKeys;
use crate::cli::commands::lines::Lines;
use crate::cli::commands::run::RunArguments;
use crate::cli::commands::wait;
use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::prompt::{SecretSource, secret};
use crate::cli::render::report;
use crate::cli::ui::Ui;
use crate::domain::run::Report;
use crate::ops::alerts::{self, Alert, Condition, Shape};
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
    /// Send a message when the outcome is another than the last time; the file holds the web address it goes to
    #[arg(long, value_name = "FILE")]
    pub notify_file: Option<PathBuf>,
    /// What takes the message
    #[arg(long, value_enum, default_value_t, requires = "notify_file", value_name = "SHAPE")]
    pub notify_as: NotifyAs,
}

/// What takes the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum NotifyAs {
    /// JSON of our own
    #[default]
    Json,
    /// Slack or Mattermost
    Slack,
    /// Microsoft Teams
    Teams,
    /// A dead man's switch: asked for after each complete run, without a message
    Ping,
}

impl NotifyAs {
    fn shape(self) -> Shape {
        match self {
            Self::Json => Shape::Json,
            Self::Slack => Shape::Slack,
            Self::Teams => Shape::Teams,
            Self::Ping => Shape::Ping,
        }
    }
}

/// Carries out `xfer exec`.
pub fn execute(arguments: &Arguments, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let lines = Lines::new(ui, arguments.log_file.as_deref())?;
    // Read first: who wants to be told must not find out at the end that nobody can be.
    let address = arguments
        .notify_file
        .clone()
        .map(|file| secret(ui, &SecretSource::File(file), "web address for messages", "--notify-file"))
        .transpose()?;
    let outcome = run(arguments, home, ui, &lines);
    if let Err(error) = &outcome {
        lines.error(error);
    }
    if let Some(alert) = alert(&arguments.file, &outcome) {
        tell(arguments, home, address.as_ref(), &alert, ui);
    }
    outcome.map(|(_, code)| code)
}

/// What there is to tell; nothing where another run is at work or somebody ended this one.
fn alert(file: &Path, outcome: &Result<(Report, ExitCode), CliError>) -> Option<Alert> {
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let (code, words) = match outcome {
        Ok((report, code)) => {
            let cells = &report.cells;
            let missing: u64 = cells.rejected + cells.held_back + cells.differs + cells.unknown + cells.not_sent;
            (
                *code,
                format!(
                    "{missing} of {} cells did not arrive, {} are new or changed",
                    cells.total,
                    cells.created + cells.updated + cells.deleted
                ),
            )
        }
        Err(error) => {
            let said = std::iter::once(&error.message).chain(&error.causes).cloned().collect::<Vec<_>>();
            (error.code, said.join(": "))
        }
    };
    let empty = matches!(outcome, Ok((report, _)) if report.values.fetched == 0);
    let condition = match code {
        ExitCode::Locked | ExitCode::Interrupted | ExitCode::Terminated => return None,
        ExitCode::Success | ExitCode::Empty if empty => Condition::Empty,
        ExitCode::Success => Condition::Complete,
        ExitCode::Incomplete => Condition::Incomplete,
        _ => Condition::Failed,
    };
    Some(Alert { name, condition, exit_code: code.number(), words })
}

/// Sends the message; a run is as good or bad as it was, whether or not it can be told.
fn tell(arguments: &Arguments, home: &Home, address: Option<&SecretString>, alert: &Alert, ui: &Ui) {
    // A dry run moves nothing, so that its outcome is nobody's alarm.
    let Some(address) = address.filter(|_| !arguments.options.dry_run) else { return };
    let sending = alerts::tell(home, &arguments.file, address, arguments.notify_as.shape(), alert);
    let told = wait(async {
        sending.await.map_err(|cause| CliError::usage("the message was not delivered".to_owned()).caused_by(&cause))
    });
    match told {
        Ok(true) => ui.say("a message was sent"),
        Ok(false) => {}
        Err(error) => ui.warn(&format!("{}: {}; the next run tries again", error.message, error.causes.join(": "))),
    }
}

fn run(arguments: &Arguments, home: &Home, ui: &Ui, lines: &Lines<'_>) -> Result<(Report, ExitCode), CliError> {
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
    Ok((report, code))
}
