//! Names that say the opposite, and codes with dots: through the real program, values read back from the destination.

use serde_json::json;

use crate::support::country::Country;
use crate::support::trial::Trial;

fn ages(side: &str, options: &[&str]) -> Country {
    Country::new(side)
        .facilities(&["Centre A"])
        .combo("Age", options)
        .element("CAS", json!({"name": "Cas", "categoryCombo": "Age"}))
        .element("DCD", json!({"name": if side == "source" { "Décès < 5 ans" } else { "Décès moins de 5 ans" }}))
        .element("BAR", json!({"code": null, "name": "Bar < 5"}))
        .data_set("M", "Monthly", &["CAS", "DCD", "BAR"], json!({}))
}

#[test]
fn a_sign_tells_names_apart_wherever_one_is_given() {
    let trial = Trial::of_case("10");
    trial.ok("job new j --from src --to dst");
    let name = "Décès < 5 ans";
    let refused = trial.args(&["job", "add-item", "j", name, name]).expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: the destination server has no data element `Décès < 5 ans`
    hint: did you mean Décès > 5 ans?
    ");
    let refused = trial.run("job import j i.csv").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: i.csv has 1 mistake and was not imported
      caused by: line 2, column destination_data_element: the destination server has no data element `Naissances <2500g`; did you mean Naissances >2500g?
    hint: nothing was imported; correct these lines and import the file again
    ");
    let refused = trial.args(&["job", "add-item", "j", "CAS.<5", "CAS.<5"]).expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: the destination server has no category option combo `<5`
    hint: did you mean >5 or 5+?
    ");
    assert_eq!(trial.ok("job show j --format json").json(), json!([]));

    trial.ok("job new k --from src --to dst");
    let found = trial.ok("job auto k --data-set M --accept likely --format json");
    for proposal in found.json().as_array().unwrap() {
        let names = [&proposal["source"], &proposal["destination"]].map(|name| name.as_str().unwrap().to_owned());
        let contradict = [("< 5", "> 5"), ("<2500", ">2500"), ("personnel qualifié", "non qualifié"), ("<5", ">5")];
        if contradict.iter().any(|(left, right)| names[0].contains(left) && names[1].contains(right)) {
            assert_eq!(proposal["class"], "ask", "{proposal}");
        }
    }
    for item in trial.ok("job show k --format json").json().as_array().unwrap() {
        assert_eq!((&item["source_name"], &item["destination_name"]), (&json!("Cas · 5+"), &json!("Cas · 5+")));
    }
    trial.ok("routine new r --job k --periods 202401");
    let _ = trial.run("run r");
    assert!(trial.values().is_empty(), "{:?}", trial.values());
}

#[test]
fn spellings_of_one_range_are_the_same_and_arrive() {
    let source = ages("source", &["<5", "5+"])
        .value(["CAS", "<5", "", "Centre A", "202401"], "9")
        .value(["CAS", "5+", "", "Centre A", "202401"], "4")
        .value(["DCD", "", "", "Centre A", "202401"], "2");
    let trial = Trial::between(&source, &ages("destination", &["moins de 5 ans", "5 ans et plus"]));
    let items = [("CAS.<5", "CAS.under 5"), ("CAS.5+", "Cas.≥5"), ("Décès  &lt;5\u{a0}ans", "DECES MOINS DE 5 ANS")];
    trial.routine("", &items, "202401");
    trial.ok("run r");
    for (cell, value) in [
        (["CAS", "moins de 5 ans", "", "Centre A", "202401"], "9"),
        (["CAS", "5 ans et plus", "", "Centre A", "202401"], "4"),
        (["DCD", "", "", "Centre A", "202401"], "2"),
    ] {
        assert_eq!(trial.value(cell).as_deref(), Some(value), "{cell:?}");
    }
    trial.ok("job new m --from src --to dst");
    trial.ok("job auto m --data-element CAS");
    let shown = trial.ok("job show m --format json").json();
    let names = |item: &serde_json::Value| (item["source_name"].clone(), item["destination_name"].clone());
    let pairs: Vec<_> = shown.as_array().unwrap().iter().map(names).collect();
    assert_eq!(pairs.len(), 2, "{shown}");
    for (source, destination) in [("Cas · <5", "Cas · moins de 5 ans"), ("Cas · 5+", "Cas · 5 ans et plus")] {
        assert!(pairs.contains(&(json!(source), json!(destination))), "{shown}");
    }
}

