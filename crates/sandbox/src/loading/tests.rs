//! What is taken, what is filled in, and what is refused by line and name.

use serde_json::{Value, json};

use super::{Loaded, PASSWORD, Refusal, Role};
use crate::access::access;
use crate::exchange::Request;
use crate::fixtures;
use crate::instance::Instance;
use crate::profile::Profile;
use crate::state::User;
use crate::state::user_of;
use crate::values::Values;
use crate::world::filling::DEFAULT_OPTION_COMBO;
use crate::world::{World, references, text};

fn small() -> Value {
    json!({
        "system": {"id": "8c1f0c5e-1111-4000-8000-00000000507c", "version": "2.42.1"},
        "somethingNew": {"unknown": true},
        "organisationUnits": [
            {"id": "OuNation001", "name": "Nation"},
            {"id": "OuFacility1", "name": "Centre", "parent": {"id": "OuNation001"}},
        ],
        "dataElements": [{"id": "DemCases001", "code": "CAS"}],
        "dataSets": [{"id": "DstMonthly1", "name": "M", "periodType": "Monthly",
                      "dataSetElements": [{"dataElement": {"id": "DemCases001"}}],
                      "organisationUnits": [{"id": "OuFacility1"}]}],
    })
}

fn load(export: &Value) -> Result<Loaded, Refusal> {
    Loaded::metadata(&serde_json::to_string_pretty(export).unwrap())
}

fn refused(export: &Value) -> String {
    load(export).unwrap_err().to_string()
}

/// The line on which the object of an id begins: the one before that of the id.
fn line(export: &Value, id: &str) -> usize {
    let text = serde_json::to_string_pretty(export).unwrap();
    text.lines().position(|line| line.contains(&format!("\"id\": \"{id}\""))).unwrap()
}

fn user(loaded: &Loaded, name: &str) -> User {
    let object = loaded.world.list("users").iter().find(|user| text(user, "username") == Some(name)).unwrap();
    user_of(&loaded.world, object)
}

#[test]
fn what_an_export_leaves_out_is_filled_in() {
    let loaded = load(&small()).unwrap();
    let element = loaded.world.get("dataElements", "DemCases001").unwrap();
    for (key, value) in [("name", "CAS"), ("valueType", "NUMBER"), ("aggregationType", "SUM")] {
        assert_eq!(text(element, key), Some(value));
    }
    assert_eq!(loaded.world.org_unit_path("OuFacility1"), Some("/OuNation001/OuFacility1"));
    assert!(loaded.world.get("categoryOptionCombos", DEFAULT_OPTION_COMBO).is_some());
    assert_eq!(loaded.system_id_for(Role::Source), "8c1f0c5e-1111-4000-8000-00000000507c");
}

#[test]
fn the_three_users_of_every_sandbox_are_there() {
    let loaded = load(&small()).unwrap();
    for name in ["reader", "writer", "admin"] {
        let user = user(&loaded, name);
        assert_eq!(text(&user.object, "password"), Some(PASSWORD));
        assert_eq!(user.data_view_org_units(), ["OuNation001"]);
        assert_eq!(user.has_authority("F_DATAVALUE_ADD"), name != "reader");
        let set = access(&user, loaded.world.get("dataSets", "DstMonthly1").unwrap());
        assert!(set.data_read && set.data_write);
    }
}

