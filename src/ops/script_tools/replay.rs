//! A script on the values of a past run: what each of its hooks would be given, and what it would make of it.
//!
//! The values are read from the source anew, as the run asked for them (see [`xfer_transfer::engine::replay`] for the
//! reason); so all four hooks can be replayed, with everything that `lookup` finds in a run. Where a script of its name is
//! attached already, it stands in for that one at each of its places, in the same order and with the same parameters
//! but for those that are given. One that is attached nowhere acts on everything, before whatever else is attached.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ops::error::OpsError;
use crate::ops::home::{Home, synced};
use crate::ops::plugins;
use crate::ops::routines;
use crate::ops::runs;
use crate::ops::stop::{in_time, watch};
use crate::ops::transfer::Side;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{StopCause, ValueCounts};
use xfer_domain::script::{Attachment, Hook, ParameterValue, ScriptSource};
use xfer_domain::spelling::composed;
use xfer_script::plugin::{self, PREFIX};
use xfer_script::{Log, Script};
use xfer_transfer::engine::{self, ReplayError, ReplayRequest, ReplayWindow};
use xfer_transfer::events::Event;
use xfer_transfer::hooks::{Change, Counts, Kind};

/// How a run is replayed.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// The run's id, the beginning of it, or `last`.
    pub run: String,
    /// Parameters of the script.
    pub parameters: Vec<(String, ParameterValue)>,
    /// Only this hook; all that the script defines where none.
    pub hook: Option<Hook>,
    /// Other periods than the run's.
    pub periods: Option<Vec<String>>,
    /// Most changes that are kept of each hook and kind.
    pub most: usize,
}

/// What a script made of the values of a past run.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The routine of the run.
    pub routine: String,
    /// When the run was.
    pub started: Timestamp,
    /// The server that was asked again.
    pub source: String,
    /// The source periods that were read.
    pub periods: Vec<Period>,
    /// What became of the source values.
    pub values: ValueCounts,
    /// How much each hook was given, and what became of it.
    pub counts: BTreeMap<Hook, Counts>,
    /// What came out differently, the first of each hook and kind.
    pub changes: Vec<Change>,
    /// What the script printed, the first lines.
    pub printed: Log,
    /// Parts that could not be read, and why.
    pub failed: Vec<(String, String)>,
    /// Who ended it, where it was stopped before it was done.
    pub stopped: Option<StopCause>,
}

impl Replay {
    /// How the program ends: values that the script refused, or failed on, are wrong, and so is what could not be read.
    pub fn code(&self) -> ExitCode {
        match self.stopped {
            Some(cause) => cause.code(),
            None if !self.failed.is_empty() || self.number(Kind::Rejected) > 0 => ExitCode::Incomplete,
            None => ExitCode::Success,
        }
    }

    /// How much of a kind there was, of all hooks together.
    pub fn number(&self, kind: Kind) -> u64 {
        self.counts.values().map(|counts| counts.of(kind)).sum()
    }
}

