//! Map quality through the real program: what would be lost is counted as it is in the source, and what changed at the
//! servers is told after a new sync.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;
use xfer_sandbox::country::TrueItem;
use xfer_sandbox::values::ValueKey;

use crate::support::office::{Office, country};
use crate::support::{Output, codes};

fn true_items() -> Vec<TrueItem> {
    country().true_jobs().into_iter().find(|job| job.name == "Programme paludisme").unwrap().items
}

/// The last months that the source has values for, as they are given to `--periods`.
fn months(office: &Office) -> BTreeSet<String> {
    let values = office.servers.source.values();
    let is_month = |period: &String| period.len() == 6 && period.bytes().all(|byte| byte.is_ascii_digit());
    let months: BTreeSet<String> = values.data.keys().map(|key| key.period.clone()).filter(is_month).collect();
    months.into_iter().rev().take(3).collect()
}

fn periods(months: &BTreeSet<String>) -> String {
    months.iter().cloned().collect::<Vec<_>>().join(",")
}

fn reads(item: &TrueItem, key: &ValueKey) -> bool {
    let open = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|wanted| wanted == has);
    item.source == key.data_element
        && open(&item.source_category_option_combo, &key.category_option_combo)
        && open(&item.source_attribute_option_combo, &key.attribute_option_combo)
}

/// The values that the source holds in these months and that an item reads, by org unit.
fn held(office: &Office, months: &BTreeSet<String>, items: &[TrueItem]) -> BTreeMap<String, Vec<String>> {
    let mut held: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, stored) in office.servers.source.values().data {
        let read = months.contains(&key.period) && items.iter().any(|item| reads(item, &key));
        if let (true, false, Some(value)) = (read, stored.deleted, stored.value) {
            held.entry(key.org_unit).or_default().push(value);
        }
    }
    held
}

fn mapped() -> BTreeMap<String, String> {
    country().true_org_units().into_iter().map(|unit| (unit.source, unit.destination)).collect()
}

#[track_caller]
fn message(output: &Output, code: &str) -> String {
    let rows = output.json();
    let row = rows.as_array().unwrap().iter().find(|row| row["code"] == code);
    row.unwrap_or_else(|| panic!("{code} is missing\n{output}"))["message"].as_str().unwrap().to_owned()
}

#[test]
fn units_with_data_and_no_destination_come_first_with_their_true_counts() {
    let office = Office::ready();
    let months = months(&office);
    let held = held(&office, &months, &true_items());
    let mut mapped = mapped();
    let mut with_data: Vec<&String> = held.keys().filter(|unit| mapped.contains_key(*unit)).collect();
    with_data.sort_by_key(|unit| std::cmp::Reverse(held[*unit].len()));
    let taken_out = [with_data[0].clone(), with_data[with_data.len() / 2].clone()];
    let mut file = String::from("source_id;destination_id\n");
    for unit in &taken_out {
        writeln!(file, "{unit};").unwrap();
        mapped.remove(unit);
    }
    office.xfer.file("out.csv", file);
    office.ok("orgunit import tracker national out.csv");

    let line = format!("orgunit check tracker national --periods {} --format json", periods(&months));
    let checked = office.xfer.run(&line).expect_code(3);
    let rows = checked.json();
    let named: Vec<(String, u64)> = rows
        .as_array()
        .unwrap()
        .iter()
        .take_while(|row| row["code"] == "unmapped-with-data")
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row["values"].as_u64().unwrap()))
        .collect();
    assert_eq!(named[0], (taken_out[0].clone(), held[&taken_out[0]].len() as u64), "most values first");
    assert!(named.is_sorted_by(|left, right| left.1 >= right.1), "{named:?}");
    let truth: BTreeMap<String, u64> = held
        .iter()
        .filter(|(unit, _)| !mapped.contains_key(*unit))
        .map(|(unit, values)| (unit.clone(), values.len() as u64))
        .collect();
    assert_eq!(named.into_iter().collect::<BTreeMap<_, _>>(), truth);
    let (lost, all): (u64, usize) = (truth.values().sum(), held.values().map(Vec::len).sum());
    let said = checked.stderr.replace(',', "");
    assert!(said.contains(&format!(" of {all} values would be lost")), "\n{checked}");
    assert!(said.contains(&format!("{lost} of unmapped org units")), "\n{checked}");

    let requests = office.servers.source.ledger().entries().len();
    let offline = office.xfer.run("orgunit check tracker national --offline --format json").expect_code(0);
    assert_eq!(office.servers.source.ledger().entries().len(), requests, "nobody was asked");
    assert!(codes(&offline).contains("unmapped-but-assigned"), "\n{offline}");
    let table = office.xfer.run("orgunit check tracker national --offline").expect_code(0);
    insta::assert_snapshot!(table.stderr, @"
    unmapped-but-assigned: Map it, or mark it as ignored; to check the source for values, leave out --offline.
    destination-unit-closes: Map the source org unit to the successor from then on, or correct the closing date at the destination.
    226 org units: 220 mapped, 0 ignored, 6 unmapped
    not checked which org units have data (--offline)
    0 errors, 9 warnings, 0 notes
    ");
}

