//! Lets a history happen to two servers and a real state database, and holds every step against the oracle.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::oracle::{Oracle, Recovered};
use super::steps::{History, Place, Run, Step, UNITS};
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::item::Combine;
use xfer_domain::job::Job;
use xfer_domain::journal::{
    CellRecord, ChunkStart, Found, Journal, JournalError, LedgerEntry, OpenCell, RunStart, SentCell, Survey, Turned,
};
use xfer_domain::period::Period;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{Report, RunMode};
use xfer_domain::uid::Uid;
// The product's layers stay apart; here the journal is the real one, so that its SQL is under test, too.
use crate::engine::world::{Fault, Happened, World};
use crate::engine::{RunResult, TransferError};
use crate::fixture::{cell, document, job, mapping, plain_address, plain_item, unit};
use crate::plan::{Whole, small};
#[cfg(test)]
use xfer_storage::store::{CellFilter, StateStore, StoreError};

/// What happened in the histories, so that a dull generator is noticed.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen(pub(super) BTreeMap<&'static str, u64>);

impl Seen {
    fn note(&mut self, what: &'static str, number: u64) {
        if number > 0 {
            *self.0.entry(what).or_default() += number;
        }
    }
}

/// A journal that ends with its process, or with the disk: after so many writes, none succeeds any more.
struct Mortal<'store> {
    store: &'store mut StateStore,
    left: Option<(usize, bool)>,
}

impl Mortal<'_> {
    fn write<T>(&mut self, act: impl FnOnce(&mut StateStore) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let dead = || JournalError { reason: "the process is dead".to_owned(), code: ExitCode::LocalIo, source: None };
        match &mut self.left {
            None => act(self.store),
            Some((0, true)) => {
                self.left = Some((0, false));
                act(self.store)?;
                Err(dead())
            }
            Some((0, false)) => Err(dead()),
            Some((left, _)) => {
                *left -= 1;
                act(self.store)
            }
        }
    }
}

impl Journal for Mortal<'_> {
    fn turn_to(&mut self, system_id: &str, user: &str, writes: bool) -> Result<Turned, JournalError> {
        self.write(|store| store.turn_to(system_id, user, writes))
    }

    fn begin_run(&mut self, start: &RunStart) -> Result<(), JournalError> {
        self.write(|store| store.begin_run(start))
    }

    fn chunk_sending(&mut self, run: Uuid, chunk: &ChunkStart, cells: &[SentCell]) -> Result<(), JournalError> {
        self.write(|store| store.chunk_sending(run, chunk, cells))
    }

    fn chunk_done(&mut self, run: Uuid, number: u64, answer: &str) -> Result<(), JournalError> {
        self.write(|store| store.chunk_done(run, number, answer))
    }

    fn record_cells(&mut self, run: Uuid, cells: &[CellRecord]) -> Result<(), JournalError> {
        self.write(|store| store.record_cells(run, cells))
    }

    fn open_cells(&mut self) -> Result<Vec<OpenCell>, JournalError> {
        self.store.open_cells()
    }

    fn reconcile(&mut self, found: &[Found]) -> Result<(), JournalError> {
        self.write(|store| store.reconcile(found))
    }

    fn ledger(
        &mut self,
        addresses: &[CellAddress],
        org_units: &[Uid],
        periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError> {
        self.store.ledger(addresses, org_units, periods)
    }

    fn each_written(&mut self, visit: &mut dyn FnMut(CellKey, Option<Period>)) -> Result<(), JournalError> {
        self.store.each_written(visit)
    }

    fn survey(&mut self) -> Result<Survey, JournalError> {
        self.store.survey()
    }

    fn forget(&mut self, cells: &[CellKey]) -> Result<(), JournalError> {
        self.write(|store| store.forget(cells))
    }

    fn set_aside(&mut self, run: Uuid, number: u64, part: &[u8]) -> Result<(), JournalError> {
        self.write(|store| store.set_aside(run, number, part))
    }

    fn take_back(&mut self, run: Uuid, number: u64) -> Result<Option<Vec<u8>>, JournalError> {
        self.write(|store| store.take_back(run, number))
    }

    fn finish_run(&mut self, report: &Report) -> Result<(), JournalError> {
        self.write(|store| store.finish_run(report))
    }
}

