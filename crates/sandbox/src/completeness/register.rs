//! `POST completeDataSetRegistrations`.
//!
//! Rows are judged one by one; what is wrong is told in words, without codes or positions. The answer is SUCCESS as
//! soon as one row was written, and ERROR where none was, for an empty list too (recordings
//! `completeness/post-bad-among-good`, `completeness/post-empty-list`). A malformed period is the fault of its row up
//! to 2.42 and of the whole request on 2.43 (`completeness/post-bad-period`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::withdraw::attribute_option_combo;
use crate::exchange::{Request, Response};
use crate::import::access::Reach;
use crate::import::answer::{Conflict, Counts, Status, Summary};
use crate::import::identifiers::Lookups;
use crate::import::json::Json;
use crate::import::options::{Options, Schemes, Strategy};
use crate::import::{timeliness, unpack};
use crate::profile::Profile;
use crate::state::{State, User};
use crate::values::{Registration, RegistrationKey, ValueKey, Values};
use crate::world::catalog::Catalog;
use xfer_domain::period::Period;

/// The longest user name.
const LONGEST_STORED_BY: usize = 255;

/// Answers it.
pub(super) fn post(state: &mut State, user: &User, request: &Request) -> Response {
    let options = match Options::of(request) {
        Ok(options) => options,
        Err(error) => return Response::web_message(400, Some(&error.to_string()), None),
    };
    let summary = run(state, user, &options, &request.body)
        .unwrap_or_else(|reason| Summary::failed(format!("The import process failed: {reason}")));
    summary.answer(state.profile, &options)
}

/// What a row found.
struct Place {
    set: usize,
    period: Period,
    org_unit: usize,
    combo: usize,
}

struct Registrar<'request> {
    catalog: &'request Catalog,
    lookups: Lookups<'request>,
    reach: Reach<'request>,
    user: &'request User,
    options: &'request Options,
    profile: Profile,
    today: String,
}

fn text<'json>(json: &'json Json<'_>, name: &str) -> Option<Cow<'json, str>> {
    match json.get(name)? {
        Json::Text(text) => Some(Cow::Borrowed(text.as_ref())),
        Json::Number(number) => Some(Cow::Borrowed(number)),
        Json::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        _ => None,
    }
}

