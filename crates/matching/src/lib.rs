//! Matching between two servers: org units, and the data items of jobs. Pure.
//!
//! What stands here is exact: the same id, the same code, the same name under parents that are matched already.
//! Whatever evidence contradicts itself is proposed to a person instead of taken into force.

mod drift;
mod facility_name;
pub mod figures;
pub mod finding;
pub mod item_match;
pub mod item_rules;
pub mod items;
pub mod job_rules;
pub mod map_rules;
pub mod names;
pub mod org_units;
mod percentages;
pub mod review;
