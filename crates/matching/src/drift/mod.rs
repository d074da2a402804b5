//! Drift: how the objects of a map or a job differ from what they were when it was made, in words.
//!
//! Compared are fingerprints, so nothing here knows how metadata are kept, and what did not change says nothing.

mod items;
mod units;

pub(crate) use items::item_drift;
pub(crate) use units::unit_drift;

use xfer_domain::finding::Code;
use xfer_domain::metadata::Metadata;

/// Which server of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Where values come from.
    Source,
    /// Where values go.
    Destination,
}

impl Side {
    /// The words for where something is: `at the source`.
    pub(crate) fn at(self) -> &'static str {
        match self {
            Self::Source => "at the source",
            Self::Destination => "at the destination",
        }
    }
}

/// How one side is looked at now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Eyes<'check> {
    /// What the last sync showed.
    pub metadata: &'check Metadata,
    /// The user and the server: `xfer at national`.
    pub user: &'check str,
}

impl Eyes<'_> {
    /// That something known by name does not show any more. The server does not say whether it is gone or only hidden.
    fn lost(&self, what: &str) -> String {
        format!("{what} can no longer be read by {}: it was deleted, or is no longer shared with the user", self.user)
    }
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What kind of change.
    pub code: &'static Code,
    /// On which server.
    pub side: Side,
    /// What it was and what it is, by name.
    pub message: String,
}

/// A text that may be missing, in words.
fn or_none(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), |text| format!("`{text}`"))
}
