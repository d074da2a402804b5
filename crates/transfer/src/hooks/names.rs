//! The names of things, as scripts are told them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::PlannedItem;
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::SourceItem;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;
use xfer_script::{ItemNames, Named, NamedData, OrgUnit};

/// The names of things, made once: a slice has thousands of values at a few places.
#[derive(Default)]
pub(super) struct Names {
    items: HashMap<(SourceItem, CellAddress), Arc<ItemNames>>,
    sources: HashMap<Uid, Arc<OrgUnit>>,
    destinations: HashMap<Uid, Arc<OrgUnit>>,
}

impl Names {
    pub(super) fn item(&mut self, item: &PlannedItem, source: &Metadata, destination: &Metadata) -> Arc<ItemNames> {
        let names = self.items.entry((item.source, item.destination)).or_insert_with(|| {
            Arc::new(ItemNames {
                source: Arc::new(named_data(item.source.data(), source)),
                destination: Arc::new(named(item.destination.data_element, destination)),
                category_option_combo: Arc::new(named(item.destination.category_option_combo, destination)),
                attribute_option_combo: Arc::new(named(item.destination.attribute_option_combo, destination)),
            })
        });
        Arc::clone(names)
    }

    pub(super) fn source_unit(&mut self, id: Uid, source: &Metadata) -> Arc<OrgUnit> {
        Arc::clone(self.sources.entry(id).or_insert_with(|| Arc::new(org_unit(id, source))))
    }

    pub(super) fn destination_unit(&mut self, id: Uid, destination: &Metadata) -> Arc<OrgUnit> {
        Arc::clone(self.destinations.entry(id).or_insert_with(|| Arc::new(org_unit(id, destination))))
    }
}

/// Code and name of what is read.
pub(super) fn named_data(data: DataItem, metadata: &Metadata) -> NamedData {
    Named { id: data, code: data.code(metadata), name: metadata.data_name(data) }
}

/// Code and name of a data element of the destination, or of an option combo.
pub(super) fn named(id: Uid, metadata: &Metadata) -> Named {
    let code = metadata
        .data_elements
        .get(&id)
        .map(|object| &object.code)
        .or_else(|| metadata.category_option_combos.get(&id).map(|object| &object.code));
    Named { id, code: code.cloned().flatten(), name: metadata.name_of(id) }
}

/// What scripts may know of an org unit.
pub(super) fn org_unit(id: Uid, metadata: &Metadata) -> OrgUnit {
    let unit = metadata.organisation_units.get(&id);
    OrgUnit {
        id,
        code: unit.and_then(|unit| unit.code.clone()),
        name: metadata.name_of(id),
        path: metadata.org_unit_path_names(id),
        level: unit.map_or(0, |unit| u32::try_from(unit.path.len()).unwrap_or(0)),
    }
}
