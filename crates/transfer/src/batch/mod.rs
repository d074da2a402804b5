//! How rows become POSTs: how many at a time, in which order, in which lane.
//!
//! Writing is the dear half of a transfer, and its price depends on the size and the order of the POSTs more than on
//! anything else (`measured.md`). [`controller`] finds the size by measuring, [`partition`] makes the order: org unit
//! first, new periods primed, lanes that never share a key. One data set per POST is a precondition of both: 2.43
//! refuses the rest of a request with the first group that fails.
//!
//! How the engine uses them: one [`controller::BatchController`] per destination and [`partition::kind_of`] a data set;
//! [`partition::plan`] for the rows of one data set; the primers one by one; then each lane takes what
//! [`controller::BatchController::limit`] allows at that moment and records how long it took.

pub mod controller;
pub mod partition;
