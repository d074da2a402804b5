//! Sheets of the org unit map between two small countries: what contradicts itself is refused by line, what a spreadsheet
//! damages is read or refused in words, and values go where the map says, read back from the destination.

use serde_json::json;

use crate::support::Output;
use crate::support::country::Country;
use crate::support::trial::{Trial, id_of};

const FACILITIES: [&str; 3] = ["Centre A", "Centre B", "Centre C"];

fn country(side: &str) -> Country {
    let codes = ["007", "123456789012", "MAR1"];
    let country = FACILITIES
        .iter()
        .zip(codes)
        .fold(Country::new(side), |country, (name, code)| country.unit(name, Some("Nord"), json!({"code": code})));
    country.element("CAS", json!({})).data_set("M", "Monthly", &["CAS"], json!({}))
}

/// The facilities report 1, 2 and 3 cases.
fn trial() -> Trial {
    let source = FACILITIES
        .iter()
        .zip(["1", "2", "3"])
        .fold(country("source"), |country, (unit, value)| country.value(["CAS", "", "", unit, "202401"], value));
    let trial = Trial::between(&source, &country("destination"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial
}

/// The exported map as header and rows, its facilities only.
fn exported(trial: &Trial) -> Vec<Vec<String>> {
    let text = trial.ok("orgunit export src dst").stdout;
    let rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.enumerate().filter(|(number, row)| *number == 0 || row[2].starts_with("Centre")).map(|(_, row)| row).collect()
}

fn at(table: &[Vec<String>], column: &str) -> usize {
    table[0].iter().position(|name| name == column).unwrap()
}

fn import(trial: &Trial, file: impl AsRef<[u8]>) -> Output {
    trial.xfer.file("edited.csv", file);
    trial.run("orgunit import src dst edited.csv")
}

fn written(table: &[Vec<String>], separator: &str) -> String {
    table.iter().map(|row| row.join(separator) + "\n").collect()
}

#[track_caller]
fn arrives_as_it_is(trial: &Trial) {
    let _ = trial.run("run r");
    let values = FACILITIES.map(|unit| trial.value(["CAS", "", "", unit, "202401"]));
    assert_eq!(values.map(Option::unwrap_or_default), ["1", "2", "3"]);
}

#[test]
fn a_sheet_sorted_or_edited_in_one_column_is_refused_by_line_on_both_sides() {
    let trial = trial();
    let before = trial.ok("orgunit export src dst").stdout;
    let table = exported(&trial);
    for side in ["source", "destination"] {
        for column in ["id", "code", "name", "path"] {
            let column = format!("{side}_{column}");
            let mut sorted = table.clone();
            let cell = at(&table, &column);
            for (row, from) in [(1, 2), (2, 3), (3, 1)] {
                sorted[row][cell].clone_from(&table[from][cell]);
            }
            let output = import(&trial, written(&sorted, ",")).expect_code(2);
            for line in 2..=4 {
                let blamed = format!("line {line}, column {column}: ");
                assert!(output.stderr.contains(&blamed), "{blamed}\n{output}");
            }
            assert!(output.stderr.contains("has 3 mistakes and was not imported"), "{output}");

            // One cell edited by hand: to another unit's, and to nobody's.
            let other = if column.ends_with("id") { None } else { Some("Centre Z".to_owned()) };
            for edit in [Some(table[3][cell].clone()), other].into_iter().flatten() {
                let mut edited = table.clone();
                edited[1][cell] = edit;
                let output = import(&trial, written(&edited, ",")).expect_code(2);
                assert!(output.stderr.contains(&format!("line 2, column {column}: ")), "{column}\n{output}");
            }
        }
    }
    assert_eq!(trial.ok("orgunit export src dst").stdout, before, "nothing was applied");
    arrives_as_it_is(&trial);
}

#[test]
fn a_new_destination_is_taken_with_the_old_cells_emptied_and_rows_need_not_be_whole() {
    let trial = trial();
    let table = exported(&trial);
    let cells =
        ["destination_id", "destination_code", "destination_name", "destination_path"].map(|name| at(&table, name));
    let mut edited = table.clone();
    // Whole rows exchanged, one by its code alone, one by its path alone.
    for cell in cells {
        edited[1][cell].clone_from(&table[2][cell]);
        edited[2][cell].clear();
        edited[3][cell].clear();
    }
    edited[2][cells[1]] = "MAR1".to_owned();
    edited[3][cells[3]] = "Pays / Nord /  Centre A".to_owned();
    let output = import(&trial, written(&edited, ";")).expect_code(0);
    assert!(output.stderr.contains("0 added, 3 changed, 0 removed, 0 unchanged"), "{output}");
    let _ = trial.run("run r");
    let values = FACILITIES.map(|unit| trial.value(["CAS", "", "", unit, "202401"]));
    assert_eq!(values.map(Option::unwrap_or_default), ["3", "1", "2"]);

    // A name alone says too little.
    for row in [2, 3] {
        edited[row].clone_from(&table[row]);
    }
    for cell in [cells[0], cells[1], cells[3], at(&table, "state")] {
        edited[1][cell].clear();
    }
    let output = import(&trial, written(&edited, ",")).expect_code(2);
    insta::assert_snapshot!(output.stderr, @"
    error: edited.csv has 1 mistake and was not imported
      caused by: line 2, column destination_name: `Centre B` alone does not say which org unit is meant: give its destination_id, destination_code or destination_path; or empty the name too, to remove the line from the map
    hint: nothing was imported; correct these lines and import the file again
    ");

    let _ = trial.run("orgunit undo src dst --yes").expect_code(0);
    assert_eq!(exported(&trial), table);
    let _ = trial.run("run r");
    arrives_as_it_is(&trial);
}

#[test]
fn what_spreadsheets_do_to_a_sheet_is_read_or_refused_in_words() {
    let trial = trial();
    let table = exported(&trial);
    let [code, name, path] = ["source_code", "source_name", "source_path"].map(|name| at(&table, name));
    let same = |file: &[u8]| {
        let output = import(&trial, file).expect_code(0);
        assert!(output.stderr.contains("0 added, 0 changed, 0 removed, 3 unchanged"), "{output}");
    };
    let mut damaged = table.clone();
    damaged[1][code] = "7".to_owned();
    damaged[2][code] = "1,23457E+11".to_owned();
    damaged[2][name] = " Centre\u{a0}B".to_owned();
    damaged[3][path] = "Pays  / Nord /  Centre C ".to_owned();
    same(written(&damaged, ";").as_bytes());
    let tabs = written(&damaged, "\t").replace('\n', "\r\n");
    let utf16: Vec<u8> = format!("\u{feff}{tabs}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    same(&utf16);
    same(format!("\u{feff}sep=;\r\n{}", written(&damaged, ";")).as_bytes());

    let id = at(&table, "source_id");
    for (cell, edit, said) in [
        (
            code,
            "01-Mar",
            "line 4, column source_code: `01-Mar`, but source_id is Pays / Nord / Centre C; a spreadsheet",
        ),
        (name, "Centre Ã©C", "letters were lost"),
        (id, "", "line 4, column source_code: no org unit of the source server has the code `01-Mar`"),
    ] {
        damaged[3][code].clone_from(&table[3][code]);
        damaged[3][name].clone_from(&table[3][name]);
        damaged[3][cell] = edit.to_owned();
        if cell == id {
            damaged[3][code] = "01-Mar".to_owned();
        }
        let output = import(&trial, written(&damaged, ";")).expect_code(2);
        assert!(output.stderr.contains(said), "{said}\n{output}");
    }
    // Without its id, a code that lost its zeros names nobody.
    let output = import(&trial, "source_code,destination_code\n7,7\n").expect_code(2);
    insta::assert_snapshot!(output.stderr, @"
    error: edited.csv has 2 mistakes and was not imported
      caused by: line 2, column source_code: no org unit of the source server has the code `7`; did you mean `007`? A spreadsheet removes zeros from codes: set the column to text there
      caused by: line 2, column destination_code: no org unit of the destination server has the code `7`; did you mean `007`? A spreadsheet removes zeros from codes: set the column to text there
    hint: nothing was imported; correct these lines and import the file again
    ");
    let latin1 = b"source_id;destination_id;note\n;;Sant\xe9\n";
    let output = import(&trial, latin1).expect_code(2);
    insta::assert_snapshot!(output.stderr, @r#"
    error: edited.csv has 1 mistake and was not imported
      caused by: line 1: the file is not UTF-8; save it as "CSV UTF-8"
    hint: nothing was imported; correct these lines and import the file again
    "#);
    let output = import(&trial, "\"source_id,destination_id\"\n\"a,b\"\n").expect_code(2);
    insta::assert_snapshot!(output.stderr, @"
    error: edited.csv has 1 mistake and was not imported
      caused by: line 1: the whole line is in one cell: the file was opened with the wrong separator. Export it again with --separator ';' (or ,), or use your spreadsheet's text import
    hint: nothing was imported; correct these lines and import the file again
    ");
    arrives_as_it_is(&trial);
}

#[test]
fn a_unit_that_was_renamed_since_the_export_is_told_from_a_contradiction() {
    let trial = trial();
    let table = exported(&trial);
    for server in [&trial.source, &trial.destination] {
        Trial::change(server, |state| {
            let id = id_of(&state.world, "organisationUnits", "Centre B");
            let unit = state.world.get_mut("organisationUnits", &id).unwrap();
            unit.insert("name".into(), json!("Centre Bèl Ans"));
        });
    }
    trial.ok("server sync --all");
    let output = import(&trial, written(&table, ",")).expect_code(2);
    for side in ["source", "destination"] {
        let said = format!(
            "line 3, column {side}_name: `Centre B` was the name of Pays / Nord / Centre Bèl Ans when its row was confirmed"
        );
        assert!(output.stderr.contains(&said), "{said}\n{output}");
    }
    insta::assert_snapshot!(output.stderr, @"
    error: edited.csv has 2 mistakes and was not imported
      caused by: line 3, column source_name: `Centre B` was the name of Pays / Nord / Centre Bèl Ans when its row was confirmed, but it was changed on the source server. Export the map again, or empty this cell
      caused by: line 3, column destination_name: `Centre B` was the name of Pays / Nord / Centre Bèl Ans when its row was confirmed, but it was changed on the destination server. Export the map again, or empty this cell
    hint: nothing was imported; correct these lines and import the file again
    ");
    let fresh = written(&exported(&trial), ",");
    assert!(import(&trial, fresh).expect_code(0).stderr.contains("3 unchanged"));
}

#[test]
fn no_file_is_replaced_unasked_and_an_import_can_be_undone() {
    let trial = trial();
    let file = trial.xfer.file("map.csv", "my own work");
    for command in ["orgunit export src dst map.csv", "job export j map.csv", "script definitions map.csv"] {
        let output = trial.run(command).expect_code(2);
        assert!(output.stderr.contains("map.csv exists already, and was not changed"), "{output}");
        assert!(output.stderr.contains("--yes to replace it"), "{output}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "my own work", "{command}");
    }
    trial.ok("orgunit export src dst map.csv --yes");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("source_id,"));

    let before = trial.ok("orgunit export src dst").stdout;
    let id = exported(&trial)[1][0].clone();
    let output = import(&trial, format!("source_id,destination_id,state\n{id},,ignored\n")).expect_code(0);
    assert!(output.stderr.contains("to restore it: xfer orgunit undo src dst"), "{output}");
    let output = trial.run("orgunit undo src dst").expect_code(2);
    insta::assert_snapshot!(output.stderr, @"
    error: nothing was changed
    hint: give --yes to restore the map without a question
    ");
    assert_ne!(trial.ok("orgunit export src dst").stdout, before);
    trial.ok("orgunit undo src dst --yes");
    assert_eq!(trial.ok("orgunit export src dst").stdout, before);
}

#[test]
fn unmapped_means_the_same_everywhere_and_every_value_that_would_not_arrive_is_counted() {
    let names = ["Centre A", "Centre B", "Centre C", "Centre D", "Centre E", "Centre F"];
    let side = |side: &str| Country::new(side).facilities(&names).element("CAS", json!({}));
    let mut source = side("source").data_set("M", "Monthly", &["CAS"], json!({}));
    for unit in names {
        for month in ["202401", "202402"] {
            source = source.value(["CAS", "", "", unit, month], "1");
        }
    }
    let mut destination = side("destination");
    let assigned: Vec<_> =
        names[..5].iter().map(|name| json!({"id": destination.id("organisationUnits", name)})).collect();
    destination = destination.data_set("M", "Monthly", &["CAS"], json!({"organisationUnits": assigned})).change(
        "organisationUnits",
        "Centre E",
        json!({"closedDate": "2024-01-31T00:00:00.000"}),
    );
    let trial = Trial::between(&source, &destination);
    trial.routine("", &[("CAS", "CAS")], "202401..202402");
    // A is mapped, B proposed, C ignored, D unmapped, E closes after January, F is not assigned.
    let id = |name: &str| source.id("organisationUnits", name);
    let target = destination.id("organisationUnits", "Centre B");
    let sheet = format!(
        "source_id,destination_id,state\n{},{target},proposed\n{},,ignored\n{},,\n",
        id("Centre B"),
        id("Centre C"),
        id("Centre D")
    );
    import(&trial, sheet).expect_code(0);

    // Two units above the facilities are unmapped, too.
    let words = "8 org units: 3 mapped, 1 ignored, 4 unmapped (1 of these is proposed)";
    for command in ["orgunit list src dst", "orgunit unmapped src dst"] {
        let output = trial.ok(command);
        assert!(output.stderr.contains(words), "{command}\n{output}");
    }
    let auto = trial.ok("orgunit auto src dst --dry-run");
    insta::assert_snapshot!(auto.stderr, @"
    nothing to decide
    matched now: 3 sure, 0 likely, 0 doubtful; 3 of these are confirmed, 0 are proposed (--all lists all of them)
    nothing was saved (--dry-run); the result would be:
    8 org units: 6 mapped, 1 ignored, 1 unmapped (1 of these is proposed)
    next, to decide about the proposals:
      xfer orgunit map src dst
    ");
    assert!(!auto.stdout.contains("Centre D"), "what is sure is not listed\n{auto}");
    for options in ["--all", "--accept none"] {
        let auto = trial.ok(&format!("orgunit auto src dst --dry-run {options}"));
        assert!(auto.stdout.contains("Centre D"), "{options}\n{auto}");
    }
    let unmapped = trial.ok("orgunit unmapped src dst --format json").json();
    assert_eq!(unmapped.as_array().unwrap().len(), 4);
    let states: Vec<_> = unmapped.as_array().unwrap().iter().filter(|row| row["state"] == "proposed").collect();
    assert_eq!((states.len(), &states[0]["proposed_id"]), (1, &json!(target)));
    let board = trial.ok("--format json").json();
    let pair = &board["pairs"][0];
    assert_eq!((&pair["mapped"], &pair["ignored"], &pair["unmapped"]), (&json!(3), &json!(1), &json!(4)), "{pair}");
    assert_eq!((&pair["units"], &pair["proposed"]), (&json!(8), &json!(1)), "{pair}");

    let output = trial.run("orgunit check src dst --periods 202401..202402").expect_code(3);
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(words), "{output}");
    let lost = "7 of 12 values would be lost: 2 of unmapped org units, 2 of org units whose destination is only proposed, \
                1 for destinations that are not open in their period, 2 for destinations that are not assigned to their \
                data set";
    assert!(said.contains(lost), "{lost}\n{output}");
    let rows = trial.run("orgunit check src dst --periods 202401..202402 --format json").expect_code(3).json();
    for (word, values) in [
        ("unmapped-with-data", 2),
        ("proposed-with-data", 2),
        ("destination-unit-closed", 1),
        ("destination-unit-not-assigned", 2),
    ] {
        let row = rows.as_array().unwrap().iter().find(|row| row["code"] == word);
        let row = row.unwrap_or_else(|| panic!("{word}\n{rows:#}"));
        assert_eq!((&row["severity"], &row["values"]), (&json!("error"), &json!(values)), "{row}");
    }

    // What the check foretells is what the run meets.
    let report = trial.run("run r --format json").expect_code(3).json();
    assert_eq!((&report["values"]["fetched"], &report["values"]["unmapped"]), (&json!(12), &json!(4)), "{report:#}");
    assert_eq!((&report["cells"]["created"], &report["cells"]["held_back"]), (&json!(3), &json!(3)), "{report:#}");
}
