//! `xfer exec`: a routine from its file, unattended.
//!
//! Everything that it does is decided by the file, the arguments and the servers: it reads no configuration, asks
//! nothing, and says what happens in lines that a log can keep.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::arguments::keys::OpeningKeys;
use crate::cli::arguments::run::RunArguments;
use crate::cli::commands::lines::Lines;
use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, secret};
use crate::cli::render::report;
use crate::cli::running::again::{Again, CommandWords};
use crate::cli::running::telling::{TRIED_AGAIN, Words, in_words};
use crate::cli::runtime::wait;
use crate::cli::ui::Ui;
use crate::ops::alerts::address::{Address, FileShape};
use crate::ops::home::Home;
use crate::ops::run::end::RunEnd;
use crate::ops::run::telling::Telling;
use crate::ops::run::{self as whole_run, FileOrder, RunView};
use xfer_domain::alert::Shape;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::InWords;
use xfer_domain::run::FileReport;
use xfer_storage::xferfile::Content;
use xfer_transfer::events::Event;
use xfer_transfer::finding::XFER_FILE_OUTDATED;

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
    /// Also write a log to this file; it is rotated when it gets too large
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Refuse a file that is older than this revision
    #[arg(long, value_name = "NUMBER")]
    pub min_revision: Option<u32>,
    /// Send a message when the outcome changes, in addition to the routine's alerts; the file contains
    /// the web address
    #[arg(long, value_name = "FILE")]
    pub notify_file: Option<PathBuf>,
    /// What receives the message
    #[arg(long, value_enum, default_value_t, requires = "notify_file", value_name = "SHAPE")]
    pub notify_as: NotifyAs,
}

/// What receives the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum NotifyAs {
    /// JSON (xfer-alert/1)
    #[default]
    Json,
    /// Slack or Mattermost
    Slack,
    /// Microsoft Teams
    Teams,
    /// A heartbeat URL, called after every complete run, without a message
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
    let again = again(arguments, everywhere);
    let lines = Lines::new(ui, arguments.log_file.as_deref());
    // Read first: who wants to be told must not find out at the end that nobody can be.
    let address = arguments
        .notify_file
        .clone()
        .map(|file| secret(ui, &SecretSource::File(file), "web address for messages", "--notify-file"))
        .transpose()?
        .map(|secret| Address { secret, shape: arguments.notify_as.shape() });
    let keys = || arguments.keys.unasked(ui, &arguments.file).map_err(InWords::from);
    let order = FileOrder {
        file: &arguments.file,
        keys: &keys,
        min_revision: arguments.min_revision,
        address: address.as_ref(),
    };
    let view = Log { again: &again, notify_as: arguments.notify_as, lines: &lines, ui };
    let options = arguments.options.options(again.words());
    let end = wait(async { Ok(Box::pin(whole_run::of_file(home, order, options, &view)).await) })?;
    again.ended(end)
}

/// The same command once more.
pub(in crate::cli) fn again(arguments: &Arguments, everywhere: &[String]) -> Again {
    let mut words = CommandWords::default();
    words.keys(&arguments.keys);
    words.option("--json", arguments.json);
    words.path("--log-file", arguments.log_file.as_deref());
    words.value("--min-revision", arguments.min_revision);
    words.path("--notify-file", arguments.notify_file.as_deref());
    if arguments.notify_file.is_some() && arguments.notify_as != NotifyAs::default() {
        words.value("--notify-as", arguments.notify_as.to_possible_value().map(|it| it.get_name().to_owned()));
    }
    Again::new(["exec".to_owned(), arguments.file.display().to_string()], &arguments.options, words, everywhere)
}

/// An unattended run.
struct Log<'run> {
    again: &'run Again,
    notify_as: NotifyAs,
    lines: &'run Lines<'run>,
    ui: &'run Ui,
}

impl RunView for Log<'_> {
    fn opened(&self, content: &Content, about: &FileReport) {
        self.lines.say(&format!(
            "{} revision {} from {} to {}",
            content.document.routine.name, about.revision, content.source.name, content.destination.name
        ));
    }

    fn event(&self, event: &Event) {
        self.lines.event(event);
    }

    fn ended(&self, end: &RunEnd) {
        let report = match &end.report {
            Ok(report) => report,
            Err(error) => return self.lines.error(&CliError::of(error)),
        };
        self.lines.report(report);
        report::print(report, self.ui.format.into(), self.ui);
        self.again.next(report, end.code).iter().for_each(|line| self.lines.say(line));
        let outdated = report.findings.iter().find(|finding| finding.code == XFER_FILE_OUTDATED.word);
        if let Some(hint) = outdated.and_then(|finding| finding.hint.as_deref()) {
            self.lines.warn(&format!(
                "the routine was changed since this file was exported. {}",
                hint.replace('`', "").trim_end_matches('.')
            ));
        }
    }

    fn told(&self, telling: &Telling<'_>) {
        // A switch is asked for again only when there is something good to say.
        let next = match (telling, self.notify_as) {
            (Telling::AddressFailed(_) | Telling::AddressCutOff, NotifyAs::Ping) => {
                "the heartbeat URL is called again after the next complete run"
            }
            _ => TRIED_AGAIN,
        };
        match in_words(telling, next) {
            Words::Say(words) => self.lines.say(&words),
            Words::Warn(words) => self.lines.warn(&words),
        }
    }
}
