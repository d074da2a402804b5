//! Exchanges that a replay cannot answer. Each rule is over the request or its circumstances, never a file's name.

use super::exchange::{Exchange, Recordings};
use super::jobs;

/// Why an exchange is left out; none where it is replayed.
pub(super) fn reason(exchange: &Exchange, recordings: &Recordings) -> Option<&'static str> {
    if jobs::looks_at_one(exchange) && jobs::start_of(exchange, recordings).is_none() && !jobs::needs_no_start(exchange)
    {
        return Some("the import that the job ran is not recorded");
    }
    None
}
