//! A run from its first request to its report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use futures_util::future::join;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::batch::controller::{BatchController, DataSetKind};
use crate::diff::{Cell, Step};
use crate::engine::context::{Context, Reading, State};
use crate::engine::emptied::{self, Earlier};
use crate::engine::error::{Halt, SliceError};
use crate::engine::prepare::{Failed, Prepared, Preparer};
use crate::engine::prove::prove;
use crate::engine::read::Side;
use crate::engine::servers::DataServer;
use crate::engine::{Endpoint, RunRequest, RunResult, TransferError, Tuning, empty_periods, recover, rights};
use crate::events::Event;
use crate::finding::{self, Code};
use crate::hooks::{self, Hooks};
use crate::ownership::{LeftAlone, Open, claim};
use crate::plan::{
    LeftoverSearch, PlanError, PlanRequest, PlannedJob, Tree, Whole, address_names, destination_periods, plan,
};
use crate::preflight::Preflight;
use crate::report::{RunFacts, Tally, report};
use crate::settle::{settle, without_sending};
use crate::tally::{Findings, Note};
use crate::verify::Settled;
use xfer_dhis2::system::Probe;
use xfer_domain::capabilities::{Capabilities, doubt_about};
use xfer_domain::cell::{CellAddress, CellKey, CellState};
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::item::WhenEmpty;
use xfer_domain::journal::{Claim, RunStart, Turned};
use xfer_domain::metadata::Metadata;
use xfer_domain::reach::feedback;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{JobReport, RunMode, ServerReport, ServerSaid, Traffic};
use xfer_domain::uid::Uid;

/// What is not seen is not known to be empty.
const UNSEEN: [&Code; 4] = [
    &finding::SOURCE_NOT_READABLE,
    &finding::SOURCE_ORG_UNIT_OUT_OF_SCOPE,
    &finding::SOURCE_ORG_UNIT_UNKNOWN,
    &finding::SOURCE_ITEM_MISSING,
];

/// Makes a run.
pub async fn run<S: DataServer, D: DataServer>(
    request: RunRequest<'_, S, D>,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<RunResult, TransferError> {
    let whole = Whole::of(request.document);
    run_part(request, whole, events).await
}

/// Makes a run over some of a routine's jobs or over other periods; `whole` is the routine.
pub async fn run_part<S: DataServer, D: DataServer>(
    request: RunRequest<'_, S, D>,
    whole: Whole<'_>,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<RunResult, TransferError> {
    let hooks = hooks::ready(request.document, request.now)?;
    Box::pin(run_with(request, whole, &hooks, events)).await
}

