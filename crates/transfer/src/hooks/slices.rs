//! What scripts find in a slice: the objects that they may name, and the values that they look up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::hooks::names::{named, named_data, org_unit};
use crate::hooks::values::to_row;
use crate::hooks::{CellContext, RowsContext};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::SourceItem;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// The slice before it is mapped: source units, source periods.
pub(super) fn rows_slice(rows: &[xfer_script::Row], at: &RowsContext<'_>) -> xfer_script::Slice {
    let source = at.scene.source;
    let mut slice = xfer_script::Slice::new();
    for item in at.items {
        add_item(&mut slice, item.source, source);
    }
    for unit in at.org_units {
        slice.add_org_unit(Arc::new(org_unit(*unit, source)));
    }
    add_rows(&mut slice, rows, source);
    slice
}

/// The slice as cells are made of it: destination units, destination periods. Everything that the job reads is known,
/// also where the slice has no value of it: to have nothing is not to be misspelt.
pub(super) fn cells_slice(at: &CellContext<'_>, brought: &[(SourceItem, CellAddress)]) -> xfer_script::Slice {
    let (source, destination) = (at.scene.source, at.scene.destination);
    let rows: Vec<xfer_script::Row> = at.slice.rows().iter().map(|row| to_row(row, source)).collect();
    let mut slice = xfer_script::Slice::new();
    let data: BTreeSet<DataItem> = rows.iter().map(|row| row.data).collect();
    for item in data {
        slice.add_data(Arc::new(named_data(item, source)));
    }
    let beside = |(item, cell): &(SourceItem, CellAddress)| (*item, cell.data_element, cell.attribute_option_combo);
    let mut combos: BTreeMap<_, BTreeSet<Uid>> = BTreeMap::new();
    for one in brought {
        combos.entry(beside(one)).or_default().insert(one.1.category_option_combo);
    }
    for one in brought {
        add_item(&mut slice, one.0, source);
        let parts = combos.get(&beside(one)).into_iter().flatten();
        slice.add_parts(one.0.data(), one.1, parts.map(|combo| Arc::new(named(*combo, destination))).collect());
    }
    add_item(&mut slice, at.item.source, source);
    let units: BTreeSet<Uid> = rows.iter().map(|row| row.org_unit).collect();
    for unit in units {
        slice.add_org_unit(Arc::new(org_unit(unit, destination)));
    }
    add_rows(&mut slice, &rows, source);
    slice
}

fn add_item(slice: &mut xfer_script::Slice, item: SourceItem, source: &Metadata) {
    slice.add_data(Arc::new(named_data(item.data(), source)));
    for combo in item.combos().into_iter().flatten() {
        slice.add_option_combo(Arc::new(named(combo, source)));
    }
}

fn add_rows(slice: &mut xfer_script::Slice, rows: &[xfer_script::Row], source: &Metadata) {
    let mut combos = BTreeSet::new();
    for row in rows {
        combos.extend(row.category_option_combo.into_iter().chain(row.attribute_option_combo));
        slice.add_value(row);
    }
    for combo in combos {
        slice.add_option_combo(Arc::new(named(combo, source)));
    }
}
