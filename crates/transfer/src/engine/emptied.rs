//! Jobs that had values before and have none now.
//!
//! A source that answers with an empty list is believed as far as its values go: none are transferred. It is not
//! believed that all is well: a run with a job that had values before (the routine wrote cells of these periods, or the
//! last run over them read some) is incomplete, and names the job.

use crate::finding;
use crate::plan::PlannedJob;
use crate::tally::Note;
use xfer_domain::period::Period;
use xfer_domain::run::{JobReport, Severity};

/// What is known of a job from before the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Earlier {
    /// Cells of the job in the run's periods that the routine wrote and that are still its own.
    pub(super) written: u64,
    /// Values that it had in the last run over these periods.
    pub(super) fetched: u64,
}

const HINT: &str = "Check the source: does it show these values, and may its user still see them? If they were \
                    deleted on purpose, delete them by hand at the destination too.";

/// The finding about a job that was read wholly; none where it has values, or never had any.
pub(super) fn about(job: &JobReport, planned: &PlannedJob, earlier: Earlier, source: &str) -> Option<Note> {
    // What a script adds by itself may have written cells without any source value.
    let made = job.values.created_by_script > 0;
    // What is not seen is not known to be empty, and is named as such.
    if planned.leftover.is_some()
        || !planned.is_seen()
        || job.values.fetched > 0
        || earlier.fetched == 0 && (made || earlier.written == 0)
    {
        return None;
    }
    let had = match earlier {
        Earlier { fetched: 0, written } => format!("the routine wrote {written} cells for them before"),
        Earlier { fetched, .. } => format!("the last run over them read {fetched}"),
    };
    let example = format!("{source} has no values of {} for {}; {had}", job.name, spoken(&planned.periods.read));
    let note = Note { severity: Severity::Error, hint: Some(HINT.to_owned()), ..Note::new(&finding::SOURCE_EMPTY, 1) };
    Some(note.about("job", &job.name, &*job.name).example(example))
}

fn spoken(periods: &[Period]) -> String {
    match periods {
        [] => "its periods".to_owned(),
        [only] => only.to_string(),
        [first, .., last] => format!("{first} to {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Earlier, about};
    use crate::fixture::{document, job as a_job, plain_item, plan_of};
    use xfer_domain::run::{JobReport, Severity, ValueCounts};

    #[test]
    fn a_job_is_named_if_it_had_values_and_has_none() {
        let plan = plan_of(&document(vec![a_job("births", vec![plain_item(1)])], &["202401"])).unwrap();
        let planned = &plan.jobs[0];
        let job = |fetched, created_by_script| JobReport {
            name: "births".to_owned(),
            values: ValueCounts { fetched, created_by_script, ..ValueCounts::default() },
            ..JobReport::default()
        };
        let says = |job: &JobReport, written, fetched| about(job, planned, Earlier { written, fetched }, "src");
        let note = says(&job(0, 0), 5, 0).unwrap();
        assert_eq!((note.severity, note.object.unwrap().name.as_str()), (Severity::Error, "births"));
        assert_eq!(
            note.example.unwrap(),
            "src has no values of births for 202401; the routine wrote 5 cells for them before"
        );
        assert!(says(&job(0, 0), 0, 7).is_some());
        assert!(says(&job(0, 0), 0, 0).is_none(), "nobody has reported yet");
        assert!(says(&job(1, 0), 5, 7).is_none());
        assert!(says(&job(0, 3), 3, 0).is_none(), "a script makes them all");
        assert!(says(&job(0, 3), 3, 7).is_some());
    }
}