/// Makes a run with scripts that are ready to act.
pub(super) async fn run_with<S: DataServer, D: DataServer>(
    request: RunRequest<'_, S, D>,
    whole: Whole<'_>,
    hooks: &Hooks,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<RunResult, TransferError> {
    let clock = Instant::now();
    let RunRequest {
        run,
        now,
        mode,
        document,
        file,
        review,
        source,
        destination,
        relative,
        journal,
        tuning,
        patience,
        stop: asked,
        fail_on_empty,
    } = request;
    let stop = asked.token();
    let traffic_before = (source.client.traffic(), destination.client.traffic());
    let (asked_source, asked_destination) = join(source.client.probe(), destination.client.probe()).await;
    let (source_probe, destination_probe) = (asked_source?, asked_destination?);
    check_identity(&source, &source_probe)?;
    check_identity(&destination, &destination_probe)?;
    let same_system = source_probe.identity.system_id == destination_probe.identity.system_id;
    if same_system {
        check_feedback(document, source.metadata)?;
    }
    let user = &destination_probe.account.username;
    let Turned { aside, writers } =
        journal.turn_to(&destination_probe.identity.system_id, user, mode == RunMode::Run)?;
    let mut open = Open::new(journal.open_cells()?);
    // What is not seen must not be taken for gone, in cells that no item leads to any more either.
    let mut written: BTreeSet<CellAddress> = open.keys().map(CellKey::address).collect();
    let mut ledger = journal.survey()?;
    written.extend(ledger.addresses());
    let source_reader = rights::reader(source.metadata, &source_probe);
    let destination_reader = rights::reader(destination.metadata, &destination_probe);
    let (fresh_source, fresh_destination) = join(
        rights::of_source(source.client, source_reader, document),
        rights::of_destination(destination.client, destination_reader, document, &written),
    )
    .await;
    let (fresh_source, fresh_destination) = (fresh_source?, fresh_destination?);
    let planning = PlanRequest {
        document,
        source_metadata: source.metadata,
        destination_metadata: destination.metadata,
        source: &source_probe.identity,
        destination: &destination_probe.identity,
        today: source_probe.server_date.date(),
        relative: &relative,
        source_view_roots: source_probe.account.view_roots(),
        source_reader: source_reader.with_fresh(&fresh_source),
        hooks,
    };
    let mut plan = plan(&planning)?;
    let mut findings = std::mem::take(&mut plan.findings);
    findings.merge(review);
    let uses_analytics = plan.jobs.iter().any(|job| job.reads.needs_analytics());
    if uses_analytics {
        check_analytics(source.client.name(), &source_probe, document.routine.policies.max_analytics_age_hours)?;
        let may_lack_zeros = plan.jobs.iter().any(|job| job.reads.may_lack_zeros());
        about_analytics(&source_probe, may_lack_zeros, &mut findings);
    }
    if same_system {
        findings.add(Note::new(&finding::SAME_SYSTEM, 1).example(source_probe.identity.system_id.clone()));
    }
    about_versions([&source_probe, &destination_probe], &mut findings);
    if aside > 0 {
        let example = counted(aside, "cell");
        findings.add(Note::new(&finding::ANOTHER_DESTINATION, 1).example(example));
    }
    let destination_reader = destination_reader.with_fresh(&fresh_destination);
    let all = written.iter().chain(plan.jobs.iter().flat_map(|job| job.addresses.keys()));
    let readable = all.filter(|address| destination_reader.address(address).is_none());
    let side = Side {
        readable: readable.map(|address| address.attribute_option_combo).collect(),
        server: destination.client,
        metadata: destination.metadata,
        tree: Tree::new(destination.metadata, destination_probe.account.view_roots()),
        account: &destination_probe.account,
        writers,
        reader: destination_reader,
    };
    // Before anything goes by the ledger.
    let was_open = !open.is_empty();
    let recovered = recover::look(&side, journal, &mut open, &stop).await?;
    if was_open {
        ledger = journal.survey()?;
    }
    let periods = destination_periods(&plan);
    let read_before = journal.fetched_before(&periods)?;
    let before = |job: &PlannedJob| read_before.get(&job.name).copied().unwrap_or_default();
    let mut earlier: Vec<Earlier> =
        plan.jobs.iter().map(|job| Earlier { fetched: before(job), ..Earlier::default() }).collect();
    let leftover = {
        let mut search = LeftoverSearch::new(whole, &periods, &plan.jobs);
        let mut count = |cell: &CellKey, cells: u64| {
            let jobs = plan.jobs.iter().zip(&mut earlier).filter(|(job, _)| job.leads_to(cell));
            jobs.for_each(|(_, earlier)| earlier.written += cells);
        };
        if search.may_find(&ledger) {
            journal.each_written(&mut |cell, from| {
                if !search.take(cell, from) {
                    count(&cell, 1);
                }
            })?;
        } else if let Some(unit) = ledger.org_units.first() {
            // All of them are led to, whatever the org unit.
            let groups = ledger.groups.iter();
            groups.for_each(|((address, period, _), cells)| count(&CellKey::new(*address, *unit, *period), *cells));
        }
        search.into_job(&planning)
    };
    plan.jobs.extend(leftover);
    journal.begin_run(&RunStart {
        run,
        routine: document.routine.name.clone(),
        mode,
        started: now,
        periods: periods.clone(),
    })?;
    events(Event::Planned {
        slices: plan.jobs.iter().map(|job| job.slices.len()).sum(),
        periods: periods.iter().map(ToString::to_string).collect(),
    });
    let capabilities = Capabilities::of(&destination_probe.identity.version);
    let preflight = Preflight::new(
        destination.metadata,
        &destination_probe.account,
        &destination_probe.identity.version,
        destination_probe.server_date.date(),
    )
    .in_calendar(&destination_probe.identity.calendar);
    about_destination(&preflight, &mut findings);
    let controllers = BTreeMap::from(
        [(DataSetKind::Plain, tuning.plain_rows), (DataSetKind::Restricted, tuning.restricted_rows)]
            .map(|(kind, rows)| (kind, BatchController::new(capabilities.import_engine, kind, rows))),
    );
    let context = Context {
        is_one_system: same_system,
        run,
        mode,
        now,
        reading: Reading {
            source: source.client,
            source_metadata: source.metadata,
            destination_metadata: destination.metadata,
            document,
            plan: &plan,
            stop: stop.clone(),
        },
        destination: destination.client,
        destination_metadata: destination.metadata,
        document,
        plan: &plan,
        preflight,
        side,
        capabilities,
        patience,
        stop,
        events,
        journal: Mutex::new(journal),
        broken: OnceLock::new(),
        state: Mutex::new(State {
            controllers,
            seen: BTreeSet::new(),
            read: BTreeMap::new(),
            deletions_left: document.routine.policies.max_delete,
            next_chunk: 1,
            open,
            recovered,
        }),
    };
    let tally = Driver::new(&context, findings, earlier).drive().await;
    let traffic = Traffic::of(
        source.client.traffic().since(traffic_before.0),
        destination.client.traffic().since(traffic_before.1),
    );
    let facts = RunFacts {
        run,
        routine: document.routine.name.clone(),
        mode,
        started: now,
        finished: finished(now, clock),
        source: server_report(&source.origin, &source_probe, uses_analytics),
        destination: server_report(&destination.origin, &destination_probe, false),
        periods: periods.iter().map(ToString::to_string).collect(),
        traffic,
        tolerate_unmapped: document.routine.policies.tolerate_unmapped,
        fail_on_empty,
        // Whatever comes after this ends nothing any more.
        stopped: asked.cause(),
        file: file.cloned(),
    };
    let mut draft = report(facts, tally)?;
    if let Some(cause) = context.broken() {
        draft.cut_off(cause);
    }
    let kept = context.journal().finish_run(draft.report());
    // What the run says does not hang on this last write: whatever is not written down is found by the next one.
    if let (Err(cause), None) = (&kept, context.broken()) {
        draft.not_closed(cause);
    }
    let state = context.state();
    let learned = |kind| state.controllers.get(&kind).map(BatchController::remembered);
    let tuning = match mode {
        RunMode::Run => {
            Tuning { plain_rows: learned(DataSetKind::Plain), restricted_rows: learned(DataSetKind::Restricted) }
        }
        // A dry run's speed says nothing about writing.
        RunMode::DryRun | RunMode::Check => tuning,
    };
    Ok(RunResult { report: draft.into_report(), tuning, closed: kept.is_ok() })
}

/// Refuses a server that is not the one that the routine was made for.
pub(super) fn check_identity<S: DataServer>(endpoint: &Endpoint<'_, S>, probe: &Probe) -> Result<(), TransferError> {
    match &endpoint.pinned_system_id {
        Some(expected) if *expected != probe.identity.system_id => Err(TransferError::WrongServer {
            server: endpoint.client.name().to_owned(),
            expected: expected.clone(),
            found: probe.identity.system_id.clone(),
        }),
        _ => Ok(()),
    }
}

/// Refuses items that read the cell they write, where both servers are one: each run would make more of it.
fn check_feedback(document: &RoutineDocument, metadata: &Metadata) -> Result<(), PlanError> {
    for job in &document.jobs {
        let Some(found) = feedback(job, &document.org_unit_map, metadata).first().copied() else { continue };
        let address = job.items.get(found.item).map(|item| item.destination);
        return Err(PlanError::ReadsItself {
            job: job.name.clone(),
            address: address.map_or_else(String::new, |address| address_names(metadata, address)),
            org_unit: metadata.org_unit_path_names(found.org_unit),
        });
    }
    Ok(())
}

/// Refuses analytics tables that are older than the routine allows. Both times are the server's own.
fn check_analytics(server: &str, probe: &Probe, allowed: Option<u32>) -> Result<(), TransferError> {
    let Some(allowed) = allowed else { return Ok(()) };
    let latest: Option<DateTime> = probe.analytics_at.max(probe.analytics_partition_at);
    let refused = |age: String| Err(TransferError::AnalyticsTooOld { server: server.to_owned(), age, allowed });
    match latest {
        None => refused("not there at all".to_owned()),
        Some(latest) => {
            let age = probe.server_date.duration_since(latest);
            if age > SignedDuration::from_hours(i64::from(allowed)) {
                refused(format!("{} old", counted(age.as_hours().unsigned_abs(), "hour")))
            } else {
                Ok(())
            }
        }
    }
}

fn about_analytics(probe: &Probe, may_lack_zeros: bool, findings: &mut Findings) {
    if probe.analytics_at.is_none() || probe.output_period_types_missing {
        findings.add(Note::new(&finding::ANALYTICS_NEVER_RUN, 1));
    }
    if may_lack_zeros && probe.analytics_includes_zeros == Some(false) {
        findings.add(Note::new(&finding::ZEROS_LEFT_OUT, 1));
    }
}

/// A version whose rules are not known, of either server.
fn about_versions(probes: [&Probe; 2], findings: &mut Findings) {
    let mut doubts: Vec<String> = probes.into_iter().filter_map(|probe| doubt_about(&probe.identity.version)).collect();
    doubts.dedup();
    for doubt in doubts {
        findings.add(Note::new(&finding::VERSION_UNTESTED, 1).example(doubt));
    }
}

fn about_destination(preflight: &Preflight<'_>, findings: &mut Findings) {
    for hold in preflight.about_destination() {
        findings.add(Note::of(&hold).example(&*hold.text));
    }
}

fn server_report(origin: &str, probe: &Probe, uses_analytics: bool) -> ServerReport {
    ServerReport {
        origin: origin.to_owned(),
        version: probe.identity.version.to_string(),
        system_id: probe.identity.system_id.clone(),
        analytics_at: probe.analytics_at.filter(|_| uses_analytics).map(|at| at.to_string()),
    }
}

/// The start plus what passed since by a clock that nobody sets.
fn finished(start: Timestamp, clock: Instant) -> Timestamp {
    SignedDuration::try_from(clock.elapsed()).ok().and_then(|passed| start.checked_add(passed).ok()).unwrap_or(start)
}

/// Takes the slices through the run, one being prepared while another is sent.
struct Driver<'context, 'run, S, D> {
    context: &'context Context<'run, S, D>,
    tally: Tally,
    /// Slices in a row that failed at the source.
    failures: usize,
    /// Why no further slice is sent.
    halted: Option<Halt>,
    /// Leftover cells that were deleted, by data element.
    cleared: BTreeMap<Uid, u64>,
    /// What is known of each job from before the run.
    earlier: Vec<Earlier>,
    /// Jobs of which a part could not be read.
    unread: BTreeSet<usize>,
}

impl<'context, 'run, S: DataServer, D: DataServer> Driver<'context, 'run, S, D> {
    fn new(context: &'context Context<'run, S, D>, findings: Findings, earlier: Vec<Earlier>) -> Self {
        let jobs = context.plan.jobs.iter();
        let jobs = jobs.map(|job| JobReport { name: job.name.clone(), ..JobReport::default() }).collect();
        Self {
            context,
            tally: Tally { jobs, findings, ..Tally::default() },
            failures: 0,
            halted: None,
            cleared: BTreeMap::new(),
            earlier,
            unread: BTreeSet::new(),
        }
    }

    async fn drive(mut self) -> Tally {
        let mut preparer = Preparer::new(self.context);
        let mut current = preparer.next().await;
        while let Some(slice) = current {
            if let Some(cause) = self.context.broken() {
                self.halted.get_or_insert_with(|| Halt { reason: cause.to_string(), code: cause.code() });
            }
            if self.halted.is_some() || self.context.stop.is_cancelled() {
                self.leave(slice);
                break;
            }
            let ((), next) = join(self.finish(slice), preparer.next()).await;
            current = next;
        }
        if self.context.stop.is_cancelled() {
            self.halted.get_or_insert_with(Halt::stopped);
        }
        self.about_the_rest(preparer.remaining());
        if self.halted.is_none() {
            self.about_emptied_jobs();
        }
        self.about_leftover();
        self.tally.recovered = self.context.state().recovered;
        self.tally
    }

    /// Names the slices that were not even prepared.
    fn about_the_rest(&mut self, remaining: usize) {
        if remaining > 0 {
            let halt = self.halted.clone().unwrap_or_else(Halt::stopped);
            self.tally.findings.add(Note::new(&finding::SLICES_NOT_DONE, remaining as u64).example(halt.reason));
            self.tally.slices_failed += remaining as u64;
            self.tally.failures.insert(halt.code);
        } else if self.tally.slices_done > 0 && self.is_empty() && !self.tally.findings.has_any(&UNSEEN) {
            self.tally.findings.add(Note::new(&finding::SOURCE_EMPTY, 1));
        } else if self.tally.slices_failed == 0 && !self.is_empty() && !self.tally.findings.has_any(&UNSEEN) {
            let today = self.context.now.to_zoned(TimeZone::UTC).date();
            let jobs = self.context.plan.jobs.iter();
            empty_periods::tell(jobs, &self.context.state().read, today, &mut self.tally.findings);
        }
    }

    /// Names the jobs that had values before and have none now.
    fn about_emptied_jobs(&mut self) {
        let source = self.context.reading.source.name();
        let jobs = self.tally.jobs.iter().zip(&self.context.plan.jobs).zip(&self.earlier).enumerate();
        let whole = jobs.filter(|(number, _)| !self.unread.contains(number));
        let notes: Vec<Note> =
            whole.filter_map(|(_, ((job, planned), earlier))| emptied::about(job, planned, *earlier, source)).collect();
        for note in notes {
            self.tally.findings.add(note);
        }
    }

    /// Says how many leftover cells are gone, and what would take the others away.
    fn about_leftover(&mut self) {
        let deletes = self.context.policies().when_empty == WhenEmpty::Delete;
        let dry = self.context.mode != RunMode::Run;
        let cleared = &self.cleared;
        self.tally.findings.amend(&finding::LEFTOVER, |found| {
            let of_object =
                |(id, _): &(&Uid, &u64)| found.object.as_ref().is_some_and(|object| object.id == id.as_str());
            let gone = cleared.iter().find(of_object).map_or(0, |(_, number)| *number);
            let rest = found.count.saturating_sub(gone);
            let verb = if dry { "to be deleted" } else { "deleted" };
            if gone > 0 {
                let example = found.example.take().unwrap_or_default();
                found.example = Some(format!("{example}; {gone} {verb}, {rest} left"));
            }
            if rest == 0 {
                let hint = if dry {
                    "Nothing: the run deletes what the routine wrote there."
                } else {
                    "Nothing more: the run deleted what the routine wrote there."
                };
                found.hint = Some(hint.to_owned());
            } else if gone > 0 || deletes {
                found.hint = Some(
                    "A run over all jobs and periods deletes the rest, within `max_delete` and `max_change`, unless \
                     somebody else changed it; or delete it by hand."
                        .to_owned(),
                );
            }
        });
    }

    fn is_empty(&self) -> bool {
        self.tally.jobs.iter().all(|job| job.values.fetched == 0)
    }

    /// Sends a slice, settles it and writes down how each cell ended.
    async fn finish(&mut self, mut slice: Prepared<'run>) {
        if let Some(failed) = slice.failed.take() {
            return self.failed(slice, failed);
        }
        self.failures = 0;
        let proved = prove(self.context, &slice).await;
        // What was sent in the end, after a pause, was not kept from it.
        let is_left = |end: &Option<Settled>| end.as_ref().is_some_and(|end| end.state == CellState::NotSent);
        self.tally.failures.extend(proved.trouble.filter(|_| proved.ends.iter().any(is_left)));
        if proved.login_refused {
            self.tally.failures.insert(ExitCode::Login);
            let reason = "the destination refuses the login".to_owned();
            self.halted = Some(Halt { reason, code: ExitCode::Login });
        }
        if let Some(halt) = proved.unreachable {
            self.tally.failures.insert(halt.code);
            self.halted = Some(halt);
        }
        self.tally.findings.merge(proved.findings);
        self.tally.slices_done += 1;
        self.record(slice, proved.ends, &proved.left_alone);
    }

    /// A slice that could not be read on one side or the other.
    fn failed(&mut self, slice: Prepared<'run>, failed: Failed) {
        self.failures += 1;
        let is_the_end = failed.ends_the_run(self.failures);
        let (error, at_destination) = match failed {
            Failed::Source(error) => (error, false),
            Failed::Destination(error) => (error, true),
        };
        self.context.tell(Event::SliceFailed { slice: slice.name.clone(), reason: error.reason.clone() });
        self.name_failure(&slice, &error);
        self.tally.failures.insert(error.code);
        self.tally.slices_failed += 1;
        self.unread.insert(slice.job_number);
        if is_the_end {
            self.halted = Some(Halt { reason: error.reason.clone(), code: error.code });
        }
        let ends = not_sent(&slice, &error.reason, at_destination);
        self.record(slice, ends, &BTreeMap::new());
    }

    fn name_failure(&mut self, slice: &Prepared<'run>, error: &SliceError) {
        self.tally.findings.add(Note {
            server: Some(ServerSaid { code: None, text: error.reason.clone() }),
            hint: error.hint.clone(),
            ..Note::new(&finding::SLICE_FAILED, 1).about(
                "slice",
                &format_args!("{} {}/{}", slice.name.job, slice.name.number, slice.name.of),
                slice.name.label.clone(),
            )
        });
    }

    /// A slice that was prepared and is not sent any more.
    fn leave(&mut self, mut slice: Prepared<'run>) {
        let halt = self.halted.clone().unwrap_or_else(Halt::stopped);
        let failed = slice.failed.take();
        let blind = matches!(failed, Some(Failed::Destination(_)));
        if let Some(Failed::Source(error) | Failed::Destination(error)) = failed {
            self.name_failure(&slice, &error);
            self.tally.failures.insert(error.code);
        }
        self.tally.slices_failed += 1;
        self.tally.failures.insert(halt.code);
        let ends = not_sent(&slice, &halt.reason, blind);
        self.record(slice, ends, &BTreeMap::new());
    }

    /// Where the item deletes already, the advice to let it is none.
    fn why_zeros_stay(&self, slice: &Prepared<'run>, mut ends: Vec<Option<Settled>>) -> Vec<Option<Settled>> {
        let deletes_none = self.context.policies().max_delete == Some(0);
        for (cell, end) in slice.cells.iter().zip(&mut ends) {
            let why = end.as_mut().and_then(|end| end.why.as_mut());
            let Some(why) = why.filter(|why| why.code == &finding::ZERO_KEPT) else { continue };
            if slice.job.items.get(cell.item).is_none_or(|item| item.when_empty != WhenEmpty::Delete) {
                continue;
            }
            why.hint = Some(if deletes_none {
                "The routine is not allowed to delete (`--max-delete 0`): raise it, or set \"store zero data values\" \
                 of the data element at the destination."
                    .to_owned()
            } else {
                "This routine did not write the value, so it is not deleted: delete it by hand at the destination if \
                 it is wrong, or set \"store zero data values\" of the data element there."
                    .to_owned()
            });
        }
        ends
    }

    fn record(&mut self, slice: Prepared<'run>, ends: Vec<Option<Settled>>, left_alone: &BTreeMap<CellKey, LeftAlone>) {
        let ends = self.why_zeros_stay(&slice, ends);
        let claims: Vec<Claim> = slice
            .cells
            .iter()
            .zip(&ends)
            .filter_map(|(cell, end)| {
                let left_alone = left_alone.get(&cell.key).copied().unwrap_or(LeftAlone::No);
                Some(claim(cell, end.as_ref()?.state, left_alone, self.context.destination_metadata))
            })
            .collect();
        if let Some(earlier) = self.earlier.get_mut(slice.job_number) {
            earlier.written = earlier.written.saturating_sub(slice.gone);
        }
        let mut settled = settle(&slice.job.name, slice.cells, ends, self.context.destination_metadata);
        // Records are the cells with an end, in order.
        for (record, claim) in settled.records.iter_mut().zip(claims) {
            record.claim = claim;
            // Of what stays as it is the ledger hears only where that is news to it.
            let is_news = record.state != CellState::Unchanged || slice.ledger.moved.contains(&record.cell);
            record.from = if is_news { slice.job.first_source(&record.cell) } else { None };
            if record.state == CellState::Deleted && slice.job.leftover.is_some() {
                *self.cleared.entry(record.cell.data_element).or_default() += 1;
            }
        }
        self.context.keep(|journal| journal.record_cells(self.context.run, &settled.records));
        self.context.tell(Event::SliceFinished { slice: slice.name, cells: settled.counts });
        if let Some(job) = self.tally.jobs.get_mut(slice.job_number) {
            job.values.add(&slice.values);
            job.cells.add(&settled.counts);
        }
        self.tally.findings.merge(slice.findings);
        self.tally.acts.merge(slice.acts);
        self.tally.findings.merge(settled.findings);
        for (data_set, periods) in settled.written {
            let counts = self.tally.written.entry(data_set).or_default();
            for (period, number) in periods {
                *counts.entry(period).or_default() += number;
            }
        }
    }
}

/// The ends of a slice of which nothing is sent. `blind`: the destination could not be read, so it is not even known
/// what a zero leaves as it is.
fn not_sent(slice: &Prepared<'_>, reason: &str, blind: bool) -> Vec<Option<Settled>> {
    let end = |cell: &Cell| {
        without_sending(cell)
            .filter(|_| !(blind && cell.step == Step::ZeroSkipped))
            .unwrap_or_else(|| Settled::because(CellState::NotSent, &finding::NOT_SENT, reason.to_owned()))
    };
    slice.cells.iter().map(|cell| Some(end(cell))).collect()
}
