//! Runs a small world and holds each run against the oracle: every cell of the destination, every record of the
//! journal, the sums.

use std::collections::{BTreeMap, BTreeSet};

use super::build;
use super::case::{Act, Case, Cell, Target, Values};
use super::oracle::{Expected, Fate, NO_EVIDENCE, Verdict, expect, is_there, still_ours};
use xfer_domain::cell::CellState;
use xfer_domain::journal::CellRecord;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{CellCounts, Report, RunMode};
// The product's layers stay apart; here both are looked at, as a run puts the one before the other.
use crate::engine::world::{Server, World};
use crate::plan::small;
#[cfg(test)]
use xfer_matching::review::{Finding, Party, Review, review};

/// What happened in the worlds that were run, so that a dull generator is noticed.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen(pub(super) BTreeMap<String, u64>);

impl Seen {
    fn note(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }
}

/// Runs a world to its end. The error says what differs, in words.
pub(super) fn hold(case: &Case, seen: &mut Seen) -> Result<(), String> {
    let mut case = case.clone();
    small::UNITS.set(case.slice);
    let mut world = build::world(&case);
    let mut ledger = Values::new();
    let rounds = std::mem::take(&mut case.rounds);
    let runs = std::iter::once(Vec::new()).chain(rounds);
    for (number, acts) in runs.enumerate() {
        for act in &acts {
            happen(act, &mut case, &mut world);
        }
        if case.one_system {
            case.source = build::destination(&world);
        } else if !acts.is_empty() {
            build::update_source(&mut world, &case);
        }
        let sure = one_run(&case, &mut world, &mut ledger, seen);
        if !sure.map_err(|error| format!("run {}: {error}", number + 1))? {
            break;
        }
    }
    Ok(())
}

/// Something happens between two runs.
fn happen(act: &Act, case: &mut Case, world: &mut World) {
    let nth = |values: &Values, number: usize| values.keys().nth(number % values.len().max(1)).cloned();
    match act {
        // What is the source's is the destination's, too.
        Act::Source(cell, text) if case.one_system => world.destination.put(cell.key(), text),
        Act::UnitEmptied(unit) if case.one_system => {
            let state = &mut world.destination.state.lock().unwrap();
            state.values.retain(|key, _| Cell::of(key).unit != *unit);
        }
        Act::SourceEmptied(_) | Act::OptionTaken(_) | Act::ViewTaken(_) if case.one_system => {}
        Act::Source(cell, text) => {
            case.source.insert(cell.clone(), text.clone());
        }
        Act::SourceEmptied(number) => {
            if let Some(cell) = nth(&case.source, *number) {
                case.source.remove(&cell);
            }
        }
        Act::UnitEmptied(unit) => case.source.retain(|cell, _| cell.unit != *unit),
        Act::ByHand(cell, text) => world.destination.put(cell.key(), text),
        Act::ByHandChanged(number, text) => {
            if let Some(cell) = nth(&build::destination(world), *number) {
                world.destination.put(cell.key(), text);
            }
        }
        Act::ByHandDeleted(number) => {
            if let Some(cell) = nth(&build::destination(world), *number) {
                world.destination.state.lock().unwrap().values.remove(&cell.key());
            }
        }
        Act::Remap(row) => {
            case.map.retain(|other| other.source != row.source);
            case.map.push(*row);
        }
        Act::Drop(job, target) => {
            let number = job % case.jobs.len();
            let targets: &mut Vec<Target> = &mut case.jobs[number].targets;
            if targets.len() > 1 {
                targets.remove(target % targets.len());
            }
        }
        Act::OptionTaken(option) => case.rights.reads_option[*option] = false,
        Act::ViewTaken(unit) => case.rights.view = Some(*unit),
    }
}

