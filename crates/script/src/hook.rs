//! The hooks that a script may define.

use std::fmt;

/// A place where a function of a script may act on the data on its way (design 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// `value(v, ctx)`: one cell's value.
    Value,
    /// `period(p, ctx)`: source period → destination period.
    Period,
    /// `combine(values, ctx)`: several contributions → one value.
    Combine,
    /// `rows(rows, ctx)`: a whole slice.
    Rows,
}

impl Hook {
    /// Every hook.
    pub const ALL: [Self; 4] = [Self::Value, Self::Period, Self::Combine, Self::Rows];

    /// The name of its function.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Period => "period",
            Self::Combine => "combine",
            Self::Rows => "rows",
        }
    }

    /// The hook of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }

    /// How its function is written.
    pub fn signature(self) -> &'static str {
        match self {
            Self::Value => "fn value(v, ctx)",
            Self::Period => "fn period(p, ctx)",
            Self::Combine => "fn combine(values, ctx)",
            Self::Rows => "fn rows(rows, ctx)",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The function of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) hook: Hook,
    /// Whether it takes `ctx`.
    pub(super) takes_context: bool,
    /// Its line, from 1.
    pub(super) line: usize,
}
