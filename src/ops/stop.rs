//! How a run is told to end before it is done: Ctrl-C, the system, or its own time limit.

use std::time::Duration;

use crate::ops::error::OpsError;
use xfer_domain::run::StopCause;
use xfer_storage::platform::{self, Termination};
use xfer_transfer::stop::Stop;

/// How long a run that was told to stop may take: the engine gives requests in flight four seconds, whoever ends the
/// process gives it five.
const LONGEST_ENDING: Duration = Duration::from_millis(4600);

/// Watches for Ctrl-C, the system's request to end, and the time limit where there is one. Inside a runtime only.
pub(in crate::ops) fn watch(limit: Option<Duration>) -> Result<Stop, OpsError> {
    let termination = platform::termination().map_err(OpsError::Signals)?;
    let stop = Stop::default();
    let told = stop.clone();
    tokio::spawn(async move {
        let time_is_up = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        told.now(tokio::select! {
            signal = termination => match signal {
                Termination::Interrupt => StopCause::Interrupted,
                Termination::Terminate => StopCause::Terminated,
            },
            () = time_is_up => StopCause::TimeLimit,
        });
    });
    Ok(stop)
}

/// What came of a run, unless it was told to stop and had its time to write a report: a server that does not answer the
/// first question keeps it from that, and whoever stops the process does not wait for it.
pub(in crate::ops) async fn in_time<T>(stop: &Stop, run: impl Future<Output = T>) -> Result<T, OpsError> {
    let out_of_patience = async {
        let by = stop.asked().await;
        tokio::time::sleep(LONGEST_ENDING).await;
        by
    };
    tokio::select! {
        biased;
        ended = run => Ok(ended),
        by = out_of_patience => Err(OpsError::Stopped { by }),
    }
}
