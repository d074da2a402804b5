//! The metadata of an answer: names of everything the query mentions, and the items of each dimension
//! (`MetadataHandler`, `AnalyticsUtils.getDimensionMetadataItemMap`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::dimension::{Axis, DataItem, Dimension, Dimensions, Operand, PeriodItem};
use super::period_names;
use super::query::Query;
use crate::profile::Profile;
use crate::state::{State, User};
use crate::world::{Object, World, reference, references, text};

/// The member `metaData`.
pub(super) fn metadata(state: &State, user: &User, query: &Query, dimensions: &Dimensions) -> Value {
    if query.skip_meta {
        return json!({});
    }
    let writer = Writer { world: &state.world, profile: state.profile, query };
    let mut items = Map::new();
    for dimension in dimensions.all() {
        writer.add_items(dimension, &mut items);
    }
    let combos: Vec<&str> = writer.combos(dimensions).into_iter().collect();
    let mut listed = Map::new();
    for name in ["dx", "pe", "ou"] {
        if let Some(dimension) = dimensions.all().find(|dimension| dimension.name == name) {
            listed.insert(name.into(), dimension.item_ids().into());
        }
    }
    listed.entry("pe").or_insert_with(|| json!([]));
    listed.insert("co".into(), json!(combos));
    for dimension in dimensions.all() {
        listed.entry(dimension.name.clone()).or_insert_with(|| dimension.item_ids().into());
    }
    let mut metadata = json!({"items": items, "dimensions": listed});
    if query.hierarchy_meta {
        metadata["ouHierarchy"] = writer.hierarchy(user, dimensions, "id", false);
    }
    if query.show_hierarchy {
        metadata["ouNameHierarchy"] = writer.hierarchy(user, dimensions, "name", true);
    }
    metadata
}

struct Writer<'world> {
    world: &'world World,
    profile: Profile,
    query: &'world Query,
}

impl<'world> Writer<'world> {
    fn add_items(&self, dimension: &Dimension, items: &mut Map<String, Value>) {
        match &dimension.axis {
            Axis::Data(list) => {
                for item in list {
                    items.insert(item.text(), self.data_item(item));
                    if let DataItem::Element(id) = item {
                        for combo in self.combos_of(id) {
                            items.insert(combo.into(), self.object("categoryOptionCombos", combo, combo_details));
                        }
                    }
                }
            }
            Axis::Period(list) => {
                for item in list {
                    items.insert(item.id.clone(), self.period(item));
                }
            }
            Axis::OrgUnit(ids) => {
                for id in ids {
                    items.insert(id.clone(), self.object("organisationUnits", id, unit_details));
                    if self.query.hierarchy_meta {
                        for ancestor in self.path(id) {
                            let shown = self.object("organisationUnits", ancestor, unit_details);
                            items.insert(ancestor.to_owned(), shown);
                        }
                    }
                }
            }
            Axis::Dynamic(_, ids) => {
                for id in ids {
                    let plural = if self.world.get("categoryOptions", id).is_some() {
                        "categoryOptions"
                    } else {
                        "organisationUnitGroups"
                    };
                    items.insert(id.clone(), self.object(plural, id, unit_details));
                }
            }
            Axis::CategoryOptionCombo | Axis::AttributeOptionCombo => {}
        }
        items.insert(dimension.name.clone(), self.dimension(dimension));
        for (key, shown) in &dimension.keywords {
            items.entry(key.clone()).or_insert_with(|| shown.clone());
        }
    }

    fn dimension(&self, dimension: &Dimension) -> Value {
        if !self.query.include_metadata_details {
            return json!({"name": dimension.title});
        }
        let kind = match dimension.axis {
            Axis::Data(_) => "DATA_X",
            Axis::Period(_) => "PERIOD",
            Axis::OrgUnit(_) => "ORGANISATION_UNIT",
            Axis::CategoryOptionCombo => "CATEGORY_OPTION_COMBO",
            Axis::AttributeOptionCombo => "ATTRIBUTE_OPTION_COMBO",
            Axis::Dynamic(super::dimension::Dynamic::Category { .. }, _) => "CATEGORY",
            Axis::Dynamic(super::dimension::Dynamic::OrgUnitGroupSet, _) => "ORGANISATION_UNIT_GROUP_SET",
        };
        json!({"uid": dimension.name, "name": dimension.title, "dimensionType": kind})
    }

