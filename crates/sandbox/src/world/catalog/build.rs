//! Builds the catalog from the world's JSON.
//!
//! References to objects that are not there are left out; a server would have refused to import them.

use std::collections::{HashMap, HashSet};

use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::{Catalog, CategoryOption, DataElement, DataSet, InputPeriod, Named, Names, OptionCombo, OrgUnit, Table};
use crate::world::filling::{DEFAULT_COMBO, DEFAULT_OPTION_COMBO};
use crate::world::{Object, World, reference, references, text};
use xfer_domain::value_type::ValueType;

impl Catalog {
    /// The catalog of a world.
    pub fn of(world: &World) -> Self {
        let org_units = org_units(world);
        let category_options = category_options(world, &org_units);
        let option_combos = option_combos(world, &category_options);
        let mut data_elements: Vec<DataElement> =
            world.list("dataElements").iter().map(|object| data_element(world, object)).collect();
        let positions: HashMap<String, usize> =
            data_elements.iter().enumerate().map(|(position, element)| (element.names.id.clone(), position)).collect();
        let data_sets: Vec<DataSet> = world
            .list("dataSets")
            .iter()
            .map(|object| data_set(object, &positions, &org_units, &option_combos))
            .collect();
        for (position, set) in data_sets.iter().enumerate() {
            set.members.keys().for_each(|&member| data_elements[member].data_sets.push(position));
        }
        let default_combo = option_combos.find(DEFAULT_OPTION_COMBO).unwrap_or_default();
        Self {
            data_elements: Table::new(data_elements),
            org_units,
            data_sets: Table::new(data_sets),
            option_combos,
            category_options,
            default_combo,
            lock_exceptions: lock_exceptions(world),
        }
    }
}

fn names(object: &Object) -> Names {
    let own = |property: &str| text(object, property).map(str::to_owned);
    Names {
        id: own("id").unwrap_or_default(),
        name: own("name").unwrap_or_default(),
        code: own("code"),
        attributes: object
            .get("attributeValues")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .filter_map(|entry| Some((reference(entry, "attribute")?.to_owned(), text(entry, "value")?.to_owned())))
            .collect(),
    }
}

fn date(object: &Object, property: &str) -> Option<Date> {
    text(object, property)?.get(..10)?.parse().ok()
}

fn moment(object: &Object, property: &str) -> Option<DateTime> {
    let text = text(object, property)?;
    text.get(..19)
        .and_then(|seconds| seconds.parse().ok())
        .or_else(|| text.get(..10)?.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))
}

fn whole(object: &Object, property: &str) -> i32 {
    object.get(property).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
}

fn flag(object: &Object, property: &str) -> bool {
    object.get(property).and_then(Value::as_bool).unwrap_or_default()
}

fn found<T: Named>(ids: Vec<&str>, table: &Table<T>) -> Vec<usize> {
    ids.into_iter().filter_map(|id| table.find(id)).collect()
}

fn org_units(world: &World) -> Table<OrgUnit> {
    let mut table = Table::new(
        world
            .list("organisationUnits")
            .iter()
            .map(|object| OrgUnit {
                names: names(object),
                line: Vec::new(),
                opened: date(object, "openingDate"),
                closed: date(object, "closedDate"),
            })
            .collect(),
    );
    for position in 0..table.len() {
        let path = world.org_unit_path(&table[position].names.id).unwrap_or_default();
        let line = path.split('/').filter_map(|id| table.find(id)).collect();
        table.rows[position].line = line;
    }
    table
}

fn category_options(world: &World, org_units: &Table<OrgUnit>) -> Table<CategoryOption> {
    Table::new(
        world
            .list("categoryOptions")
            .iter()
            .map(|object| CategoryOption {
                names: names(object),
                start: date(object, "startDate"),
                end: date(object, "endDate"),
                org_units: found(references(object, "organisationUnits"), org_units),
            })
            .collect(),
    )
}

fn option_combos(world: &World, options: &Table<CategoryOption>) -> Table<OptionCombo> {
    Table::new(
        world
            .list("categoryOptionCombos")
            .iter()
            .map(|object| OptionCombo {
                names: names(object),
                combo: reference(object, "categoryCombo").unwrap_or_default().to_owned(),
                options: found(references(object, "categoryOptions"), options),
            })
            .collect(),
    )
}

fn data_element(world: &World, object: &Object) -> DataElement {
    let value_type_name = text(object, "valueType").unwrap_or("TEXT").to_owned();
    let value_type: ValueType =
        serde_json::from_value(Value::String(value_type_name.clone())).unwrap_or(ValueType::Other);
    let averaged = matches!(text(object, "aggregationType"), Some("AVERAGE" | "AVERAGE_SUM_ORG_UNIT"));
    DataElement {
        names: names(object),
        drops_zeros: value_type.is_numeric() && !flag(object, "zeroIsSignificant") && !averaged,
        value_type,
        value_type_name,
        combo: reference(object, "categoryCombo").unwrap_or(DEFAULT_COMBO).to_owned(),
        options: reference(object, "optionSet").map(|set| option_codes(world, set)),
        comment_options: reference(object, "commentOptionSet").map(|set| option_codes(world, set)),
        data_sets: Vec::new(),
    }
}

