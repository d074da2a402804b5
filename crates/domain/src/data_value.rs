//! Data values as servers hold them.

use std::sync::Arc;

use crate::cell::CellKey;

/// One stored data value, as a raw read returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataValue {
    /// Its full address; a server's hoisted parts are filled in.
    pub cell: CellKey,
    /// Its text; `None` for a comment-only value or a tombstone without value.
    pub value: Option<String>,
    /// Its comment, lost on overwrite unless it is sent along (`import/comment-kept-on-overwrite`).
    pub comment: Option<String>,
    /// Its follow-up mark, lost the same way.
    pub followup: bool,
    /// The user who stored it last, where the server says so and it was asked.
    pub stored_by: Option<Arc<str>>,
    /// True for a soft-deleted value.
    pub deleted: bool,
}

impl DataValue {
    /// Bytes of its texts, which are what makes one value larger than another.
    pub fn text_length(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        length(&self.value) + length(&self.comment)
    }
}
