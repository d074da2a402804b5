//! One slice from the source to the point where something is sent: fetch, map, combine, shape, read, compare,
//! preflight, guards.
//!
//! Both sides of a slice are read at the same time (`sides`). Slices are prepared one after another, the next one while the
//! current one is being sent; all of a job before any of it
//! is sent where the guard `max_change` has to see it as a whole (`aside`). What would vanish from the
//! destination because the source has nothing waits until the whole job is read (`waiting`). Nothing here changes a
//! server. A script's hooks act inside the pure stages that are called here. What a run that was cut off has sent already
//! turns out `unchanged` in the comparison; whose it is was said before (`recover`). The read for the comparison is also
//! where the routine lets go of cells that somebody else changed (`ownership`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::combine::{WantedCell, combine};
use crate::diff::{self, Cell, Diff, DiffRules, Step, StoredValues, Vanishing};
use crate::engine::aside::Aside;
use crate::engine::context::{Context, slice_name};
use crate::engine::error::SliceError;
use crate::engine::servers::DataServer;
use crate::engine::sides::{Sides, read_once, read_sides};
use crate::engine::waiting::Waiting;
use crate::engine::{fetch, recover};
use crate::events::{Event, SliceName};
use crate::finding::{self, Reason};
use crate::hooks::Acts;
use crate::map::{Mapped, Mapping};
use crate::ownership;
use crate::plan::{PlannedJob, Slice};
use crate::preflight::Verdict;
use crate::tally::{Findings, Note};
use xfer_domain::cell::CellKey;
use xfer_domain::hashed::Hashed;
use xfer_domain::job::Comments;
use xfer_domain::run::ValueCounts;
use xfer_domain::source_value::Remark;
use xfer_domain::uid::Uid;

/// A slice that is ready to be sent, as far as that is possible.
#[derive(Debug)]
pub(super) struct Prepared<'run> {
    /// The job, and its place in the routine.
    pub(super) job: &'run PlannedJob,
    pub(super) job_number: usize,
    pub(super) name: SliceName,
    /// What became of the source values.
    pub(super) values: ValueCounts,
    /// The cells with their steps.
    pub(super) cells: Vec<Cell>,
    /// What the routine wrote of them and is still its own, by what was read.
    pub(super) ledger: Ledger,
    /// Org units of the destination that cannot be read.
    pub(super) unreadable: BTreeSet<Uid>,
    pub(super) findings: Findings,
    /// What scripts did.
    pub(super) acts: Acts,
    /// Cells that the routine wrote and that are not there any more, as far as that was looked at.
    pub(super) gone: u64,
    /// Why the slice cannot be sent: the source (then there are no cells) or the destination could not be read.
    pub(super) failed: Option<Failed>,
}

/// What the routine wrote into some org units and is still its own.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What it wrote, by cell.
    pub(super) cells: Hashed<CellKey, String>,
    /// Cells whose value comes from another source period now than the ledger says.
    pub(super) moved: BTreeSet<CellKey>,
}

/// Which server a slice failed at.
#[derive(Debug)]
pub(super) enum Failed {
    Source(SliceError),
    Destination(SliceError),
}

/// Slices in a row that may fail at the source before it is taken to be down.
const FAILURES_IN_A_ROW: usize = 3;

impl Failed {
    /// Whether the run ends with this slice, which is the last of so many in a row that failed. The client has tried for
    /// a while already. A destination that is down is down for every slice; a source may fail at one district only, which
    /// must not cost the others.
    pub(super) fn ends_the_run(&self, in_a_row: usize) -> bool {
        let (Self::Source(error) | Self::Destination(error)) = self;
        error.login_refused || matches!(self, Self::Destination(_)) && error.temporary || in_a_row >= FAILURES_IN_A_ROW
    }
}

