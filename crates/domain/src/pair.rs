//! Pairs: an ordered couple of servers, which owns the org unit map.

use crate::server::ServerId;

/// Source server → destination server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// Where values come from.
    pub source: ServerId,
    /// Where values go.
    pub destination: ServerId,
}
