//! Why a call was stopped.

use rhai::Dynamic;

/// Why a call was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Too many operations.
    Operations,
    /// Too long a call.
    Time,
    /// Too long all calls together.
    RunTime,
    /// Too much memory.
    Memory,
}

impl Stop {
    pub(super) fn token(self) -> Dynamic {
        Dynamic::from(self)
    }
}
