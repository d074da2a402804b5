//! Positions in the keys of an answer.

/// A position as it stands in keys; no answer has 2³² items.
pub(super) fn place(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