fn trimmed<'json>(json: &'json Json<'_>, name: &str) -> Option<Cow<'json, str>> {
    text(json, name).map(|text| Cow::Owned(text.trim().to_owned())).filter(|text: &Cow<'_, str>| !text.is_empty())
}

fn run(state: &mut State, user: &User, options: &Options, body: &[u8]) -> Result<Summary, String> {
    let body = unpack::unpack(body).map_err(|damage| damage.to_string())?;
    let body = Json::read(body.trim_start_matches('\u{feff}')).map_err(|error| error.to_string())?;
    if !matches!(body, Json::Object(_)) {
        return Err("Cannot deserialize value of type `CompleteDataSetRegistrations`".to_owned());
    }
    let rows = match body.get("completeDataSetRegistrations") {
        None | Some(Json::Null) => &[],
        Some(Json::List(rows)) => rows.as_slice(),
        Some(_) => return Err("Cannot deserialize value of type `ArrayList`".to_owned()),
    };
    let strategy = match text(&body, "strategy") {
        None => options.strategy,
        Some(name) => Strategy::parse(&name)
            .ok_or_else(|| format!("No enum constant org.hisp.dhis.importexport.ImportStrategy.{name}"))?,
    };
    let dry_run = text(&body, "dryRun").map_or(options.dry_run, |text| text == "true");
    let world = state.world.clone();
    let catalog = world.catalog();
    let schemes = options.schemes.clone().beaten_by(Schemes::of(|name| text(&body, name)));
    let registrar = Registrar {
        catalog: &catalog,
        lookups: Lookups::new(&catalog, &schemes, true),
        reach: Reach::of(&world, &catalog, user),
        user,
        options,
        profile: state.profile,
        today: timeliness::now(&state.settings).date().to_string(),
    };
    registrar.import(&mut state.values, rows, strategy, dry_run)
}

impl Registrar<'_> {
    /// Judges and writes all rows. New ones wait until all are judged, so that a request that fails stores none.
    fn import(
        &self,
        values: &mut Values,
        rows: &[Json<'_>],
        strategy: Strategy,
        dry_run: bool,
    ) -> Result<Summary, String> {
        let mut summary = Summary::default();
        let mut counts = Counts::default();
        let mut waiting: BTreeMap<RegistrationKey, Registration> = BTreeMap::new();
        for row in rows {
            if !matches!(row, Json::Object(_)) {
                return Err(
                    "Cannot invoke \"CompleteDataSetRegistration.getDataSet()\" because \"cdsr\" is null".into()
                );
            }
            let place = self.find(row)?.and_then(|place| self.judge(row, place));
            let place = match place {
                Ok(place) => place,
                Err(fault) => {
                    summary.add(fault);
                    continue;
                }
            };
            if !self.is_filled(values, &place, &mut summary) || !self.may_write(&place, &mut summary) {
                continue;
            }
            let (key, registration) = self.registration(row, &place)?;
            let exists = !self.options.skip_existing_check && values.registrations.contains_key(&key);
            match (exists, strategy) {
                (true, Strategy::Delete) => {
                    counts.deleted += 1;
                    if !dry_run {
                        values.registrations.remove(&key);
                    }
                }
                (true, strategy) if strategy.updates() || strategy == Strategy::Sync => {
                    counts.updated += 1;
                    if !dry_run {
                        values.registrations.insert(key, registration);
                    }
                }
                (false, strategy) if strategy.creates() || strategy == Strategy::Sync => {
                    if dry_run || !waiting.contains_key(&key) {
                        counts.imported += 1;
                    }
                    if !dry_run {
                        waiting.entry(key).or_insert(registration);
                    }
                }
                _ => {}
            }
        }
        values.registrations.extend(waiting);
        counts.ignored = rows.len() - counts.imported - counts.updated - counts.deleted;
        summary.counts = counts;
        summary.status = if counts.ignored == rows.len() { Status::Error } else { Status::Success };
        summary.description = Some("Import process complete.".to_owned());
        Ok(summary)
    }

    /// Finds what a row names; an attribute option combo that is not found is the default one. The outer error ends the
    /// request.
    fn find(&self, row: &Json<'_>) -> Result<Result<Place, Conflict>, String> {
        let period_text = trimmed(row, "period");
        let period = period_text.as_deref().and_then(|text| timeliness::period(text, self.profile));
        if self.profile.imports_set_based()
            && period.is_none()
            && let Some(text) = &period_text
        {
            return Err(format!("java.lang.IllegalArgumentException: Invalid Period `{text}`"));
        }
        let named = |name: &str| text(row, name);
        let missing = |name: &str, message: &str| Err(Conflict::plain(named(name).as_deref(), message));
        let set = trimmed(row, "dataSet")
            .and_then(|id| self.lookups.data_sets.find(&id))
            .filter(|&set| self.reach.data_set(set).is_some_and(|granted| granted.read));
        let Some(set) = set else { return Ok(missing("dataSet", "Data set not found or not accessible")) };
        let Some(period) = period else { return Ok(missing("period", "Period not valid")) };
        let unit = trimmed(row, "organisationUnit").and_then(|id| self.lookups.org_units.find(&id));
        let Some(org_unit) = unit else {
            return Ok(missing("organisationUnit", "Organisation unit not found or not accessible"));
        };
        let combo = match trimmed(row, "attributeOptionCombo") {
            Some(id) => self.lookups.attribute_option_combos.find(&id),
            None => text(row, "cc")
                .and_then(|combo| attribute_option_combo(self.catalog, &combo, &text(row, "cp").unwrap_or_default())),
        };
        let combo = combo.filter(|&combo| self.reach.writes_combo(combo));
        if combo.is_none() && self.options.require_attribute_option_combo {
            return Ok(Err(Conflict::plain(
                Some("Attribute option combo"),
                "Attribute option combo is required but is not specified",
            )));
        }
        Ok(Ok(Place { set, period, org_unit, combo: combo.unwrap_or(self.catalog.default_combo) }))
    }

    /// Hierarchy, attribute option combo, and what the `strict…` flags ask.
    fn judge(&self, row: &Json<'_>, place: Place) -> Result<Place, Conflict> {
        let catalog = self.catalog;
        let set = &catalog.data_sets[place.set];
        let combo = &catalog.option_combos[place.combo];
        let unit_id = &catalog.org_units[place.org_unit].names.id;
        let fault = |object: &str, text: String| Err(Conflict::plain(Some(object), text));
        if !self.reach.captures_at(place.org_unit) {
            return fault(unit_id, format!("Organisation unit is not in hierarchy of user: {}", self.user.name()));
        }
        if self.options.strict_attribute_option_combos && combo.combo != set.combo {
            let text = format!("Attribute option combo: {} must have category combo: {}", combo.combo, set.combo);
            return fault(&combo.combo, text);
        }
        let (start, end) = catalog.span(place.combo);
        let end = end.map(|end| timeliness::adjusted_end(end, set));
        if start.is_some_and(|start| start > place.period.start()) || end.is_some_and(|end| end < place.period.end()) {
            let text =
                format!("Period: {} is not within range of attribute option combo: {}", place.period, combo.names.id);
            return fault(unit_id, text);
        }
        if !catalog.is_usable_at(place.combo, place.org_unit) {
            let text =
                format!("Organisation unit: {unit_id} is not valid for attribute option combo {}", combo.names.id);
            return fault(unit_id, text);
        }
        if self.options.strict_periods && Some(place.period.period_type()) != set.period_type {
            let wanted = set.period_type.map_or_else(|| "null".to_owned(), |wanted| wanted.name().to_owned());
            let text = format!(
                "Period type of period: {} is not equal to the period type of data set: {wanted}",
                place.period
            );
            return fault(&place.period.to_string(), text);
        }
        if self.options.strict_organisation_units && !set.org_units.contains(&place.org_unit) {
            let text = format!("Data set {} is not assigned to organisation unit {unit_id}", set.names.id);
            return fault(&set.names.id, text);
        }
        let too_long =
            |name: &&str| text(row, name).is_some_and(|text| text.encode_utf16().count() > LONGEST_STORED_BY);
        if let Some(name) = ["storedBy", "lastUpdatedBy"].iter().find(|name| too_long(name)) {
            let object = text(row, name).unwrap_or_default();
            return fault(&object, "stored_by_length_greater_than_max_length".to_owned());
        }
        Ok(place)
    }

    /// Complains about compulsory values that are missing; that refuses the row only where the data set insists.
    fn is_filled(&self, values: &Values, place: &Place, summary: &mut Summary) -> bool {
        let catalog = self.catalog;
        let set = &catalog.data_sets[place.set];
        let mut filled = true;
        for &(element, combo) in &set.compulsory {
            let key = ValueKey {
                data_element: catalog.data_elements[element].names.id.clone(),
                period: place.period.to_string(),
                org_unit: catalog.org_units[place.org_unit].names.id.clone(),
                category_option_combo: catalog.option_combos[combo].names.id.clone(),
                attribute_option_combo: catalog.option_combos[place.combo].names.id.clone(),
            };
            if values.data.get(&key).is_some_and(|stored| !stored.deleted) {
                continue;
            }
            filled = false;
            let element = &catalog.data_elements[element].names.name;
            let name = if combo == catalog.default_combo {
                element.clone()
            } else {
                format!("{element} {}", catalog.option_combos[combo].names.name)
            };
            let text = format!("{name} needs to be filled. It is compulsory.");
            summary.add(Conflict::plain(Some("dataElementOperand"), text));
        }
        filled || !set.compulsory_fields_complete_only
    }

    fn may_write(&self, place: &Place, summary: &mut Summary) -> bool {
        let allowed = self.reach.data_set(place.set).is_some_and(|granted| granted.data_write);
        if !allowed {
            let id = &self.catalog.data_sets[place.set].names.id;
            let text = format!("User does not have write access for DataSet: {id}");
            summary.add(Conflict::plain(Some("dataSet"), text));
        }
        allowed
    }

    fn registration(&self, row: &Json<'_>, place: &Place) -> Result<(RegistrationKey, Registration), String> {
        let catalog = self.catalog;
        let date = match trimmed(row, "date") {
            None => self.today.clone(),
            Some(text) => timeliness::day(&text).ok_or_else(|| format!("Invalid date format: {text}"))?.to_string(),
        };
        let key = RegistrationKey {
            data_set: catalog.data_sets[place.set].names.id.clone(),
            period: place.period.to_string(),
            org_unit: catalog.org_units[place.org_unit].names.id.clone(),
            attribute_option_combo: catalog.option_combos[place.combo].names.id.clone(),
        };
        let registration = Registration {
            date,
            stored_by: trimmed(row, "storedBy").unwrap_or(Cow::Borrowed(self.user.name())).into_owned(),
            completed: text(row, "completed").is_none_or(|text| text != "false"),
        };
        Ok((key, registration))
    }
}
