//! Moving values: the pure stages of a transfer and the engine that drives them (design 3).

pub mod accounting;
pub mod batch;
pub mod finding;
pub mod preflight;
pub mod refusal;
