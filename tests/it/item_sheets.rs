//! Sheets of items: rows that contradict themselves, numbers in the sheet's own manner, and what spreadsheets add.

use serde_json::json;

use crate::support::country::Country;
use crate::support::trial::Trial;

fn country(side: &str) -> Country {
    let country = Country::new(side).facilities(&["Centre A"]).combo("Sexe", &["Femme", "Homme"]);
    let elements = ["Accouchements", "Décès", "Fièvres", "Paludisme"];
    let country = elements.iter().enumerate().fold(country, |country, (number, name)| {
        country.element(&format!("C{number}"), json!({"name": name, "categoryCombo": "Sexe", "valueType": "NUMBER"}))
    });
    let country = country.data_set("M", "Monthly", &["C0", "C1", "C2", "C3"], json!({}));
    if side != "source" {
        return country;
    }
    (0..4).fold(country, |country, number| {
        country
            .value([&format!("C{number}"), "Femme", "", "Centre A", "202401"], &format!("{}", 10 + number))
            .value([&format!("C{number}"), "Homme", "", "Centre A", "202401"], &format!("{}", 20 + number))
    })
}

/// A job `j` with an item for each element and sex, and its export.
fn exported(style: &str) -> (Trial, String) {
    let trial = Trial::between(&country("source"), &country("destination"));
    trial.ok("job new j --from src --to dst");
    trial.ok("job auto j --data-set M");
    trial.ok("routine new r --job j --periods 202401");
    trial.ok(&format!("job export j items.csv {style}"));
    let file = std::fs::read_to_string(trial.xfer.home().join("items.csv")).unwrap();
    assert_eq!(file.lines().count(), 9, "{file}");
    (trial, file)
}

