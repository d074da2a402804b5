//! Matching of org units between two servers: candidates, how they were found, and why, in words. Pure.
//!
//! What stands here is exact: the same id, the same code, the same name under parents that are matched already.
//! Whatever evidence contradicts itself is proposed to a person instead of taken into force.

pub mod names;
pub mod org_units;
