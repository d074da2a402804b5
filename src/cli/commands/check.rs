//! `xfer orgunit check` and `xfer job check`: what speaks against a map or a job before a value is sent.
//!
//! Both ask the source for what only values can tell, unless told to stay offline, and end with code 3 where something
//! has errors: some values will not arrive.

use std::collections::BTreeSet;

use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;

use crate::cli::arguments::pair::PairArguments;
use crate::cli::error::CliError;
use crate::cli::render::listing::{Column, Listing, number, text};
use crate::cli::render::org_units::tally_in_words;
use crate::cli::runtime::wait;
use crate::cli::ui::{Format, Ui};
use crate::ops::home::Home;
use crate::ops::jobs::{CheckedItem, OpenJob};
use crate::ops::org_units::PairMap;
use crate::ops::quality::{self, CheckOptions, DEFAULT_WINDOW, MapCheck, ReadProgress};
use xfer_domain::counted::{counted, grouped};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::finding::Category;
use xfer_domain::run::Severity;
use xfer_domain::shell::shell_word;
use xfer_matching::review::Finding;

/// How far a check goes.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The periods whose values are checked: identifiers, ranges or relative periods; several with commas
    #[arg(long, value_delimiter = ',', default_value = DEFAULT_WINDOW)]
    pub periods: Vec<String>,
    /// Do not contact servers: check only the cached metadata
    #[arg(long)]
    pub offline: bool,
    /// Accept all changes since the mapping: later checks compare with the present state
    #[arg(long)]
    pub accept_drift: bool,
}

impl CheckArguments {
    fn options(&self) -> CheckOptions {
        // Which drift there is depends on no value.
        CheckOptions { periods: self.periods.clone(), offline: self.offline || self.accept_drift }
    }
}

/// `xfer orgunit check`
#[derive(Debug, Args)]
pub struct MapCheckArguments {
    /// The servers.
    #[command(flatten)]
    pub pair: PairArguments,
    /// How far it goes.
    #[command(flatten)]
    pub check: CheckArguments,
}

/// `xfer job check`
#[derive(Debug, Args)]
pub struct JobCheckArguments {
    /// The job
    pub name: String,
    /// How far it goes.
    #[command(flatten)]
    pub check: CheckArguments,
}

/// Checks a map, or accepts what changed about it.
pub(super) fn check_map(arguments: &MapCheckArguments, map: &mut PairMap, ui: &Ui) -> Result<ExitCode, CliError> {
    if map.rows.is_empty() {
        let (source, destination) = (shell_word(&arguments.pair.source), shell_word(&arguments.pair.destination));
        return Err(CliError::usage("the map is empty".to_owned())
            .hint(format!("start with `xfer orgunit auto {source} {destination}`")));
    }
    let bar = bar(&arguments.check, "reading the source", ui);
    let progress = |state| show(&bar, state);
    let checked = wait(async { Ok(quality::check_map(map, &arguments.check.options(), &progress).await?) });
    bar.finish_and_clear();
    let mut checked = checked?;
    if arguments.check.accept_drift {
        checked.findings.retain(|finding| finding.code.category == Category::Drift);
        map_listing(&checked, "nothing changed since the rows were confirmed", ui).print(ui);
        let units = quality::accept_map_drift(map)?;
        let units = counted(units as u64, "row");
        ui.say(&format!("accepted: later checks compare {units} of the map with the present state"));
        return Ok(ExitCode::Success);
    }
    map_listing(&checked, "no problems in the map", ui).print(ui);
    say_what_to_do(checked.findings.iter().map(|finding| (finding.code.word, finding.code.remedy)), ui);
    say_coverage(&checked, ui);
    let severities: Vec<Severity> = checked.findings.iter().map(|finding| finding.code.severity).collect();
    let drift = checked.findings.iter().filter(|finding| finding.code.category == Category::Drift).count();
    Ok(say_findings(&severities, drift, ui))
}

