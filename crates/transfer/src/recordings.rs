//! The recorded exchanges with real servers as this layer's types, for tests.
//!
//! Parsed by hand rather than by the client: two readings of the same answer check each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::Value;

use xfer_dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use xfer_domain::cell::CellKey;
use xfer_domain::import_summary::{ImportConflict, ImportCount, ImportStatus, ImportSummary};
use xfer_domain::metadata::{
    CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, DataElement, DataInputPeriod, DataSet,
    DataSetElement, Metadata, OptionSet, OptionSetOption, OrganisationUnit,
};
use xfer_domain::period::Period;
use xfer_domain::server::Account;
use xfer_domain::uid::Uid;

/// The servers' date when the recordings were made.
pub(super) const SERVER_DATE: &str = "2026-11-22";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// One recorded import.
pub(super) struct Exchange {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) path: String,
    pub(super) user: String,
    /// The data set on the payload.
    pub(super) data_set: Option<String>,
    /// The rows as they were sent.
    pub(super) sent: Vec<Value>,
    /// The rows as cells; none for a row that is no complete cell (a malformed id, a missing part).
    pub(super) rows: Vec<Option<PayloadRow>>,
    pub(super) answer: ImportAnswer,
    /// Cells that the server held afterwards and that were not soft-deleted: address → value.
    pub(super) stored_after: BTreeMap<CellKey, Option<String>>,
}

impl Exchange {
    /// The rows with every incomplete one replaced by a cell of its own, for tests that only count.
    pub(super) fn rows_for_counting(&self) -> Vec<PayloadRow> {
        let filler = |number: usize| PayloadRow {
            cell: CellKey {
                org_unit: Uid::parse(&format!("Filler{number:05}")).unwrap(),
                period: Period::parse("202401").unwrap(),
                data_element: Uid::parse("FillerDe001").unwrap(),
                category_option_combo: Uid::DEFAULT_OPTION_COMBO,
                attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
            },
            value: Some("x".to_owned()),
            comment: None,
            followup: false,
        };
        self.rows.iter().enumerate().map(|(number, row)| row.clone().unwrap_or_else(|| filler(number))).collect()
    }
}

/// Every recorded import of a version whose request was a list of rows, in the order of names.
pub(super) fn imports(version: &str) -> Vec<Exchange> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder().join(version).join("import")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let exchanges: Vec<Exchange> = paths.iter().filter_map(|path| exchange(path)).collect();
    assert!(exchanges.len() > 80, "only {} imports of {version} were read", exchanges.len());
    exchanges
}

fn exchange(path: &Path) -> Option<Exchange> {
    let recording = read(path);
    let request = &recording["request"];
    let sent = request["body"]["dataValues"].as_array()?.clone();
    let rows = sent.iter().map(row).collect();
    let stored = recording["stored_after"].as_array()?;
    Some(Exchange {
        name: path.file_stem()?.to_str()?.to_owned(),
        about: recording["about"].as_str()?.to_owned(),
        path: request["path"].as_str()?.to_owned(),
        user: request["headers"]["Authorization"]
            .as_str()?
            .trim_start_matches("Basic <")
            .trim_end_matches('>')
            .to_owned(),
        data_set: request["body"]["dataSet"].as_str().map(str::to_owned),
        sent,
        rows,
        answer: answer(&recording["response"]),
        stored_after: stored
            .iter()
            .filter(|value| value["deleted"] != true)
            .filter_map(|value| Some((cell(value)?, value["value"].as_str().map(str::to_owned))))
            .collect(),
    })
}

fn uid(value: &Value) -> Option<Uid> {
    Uid::parse(value.as_str()?).ok()
}

fn cell(value: &Value) -> Option<CellKey> {
    Some(CellKey {
        org_unit: uid(&value["orgUnit"])?,
        period: Period::parse(value["period"].as_str()?).ok()?,
        data_element: uid(&value["dataElement"])?,
        category_option_combo: uid(&value["categoryOptionCombo"])?,
        attribute_option_combo: uid(&value["attributeOptionCombo"])?,
    })
}

fn row(value: &Value) -> Option<PayloadRow> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let is_text = value["value"].is_string() || value["value"].is_null();
    let deleted = value["deleted"] == true;
    is_text.then_some(PayloadRow {
        cell: cell(value)?,
        value: if deleted { None } else { Some(text("value").unwrap_or_default()) },
        comment: text("comment"),
        followup: value["followup"] == true,
    })
}

