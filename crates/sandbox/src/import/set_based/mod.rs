//! The import of 2.43 and later (`DataEntryPipeline`, `DefaultDataEntryService`): all or nothing per data set.
//!
//! Three steps, each with failures of its own kind: [`decode`] turns texts into ids and fails the whole request; the
//! rows form groups by data set, and [`checks`] refuse a whole group over one kind of fault at a time; what passes is
//! judged row by row by [`values`]. [`store`] writes a group in one transaction, and loses it silently where the
//! database objects.

mod checks;
mod decode;
mod errors;
mod source;
mod split;
mod store;
mod values;

use self::decode::{DecodedGroup, Failure};
use self::errors::Fault;
use self::source::Source;
use super::Body;
use super::access::Reach;
use super::answer::{Conflict, Counts, Status, Summary};
use super::identifiers::Lookups;
use super::options::{Options, Strategy};
use super::payload::{Payload, Unwalkable};
use super::timeliness;
use crate::exchange::Response;
use crate::state::{State, User};
use crate::world::catalog::Catalog;

/// What the server says where decoding met a period that is none: the failed stage left nothing behind.
const NO_GROUP: &str = "Cannot invoke \"org.hisp.dhis.datavalue.DataEntryGroup.deletion()\" because \"group\" is null";

/// Imports a body and answers.
pub(super) fn import(state: &mut State, user: &User, options: &Options, body: &Body<'_>) -> Response {
    match body.payload_walked(options, state.profile) {
        Ok(payload) => run(state, user, options, &payload),
        Err(Unwalkable::Refused(message)) => Response::web_message(400, Some(&message), None),
        Err(Unwalkable::Conflict(message)) => Response::web_message(409, Some(&message), None),
        Err(Unwalkable::Broken(message)) => Response::web_message(500, Some(&message), None),
    }
}

/// What holds for all groups of a request.
pub(super) struct Frame<'request> {
    catalog: &'request Catalog,
    reach: Reach<'request>,
    user: &'request User,
    options: &'request Options,
    now: jiff::civil::DateTime,
    dry_run: bool,
    /// Whether the windows of input periods are read the wrong way round.
    inverted_windows: bool,
}

/// What became of a group that was not refused (`DataEntrySummary`).
#[derive(Default)]
struct Outcome {
    attempted: usize,
    succeeded: usize,
    deleted: usize,
    errors: Vec<(usize, Fault)>,
}

impl Outcome {
    fn ignored(&self) -> usize {
        self.attempted - self.succeeded + self.errors.len()
    }
}

fn run(state: &mut State, user: &User, options: &Options, payload: &Payload<'_>) -> Response {
    let catalog = state.world.catalog();
    let world = state.world.clone();
    let schemes = options.schemes.clone().beaten_by(payload.schemes.clone());
    let lookups = Lookups::new(&catalog, &schemes, true);
    let frame = Frame {
        catalog: &catalog,
        reach: Reach::of(&world, &catalog, user),
        user,
        options,
        now: timeliness::now(&state.settings),
        dry_run: payload.dry_run.unwrap_or(options.dry_run),
        inverted_windows: state.profile.inverts_input_periods(),
    };
    let profile = state.profile;
    let decoded = decode::decode(payload, &catalog, &lookups, profile);
    let groups = decoded.and_then(|group| match group.data_set {
        None if state.settings.auto_group => split::by_data_set(group, &catalog),
        _ => Ok(vec![group]),
    });
    match groups {
        Ok(groups) => {
            frame.import_groups(state, groups).map_or_else(bare_conflict, |summary| summary.answer(profile, options))
        }
        Err(Failure::Broken) => Response::web_message(500, Some(NO_GROUP), None),
        Err(Failure::Undecodable(fault)) => {
            let mut summary = Summary::default();
            summary.status = Status::Error;
            summary.add(fault.conflict(vec![-1]));
            summary.answer(profile, options)
        }
    }
}

/// The answer where a refused group is followed by another one: no message, no summary (recording
/// `import/auto-group-first-group-refused`).
fn bare_conflict() -> Response {
    Response::web_message(409, None, None)
}