    /// An object's name, in the wanted property.
    fn name<'object>(&self, object: &'object Object) -> Option<&'object str> {
        let short = if self.query.short_names { text(object, "shortName") } else { None };
        short.or_else(|| text(object, "name"))
    }

    fn object(&self, plural: &str, id: &str, details: fn(&mut Value)) -> Value {
        let Some(object) = self.world.get(plural, id) else { return json!({}) };
        let name = self.name(object);
        if !self.query.include_metadata_details {
            return json!({"name": name});
        }
        let mut shown = with_identity(object, name);
        details(&mut shown);
        shown
    }

    fn data_item(&self, item: &DataItem) -> Value {
        match item {
            DataItem::Element(id) => {
                let mut shown = self.object("dataElements", id, |_| {});
                if let Some(element) = self.world.get("dataElements", id).filter(|_| self.details()) {
                    shown["dimensionItemType"] = "DATA_ELEMENT".into();
                    for property in ["valueType", "aggregationType"] {
                        shown[property] = element.get(property).cloned().unwrap_or_default();
                    }
                    shown["totalAggregationType"] = "SUM".into();
                }
                shown
            }
            DataItem::Indicator(id) => self.object("indicators", id, |shown| number_details(shown, "INDICATOR")),
            DataItem::ProgramIndicator(id) => {
                self.object("programIndicators", id, |shown| number_details(shown, "PROGRAM_INDICATOR"))
            }
            DataItem::Operand(operand) => self.named(item, &self.operand_name(operand), "DATA_ELEMENT_OPERAND"),
            DataItem::ProgramDataElement { program, element } => {
                let name = format!("{} {}", self.name_of("programs", program), self.name_of("dataElements", element));
                self.named(item, &name, "PROGRAM_DATA_ELEMENT")
            }
            DataItem::ReportingRate { data_set, metric } => {
                let name = format!("{} - {}", self.name_of("dataSets", data_set), metric.display_name());
                self.named(item, &name, "REPORTING_RATE")
            }
        }
    }

    fn details(&self) -> bool {
        self.query.include_metadata_details
    }

    fn named(&self, item: &DataItem, name: &str, kind: &str) -> Value {
        if !self.details() {
            return json!({"name": name});
        }
        let mut shown = json!({"uid": item.text(), "name": name});
        number_details(&mut shown, kind);
        shown
    }

    fn name_of(&self, plural: &str, id: &str) -> String {
        self.world.get(plural, id).and_then(|object| self.name(object)).unwrap_or_default().to_owned()
    }

    /// The data element's name and those of its combos; a default combo adds `(Total)` (`DataElementOperand`).
    fn operand_name(&self, operand: &Operand) -> String {
        let mut name = self.name_of("dataElements", &operand.element);
        for combo in [&operand.category_option_combo, &operand.attribute_option_combo].into_iter().flatten() {
            let combo = self.name_of("categoryOptionCombos", combo);
            name.push(' ');
            name.push_str(if combo == "default" { "(Total)" } else { &combo });
        }
        name
    }

    fn period(&self, item: &PeriodItem) -> Value {
        let name = period_names::of_period(item.period, self.profile);
        if !self.details() {
            return json!({"name": name});
        }
        let moment = |day: jiff::civil::Date| format!("{day}T00:00:00.000");
        json!({
            "uid": item.id, "code": item.id, "name": name, "dimensionItemType": "PERIOD", "valueType": "TEXT",
            "totalAggregationType": "SUM", "startDate": moment(item.start), "endDate": moment(item.end),
        })
    }

    /// The category option combos of a data element: of its own category combo and of the overrides of data sets.
    fn combos_of(&self, element: &str) -> Vec<&'world str> {
        let Some(object) = self.world.get("dataElements", element) else { return Vec::new() };
        let overrides = object.get("dataSetElements").and_then(Value::as_array).into_iter().flatten();
        let overrides =
            overrides.filter_map(|entry| entry.as_object().and_then(|entry| reference(entry, "categoryCombo")));
        let mut combos: Vec<&str> = reference(object, "categoryCombo").into_iter().chain(overrides).collect();
        combos.dedup();
        combos
            .into_iter()
            .filter_map(|combo| self.world.get("categoryCombos", combo))
            .flat_map(|combo| references(combo, "categoryOptionCombos"))
            .collect()
    }

    /// The category option combos of all plain data elements, whatever the values.
    fn combos(&self, dimensions: &Dimensions) -> BTreeSet<&'world str> {
        let elements = dimensions.data_items().into_iter();
        elements
            .filter_map(|item| if let DataItem::Element(id) = item { Some(id) } else { None })
            .flat_map(|id| self.combos_of(id))
            .collect()
    }

    /// The ancestors of a unit, from the top.
    fn path(&self, unit: &str) -> Vec<&'world str> {
        let path = self.world.org_unit_path(unit).unwrap_or_default();
        let mut ids: Vec<&str> = path.split('/').filter(|id| !id.is_empty()).collect();
        ids.pop();
        ids
    }

    /// Unit → its ancestors from the user's own unit down, joined by slashes.
    fn hierarchy(&self, user: &User, dimensions: &Dimensions, property: &str, with_itself: bool) -> Value {
        let roots = user.capture_org_units();
        let name = |id: &str| {
            self.world.get("organisationUnits", id).and_then(|unit| text(unit, property)).unwrap_or_default().to_owned()
        };
        let mut shown = Map::new();
        for unit in dimensions.org_units() {
            let mut ids = self.path(unit);
            if let Some(root) = ids.iter().position(|id| roots.contains(id)) {
                ids.drain(..root);
            }
            let mut names: Vec<String> = ids.into_iter().map(name).collect();
            if with_itself {
                names.push(name(unit));
            }
            let joined = names.join("/");
            shown.insert(unit.to_owned(), if with_itself { format!("/{joined}") } else { joined }.into());
        }
        Value::Object(shown)
    }
}

fn with_identity(object: &Object, name: Option<&str>) -> Value {
    let mut shown = json!({"uid": text(object, "id")});
    if let Some(code) = text(object, "code") {
        shown["code"] = code.into();
    }
    shown["name"] = name.into();
    shown
}

fn combo_details(shown: &mut Value) {
    shown["valueType"] = "NUMBER".into();
    shown["totalAggregationType"] = "SUM".into();
}

fn unit_details(shown: &mut Value) {
    shown["dimensionItemType"] = "ORGANISATION_UNIT".into();
    shown["valueType"] = "TEXT".into();
    shown["totalAggregationType"] = "SUM".into();
}

fn number_details(shown: &mut Value, kind: &str) {
    shown["dimensionItemType"] = kind.into();
    shown["valueType"] = "NUMBER".into();
    shown["totalAggregationType"] = "SUM".into();
}
