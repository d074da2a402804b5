//! A run's progress on the terminal: which part of which job, how many cells are on their way.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::ProgressBar;

use crate::cli::ui::{Ui, printable};
use xfer_domain::counted::{counted, counted_len, grouped};
use xfer_transfer::events::{Event, SliceName};

/// Draws the events of a run, and says what must not get lost in a moving bar.
#[derive(Debug)]
pub(crate) struct RunProgress<'ui> {
    bar: ProgressBar,
    rows: AtomicU64,
    last: Mutex<String>,
    ui: &'ui Ui,
}

impl<'ui> RunProgress<'ui> {
    /// A bar for a run of a routine.
    pub(crate) fn new(ui: &'ui Ui, routine: &str) -> Self {
        Self { bar: ui.progress(routine), rows: AtomicU64::new(0), last: Mutex::default(), ui }
    }

    /// Shows an event.
    pub(crate) fn show(&self, event: &Event) {
        tracing::info!(?event);
        match event {
            Event::Planned { slices, periods } => {
                self.bar.set_length(*slices as u64);
                self.message(&counted_len(periods.len(), "period"));
            }
            Event::SliceStarted { slice } => self.message(&format!("reading {}", in_words(slice))),
            Event::SliceFetched { slice, values } => {
                self.message(&format!("{}: {}", in_words(slice), counted(values.fetched, "value")));
            }
            Event::SliceDiffed { slice, to_send, .. } => {
                self.message(&format!("{}: {} to send", in_words(slice), grouped(*to_send)));
            }
            Event::DeletionsWaited { parts, .. } => self.bar.inc_length(*parts as u64),
            Event::Pushed { rows, .. } => {
                let sent = self.rows.fetch_add(*rows, Ordering::Relaxed) + rows;
                self.message(&format!("{} sent", counted(sent, "cell")));
            }
            Event::SliceVerified { slice, again } if *again > 0 => {
                self.message(&format!("{}: {} again", in_words(slice), grouped(*again)));
            }
            Event::SliceVerified { .. } => {}
            Event::SliceFinished { .. } => self.bar.inc(1),
            Event::SliceFailed { slice, reason } => {
                self.bar.inc(1);
                self.say(&format!("{} could not be done: {reason}", in_words(slice)));
            }
            Event::Waiting { server, seconds, reason } => {
                self.say(&format!("waiting {} for {server}: {reason}", counted(*seconds, "second")));
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn message(&self, text: &str) {
        self.bar.set_message(printable(text));
    }

    /// Warns once: the same trouble in twenty slices is one sentence.
    fn say(&self, text: &str) {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != text {
            self.bar.suspend(|| self.ui.warn(text));
            text.clone_into(&mut last);
        }
    }
}

fn in_words(slice: &SliceName) -> String {
    format!("{} ({} {}/{})", slice.label, slice.job, slice.number, slice.of)
}
