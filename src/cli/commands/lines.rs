//! The events of an unattended run, one line each: on stderr, and in a log file where one is wanted.
//!
//! A log file is its owner's alone, and is moved aside when it grows too large: `run.log`, `run.log.1` … `run.log.5`.
//! A log that cannot be written does not end a run: figures matter more than lines about them.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::cli::error::CliError;
use crate::cli::render::clock;
use crate::cli::ui::{Ui, printable};
use xfer_domain::counted::{counted, grouped};
use xfer_domain::run::Report;
use xfer_storage::platform;
use xfer_transfer::events::{Event, SliceName};

/// The size in bytes from which a log is moved aside when a run begins: some years of monthly runs.
const LARGEST_LOG: u64 = 5 * 1024 * 1024;

/// How many old logs are kept.
const OLD_LOGS: usize = 5;

/// Where the lines of a run go.
#[derive(Debug)]
pub(super) struct Lines<'ui> {
    ui: &'ui Ui,
    log: Option<Mutex<File>>,
}

impl<'ui> Lines<'ui> {
    /// Opens the log file, if one is wanted. One that cannot be opened is a warning.
    pub(super) fn new(ui: &'ui Ui, log: Option<&Path>) -> Self {
        let open = |path: &Path| rotate(path, LARGEST_LOG).and_then(|()| platform::append_private_file(path));
        let warn = |path: &Path, cause: std::io::Error| {
            ui.warn(&format!(
                "the log file {} cannot be written: {cause}; the run continues without it",
                path.display()
            ));
        };
        let log = log.and_then(|path| open(path).map_err(|cause| warn(path, cause)).ok());
        Self { ui, log: log.map(Mutex::new) }
    }

    /// An event.
    pub(super) fn event(&self, event: &Event) {
        match event {
            Event::SliceFailed { .. } | Event::Waiting { .. } => self.warn(&in_words(event)),
            _ => self.say(&in_words(event)),
        }
    }

    /// How the run ended.
    pub(super) fn report(&self, report: &Report) {
        let cells = &report.cells;
        let words = format!(
            "run {} of {} ended with exit code {}: {} fetched; {} of {} created, {} updated, {} deleted, {} unchanged, \
             {} rejected, {} held back",
            report.run,
            report.routine,
            report.exit_code,
            counted(report.values.fetched, "value"),
            grouped(cells.created),
            counted(cells.total, "cell"),
            grouped(cells.updated),
            grouped(cells.deleted),
            grouped(cells.unchanged),
            grouped(cells.rejected),
            grouped(cells.held_back)
        );
        self.log("info", &words);
    }

    /// Why there was no run; stderr has it from elsewhere.
    pub(super) fn error(&self, error: &CliError) {
        let chain = [std::slice::from_ref(&error.message), error.causes.as_slice()].concat().join(": ");
        self.log("error", &format!("{chain} (exit code {})", error.code.number()));
    }

    /// Says something in passing.
    pub(super) fn say(&self, words: &str) {
        self.log("info", words);
        self.ui.say(&format!("{} {words}", now()));
    }

    /// Warns, even with `--quiet`.
    pub(super) fn warn(&self, words: &str) {
        self.log("warning", words);
        self.ui.warn(&format!("{} {words}", now()));
    }

    fn log(&self, level: &str, words: &str) {
        let Some(log) = &self.log else { return };
        let line = format!("{} {level} {}\n", now(), printable(words).replace('\n', " "));
        // One write per line: two processes that log to one file do not mix within a line.
        if let Err(cause) = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes()) {
            tracing::warn!(%cause, "a line of the log file was lost");
        }
    }
}

/// This moment by the clock of this machine.
fn now() -> String {
    clock::stamp(&clock::local(Timestamp::now()))
}

fn in_words(event: &Event) -> String {
    let part = |slice: &SliceName| format!("{} ({} {}/{})", slice.label, slice.job, slice.number, slice.of);
    match event {
        Event::Planned { slices, periods } => {
            format!("planned {} for {}", counted(*slices as u64, "part"), periods.join(", "))
        }
        Event::SliceStarted { slice } => format!("{}: reading", part(slice)),
        Event::SliceFetched { slice, values } => {
            format!("{}: {} fetched, {} of unmapped org units", part(slice), grouped(values.fetched), values.unmapped)
        }
        Event::SliceDiffed { slice, to_send, unchanged, held_back } => format!(
            "{}: {} to send, {} unchanged, {} held back",
            part(slice),
            grouped(*to_send),
            grouped(*unchanged),
            grouped(*held_back)
        ),
        Event::DeletionsWaited { job, cells, parts } => format!(
            "{job} is read; {} without a value at the source are checked now, in {} more",
            counted(*cells, "cell"),
            counted(*parts as u64, "part")
        ),
        Event::Pushed { rows, dry_run: true } => format!("asked about {}", counted(*rows, "cell")),
        Event::Pushed { rows, dry_run: false } => format!("sent {}", counted(*rows, "cell")),
        Event::SliceVerified { slice, again } => {
            format!("{}: read back, {} to send again", part(slice), grouped(*again))
        }
        Event::SliceFinished { slice, cells } => format!("{}: done, {}", part(slice), counted(cells.total, "cell")),
        Event::SliceFailed { slice, reason } => format!("{}: could not be done: {reason}", part(slice)),
        Event::Waiting { server, seconds, reason } => {
            format!("waiting {} for {server}: {reason}", counted(*seconds, "second"))
        }
    }
}

/// Moves a log aside that has grown too large; the oldest goes.
fn rotate(log: &Path, largest: u64) -> std::io::Result<()> {
    match std::fs::metadata(log) {
        Ok(metadata) if metadata.len() > largest => {}
        Ok(_) => return Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cause),
    }
    for number in (1..=OLD_LOGS).rev() {
        let newer = if number == 1 { log.to_owned() } else { numbered(log, number - 1) };
        match std::fs::rename(newer, numbered(log, number)) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
    }
    Ok(())
}

fn numbered(log: &Path, number: usize) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::{OLD_LOGS, numbered, rotate};

    #[test]
    fn a_log_is_moved_aside_when_it_is_too_large_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("run.log");
        rotate(&log, 3).unwrap();
        for round in 0..8 {
            std::fs::write(&log, format!("log {round}")).unwrap();
            rotate(&log, 100).unwrap();
            assert!(log.exists(), "not too large");
            rotate(&log, 3).unwrap();
            assert!(!log.exists());
        }
        let kept: Vec<String> =
            (1..=OLD_LOGS).map(|number| std::fs::read_to_string(numbered(&log, number)).unwrap()).collect();
        assert_eq!(kept, ["log 7", "log 6", "log 5", "log 4", "log 3"]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), OLD_LOGS);
    }
}
