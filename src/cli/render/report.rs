//! A run's report for people: the equations of design 3.1 as they closed, the jobs, the findings.

use std::fmt::Write as _;

use serde_json::json;

use crate::cli::render::clock;
use crate::cli::render::listing::{Listing, number, text};
use crate::cli::ui::{Format, Ui, wrapped};
use crate::ops::latest;
use xfer_domain::cell::CellState;
use xfer_domain::counted::{counted, counted_len, grouped};
use xfer_domain::run::{Finding, Report, RunMode, RunOutcome, ScriptExample, ScriptReport, Severity};

/// What a run's report is printed as. A report is no list: of what is in it, only the counts by job fit into rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// In sentences and tables, for people.
    Words,
    /// The whole of it, for programs.
    Json,
    /// The counts of cells by job, for spreadsheets.
    CountsByJob,
}

impl From<Format> for ReportFormat {
    /// What stands in the place of a list's format.
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Words,
            Format::Json => Self::Json,
            Format::Csv => Self::CountsByJob,
        }
    }
}

/// Prints a report.
pub fn print(report: &Report, format: ReportFormat, ui: &Ui) {
    match format {
        ReportFormat::Words => ui.data(&in_words(report, ui.width())),
        ReportFormat::Json => ui.raw_data(&format!("{:#}\n", json!(report))),
        ReportFormat::CountsByJob => ui.raw_data(&counts_by_job(report).csv()),
    }
}

/// The report as text of at most `width` columns.
pub fn in_words(report: &Report, width: u16) -> String {
    let mut words = String::new();
    let mut say = |line: &str| {
        let _ = writeln!(words, "{}", wrapped(line, usize::from(width)));
    };
    say(&headline(report));
    say(&format!(
        "from {} ({}) to {} ({}), {}",
        report.source.origin,
        report.source.version,
        report.destination.origin,
        report.destination.version,
        periods(&report.periods)
    ));
    if let Some(file) = &report.file {
        say(&format!("from revision {} of the xfer file {}", file.revision, file.path));
    }
    if let Some(built) = report.source.analytics_at.as_deref() {
        say(&format!("analytics of the source last built {}", clock::in_words(built)));
    }
    if let Some(empty) = nothing_read(report) {
        say(&empty);
    }
    words.push('\n');
    words.push_str(&equations(report));
    if report.recovered > 0 {
        let cells = counted(report.recovered, "cell");
        let line = format!("recovered: {cells} that an interrupted run had written; the routine owns them now");
        let _ = writeln!(words, "{}", wrapped(&line, usize::from(width)));
    }
    if report.jobs.len() > 1 {
        words.push('\n');
        words.push_str(&counts_by_job(report).without_empty_columns().table(width));
        words.push('\n');
    }
    if !report.written_by_data_set.is_empty() {
        words.push('\n');
        words.push_str(&written(report).table(width));
        words.push('\n');
    }
    if !report.scripts.is_empty() {
        words.push('\n');
        words.push_str(&scripts(&report.scripts).without_empty_columns().table(width));
        words.push('\n');
    }
    if !report.findings.is_empty() {
        words.push('\n');
        words.push_str(&findings(&report.findings).table(width));
        words.push('\n');
    }
    let traffic = format!(
        "{}, {} received, {} sent, {:.1} s at the source, {:.1} s at the destination",
        counted(report.traffic.requests, "request"),
        bytes(report.traffic.bytes_in),
        bytes(report.traffic.bytes_out),
        report.traffic.seconds_source,
        report.traffic.seconds_destination
    );
    let _ = writeln!(words, "\n{}", wrapped(&traffic, usize::from(width)));
    words
}

fn headline(report: &Report) -> String {
    let kind = match report.mode {
        RunMode::Run => "Run",
        RunMode::DryRun => "Dry run",
        RunMode::Check => "Check",
    };
    let outcome = match report.outcome {
        RunOutcome::Complete => "complete",
        RunOutcome::Incomplete => "incomplete",
        RunOutcome::Failed => "failed",
    };
    let nothing_sent = if report.mode == RunMode::DryRun { "; nothing was written" } else { "" };
    format!("{kind} {} of {}: {outcome} (exit code {}){nothing_sent}", report.run, report.routine, report.exit_code)
}

