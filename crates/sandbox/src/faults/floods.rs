//! Answers that would take more memory than there is, most of them small on the wire.

use crate::exchange::Response;
use crate::faults::mutations::packed;

/// One such answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flood {
    /// What stands before, how often an entry is repeated, and what stands after; plain or packed.
    Repeated {
        /// What stands before.
        before: &'static str,
        /// The entry.
        entry: &'static str,
        /// How often.
        times: usize,
        /// What stands after.
        after: &'static str,
        /// Whether it is packed.
        packed: bool,
    },
}

impl Flood {
    pub(super) fn answer(self) -> Response {
        let Self::Repeated { before, entry, times, after, packed: is_packed } = self;
        let mut body = Vec::with_capacity(before.len() + entry.len() * times + after.len());
        body.extend_from_slice(before.as_bytes());
        for _ in 0..times {
            body.extend_from_slice(entry.as_bytes());
        }
        body.extend_from_slice(after.as_bytes());
        let mut response = Response::json(200, &serde_json::Value::Null);
        response.body = if is_packed { packed(&body) } else { body };
        response
    }
}