/// One run and its rehearsal; whether the next one can be told beforehand.
fn one_run(case: &Case, world: &mut World, ledger: &mut Values, seen: &mut Seen) -> Result<bool, String> {
    let (before, remarked) = (build::destination(world), build::remarked(world));
    let verdict = expect(case, &before, ledger);
    world.journal.records.clear();
    let document = build::document(case);
    let refused = reviewed(world, &document);
    let rehearsal = if case.rehearsed && refused.is_none() { rehearse(world, &document) } else { None };
    if before != build::destination(world) {
        return Err("the dry run changed something".to_owned());
    }
    let result = match refused {
        Some(refusal) => Err(refusal),
        None => world.try_run(&document, RunMode::Run).map_err(|error| error.to_string()),
    };
    let after = build::destination(world);
    let (expected, report) = match (verdict, result) {
        (Verdict::Refused(reason) | Verdict::Either(reason, _), Err(_)) => {
            seen.note(&format!("refused: {reason}"));
            return if before == after { Ok(true) } else { Err("refused, and yet the destination changed".to_owned()) };
        }
        (Verdict::Unsure, _) => {
            seen.note("items read what others write");
            return Ok(false);
        }
        (Verdict::Refused(reason), Ok(_)) => return Err(format!("it ran, and should have been refused: {reason}")),
        (Verdict::Runs(_), Err(error)) => return Err(format!("it should have run, and was refused: {error}")),
        (Verdict::Runs(expected) | Verdict::Either(_, expected), Ok(result)) => (expected, result.report),
    };
    laws(world, &report)?;
    let records: BTreeMap<Cell, &CellRecord> =
        world.journal.records.iter().map(|record| (Cell::of(&record.cell), record)).collect();
    if let Some(rehearsal) = rehearsal.filter(|rehearsal| *rehearsal != states(world)) {
        return Err(format!("the dry run said {rehearsal:?}, the run says {:?}", states(world)));
    }
    let mut all: BTreeSet<&Cell> = before.keys().chain(after.keys()).chain(records.keys()).collect();
    all.extend(expected.fates.keys());
    let mut wrong = Vec::new();
    for cell in all {
        let (was, is) = (before.get(cell), after.get(cell));
        let record = records.get(cell).copied();
        let fate = expected.fates.get(cell);
        match judged(fate, was, is, record) {
            Ok(what) => {
                seen.note(what);
                if let Some(code) =
                    record.filter(|record| record.state == CellState::HeldBack).and_then(|it| it.code.as_ref())
                {
                    seen.note(&format!("{what}: {code}"));
                }
            }
            Err(error) => wrong.push(format!("{cell}: {error}")),
        }
    }
    let lost = remarked.difference(&build::remarked(world)).cloned().collect::<Vec<_>>();
    wrong
        .extend(lost.into_iter().filter(|cell| after.contains_key(cell)).map(|cell| format!("{cell} lost its remark")));
    wrong.extend(limited(case, &expected, &records).err());
    // On one system a job may see, at org units without a row, what another has just written.
    if !case.one_system {
        let raw = |job: &&xfer_domain::run::JobReport| {
            !job.name
                .strip_prefix("job ")
                .and_then(|number| number.parse().ok())
                .is_some_and(|number: usize| case.jobs[number].analytics)
        };
        let found: (u64, u64) = report
            .jobs
            .iter()
            .filter(raw)
            .fold((0, 0), |sums, job| (sums.0 + job.values.fetched, sums.1 + job.values.unmapped));
        if found != (expected.fetched, expected.unmapped) {
            let expected = (expected.fetched, expected.unmapped);
            wrong.push(format!("values fetched and unmapped are {found:?} and should be {expected:?}"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n  "));
    }
    ledger.retain(|cell, wrote| still_ours(case, cell, wrote, &before));
    for (cell, record) in records {
        match (record.state, &record.value) {
            // Where only a comment is new, nothing becomes the routine's.
            (CellState::Created | CellState::Updated | CellState::Accepted, Some(value))
                if !is_there(case.keeps(cell.address.element).kind, value, before.get(&cell)) =>
            {
                ledger.insert(cell, value.clone());
            }
            (CellState::Deleted, _) => {
                ledger.remove(&cell);
            }
            _ => {}
        }
    }
    Ok(true)
}

/// What a run says about its cells.
type States = BTreeMap<Cell, (CellState, Option<String>)>;

fn states(world: &World) -> States {
    let of = |record: &CellRecord| (Cell::of(&record.cell), (record.state, record.value.clone()));
    world.journal.records.iter().map(of).collect()
}

/// What a dry run says; none where the run is refused.
fn rehearse(world: &mut World, document: &RoutineDocument) -> Option<States> {
    world.try_run(document, RunMode::DryRun).ok()?;
    let said = states(world);
    world.journal.records.clear();
    Some(said)
}

/// What the mapping review refuses, as a run does before it sends anything.
fn reviewed(world: &World, document: &RoutineDocument) -> Option<String> {
    let findings = review(&Review {
        source: party(if world.one_system { &world.destination } else { &world.source }),
        destination: party(&world.destination),
        one_system: world.one_system,
        jobs: &document.jobs,
        rows: &document.org_unit_map,
        window: &document.routine.window,
        scripts: &[],
        today: jiff::civil::date(2024, 11, 15),
        ledger: &[],
        others: &[],
        systems: ["source", "destination"],
        journeys: &[],
    });
    findings.into_iter().find(Finding::refuses).map(|finding| format!("{}: {}", finding.code.word, finding.message))
}

fn party(server: &Server) -> Party<'_> {
    Party { name: "fake", metadata: &server.metadata, account: Some(&server.account), calendar: "iso8601" }
}

/// Whether a cell ended as it should: what it holds, and what the run says about it.
fn judged(
    fate: Option<&Fate>,
    was: Option<&String>,
    is: Option<&String>,
    record: Option<&CellRecord>,
) -> Result<&'static str, String> {
    let state = record.map(|record| record.state);
    let code = record.and_then(|record| record.code.as_deref()).unwrap_or_default();
    let said = match (state, code) {
        (None, _) => "nothing".to_owned(),
        (Some(state), "") => state.name().to_owned(),
        (Some(state), code) => format!("{} ({code})", state.name()),
    };
    let wrong = |should: String| {
        let hold = |text: Option<&String>| text.map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
        Err(format!("{should}, but it held {}, holds {} and the run says {said}", hold(was), hold(is)))
    };
    let left_alone = was == is;
    match fate {
        Some(Fate::IfSpoken(_)) if left_alone && state == Some(CellState::HeldBack) && code == NO_EVIDENCE => {
            Ok("held_back")
        }
        Some(Fate::IfSpoken(fate)) => judged(Some(fate), was, is, record),
        None if left_alone && state.is_none() => Ok("nothing to do with it"),
        None => wrong("is no cell of the run".to_owned()),
        Some(Fate::Kept) if left_alone && state.is_none() => Ok("kept"),
        Some(Fate::Kept) => wrong("should be left alone".to_owned()),
        Some(Fate::Holds(text)) => {
            let right_state = match was {
                None => CellState::Created,
                Some(was) if was == text => CellState::Unchanged,
                Some(_) => CellState::Updated,
            };
            let unchanged_zero = right_state == CellState::Unchanged && state == Some(CellState::ZeroSkipped);
            if is == Some(text) && (state == Some(right_state) || unchanged_zero) {
                Ok(right_state.name())
            } else {
                wrong(format!("should hold `{text}` ({})", right_state.name()))
            }
        }
        Some(Fate::ZeroSkipped) if left_alone && state == Some(CellState::ZeroSkipped) => Ok("zero_skipped"),
        Some(Fate::ZeroSkipped) => wrong("should be left alone (zero_skipped)".to_owned()),
        Some(Fate::Held(reasons)) if left_alone && state == Some(CellState::HeldBack) && reasons.contains(code) => {
            Ok("held_back")
        }
        Some(Fate::Held(reasons)) => wrong(format!("should be held back for {reasons:?}")),
        Some(Fate::MayBeHeld(reasons)) => match state {
            None if left_alone => Ok("kept, not readable"),
            Some(CellState::HeldBack) if left_alone && reasons.contains(code) => Ok("held_back, not readable"),
            _ => wrong(format!("should be left alone or held back for {reasons:?}")),
        },
        Some(Fate::Deleted { zero }) => match state {
            Some(CellState::Deleted) if is.is_none() => Ok("deleted"),
            Some(CellState::HeldBack) if left_alone && code == "max-delete-exceeded" => Ok("deletion held_back"),
            Some(CellState::ZeroSkipped) if left_alone && *zero => Ok("deletion zero_skipped"),
            _ => wrong("should be deleted, or held back by the limit".to_owned()),
        },
    }
}

/// As many deletions as are due and allowed, no more and no fewer.
fn limited(case: &Case, expected: &Expected, records: &BTreeMap<Cell, &CellRecord>) -> Result<(), String> {
    let held = |cell: &Cell| records.get(cell).is_some_and(|record| record.code.as_deref() == Some(NO_EVIDENCE));
    let is_due = |(cell, fate): &(&Cell, &Fate)| match fate {
        Fate::Deleted { .. } => true,
        Fate::IfSpoken(fate) => matches!(**fate, Fate::Deleted { .. }) && !held(cell),
        _ => false,
    };
    let due = expected.fates.iter().filter(is_due).count();
    let deleted = records.values().filter(|record| record.state == CellState::Deleted).count();
    let allowed = case.max_delete.map_or(due, |most| due.min(most as usize));
    if deleted == allowed {
        return Ok(());
    }
    Err(format!("{deleted} cells were deleted, {allowed} should have been: {due} were due"))
}

/// The laws of design 3.1.
fn laws(world: &World, report: &Report) -> Result<(), String> {
    if (report.values.unexplained(), report.cells.unexplained()) != (0, 0) {
        return Err(format!("the sums do not close: {:?} {:?}", report.values, report.cells));
    }
    let mut counted = CellCounts { total: world.journal.records.len() as u64, ..CellCounts::default() };
    world.journal.records.iter().for_each(|record| counted.record(record.state, 1));
    if counted != report.cells {
        return Err(format!("the journal counts {counted:?}, the report {:?}", report.cells));
    }
    let cells: BTreeSet<_> = world.journal.records.iter().map(|record| record.cell).collect();
    if cells.len() != world.journal.records.len() {
        return Err("a cell has two states".to_owned());
    }
    let cells = &report.cells;
    let open = cells.rejected + cells.held_back + cells.differs + cells.unknown + cells.not_sent;
    if report.exit_code == 0 && open + report.values.unmapped + report.values.invalid > 0 {
        return Err(format!("exit code 0 with {cells:?} {:?}", report.values));
    }
    if cells.rejected + cells.differs + cells.unknown + cells.not_sent > 0 {
        return Err(format!("nothing goes wrong on the way here, and yet: {cells:?}"));
    }
    Ok(())
}