impl Frame<'_> {
    /// Imports group after group; each is committed by itself. None where the answer carries no summary.
    fn import_groups(&self, state: &mut State, groups: Vec<DecodedGroup<'_>>) -> Option<Summary> {
        let mut summary = Summary::default();
        summary.data_set_complete = Some("false".to_owned());
        let mut total = Outcome::default();
        let mut ignored = 0;
        let last = groups.len().saturating_sub(1);
        let mut refusal = None;
        for (position, mut group) in groups.into_iter().enumerate() {
            if self.options.strategy == Strategy::Delete {
                group.values.iter_mut().for_each(|value| value.deleted = Some(true));
            }
            let indexes: Vec<usize> = group.values.iter().map(|value| value.index).collect();
            match self.import_group(state, &mut group) {
                Ok(outcome) => {
                    if outcome.ignored() == 0
                        && !self.dry_run
                        && let Some(completion) = &group.completion
                    {
                        store::complete(state, completion, self.user.name());
                        summary.data_set_complete = Some(completion.date.to_string());
                    }
                    ignored += outcome.ignored();
                    total.attempted += outcome.attempted;
                    total.succeeded += outcome.succeeded;
                    total.deleted += outcome.deleted;
                    total.errors.extend(outcome.errors);
                }
                Err(fault) => {
                    if self.options.atomic {
                        summary.data_set_complete = None;
                    } else if position < last {
                        return None;
                    }
                    refusal = Some((fault, indexes));
                    break;
                }
            }
        }
        self.sum_up(&mut summary, total, ignored);
        if let Some((fault, indexes)) = refusal {
            summary.status = Status::Error;
            for &index in &indexes {
                summary.reject(index);
            }
            let indexes = indexes.into_iter().map(|index| i64::try_from(index).unwrap_or(i64::MAX)).collect();
            summary.add(fault.conflict(indexes));
        }
        Some(summary)
    }

    /// Everything that was written is `updated`, or `deleted` under that strategy; rows with a fault of their own and
    /// rows that the database lost are `ignored`.
    fn sum_up(&self, summary: &mut Summary, total: Outcome, ignored: usize) {
        let deletes = self.options.strategy == Strategy::Delete;
        summary.counts = Counts {
            imported: 0,
            updated: if deletes { 0 } else { total.succeeded },
            ignored,
            deleted: total.deleted + if deletes { total.succeeded } else { 0 },
        };
        summary.status = match (total.errors.is_empty(), total.succeeded) {
            (true, _) => Status::Success,
            (false, 0) => Status::Error,
            (false, _) => Status::Warning,
        };
        for (index, fault) in total.errors {
            summary.reject(index);
            summary.add(fault.conflict(vec![i64::try_from(index).unwrap_or(i64::MAX)]));
        }
    }

    /// Imports one group, or tells why all of it is refused (`upsertGroup`).
    fn import_group(&self, state: &mut State, group: &mut DecodedGroup<'_>) -> Result<Outcome, Fault> {
        if let Some(scope) = &group.deletion {
            self.check_group(group.data_set, &Source::of_scope(scope))?;
        }
        let mut outcome = Outcome::default();
        let mut valid = Vec::new();
        if !group.values.is_empty() {
            let set = self.check_group(group.data_set, &Source::of_values(&group.values))?;
            let values = std::mem::take(&mut group.values);
            let entered = values.len();
            (valid, outcome.errors) = values::judge(self.catalog, set, values)?;
            outcome.attempted = valid.len();
            if self.options.atomic && entered > valid.len() {
                return Err(errors::atomic(entered, valid.len(), &mut outcome.errors));
            }
        }
        if let Some(scope) = &group.deletion {
            outcome.deleted = store::delete_scope(state, scope, self.now, self.user.name(), self.dry_run);
        }
        outcome.succeeded =
            if self.dry_run { valid.len() } else { store::upsert(state, valid, self.now, self.user.name()) };
        Ok(outcome)
    }

    /// The checks of a group in the server's order; the data set is found first where the request names none.
    fn check_group(&self, data_set: Option<&str>, source: &Source<'_>) -> Result<usize, Fault> {
        let (id, set) = if let Some(id) = data_set {
            (id, self.catalog.data_sets.find(id))
        } else {
            let set = checks::only_data_set(self.catalog, source)?;
            (self.catalog.data_sets[set].names.id.as_str(), Some(set))
        };
        checks::Checks { frame: self, id, set, source }.run()
    }
}

/// A fault as the conflict that the answer carries.
impl Fault {
    fn conflict(&self, indexes: Vec<i64>) -> Conflict {
        Conflict::set_based(self.code, &self.raw_arguments(), self.text(), indexes)
    }
}
