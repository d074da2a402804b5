//! The sample world of [`xfer_domain::testing`], and how it is planned.

use crate::hooks::Hooks;
use crate::hooks::fake::ready;
use crate::plan::{self, Plan, PlanError, PlanRequest};
use xfer_domain::access::Reader;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::routine::RoutineDocument;
pub(crate) use xfer_domain::testing::*;

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
