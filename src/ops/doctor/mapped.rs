//! The maps and jobs, in short: what has errors: some values will not arrive, and what changed since it was mapped. Their own checks
//! say it in full.

use std::collections::BTreeSet;

use crate::ops::copies::Copies;
use crate::ops::dashboard::{Dashboard, FileState, Findings};
use crate::ops::doctor::Complaint;
use crate::ops::doctor_codes as codes;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::review;
use xfer_domain::counted::counted;
use xfer_domain::job::Job;
use xfer_matching::finding::of_runs;
use xfer_matching::review::Finding;

/// What the checks of all maps and jobs say without asking a server.
pub(super) fn about_maps_and_jobs(dashboard: &Dashboard) -> Vec<Complaint> {
    let mut found = Vec::new();
    for pair in &dashboard.pairs {
        let Some(findings) = pair.findings else { continue };
        let about = format!("{} → {}", pair.source, pair.destination);
        if findings.errors > 0 {
            let words = format!("{} of the map", counted(findings.errors, "org unit"))
                + if findings.errors == 1 {
                    " has errors: some values will not arrive"
                } else {
                    " have errors: some values will \
                                                                                    not arrive"
                };
            found.push(Complaint::new(&codes::MAP_HAS_ERRORS, &about, words));
        }
        found.extend(drift(&about, findings));
    }
    for line in &dashboard.jobs {
        let Some(findings) = line.findings else { continue };
        if findings.errors > 0 {
            let words = format!("{} in its items", counted(findings.errors, "error"));
            found.push(Complaint::new(&codes::JOB_HAS_ERRORS, &line.job.name, words));
        }
        found.extend(drift(&line.job.name, findings));
    }
    found
}

/// What the review says about every routine, and about the jobs that no routine has. Many things of one kind are told by
/// the first of them.
pub(super) fn about_reviews(home: &Home, copies: &Copies<'_>, jobs: &[Job]) -> Result<Vec<Complaint>, OpsError> {
    let routines = copies.config().routines()?;
    let (mut found, mut seen) = (Vec::new(), Seen::default());
    for routine in &routines {
        let mut told = review::of_routine(home, copies, &routine.name)?;
        told.retain(|one| seen.is_new(&routine.name, one));
        found.extend(complaints(&routine.name, told));
    }
    for job in jobs.iter().filter(|job| !routines.iter().any(|routine| routine.jobs.contains(&job.name))) {
        found.extend(complaints(&job.name, review::of_job(home, copies, job, None)?));
    }
    Ok(found)
}

/// What was told of one routine already and comes again with the next one.
#[derive(Default)]
struct Seen {
    findings: Vec<Finding>,
    together: BTreeSet<(&'static str, BTreeSet<String>)>,
}

impl Seen {
    /// Whether a finding says something new: a job may be in several routines, and what two of them do together is
    /// found with both.
    fn is_new(&mut self, routine: &str, found: &Finding) -> bool {
        if found.routines.is_empty() {
            let new = !self.findings.contains(found);
            self.findings.push(found.clone());
            return new;
        }
        let all = found.routines.iter().cloned().chain([routine.to_owned()]).collect();
        self.together.insert((found.code.word, all))
    }
}

fn complaints(about: &str, found: Vec<Finding>) -> Vec<Complaint> {
    let mut kinds: Vec<(Finding, usize)> = Vec::new();
    for one in found {
        // The pair is told of already, and so are the data sets of each server.
        if review::is_about_pair(&one) || one.code == &of_runs::DATA_SET_NO_WRITE {
            continue;
        }
        match kinds.iter_mut().find(|(first, _)| first.code == one.code && first.job == one.job) {
            Some((_, more)) => *more += 1,
            None => kinds.push((one, 0)),
        }
    }
    let complaint = |(first, more): (Finding, usize)| {
        let job = first.job.filter(|job| job != about);
        let job_words = job.as_ref().map(|job| format!("{job}: ")).unwrap_or_default();
        let more = if more > 0 { format!(" (and {more} more: `xfer job check` lists all)") } else { String::new() };
        let words = format!("{job_words}{}{more}", first.message);
        Complaint::new(first.code, about, words).with_remedy(Some(first.hint))
    };
    kinds.into_iter().map(complaint).collect()
}

/// The xfer files that are older than their routines.
pub(super) fn outdated_files(dashboard: &Dashboard) -> BTreeSet<String> {
    let outdated = dashboard.files.iter().filter(|line| line.state == FileState::Outdated);
    outdated.map(|line| line.file.path.clone()).collect()
}

fn drift(about: &str, findings: Findings) -> Option<Complaint> {
    let words = format!("{} changes since it was mapped", findings.drift);
    (findings.drift > 0).then(|| Complaint::new(&codes::MAPPED_THINGS_CHANGED, about, words))
}
