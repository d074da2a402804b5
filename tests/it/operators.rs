//! Operators on the command line: set, shown, carried through a spreadsheet, checked, and taken away again.

use serde_json::Value;

use crate::support::office::{Office, items};

/// A job of which no two items go to one cell.
fn office() -> Office {
    let office = Office::mapped();
    let file = items("Rapport mensuel");
    let header = file.lines().next().unwrap();
    let address = |line: &str| line.splitn(4, ',').nth(3).unwrap().to_owned();
    let alone = |line: &&str| file.lines().filter(|other| address(other) == address(line)).count() == 1;
    let lines: Vec<&str> = file.lines().skip(1).filter(alone).take(6).collect();
    assert_eq!(lines.len(), 6, "{file}");
    office.xfer.file("items.csv", format!("{header}\n{}\n", lines.join("\n")));
    office.ok("job import malaria items.csv");
    office.ok("routine new monthly --job malaria --periods LAST_MONTH");
    office
}

/// The rules of an item, as `xfer job show` says.
fn rules(office: &Office, number: usize) -> [Value; 3] {
    let shown = office.ok("job show malaria --format json").json();
    let item = &shown[number - 1];
    ["round", "coverage", "share"].map(|rule| item[rule].clone())
}

#[test]
fn rules_are_set_shown_exported_imported_and_taken_away() {
    let office = office();
    office.ok("job edit-item malaria 1 --round up:1 --coverage 75% --share 60");
    assert_eq!(rules(&office, 1), ["up:1", "75%", "60"]);
    assert_eq!(rules(&office, 2), [Value::Null, Value::Null, Value::Null]);
    office.ok("job edit malaria --round 2 --coverage all");
    let shown = office.ok("job show malaria").stdout;
    assert!(shown.contains(", round 2, coverage all"), "{shown}");

    office.ok("job export malaria items.csv --yes");
    let file = std::fs::read_to_string(office.xfer.home().join("items.csv")).unwrap();
    let header = file.lines().next().unwrap();
    assert!(header.ends_with(",script,note,round,coverage,share"), "{header}");
    let output = office.ok("job import malaria items.csv --replace");
    insta::assert_snapshot!(output.stderr, @"
    the file has no changes
    0 items added, 0 changed, 0 removed, 6 unchanged; malaria has 6 now
    ");
    office.xfer.file("items.csv", file.replacen("up:1,75%,60", "down:0,2,50%", 1));
    office.ok("job import malaria items.csv");
    assert_eq!(rules(&office, 1), ["down:0", "2", "50"]);

    office.ok("job edit-item malaria 1 --coverage none");
    assert_eq!(rules(&office, 1), [Value::from("down:0"), Value::Null, Value::from("50")]);
    office.ok("job edit-item malaria 1 --reset");
    assert_eq!(rules(&office, 1), [Value::Null, Value::Null, Value::Null]);
    office.ok("job edit malaria --round none");
    assert!(!office.ok("job show malaria").stdout.contains(", round"));
}

#[test]
fn what_is_no_rule_is_refused_with_what_would_be_one() {
    let office = office();
    for (flags, words) in [
        ("--round 99", ["`99` is not a rounding", "up:0, down:2"]),
        ("--coverage most", ["`most` is not a coverage rule", "75%"]),
        ("--share -3", ["not a share", "above 0"]),
    ] {
        let output = office.xfer.run(&format!("job edit-item malaria 1 {}", flags.replace("--share -3", "--share=-3")));
        assert_eq!(output.code, 2, "{output}");
        for word in words {
            assert!(output.stderr.contains(word), "`{word}` is missing\n{output}");
        }
    }
    let file = office.ok("job export malaria -").stdout.replacen(",,,\n", ",half,some,none\n", 1);
    office.xfer.file("items.csv", file);
    office.refused("job import malaria items.csv", 2, &["round", "`half` is not a rounding"]);
}

#[test]
fn rules_without_effect_are_named() {
    let office = office();
    office.ok("job edit-item malaria 1 --coverage all --share 60 --round 2");
    let checked = office.ok("job check malaria --format json").json();
    let codes: Vec<&str> = checked.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    for code in ["coverage-without-effect", "share-alone", "rounding-too-fine"] {
        assert!(codes.contains(&code), "{code} is missing: {codes:?}");
    }
}

#[test]
fn a_share_arrives_whole() {
    let office = office();
    let items = office.ok("job show malaria --format json").json();
    let (source, destination) = (items[0]["source_id"].clone(), items[1]["destination_id"].clone());
    // The second item's cell becomes the other share of the first item's source.
    office.ok("job remove-item malaria 2");
    let words = [source.as_str().unwrap(), destination.as_str().unwrap()];
    office.ok("job edit-item malaria 1 --share 1");
    office.ok(&format!("job add-item malaria {} {} --share 1", words[0], words[1]));
    let dry = office.xfer.run("run monthly --dry-run --format json").report();
    let run = office.xfer.run("run monthly --format json").report();
    assert_eq!(dry["values"], run["values"]);
    assert_eq!(dry["cells"]["total"], run["cells"]["total"]);
    let cells = office.ok("runs cells last --format json").json();
    let element = |text: &str| text.split('.').next().unwrap().to_owned();
    let combo = |text: &str| text.split('.').nth(1).unwrap().to_owned();
    let first = items[0]["destination_id"].as_str().unwrap();
    let parts = |address: &str| -> Vec<i64> {
        let of =
            cells.as_array().unwrap().iter().filter(|cell| {
                cell["data_element"] == element(address) && cell["category_option_combo"] == combo(address)
            });
        of.map(|cell| cell["value"].as_str().map_or(0, |value| value.parse().unwrap())).collect()
    };
    let (one, other) = (parts(first), parts(words[1]));
    assert!(one.len() > 5 && one.len() == other.len(), "{} and {} cells", one.len(), other.len());
    for (one, other) in one.iter().zip(&other) {
        assert!((0..=1).contains(&(one - other)), "{one} and {other} are no two halves");
    }
}