#[test]
fn org_units_are_looked_up_by_their_signs_too() {
    let country =
        |side: &str| {
            Country::new(side)
                .facilities(&["Centre <5", "Saint-Michel", "Relais 5+"])
                .element("CAS", json!({}))
                .data_set("M", "Monthly", &["CAS"], json!({}))
        };
    let trial = Trial::between(&country("source"), &country("destination"));
    let refused =
        trial.args(&["orgunit", "map", "src", "dst", "Centre <5", "--to", "Centre >5", "--yes"]).expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: the destination has no org unit `Centre >5`
    hint: did you mean Centre <5?
    ");
    for name in ["centre moins de 5", "CENTRE\u{a0}<\u{a0}5", "Pays / Nord / Centre <5", "Pays > Nord  > Centre <5"] {
        trial.args(&["orgunit", "map", "src", "dst", name, "--to", "Centre &lt; 5", "--yes"]).expect_code(0);
    }
    trial.args(&["orgunit", "map", "src", "dst", "saint michel", "--to", "Saint–Michel", "--yes"]).expect_code(0);
    let refused =
        trial.args(&["orgunit", "map", "src", "dst", "Relais 5", "--to", "Relais 5+", "--yes"]).expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: the source has no org unit `Relais 5`
    hint: did you mean Relais 5+?
    ");
}

#[test]
fn org_units_with_opposite_signs_are_only_asked_about() {
    let country = |side: &str, name: &str| {
        Country::new(side)
            .unit("Centre Est", Some("Nord"), json!({}))
            .unit(name, Some("Nord"), json!({}))
            .element("CAS", json!({}))
            .data_set("M", "Monthly", &["CAS"], json!({}))
    };
    let trial = Trial::between(&country("source", "Pavillon <5"), &country("destination", "Pavillon >5"));
    // The pair the other way round has no map yet.
    trial.ok("orgunit auto dst src --accept likely");
    let rows = trial.ok("orgunit list dst src --format json").json();
    for row in rows.as_array().unwrap() {
        let confirmed = row["state"] == "confirmed";
        assert!(!(confirmed && row.to_string().contains("Pavillon >5")), "{row}");
    }
}

