//! Stopping a run early, and who stopped it; the report says so.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use xfer_domain::run::StopCause;

/// Tells a run to end early. Whoever holds a copy may tell it; what comes after the first ends nothing any more.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    cause: Arc<OnceLock<StopCause>>,
}

impl Stop {
    /// Ends the run for this reason.
    pub fn now(&self, cause: StopCause) {
        // Before the token: whoever sees that it is to end can ask why.
        let _ = self.cause.set(cause);
        self.token.cancel();
    }

    /// Why it is to end; none as long as it may go on.
    pub fn cause(&self) -> Option<StopCause> {
        self.cause.get().copied()
    }

    /// Returns as soon as it is to end, with the reason.
    pub async fn asked(&self) -> StopCause {
        self.token.cancelled().await;
        // Nobody cancels it without a reason: see `now` and `token`.
        self.cause().unwrap_or(StopCause::Terminated)
    }

    /// What everything that waits within a run is told by. To cancel it ends nothing but what waits for it.
    pub fn token(&self) -> CancellationToken {
        self.token.child_token()
    }
}