fn map_listing(checked: &MapCheck, empty: &'static str, ui: &Ui) -> Listing {
    let columns = [
        text("severity", "").whole().detail(),
        text("org_unit", "Org unit"),
        number("values", "Values"),
        text("code", "Finding").whole(),
        text("message", "What"),
        text("id", "Id").whole().detail(),
        text("hint", "What to do"),
    ];
    let shown = shown(&columns, ui);
    let mut listing = Listing::new(shown, empty);
    for finding in &checked.findings {
        let mut row = vec![
            json!(in_words(finding.code.severity)),
            json!(finding.place),
            json!(finding.values),
            json!(finding.code.word),
            json!(finding.message),
            json!(finding.unit),
            json!(finding.code.remedy),
        ];
        row.truncate(shown.len());
        listing.row(row);
    }
    listing
}

/// People read what to do once for each kind of finding, below the table; programs find it in every row.
pub(super) fn shown<'columns>(columns: &'columns [Column], ui: &Ui) -> &'columns [Column] {
    let hint = usize::from(ui.format == Format::Table);
    &columns[..columns.len() - hint]
}

/// Says what to do about each kind of finding, in the order in which they were told.
pub(super) fn say_what_to_do<'check>(hints: impl Iterator<Item = (&'check str, &'check str)>, ui: &Ui) {
    let mut told = BTreeSet::new();
    for (word, hint) in hints.filter(|_| ui.format == Format::Table) {
        if told.insert((word, hint)) {
            ui.say(&format!("{word}: {hint}"));
        }
    }
}

/// The map in numbers: how much of it is mapped, and how much of what the source has would be lost.
fn say_coverage(checked: &MapCheck, ui: &Ui) {
    let coverage = &checked.coverage;
    ui.say(&tally_in_words(&coverage.units, "org unit"));
    let window = checked.window.words();
    if !checked.asked {
        ui.say("not checked which org units have data (--offline)");
        return;
    }
    let what = if checked.of_jobs { "values that the jobs read" } else { "values" };
    if coverage.values == 0 {
        ui.say(&format!("in {window} the source has no {what} that its user may see"));
        return;
    }
    ui.say(&format!("in {window} there are {what} of {}", tally_in_words(&coverage.with_data, "org unit")));
    let lost: Vec<String> = [
        (coverage.values_unmapped, "of unmapped org units"),
        (coverage.values_proposed, "of org units whose destination is only proposed"),
        (coverage.values_closed, "for destinations that are not open in their period"),
        (coverage.values_not_assigned, "for destinations that are not assigned to their data set"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, why)| format!("{} {why}", grouped(number)))
    .collect();
    let parts = if lost.is_empty() { String::new() } else { format!(": {}", lost.join(", ")) };
    ui.say(&format!(
        "{} of {} would be lost{parts}",
        grouped(coverage.values_lost()),
        counted(coverage.values, "value")
    ));
    if coverage.values_ignored > 0 {
        ui.say(&format!(
            "{} more {} of ignored org units",
            grouped(coverage.values_ignored),
            if coverage.values_ignored == 1 { "is" } else { "are" }
        ));
    }
}

/// Checks a job, or accepts what changed about its items.
pub(super) fn check_job(
    arguments: &JobCheckArguments,
    home: &Home,
    open: &mut OpenJob,
    ui: &Ui,
) -> Result<ExitCode, CliError> {
    if open.job.items.is_empty() {
        return Err(CliError::usage(format!("the job {} has no items", open.job.name))
            .hint(format!("add one: xfer job add-item {} SOURCE DESTINATION", shell_word(&open.job.name))));
    }
    let bar = bar(&arguments.check, "checking values", ui);
    let progress = |state| show(&bar, state);
    let checked = wait(async { Ok(quality::check_job(home, open, &arguments.check.options(), &progress).await?) });
    bar.finish_and_clear();
    let mut checked = checked?;
    if arguments.check.accept_drift {
        checked.findings.retain(|checked| quality::is_drift(checked.finding.code));
        job_listing(&open.job.name, &[], &checked.findings, "nothing changed since the items were made", ui).print(ui);
        let items = quality::accept_job_drift(open)?;
        let items = counted(items as u64, "item");
        ui.say(&format!("accepted: later checks compare {items} with the present state"));
        return Ok(ExitCode::Success);
    }
    job_listing(&open.job.name, &checked.review, &checked.findings, "no problems in the items", ui).print(ui);
    let hints = checked.review.iter().map(|found| (found.code.word, found.hint.as_str()));
    let own = checked.findings.iter().map(|checked| (checked.finding.code, checked.finding.hint.as_str()));
    say_what_to_do(hints.chain(own), ui);
    if checked.looked_at > 0 {
        let (values, were) = (counted(checked.looked_at, "value"), if checked.looked_at == 1 { "was" } else { "were" });
        ui.say(&format!("{values} in {} {were} checked against the destination's rules", checked.window.words()));
    }
    let own = checked.findings.iter().map(|checked| checked.finding.severity);
    let severities: Vec<Severity> = checked.review.iter().map(|found| found.code.severity).chain(own).collect();
    let drift = checked.findings.iter().filter(|checked| quality::is_drift(checked.finding.code)).count();
    Ok(say_findings(&severities, drift, ui))
}

