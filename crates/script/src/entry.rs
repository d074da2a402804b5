//! The function of a hook, as a script defines it.

use xfer_domain::script::Hook;

/// The function of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) hook: Hook,
    /// Whether it takes `ctx`.
    pub(super) takes_context: bool,
    /// Its line, from 1.
    pub(super) line: usize,
}
