//! What speaks against a routine, said after a command that made, changed or wrote it.

use crate::cli::error::CliError;
use crate::cli::render;
use crate::cli::ui::Ui;
use crate::ops;
use crate::ops::copies::Copies;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use xfer_domain::shell::shell_word;

/// Warns of what speaks against a routine, and says whether its runs are refused. The routine is made, changed or
/// written by then: a review that cannot be made is a warning.
pub(super) fn review(name: &str, home: &Home, ui: &Ui) -> bool {
    let found = reviewed(name, home, ui);
    let not_made = |cause: OpsError| warn_of_unmade_review(&cause.into(), ui);
    found.map_err(not_made).unwrap_or_default()
}

/// Says that what was done is done, although nobody could look it over.
pub(super) fn warn_of_unmade_review(cause: &CliError, ui: &Ui) {
    let mut words = vec![cause.message.as_str()];
    words.extend(cause.causes.iter().map(String::as_str));
    ui.warn(&format!("this is done, but the review failed: {}", words.join(": ")));
}

fn reviewed(name: &str, home: &Home, ui: &Ui) -> Result<bool, OpsError> {
    let config = home.config()?;
    let copies = Copies::new(&config);
    let findings = ops::review::of_routine(home, &copies, name)?;
    for unread in copies.take_unread() {
        warn_of_unmade_review(&unread.cause.into(), ui);
    }
    let jobs = findings.first().and_then(|found| found.job.clone()).unwrap_or_else(|| "JOB".to_owned());
    render::review::warn(&findings, &format!("xfer job check {}", shell_word(&jobs)), ui);
    Ok(findings.iter().any(ops::review::Found::refuses))
}
