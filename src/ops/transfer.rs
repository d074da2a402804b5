//! A run of a routine: everything it needs is opened, locked and handed to the engine.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ops::error::OpsError;
use crate::ops::home::{Home, synced};
use crate::ops::latest::name_latest;
use crate::ops::new_id::new_id;
use crate::ops::review::{self, Found, RunSide};
use crate::ops::routines;
use crate::ops::servers::connect;
use crate::ops::stop::in_time;
use xfer_dhis2::client::Client;
use xfer_domain::job::Job;
use xfer_domain::journal::Journal;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{FileReport, Finding, Report, RunMode};
use xfer_domain::server::ServerId;
use xfer_domain::spelling::same_name;
use xfer_storage::store::{self, ConfigStore, RunLock};
use xfer_transfer::engine::{self, DataServer, Endpoint, Patience, RunRequest, Tuning};
use xfer_transfer::events::Event;
use xfer_transfer::plan::Whole;
use xfer_transfer::stop::Stop;

/// How a run differs from what its routine says.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// For real or dry.
    pub mode: RunMode,
    /// Other periods.
    pub periods: Option<Vec<String>>,
    /// Only these jobs; all where empty.
    pub jobs: Vec<String>,
    /// Whether what was sent is read back; false overrides the routine.
    pub verify: bool,
    /// Whether a source without values is a failure.
    pub fail_on_empty: bool,
    /// How long it may take; what is in flight by then is finished or marked.
    pub time_limit: Option<Duration>,
    /// The words after `xfer` that run it again as it was asked for; kept with the run.
    pub command: Vec<String>,
}

/// Runs a routine from the store. `stop` tells the run to end early; what is in flight is finished or marked.
pub(super) async fn run(
    home: &Home,
    name: &str,
    options: RunOptions,
    stop: &Stop,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Report, OpsError> {
    let mut config = home.config()?;
    let whole = routines::document(&config, name)?;
    let mut document = whole.clone();
    adapt(&mut document, &options)?;
    let server = |of: fn(&Job) -> &str| document.jobs.first().map(of).unwrap_or_default();
    let (_, source) = Side::open(&config, server(|job| &job.source))?;
    let (id, destination) = Side::open(&config, server(|job| &job.destination))?;
    let reviewed = review::rivals(&config, &over_window_of(&whole, &document))?;
    let launched = Launch {
        whole: part_of(&whole, &options),
        document: &document,
        file: None,
        reviewed,
        mode: options.mode,
        source: &source,
        destination: &destination,
        fail_on_empty: options.fail_on_empty,
        known: Vec::new(),
        command: options.command,
        // What was learned only saves time: no run fails for it.
        tuning: unless_failed(remembered(&config, id), "read").unwrap_or_default(),
        stop,
    };
    let (report, tuning) = launch(home, launched, events).await?;
    unless_failed(remember(&mut config, id, tuning), "kept");
    Ok(report)
}

/// A run, wherever its routine comes from.
pub(super) struct Launch<'run> {
    /// The routine with everything that this run leaves out.
    pub(super) whole: Whole<'run>,
    /// The routine, as it is to be run.
    pub(super) document: &'run RoutineDocument,
    /// The xfer file that it comes from.
    pub(super) file: Option<&'run FileReport>,
    /// What was found about it beforehand, where there is a store to look into.
    pub(super) reviewed: Vec<Found>,
    /// For real or dry.
    pub(super) mode: RunMode,
    /// Where values come from.
    pub(super) source: &'run Side,
    /// Where values go.
    pub(super) destination: &'run Side,
    /// Whether a source without values is a failure.
    pub(super) fail_on_empty: bool,
    /// What is known about the run before it begins, for its report.
    pub(super) known: Vec<Finding>,
    /// The words after `xfer` that run it again.
    pub(super) command: Vec<String>,
    /// What earlier runs learned about the destination.
    pub(super) tuning: Tuning,
    /// Tells the run to end early.
    pub(super) stop: &'run Stop,
}

/// Locks the routine, opens its journal and hands everything to the engine. Gives the report, and what was learned
/// about the destination.
pub(super) async fn launch(
    home: &Home,
    launch: Launch<'_>,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<(Report, Tuning), OpsError> {
    let Launch {
        whole,
        document,
        file,
        reviewed,
        mode,
        source,
        destination,
        fail_on_empty,
        known,
        command,
        tuning,
        stop,
    } = launch;
    // Before the lock is taken: nothing is asked of a server for what would be wrong anyway.
    let all_jobs = over_window_of(whole.document, document);
    let review = review::before_run(&all_jobs, &document.jobs, source.reviewed(), destination.reviewed(), reviewed)?;
    let now = Timestamp::now();
    let id = new_id(now);
    let _lock = RunLock::acquire(home.files(), document.routine.id, now)?;
    let mut journal = home.state(document.routine.id)?;
    journal.note_command(id, &command)?;
    let run = engine::run_part(
        RunRequest {
            run: id,
            now,
            mode,
            document,
            file,
            review,
            source: source.endpoint(),
            destination: destination.endpoint(),
            relative: RelativeOptions::default(),
            journal: &mut journal,
            tuning,
            patience: Patience::default(),
            stop: stop.clone(),
            fail_on_empty,
        },
        whole,
        events,
    );
    let result = in_time(stop, run).await??;
    let mut report = result.report;
    let as_kept = report.clone();
    report.findings.splice(0..0, known);
    if stop.cause().is_none() {
        name_latest(&mut report, &source.client, &source.metadata, document).await;
    }
    if !result.closed {
        tracing::warn!("the end of the run could not be saved; this report is still correct");
    }
    if result.closed
        && report != as_kept
        && let Err(cause) = journal.finish_run(&report)
    {
        // The report is kept as the engine made it, and what was added here is said all the same.
        tracing::warn!(%cause, "the report is saved without what was found after the run");
    }
    Ok((report, result.tuning))
}