/// Prepares the slices of all jobs, in order.
pub(super) struct Preparer<'context, 'run, S, D> {
    context: &'context Context<'run, S, D>,
    jobs: VecDeque<(usize, &'run PlannedJob)>,
    current: Option<JobInWork<'run>>,
    /// What concerns a job as a whole; handed over with its next slice.
    findings: Findings,
    /// Whether any job had values at the source.
    spoke: bool,
}

struct JobInWork<'run> {
    number: usize,
    job: &'run PlannedJob,
    slices: VecDeque<(&'run Slice, Result<Mapping<'run>, SliceError>)>,
    /// What would vanish, and what speaks for it.
    vanishing: Vanishing,
    /// Cells that would vanish from slices that are done; judged when all are read.
    waiting: Waiting,
    /// Slices that are prepared and wait for the guard.
    aside: Aside<'run>,
    /// Why the guard `max_change` holds back every update and deletion; none where it lets them pass.
    guard: Option<String>,
}

/// What the guard `max_change` goes by.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    /// Cells of the destination that would change.
    changes: u64,
    /// Cells that it has.
    existing: u64,
}

impl<'context, 'run, S: DataServer, D: DataServer> Preparer<'context, 'run, S, D> {
    pub(super) fn new(context: &'context Context<'run, S, D>) -> Self {
        let jobs = context.plan.jobs.iter().enumerate().collect();
        Self { context, jobs, current: None, findings: Findings::default(), spoke: false }
    }

    /// Slices that have not been prepared yet.
    pub(super) fn remaining(&self) -> usize {
        let of = |current: &JobInWork<'_>| current.aside.len() + current.slices.len() + current.waiting.parts();
        let begun = self.current.as_ref().map_or(0, of);
        begun + self.jobs.iter().map(|(_, job)| job.slices.len()).sum::<usize>()
    }