/// What a run over empty periods says first.
fn nothing_read(report: &Report) -> Option<String> {
    let finding = report.findings.iter().find(|finding| latest::is_of_the_run(finding))?;
    let latest = last_with_values(report)
        .map_or_else(String::new, |period| format!("; the last period for which it has any is {period}"));
    finding.example.as_ref().map(|_| format!("the source has no values for the {}{latest}", periods(&report.periods)))
}

/// The last period with values at the source, where the run found none in its own.
pub fn last_with_values(report: &Report) -> Option<&str> {
    let finding = report.findings.iter().find(|finding| latest::is_of_the_run(finding))?;
    finding.object.as_ref().filter(|object| object.kind == latest::KIND).map(|object| object.name.as_str())
}

fn periods(periods: &[String]) -> String {
    match periods {
        [] => "no periods".to_owned(),
        [only] => format!("period {only}"),
        [first, .., last] => format!("{} {first} to {last}", counted_len(periods.len(), "period")),
    }
}

/// Both equations, number under number.
fn equations(report: &Report) -> String {
    let values = &report.values;
    let would = if report.mode == RunMode::DryRun { "would be " } else { "" };
    let mut left = vec![
        ("source values fetched".to_owned(), values.fetched),
        ("  and added by scripts".to_owned(), values.created_by_script),
        ("  of unmapped org units".to_owned(), values.unmapped),
        ("  dropped".to_owned(), values.dropped),
        ("  invalid".to_owned(), values.invalid),
        ("  contributing to cells".to_owned(), values.contributing),
    ];
    left.retain(|(label, count)| *count > 0 || !label.starts_with("  "));
    let mut right = vec![("destination cells".to_owned(), report.cells.total)];
    for state in CellState::ALL {
        let count = report.cells.of(state);
        if count > 0 {
            right.push((format!("  {}", state_in_words(state, would)), count));
        }
    }
    let mut text = String::new();
    for block in [left, right] {
        let label_width = block.iter().map(|(label, _)| label.len()).max().unwrap_or_default().max(28);
        for (label, count) in block {
            let _ = writeln!(text, "{label:<label_width$} {:>12}", grouped(count));
        }
    }
    text
}

/// A state as a person would say it.
fn state_in_words(state: CellState, would: &str) -> String {
    match state {
        CellState::Created => format!("{would}created"),
        CellState::Updated => format!("{would}updated"),
        CellState::Deleted => format!("{would}deleted"),
        CellState::Accepted => "accepted, not verified".to_owned(),
        CellState::Unchanged => "unchanged".to_owned(),
        CellState::Rejected => format!("{would}rejected by the server"),
        CellState::ZeroSkipped => "zeros not kept there".to_owned(),
        CellState::Differs => "different when read back".to_owned(),
        CellState::Unknown => "outcome unknown".to_owned(),
        CellState::NotSent => "not sent".to_owned(),
        CellState::HeldBack => "held back".to_owned(),
    }
}

fn counts_by_job(report: &Report) -> Listing {
    let mut columns = vec![text("job", "Job"), number("fetched", "Fetched"), number("unmapped", "Unmapped")];
    columns.extend([
        number("created_by_script", "Added by scripts"),
        number("dropped", "Dropped"),
        number("invalid", "Invalid"),
        number("contributing", "Contributing"),
        number("cells", "Cells"),
    ]);
    columns.extend(CellState::ALL.into_iter().map(|state| number(state.name(), title(state))));
    let mut listing = Listing::new(&columns, "no jobs");
    for job in &report.jobs {
        let mut row = vec![
            json!(job.name),
            json!(job.values.fetched),
            json!(job.values.unmapped),
            json!(job.values.created_by_script),
            json!(job.values.dropped),
            json!(job.values.invalid),
            json!(job.values.contributing),
            json!(job.cells.total),
        ];
        row.extend(CellState::ALL.into_iter().map(|state| json!(job.cells.of(state))));
        listing.row(row);
    }
    listing
}

fn title(state: CellState) -> &'static str {
    match state {
        CellState::Created => "Created",
        CellState::Updated => "Updated",
        CellState::Deleted => "Deleted",
        CellState::Accepted => "Accepted",
        CellState::Unchanged => "Unchanged",
        CellState::Rejected => "Rejected",
        CellState::ZeroSkipped => "Zeros",
        CellState::Differs => "Differs",
        CellState::Unknown => "Unknown",
        CellState::NotSent => "Not sent",
        CellState::HeldBack => "Held back",
    }
}

