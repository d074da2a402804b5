//! `xfer exec`: a routine from its file, unattended.
//!
//! Everything that it does is decided by the file, the arguments and the servers: it reads no configuration, asks
//! nothing, and says what happens in lines that a log can keep.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::cli::commands::again::Again;
use crate::cli::commands::alerting::{Outcome, note_start, notice, tell, unless_ended, with_start};
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
use crate::domain::alert::{Notice, Shape};
use crate::domain::run::Report;
use crate::ops::alerts::Alerting;
use crate::ops::alerts::address::{self, FileShape};
use crate::ops::home::Home;
use crate::ops::xfer_files;
use crate::transfer::events::Event;
use crate::transfer::finding::XFER_FILE_OUTDATED;

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
    /// Send a message when the outcome is another than the last time, beside the alerts of the routine; the file holds
    /// the web address it goes to
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
    fn shape(self) -> FileShape {
        match self {
            Self::Json => FileShape::Message(Shape::Json),
            Self::Slack => FileShape::Message(Shape::Slack),
            Self::Teams => FileShape::Message(Shape::Teams),
            Self::Ping => FileShape::Ping,
        }
    }
}

/// Carries out `xfer exec`.
pub fn execute(arguments: &Arguments, everywhere: &[String], home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let again = Again::of_exec(arguments, everywhere);
    let lines = Lines::new(ui, arguments.log_file.as_deref());
    // Read first: who wants to be told must not find out at the end that nobody can be.
    let address = arguments
        .notify_file
        .clone()
        .map(|file| secret(ui, &SecretSource::File(file), "web address for messages", "--notify-file"))
        .transpose()?;
    let mut alerting = Alerting::none();
    let outcome = run(arguments, &again, home, ui, &lines, &mut alerting);
    match &outcome {
        Ok((report, _)) => {
            again.next(report).iter().for_each(|line| lines.say(line));
            let outdated = report.findings.iter().find(|finding| finding.code == XFER_FILE_OUTDATED.word);
            if let Some(hint) = outdated.and_then(|finding| finding.hint.as_deref()) {
                lines.warn(&format!(
                    "the routine was changed since this file was exported. {}",
                    hint.replace('`', "").trim_end_matches('.')
                ));
            }
        }
        Err(error) => lines.error(error),
    }
    // A dry run moves nothing, so that its outcome is nobody's alarm.
    if !arguments.options.dry_run {
        let file = arguments.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(notice) = notice(alerting.name(), alerting.between(), &outcome, &again.command()) {
            tell(&alerting, home, &notice, &|words| lines.say(words), &|words| lines.warn(words));
            if let Some(address) = &address {
                tell_address(arguments, home, address, &Notice { name: file, ..notice }, &lines);
            }
        }
    }
    outcome.map(|(_, code)| code).map_err(|error| again.hinted(error))
}

/// Sends the message to the address that `--notify-file` names.
fn tell_address(arguments: &Arguments, home: &Home, address: &SecretString, notice: &Notice, lines: &Lines<'_>) {
    let sending = address::tell(home, &arguments.file, address, arguments.notify_as.shape(), notice);
    let told = unless_ended(async {
        sending.await.map_err(|cause| CliError::usage("the message was not delivered".to_owned()).caused_by(&cause))
    });
    match told {
        Ok(true) => lines.say("a message was sent"),
        Ok(false) => {}
        Err(error) => {
            let next = match arguments.notify_as {
                NotifyAs::Ping => "the switch is asked for again after the next complete run",
                _ => "the next run tries again",
            };
            let why: Vec<String> = std::iter::once(error.message).chain(error.causes).collect();
            lines.warn(&format!("{}; {next}", why.join(": ")));
        }
    }
}

/// Runs the file. Who hears of it is known as soon as it is open.
fn run(
    arguments: &Arguments,
    again: &Again,
    home: &Home,
    ui: &Ui,
    lines: &Lines<'_>,
    alerting: &mut Alerting,
) -> Outcome {
    let keys = arguments.keys.unasked(ui, &arguments.file)?;
    let (content, about) = xfer_files::open_for_run(&arguments.file, &keys, arguments.min_revision, Timestamp::now())?;
    *alerting = Alerting::of_file(&content);
    lines.say(&format!(
        "{} revision {} from {} to {}",
        content.document.routine.name, about.revision, content.source.name, content.destination.name
    ));
    let nobody = Alerting::none();
    let switches = if arguments.options.dry_run { &nobody } else { &*alerting };
    let (report, code) = wait(async {
        let ending = Ending::watch(arguments.options.timeout)?;
        let begun = Notify::new();
        let events = |event: Event| {
            note_start(&event, &begun);
            lines.event(&event);
        };
        let last_word = |report: &mut Report| ending.settle(report);
        let options = arguments.options.options(again);
        let run = xfer_files::exec(home, content, about, options, ending.stop(), &last_word, &events);
        let report = with_start(Box::pin(run), &begun, switches).await.map_err(|error| ending.error(error))?;
        let code = ExitCode::from_number(report.exit_code);
        Ok((report, code))
    })?;
    lines.report(&report);
    report::print(&report, ui.format.into(), ui);
    Ok((report, code))
}
