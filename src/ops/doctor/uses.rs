//! What the jobs and routines want of each server: the questions that a server's answers are held against.

use std::collections::{BTreeMap, BTreeSet};

use xfer_domain::job::Job;
use xfer_domain::period::PeriodType;
use xfer_domain::routine::Routine;
use xfer_domain::uid::Uid;

/// What is wanted of one server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Uses {
    /// The jobs that read its analytics.
    pub(super) analytics_of: BTreeSet<String>,
    /// The strictest age of its analytics tables that a routine allows, in hours, with the routine's name.
    pub(super) oldest_analytics: Option<(u32, String)>,
    /// Whether a job writes to it.
    pub(super) is_destination: bool,
    /// The data elements that jobs write, with the period types that they write.
    pub(super) written: BTreeMap<Uid, BTreeSet<PeriodType>>,
}

/// What jobs and routines want of each server, by its name.
pub(super) fn uses(jobs: &[Job], routines: &[Routine]) -> BTreeMap<String, Uses> {
    let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
    for job in jobs {
        let source = uses.entry(job.source.clone()).or_default();
        if reads_analytics(job) {
            source.analytics_of.insert(job.name.clone());
            let allowed = routines
                .iter()
                .filter(|routine| routine.jobs.contains(&job.name))
                .filter_map(|routine| Some((routine.policies.max_analytics_age_hours?, routine.name.clone())));
            source.oldest_analytics = source.oldest_analytics.take().into_iter().chain(allowed).min();
        }
        let destination = uses.entry(job.destination.clone()).or_default();
        destination.is_destination = true;
        for item in &job.items {
            let types = destination.written.entry(item.destination.data_element).or_default();
            types.insert(job.destination_period_type);
        }
    }
    uses
}

fn reads_analytics(job: &Job) -> bool {
    job.items.iter().any(|item| item.source.is_aggregated(job.read))
}

#[cfg(test)]
mod tests {
    use super::uses;
    use xfer_domain::cell::CellAddress;
    use xfer_domain::item::{Combine, Item, SourceItem};
    use xfer_domain::job::{Job, ReadFrom};
    use xfer_domain::period::PeriodType;
    use xfer_domain::routine::{Policies, Routine};
    use xfer_domain::uid::Uid;

    fn job(name: &str, source: SourceItem, read: ReadFrom) -> Job {
        let id = Uid::parse("DataElem001").unwrap();
        let address = CellAddress { data_element: id, category_option_combo: id, attribute_option_combo: id };
        Job {
            name: name.to_owned(),
            source: "tracker".to_owned(),
            destination: "national".to_owned(),
            source_period_type: PeriodType::Monthly,
            destination_period_type: PeriodType::Quarterly,
            period_shift: 0,
            combine: Combine::Error,
            read,
            round: None,
            coverage: None,
            comments: xfer_domain::job::Comments::default(),
            scripts: Vec::new(),
            items: vec![Item::new(source, address)],
        }
    }

    fn routine(name: &str, job: &str, hours: Option<u32>) -> Routine {
        Routine {
            id: uuid::Uuid::nil(),
            name: name.to_owned(),
            jobs: vec![job.to_owned()],
            window: Vec::new(),
            policies: Policies { max_analytics_age_hours: hours, ..Policies::default() },
            scripts: Vec::new(),
            alerts: Vec::new(),
        }
    }

    #[test]
    fn the_strictest_routine_counts_and_only_where_analytics_is_read() {
        let id = Uid::parse("Indicator01").unwrap();
        let raw = SourceItem::DataElement { id, category_option_combo: None, attribute_option_combo: None };
        let jobs = [job("i", SourceItem::Indicator { id }, ReadFrom::Raw), job("r", raw, ReadFrom::Raw)];
        let routines = [routine("day", "i", Some(24)), routine("week", "i", Some(168)), routine("raw", "r", Some(1))];
        let uses = uses(&jobs, &routines);
        let source = &uses["tracker"];
        assert_eq!(source.analytics_of.iter().collect::<Vec<_>>(), ["i"]);
        assert_eq!(source.oldest_analytics, Some((24, "day".to_owned())));
        assert!(!source.is_destination && uses["national"].is_destination);
        let written = uses["national"].written.values().next().unwrap();
        assert_eq!(written.iter().collect::<Vec<_>>(), [&PeriodType::Quarterly]);
        assert!(!super::reads_analytics(&job("a", raw, ReadFrom::Raw)));
        assert!(super::reads_analytics(&job("a", raw, ReadFrom::Analytics)));
    }
}
