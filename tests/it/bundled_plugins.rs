//! Every plugin that comes with the program does what its README says: the commands that stand there are typed into a
//! shell, letter by letter, and the values are read back from the destination.
#![cfg(unix)]

use std::path::Path;

use serde_json::{Value, json};
use xfer_script::plugin::{bundled, bundled_names};

use crate::support::country::Country;
use crate::support::trial::Trial;
use crate::support::{Output, in_shell};

/// Types the commands of a README, those of a run apart: what the last `xfer run` came to.
#[track_caller]
fn typed(trial: &Trial, plugin: &str) -> Output {
    let readme = bundled(plugin).unwrap().unwrap().texts.readme;
    let commands: Vec<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .map(|line| line.replace("--from tracker --to national", "--from src --to dst"))
        .collect();
    assert!(commands.iter().any(|line| line.contains(&format!("plugin:{plugin}"))), "{commands:?}");
    let (run, before) = commands.split_last().unwrap();
    assert!(run.starts_with("xfer run "), "{run}");
    for command in before {
        // A dry run that holds a cell back ends with another code, and the run that follows is what counts.
        let allowed: &[i32] = if command.contains("--dry-run") { &[0, 3] } else { &[0] };
        let output = shell(trial, command);
        assert!(allowed.contains(&output.code), "{command}\n{output}");
    }
    shell(trial, run)
}

fn shell(trial: &Trial, command: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_xfer"));
    let path = program.parent().unwrap().as_os_str();
    let home = trial.xfer.home();
    in_shell(command, home, &[("XFER_HOME", home.as_os_str()), ("PATH", path)])
}

/// Two facilities, and these elements in a data set of this period type.
fn country(side: &str, period_type: &str, elements: &[(&str, Value)]) -> Country {
    let codes: Vec<&str> = elements.iter().map(|(code, _)| *code).collect();
    let mut country = Country::new(side).facilities(&["Centre A", "Centre B"]);
    for (_, more) in elements {
        for key in ["categoryCombo", "optionSet"] {
            let Some(parts) = more[key].as_str().and_then(|name| name.split_once(':')) else { continue };
            let options: Vec<&str> = parts.1.split(',').collect();
            country = match key {
                "categoryCombo" => country.combo(parts.0, &options),
                _ => country.option_set(parts.0, &options),
            };
        }
    }
    for (code, more) in elements {
        let mut more = more.clone();
        for key in ["categoryCombo", "optionSet"] {
            if let Some((name, _)) = more[key].as_str().and_then(|name| name.split_once(':')) {
                more[key] = json!(name);
            } else if let Some(object) = more.as_object_mut() {
                object.remove(key);
            }
        }
        country = country.element(code, more);
    }
    country.data_set("M", period_type, &codes, json!({}))
}

const NUMBER: &str = "NUMBER";

fn number() -> Value {
    json!({"valueType": NUMBER})
}

fn there(trial: &Trial, element: &str, combo: &str, unit: &str, period: &str) -> Option<String> {
    trial.value([element, combo, "", unit, period])
}

#[track_caller]
fn assert_there(trial: &Trial, expected: &[(&str, &str, &str, &str, &str)]) {
    for (element, combo, unit, period, value) in expected {
        assert_eq!(
            there(trial, element, combo, unit, period).as_deref(),
            Some(*value),
            "{element} {combo} {unit} {period}"
        );
    }
    assert_eq!(trial.values().len(), expected.len(), "{:?}", trial.values());
}

#[test]
fn every_bundled_plugin_is_tried_here() {
    let tried = include_str!("bundled_plugins.rs");
    for name in bundled_names() {
        assert!(tried.contains(&format!("typed(&trial, \"{name}\")")), "{name}");
    }
}

#[test]
fn cap_outliers_writes_the_bound() {
    let source = country("source", "Monthly", &[("COVERAGE", number())])
        .value(["COVERAGE", "", "", "Centre A", "202401"], "950")
        .value(["COVERAGE", "", "", "Centre B", "202401"], "88.5");
    let trial = Trial::between(&source, &country("destination", "Monthly", &[("COVERAGE", number())]));
    let _ = typed(&trial, "cap-outliers").expect_code(0);
    assert_there(
        &trial,
        &[("COVERAGE", "", "Centre A", "202401", "100"), ("COVERAGE", "", "Centre B", "202401", "88.5")],
    );
}