#[test]
fn values_that_the_destination_would_refuse_are_counted_as_they_are() {
    let office = Office::ready();
    let months = months(&office);
    let mapped = mapped();
    let (item, zeros, all) = true_items()
        .into_iter()
        .find_map(|item| {
            let held = held(&office, &months, std::slice::from_ref(&item));
            let sent = held.iter().filter(|(unit, _)| mapped.contains_key(*unit)).flat_map(|(_, values)| values);
            let (zeros, all) = (sent.clone().filter(|value| *value == "0").count(), sent.count());
            (zeros > 0 && zeros < all).then_some((item, zeros, all))
        })
        .unwrap();
    office.servers.destination.instance().with_state(|state| {
        let element = state.world.get_mut("dataElements", &item.destination).unwrap();
        element.insert("valueType".to_owned(), json!("INTEGER_POSITIVE"));
    });
    office.ok("server sync national");
    let offline = office.xfer.run("job check malaria --offline --format json");
    assert!(codes(&offline).contains("value-type-narrower"), "\n{offline}");
    let line = format!("job check malaria --periods {} --format json", periods(&months));
    let checked = office.xfer.run(&line).expect_code(3);
    let rows = checked.json();
    let said = format!("would refuse {zeros} of {all} values");
    let row = rows.as_array().unwrap().iter().find(|row| row["message"].as_str().unwrap().contains(&said));
    let row = row.unwrap_or_else(|| panic!("`{said}` is missing\n{checked}"));
    assert_eq!((&row["code"], &row["severity"]), (&json!("values-refused"), &json!("error")));
    let message = row["message"].as_str().unwrap();
    assert!(message.contains(&format!("most often `0` ({zeros} times)")), "{message}");
    assert!(message.contains("for example `0` of Haïti / "), "{message}");
}

