//! A type of metadata of which a server has much less than its copy.

use std::fmt;

/// A type of which there is much less than in the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// What people call the objects: `org units`.
    pub what: &'static str,
    /// How many stand in the copy.
    pub before: u64,
    /// How many the server has now.
    pub after: u64,
}

impl fmt::Display for Shrunk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} instead of {}", self.after, self.what, self.before)
    }
}
