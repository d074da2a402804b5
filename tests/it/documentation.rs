//! What the documentation promises is compared with the program: findings and exit codes cannot go stale.
//!
//! `XFER_REGENERATE=1 cargo test documentation` writes `docs/findings.md` anew from the program's own table.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use xfer::cli::exit_code::ExitCode;
use xfer::domain::run::Severity;
use xfer::transfer::finding;

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

#[test]
fn every_finding_stands_in_the_documentation() {
    let mut expected = String::from(
        "# Findings\n\n\
         Every word that a report can use, with its cause and remedy. An error keeps cells from arriving; a warning \
         asks for a look; a note is good to know. Codes of the server (E7640 …) ride along in the report.\n\n\
         | finding | kind | about | cause | what to do |\n|---|---|---|---|---|\n",
    );
    for code in finding::ALL {
        let severity = match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        };
        writeln!(
            expected,
            "| `{}` | {severity} | {} | {} | {} |",
            code.word,
            code.category.name(),
            code.cause,
            code.remedy
        )
        .unwrap();
    }
    let path = document("findings.md");
    if std::env::var_os("XFER_REGENERATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/findings.md is stale: XFER_REGENERATE=1 cargo test documentation");
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