/// The file with the cells of one column in another order.
fn sorted_alone(file: &str, column: &str) -> String {
    let mut rows: Vec<Vec<String>> = file.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let at = rows[0].iter().position(|name| name == column).unwrap();
    let mut cells: Vec<String> = rows[1..].iter().map(|row| row[at].clone()).collect();
    let before = cells.clone();
    cells.sort();
    if cells == before {
        cells.reverse();
    }
    assert_ne!(cells, before, "{column}");
    for (row, cell) in rows[1..].iter_mut().zip(cells) {
        row[at] = cell;
    }
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

#[test]
fn a_column_that_was_sorted_alone_is_refused_and_nothing_is_taken() {
    let (trial, file) = exported("");
    let before = trial.ok("job show j --format json").stdout;
    for column in
        ["source_id", "source_coc", "source_name", "destination_data_element", "destination_coc", "destination_name"]
    {
        trial.xfer.file("sorted.csv", sorted_alone(&file, column));
        for replace in ["", " --replace"] {
            let refused = trial.run(&format!("job import j sorted.csv{replace}")).expect_code(2);
            let side = if column.starts_with("source") { "source_name" } else { "destination_name" };
            assert!(refused.stderr.contains(&format!("column {side}")), "{column}\n{refused}");
            assert!(refused.stderr.contains("was only one column sorted or edited?"), "{column}\n{refused}");
        }
        assert_eq!(trial.ok("job show j --format json").stdout, before);
    }
}

#[test]
fn a_name_edited_beside_its_id_is_refused_and_other_edits_are_taken() {
    let (trial, file) = exported("");
    let edited = |from: &str, to: &str| {
        let text = file.replacen(from, to, 1);
        assert_ne!(text, file, "{from}");
        trial.xfer.file("edited.csv", text);
        trial.run("job import j edited.csv")
    };
    let refused = edited("Décès · Femme", "Fièvres · Femme").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: edited.csv has 1 mistake and was not imported
      caused by: line 4, column source_name: `Fièvres · Femme`, but source_id, source_coc, source_aoc are Décès · Femme; this is the name of Fièvres (xd9dff4bc86): was only one column sorted or edited? Correct the line, or empty the wrong cell
    hint: nothing was imported; correct these lines and import the file again
    ");
    let refused = edited("Décès · Femme", "Décès · Homme").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: edited.csv has 1 mistake and was not imported
      caused by: line 4, column source_name: `Décès · Homme`, but source_id, source_coc, source_aoc are Décès · Femme; the option combos are different: was only one column sorted or edited? Correct the line, or empty the wrong cell
    hint: nothing was imported; correct these lines and import the file again
    ");
    let refused = edited("Décès · Femme", "Grossesses · Femme").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: edited.csv has 1 mistake and was not imported
      caused by: line 4, column source_name: `Grossesses · Femme`, but source_id, source_coc, source_aoc are Décès · Femme; there is nothing with this name now. If it was renamed, export the items again; otherwise correct one of the two cells, or empty this one
    hint: nothing was imported; correct these lines and import the file again
    ");
    // What is beside the matter may change: accents, case, blanks, a name that was taken away, factors.
    for (from, to) in [
        ("Décès · Femme", "DECES  ·\u{a0}FEMME"),
        ("Décès · Femme", "De\u{301}ce\u{300}s · Femme"),
        ("Décès · Femme", "Décès"),
        ("Décès · Femme", ""),
    ] {
        let output = edited(from, to).expect_code(0);
        assert!(output.stderr.contains("0 items added, 0 changed"), "{to}\n{output}");
    }
    // An object that was renamed since is told apart from one that was mixed up.
    Trial::change(&trial.source, |state| {
        let id = crate::support::trial::id_of(&state.world, "dataElements", "C1");
        state.world.get_mut("dataElements", &id).unwrap().insert("name".into(), json!("Mortalité"));
    });
    trial.ok("server sync src");
    let refused = trial.run("job import j items.csv").expect_code(2);
    assert!(
        refused.stderr.contains("`Décès` was the name of Mortalité when the item was saved, but it was renamed"),
        "\n{refused}"
    );
}

#[test]
fn numbers_are_read_in_the_manner_of_the_sheet_or_refused() {
    let trial = Trial::between(&country("source"), &country("destination"));
    let import = |job: &str, text: &str| {
        trial.ok(&format!("job new {job} --from src --to dst"));
        trial.xfer.file("n.csv", text);
        trial.run(&format!("job import {job} n.csv"))
    };
    let header = "source_id,source_coc,destination_data_element,destination_coc,factor\n";
    let refused = import("a", &format!("{header}C0,Femme,C0,Femme,\"1,000\"\n")).expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: n.csv has 1 mistake and was not imported
      caused by: line 2, column factor: `1,000` can be read as 1000 or as 1; write 1000, or 1,0000 for 1
    hint: nothing was imported; correct these lines and import the file again
    ");
    // Signs of the spreadsheet, decimal commas, a `sep=` line: the values that arrive are the ones that were meant.
    let sheet = format!("sep=;\n{}C0;Femme;C0;Femme;0,5\nC1;Homme;C1;Homme;1,250\n", header.replace(',', ";"));
    import("b", &sheet).expect_code(0);
    trial.ok("job add-item b C2.Femme C2.Femme --factor 0,5");
    trial.ok("job add-item b C3.Homme C3.Homme --factor 1.250");
    let refused = trial.run("job add-item b C3.Femme C3.Femme --factor 1,250").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: invalid value '1,250' for '--factor <NUMBER>': `1,250` can be read as 1250 or as 1.25; write 1250, or 1,2500 for 1.25

    For more information, try '--help'.
    ");
    trial.ok("routine new r --job b --periods 202401");
    trial.ok("run r");
    for (cell, value) in
        [(["C0", "Femme"], "5"), (["C1", "Homme"], "26.25"), (["C2", "Femme"], "6"), (["C3", "Homme"], "28.75")]
    {
        assert_eq!(trial.value([cell[0], cell[1], "", "Centre A", "202401"]).as_deref(), Some(value), "{cell:?}");
    }
    // What is written for a spreadsheet reads back as it was.
    for style in ["--separator ;", "--separator ; --bom", ""] {
        trial.ok(&format!("job export b back.csv --yes {style}"));
        let same = trial.ok("job import b back.csv");
        assert!(same.stderr.contains("0 items added, 0 changed, 0 removed, 4 unchanged"), "{style}\n{same}");
    }
}
