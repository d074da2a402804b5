//! The findings of the mapping review beside a command that did something else: the first of them, and where the rest is.

use crate::cli::ui::Ui;
use xfer_domain::finding::with_hint;
use xfer_matching::review::Finding;

/// So many are told in full.
const TOLD: usize = 8;

/// Warns of what was found.
pub fn warn(findings: &[Finding], all: &str, ui: &Ui) {
    for line in lines(findings, all) {
        ui.warn(&line);
    }
}

/// The findings as sentences; `all` is the command that tells all of them.
pub fn lines(findings: &[Finding], all: &str) -> Vec<String> {
    let told = |found: &Finding| {
        let refused = if found.refuses() { "runs are refused: " } else { "" };
        let job = found.job.as_ref().map(|job| format!("{job}: ")).unwrap_or_default();
        format!("{refused}{job}{} ({})", with_hint(&found.message, &found.hint), found.code.word)
    };
    let mut lines: Vec<String> = findings.iter().take(TOLD).map(told).collect();
    if findings.len() > TOLD {
        lines.push(format!("… and {} more: {all}", findings.len() - TOLD));
    }
    lines
}
