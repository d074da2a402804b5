//! A run as a person follows it: its progress, what is said of its end, and the command that runs it once more.

pub(crate) mod again;
pub(crate) mod progress;
pub(crate) mod screen;
pub(crate) mod telling;
