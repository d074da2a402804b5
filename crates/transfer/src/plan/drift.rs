//! Finds what the map or the items use and the source no longer has.
//!
//! Drift at the destination is preflight's to name: there each cell is held back with the object to blame. At the
//! source a missing object means that nothing can be fetched, so it is named here or nowhere.

use std::collections::BTreeMap;

use crate::finding::{self, Reason};
use crate::plan::units::UnitMap;
use crate::tally::{Findings, Note};
use xfer_domain::access::{self, Reader, Unreadable};
use xfer_domain::cell::CellAddress;
use xfer_domain::counted::counted_len;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::FindingObject;
use xfer_domain::uid::Uid;

/// Names mapped org units that the source does not know or whose data its user may not read.
pub(super) fn units(units: &UnitMap, document: &RoutineDocument, source: &Metadata, findings: &mut Findings) {
    for row in &document.org_unit_map {
        if units.unknown.contains(&row.source) {
            findings.add(
                Note::new(&finding::SOURCE_ORG_UNIT_UNKNOWN, 0)
                    .about("organisation unit", &row.source, source.name_of(row.source))
                    .example(row.note.clone().unwrap_or_else(|| "a row of the org unit map".to_owned())),
            );
        }
    }
    for unit in &units.out_of_scope {
        findings.add(Note::new(&finding::SOURCE_ORG_UNIT_OUT_OF_SCOPE, 1).about(
            "organisation unit",
            &unit,
            source.org_unit_path_names(*unit),
        ));
    }
}

/// Why cells are held back at the destination units that are not fed whole.
pub(super) fn withheld(units: &UnitMap, source: &Metadata) -> BTreeMap<Uid, Reason> {
    let hold = |unit: Uid| {
        let gone = units.unknown.contains(&unit);
        let name = source.org_unit_path_names(unit);
        let (code, why) = if gone {
            (&finding::SOURCE_ORG_UNIT_UNKNOWN, "no longer exists at the source, or the user may not see it")
        } else {
            (&finding::SOURCE_NOT_READABLE, access::Reason::OutsideView.words())
        };
        let reason = format!("the org unit {name} is part of it and cannot be read: {why}");
        let reason = Reason::new(code, reason).about(FindingObject {
            kind: "organisation unit".to_owned(),
            id: unit.to_string(),
            name,
        });
        if gone { reason } else { reason.with_hint(finding::SOURCE_ORG_UNIT_OUT_OF_SCOPE.remedy) }
    };
    units.partial().map(|(target, unit)| (target, hold(unit))).collect()
}

/// Names large parts of the source's tree that the map does not touch and that are therefore not read.
pub(super) fn untouched(subtrees: &[(Uid, usize)], source: &Metadata, findings: &mut Findings) {
    for (root, units) in subtrees {
        findings.add(
            Note::new(&finding::AREA_NOT_READ, *units as u64)
                .about("organisation unit", &root, source.org_unit_path_names(*root))
                .example(if *units == 1 {
                    "1 org unit, which is not mapped".to_owned()
                } else {
                    format!("{}, none of them mapped", counted_len(*units, "org unit"))
                }),
        );
    }
}

/// The addresses of a job of which the source's user may not read all that feeds them, each with what is to blame first,
/// and a finding for everything that cannot be read; it counts the cells that are held back for it, which come later. An
/// item that the source does not have (or does not show) takes its partners with it: a sum without one of its parts is no
/// sum.
pub(super) fn hidden(job: &Job, reader: Reader<'_>, findings: &mut Findings) -> BTreeMap<CellAddress, Reason> {
    let mut hidden = BTreeMap::new();
    for item in &job.items {
        if let Some(missing) = reader.missing(&item.source) {
            let reason = format!(
                "{} {} can no longer be read by {} at {}: {}",
                missing.kind,
                missing.name,
                reader.user(),
                job.source,
                missing.reason.words()
            );
            let reason = Reason::new(&finding::SOURCE_ITEM_MISSING, reason).about(missing.object());
            let reason = reason.with_hint(share_again(&missing, job, reader));
            findings.add(Note { count: 0, ..Note::of(&reason) }.example(format!("an item of job {}", job.name)));
            hidden.entry(item.destination).or_insert(reason);
            continue;
        }
        for unreadable in reader.item(&item.source, job.read) {
            let reason = Reason::new(&finding::SOURCE_NOT_READABLE, unreadable.in_words()).about(unreadable.object());
            let example = format!("job {}: {}", job.name, reason.text);
            findings.add(Note { count: 0, ..Note::of(&reason) }.example(example));
            hidden.entry(item.destination).or_insert(reason);
        }
    }
    hidden
}

/// What to do about an object that does not show: the way back comes before the way without it.
fn share_again(missing: &Unreadable, job: &Job, reader: Reader<'_>) -> String {
    format!(
        "Share the {} with {} at {} again; only if it was deleted there, sync {} and map the item to its successor.",
        missing.kind,
        reader.user(),
        job.source,
        job.source
    )
}