fn key((element, clinic, month): Place) -> CellKey {
    cell(element, clinic, &format!("20240{month}"))
}

/// Two servers, the state database, the routine as it stands now, and the oracle.
struct Stage {
    world: World,
    store: StateStore,
    oracle: Oracle,
    cells: BTreeSet<CellKey>,
    map: BTreeMap<u8, u8>,
    second_job: bool,
    /// What the routine wrote last into each cell.
    last: BTreeMap<CellKey, String>,
    /// What stood in a cell before a run wrote there.
    before: BTreeMap<(Uuid, CellKey), Option<String>>,
}

/// Lets a history happen. The error says what differs, in words.
pub(super) fn hold(history: &History, seen: &mut Seen) -> Result<(), String> {
    small::UNITS.set(history.slice);
    let mut stage = Stage::new(history);
    for (number, step) in history.steps.iter().enumerate() {
        stage.step(history, step, seen).map_err(|error| format!("step {}, {step:?}: {error}", number + 1))?;
    }
    stage.heal(history, seen).map_err(|error| format!("the quiet run at the end: {error}"))
}

impl Stage {
    fn new(history: &History) -> Self {
        let world = World::new(history.version);
        let cells: BTreeSet<CellKey> = [1, 3]
            .into_iter()
            .flat_map(|element| {
                UNITS.into_iter().flat_map(move |clinic| [1, 2].map(|month| key((element, clinic, month))))
            })
            .collect();
        world.destination.state.lock().unwrap().watched.clone_from(&cells);
        Self {
            world,
            store: StateStore::in_memory().unwrap(),
            oracle: Oracle::default(),
            cells,
            map: UNITS.into_iter().map(|clinic| (clinic, clinic)).collect(),
            second_job: true,
            last: BTreeMap::new(),
            before: BTreeMap::new(),
        }
    }

    fn step(&mut self, history: &History, step: &Step, seen: &mut Seen) -> Result<(), String> {
        let by_hand = |stage: &Self, cell: CellKey, text: Option<String>| match text {
            Some(text) => stage.world.destination.put(cell, &text),
            None => {
                stage.world.destination.state.lock().unwrap().values.remove(&cell);
            }
        };
        match step {
            Step::Run(run) => return self.run(history, run, seen).map(|_| ()),
            Step::Source(place, Some(value)) => self.world.source.put(key(*place), &value.to_string()),
            Step::Source(place, None) => {
                self.world.source.state.lock().unwrap().values.remove(&key(*place));
            }
            Step::ByHand(place, value) => by_hand(self, key(*place), value.map(|value| value.to_string())),
            Step::Reentered(place) => {
                if let Some(text) = self.last.get(&key(*place)).cloned() {
                    by_hand(self, key(*place), Some(text));
                }
            }
            Step::Remap(from, Some(to)) => drop(self.map.insert(*from, *to)),
            Step::Remap(from, None) => drop(self.map.remove(from)),
            Step::SecondJob(there) => self.second_job = *there,
            Step::Blind(blind) => self.world.destination.state.lock().unwrap().may_not_read = *blind,
            Step::Closed(clinic, closed) => {
                let units = &mut self.world.destination.state.lock().unwrap().closed;
                if *closed {
                    units.insert(unit(*clinic))
                } else {
                    units.remove(&unit(*clinic))
                };
            }
        }
        Ok(())
    }

    fn document(&self, history: &History) -> RoutineDocument {
        let summed = |name, element| Job { combine: Combine::Sum, ..job(name, vec![plain_item(element)]) };
        let mut jobs = vec![summed("first", 1)];
        if self.second_job {
            jobs.push(summed("second", 3));
        }
        let mut document = document(jobs, &["202401", "202402"]);
        document.org_unit_map = self.map.iter().map(|(from, to)| mapping(unit(*from), unit(*to))).collect();
        let policies = &mut document.routine.policies;
        policies.when_empty = history.when_empty;
        policies.verify = history.verify;
        policies.only_changed = history.only_changed;
        policies.tolerate_unmapped = true;
        policies.parallel = 1;
        document
    }

