//! The import of 2.36 to 2.42 (`DefaultDataValueSetService`): rows are judged one by one, good ones are kept.
//!
//! First the keys on top are judged; a fault there ends the import before any row. Then each row runs through
//! [`checks`] in a fixed order, the first fault refuses it, and what passes is written by [`mod@write`]. Without the
//! `strict…` flags much is stored that no form will ever show; that is the point of playing it faithfully.

mod checks;
mod conflicts;
mod write;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::DateTime;

use self::checks::{Checks, trimmed};
use self::write::{NewValue, Writer, Written};
use super::Body;
use super::access::Reach;
use super::answer::{Conflict, Counts, Status, Summary};
use super::identifiers::Lookups;
use super::options::{Options, Strategy};
use super::payload::{Payload, Row, Text};
use super::timeliness;
use crate::exchange::Response;
use crate::profile::Profile;
use crate::state::{State, User};
use crate::values::{Registration, RegistrationKey, ValueKey, Values};
use crate::world::catalog::Catalog;
use xfer_domain::period::Period;

/// Imports a body and answers.
pub(super) fn import(state: &mut State, user: &User, options: &Options, body: &Body<'_>) -> Response {
    let summary = match body.payload_bound(options) {
        Ok(payload) => run(state, user, options, &payload),
        Err(reason) => Summary::failed(format!("The import process failed: {reason}")),
    };
    summary.answer(state.profile, options)
}

/// What holds for all rows of a request.
pub(super) struct Frame<'request> {
    profile: Profile,
    now: DateTime,
    catalog: &'request Catalog,
    lookups: Lookups<'request>,
    reach: Reach<'request>,
    user: &'request User,
    options: &'request Options,
    strategy: Strategy,
    data_set: Option<usize>,
    period: Option<Period>,
    org_unit: Option<usize>,
    attribute_option_combo: Option<usize>,
    /// `force=true` of a superuser: no question of time is asked.
    forced: bool,
    /// Periods that this request loses to another one (see [`Settings::next_new_period_loses`]).
    ///
    /// [`Settings::next_new_period_loses`]: crate::settings::Settings::next_new_period_loses
    lost: BTreeSet<String>,
}

fn run(state: &mut State, user: &User, options: &Options, payload: &Payload<'_>) -> Summary {
    let strategy = match payload.strategy.as_deref() {
        None => options.strategy,
        Some(name) => match Strategy::parse(name) {
            Some(strategy) => strategy,
            None => {
                return Summary::failed(format!(
                    "The import process failed: No enum constant org.hisp.dhis.importexport.ImportStrategy.{name}"
                ));
            }
        },
    };
    let dry_run = payload.dry_run.unwrap_or(options.dry_run);
    let catalog: Arc<Catalog> = state.world.catalog();
    let world = state.world.clone();
    let schemes = options.schemes.clone().beaten_by_all_of(payload.schemes.clone());
    let mut frame = Frame {
        profile: state.profile,
        now: timeliness::now(&state.settings),
        catalog: &catalog,
        lookups: Lookups::new(&catalog, &schemes, false),
        reach: Reach::of(&world, &catalog, user),
        user,
        options,
        strategy,
        data_set: None,
        period: None,
        org_unit: None,
        attribute_option_combo: None,
        forced: options.force && user.is_superuser(),
        lost: BTreeSet::new(),
    };
    let mut summary = Summary::default();
    frame.read_keys_on_top(payload);
    for conflict in frame.faults_on_top(payload) {
        summary.status = Status::Error;
        summary.add(conflict);
    }
    if summary.status == Status::Error {
        summary.description = Some("Import process was aborted".to_owned());
        return summary;
    }
    frame.note_periods(state, payload);
    frame.complete(&mut state.values, payload, &mut summary);
    match frame.import_rows(&mut state.values, payload, dry_run, &mut summary) {
        Ok(counts) => summary.counts = counts,
        Err(reason) => return Summary::failed(format!("The import process failed: {reason}")),
    }
    summary.status = if summary.has_conflicts() { Status::Warning } else { Status::Success };
    summary.description = Some("Import process completed successfully".to_owned());
    summary
}