#[test]
fn users_of_the_file_keep_what_they_say() {
    let mut export = small();
    export["users"] = json!([
        {"id": "UsrClerk001", "username": "clerk", "organisationUnits": [{"id": "OuFacility1"}],
         "authorities": ["F_DATAVALUE_ADD"]},
        {"id": "UsrReader01", "username": "reader", "dataViewOrganisationUnits": [{"id": "OuFacility1"}]},
        {"id": "UsrOld00001", "userCredentials": {"username": "old", "password": "Another-Pass-2"}},
    ]);
    let loaded = load(&export).unwrap();
    let clerk = user(&loaded, "clerk");
    assert_eq!((clerk.capture_org_units(), clerk.data_view_org_units()), (vec!["OuFacility1"], vec!["OuFacility1"]));
    assert_eq!(clerk.authorities, ["F_DATAVALUE_ADD"]);
    let reader = user(&loaded, "reader");
    assert_eq!((reader.capture_org_units().len(), reader.data_view_org_units()), (0, vec!["OuFacility1"]));
    assert!(!reader.has_authority("F_DATAVALUE_ADD"));
    assert_eq!(text(&user(&loaded, "old").object, "password"), Some("Another-Pass-2"));
    assert_eq!(user(&loaded, "writer").capture_org_units(), ["OuNation001"]);
}

#[test]
fn our_users_belong_to_every_group_that_sharing_names() {
    let mut export = small();
    export["dataSets"][0]["sharing"] =
        json!({"public": "--------", "userGroups": {"UgWriters01": {"id": "UgWriters01", "access": "r-r-----"}}});
    let loaded = load(&export).unwrap();
    let set = access(&user(&loaded, "writer"), loaded.world.get("dataSets", "DstMonthly1").unwrap());
    assert!(set.data_read && !set.data_write);
}

#[test]
fn an_option_that_may_not_be_read_closes_its_combos() {
    let mut export = small();
    export["categoryOptions"] = json!([{"id": "CopP1000001", "name": "P100"},
        {"id": "CopP2000001", "name": "P200", "access": {"data": {"read": false, "write": false}}}]);
    export["categories"] =
        json!([{"id": "CatProject1", "categoryOptions": [{"id": "CopP1000001"}, {"id": "CopP2000001"}]}]);
    export["categoryCombos"] = json!([{"id": "CcbProject1", "categories": [{"id": "CatProject1"}]}]);
    let loaded = load(&export).unwrap();
    let combos = references(loaded.world.get("categoryCombos", "CcbProject1").unwrap(), "categoryOptionCombos");
    let may = |name: &str| {
        let user = user(&loaded, name);
        combos.iter().filter(|id| crate::reach::may_read_option_combo(&loaded.world, &user, id)).count()
    };
    assert_eq!((combos.len(), may("reader"), may("admin")), (2, 1, 2));
}

#[test]
fn broken_files_are_refused_by_line_and_name() {
    let mut export = small();
    export["dataSets"][0]["dataSetElements"][0]["dataElement"] = json!({"id": "DemNoSuch01"});
    let said = refused(&export);
    assert!(
        said.starts_with(&format!(
            "line {}: the data set `M` refers to the data element `DemNoSuch01`",
            line(&export, "DstMonthly1")
        )),
        "{said}"
    );
    let mut export = small();
    export["dataElements"][0]["id"] = json!("short");
    let said = refused(&export);
    assert!(
        said.starts_with(&format!("line {}: the data element `CAS` has the id `short`", line(&export, "short"))),
        "{said}"
    );
    let mut export = small();
    export["organisationUnits"][1]["parent"]["id"] = json!("OuNation002");
    assert!(refused(&export).contains("org unit `Centre` has the parent `OuNation002`, which is not in the file"));
    let mut export = small();
    export["dataSets"][0]["periodType"] = json!("Montly");
    assert!(refused(&export).contains("period type `Montly`"));
    let error = Loaded::metadata("{\n \"organisationUnits\": [\n {\"id\": \"a\",}\n]}").unwrap_err();
    assert_eq!(error.problems[0].line, Some(3));
    assert!(Loaded::metadata("{\"dataValues\": []}").unwrap_err().to_string().contains("holds values"));
}

#[test]
fn a_part_of_a_tree_has_a_root_of_its_own() {
    let mut export = small();
    export["organisationUnits"] =
        json!([{"id": "OuFacility1", "path": "/OuWorld0001/OuNation001/OuFacility1", "parent": {"id": "OuNation001"}}]);
    let loaded = load(&export).unwrap();
    assert_eq!(loaded.notes.len(), 1);
    assert_eq!(loaded.world.org_unit_path("OuFacility1"), Some("/OuFacility1"));
}

