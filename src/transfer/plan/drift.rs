//! Names what the map or the items point at and the source does not have (any more).
//!
//! Drift at the destination is preflight's to name: there each cell is held back with the object to blame. At the
//! source a missing object means that nothing can be fetched, so it is named here or nowhere.

use crate::domain::item::{Item, SourceItem};
use crate::domain::job::Job;
use crate::domain::metadata::Metadata;
use crate::domain::routine::RoutineDocument;
use crate::domain::uid::Uid;
use crate::transfer::finding;
use crate::transfer::plan::units::UnitMap;
use crate::transfer::tally::{Findings, Note};

/// Names mapped org units that the source does not know or whose data its user may not read.
pub(super) fn units(units: &UnitMap, document: &RoutineDocument, source: &Metadata, findings: &mut Findings) {
    for row in &document.org_unit_map {
        if units.unknown.contains(&row.source) {
            findings.add(
                Note::new(&finding::SOURCE_ORG_UNIT_UNKNOWN, 1)
                    .about("organisation unit", &row.source, row.source.to_string())
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

/// Names large parts of the source's tree that the map does not touch and that are therefore not read.
pub(super) fn untouched(subtrees: &[(Uid, usize)], source: &Metadata, findings: &mut Findings) {
    for (root, units) in subtrees {
        findings.add(
            Note::new(&finding::AREA_NOT_READ, *units as u64)
                .about("organisation unit", &root, source.org_unit_path_names(*root))
                .example(format!("{units} org units, none of them mapped")),
        );
    }
}

/// Whether the source has an item's data; names it otherwise.
pub(super) fn item(item: &Item, job: &Job, source: &Metadata, findings: &mut Findings) -> bool {
    let (kind, known) = match item.source {
        SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
            let combos = [category_option_combo, attribute_option_combo];
            if let Some(missing) =
                combos.into_iter().flatten().find(|combo| !source.category_option_combos.contains_key(combo))
            {
                return missing_item("category option combo", missing, job, source, findings);
            }
            ("data element", source.data_elements.contains_key(&id))
        }
        SourceItem::Indicator { id } => ("indicator", source.indicators.contains_key(&id)),
        SourceItem::ProgramIndicator { id } => ("program indicator", source.program_indicators.contains_key(&id)),
    };
    known || missing_item(kind, item.source.id(), job, source, findings)
}

fn missing_item(kind: &str, id: Uid, job: &Job, source: &Metadata, findings: &mut Findings) -> bool {
    findings.add(
        Note::new(&finding::SOURCE_ITEM_MISSING, 1)
            .about(kind, &id, source.name_of(id))
            .example(format!("an item of job {}", job.name)),
    );
    false
}
