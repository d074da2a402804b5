//! Map quality: what speaks against the org unit map of a pair and the items of a job, before a value is sent.
//!
//! The rules are pure and stand in `matching`; here is what they are asked about: the metadata of both servers, the
//! fingerprints, and, unless the check is to stay offline, what the source has in a window. The dashboard asks the same
//! rules without a network.

mod job;
mod map;
mod reading;
mod window;

pub use job::{JobCheck, accept_job_drift, check_job};
pub(in crate::ops) use job::{told_by_review, users};
pub use map::{MapCheck, accept_map_drift, check_map};
pub use reading::ReadProgress;
pub use window::{CheckWindow, DEFAULT_WINDOW};

use xfer_domain::finding::Category;
use xfer_matching::finding;

/// How far a check goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOptions {
    /// The periods that the source is asked about, as a person wrote them.
    pub periods: Vec<String>,
    /// Whether no server is asked.
    pub offline: bool,
}

/// Whether a word of a finding says that something changed since it was mapped.
pub fn is_drift(word: &str) -> bool {
    finding::ALL.iter().any(|code| code.word == word && code.category == Category::Drift)
}
