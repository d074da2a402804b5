//! What the documentation promises is compared with the program: findings and exit codes cannot go stale.
//!
//! `XFER_REGENERATE=1 cargo test documentation` writes `docs/findings.md` anew from the program's own table.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use xfer::ops::doctor_codes as of_the_doctor;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::finding::Code;
use xfer_domain::run::Severity;
use xfer_matching::finding as of_checks;
use xfer_transfer::finding as of_runs;

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

fn table(text: &mut String, codes: &[&Code]) {
    text.push_str("\n| finding | kind | about | cause | what to do |\n|---|---|---|---|---|\n");
    for code in codes {
        let severity = match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        };
        let (word, about) = (code.word, code.category.name());
        writeln!(text, "| `{word}` | {severity} | {about} | {} | {} |", code.cause, code.remedy).unwrap();
    }
}

#[test]
fn every_finding_stands_in_the_documentation() {
    let mut expected = String::from(
        "# Findings\n\n\
         Every word that a report can use, with its cause and remedy. An error keeps cells from arriving; a warning \
         asks for a look; a note is good to know. Codes of the server (E7640 …) ride along in the report.\n",
    );
    table(&mut expected, of_runs::ALL);
    expected.push_str(
        "\n## Checks\n\n\
         `xfer orgunit check` and `xfer job check` speak before a value is sent. Where they meet what a run would meet, \
         they use the words above; these are their own.\n",
    );
    table(&mut expected, of_checks::ALL);
    expected.push_str(
        "\n## Doctor\n\n\
         `xfer doctor` and `xfer server test` look at this machine, the servers and what is mapped. Where they meet what a \
         run would meet, they use its words; these are their own. `xfer doctor --ignore FINDING` leaves out what is known.\n",
    );
    table(&mut expected, of_the_doctor::ALL);
    let path = document("findings.md");
    if std::env::var_os("XFER_REGENERATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/findings.md is stale: XFER_REGENERATE=1 cargo test documentation");
}

#[test]
fn every_word_that_the_rules_of_items_use_is_in_a_table() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/matching/src/item_rules.rs");
    let text = fs::read_to_string(rules).unwrap();
    let words = text.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
    let words: Vec<&str> = words.filter(|word| word.contains('-') && !word.contains(' ')).collect();
    assert!(words.len() > 8, "the rules are written otherwise than this test thinks: {words:?}");
    for word in words {
        let mut known = of_runs::ALL.iter().chain(of_checks::ALL);
        assert!(known.any(|code| code.word == word), "`{word}` is in no table of findings");
    }
}

#[test]
fn words_that_a_check_borrows_from_a_run_are_the_runs() {
    for code in of_checks::of_runs::ALL {
        let of_run = of_runs::by_word(code.word).unwrap_or_else(|| panic!("{} is no word of a run", code.word));
        assert_eq!((of_run.severity, of_run.category), (code.severity, code.category), "{}", code.word);
    }
}

#[test]
fn no_word_of_a_check_means_something_else_in_a_run() {
    for code in of_checks::ALL.iter().chain(of_the_doctor::ALL) {
        assert_eq!(of_runs::by_word(code.word), None, "{}", code.word);
    }
    for code in of_the_doctor::ALL {
        assert!(!of_checks::ALL.contains(code), "{}", code.word);
    }
}

#[test]
fn every_exit_code_stands_in_the_documentation() {
    let text = fs::read_to_string(document("exit-codes.md")).unwrap();
    for code in ExitCode::ALL {
        assert!(text.contains(&format!("\n| {} |", code.number())), "{code:?} is missing in docs/exit-codes.md");
    }
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| code")).count();
    assert_eq!(rows, ExitCode::ALL.len(), "docs/exit-codes.md lists codes that do not exist");
}
