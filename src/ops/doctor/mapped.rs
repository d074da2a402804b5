//! The maps and jobs, in short: what keeps values from arriving, and what changed since it was mapped. Their own checks
//! say it in full.

use std::collections::BTreeSet;

use crate::ops::dashboard::{Dashboard, FileState, Findings};
use crate::ops::doctor::{Complaint, codes};

/// What the checks of all maps and jobs say without asking a server.
pub(super) fn about_maps_and_jobs(dashboard: &Dashboard) -> Vec<Complaint> {
    let mut found = Vec::new();
    for pair in &dashboard.pairs {
        let Some(findings) = pair.findings else { continue };
        let about = format!("{} → {}", pair.source, pair.destination);
        if findings.errors > 0 {
            let words = format!("{} of the map's org units keep values from arriving", findings.errors);
            found.push(Complaint::new(&codes::MAP_HAS_ERRORS, &about, words));
        }
        found.extend(drift(&about, findings));
    }
    for line in &dashboard.jobs {
        let Some(findings) = line.findings else { continue };
        if findings.errors > 0 {
            let words = format!("{} errors in its items", findings.errors);
            found.push(Complaint::new(&codes::JOB_HAS_ERRORS, &line.job.name, words));
        }
        found.extend(drift(&line.job.name, findings));
    }
    found
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
