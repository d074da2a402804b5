//! Texts of a request become ids and periods (`DefaultDataEntryService.decodeGroup`).
//!
//! The first text that does not decode fails the request; the answer names its row in words only. Under the id scheme
//! only the shape is checked: an unknown id is found by the group's checks. A period that is none fails worse, with
//! status 500 (recordings `import/bad-period-malformed`, `import/bad-period-week-53`).

use std::borrow::Cow;

use jiff::civil::Date;

use super::errors::{self, Fault};
use crate::import::identifiers::{Lookup, Lookups};
use crate::import::payload::{OptionMap, Payload, Row, ScopeInput, Text};
use crate::import::timeliness;
use crate::profile::Profile;
use crate::world::catalog::{Catalog, Named};
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// Why a request is not decoded.
#[derive(Debug)]
pub(super) enum Failure {
    /// Answered with status 500.
    Broken,
    /// Answered with a summary that has no rows.
    Undecodable(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Undecodable(fault)
    }
}

/// A row with everything found that a key needs.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "a value has a value")]
pub(super) struct Value<'request> {
    /// Its position in the request.
    pub(super) index: usize,
    pub(super) data_element: &'request str,
    pub(super) org_unit: &'request str,
    /// None stands for the default one, unchecked.
    pub(super) category_option_combo: Option<&'request str>,
    /// None stands for the default one.
    pub(super) attribute_option_combo: Option<&'request str>,
    pub(super) period: Period,
    pub(super) value: Option<Cow<'request, str>>,
    pub(super) comment: Option<&'request str>,
    pub(super) followup: Option<bool>,
    pub(super) deleted: Option<bool>,
}

/// What is to be registered as complete.
#[derive(Debug, Clone)]
pub(super) struct Completion {
    pub(super) data_set: String,
    pub(super) period: String,
    pub(super) org_unit: String,
    pub(super) attribute_option_combo: String,
    pub(super) date: Date,
}

/// The cross product that is deleted first.
#[derive(Debug, Clone)]
pub(super) struct Scope<'request> {
    pub(super) org_units: Vec<&'request str>,
    pub(super) periods: Vec<Period>,
    pub(super) elements: Vec<ScopeElement<'request>>,
}

/// One element of it; a missing combo is the default one.
#[derive(Debug, Clone)]
pub(super) struct ScopeElement<'request> {
    pub(super) data_element: &'request str,
    pub(super) category_option_combo: &'request str,
    pub(super) attribute_option_combo: &'request str,
}

/// Rows that are imported together.
#[derive(Debug)]
pub(super) struct DecodedGroup<'request> {
    pub(super) data_set: Option<&'request str>,
    pub(super) values: Vec<Value<'request>>,
    pub(super) deletion: Option<Scope<'request>>,
    pub(super) completion: Option<Completion>,
}

struct Decoder<'request> {
    payload: &'request Payload<'request>,
    catalog: &'request Catalog,
    lookups: &'request Lookups<'request>,
    profile: Profile,
    data_set: Option<&'request str>,
    period: Option<Period>,
    attribute_option_combo: Option<&'request str>,
}

/// Decodes a request into one group.
pub(super) fn decode<'request>(
    payload: &'request Payload<'request>,
    catalog: &'request Catalog,
    lookups: &'request Lookups<'request>,
    profile: Profile,
) -> Result<DecodedGroup<'request>, Failure> {
    let mut decoder = Decoder {
        payload,
        catalog,
        lookups,
        profile,
        data_set: None,
        period: None,
        attribute_option_combo: payload.attribute_option_combo.as_deref(),
    };
    decoder.period = decoder.period_of(&payload.period)?;
    decoder.data_set = decoder.data_set()?;
    let date = decoder.complete_date()?;
    if decoder.attribute_option_combo.is_none()
        && let Some(options) = payload.attribute_options.as_ref().filter(|options| !options.is_empty())
    {
        decoder.attribute_option_combo = decoder.attribute_combo_of(options)?;
    }
    if date.is_some() && (payload.data_set.is_none() || payload.org_unit.is_none() || decoder.period.is_none()) {
        return Err(errors::completion_needs_keys().into());
    }
    // A `null` among the rows was walked into a row without anything.
    let rows = payload.rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.as_ref()?)));
    let values = rows.map(|(index, row)| decoder.value(index, row)).collect::<Result<Vec<_>, Failure>>()?;
    let deletion = payload.deletion.as_ref().map(|scope| decoder.scope(scope)).transpose()?;
    let completion = date.and_then(|date| decoder.completion(date));
    Ok(DecodedGroup { data_set: decoder.data_set, values, deletion, completion })
}