/// What came of something that a run does not depend on.
fn unless_failed<T>(outcome: Result<T, OpsError>, verb: &str) -> Option<T> {
    outcome.inspect_err(|cause| tracing::warn!(%cause, "what was learned about the destination was not {verb}")).ok()
}

/// One server of a run.
pub(super) struct Side {
    /// Scheme, host and port.
    pub(super) origin: String,
    /// Who it has to be, where that is known.
    pub(super) pinned_system_id: Option<String>,
    /// Its metadata.
    pub(super) metadata: Metadata,
    /// The connection.
    pub(super) client: Client,
}

impl Side {
    /// The server of that name, with its login.
    pub(super) fn open(config: &ConfigStore, name: &str) -> Result<(ServerId, Self), OpsError> {
        let (server, metadata) = synced(config, name)?;
        let client = connect(config, &server)?;
        let origin = server.url.origin();
        let pinned_system_id = server.identity.map(|identity| identity.system_id);
        Ok((server.id, Self { origin, pinned_system_id, metadata, client }))
    }

    /// For the mapping review.
    fn reviewed(&self) -> RunSide<'_> {
        RunSide { name: self.client.name(), metadata: &self.metadata, system_id: self.pinned_system_id.as_deref() }
    }

    /// For the engine.
    pub(super) fn endpoint(&self) -> Endpoint<'_, Client> {
        Endpoint {
            client: &self.client,
            metadata: &self.metadata,
            origin: self.origin.clone(),
            pinned_system_id: self.pinned_system_id.clone(),
        }
    }
}

/// The whole routine over the periods of a run that may leave jobs out.
fn over_window_of(whole: &RoutineDocument, run: &RoutineDocument) -> RoutineDocument {
    let mut whole = whole.clone();
    whole.routine.window.clone_from(&run.routine.window);
    whole
}

/// What a run with these options is part of.
pub(super) fn part_of<'run>(whole: &'run RoutineDocument, options: &RunOptions) -> Whole<'run> {
    Whole { document: whole, all_jobs: options.jobs.is_empty(), own_periods: options.periods.is_none() }
}

/// Puts the options of this run into the document: a run over other periods or fewer jobs is another document.
pub(super) fn adapt(document: &mut RoutineDocument, options: &RunOptions) -> Result<(), OpsError> {
    if let Some(periods) = &options.periods {
        document.routine.window.clone_from(periods);
    }
    for name in &options.jobs {
        if !document.jobs.iter().any(|job| same_name(&job.name, name)) {
            let jobs: Vec<&str> = document.jobs.iter().map(|job| job.name.as_str()).collect();
            return Err(OpsError::invalid(
                format!("the routine {} has no job `{name}`", document.routine.name),
                format!("its jobs are {}", jobs.join(", ")),
            ));
        }
    }
    if !options.jobs.is_empty() {
        document.jobs.retain(|job| options.jobs.iter().any(|name| same_name(&job.name, name)));
    }
    for job in &document.jobs {
        // Which periods these are depends on the server's date; whether they are any does not.
        routines::check_window(
            &document.routine.window,
            Timestamp::now().to_zoned(TimeZone::UTC).date(),
            job.source_period_type,
        )?;
    }
    document.routine.policies.verify &= options.verify;
    Ok(())
}

const PLAIN: &str = "plain";
const RESTRICTED: &str = "restricted";

fn remembered(config: &ConfigStore, server: ServerId) -> Result<Tuning, OpsError> {
    let rows = |shape| -> Result<Option<usize>, OpsError> {
        Ok(config.tuning(server, store::Tuning::RowsPerPost, shape)?.and_then(|rows| usize::try_from(rows).ok()))
    };
    Ok(Tuning { plain_rows: rows(PLAIN)?, restricted_rows: rows(RESTRICTED)? })
}

fn remember(config: &mut ConfigStore, server: ServerId, tuning: Tuning) -> Result<(), OpsError> {
    for (shape, rows) in [(PLAIN, tuning.plain_rows), (RESTRICTED, tuning.restricted_rows)] {
        if let Some(rows) = rows {
            config.set_tuning(server, store::Tuning::RowsPerPost, shape, rows as u64)?;
        }
    }
    Ok(())
}
