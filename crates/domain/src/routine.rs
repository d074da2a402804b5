//! Routines: jobs, a period window and the policies of a run; and the document that a run is made from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::alert::AlertChannel;
use crate::item::WhenEmpty;
use crate::job::Job;
use crate::org_unit_map::OrgUnitMapping;
use crate::script::{Attachment, ScriptSource};

/// A routine as it is kept: jobs by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routine {
    /// Its identity, made once; names its state file.
    pub id: Uuid,
    /// Its name, unique in the store.
    pub name: String,
    /// Its jobs, in order of work. All are of one pair.
    pub jobs: Vec<String>,
    /// Which periods a run covers: DHIS2 identifiers (`202401`), ranges (`202401..202406`) and relative keywords
    /// (`LAST_3_MONTHS`), expanded with the source server's date when a run starts.
    pub window: Vec<String>,
    /// How a run behaves.
    pub policies: Policies,
    /// Scripts that act on all its jobs, in order.
    #[serde(default)]
    pub scripts: Vec<Attachment>,
    /// Who is told how its runs end. A routine without them has the digest that it had before there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertChannel>,
}

/// How a run behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// Send only what differs from the destination.
    pub only_changed: bool,
    /// Read back what was sent.
    pub verify: bool,
    /// What happens to destination cells that the source has nothing for, unless the item says otherwise.
    pub when_empty: WhenEmpty,
    /// Hold back every update and deletion of a job if they exceed this share of the cells that the destination has,
    /// in percent.
    pub max_change: Option<u32>,
    /// Hold back deletions beyond this number.
    pub max_delete: Option<u32>,
    /// Hold back all deletions of a job, and all zeros written because the source has nothing, if they exceed this
    /// share of what the routine wrote there and still owns, in percent. Files from before it mean the usual share.
    #[serde(skip_serializing_if = "is_usual_share")]
    pub max_delete_share: u32,
    /// End with exit code 0 even though source org units without a mapping had values.
    pub tolerate_unmapped: bool,
    /// Refuse analytics tables that are older than this many hours.
    pub max_analytics_age_hours: Option<u32>,
    /// At most this many POSTs at once, partitioned by org unit.
    pub parallel: u8,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            only_changed: true,
            verify: true,
            when_empty: WhenEmpty::Keep,
            max_change: None,
            max_delete: Some(1000),
            max_delete_share: USUAL_DELETE_SHARE,
            tolerate_unmapped: false,
            max_analytics_age_hours: None,
            parallel: 2,
        }
    }
}

/// The share of what a routine wrote that may vanish in one run unless it says otherwise, in percent.
pub const USUAL_DELETE_SHARE: u32 = 20;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_usual_share(share: &u32) -> bool {
    *share == USUAL_DELETE_SHARE
}

/// Everything that defines a run, whether it comes from the store (`run`) or from a file (`exec`).
/// Server addresses, credentials and cached metadata travel beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoutineDocument {
    /// The routine.
    pub routine: Routine,
    /// Its jobs, in order.
    pub jobs: Vec<Job>,
    /// The org unit map of its pair.
    pub org_unit_map: Vec<OrgUnitMapping>,
    /// The texts of all attached scripts, each once.
    #[serde(default)]
    pub scripts: Vec<ScriptSource>,
}

impl RoutineDocument {
    /// Every attachment of the routine, its jobs and their items.
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        let jobs = self.jobs.iter();
        let of_jobs = jobs.flat_map(|job| job.items.iter().flat_map(|item| &item.scripts).chain(&job.scripts));
        of_jobs.chain(&self.routine.scripts)
    }
}

#[cfg(test)]
mod tests {
    use super::{Policies, Routine};

    #[test]
    fn a_routine_without_alerts_and_with_usual_rules_is_written_as_before_there_were_any() {
        let routine = Routine {
            id: uuid::Uuid::nil(),
            name: "monthly".to_owned(),
            jobs: Vec::new(),
            window: Vec::new(),
            policies: Policies::default(),
            scripts: Vec::new(),
            alerts: Vec::new(),
        };
        let text = serde_json::to_string(&routine).unwrap();
        let new = ["alerts", "max_delete_share"];
        assert!(
            !new.iter().any(|key| text.contains(key)),
            "its digest would be another, and every file outdated: {text}"
        );
        assert_eq!(serde_json::from_str::<Routine>(&text).unwrap(), routine);
    }
}
