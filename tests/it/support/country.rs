//! Small metadata in DHIS2's export form, built in a few lines: a tree of org units, data elements with combos, data
//! sets, options with rights, values.
//!
//! ```ignore
//! let source = Country::new("source")
//!     .facilities(&["Centre A", "Centre B"])
//!     .combo("Sexe", &["F", "M"])
//!     .attribute_combo("Projet", &["P100", "P200"])
//!     .element("CAS", json!({"categoryCombo": "Sexe"}))
//!     .data_set("M", "Monthly", &["CAS"], json!({"categoryCombo": "Projet"}))
//!     .may_not_read("P200")
//!     .value(["CAS", "F", "P100", "Centre A", "202401"], "3");
//! ```
//!
//! Objects are named by their code or name everywhere; ids follow from the side, the type and the name, so that two
//! sides never share one by chance.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use xfer_sandbox::world::filling::{DEFAULT_COMBO, DEFAULT_OPTION_COMBO};

/// A server's metadata and values, as it grows.
#[derive(Debug, Clone)]
pub(crate) struct Country {
    side: String,
    metadata: Map<String, Value>,
    values: Vec<Value>,
}

impl Country {
    /// Nothing but the root and a district: `Pays` and `Nord`.
    pub(crate) fn new(side: &str) -> Self {
        let empty = Self { side: side.to_owned(), metadata: Map::new(), values: Vec::new() };
        empty.unit("Pays", None, json!({})).unit("Nord", Some("Pays"), json!({"code": "N"}))
    }

    /// The id of an object, by its code or name.
    pub(crate) fn id(&self, plural: &str, called: &str) -> String {
        match called {
            "default" | "" if plural == "categoryOptionCombos" => DEFAULT_OPTION_COMBO.to_owned(),
            "default" if plural == "categoryCombos" => DEFAULT_COMBO.to_owned(),
            _ => id(&self.side, plural, called),
        }
    }

    fn reference(&self, plural: &str, called: &str) -> Value {
        json!({"id": self.id(plural, called)})
    }

    /// Adds an object; `called` is its name, and its code where `more` has none and `coded` is set.
    pub(crate) fn object(mut self, plural: &str, called: &str, more: Value) -> Self {
        let mut object = json!({"id": self.id(plural, called), "name": called});
        merge(&mut object, more);
        let list = self.metadata.entry(plural.to_owned()).or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(object);
        self
    }

    /// Changes an object: keys of `more` replace its own.
    pub(crate) fn change(mut self, plural: &str, called: &str, more: Value) -> Self {
        let id = self.id(plural, called);
        let list = self.metadata.get_mut(plural).and_then(Value::as_array_mut);
        let object = list.and_then(|list| list.iter_mut().find(|object| object["id"] == id.as_str()));
        merge(object.unwrap_or_else(|| panic!("no `{called}` among the {plural}")), more);
        self
    }

    /// An org unit below another one.
    pub(crate) fn unit(self, name: &str, parent: Option<&str>, more: Value) -> Self {
        let mut unit = json!({"openingDate": "2000-01-01T00:00:00.000"});
        if let Some(parent) = parent {
            unit["parent"] = self.reference("organisationUnits", parent);
        }
        merge(&mut unit, more);
        self.object("organisationUnits", name, unit)
    }

    /// Facilities of the district `Nord`, with the codes `F-01`, `F-02` …
    pub(crate) fn facilities(self, names: &[&str]) -> Self {
        names.iter().enumerate().fold(self, |country, (number, name)| {
            country.unit(name, Some("Nord"), json!({"code": format!("F-{:02}", number + 1)}))
        })
    }

    /// A category combo of one category of the same name; its option combos are called as the options are.
    pub(crate) fn combo(self, name: &str, options: &[&str]) -> Self {
        self.combo_of(name, "DISAGGREGATION", options)
    }

    /// The same for attribute option combos.
    pub(crate) fn attribute_combo(self, name: &str, options: &[&str]) -> Self {
        self.combo_of(name, "ATTRIBUTE", options)
    }

    fn combo_of(mut self, name: &str, dimension: &str, options: &[&str]) -> Self {
        let references: Vec<Value> = options.iter().map(|option| self.reference("categoryOptions", option)).collect();
        for option in options {
            let there = self.metadata.get("categoryOptions").and_then(Value::as_array).into_iter().flatten();
            let known = there.clone().any(|object| object["name"] == *option);
            if !known {
                self = self.object("categoryOptions", option, json!({"shortName": option}));
            }
        }
        let category = self.reference("categories", name);
        let combo = self.reference("categoryCombos", name);
        self = self
            .object("categories", name, json!({"categoryOptions": references, "dataDimensionType": dimension}))
            .object("categoryCombos", name, json!({"categories": [category], "dataDimensionType": dimension}));
        for option in options {
            let options = json!([self.reference("categoryOptions", option)]);
            self = self.object(
                "categoryOptionCombos",
                option,
                json!({"categoryCombo": combo, "categoryOptions": options}),
            );
        }
        self
    }

