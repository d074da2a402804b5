//! Source org units without a destination.

use std::cmp::Reverse;

use crate::finding;
use crate::map_rules::{Lookup, MapFinding, MapQuestion, Standing};
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// Units with data that are not mapped, most values first; without data, those from which values are expected.
pub(super) fn unmapped(question: &MapQuestion<'_>, lookup: &Lookup<'_>) -> Vec<MapFinding> {
    let Some(values) = question.values else { return expected(question, lookup) };
    let mut findings = Vec::new();
    for (unit, count) in &values.of {
        let (code, message) = match lookup.standing(*unit) {
            Standing::Mapped => continue,
            Standing::Ignored => (&finding::IGNORED_WITH_DATA, "is ignored, and has data".to_owned()),
            Standing::Proposed => {
                let target = lookup.rows.get(unit).and_then(|row| row.destination);
                let target = target.map_or_else(|| "no unit".to_owned(), |id| place(question.destination, id));
                (&finding::PROPOSED_WITH_DATA, format!("has data; {target} is only proposed as its destination"))
            }
            Standing::Unknown => (&finding::UNMAPPED_WITH_DATA, "has data and no destination".to_owned()),
        };
        findings.push(MapFinding {
            code,
            unit: Some(*unit),
            place: place(question.source, *unit),
            values: Some(*count),
            message,
        });
    }
    // What a person left out on purpose comes after what would be lost.
    findings.sort_by_key(|finding| (finding.code.severity, Reverse(finding.values)));
    findings
}

fn expected(question: &MapQuestion<'_>, lookup: &Lookup<'_>) -> Vec<MapFinding> {
    let without = lookup.expected.iter().filter(|unit| {
        lookup.standing(**unit) == Standing::Unknown && question.source.organisation_units.contains_key(*unit)
    });
    let mut findings: Vec<MapFinding> = without
        .map(|unit| MapFinding {
            code: &finding::UNMAPPED_BUT_ASSIGNED,
            unit: Some(*unit),
            place: place(question.source, *unit),
            values: None,
            message: "is assigned to a data set that is read, and has no destination".to_owned(),
        })
        .collect();
    findings.sort_by(|left, right| left.place.cmp(&right.place));
    findings
}

/// Proposals that wait, except those that were named because they have data.
pub(super) fn waiting(question: &MapQuestion<'_>, lookup: &Lookup<'_>) -> Vec<MapFinding> {
    let has_data = |unit: &Uid| question.values.is_some_and(|values| values.of.contains_key(unit));
    let rows = lookup.rows.values().filter(|row| lookup.standing(row.source) == Standing::Proposed);
    rows.filter(|row| !has_data(&row.source))
        .map(|row| {
            let target = row.destination.map_or_else(|| "no unit".to_owned(), |id| place(question.destination, id));
            MapFinding {
                code: &finding::PROPOSAL_WAITING,
                unit: Some(row.source),
                place: place(question.source, row.source),
                values: question.values.map(|_| 0),
                message: format!("{target} is proposed as its destination and is not confirmed yet"),
            }
        })
        .collect()
}

/// A unit's place in its tree.
fn place(metadata: &Metadata, unit: Uid) -> String {
    metadata.org_unit_path_names(unit)
}