fn option_codes(world: &World, set: &str) -> HashSet<String> {
    world
        .list("options")
        .iter()
        .filter(|option| reference(option, "optionSet") == Some(set))
        .filter_map(|option| text(option, "code").map(str::to_owned))
        .collect()
}

fn data_set(
    object: &Object,
    data_elements: &HashMap<String, usize>,
    org_units: &Table<OrgUnit>,
    option_combos: &Table<OptionCombo>,
) -> DataSet {
    let entries = |property: &str| {
        object.get(property).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    };
    DataSet {
        names: names(object),
        period_type: text(object, "periodType").and_then(|name| name.parse().ok()),
        combo: reference(object, "categoryCombo").unwrap_or(DEFAULT_COMBO).to_owned(),
        members: entries("dataSetElements")
            .filter_map(|entry| {
                let element = *data_elements.get(reference(entry, "dataElement")?)?;
                Some((element, reference(entry, "categoryCombo").map(str::to_owned)))
            })
            .collect(),
        org_units: found(references(object, "organisationUnits"), org_units).into_iter().collect(),
        open_future_periods: whole(object, "openFuturePeriods"),
        expiry_days: object.get("expiryDays").and_then(Value::as_f64).unwrap_or_default(),
        open_periods_after_option_end: whole(object, "openPeriodsAfterCoEndDate"),
        no_value_requires_comment: flag(object, "noValueRequiresComment"),
        input_periods: entries("dataInputPeriods")
            .filter_map(|entry| {
                let period = reference(entry, "period").or_else(|| text(entry, "period"))?.to_owned();
                Some(InputPeriod {
                    period,
                    opening: moment(entry, "openingDate"),
                    closing: moment(entry, "closingDate"),
                })
            })
            .collect(),
        compulsory: entries("compulsoryDataElementOperands")
            .filter_map(|entry| {
                let element = *data_elements.get(reference(entry, "dataElement")?)?;
                Some((element, option_combos.find(reference(entry, "categoryOptionCombo")?)?))
            })
            .collect(),
        compulsory_fields_complete_only: flag(object, "compulsoryFieldsCompleteOnly"),
    }
}

fn lock_exceptions(world: &World) -> HashSet<(String, String, String)> {
    world
        .list("lockExceptions")
        .iter()
        .filter_map(|object| {
            let period = reference(object, "period").or_else(|| text(object, "period"))?;
            let part = |property: &str| reference(object, property).map(str::to_owned);
            Some((part("dataSet")?, part("organisationUnit")?, period.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn memberships_overrides_and_lines() {
        let world = World::load(&json!({
            "organisationUnits": [
                {"id": "OuFacility1", "parent": {"id": "OuNation001"}, "closedDate": "2024-06-30T00:00:00.000"},
                {"id": "OuNation001"},
            ],
            "categoryOptions": [{"id": "CopFund0001", "startDate": "2024-01-01", "organisationUnits": [{"id": "OuNation001"}]}],
            "categoryOptionCombos": [{
                "id": "AocFund0001", "categoryCombo": {"id": "CcbFund0001"}, "categoryOptions": [{"id": "CopFund0001"}],
            }],
            "dataElements": [{"id": "DemNumber01", "valueType": "NUMBER"}, {"id": "DemText0001"}],
            "dataSets": [{
                "id": "DstMonthly1",
                "dataSetElements": [{"dataElement": {"id": "DemNumber01"}, "categoryCombo": {"id": "CcbSex00001"}}],
                "organisationUnits": [{"id": "OuFacility1"}],
            }],
        }));
        let catalog = Catalog::of(&world);
        let facility = catalog.org_units.find("OuFacility1").unwrap_or_default();
        let nation = catalog.org_units.find("OuNation001").unwrap_or_default();
        assert!(catalog.is_below(facility, &HashSet::from([nation])));
        assert!(!catalog.is_below(nation, &HashSet::from([facility])));
        assert_eq!(catalog.org_units[facility].closed, "2024-06-30".parse().ok());
        let element = catalog.data_elements.find("DemNumber01").unwrap_or_default();
        assert!(catalog.data_elements[element].drops_zeros);
        assert_eq!(catalog.data_elements[element].data_sets, [0]);
        assert_eq!(catalog.combo_in(&catalog.data_sets[0], element), "CcbSex00001");
        assert!(!catalog.data_elements[1].drops_zeros, "text is no number");
        let fund = catalog.option_combos.find("AocFund0001").unwrap_or_default();
        assert_eq!(catalog.span(fund), ("2024-01-01".parse().ok(), None));
        assert!(catalog.is_usable_at(fund, facility));
        assert_eq!(catalog.option_combos[catalog.default_combo].names.id, DEFAULT_OPTION_COMBO);
    }
}