#[test]
fn carry_forward_fills_months_up_to_the_last_that_was_reported() {
    let elements = [("BEDS", json!({})), ("PATIENTS", json!({}))];
    let source = country("source", "Monthly", &elements)
        .value(["BEDS", "", "", "Centre A", "202401"], "12")
        .value(["BEDS", "", "", "Centre A", "202403"], "14")
        .value(["PATIENTS", "", "", "Centre A", "202404"], "7");
    let trial = Trial::between(&source, &country("destination", "Monthly", &elements));
    let output = typed(&trial, "carry-forward").expect_code(0);
    assert!(output.stdout.contains("and added by scripts"), "{output}");
    assert_there(
        &trial,
        &[
            ("BEDS", "", "Centre A", "202401", "12"),
            ("BEDS", "", "Centre A", "202402", "12"),
            ("BEDS", "", "Centre A", "202403", "14"),
            ("BEDS", "", "Centre A", "202404", "14"),
            ("PATIENTS", "", "Centre A", "202404", "7"),
        ],
    );
}

fn by_age() -> Value {
    json!({"categoryCombo": "Age:Under 5,5 and older"})
}

#[test]
fn fixed_shares_shares_a_total_out_over_age_groups() {
    let source = country("source", "Monthly", &[("MAL_CASES", json!({}))])
        .value(["MAL_CASES", "", "", "Centre A", "202401"], "11")
        .value(["MAL_CASES", "", "", "Centre B", "202401"], "10");
    let trial = Trial::between(&source, &country("destination", "Monthly", &[("MAL_BY_AGE", by_age())]));
    let _ = typed(&trial, "fixed-shares").expect_code(0);
    assert_there(
        &trial,
        &[
            ("MAL_BY_AGE", "Under 5", "Centre A", "202401", "4"),
            ("MAL_BY_AGE", "5 and older", "Centre A", "202401", "7"),
            ("MAL_BY_AGE", "Under 5", "Centre B", "202401", "4"),
            ("MAL_BY_AGE", "5 and older", "Centre B", "202401", "6"),
        ],
    );
}

#[test]
fn fixed_shares_writes_nothing_of_a_total_that_would_not_arrive_whole() {
    let source = country("source", "Monthly", &[("MAL_CASES", json!({}))])
        .value(["MAL_CASES", "", "", "Centre A", "202401"], "10");
    let trial = Trial::between(&source, &country("destination", "Monthly", &[("MAL_BY_AGE", by_age())]));
    trial.ok("job new j --from src --to dst --combine sum");
    trial.args(&["job", "add-item", "j", "MAL_CASES", "MAL_BY_AGE.Under 5"]).expect_code(0);
    let attach = |data: &str| {
        let words = ["script", "attach", "plugin:fixed-shares", "--job", "j", "--param", data, "--param"];
        trial.args(&[&words[..], &["shares=[Under 5=40, 5 and older=60]"]].concat()).expect_code(0)
    };
    let _ = attach("data=MAL_CASES");
    trial.ok("routine new r --job j --periods 202401");
    let output = trial.run("run r").expect_code(3);
    assert!(output.stdout.contains("brings nothing of it to the option combo"), "{output}");
    assert_eq!(trial.values().len(), 0, "{:?}", trial.values());

    // A name that the job does not read would leave the whole total in each cell.
    trial.args(&["job", "add-item", "j", "MAL_CASES", "MAL_BY_AGE.5 and older"]).expect_code(0);
    trial.ok("script detach plugin:fixed-shares --job j");
    let _ = attach("data=MAL_CASE");
    let output = trial.run("run r").expect_code(3);
    assert!(output.stdout.contains("MAL_CASE"), "{output}");
    assert_eq!(trial.values().len(), 0, "{:?}", trial.values());
}

#[test]
fn option_map_writes_the_codes_of_the_other_option_set() {
    let sex =
        |options: &str| json!({"valueType": "TEXT", "aggregationType": "NONE", "optionSet": format!("Sexe:{options}")});
    let elements = |options| [("VISITS", json!({})), ("SEX", sex(options))];
    let source = country("source", "Monthly", &elements("M,F"))
        .value(["VISITS", "", "", "Centre A", "202401"], "5")
        .value(["SEX", "", "", "Centre A", "202401"], "M")
        .value(["SEX", "", "", "Centre B", "202401"], "F");
    let trial = Trial::between(&source, &country("destination", "Monthly", &elements("male,female")));
    let _ = typed(&trial, "option-map").expect_code(0);
    assert_there(
        &trial,
        &[
            ("VISITS", "", "Centre A", "202401", "5"),
            ("SEX", "", "Centre A", "202401", "male"),
            ("SEX", "", "Centre B", "202401", "female"),
        ],
    );
}

#[test]
fn period_shift_writes_the_month_before() {
    let source = country("source", "Monthly", &[("LATE", json!({}))])
        .value(["LATE", "", "", "Centre A", "202403"], "6")
        .value(["LATE", "", "", "Centre A", "202402"], "5");
    let trial = Trial::between(&source, &country("destination", "Monthly", &[("LATE", json!({}))]));
    let _ = typed(&trial, "period-shift").expect_code(0);
    assert_there(&trial, &[("LATE", "", "Centre A", "202402", "6")]);
}

