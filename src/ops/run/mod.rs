//! A whole run, for whoever starts one: `xfer run`, `xfer exec`, the wizard, another face.
//!
//! ```text
//! keys and alerts → watch (signals, time limit) → run → one end, decided before it is journaled → alerts
//! ```
//!
//! A face shows what happens ([`RunView`]) and what came of it ([`RunEnd`]), and decides nothing: the exit code of the
//! process is that of the end, which is that of the report, which is that of the journal.

pub mod end;
pub mod telling;

use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::ops::alerts::Alerting;
use crate::ops::alerts::address::Address;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::keys;
use crate::ops::run::end::RunEnd;
use crate::ops::run::telling::Telling;
use crate::ops::stop;
use crate::ops::transfer::{self, RunOptions};
use crate::ops::xfer_files;
use xfer_domain::fault::InWords;
use xfer_domain::run::{FileReport, Report, RunMode};
use xfer_storage::xferfile::{Content, Keys};
use xfer_transfer::events::Event;

/// Shows a run. A face takes of it what it can show.
pub trait RunView: Sync {
    /// Nobody is asked anything any more.
    fn begins(&self) {}

    /// The xfer file is open.
    fn opened(&self, _content: &Content, _about: &FileReport) {}

    /// Something happened.
    fn event(&self, _event: &Event) {}

    /// The run is over; what is still to do is to tell others.
    fn ended(&self, _end: &RunEnd) {}

    /// Somebody was told, or was not.
    fn told(&self, _telling: &Telling<'_>) {}
}

/// A run from an xfer file, as it is asked for.
pub struct FileOrder<'order> {
    /// The file.
    pub file: &'order Path,
    /// What opens it; asked for once.
    pub keys: &'order (dyn Fn() -> Result<Keys, InWords> + Sync),
    /// The oldest export that is taken.
    pub min_revision: Option<u32>,
    /// A web address that hears of the end, beside the alerts of the routine.
    pub address: Option<&'order Address>,
}

/// Runs a routine of the store. `tells`: whether those hear of it who want to; of a dry run nobody does.
pub async fn of_routine(home: &Home, name: &str, options: RunOptions, tells: bool, view: &dyn RunView) -> RunEnd {
    let command = options.command.clone();
    // Before anything is shown: a question would stand in the middle of it.
    if let Err(error) = keys::unlock(home) {
        let end = RunEnd::of(name, None, Err(error), &command);
        view.ended(&end);
        return end;
    }
    let alerting =
        if tells && options.mode != RunMode::DryRun { who_hears(home, name, view) } else { Alerting::none() };
    view.begins();
    let report = async {
        let stop = stop::watch(options.time_limit)?;
        let begun = Notify::new();
        let events = |event: Event| shown(&event, &begun, view);
        let run = transfer::run(home, name, options, &stop, &events);
        with_start(Box::pin(run), &begun, &alerting).await
    };
    let end = RunEnd::of(name, alerting.between(), report.await, &command);
    view.ended(&end);
    let _ = telling::tell(home, &alerting, &end, view).await;
    end
}

/// Runs the routine of an xfer file.
pub async fn of_file(home: &Home, order: FileOrder<'_>, options: RunOptions, view: &dyn RunView) -> RunEnd {
    let (command, is_dry) = (options.command.clone(), options.mode == RunMode::DryRun);
    let stem = order.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let (name, alerting, report) = match open(&order) {
        Err(error) => (stem.clone(), Alerting::none(), Err(error)),
        Ok((content, about)) => {
            view.opened(&content, &about);
            let (name, alerting) = (content.document.routine.name.clone(), Alerting::of_file(&content));
            // A dry run moves nothing, so that its outcome is nobody's alarm.
            let alerting = if is_dry { Alerting::none() } else { alerting };
            view.begins();
            let report = async {
                let stop = stop::watch(options.time_limit)?;
                let begun = Notify::new();
                let events = |event: Event| shown(&event, &begun, view);
                let run = xfer_files::exec(home, content, about, options, &stop, &events);
                with_start(Box::pin(run), &begun, &alerting).await
            };
            let report = report.await;
            (name, alerting, report)
        }
    };
    let end = RunEnd::of(&name, alerting.between(), report, &command);
    view.ended(&end);
    let told = telling::tell(home, &alerting, &end, view).await;
    match order.address.filter(|_| !is_dry && end.notice.is_some()) {
        Some(address) if told.is_continue() => {
            telling::tell_address(home, order.file, address, &stem, &end, view).await;
        }
        Some(_) => view.told(&Telling::AddressCutOff),
        None => {}
    }
    end
}

fn open(order: &FileOrder<'_>) -> Result<(Content, FileReport), OpsError> {
    let keys = (order.keys)().map_err(|words| OpsError::Asked(Box::new(words)))?;
    xfer_files::open_for_run(order.file, &keys, order.min_revision, Timestamp::now())
}

/// Who hears of a run of a routine.
fn who_hears(home: &Home, name: &str, view: &dyn RunView) -> Alerting {
    match Alerting::of_routine(home, name) {
        Ok(alerting) => alerting,
        // The run says it itself.
        Err(OpsError::NotFound { .. }) => Alerting::none(),
        Err(error) => {
            view.told(&Telling::Unknown(&error));
            Alerting::none()
        }
    }
}

/// Shows an event, and takes note of the moment in which a run has begun: it has the lock, and both servers answered.
fn shown(event: &Event, begun: &Notify, view: &dyn RunView) {
    if matches!(event, Event::Planned { .. }) {
        begun.notify_one();
    }
    view.event(event);
}

/// How long the end of a run waits for calls that say that it has begun.
const GRACE: Duration = Duration::from_secs(2);

/// Waits for a run. Heartbeat URLs are called as soon as it has begun, and never hold it up; why there is no report
/// is noted for those who are told at its end.
async fn with_start(
    mut run: Pin<Box<impl Future<Output = Result<Report, OpsError>>>>,
    begun: &Notify,
    alerting: &Alerting,
) -> Result<Report, OpsError> {
    let calling = AtomicBool::new(false);
    let mut telling = pin!(async {
        begun.notified().await;
        calling.store(true, Ordering::Relaxed);
        alerting.begun().await;
    });
    let outcome = tokio::select! {
        biased;
        outcome = &mut run => {
            // A short run must not reach who listens by its end first, or alone.
            if calling.load(Ordering::Relaxed) {
                let _ = tokio::time::timeout(GRACE, telling).await;
            }
            outcome
        }
        () = &mut telling => run.await,
    };
    outcome.inspect_err(|error| alerting.failed(error))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{FileOrder, RunView, of_file, of_routine};
    use crate::ops::home::Home;
    use crate::ops::transfer::RunOptions;
    use xfer_domain::run::RunMode;
    use xfer_storage::xferfile::Keys;

    struct Blind;

    impl RunView for Blind {}

    /// A face that serves many people at once runs it on any of its threads.
    #[test]
    fn a_run_goes_on_on_any_thread() {
        fn assert_send<T: Send>(future: T) -> T {
            future
        }
        let options = RunOptions {
            mode: RunMode::Run,
            periods: None,
            jobs: Vec::new(),
            verify: true,
            fail_on_empty: false,
            time_limit: None,
            command: Vec::new(),
        };
        let home = Home::at(PathBuf::from("nowhere"));
        drop(assert_send(of_routine(&home, "monthly", options.clone(), true, &Blind)));
        let keys = || Ok(Keys::default());
        let order = FileOrder { file: Path::new("monthly.xfer"), keys: &keys, min_revision: None, address: None };
        drop(assert_send(of_file(&home, order, options, &Blind)));
    }
}