/// Replays a run, until it is done or somebody ends the program.
pub async fn replay(
    home: &Home,
    script: &Script,
    options: ReplayOptions,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Replay, OpsError> {
    let stop = watch(None)?;
    let hooks = hooks(script, options.hook)?;
    let run = runs::find(home, &options.run)?;
    let record = home.past(run.routine.id)?.run(run.summary.run)?;
    let config = home.config()?;
    let mut document = routines::document(&config, &run.routine.name)?;
    if let Some(report) = &record.report {
        document.jobs.retain(|job| report.jobs.iter().any(|ran| ran.name == job.name));
    }
    let Some(first) = document.jobs.first() else {
        return Err(OpsError::invalid(
            format!("the routine {} no longer has a job of that run", run.routine.name),
            "replay a newer run; `xfer runs list` shows them",
        ));
    };
    let (_, source) = Side::open(&config, &first.source)?;
    let (server, destination_metadata): (_, Metadata) = synced(&config, &first.destination)?;
    let tried = with_tried(home, &document, script, &hooks, &options.parameters)?;
    let replay = engine::replay(
        ReplayRequest {
            started: run.summary.started,
            now: Timestamp::now(),
            window: match options.periods {
                Some(window) => ReplayWindow::Given(window),
                None => ReplayWindow::OfRun(&record.start.periods),
            },
            document: &document,
            tried: &tried,
            script: script.name(),
            hooks: &hooks,
            source: source.endpoint(),
            destination_metadata: &destination_metadata,
            destination: server.identity.as_ref(),
            most: options.most,
            stop: stop.clone(),
        },
        events,
    );
    let result = in_time(&stop, Box::pin(replay)).await?.map_err(|error| in_words(error, &run.routine.name))?;
    let (counts, changes, printed) = result.record.into_parts();
    Ok(Replay {
        routine: run.routine.name,
        started: run.summary.started,
        source: first.source.clone(),
        periods: result.periods,
        values: result.values,
        counts,
        changes,
        printed,
        failed: result.failed,
        stopped: stop.cause().filter(|_| result.stopped),
    })
}

/// The hooks that are replayed, in the order in which a value meets them.
fn hooks(script: &Script, only: Option<Hook>) -> Result<Vec<Hook>, OpsError> {
    let defined: Vec<Hook> =
        Hook::ALL.into_iter().filter(|hook| script.hooks().any(|defined| defined.name() == hook.name())).collect();
    match only {
        None => Ok(defined),
        Some(hook) if defined.contains(&hook) => Ok(vec![hook]),
        Some(hook) => {
            let names: Vec<&str> = defined.iter().map(|hook| hook.name()).collect();
            Err(OpsError::invalid(
                format!("{} does not define `{}`", script.name(), hook.name()),
                format!("its functions: {}", names.join(", ")),
            ))
        }
    }
}

/// The routine with the script in each place where one of its name is attached; as the first of each job where there is
/// none.
fn with_tried(
    home: &Home,
    document: &RoutineDocument,
    script: &Script,
    replayed: &[Hook],
    given: &[(String, ParameterValue)],
) -> Result<RoutineDocument, OpsError> {
    let manifest = match script.name().strip_prefix(PREFIX) {
        Some(name) => Some(plugins::find(home, name)?.manifest),
        None => None,
    };
    let defined = hooks(script, None)?;
    let source = ScriptSource::new(script.name(), script.source());
    let attachment = |mut parameters: BTreeMap<String, ParameterValue>| -> Result<Attachment, OpsError> {
        parameters.extend(given.iter().cloned());
        if let Some(manifest) = &manifest {
            parameters = plugin::check(manifest, &parameters)?;
        }
        Ok(Attachment {
            script: source.name.clone(),
            hash: source.hash.clone(),
            hooks: defined.clone(),
            parameters,
            file: None,
        })
    };
    let mut tried = document.clone();
    if tried.attachments().any(|attached| composed(&attached.script) == composed(&source.name)) {
        for job in &tried.jobs {
            let on_an_item = job
                .items
                .iter()
                .flat_map(|item| &item.scripts)
                .any(|old| composed(&old.script) == composed(&source.name));
            if on_an_item && replayed.contains(&Hook::Rows) {
                return Err(OpsError::invalid(
                    format!("{} now has a `rows` function, but is attached to an item of {}", source.name, job.name),
                    "`rows` works on all items of a job at once: detach it and attach it to the job (without --item), \
                     or try another function: --hook value",
                ));
            }
        }
        let of_jobs = tried.jobs.iter_mut();
        let of_jobs =
            of_jobs.flat_map(|job| job.items.iter_mut().flat_map(|item| &mut item.scripts).chain(&mut job.scripts));
        for old in
            of_jobs.chain(&mut tried.routine.scripts).filter(|old| composed(&old.script) == composed(&source.name))
        {
            *old = attachment(std::mem::take(&mut old.parameters))?;
        }
    } else {
        for job in &mut tried.jobs {
            job.scripts.insert(0, attachment(BTreeMap::new())?);
        }
    }
    tried.scripts.push(source);
    Ok(tried)
}

fn in_words(error: ReplayError, routine: &str) -> OpsError {
    match error {
        ReplayError::Transfer(error) => error.into(),
        error @ ReplayError::OtherPeriods => OpsError::invalid(
            format!("the routine {routine} covers other periods now than it did in that run"),
            error.hint().unwrap_or_default(),
        ),
    }
}