#[test]
fn the_system_survives_a_change_of_rights_and_differs_by_role() {
    let mut export = small();
    export.as_object_mut().unwrap().remove("system");
    let before = load(&export).unwrap();
    export["dataSets"][0]["access"] = json!({"data": {"read": false}});
    let after = load(&export).unwrap();
    assert_eq!(before.system_id_for(Role::Source), after.system_id_for(Role::Source));
    assert_ne!(before.system_id_for(Role::Source), before.system_id_for(Role::Destination));
}

fn values(text: &str) -> Result<Values, Refusal> {
    let mut values = Values::default();
    load(&small()).unwrap().values(text, &mut values).map(|()| values)
}

#[test]
fn values_are_read_with_hoisted_keys_comments_and_marks() {
    let file = json!({"dataSet": "DstMonthly1", "period": "202401", "orgUnit": "OuFacility1", "dataValues": [
        {"dataElement": "DemCases001", "value": 3, "comment": "late", "followUp": true},
        {"dataElement": "DemCases001", "value": "4", "period": "202402", "deleted": true,
         "lastUpdated": "2025-01-02T03:04:05.000+0000"},
    ]});
    let values = values(&file.to_string()).unwrap();
    let rows: Vec<_> = values.data.iter().collect();
    assert_eq!((rows[0].0.period.as_str(), rows[0].1.value.as_deref()), ("202401", Some("3")));
    assert_eq!((rows[0].1.comment.as_deref(), rows[0].1.followup), (Some("late"), true));
    assert!(rows[1].1.deleted && rows[1].1.last_updated == "2025-01-02T03:04:05.000");
    assert_eq!(rows[0].0.attribute_option_combo, DEFAULT_OPTION_COMBO);
}

#[test]
fn values_that_belong_nowhere_are_refused_by_line() {
    let row = |element: &str, period: &str| {
        format!(
            "{{\"dataElement\": \"{element}\", \"period\": \"{period}\", \"orgUnit\": \"OuFacility1\", \"value\": \"1\"}}"
        )
    };
    let file = |rows: &[String]| format!("{{\"dataValues\": [\n{}\n]}}", rows.join(",\n"));
    let said = |rows: &[String]| values(&file(rows)).unwrap_err().to_string();
    let good = row("DemCases001", "202401");
    assert!(
        said(&[good.clone(), row("DemNoSuch01", "202401")])
            .starts_with("line 3: there is no data element `DemNoSuch01`")
    );
    assert!(said(&[row("DemCases001", "202413")]).starts_with("line 2: "));
    assert!(said(&[good.clone(), good]).starts_with("line 3: this cell has a value already: data element `CAS`"));
    assert!(values("{\"organisationUnits\": []}").unwrap_err().to_string().contains("holds metadata"));
    assert!(values("{}").unwrap().data.is_empty());
}

/// What a server exports to its superuser.
fn exported(instance: &Instance) -> String {
    use base64::Engine;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("admin:{PASSWORD}"));
    let response = instance.handle(&Request {
        method: "GET".into(),
        target: "/api/metadata".into(),
        headers: vec![("authorization".into(), format!("Basic {pair}"))],
        body: Vec::new(),
    });
    String::from_utf8(response.body).unwrap()
}

