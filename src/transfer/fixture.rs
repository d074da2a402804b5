//! The sample world of [`crate::domain::testing`], and how it is planned.

use crate::domain::access::Reader;
use crate::domain::period::relative::RelativeOptions;
use crate::domain::routine::RoutineDocument;
pub(crate) use crate::domain::testing::*;
use crate::transfer::hooks::Hooks;
use crate::transfer::hooks::fake::ready;
use crate::transfer::plan::{self, Plan, PlanError, PlanRequest};

/// Plans a document between two servers with the metadata of this world.
pub(crate) fn plan_of(document: &RoutineDocument) -> Result<Plan, PlanError> {
    let hooks = Hooks::of(document, ready).unwrap();
    let metadata = metadata();
    plan::plan(&PlanRequest {
        document,
        source_metadata: &metadata,
        destination_metadata: &metadata,
        source: &identity("2.42.5"),
        destination: &identity("2.43.1"),
        today: jiff::civil::date(2024, 11, 15),
        relative: &RelativeOptions::default(),
        source_view_roots: &[],
        source_reader: Reader::new(&metadata, None),
        hooks: &hooks,
    })
}