impl<'request> Decoder<'request> {
    fn period_of(&self, text: &Text<'_>) -> Result<Option<Period>, Failure> {
        match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => timeliness::period(text, self.profile).map(Some).ok_or(Failure::Broken),
        }
    }

    fn data_set(&self) -> Result<Option<&'request str>, Failure> {
        let Some(text) = self.payload.data_set.as_deref() else { return Ok(None) };
        let sets = &self.lookups.data_sets;
        if !sets.by_id() {
            return match sets.find(text) {
                Some(set) => Ok(Some(sets.id(set))),
                None => Err(errors::data_set_not_found(text).into()),
            };
        }
        if Uid::parse(text).is_ok() { Ok(Some(text)) } else { Err(errors::data_set_malformed(text).into()) }
    }

    fn complete_date(&self) -> Result<Option<Date>, Failure> {
        match self.payload.complete_date.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => match timeliness::day(text) {
                Some(date) => Ok(Some(date)),
                None => Err(errors::complete_date_malformed(text).into()),
            },
        }
    }

    fn completion(&self, date: Date) -> Option<Completion> {
        let org_unit = self.payload.org_unit.as_deref()?;
        let units = &self.lookups.org_units;
        let org_unit = if units.by_id() { org_unit } else { units.id(units.find(org_unit)?) };
        let combo = self.attribute_option_combo.unwrap_or_else(|| self.default_combo());
        Some(Completion {
            data_set: self.data_set?.to_owned(),
            period: self.period?.to_string(),
            org_unit: org_unit.to_owned(),
            attribute_option_combo: combo.to_owned(),
            date,
        })
    }

    fn default_combo(&self) -> &'request str {
        &self.catalog.option_combos[self.catalog.default_combo].names.id
    }

    fn value(&self, index: usize, row: &'request Row<'request>) -> Result<Value<'request>, Failure> {
        let show = || show(row);
        let period = self
            .period_of(&row.period)?
            .or(self.period.filter(|_| row.period.is_none()))
            .ok_or_else(|| errors::no_period(index, &show()))?;
        let element = row.data_element.as_deref().ok_or_else(|| errors::no_data_element(index, &show()))?;
        let data_element = id(&self.lookups.data_elements, element).map_err(|unknown| {
            if unknown {
                errors::data_element_not_found(index, element)
            } else {
                errors::data_element_malformed(index, element)
            }
        })?;
        let unit = row
            .org_unit
            .as_deref()
            .or(self.payload.org_unit.as_deref())
            .ok_or_else(|| errors::no_org_unit(index, &show()))?;
        let org_unit = id(&self.lookups.org_units, unit).map_err(|unknown| {
            if unknown { errors::org_unit_not_found(index, unit) } else { errors::org_unit_malformed(index, unit) }
        })?;
        let combo = filled(&row.category_option_combo);
        let category_option_combo = match (combo, &row.category_options) {
            (None, Some(options)) => Some(self.category_combo_of(index, data_element, options)?),
            (None, None) => None,
            (Some(text), _) => Some(id(&self.lookups.category_option_combos, text).map_err(|unknown| {
                if unknown {
                    errors::category_option_combo_not_found(index, text)
                } else {
                    errors::category_option_combo_malformed(index, text)
                }
            })?),
        };
        let attribute_option_combo = match filled(&row.attribute_option_combo).or(self.attribute_option_combo) {
            None => None,
            Some(text) => Some(id(&self.lookups.attribute_option_combos, text).map_err(|unknown| {
                if unknown {
                    errors::attribute_option_combo_not_found(index, text)
                } else {
                    errors::attribute_option_combo_malformed(index, text)
                }
            })?),
        };
        Ok(Value {
            index,
            data_element,
            org_unit,
            category_option_combo,
            attribute_option_combo,
            period,
            value: row.value.as_deref().map(Cow::Borrowed),
            comment: row.comment.as_deref(),
            followup: row.followup,
            deleted: row.deleted,
        })
    }

    /// The option combo of a data element by its options.
    fn category_combo_of(&self, index: usize, element: &str, options: &OptionMap) -> Result<&'request str, Failure> {
        let Some(set) = self.data_set else {
            return Err(errors::options_need_data_set(Some(index), &show_options(options)).into());
        };
        let combo = self
            .catalog
            .data_sets
            .get(set)
            .zip(self.catalog.data_elements.find(element))
            .map(|(set, element)| self.catalog.combo_in(set, element));
        combo
            .and_then(|combo| self.option_combo(combo, options))
            .ok_or_else(|| errors::category_option_combo_not_found(index, &show_options(options)).into())
    }

    /// The attribute option combo of all rows by its options; none where none has them.
    fn attribute_combo_of(&self, options: &OptionMap) -> Result<Option<&'request str>, Failure> {
        let Some(set) = self.data_set else {
            return Err(errors::options_need_data_set(None, &show_options(options)).into());
        };
        Ok(self.catalog.data_sets.get(set).and_then(|set| self.option_combo(&set.combo, options)))
    }

    fn option_combo(&self, combo: &str, options: &OptionMap) -> Option<&'request str> {
        let named = |option: usize| {
            let id = &self.catalog.category_options[option].names.id;
            options.iter().any(|(_, given)| given == id)
        };
        self.catalog
            .option_combos
            .iter()
            .find(|(_, candidate)| candidate.combo == combo && candidate.options.iter().all(|&option| named(option)))
            .map(|(_, found)| found.names.id.as_str())
    }

    fn scope(&self, input: &'request ScopeInput) -> Result<Scope<'request>, Failure> {
        let org_units = input
            .org_units
            .iter()
            .map(|unit| scope_id(&self.lookups.org_units, unit))
            .collect::<Result<_, Failure>>()?;
        let periods = input
            .periods
            .iter()
            .map(|text| timeliness::period(text, self.profile).ok_or(Failure::Broken))
            .collect::<Result<_, _>>()?;
        let default = self.default_combo();
        let elements = input
            .elements
            .iter()
            .map(|(element, category, attribute)| {
                let combo = |text: &'request Option<String>, lookup| match text {
                    None => Ok(default),
                    Some(text) => scope_id(lookup, text),
                };
                Ok(ScopeElement {
                    data_element: scope_id(&self.lookups.data_elements, element.as_deref().unwrap_or_default())?,
                    category_option_combo: combo(category, &self.lookups.category_option_combos)?,
                    attribute_option_combo: combo(attribute, &self.lookups.attribute_option_combos)?,
                })
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Scope { org_units, periods, elements })
    }
}