#[test]
fn cells_stay_cells_and_texts_with_two_readings_are_refused() {
    let trial = Trial::of_case("02");
    trial.ok("job new j --from src --to dst");
    trial.ok("routine new r --job j --periods 202401");
    trial.ok("job import j a.csv");
    trial.ok("job import j b.csv");
    trial.ok("run r");
    let value = |element: &str, combo: &str| trial.value([element, combo, "", "Centre A", "202401"]);
    assert_eq!(value("MAL", "Femme").as_deref(), Some("7"));
    assert_eq!(value("MAL.F", ""), None);
    assert_eq!(value("B50.9", "Femme").as_deref(), Some("3"));

    trial.ok("job new k --from src --to dst");
    let refused = trial.run("job add-item k MAL.F MAL.F").expect_code(2);
    for said in [
        "`MAL.F` has 2 meanings: the data element Paludisme formes graves; or the data element Cas de paludisme with Femme",
        r#"write '"MAL.F"' for the data element Paludisme formes graves"#,
        r#"write '"MAL"."F"' for the data element Cas de paludisme with Femme"#,
    ] {
        assert!(refused.stderr.contains(said), "{said}\n{refused}");
    }
    trial.args(&["job", "add-item", "k", r#""MAL.F""#, r#""MAL.F""#]).expect_code(0);
    trial.args(&["job", "add-item", "k", r#""MAL".F"#, r#""MAL"."F""#]).expect_code(0);
    trial.ok("job add-item k B50.9.F B50.9.F");
    trial.ok("job add-item k B50.9 B50.9 --source-coc M --destination-coc Homme");
    trial.ok("job edit-item k 4 --to B50.9 --to-coc M");
    let shown = trial.ok("job show k --format json").json();
    let names: Vec<&str> = shown.as_array().unwrap().iter().map(|item| item["source_name"].as_str().unwrap()).collect();
    let expected = ["Paludisme formes graves", "Cas de paludisme · Femme", "Icteres · Femme", "Icteres · Homme"];
    assert_eq!(names, expected);
    trial.ok("routine new s --job k --periods 202401");
    trial.ok("run s");
    assert_eq!(value("MAL.F", "").as_deref(), Some("100"));
}

#[test]
fn an_indicator_of_an_elements_code_is_named_by_its_kind() {
    let source = Country::new("source").facilities(&["Centre A"]).element("CPN", json!({"name": "Visites"})).data_set(
        "M",
        "Monthly",
        &["CPN"],
        json!({}),
    );
    let id = source.id("dataElements", "CPN");
    let source = source
        .object("indicatorTypes", "nombre", json!({"factor": 1, "number": true}))
        .object(
            "indicators",
            "Couverture",
            json!({
                "code": "CPN", "shortName": "Couverture", "annualized": false, "numerator": format!("#{{{id}}}*2"),
                "denominator": "1", "numeratorDescription": "n", "denominatorDescription": "d"
            }),
        )
        .value(["CPN", "", "", "Centre A", "202401"], "5");
    let type_id = source.id("indicatorTypes", "nombre");
    let source = source.change("indicators", "Couverture", json!({"indicatorType": {"id": type_id}}));
    let destination = Country::new("destination")
        .facilities(&["Centre A"])
        .element("X", json!({}))
        .element("Y", json!({"valueType": "NUMBER"}))
        .data_set("M", "Monthly", &["X", "Y"], json!({}));
    let trial = Trial::between(&source, &destination);
    trial.ok("job new j --from src --to dst");
    let refused = trial.run("job add-item j CPN X").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: `CPN` has 2 meanings: the data element Visites; or the indicator Couverture
    hint: give --kind data-element for the data element Visites; give --kind indicator for the indicator Couverture
    ");
    trial.ok("job add-item j CPN X --kind data-element");
    trial.ok("job add-item j CPN Y --kind Indicator");
    let refused = trial.run("job add-item j Couverture X --kind data-element").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: `Couverture` is an indicator, not a data element
    hint: leave out --kind, or give the right one
    ");
    trial.ok("routine new r --job j --periods 202401");
    trial.ok("run r");
    let value = |element: &str| trial.value([element, "", "", "Centre A", "202401"]);
    assert_eq!((value("X").as_deref(), value("Y").as_deref()), (Some("5"), Some("10")));
    // The same from a sheet, whose words may begin with a capital.
    trial.ok("job new k --from src --to dst");
    trial.xfer.file(
        "k.csv",
        "kind,source_id,destination_data_element,combine\nIndicator,CPN,Y,Sum\nData element,CPN,X,SUM\n",
    );
    trial.ok("job import k k.csv");
    trial.xfer.file("open.csv", "source_id,destination_data_element\nCPN,Y\n");
    let refused = trial.run("job import k open.csv").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: open.csv has 1 mistake and was not imported
      caused by: line 2, column kind: `CPN` has 2 meanings: the data element Visites; or the indicator Couverture; choose one in the column kind
    hint: nothing was imported; correct these lines and import the file again
    ");
}

#[test]
fn words_of_a_list_are_taken_in_any_case() {
    let trial = Trial::of_case("02");
    trial.ok("job new j --from src --to dst --combine SUM --read Analytics --coverage ALL --round Up:1");
    trial.ok("job edit j --combine Average --round NONE");
    trial.ok("job add-item j MAL.M MAL.M --combine Last --when-empty ZERO");
    let item = trial.ok("job show j --format JSON").json()[0].clone();
    assert_eq!((&item["combine"], &item["when_empty"]), (&json!("last"), &json!("zero")));
}

#[test]
fn numbers_signs_and_letters_in_other_places_are_only_asked_about() {
    let pairs = [
        ("Zone 1 dose 2", "Zone 2 dose 1"),
        ("Paludisme TDR + enfants", "Paludisme TDR - enfants"),
        ("Muertes 1-4 meses", "Muertes 1-4 años"),
        ("Hépatite A", "Hépatite B"),
    ];
    let side = |side: &str| {
        let name = |pair: (&'static str, &'static str)| if side == "source" { pair.0 } else { pair.1 };
        let option = if side == "source" { "Hombre" } else { "Mujer" };
        let facilities = if side == "source" {
            ["Zone 1 Poste 2", "Rh +", "Dépôt"]
        } else {
            ["Zone 2 Poste 1", "Rh -", "Dépôt"]
        };
        let codes = ["P0", "P1", "P2", "P3"];
        let country = Country::new(side).facilities(&facilities).combo("Sexo", &[option]);
        let country = codes
            .into_iter()
            .zip(pairs)
            .fold(country, |country, (code, pair)| country.element(code, json!({"name": name(pair)})));
        let country = country.element("MAL", json!({"name": "Casos", "categoryCombo": "Sexo"}));
        country.data_set("M", "Monthly", &["P0", "P1", "P2", "P3", "MAL"], json!({}))
    };
    let trial =
        Trial::between(&side("source").value(["P0", "", "", "Zone 1 Poste 2", "202401"], "9"), &side("destination"));
    // The pair the other way round has no map yet.
    trial.ok("orgunit auto dst src --accept likely");
    let rows = trial.ok("orgunit list dst src --format json").json();
    for row in rows.as_array().unwrap() {
        let swapped = row.to_string().contains("Zone 1 Poste 2") || row.to_string().contains("Rh +");
        assert!(!(row["state"] == "confirmed" && swapped), "{row}");
    }
    trial.ok("job new j --from src --to dst");
    let found = trial.ok("job auto j --data-element --accept likely --format json").json();
    for proposal in found.as_array().unwrap() {
        assert!(proposal["class"] != "sure" && proposal["class"] != "likely", "{proposal}");
    }
    assert_eq!(trial.ok("job show j --format json").json(), json!([]));
    for code in ["mal..Mujer", "\"MAL.*\""] {
        let _ = trial.args(&["job", "add-item", "j", "P0", code]).expect_code(2);
    }
    // The case of a code does not matter where no other code differs in it alone.
    let _ = trial.args(&["job", "add-item", "j", "p0", "mal.Mujer"]).expect_code(0);
}
