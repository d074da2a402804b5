//! Moving values: the pure stages of a transfer and the engine that drives them (design 3).
//!
//! In the order of a value's way: `plan` cuts the work, `map` gives each source value a fate, `combine` and `shape`
//! make one text per cell, `preflight` holds back what the destination would refuse or hide, `diff` leaves what has to
//! be sent, `batch` makes POSTs of it, `accounting` and `refusal` read the answers, `verify` compares with what is
//! there, `ownership` says whose a cell is, `settle` gives each cell its one state, `report` adds up. `twice` knows values
//! that were seen already. `hooks` are the places in them where scripts act. All of these are functions over values: no
//! I/O, no clock. Only `engine` awaits.

mod accounting;
pub mod batch;
pub mod combine;
mod diff;
pub mod engine;
pub mod events;
pub mod finding;
#[cfg(test)]
pub(crate) mod fixture;
pub mod hooks;
pub mod map;
mod ownership;
pub mod plan;
mod preflight;
#[cfg(test)]
mod recordings;
mod refusal;
pub mod report;
mod settle;
mod shape;
pub mod stop;
pub mod tally;
mod twice;
pub mod verdict;
mod verify;