impl Frame<'_> {
    /// Finds what the keys on top stand for (`createDataSetContext`). An unreadable period on top is simply none.
    fn read_keys_on_top(&mut self, payload: &Payload<'_>) {
        self.data_set = payload
            .data_set
            .as_deref()
            .and_then(|id| self.lookups.data_sets.find(id))
            .filter(|&set| self.reach.data_set(set).is_some_and(|granted| granted.read));
        self.period = trimmed(&payload.period).and_then(|text| timeliness::period(text, self.profile));
        self.org_unit = trimmed(&payload.org_unit).and_then(|id| self.lookups.org_units.find(id));
        self.attribute_option_combo = self.writable_attribute_option_combo(&payload.attribute_option_combo);
    }

    /// Faults of the keys on top, all of them (`abortDataSetImport`).
    fn faults_on_top(&self, payload: &Payload<'_>) -> Vec<Conflict> {
        let mut faults = Vec::new();
        let own = |text: &Text<'_>| text.as_deref().map(str::to_owned);
        match self.data_set {
            None if trimmed(&payload.data_set).is_some() => {
                faults.push(conflicts::data_set_not_found(own(&payload.data_set)));
            }
            Some(set) if !self.reach.data_set(set).is_some_and(|granted| granted.data_write) => {
                faults.push(conflicts::data_set_not_writable(own(&payload.data_set)));
            }
            _ => {}
        }
        if self.data_set.is_none() && self.options.strict_data_elements {
            faults.push(conflicts::data_set_required());
        }
        if self.org_unit.is_none() && trimmed(&payload.org_unit).is_some() {
            faults.push(conflicts::org_unit_on_top_not_found(own(&payload.org_unit), own(&payload.data_set)));
        }
        if self.attribute_option_combo.is_none() && trimmed(&payload.attribute_option_combo).is_some() {
            faults
                .push(conflicts::combo_on_top_not_found(own(&payload.attribute_option_combo), own(&payload.data_set)));
        }
        faults
    }

    /// An attribute option combo by its text; one that the user may not write with is not found.
    fn writable_attribute_option_combo(&self, text: &Text<'_>) -> Option<usize> {
        let combo = self.lookups.attribute_option_combos.find(trimmed(text)?)?;
        self.reach.writes_combo(combo).then_some(combo)
    }

    /// Remembers every period of the request: its row in the period table is made at the first sight, in dry runs too
    /// (recording `import/dry-run-new-period`). A race that was asked for is lost here.
    fn note_periods(&mut self, state: &mut State, payload: &Payload<'_>) {
        let texts = payload.rows.iter().flatten().map(|row| &row.period).chain([&payload.period]);
        let seen: BTreeSet<&str> = texts.filter_map(trimmed).collect();
        let periods: Vec<String> = seen
            .into_iter()
            .filter_map(|text| timeliness::period(text, self.profile))
            .map(|period| period.to_string())
            .collect();
        self.lost = super::lose_race(state, &periods);
        state.values.periods.extend(periods);
    }

    /// Registers completeness, before any value and in dry runs too (`handleComplete`).
    fn complete(&self, values: &mut Values, payload: &Payload<'_>, summary: &mut Summary) {
        summary.data_set_complete = Some("false".to_owned());
        let today = self.now.date();
        let date = match payload.complete_date.as_deref().map(str::trim) {
            Some("true") if self.profile == Profile::V42 => Some(today),
            Some(text) => timeliness::day(text),
            None => None,
        };
        let (Some(set), Some(date)) = (self.data_set, date) else { return };
        summary.data_set_complete = None;
        let (Some(org_unit), Some(period)) = (self.org_unit, self.period) else {
            let kind = if self.org_unit.is_none() { "OrganisationUnit" } else { "Period" };
            summary.add(Conflict::plain(Some(kind), "Must be provided to complete data set"));
            return;
        };
        let key = RegistrationKey {
            data_set: self.catalog.data_sets[set].names.id.clone(),
            period: period.to_string(),
            org_unit: self.catalog.org_units[org_unit].names.id.clone(),
            attribute_option_combo: self.catalog.option_combos[self.catalog.default_combo].names.id.clone(),
        };
        let registration =
            Registration { date: date.to_string(), stored_by: self.user.name().to_owned(), completed: true };
        values.registrations.insert(key, registration);
        summary.data_set_complete = Some(date.to_string());
    }

    /// Judges and writes the rows. A `null` among them ends the import with an exception: what waits to be inserted is
    /// lost, what was updated stays (recording `import/data-values-null-entry`).
    fn import_rows(
        &self,
        values: &mut Values,
        payload: &Payload<'_>,
        dry_run: bool,
        summary: &mut Summary,
    ) -> Result<Counts, &'static str> {
        let mut writer = Writer::new(values, self.strategy, dry_run, self.options.skip_existing_check);
        let checks = Checks::new(self);
        let mut counts = Counts::default();
        for (index, row) in payload.rows.iter().enumerate() {
            let Some(row) = row else {
                return Err(
                    "Cannot invoke \"org.hisp.dhis.dxf2.datavalueset.DataValueEntry.getDataElement()\" because \"dataValue\" is null",
                );
            };
            match checks.judge(row) {
                Err(faults) => {
                    counts.ignored += 1;
                    summary.reject(index);
                    let index = i64::try_from(index).unwrap_or(i64::MAX);
                    for fault in faults {
                        summary.add(Conflict { indexes: vec![index], ..fault });
                    }
                }
                Ok(accepted) => {
                    let written = writer.write(accepted.key, accepted.drops_zero, self.new_value(row, accepted.value));
                    match written {
                        Written::Imported => counts.imported += 1,
                        Written::Updated => counts.updated += 1,
                        Written::Deleted => counts.deleted += 1,
                        Written::Ignored => counts.ignored += 1,
                        Written::Refused => {
                            counts.ignored += 1;
                            summary.reject(index);
                        }
                        Written::Uncounted => {}
                    }
                }
            }
        }
        writer.flush();
        Ok(counts)
    }

    /// The value that a row asks to store (`createDataValue`): nothing of what is stored is kept.
    fn new_value(&self, row: &Row<'_>, value: Option<String>) -> NewValue {
        let own_dates = self.profile == Profile::V40;
        let stamp = |text: &Text<'_>| {
            let text = text.as_deref().filter(|_| own_dates)?;
            text.get(..23)
                .or_else(|| text.get(..10))
                .map(|text| if text.len() == 10 { format!("{text}T00:00:00.000") } else { text.to_owned() })
        };
        NewValue {
            value,
            comment: trimmed(&row.comment).map(str::to_owned),
            followup: row.followup.unwrap_or_default(),
            deleted: row.deleted.unwrap_or_default(),
            stored_by: trimmed(&row.stored_by).unwrap_or(self.user.name()).to_owned(),
            now: timeliness::timestamp(self.now),
            created: stamp(&row.created),
            last_updated: stamp(&row.last_updated),
        }
    }
}

/// A row that passed, with what is stored of its value.
pub(super) struct Accepted {
    key: ValueKey,
    value: Option<String>,
    /// Whether the value is a zero that means nothing for its data element.
    drops_zero: bool,
}