    /// A data element with this code and name: whole numbers that are summed, unless `more` says otherwise. Its
    /// `categoryCombo` and `optionSet` may be given by name.
    pub(crate) fn element(self, code: &str, more: Value) -> Self {
        let more = self.by_name(more, &[("categoryCombo", "categoryCombos"), ("optionSet", "optionSets")]);
        let mut element = json!({
            "code": code, "shortName": code, "valueType": "INTEGER_ZERO_OR_POSITIVE", "aggregationType": "SUM",
            "domainType": "AGGREGATE", "zeroIsSignificant": true, "categoryCombo": {"id": DEFAULT_COMBO},
        });
        merge(&mut element, more);
        self.object("dataElements", code, element)
    }

    /// A data set of these elements, assigned to every facility, open for the future. Its `categoryCombo` may be given
    /// by name.
    pub(crate) fn data_set(self, name: &str, period_type: &str, elements: &[&str], more: Value) -> Self {
        let more = self.by_name(more, &[("categoryCombo", "categoryCombos")]);
        let members: Vec<Value> =
            elements.iter().map(|code| json!({"dataElement": self.reference("dataElements", code)})).collect();
        let mut set = json!({
            "periodType": period_type, "openFuturePeriods": 20, "expiryDays": 0, "categoryCombo": {"id": DEFAULT_COMBO},
            "dataSetElements": members, "organisationUnits": self.leaves(),
        });
        merge(&mut set, more);
        self.object("dataSets", name, set)
    }

    /// An option set; each option's code is its name.
    pub(crate) fn option_set(mut self, name: &str, options: &[&str]) -> Self {
        let set = self.reference("optionSets", name);
        self = self.object("optionSets", name, json!({"valueType": "TEXT"}));
        for (number, option) in options.iter().enumerate() {
            self = self.object("options", option, json!({"code": option, "sortOrder": number + 1, "optionSet": set}));
        }
        self
    }

    /// Takes the right to read and write data under a category option from everybody but superusers.
    pub(crate) fn may_not_read(self, option: &str) -> Self {
        self.change("categoryOptions", option, json!({"access": {"data": {"read": false, "write": false}}}))
    }

    /// Takes the right to write data under a category option from everybody but superusers.
    pub(crate) fn may_not_write(self, option: &str) -> Self {
        self.change("categoryOptions", option, json!({"access": {"data": {"read": true, "write": false}}}))
    }

    /// A user of the file; org units are given by name.
    pub(crate) fn user(self, name: &str, capture: &[&str], view: &[&str], more: Value) -> Self {
        let units = |names: &[&str]| -> Vec<Value> {
            names.iter().map(|name| self.reference("organisationUnits", name)).collect()
        };
        let mut user =
            json!({"username": name, "organisationUnits": units(capture), "dataViewOrganisationUnits": units(view)});
        merge(&mut user, more);
        self.object("users", name, user)
    }

    /// A value: data element, category option combo, attribute option combo, org unit, period. An empty text is the
    /// combo `default`.
    pub(crate) fn value(self, cell: [&str; 5], value: &str) -> Self {
        self.row(cell, json!({"value": value}))
    }

    /// The same with a comment, a mark and so on.
    pub(crate) fn row(mut self, [element, combo, attribute, unit, period]: [&str; 5], more: Value) -> Self {
        let mut row = json!({
            "dataElement": self.id("dataElements", element), "period": period,
            "orgUnit": self.id("organisationUnits", unit),
            "categoryOptionCombo": self.id("categoryOptionCombos", combo),
            "attributeOptionCombo": self.id("categoryOptionCombos", attribute),
        });
        merge(&mut row, more);
        self.values.push(row);
        self
    }

    /// A result that a program indicator has.
    pub(crate) fn result(mut self, indicator: &str, unit: &str, period: &str, value: &str) -> Self {
        let row = json!({
            "dataElement": self.id("programIndicators", indicator), "period": period,
            "orgUnit": self.id("organisationUnits", unit), "value": value,
        });
        self.values.push(row);
        self
    }

    /// The metadata file.
    pub(crate) fn metadata(&self) -> String {
        serde_json::to_string_pretty(&self.metadata).unwrap()
    }

    /// The values file.
    pub(crate) fn values(&self) -> String {
        serde_json::to_string_pretty(&json!({"dataValues": self.values})).unwrap()
    }

    /// Org units without any below them.
    fn leaves(&self) -> Vec<Value> {
        let units = self.metadata["organisationUnits"].as_array().unwrap();
        let is_parent = |id: &Value| units.iter().any(|unit| unit["parent"]["id"] == *id);
        units.iter().filter(|unit| !is_parent(&unit["id"])).map(|unit| json!({"id": unit["id"]})).collect()
    }

    /// References that were given as names.
    fn by_name(&self, mut more: Value, keys: &[(&str, &str)]) -> Value {
        for (key, plural) in keys {
            if let Some(name) = more.get(*key).and_then(Value::as_str).map(str::to_owned) {
                more[*key] = self.reference(plural, &name);
            }
        }
        more
    }
}

fn merge(object: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("`{more}` is no object") };
    for (key, value) in more {
        object[key] = value;
    }
}

/// Eleven letters and digits, a letter first.
fn id(side: &str, plural: &str, called: &str) -> String {
    let bytes = Sha256::digest(format!("{side}/{plural}/{called}"));
    let number = bytes.iter().take(5).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("x{number:010x}")
}