#[test]
fn what_a_server_of_any_version_exports_is_played_as_it_was() {
    for profile in Profile::ALL {
        let before = fixtures::source(profile);
        let loaded = Loaded::metadata(&exported(&before)).unwrap();
        assert_eq!((loaded.notes.as_slice(), loaded.users.len()), (&[][..], 0), "{profile:?}");
        before.with_state(|state| {
            for plural in ["organisationUnits", "dataElements", "dataSets", "categoryOptionCombos", "programIndicators"]
            {
                assert_eq!(state.world.list(plural).len(), loaded.world.list(plural).len(), "{plural}");
            }
            let may = |world: &World, user: &User| {
                world.list("categoryOptions").iter().filter(|option| access(user, option).data_read).count()
            };
            let reader =
                state.world.list("users").iter().find(|user| text(user, "username") == Some("reader")).unwrap();
            assert_eq!(may(&state.world, &user_of(&state.world, reader)), may(&loaded.world, &user(&loaded, "reader")));
        });
    }
}

#[test]
fn the_recorded_servers_are_played_with_their_users() {
    let loaded = Loaded::metadata(include_str!("../../../../fixtures/recorded/setup/metadata.json")).unwrap();
    assert_eq!(loaded.users, ["clerk_narrow", "clerk_wide", "looker", "clerk_readonly", "nobody_sample"]);
    let set = loaded.world.get("dataSets", "DstMonthly1").unwrap();
    let may = |name: &str| access(&user(&loaded, name), set);
    assert!(may("clerk_wide").data_write && may("clerk_readonly").data_read && !may("clerk_readonly").data_write);
    assert!(!may("nobody_sample").data_read);
    let mut values = Values::default();
    loaded.values(include_str!("../../../../fixtures/recorded/setup/baseline.json"), &mut values).unwrap();
    loaded.values(include_str!("../../../../fixtures/recorded/setup/tracker.json"), &mut values).unwrap();
    assert!(values.data.len() > 50 && !values.registrations.is_empty() && !values.events.events.is_empty());
}

#[test]
fn relations_that_are_shown_at_their_other_end_are_found() {
    let mut export = small();
    export["categoryOptions"] = json!([{"id": "CopF0000001", "name": "F"}]);
    export["categories"] = json!([{"id": "CatSex00001", "categoryOptions": [{"id": "CopF0000001"}], "categoryCombos": [{"id": "CcbSex00001"}]}]);
    export["categoryCombos"] =
        json!([{"id": "CcbSex00001", "name": "Sex", "categoryOptionCombos": [{"id": "CocF0000001"}]}]);
    export["categoryOptionCombos"] = json!([{"id": "CocF0000001", "categoryOptions": [{"id": "CopF0000001"}]}]);
    let loaded = load(&export).unwrap();
    let combo = loaded.world.get("categoryCombos", "CcbSex00001").unwrap();
    assert_eq!(references(combo, "categoryOptionCombos"), ["CocF0000001"]);
    let named = text(loaded.world.get("categoryOptionCombos", "CocF0000001").unwrap(), "name");
    assert_eq!(named, Some("F"));
    export["categoryOptionCombos"][0]["categoryOptions"] = json!([]);
    assert!(refused(&export).contains("the category option combo `CocF0000001` names no `categoryOptions`"));
}

#[test]
fn a_file_may_say_what_the_server_is_set_to() {
    let mut export = small();
    export["system"]["calendar"] = json!("ethiopian");
    export["systemSettings"] = json!({"keyIncludeZeroValuesInAnalytics": true, "keyUnknown": 3});
    let instance = load(&export).unwrap().instance(Role::Source, Profile::V42, Values::default());
    instance.with_state(|state| {
        assert_eq!((state.settings.calendar.as_str(), state.settings.include_zeros), ("ethiopian", true));
    });
}

#[test]
fn a_file_without_end_of_problems_is_refused_in_time() {
    let mut export = small();
    let elements =
        (0..20_000).map(|number| json!({"id": format!("Dem{number:08}"), "categoryCombo": {"id": "CcbNoSuch01"}}));
    export["dataElements"] = elements.collect();
    let refusal = load(&export).unwrap_err();
    assert_eq!(refusal.problems.len(), 20_001, "and the element that the data set misses");
    assert!(refusal.problems[0].line.is_some() && refusal.problems[30].line.is_none());
}