fn job_listing(job: &str, review: &[Finding], findings: &[CheckedItem], empty: &'static str, ui: &Ui) -> Listing {
    let columns = [
        text("severity", "").whole().detail(),
        number("item", "Item"),
        text("code", "Finding").whole(),
        text("message", "What"),
        text("items", "Items"),
        text("org_units", "Org units"),
        text("hint", "What to do"),
    ];
    // Item numbers, org units and what to do are for programs: people read them in the sentence and below the table.
    let for_programs = if ui.format == Format::Table { 3 } else { 0 };
    let shown = &columns[..columns.len() - for_programs];
    let mut listing = Listing::new(shown, empty);
    for found in review {
        // The numbers are those of the finding's job.
        let own = found.job.as_deref() == Some(job);
        let items: &[usize] = if own { &found.items } else { &[] };
        let mut row = vec![
            json!(in_words(found.code.severity)),
            json!(items.first()),
            json!(found.code.word),
            json!(found.message),
            json!(in_a_cell(items)),
            json!(in_a_cell(&found.units)),
            json!(found.hint),
        ];
        row.truncate(shown.len());
        listing.row(row);
    }
    for CheckedItem { number, finding } in findings {
        let mut row = vec![
            json!(in_words(finding.severity)),
            json!(number),
            json!(finding.code),
            json!(finding.message),
            json!(number.to_string()),
            json!(null),
            json!(finding.hint),
        ];
        row.truncate(shown.len());
        listing.row(row);
    }
    listing
}

/// Several things in one cell of a table, for programs; nothing where there are none.
fn in_a_cell<T: ToString>(list: &[T]) -> Option<String> {
    (!list.is_empty()).then(|| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

pub(super) fn in_words(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// Says how much there is to do; an error is the exit code for values that do not arrive.
pub(super) fn say_counts(severities: &[Severity], ui: &Ui) -> ExitCode {
    let of = |severity| severities.iter().filter(|own| **own == severity).count() as u64;
    if !severities.is_empty() {
        let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")];
        let counts: Vec<String> = kinds.into_iter().map(|(severity, noun)| counted(of(severity), noun)).collect();
        ui.say(&counts.join(", "));
    }
    if of(Severity::Error) == 0 { ExitCode::Success } else { ExitCode::Incomplete }
}

/// The same, with a word about what changed since it was mapped.
fn say_findings(severities: &[Severity], drift: usize, ui: &Ui) -> ExitCode {
    let code = say_counts(severities, ui);
    if drift > 0 {
        let tell = if drift == 1 { "tells" } else { "tell" };
        ui.say(&format!(
            "{} of these {tell} what changed since the mapping; check them, then accept them with --accept-drift",
            grouped(drift as u64)
        ));
    }
    code
}

/// A bar where a server is asked; what is answered from here needs none.
fn bar(check: &CheckArguments, what: &str, ui: &Ui) -> ProgressBar {
    if check.options().offline { ProgressBar::hidden() } else { ui.progress(what) }
}

fn show(bar: &ProgressBar, state: ReadProgress) {
    bar.set_length(state.of as u64);
    bar.set_position(state.done as u64);
    bar.set_message(counted(state.values, "value"));
}
