//! Who is told how a run ended. A run is as good or bad as it was, whether or not it can be told.

use std::ops::ControlFlow;
use std::path::Path;

use crate::ops::alerts::Alerting;
use crate::ops::alerts::address::{self, Address};
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::run::RunView;
use crate::ops::run::end::RunEnd;
use crate::ops::undelivered::DeliveryError;
use xfer_domain::alert::Notice;
use xfer_storage::platform;

/// What became of telling somebody.
#[derive(Debug)]
pub enum Telling<'told> {
    /// Who is to be told cannot be found out.
    Unknown(&'told OpsError),
    /// A channel took what it was sent.
    Sent(&'told str),
    /// A channel took it for others, not for this one.
    LeftOut {
        /// The channel.
        channel: &'told str,
        /// Who did not get it, and why.
        whom: &'told str,
    },
    /// A channel did not take it; the next run tries again.
    Failed {
        /// The channel.
        channel: &'told str,
        /// Why.
        cause: &'told DeliveryError,
    },
    /// So many old messages that nobody took were given up.
    GivenUp(usize),
    /// The program was ended before everybody was told.
    CutOff,
    /// The web address took it.
    AddressSent,
    /// The web address did not take it.
    AddressFailed(&'told DeliveryError),
    /// The program was ended before the web address was told.
    AddressCutOff,
}

/// Tells everybody to whom it is news. It breaks off where the program is ended meanwhile: nobody else is told then.
pub(super) async fn tell(home: &Home, alerting: &Alerting, end: &RunEnd, view: &dyn RunView) -> ControlFlow<()> {
    let Some(notice) = &end.notice else { return ControlFlow::Continue(()) };
    let Some((told, given_up)) = unless_ended(alerting.tell(home, notice)).await else {
        view.told(&Telling::CutOff);
        return ControlFlow::Break(());
    };
    for told in &told {
        for whom in &told.refused {
            view.told(&Telling::LeftOut { channel: &told.channel, whom });
        }
        view.told(&match &told.result {
            Ok(_) => Telling::Sent(&told.channel),
            Err(cause) => Telling::Failed { channel: &told.channel, cause },
        });
    }
    if given_up > 0 {
        view.told(&Telling::GivenUp(given_up));
    }
    ControlFlow::Continue(())
}

/// Tells the address that the command names. It knows the file, whatever the routine in it is called.
pub(super) async fn tell_address(
    home: &Home,
    file: &Path,
    address: &Address,
    name: &str,
    end: &RunEnd,
    view: &dyn RunView,
) {
    let Some(notice) = &end.notice else { return };
    let notice = Notice { name: name.to_owned(), ..notice.clone() };
    match unless_ended(address::tell(home, file, address, &notice)).await {
        None => view.told(&Telling::AddressCutOff),
        Some(Ok(true)) => view.told(&Telling::AddressSent),
        Some(Ok(false)) => {}
        Some(Err(cause)) => view.told(&Telling::AddressFailed(&cause)),
    }
}

/// Waits until messages are taken; none where somebody ends the program: what was not taken by then waits for the next
/// run.
async fn unless_ended<T>(sending: impl Future<Output = T>) -> Option<T> {
    let Ok(ended) = platform::termination() else { return Some(sending.await) };
    tokio::select! {
        sent = sending => Some(sent),
        _ = ended => None,
    }
}