fn answer(response: &Value) -> ImportAnswer {
    let body = &response["body"];
    let inner = if body["response"].is_object() { &body["response"] } else { body };
    ImportAnswer {
        http_status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        summary: inner["importCount"].is_object().then(|| summary(inner)),
        message: body["message"].as_str().map(str::to_owned),
        is_of_another_try: false,
    }
}

fn summary(body: &Value) -> ImportSummary {
    let positions = |list: &Value| -> Vec<usize> {
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter().filter_map(Value::as_u64).map(|position| usize::try_from(position).unwrap()).collect()
    };
    let count = |key: &str| body["importCount"][key].as_u64().unwrap();
    ImportSummary {
        beyond: 0,
        status: match body["status"].as_str().unwrap() {
            "SUCCESS" => ImportStatus::Success,
            "WARNING" => ImportStatus::Warning,
            _ => ImportStatus::Error,
        },
        description: body["description"].as_str().map(str::to_owned),
        count: ImportCount {
            imported: count("imported"),
            updated: count("updated"),
            ignored: count("ignored"),
            deleted: count("deleted"),
        },
        conflicts: body["conflicts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|conflict| ImportConflict {
                code: conflict["errorCode"].as_str().map(str::to_owned),
                text: conflict["value"].as_str().unwrap_or_default().into(),
                rows: positions(&conflict["indexes"]),
                named_ids: vec![],
                property: conflict["property"].as_str().map(str::to_owned),
            })
            .collect(),
        rejected_rows: positions(&body["rejectedIndexes"]),
        data_set_complete: None,
    }
}

/// The metadata of the recorded servers as a user of theirs would sync it, and that user.
pub(super) fn setup(username: &str) -> (Metadata, Account) {
    let setup = read(&folder().join("setup/metadata.json"));
    let user = list(&setup, "users").iter().find(|user| user["username"] == username).cloned();
    let user =
        user.unwrap_or_else(|| serde_json::json!({"id": "UsrAdmin001", "organisationUnits": [{"id": "OuNation001"}]}));
    let groups: BTreeSet<String> = list(&setup, "userGroups")
        .iter()
        .filter(|group| list(group, "users").iter().any(|member| member["id"] == user["id"]))
        .map(|group| group["id"].as_str().unwrap().to_owned())
        .collect();
    let roles: Vec<&Value> = list(&setup, "userRoles")
        .iter()
        .filter(|role| list(&user, "userRoles").iter().any(|own| own["id"] == role["id"]))
        .collect();
    let authorities: Vec<String> = roles
        .iter()
        .flat_map(|role| list(role, "authorities"))
        .map(|authority| authority.as_str().unwrap().to_owned())
        .collect();
    let superuser = username == "admin";
    let account = Account {
        username: username.to_owned(),
        authorities: if superuser { vec!["ALL".to_owned()] } else { authorities },
        organisation_units: ids(&user, "organisationUnits"),
        data_view_organisation_units: ids(&user, "dataViewOrganisationUnits"),
    };
    (metadata(&setup, &groups, superuser), account)
}

fn list<'value>(value: &'value Value, key: &str) -> &'value [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn ids<C: FromIterator<Uid>>(value: &Value, key: &str) -> C {
    list(value, key).iter().map(id).collect()
}

fn id(object: &Value) -> Uid {
    uid(&object["id"]).unwrap()
}

fn name(object: &Value) -> String {
    object["name"].as_str().unwrap_or_default().to_owned()
}

fn date(value: &Value) -> Option<Date> {
    value.as_str().map(|text| text[..10].parse().unwrap())
}

fn by_id<T>(objects: &[Value], read: impl Fn(&Value) -> T) -> BTreeMap<Uid, T> {
    objects.iter().map(|object| (id(object), read(object))).collect()
}