    fn ledger(&self) -> BTreeMap<CellKey, String> {
        self.store.whole_ledger().unwrap().into_iter().map(|entry| (entry.cell, entry.value)).collect()
    }

    /// One run, held against the oracle. Its report, if it came to its end.
    fn run(&mut self, history: &History, run: &Run, seen: &mut Seen) -> Result<Option<Report>, String> {
        let whole_document = self.document(history);
        let mut part = whole_document.clone();
        if run.one_job {
            part.jobs.truncate(1);
        }
        if run.one_month {
            part.routine.window.truncate(1);
        }
        let whole = Whole { document: &whole_document, all_jobs: !run.one_job, own_periods: !run.one_month };
        let (ledger, open) = (self.ledger(), self.store.open_cells().unwrap());
        self.world.destination.calm();
        let kill = {
            let mut state = self.world.destination.state.lock().unwrap();
            state.happened.clear();
            state.post_faults = run.posts.iter().copied().collect();
            state.read_faults = run.reads.iter().copied().collect();
            state.kill.clone()
        };
        let mut journal = Mortal { store: &mut self.store, left: run.writes };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let result = runtime.block_on(async {
            let running = self.world.start_with(&mut journal, &part, whole, run.mode);
            tokio::select! {
                biased;
                result = running => Some(result),
                () = kill.cancelled() => None,
            }
        });
        let report = match result {
            None => None,
            Some(Ok(RunResult { report, .. }))
                if report.findings.iter().any(|found| found.code == "journal-cut-off") =>
            {
                if (report.values.unexplained(), report.cells.unexplained()) != (0, 0) {
                    return Err(format!("the sums do not close: {:?} {:?}", report.values, report.cells));
                }
                // What the journal holds is less than what it says.
                None
            }
            Some(Ok(result)) => Some(result.report),
            Some(Err(TransferError::Journal(_))) if run.writes.is_some() => None,
            Some(Err(error)) => return Err(format!("the run failed: {error}")),
        };
        let (happened, blind, reads_failed) = {
            let state = self.world.destination.state.lock().unwrap();
            let failed = run.reads.len() > state.read_faults.len() && run.reads.iter().any(Option::is_some);
            (state.happened.clone(), state.may_not_read, failed)
        };
        let id = Uuid::from_u128(self.world.runs);
        for event in &happened {
            if let Happened::Wrote { cell, before, after } = event {
                self.last.extend(after.clone().map(|after| (*cell, after)));
                if !blind {
                    self.before.entry((id, *cell)).or_insert_with(|| before.clone());
                }
            }
        }
        let came_to_its_end = report.is_some() && !reads_failed;
        let sent: BTreeSet<CellKey> = open.iter().map(|open| open.sent.cell).collect();
        let led = |document: &RoutineDocument, cell: &CellKey| {
            let item = document.jobs.iter().flat_map(|job| &job.items).any(|item| item.destination == cell.address());
            item && document.org_unit_map.iter().any(|row| row.destination == Some(cell.org_unit))
        };
        let in_window = |cell: &CellKey| part.routine.window.contains(&cell.period.to_string());
        let looks_at = |cell: &CellKey| {
            came_to_its_end
                && (led(&part, cell) && in_window(cell)
                    || sent.contains(cell)
                    || ledger.contains_key(cell) && !led(&whole_document, cell))
        };
        let recovered = self.oracle.follow(&happened, blind, looks_at)?;
        let mut still: BTreeMap<CellKey, BTreeSet<Option<String>>> = BTreeMap::new();
        for open in self.store.open_cells().unwrap() {
            still.entry(open.sent.cell).or_default().insert(open.sent.value);
        }
        let after = self.ledger();
        self.oracle.hold(&self.cells, &after, &still)?;
        if let Some(report) = &report {
            self.told(report, recovered)?;
            self.previous_values(&open, &still, &after)?;
            seen.note("recovered", report.recovered);
            seen.note("deleted", report.cells.deleted);
            seen.note("updated", report.cells.updated);
            seen.note("unknown", report.cells.unknown);
            seen.note("accepted", report.cells.accepted);
            let lost_answer = |fault: &Option<Fault>| fault.is_some();
            if history.verify && came_to_its_end && !blind && !run.posts.iter().any(lost_answer) && !still.is_empty() {
                return Err(format!("{still:?} are open although everything was read"));
            }
        } else {
            seen.note("died", 1);
        }
        let let_go = ledger.keys().filter(|cell| !after.contains_key(cell)).count();
        seen.note("let go", let_go as u64);
        Ok(report)
    }

