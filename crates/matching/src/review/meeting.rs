//! Where one item reads what another writes: the data, the org units, the periods, and the circles that this makes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::review::periods;
use xfer_domain::cell::CellAddress;
use xfer_domain::item::SourceItem;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// An item of a job by their positions: first the jobs that are looked at, then those of other routines.
pub(super) type Place = (usize, usize);

/// Whether a unit is among those that are read, or below one of them where analytics adds these up.
pub(super) fn is_read(metadata: &Metadata, read: &BTreeSet<Uid>, unit: Uid, through_analytics: bool) -> bool {
    if read.contains(&unit) {
        return true;
    }
    let known = metadata.organisation_units.get(&unit);
    through_analytics && known.is_some_and(|unit| unit.path.iter().any(|above| read.contains(above)))
}

/// Whether a job reads periods that another one writes, each for its window.
pub(super) fn periods_meet(
    (writer, written_in): (&Job, &[String]),
    (reader, read_in): (&Job, &[String]),
    through_analytics: bool,
    today: Date,
) -> bool {
    let (written, read) = (writer.destination_period_type, reader.source_period_type);
    if written != read {
        // Analytics adds shorter periods up into longer ones.
        return through_analytics && written.nominal_days() < read.nominal_days();
    }
    // What moves with the days meets sooner or later.
    if written_in != read_in && (periods::is_relative(written_in) || periods::is_relative(read_in)) {
        return true;
    }
    match periods::written(writer, written_in, today).zip(periods::read(reader, read_in, today)) {
        Some((written, read)) => written.intersection(&read).next().is_some(),
        // No routine says which periods: those that are read are those that are written, unless they are moved.
        None => writer.period_shift == 0,
    }
}

/// Whether values of a cell are among those that an item reads.
pub(super) fn reads(metadata: &Metadata, source: &SourceItem, cell: CellAddress) -> bool {
    match *source {
        SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
            id == cell.data_element
                && category_option_combo.is_none_or(|combo| combo == cell.category_option_combo)
                && attribute_option_combo.is_none_or(|combo| combo == cell.attribute_option_combo)
        }
        // What a formula names it reads: `#{element}`, `#{element.combo}`.
        SourceItem::Indicator { id } => metadata.indicators.get(&id).is_some_and(|indicator| {
            let element = cell.data_element;
            let combo = cell.category_option_combo;
            let texts = [format!("#{{{element}}}"), format!("#{{{element}.{combo}"), format!("#{{{element}.*")];
            [&indicator.numerator, &indicator.denominator]
                .iter()
                .any(|formula| texts.iter().any(|text| formula.contains(text.as_str())))
        }),
        // Events and registrations are not written.
        SourceItem::ProgramIndicator { .. } | SourceItem::ReportingRate { .. } => false,
    }
}

/// Items from which one comes back to where one was: each set of them once.
pub(super) fn circles(edges: &BTreeMap<Place, BTreeSet<Place>>) -> Vec<BTreeSet<Place>> {
    let reach: BTreeMap<Place, BTreeSet<Place>> = edges.keys().map(|from| (*from, reachable(edges, *from))).collect();
    let mut circles: Vec<BTreeSet<Place>> = Vec::new();
    for (from, reached) in &reach {
        if !reached.contains(from) || circles.iter().any(|circle| circle.contains(from)) {
            continue;
        }
        let back = |place: &&Place| reach.get(*place).is_some_and(|reached| reached.contains(from));
        circles.push(reached.iter().filter(back).copied().collect());
    }
    circles
}

fn reachable(edges: &BTreeMap<Place, BTreeSet<Place>>, from: Place) -> BTreeSet<Place> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        for next in edges.get(&place).into_iter().flatten() {
            if reached.insert(*next) {
                open.push(*next);
            }
        }
    }
    reached
}