#[test]
fn ratio_to_count_counts_and_leaves_out_what_has_no_denominator() {
    let source = country("source", "Monthly", &[("MEASLES_COVERAGE", number()), ("POP_UNDER_1", json!({}))])
        .value(["MEASLES_COVERAGE", "", "", "Centre A", "202401"], "80")
        .value(["POP_UNDER_1", "", "", "Centre A", "202401"], "250")
        .value(["MEASLES_COVERAGE", "", "", "Centre B", "202401"], "70");
    let destination = country("destination", "Monthly", &[("MEASLES_DOSES", json!({})), ("POP_UNDER_1", json!({}))]);
    let trial = Trial::between(&source, &destination);
    let _ = typed(&trial, "ratio-to-count").expect_code(0);
    assert_there(
        &trial,
        &[("MEASLES_DOSES", "", "Centre A", "202401", "200"), ("POP_UNDER_1", "", "Centre A", "202401", "250")],
    );

    // Not one facility has the denominator: the counts are left out all the same, not refused.
    Trial::store(&trial.source, ["POP_UNDER_1", "", "", "Centre A", "202401"], None);
    let report = trial.run("run monthly --format json").report();
    let script = &report["scripts"][0];
    assert_eq!((&script["dropped"], &script["rejected"]), (&json!(2), &json!(0)), "{report:#}");
}

#[test]
fn re_aggregate_makes_whole_quarters_only() {
    let source = country("source", "Monthly", &[("BCG", json!({}))])
        .value(["BCG", "", "", "Centre A", "202401"], "10")
        .value(["BCG", "", "", "Centre A", "202402"], "20")
        .value(["BCG", "", "", "Centre A", "202403"], "12")
        .value(["BCG", "", "", "Centre B", "202401"], "1")
        .value(["BCG", "", "", "Centre B", "202403"], "3");
    let trial = Trial::between(&source, &country("destination", "Quarterly", &[("BCG", json!({}))]));
    let output = typed(&trial, "re-aggregate");
    assert!(output.stdout.contains("2 of 3 periods are there for Centre B"), "{output}");
    assert_there(&trial, &[("BCG", "", "Centre A", "2024Q1", "42")]);
}

#[test]
fn round_leaves_two_decimals() {
    let source = country("source", "Monthly", &[("SPENT", number())])
        .value(["SPENT", "", "", "Centre A", "202401"], "1234.567")
        .value(["SPENT", "", "", "Centre B", "202401"], "0.125");
    let trial = Trial::between(&source, &country("destination", "Monthly", &[("SPENT", number())]));
    let _ = typed(&trial, "round").expect_code(0);
    assert_there(
        &trial,
        &[("SPENT", "", "Centre A", "202401", "1234.57"), ("SPENT", "", "Centre B", "202401", "0.13")],
    );
}

#[test]
fn scale_multiplies_one_item_and_no_other() {
    let source = country("source", "Monthly", &[("TABLETS", json!({})), ("USED_PERCENT", number())])
        .value(["TABLETS", "", "", "Centre A", "202401"], "48")
        .value(["USED_PERCENT", "", "", "Centre A", "202401"], "7");
    let destination = country("destination", "Monthly", &[("TABLETS", json!({})), ("USED_SHARE", number())]);
    let trial = Trial::between(&source, &destination);
    let _ = typed(&trial, "scale").expect_code(0);
    assert_there(
        &trial,
        &[("TABLETS", "", "Centre A", "202401", "48"), ("USED_SHARE", "", "Centre A", "202401", "0.07")],
    );
}

#[test]
fn suppress_small_counts_leaves_out_a_count_and_what_would_reveal_it() {
    let deaths = || json!({"categoryCombo": "Sex:F,M"});
    let source = country("source", "Monthly", &[("DEATHS", deaths())])
        .value(["DEATHS", "F", "", "Centre A", "202401"], "3")
        .value(["DEATHS", "M", "", "Centre A", "202401"], "40")
        .value(["DEATHS", "F", "", "Centre B", "202401"], "50")
        .value(["DEATHS", "M", "", "Centre B", "202401"], "60");
    let trial = Trial::between(&source, &country("destination", "Monthly", &[("DEATHS", deaths())]));
    let output = typed(&trial, "suppress-small-counts");
    assert!(output.stdout.contains("a count below 10"), "{output}");
    // With 3 gone, the other sex and the other facility would tell it; with both gone, so would the last one.
    assert_eq!(there(&trial, "DEATHS", "F", "Centre A", "202401"), None, "{output}");
    assert!(trial.values().len() < 3, "{:?}", trial.values());
}