    /// What the report says of earlier runs, and whether its sums close.
    fn told(&self, report: &Report, recovered: Recovered) -> Result<(), String> {
        if (report.values.unexplained(), report.cells.unexplained()) != (0, 0) {
            return Err(format!("the sums do not close: {:?} {:?}", report.values, report.cells));
        }
        let counted = self.store.cell_counts(report.run).unwrap();
        if counted != report.cells {
            return Err(format!("the journal counts {counted:?}, the report {:?}", report.cells));
        }
        if (recovered.sure..=recovered.possible).contains(&report.recovered) {
            return Ok(());
        }
        Err(format!("it says that {} cells were recovered, and it should be {recovered:?}", report.recovered))
    }

    /// What was recovered stands in the records of the run that wrote it, with what stood there before.
    fn previous_values(
        &self,
        open: &[OpenCell],
        still: &BTreeMap<CellKey, BTreeSet<Option<String>>>,
        ledger: &BTreeMap<CellKey, String>,
    ) -> Result<(), String> {
        for open in open.iter().filter(|open| !still.contains_key(&open.sent.cell)) {
            let Some(before) = self.before.get(&(open.run, open.sent.cell)) else { continue };
            let is_ours = open.sent.value.is_some() && ledger.get(&open.sent.cell) == open.sent.value.as_ref();
            let mut record = None;
            let read: Result<(), StoreError> = self.store.cells(open.run, &CellFilter::default(), |cell| {
                record = record.take().or((cell.cell == open.sent.cell).then_some(cell));
                Ok(())
            });
            read.unwrap();
            if let Some(record) = record.filter(|_| is_ours)
                && record.previous != *before
            {
                return Err(format!("{record:?} should say that {before:?} stood there"));
            }
        }
        Ok(())
    }

    /// In the end all rights are back and everything is read: the destination has what the source says, and nothing is
    /// open.
    fn heal(&mut self, history: &History, seen: &mut Seen) -> Result<(), String> {
        {
            let mut state = self.world.destination.state.lock().unwrap();
            state.may_not_read = false;
            state.closed.clear();
        }
        let history = History { verify: true, ..history.clone() };
        self.run(&history, &Run { mode: RunMode::Run, ..Run::quiet() }, seen)?.ok_or("it has no report")?;
        let document = self.document(&history);
        let source = self.world.source.texts();
        for job in &document.jobs {
            let address = plain_address(if job.name == "first" { 1 } else { 3 });
            let mut sums: BTreeMap<CellKey, u64> = BTreeMap::new();
            for (cell, text) in source.iter().filter(|(cell, _)| cell.address() == address) {
                let rows = document.org_unit_map.iter().filter(|row| row.source == cell.org_unit);
                for to in rows.filter_map(|row| row.destination) {
                    *sums.entry(CellKey::new(address, to, cell.period)).or_default() += text.parse::<u64>().unwrap();
                }
            }
            for (cell, sum) in sums.into_iter().filter(|(_, sum)| *sum > 0) {
                let there = self.world.destination.text_of(&cell);
                if there != Some(sum.to_string()) {
                    return Err(format!("{cell:?} holds {there:?} and should hold {sum}"));
                }
            }
        }
        Ok(())
    }
}