fn metadata(setup: &Value, groups: &BTreeSet<String>, superuser: bool) -> Metadata {
    let access = |object: &Value| {
        let sharing = &object["sharing"];
        let by_group = groups.iter().filter_map(|group| sharing["userGroups"][group]["access"].as_str());
        let grants: Vec<&str> = sharing["public"].as_str().into_iter().chain(by_group).collect();
        DataAccess {
            read: superuser || grants.iter().any(|grant| &grant[2..3] == "r"),
            write: superuser || grants.iter().any(|grant| &grant[3..4] == "w"),
        }
    };
    let units = list(setup, "organisationUnits");
    let parents: BTreeMap<Uid, Option<Uid>> = by_id(units, |unit| uid(&unit["parent"]["id"]));
    let path = |unit: Uid| {
        let mut path = vec![unit];
        while let Some(Some(parent)) = parents.get(&path[path.len() - 1]) {
            path.push(*parent);
        }
        path.reverse();
        path
    };
    let mut combos = by_id(list(setup, "categoryCombos"), |combo| CategoryCombo {
        id: id(combo),
        code: None,
        name: name(combo),
        is_default: false,
        category_option_combos: BTreeSet::new(),
    });
    let default_combo = CategoryCombo {
        id: Uid::DEFAULT_CATEGORY_COMBO,
        code: None,
        name: "default".to_owned(),
        is_default: true,
        category_option_combos: BTreeSet::new(),
    };
    combos.insert(default_combo.id, default_combo);
    let mut option_combos = by_id(list(setup, "categoryOptionCombos"), |combo| CategoryOptionCombo {
        id: id(combo),
        code: None,
        name: name(combo),
        category_combo: id(&combo["categoryCombo"]),
        category_options: ids(combo, "categoryOptions"),
    });
    let default_option_combo = CategoryOptionCombo {
        id: Uid::DEFAULT_OPTION_COMBO,
        code: None,
        name: "default".to_owned(),
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        category_options: vec![],
    };
    option_combos.insert(default_option_combo.id, default_option_combo);
    Metadata {
        organisation_units: by_id(units, |unit| OrganisationUnit {
            id: id(unit),
            code: None,
            name: name(unit),
            short_name: None,
            path: path(id(unit)),
            opening_date: date(&unit["openingDate"]),
            closed_date: date(&unit["closedDate"]),
            attribute_values: vec![],
        }),
        data_elements: by_id(list(setup, "dataElements"), |element| DataElement {
            id: id(element),
            code: None,
            name: name(element),
            short_name: None,
            value_type: serde_json::from_value(element["valueType"].clone()).unwrap(),
            aggregation_type: element["aggregationType"].as_str().unwrap().to_owned(),
            zero_is_significant: element["zeroIsSignificant"] == true,
            category_combo: id(&element["categoryCombo"]),
            option_set: uid(&element["optionSet"]["id"]),
            comment_option_set: uid(&element["commentOptionSet"]["id"]),
            attribute_values: vec![],
        }),
        data_sets: by_id(list(setup, "dataSets"), |data_set| DataSet {
            id: id(data_set),
            code: None,
            name: name(data_set),
            period_type: data_set["periodType"].as_str().unwrap().parse().unwrap(),
            category_combo: id(&data_set["categoryCombo"]),
            open_future_periods: i32::try_from(data_set["openFuturePeriods"].as_i64().unwrap()).unwrap(),
            open_periods_after_co_end_date: data_set["openPeriodsAfterCoEndDate"]
                .as_i64()
                .map_or(0, |number| i32::try_from(number).unwrap()),
            expiry_days: data_set["expiryDays"].as_f64().unwrap(),
            data_set_elements: list(data_set, "dataSetElements")
                .iter()
                .map(|member| DataSetElement {
                    data_element: id(&member["dataElement"]),
                    category_combo: uid(&member["categoryCombo"]["id"]),
                })
                .collect(),
            organisation_units: ids(data_set, "organisationUnits"),
            data_input_periods: list(data_set, "dataInputPeriods")
                .iter()
                .map(|input| DataInputPeriod {
                    period: Period::parse(input["period"]["id"].as_str().unwrap()).unwrap(),
                    opening_date: date(&input["openingDate"]),
                    closing_date: date(&input["closingDate"]),
                })
                .collect(),
            access: access(data_set),
        }),
        category_combos: combos,
        category_option_combos: option_combos,
        category_options: by_id(list(setup, "categoryOptions"), |option| CategoryOption {
            id: id(option),
            code: None,
            name: name(option),
            start_date: date(&option["startDate"]),
            end_date: date(&option["endDate"]),
            organisation_units: ids(option, "organisationUnits"),
            access: access(option),
            is_hidden: false,
        }),
        option_sets: by_id(list(setup, "optionSets"), |option_set| OptionSet {
            id: id(option_set),
            code: None,
            name: name(option_set),
            options: list(setup, "options")
                .iter()
                .filter(|option| option["optionSet"]["id"] == option_set["id"])
                .map(|option| OptionSetOption {
                    id: id(option),
                    code: option["code"].as_str().unwrap().to_owned(),
                    name: name(option),
                })
                .collect(),
        }),
        ..Metadata::default()
    }
}