#[test]
fn what_changed_at_the_servers_is_told_after_a_sync_until_it_is_accepted() {
    let office = Office::ready();
    let check = |name: &str, code: i32| office.xfer.run(&format!("{name} --offline --format json")).expect_code(code);
    let map = "orgunit check tracker national";
    let drifted = |output: &Output| -> BTreeSet<String> {
        let drift = |code: &String| {
            let word = |known: &&xfer_domain::finding::Code| known.word == code;
            xfer_matching::finding::ALL.iter().copied().find(word).is_some_and(|known| known.category.name() == "drift")
        };
        codes(output).into_iter().filter(drift).collect()
    };
    let before = check(map, 0);
    assert_eq!(drifted(&before), BTreeSet::new(), "\n{before}");

    let destinations: Vec<String> = mapped().into_values().collect::<BTreeSet<_>>().into_iter().collect();
    let instance = office.servers.destination.instance();
    let facilities: Vec<String> = instance.with_state(|state| {
        let world = &state.world;
        let depth = |id: &String| world.org_unit_path(id).map_or(0, |path| path.matches('/').count());
        let deepest = destinations.iter().map(depth).max().unwrap();
        destinations.iter().filter(|id| depth(id) == deepest).cloned().collect()
    });
    let [renamed, moved, deleted] = &facilities[..3] else { panic!("{facilities:?}") };
    let rename = |id: &str, name: &str| {
        instance.with_state(|state| {
            let unit = state.world.get_mut("organisationUnits", id).unwrap();
            unit.insert("name".to_owned(), json!(name)).unwrap()
        })
    };
    let old_name = rename(renamed, "Clinique Nouvel Espoir");
    office.ok("server sync national");
    let dashboard = office.ok("--format json");
    assert_eq!(dashboard.json()["pairs"][0]["changed"], 1, "\n{dashboard}");
    insta::assert_snapshot!(dashboard.stderr, @"
    next: Check the change to org units since they were mapped:
      xfer orgunit check tracker national --offline
    ");

    let parent = instance.with_state(|state| {
        let world = &mut state.world;
        let own = world.get("organisationUnits", moved).unwrap()["parent"]["id"].clone();
        let elsewhere = facilities.iter().find_map(|id| {
            let other = world.get("organisationUnits", id)?["parent"]["id"].clone();
            (other != own).then_some(other)
        });
        let elsewhere = elsewhere.unwrap();
        let path = format!("{}/{moved}", world.org_unit_path(elsewhere.as_str().unwrap()).unwrap());
        let name = world.get("organisationUnits", elsewhere.as_str().unwrap()).unwrap()["name"].clone();
        let unit = world.get_mut("organisationUnits", moved).unwrap();
        unit.insert("parent".to_owned(), json!({"id": elsewhere}));
        unit.insert("path".to_owned(), json!(path));
        world.remove("organisationUnits", deleted);
        name
    });
    let [element, before, after] = recategorise(&office);
    office.ok("server sync national");

    let told = check(map, 3);
    let words: BTreeSet<String> = ["unit-renamed", "unit-moved", "unit-deleted"].map(str::to_owned).into();
    assert_eq!(drifted(&told), words, "\n{told}");
    let renamed = format!("the name of {} changed to Clinique Nouvel Espoir", old_name.as_str().unwrap());
    assert_eq!(message(&told, "unit-renamed"), format!("at the destination, {renamed}"));
    assert!(message(&told, "unit-moved").ends_with(&format!(" to {}", parent.as_str().unwrap())), "\n{told}");
    let job = office.xfer.run("job check malaria --offline --format json");
    let words = format!("the category combo of {element} changed from {before} to {after}");
    assert_eq!(message(&job, "item-recategorised"), format!("at the destination, {words}"));

    office.ok("orgunit check tracker national --accept-drift");
    let kept = check(map, 3);
    assert_eq!(drifted(&kept), BTreeSet::from(["unit-deleted".to_owned()]), "what is gone stays an error\n{kept}");
    office.ok("job check malaria --accept-drift");
    assert!(!drifted(&office.xfer.run("job check malaria --offline --format json")).contains("item-recategorised"));
}

/// Gives a data element that an item writes another category combo; gives its name and those of both combos.
fn recategorise(office: &Office) -> [String; 3] {
    let id = true_items().swap_remove(0).destination;
    office.servers.destination.instance().with_state(|state| {
        let world = &mut state.world;
        let old = world.get("dataElements", &id).unwrap()["categoryCombo"]["id"].clone();
        let combos = world.list("categoryCombos");
        let before = combos.iter().find(|combo| combo["id"] == old).cloned().unwrap();
        let after = combos.iter().find(|combo| combo["id"] != old).cloned().unwrap();
        let element = world.get_mut("dataElements", &id).unwrap();
        element.insert("categoryCombo".to_owned(), json!({"id": after["id"]}));
        [&element["name"], &before["name"], &after["name"]].map(|name| name.as_str().unwrap().to_owned())
    })
}
