//! A script on the values of a past run: what each of its hooks would be given, and what it would make of it.
//!
//! The values are read from the source anew, as the run asked for them (see [`crate::transfer::engine::replay`] for the
//! reason); so all four hooks can be replayed, with everything that `lookup` finds in a run. The script acts before
//! whatever else is attached. Where a script of its name is attached already, it stands in for that one, with that
//! one's parameters unless others are given.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::domain::metadata::Metadata;
use crate::domain::period::Period;
use crate::domain::routine::RoutineDocument;
use crate::domain::run::ValueCounts;
use crate::domain::script::{Attachment, Hook, ParameterValue, ScriptSource};
use crate::ops::error::OpsError;
use crate::ops::home::{Home, synced};
use crate::ops::plugins;
use crate::ops::routines;
use crate::ops::runs;
use crate::ops::transfer::{Side, out_of_patience};
use crate::script::Script;
use crate::script::plugin::{self, PREFIX};
use crate::transfer::engine::{self, ReplayError, ReplayRequest, ReplayWindow};
use crate::transfer::events::Event;
use crate::transfer::hooks::{Change, Counts, Kind};

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
    /// Parts that could not be read, and why.
    pub failed: Vec<(String, String)>,
    /// Whether it was stopped before it was done.
    pub stopped: bool,
}

impl Replay {
    /// How much of a kind there was, of all hooks together.
    pub fn number(&self, kind: Kind) -> u64 {
        self.counts.values().map(|counts| counts.of(kind)).sum()
    }
}

/// Replays a run.
pub async fn replay(
    home: &Home,
    script: &Script,
    options: ReplayOptions,
    stop: CancellationToken,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Replay, OpsError> {
    let hooks = hooks(script, options.hook)?;
    let run = runs::find(home, &options.run)?;
    let record = home.state(run.routine.id)?.run(run.summary.run)?;
    let config = home.config()?;
    let mut document = routines::document(&config, &run.routine.name)?;
    if let Some(report) = &record.report {
        document.jobs.retain(|job| report.jobs.iter().any(|ran| ran.name == job.name));
    }
    let Some(first) = document.jobs.first() else {
        return Err(OpsError::invalid(
            format!("the routine {} has none of the jobs of that run any more", run.routine.name),
            "replay a newer run; `xfer runs list` shows them",
        ));
    };
    let (_, source) = Side::open(&config, &first.source)?;
    let (server, destination_metadata): (_, Metadata) = synced(&config, &first.destination)?;
    let tried = with_first(home, &document, script, &options.parameters)?;
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
            hooks: &hooks,
            source: source.endpoint(),
            destination_metadata: &destination_metadata,
            destination: server.identity.as_ref(),
            most: options.most,
            stop: stop.clone(),
        },
        events,
    );
    let result = tokio::select! {
        biased;
        result = Box::pin(replay) => result.map_err(|error| in_words(error, &run.routine.name))?,
        () = out_of_patience(&stop) => return Err(OpsError::Stopped),
    };
    let (counts, changes) = result.record.into_parts();
    Ok(Replay {
        routine: run.routine.name,
        started: run.summary.started,
        source: first.source.clone(),
        periods: result.periods,
        values: result.values,
        counts,
        changes,
        failed: result.failed,
        stopped: result.stopped,
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
                format!("it defines {}", names.join(", ")),
            ))
        }
    }
}

/// The routine with the script as the first of each job, in the place of one of the same name.
fn with_first(
    home: &Home,
    document: &RoutineDocument,
    script: &Script,
    given: &[(String, ParameterValue)],
) -> Result<RoutineDocument, OpsError> {
    let mut parameters: BTreeMap<String, ParameterValue> = document
        .attachments()
        .find(|attachment| attachment.script == script.name())
        .map(|attachment| attachment.parameters.clone())
        .unwrap_or_default();
    parameters.extend(given.iter().cloned());
    if let Some(name) = script.name().strip_prefix(PREFIX) {
        parameters = plugin::check(&plugins::find(home, name)?.manifest, &parameters)?;
    }
    let source = ScriptSource::new(script.name(), script.source());
    let attachment = Attachment {
        script: source.name.clone(),
        hash: source.hash.clone(),
        hooks: hooks(script, None)?,
        parameters,
        file: None,
    };
    let mut tried = document.clone();
    let other = |attached: &Attachment| attached.script != source.name;
    tried.routine.scripts.retain(other);
    for job in &mut tried.jobs {
        job.scripts.retain(other);
        job.items.iter_mut().for_each(|item| item.scripts.retain(other));
        job.scripts.insert(0, attachment.clone());
    }
    tried.scripts.push(source);
    Ok(tried)
}

fn in_words(error: ReplayError, routine: &str) -> OpsError {
    match error {
        ReplayError::Transfer(error) => error.into(),
        ReplayError::OtherPeriods => OpsError::invalid(
            format!("the routine {routine} covers other periods now than it did in that run"),
            "say which to read: --periods 202401..202403; or replay a newer run",
        ),
    }
}