fn written(report: &Report) -> Listing {
    let cells = if report.mode == RunMode::DryRun { "Cells to write" } else { "Cells written" };
    let mut listing =
        Listing::new(&[text("data_set", "Data set"), text("period", "Period"), number("cells", cells)], "nothing");
    for (data_set, periods) in &report.written_by_data_set {
        for (period, cells) in periods {
            listing.row(vec![json!(data_set), json!(period), json!(cells)]);
        }
    }
    listing
}

/// What scripts did: a row for each script and hook, then a few of the values, before → after.
fn scripts(scripts: &[ScriptReport]) -> Listing {
    let columns = [
        text("script", "Script"),
        text("hook", "Hook"),
        number("changed", "Changed"),
        number("dropped", "Left out"),
        number("rejected", "Refused"),
        number("created", "Added"),
        text("examples", "For example"),
    ];
    let mut listing = Listing::new(&columns, "no script changed anything");
    for script in scripts {
        let examples: Vec<String> = script.examples.iter().take(NAMED).map(script_example).collect();
        listing.row(vec![
            json!(script.script),
            json!(script.hook),
            json!(script.changed),
            json!(script.dropped),
            json!(script.rejected),
            json!(script.created),
            json!(examples.join("\n")),
        ]);
    }
    listing
}

fn script_example(example: &ScriptExample) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let line = example.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    match &example.reason {
        Some(reason) => format!("{}: {}, {reason}{line}", example.at, shown(&example.before)),
        None => format!("{}: {} → {}{line}", example.at, shown(&example.before), shown(&example.after)),
    }
}

/// Findings for people: one row for each kind, with the first of the objects that it concerns.
fn findings(findings: &[Finding]) -> Listing {
    let columns = [
        text("severity", ""),
        number("count", "Count"),
        text("finding", "Finding").whole(),
        text("about", "About"),
        text("hint", "What to do"),
    ];
    let mut listing = Listing::new(&columns, "no findings");
    let mut kinds: Vec<(&Finding, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        let said = |finding: &Finding| finding.server.as_ref().and_then(|said| said.code.clone());
        match kinds.iter_mut().find(|(first, _)| first.code == finding.code && said(first) == said(finding)) {
            Some((_, members)) => members.push(finding),
            None => kinds.push((finding, vec![finding])),
        }
    }
    for (first, members) in kinds {
        let severity = match first.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "note",
        };
        let mut what = first.code.clone();
        if let Some(said) = &first.server {
            let code = said.code.as_deref().map(|code| format!("{code}: ")).unwrap_or_default();
            let _ = write!(what, "\n{code}{}", said.text);
        }
        listing.row(vec![
            json!(severity),
            json!(members.iter().map(|finding| finding.count).sum::<u64>()),
            json!(what),
            json!(about(&members)),
            json!(first.hint.clone().unwrap_or_default()),
        ]);
    }
    listing
}

/// Objects that are named in a row of the findings; the others are counted.
const NAMED: usize = 3;

/// The objects of a kind of finding, or an example where it is about none.
fn about(findings: &[&Finding]) -> String {
    let mut names: Vec<String> = findings
        .iter()
        .filter_map(|finding| finding.object.as_ref())
        .map(|object| {
            if object.kind == "organisation unit" {
                object.name.clone()
            } else {
                format!("{} {}", object.kind, object.name)
            }
        })
        .collect();
    let examples = findings.iter().filter_map(|finding| finding.example.as_ref());
    if let [_only] = findings {
        names.extend(examples.map(|example| format!("e.g. {example}")));
        return names.join("\n");
    }
    if names.is_empty() {
        names.extend(examples.cloned());
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    // A period says nothing by itself; why it cannot be used does.
    let periods = findings.iter().all(|finding| finding.object.as_ref().is_some_and(|object| object.kind == "period"));
    if let (true, Some(example)) = (periods, findings.iter().find_map(|finding| finding.example.as_ref())) {
        names.push(format!("e.g. {example}"));
    }
    names.join("\n")
}

/// Bytes in the unit that people read: `1.6 MB`.
fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1000 {
        return counted(number, "byte");
    }
    // Two digits are enough to read; precision is lost only beyond 2^52 bytes.
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut amount = number as f64 / 1000.0;
    let mut unit = 0;
    while amount >= 1000.0 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_read_well() {
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_600_000), "1.6 MB");
    }
}