/// The id that a text stands for; the error tells an unknown code from a malformed id.
fn id<'request, T: Named>(lookup: &Lookup<'request, T>, text: &'request str) -> Result<&'request str, bool> {
    if lookup.by_id() {
        return if Uid::parse(text).is_ok() { Ok(text) } else { Err(false) };
    }
    lookup.find(text).map(|position| lookup.id(position)).ok_or(true)
}

fn scope_id<'request, T: Named>(lookup: &Lookup<'request, T>, text: &'request str) -> Result<&'request str, Failure> {
    id(lookup, text).map_err(|unknown| {
        if unknown { errors::scope_id_not_found(text) } else { errors::scope_id_malformed(text) }.into()
    })
}

fn filled<'row>(text: &'row Text<'_>) -> Option<&'row str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// A row as the server's messages print it.
fn show(row: &Row<'_>) -> String {
    let text = |text: &Text<'_>| text.as_deref().unwrap_or("null").to_owned();
    let flag = |flag: Option<bool>| flag.map_or_else(|| "null".to_owned(), |flag| flag.to_string());
    format!(
        "Input[dataElement={}, orgUnit={}, categoryOptionCombo={}, categoryOptions={}, attributeOptionCombo={}, \
         attributeCombo=null, attributeOptions=null, period={}, value={}, comment={}, followUp={}, deleted={}]",
        text(&row.data_element),
        text(&row.org_unit),
        text(&row.category_option_combo),
        row.category_options.as_ref().map_or_else(|| "null".to_owned(), show_options),
        text(&row.attribute_option_combo),
        text(&row.period),
        text(&row.value),
        text(&row.comment),
        flag(row.followup),
        flag(row.deleted),
    )
}

fn show_options(options: &OptionMap) -> String {
    let entries: Vec<String> = options.iter().map(|(category, option)| format!("{category}={option}")).collect();
    format!("{{{}}}", entries.join(", "))
}