    /// The next slice; none when all are done or the run is to stop.
    pub(super) async fn next(&mut self) -> Option<Prepared<'run>> {
        loop {
            if self.context.stop.is_cancelled() {
                return None;
            }
            if let Some(current) = &mut self.current
                && let Some(mut prepared) = current.aside.next(self.context)
            {
                self.with_ledger(&mut prepared);
                // What is held back need not be read again.
                self.hold_changes(&mut prepared);
                let copies = prepared.job.comments == Comments::Copy;
                let (_, gone) = self.look_again(&mut prepared, copies).await;
                prepared.gone += gone;
                self.finish(&mut prepared);
                return Some(prepared);
            }
            if let Some((mut prepared, _)) = self.next_of_job().await {
                self.finish(&mut prepared);
                return Some(prepared);
            }
            if let Some(current) = &mut self.current
                && let Some((name, cells)) = current.waiting.next(current.job)
            {
                let (job, number) = (current.job, current.number);
                let mut prepared = self.prepare_waiting(job, number, name, cells).await;
                self.finish(&mut prepared);
                return Some(prepared);
            }
            match self.jobs.pop_front() {
                Some((number, job)) => self.begin(number, job).await,
                None => return None,
            }
        }
    }

    /// The next slice of the job in work, with what it says to the guard.
    async fn next_of_job(&mut self) -> Option<(Prepared<'run>, Share)> {
        let current = self.current.as_mut()?;
        let (slice, aggregated) = current.slices.pop_front()?;
        let (job, number) = (current.job, current.number);
        let (mut prepared, existing, at_stake) = self.prepare(job, number, slice, aggregated).await;
        let changes = prepared.cells.iter().filter(|cell| cell.step.is_change()).count() as u64;
        self.keep_waiting(slice, &mut prepared, at_stake);
        Some((prepared, Share { changes, existing }))
    }

    async fn begin(&mut self, number: usize, job: &'run PlannedJob) {
        let aggregated = fetch::aggregated(&self.context.reading, job, &mut self.findings).await;
        let slices: VecDeque<_> = job.slices.iter().zip(aggregated).collect();
        let vanishing = match &job.leftover {
            Some(leftover) => Vanishing::of_leftover(leftover.written, self.spoke),
            None => Vanishing::default(),
        };
        self.current = Some(JobInWork {
            number,
            job,
            slices,
            vanishing,
            waiting: Waiting::default(),
            aside: Aside::default(),
            guard: None,
        });
        if let Some(percent) = self.context.policies().max_change {
            self.set_aside(job, percent).await;
        }
    }

    /// Prepares a whole job before any of it is sent: the guard `max_change` looks at it as a whole. Slices that cannot be
    /// read do not count; they will not be sent either. Where no slice fares better than the one before, the run ends
    /// with these, and so does the preparation.
    async fn set_aside(&mut self, job: &PlannedJob, percent: u32) {
        let (mut all, mut failures, mut is_whole) = (Share::default(), 0, true);
        while !self.context.stop.is_cancelled() && self.context.broken().is_none() {
            let Some((prepared, share)) = self.next_of_job().await else { break };
            match &prepared.failed {
                None => {
                    failures = 0;
                    all.changes += share.changes;
                    all.existing += share.existing;
                }
                Some(_) => failures += 1,
            }
            let is_hopeless = prepared.failed.as_ref().is_some_and(|failed| failed.ends_the_run(failures));
            let Some(current) = &mut self.current else { break };
            current.aside.put(self.context, prepared);
            if is_hopeless {
                is_whole = false;
                break;
            }
        }
        // Of leftover cells nothing else is there to compare with than what the routine wrote in all.
        if let Some(leftover) = &job.leftover {
            all.existing = leftover.written;
        }
        if let Some(current) = &mut self.current {
            current.guard = if diff::exceeds(all.changes, all.existing, Some(percent)) {
                Some(format!("more than {percent} % of the destination's cells of this job would change"))
            } else if is_whole {
                None
            } else {
                // What is left to read may well be what changes: a part of the job must not pass for the whole.
                Some(format!(
                    "the job could not be read completely, so it is not known whether more than {percent} % would \
                     change"
                ))
            };
        }
    }

    /// What the routine wrote there is in the state database; with the cells it comes back from it.
    fn with_ledger(&self, prepared: &mut Prepared<'run>) {
        if prepared.failed.is_some() {
            return;
        }
        let units: BTreeSet<Uid> = prepared.cells.iter().map(|cell| cell.key.org_unit).collect();
        match self.ledger(prepared.job, &units) {
            Ok(ledger) => prepared.ledger = ledger,
            // The journal is broken: nothing is sent any more.
            Err(error) => prepared.failed = Some(Failed::Destination(error)),
        }
    }

    /// Holds back what the guard `max_change` does not let pass.
    fn hold_changes(&self, prepared: &mut Prepared<'run>) {
        if let Some(reason) = self.current.as_ref().and_then(|current| current.guard.as_deref()) {
            diff::hold_changes(&mut prepared.cells, reason);
        }
    }

    /// Somebody may have changed a cell while the rest of its job was read: what will be sent is read once more, and
    /// what is not as it was compared is left alone. Where nothing is sent nothing is read. `copies` says that comments
    /// come from the source, and stay. Gives the org units that could not be read this time, and how many cells the
    /// routine let go of.
    async fn look_again(&self, prepared: &mut Prepared<'run>, copies: bool) -> (BTreeSet<Uid>, u64) {
        if prepared.failed.is_some() {
            return (BTreeSet::new(), 0);
        }
        let sends = |cell: &Cell| cell.step.is_sent() && !prepared.unreadable.contains(&cell.key.org_unit);
        let sent: BTreeSet<CellKey> = prepared.cells.iter().filter(|cell| sends(cell)).map(|cell| cell.key).collect();
        let units: BTreeSet<Uid> = sent.iter().map(|key| key.org_unit).collect();
        let written = prepared.ledger.cells.iter().filter(|(cell, _)| sent.contains(*cell));
        let mut written: Hashed<CellKey, String> = written.map(|(cell, value)| (*cell, value.clone())).collect();
        let stored = match self.stored(prepared.job, &units, &written).await {
            Ok(stored) => stored,
            Err(error) => {
                prepared.failed = Some(Failed::Destination(error));
                return (BTreeSet::new(), 0);
            }
        };
        for cell in prepared.cells.iter_mut().filter(|cell| sent.contains(&cell.key)) {
            let copied = copies.then(|| (cell.comment.clone(), cell.followup));
            diff::look_again(cell, &stored);
            if let Some(copied) = copied {
                (cell.comment, cell.followup) = copied;
            }
        }
        let gone = self.let_go(&mut written, &stored);
        prepared.ledger.cells.retain(|cell, _| !sent.contains(cell) || written.contains_key(cell));
        (stored.unreadable, gone)
    }

    /// Sets aside what would vanish from a slice; once the job's last slice is read, judges what may.
    fn keep_waiting(&mut self, slice: &Slice, prepared: &mut Prepared<'run>, at_stake: u64) {
        let percent = self.context.policies().max_delete_share;
        self.spoke |= prepared.values.fetched > 0;
        let Some(current) = &mut self.current else { return };
        current.vanishing.take(slice.number, prepared.values.fetched, &prepared.cells, at_stake);
        if !current.slices.is_empty() {
            current.waiting.take_from(slice, &mut prepared.cells);
            return;
        }
        // Most jobs have one slice, and its own cells need not wait.
        for cell in prepared.cells.iter_mut().filter(|cell| cell.vanishes()) {
            if let Some(hold) = current.vanishing.against(slice.number, &cell.key, percent) {
                cell.step = Step::Hold(Box::new(hold));
            }
        }
        current.waiting.judge(&current.vanishing, percent);
        let (cells, parts) = (current.waiting.cells(), current.waiting.parts());
        if parts > 0 {
            self.context.tell(Event::DeletionsWaited { job: current.job.name.clone(), cells, parts });
        }
    }

    /// What waited is read once more: somebody may have changed it while the rest of the job was on its way.
    async fn prepare_waiting(
        &self,
        job: &'run PlannedJob,
        job_number: usize,
        name: SliceName,
        cells: Vec<Cell>,
    ) -> Prepared<'run> {
        self.context.tell(Event::SliceStarted { slice: name.clone() });
        let sent: BTreeSet<CellKey> = cells.iter().filter(|cell| cell.step.is_sent()).map(|cell| cell.key).collect();
        let mut prepared = Prepared {
            job,
            job_number,
            name,
            values: ValueCounts::default(),
            cells,
            ledger: Ledger::default(),
            unreadable: BTreeSet::new(),
            findings: Findings::default(),
            acts: Acts::default(),
            gone: 0,
            failed: None,
        };
        self.with_ledger(&mut prepared);
        prepared.ledger.cells.retain(|cell, _| sent.contains(cell));
        (prepared.unreadable, _) = self.look_again(&mut prepared, false).await;
        prepared
    }

    /// What the destination holds of the job in these org units. Where much of what the routine wrote there is not
    /// there any more, it is asked once more: one false answer must neither make the routine forget its cells nor make
    /// others its own.
    async fn stored(
        &self,
        job: &PlannedJob,
        org_units: &BTreeSet<Uid>,
        ledger: &Hashed<CellKey, String>,
    ) -> Result<StoredValues, SliceError> {
        let stored = read_once(self.context, job, org_units).await?;
        self.sure(job, org_units, ledger, stored).await
    }

    /// The same of what was read already.
    async fn sure(
        &self,
        job: &PlannedJob,
        org_units: &BTreeSet<Uid>,
        ledger: &Hashed<CellKey, String>,
        stored: StoredValues,
    ) -> Result<StoredValues, SliceError> {
        let gone = self.doubtful(ledger, &stored);
        if gone.is_empty() {
            return Ok(stored);
        }
        let again = read_once(self.context, job, org_units).await?;
        let gone_again = self.doubtful(ledger, &again);
        if gone_again.is_empty() || gone_again == gone {
            return Ok(again);
        }
        Err(SliceError::two_answers(self.context.destination.name(), gone.len(), gone_again.len()))
    }

    fn doubtful(&self, ledger: &Hashed<CellKey, String>, stored: &StoredValues) -> Vec<CellKey> {
        ownership::doubtful(ledger, stored, |cell| self.context.side.sees(stored, cell))
    }

    async fn prepare(
        &mut self,
        job: &'run PlannedJob,
        job_number: usize,
        slice: &'run Slice,
        aggregated: Result<Mapping<'run>, SliceError>,
    ) -> (Prepared<'run>, u64, u64) {
        let name = slice_name(job, slice);
        self.context.tell(Event::SliceStarted { slice: name.clone() });
        let mut prepared = Prepared {
            job,
            job_number,
            name,
            values: ValueCounts::default(),
            cells: Vec::new(),
            ledger: Ledger::default(),
            unreadable: BTreeSet::new(),
            findings: std::mem::take(&mut self.findings),
            acts: Acts::default(),
            gone: 0,
            failed: None,
        };
        // Before the destination is read: what is written down after that would look changed in what was read.
        let ledger = self.ledger(job, &slice.destinations);
        let sides = match aggregated {
            Ok(aggregated) => read_sides(self.context, job, slice, aggregated).await,
            Err(error) => Err(error),
        };
        let Sides { mapping, stored } = match sides {
            Ok(sides) => sides,
            Err(error) => {
                prepared.failed = Some(Failed::Source(error));
                return (prepared, 0, 0);
            }
        };
        let made = self.make(job, mapping.finish(&self.context.scene()));
        let Made { values, wanted, doubts, remarks, findings, acts } = made;
        prepared.values = values;
        prepared.acts = acts;
        self.context.tell(Event::SliceFetched { slice: prepared.name.clone(), values });
        let (ledger, stored) = match (ledger, stored) {
            (Ok(ledger), Ok(stored)) => {
                let stored = self.sure(job, &slice.destinations, &ledger.cells, stored).await;
                (ledger, stored)
            }
            (Ok(ledger), Err(error)) => (ledger, Err(error)),
            (Err(error), _) => (Ledger::default(), Err(error)),
        };
        let stored = stored.unwrap_or_else(|error| {
            prepared.failed = Some(Failed::Destination(error));
            // Nothing is known of the other side, so nothing is compared: the cells are known all the same.
            StoredValues { unreadable: slice.destinations.clone(), ..StoredValues::default() }
        });
        let periods = stored.values.keys().map(|key| key.period);
        self.context.state().seen.extend(periods);
        let (diff, ledger, let_go) = self.compare(job, slice, wanted, (&doubts, &remarks), &stored, ledger);
        prepared.ledger = ledger;
        prepared.gone = let_go;
        prepared.findings.merge(findings);
        prepared.findings.merge(diff.findings);
        prepared.cells = diff.cells;
        prepared.unreadable = stored.unreadable;
        (prepared, diff.existing, diff.at_stake)
    }

    /// One value for each cell; scripts may leave some out.
    fn make(&self, job: &PlannedJob, mapped: Mapped) -> Made {
        let Mapped { mut values, contributions, doubts, remarks, slice_values, periods, mut acts, findings } = mapped;
        self.context.state().read.entry(job.name.clone()).or_default().extend(periods);
        let combined = combine(contributions, job, &self.context.scene(), &slice_values);
        values.contributing -= combined.dropped;
        values.dropped += combined.dropped;
        acts.merge(combined.acts);
        Made { values, wanted: combined.cells, doubts, remarks, findings, acts }
    }

    fn compare(
        &self,
        job: &PlannedJob,
        slice: &Slice,
        wanted: Vec<WantedCell>,
        (doubts, remarks): (&BTreeMap<CellKey, Reason>, &BTreeMap<CellKey, Remark>),
        stored: &StoredValues,
        mut ledger: Ledger,
    ) -> (Diff, Ledger, u64) {
        let sees = |cell: &CellKey| self.context.side.sees(stored, cell);
        let looked_at =
            |cell: &CellKey| sees(cell) && slice.destinations.contains(&cell.org_unit) && job.reads_back(cell);
        // A journal that failed gets nothing more.
        let arrived = match self.context.broken() {
            None => self.context.unless_broken(recover::settle(self.context, stored, looked_at)),
            Some(_) => None,
        };
        if arrived.is_some_and(|arrived| arrived > 0)
            && let Ok(with_arrived) = self.ledger(job, &slice.destinations)
        {
            ledger = with_arrived;
        }
        // Equal numbers of somebody else are not for the comparison to judge.
        let his = ownership::stored_by_somebody_else(&ledger.cells, stored, sees);
        if !his.is_empty() {
            self.context.keep(|journal| journal.forget(&his));
            ledger.cells.retain(|cell, _| his.binary_search(cell).is_err());
        }
        let mut all_doubts = Cow::Borrowed(doubts);
        if !stored.twice.is_empty() {
            all_doubts.to_mut().extend(stored.doubts());
        }
        let doubts = &*all_doubts;
        let policies = self.context.policies();
        let deletes = policies.max_delete != Some(0);
        let names = self.context.destination_metadata;
        let remarks = Some(remarks).filter(|_| job.comments == Comments::Copy);
        let rules =
            DiffRules { only_changed: policies.only_changed, ledger: &ledger.cells, doubts, remarks, deletes, names };
        let diff = diff::diff(wanted, stored, job, rules);
        let let_go = self.let_go(&mut ledger.cells, stored) + his.len() as u64;
        (diff, ledger, let_go)
    }

    /// Whatever becomes of the cells now: what somebody else changed or took away is his. Gives how many they are.
    fn let_go(&self, ledger: &mut Hashed<CellKey, String>, stored: &StoredValues) -> u64 {
        let sees = |cell: &CellKey| self.context.side.sees(stored, cell);
        let lost = ownership::let_go(&*ledger, stored, self.context.destination_metadata, sees, |_| None);
        if !lost.is_empty() {
            self.context.keep(|journal| journal.forget(&lost));
            ledger.retain(|cell, _| lost.binary_search(cell).is_err());
        }
        lost.len() as u64
    }

    /// What the routine wrote into these org units of the destination.
    fn ledger(&self, job: &PlannedJob, org_units: &BTreeSet<Uid>) -> Result<Ledger, SliceError> {
        let addresses: Vec<_> = job.addresses.keys().copied().collect();
        let org_units: Vec<Uid> = org_units.iter().copied().collect();
        // After a write that failed it is still what it was; nothing is sent for it then.
        let entries = self.context.journal().ledger(&addresses, &org_units, &job.periods.write);
        let entries = entries.map_err(|cause| {
            let error = SliceError::from(&cause);
            self.context.unless_broken::<()>(Err(cause));
            error
        })?;
        // Leftover cells are read beside cells of jobs that are being written in this very moment.
        let mut ledger = Ledger::default();
        ledger.cells.reserve(entries.len());
        let mut last = None;
        for entry in entries.into_iter().filter(|entry| job.has(&entry.cell)) {
            // They come period by period.
            let period = entry.cell.period;
            let of_all = match last {
                Some((before, of_all)) if before == period => of_all,
                _ => last.insert((period, job.first_source_of_all(period))).1,
            };
            let from = of_all.unwrap_or_else(|| job.first_source(&entry.cell));
            if from.is_some() && from != entry.from {
                ledger.moved.insert(entry.cell);
            }
            ledger.cells.insert(entry.cell, entry.value);
        }
        Ok(ledger)
    }

    /// Preflight and guards.
    fn finish(&self, prepared: &mut Prepared<'run>) {
        self.hold_changes(prepared);
        for cell in prepared.cells.iter_mut().filter(|cell| cell.step.is_sent()) {
            let verdict = self.context.preflight.check(&cell.key, cell.value.as_deref(), cell.comment.as_deref());
            match (verdict, self.context.side.hidden(&cell.key)) {
                // What stands there is not known: a value or a comment of somebody else's could be lost.
                (Verdict::Pass { .. }, Some(hidden)) => {
                    let reason = Reason::new(&finding::DESTINATION_NOT_READABLE, hidden.in_words());
                    cell.step = Step::Hold(Box::new(reason.about(hidden.object())));
                }
                (Verdict::Pass { data_set }, None) => cell.data_set = Some(data_set),
                (Verdict::Hold(reason), _) => cell.step = Step::Hold(Box::new(reason)),
            }
        }
        diff::hold_deletions(&mut prepared.cells, &mut self.context.state().deletions_left);
        if let (Some(first), None) = (prepared.unreadable.first(), &prepared.failed) {
            let example = self.context.destination_metadata.org_unit_path_names(*first);
            let units = prepared.unreadable.len() as u64;
            prepared.findings.add(Note::new(&finding::DIFF_NOT_POSSIBLE, units).example(example));
        }
        let count = |wanted: fn(&Step) -> bool| prepared.cells.iter().filter(|cell| wanted(&cell.step)).count() as u64;
        self.context.tell(Event::SliceDiffed {
            slice: prepared.name.clone(),
            to_send: count(Step::is_sent),
            unchanged: count(|step| matches!(step, Step::Unchanged | Step::ZeroSkipped)),
            held_back: count(|step| matches!(step, Step::Hold(_))),
        });
    }
}

/// A slice's cells before they are compared.
struct Made {
    values: ValueCounts,
    wanted: Vec<WantedCell>,
    doubts: BTreeMap<CellKey, Reason>,
    remarks: BTreeMap<CellKey, Remark>,
    findings: Findings,
    acts: Acts,
}
