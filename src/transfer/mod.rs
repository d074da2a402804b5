//! Moving values: the pure stages of a transfer and the engine that drives them (design 3).

pub mod accounting;
pub mod batch;
pub mod finding;
pub mod preflight;
#[cfg(test)]
mod recordings;
pub mod refusal;
