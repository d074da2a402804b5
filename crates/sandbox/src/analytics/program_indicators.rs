//! Program indicators over the tracker data of the instance.
//!
//! Supported: expressions and filters as [`expression`](super::expression) reads them over `#{stage.dataElement}`,
//! `V{event_count}`, `V{enrollment_count}`, `V{tei_count}` and `C{constant}`; SUM, AVERAGE, COUNT, MIN, MAX, STDDEV
//! and VARIANCE; both analytics types; period boundaries on event, enrollment and incident date without offsets.
//! Attributes, other variables, functions and custom boundaries are refused. A missing value counts as zero or as
//! empty text, as the server's SQL has it (`coalesce`); `d2:hasValue` tells them apart.
//!
//! A program indicator that was loaded with its results shows these, whatever its expression.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde_json::Value as Json;

use super::aggregate::{Aggregation, Cells, Sample};
use super::elements;
use super::expression::{Expression, Item, Value};
use super::frame::constant;
use super::frame::{Combos, Frame, Key, ValuePlace};
use super::query::Query;
use super::refusal::{Refusal, unsupported};
use super::table::value_type;
use crate::events::{Enrollment, Event, Events};
use crate::profile::Profile;
use crate::world::{Object, reference, text};
use xfer_domain::value_type::ValueType;

/// The values of a program indicator by cell.
pub(super) fn numbers(
    frame: &Frame<'_>,
    query: &Query,
    id: &str,
    combos: &mut Combos,
) -> Result<HashMap<Key, f64>, Refusal> {
    let Some(object) = frame.state.world.get("programIndicators", id) else { return Ok(HashMap::new()) };
    if let Some(results) = elements::results(frame, query, object, combos)? {
        return Ok(results);
    }
    let indicator = Indicator::read(object)?;
    require_table(frame, indicator.program)?;
    let mut cells = Cells::new(indicator.aggregation);
    let mut counted: HashSet<(Key, &str)> = HashSet::new();
    for case in indicator.cases(&frame.state.values.events) {
        let values = Values { frame, case: &case };
        let failed = |error| unsupported(&format!("program indicator `{id}`: {error}"));
        let admitted = match &indicator.filter {
            Some(filter) => filter.evaluate(&|item| values.of(item)).map_err(failed)?.truth(),
            None => true,
        };
        let Some(units) = frame.units.get(case.org_unit()).filter(|_| admitted) else { continue };
        let number = indicator.expression.evaluate(&|item| values.of(item)).map_err(failed)?.number();
        let Some(number) = number.filter(|number| number.is_finite()) else { continue };
        let periods = frame.periods.where_span(|start, end| indicator.admits(&case, start, end));
        let day = case.date("EVENT_DATE").unwrap_or(Date::MIN);
        let sample = Sample { number, days: 1.0, query_days: 1.0, span: (day, day), source: ["", "", ""] };
        let counts = indicator.counted(&case);
        let place = ValuePlace { org_unit: case.org_unit(), category_option_combo: "", attribute_option_combo: "" };
        frame.keys(&place, &periods, units, combos, |key| {
            if indicator.aggregation != Aggregation::Count || counted.insert((key, counts)) {
                cells.add(key, &sample);
            }
        });
    }
    Ok(cells.finish())
}

/// The values of a program's data element by cell, aggregated as the element says.
pub(super) fn element_numbers(
    frame: &Frame<'_>,
    program: &str,
    element: &str,
    combos: &mut Combos,
) -> Result<HashMap<Key, f64>, Refusal> {
    let Some(object) = frame.state.world.get("dataElements", element) else { return Ok(HashMap::new()) };
    require_table(frame, program)?;
    let mut cells = Cells::new(Aggregation::parse(text(object, "aggregationType").unwrap_or("SUM"))?);
    for event in frame.state.values.events.events.iter().filter(|event| event.program == program) {
        let number = event.values.get(element).and_then(|text| as_number(text));
        let (Some(number), Some(day)) = (number, event.occurred) else { continue };
        let Some(units) = frame.units.get(event.org_unit.as_str()) else { continue };
        let periods = frame.periods.where_span(|start, end| (start..=end).contains(&day));
        let sample = Sample { number, days: 1.0, query_days: 1.0, span: (day, day), source: [&event.org_unit, "", ""] };
        let place = ValuePlace { org_unit: &event.org_unit, category_option_combo: "", attribute_option_combo: "" };
        frame.keys(&place, &periods, units, combos, |key| cells.add(key, &sample));
    }
    Ok(cells.finish())
}

/// Without output period types 2.43 builds no event tables (`analytics/no-output-period-types-program-indicator`).
fn require_table(frame: &Frame<'_>, program: &str) -> Result<(), Refusal> {
    let settings = &frame.state.settings;
    let built = settings.analytics_built && (settings.output_period_types || frame.state.profile < Profile::V43);
    if built { Ok(()) } else { Err(Refusal::NoTable(format!("analytics_event_{}", program.to_lowercase()))) }
}

fn as_number(text: &str) -> Option<f64> {
    match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

struct Indicator<'world> {
    program: &'world str,
    by_enrollment: bool,
    expression: Expression,
    filter: Option<Expression>,
    aggregation: Aggregation,
    boundaries: Vec<(&'world str, &'world str)>,
}

impl<'world> Indicator<'world> {
    fn read(object: &'world Object) -> Result<Self, Refusal> {
        let id = text(object, "id").unwrap_or_default();
        let failed = |error: &dyn std::fmt::Display| unsupported(&format!("program indicator `{id}`: {error}"));
        let expression = Expression::parse(text(object, "expression").unwrap_or_default()).map_err(|e| failed(&e))?;
        let filter = text(object, "filter").filter(|filter| !filter.trim().is_empty());
        let filter = filter.map(Expression::parse).transpose().map_err(|error| failed(&error))?;
        let items = expression.items().into_iter().chain(filter.iter().flat_map(Expression::items));
        if let Some(item) = items.into_iter().find(|item| !is_supported(item)) {
            return Err(failed(&format!("`{item}` in an expression")));
        }
        let aggregation = match text(object, "aggregationType") {
            None | Some("DEFAULT") => Aggregation::Average,
            Some(name) => Aggregation::parse(name)?,
        };
        let by_enrollment = text(object, "analyticsType") == Some("ENROLLMENT");
        Ok(Self {
            program: reference(object, "program").unwrap_or_default(),
            by_enrollment,
            expression,
            filter,
            aggregation,
            boundaries: boundaries(object, by_enrollment)?,
        })
    }

    /// What is counted: events, or enrollments with the newest value of each stage.
    fn cases<'events>(&self, events: &'events Events) -> Vec<Case<'events>> {
        let program = self.program;
        if !self.by_enrollment {
            let of_program = events.events.iter().filter(|event| event.program == program && event.occurred.is_some());
            return of_program
                .map(|event| Case {
                    enrollment: event.enrollment.and_then(|place| events.enrollments.get(place)),
                    event: Some(event),
                    events: vec![event],
                })
                .collect();
        }
        let enrollments = events.enrollments.iter().enumerate();
        enrollments
            .filter(|(_, enrollment)| enrollment.program == program)
            .map(|(place, enrollment)| {
                let own = events.events.iter().filter(|event| event.enrollment == Some(place));
                let mut own: Vec<&Event> = own.filter(|event| event.occurred.is_some()).collect();
                own.sort_by_key(|event| std::cmp::Reverse(event.occurred));
                Case { enrollment: Some(enrollment), event: None, events: own }
            })
            .collect()
    }

    /// Whether a case belongs to a period of those days.
    fn admits(&self, case: &Case<'_>, start: Date, end: Date) -> bool {
        self.boundaries.iter().all(|(target, kind)| {
            let Some(date) = case.date(target) else { return false };
            match *kind {
                "AFTER_START_OF_REPORTING_PERIOD" => date >= start,
                "BEFORE_START_OF_REPORTING_PERIOD" => date < start,
                "AFTER_END_OF_REPORTING_PERIOD" => date > end,
                _ => date <= end,
            }
        })
    }

    /// Of what each one counts once: of enrollments or entities where the expression says so, of cases otherwise.
    fn counted<'events>(&self, case: &Case<'events>) -> &'events str {
        let says =
            |variable: &str| self.expression.items().iter().any(|item| item.kind == 'V' && item.body == variable);
        let enrollment = case.enrollment;
        if says("tei_count") {
            enrollment.map(|enrollment| enrollment.tracked_entity.as_str()).unwrap_or_default()
        } else if says("enrollment_count") || case.event.is_none() {
            enrollment.map(|enrollment| enrollment.id.as_str()).unwrap_or_default()
        } else {
            case.event.map(|event| event.id.as_str()).unwrap_or_default()
        }
    }
}

fn is_supported(item: &Item) -> bool {
    match item.kind {
        '#' | '?' => item.body.contains('.'),
        'V' => matches!(item.body.as_str(), "event_count" | "enrollment_count" | "tei_count"),
        'C' => true,
        _ => false,
    }
}

/// The boundaries as target and kind; without any, the event (or enrollment) date lies in the period.
fn boundaries(object: &Object, by_enrollment: bool) -> Result<Vec<(&str, &str)>, Refusal> {
    let listed =
        object.get("analyticsPeriodBoundaries").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    if listed.is_empty() {
        let target = if by_enrollment { "ENROLLMENT_DATE" } else { "EVENT_DATE" };
        let kinds = ["AFTER_START_OF_REPORTING_PERIOD", "BEFORE_END_OF_REPORTING_PERIOD"];
        return Ok(kinds.into_iter().map(|kind| (target, kind)).collect());
    }
    listed
        .iter()
        .map(|boundary| {
            let member = |name: &str| boundary.get(name).and_then(Json::as_str).unwrap_or_default();
            let (target, kind) = (member("boundaryTarget"), member("analyticsPeriodBoundaryType"));
            let offset = boundary.get("offsetPeriods").and_then(Json::as_i64).unwrap_or_default();
            if offset != 0 || !["EVENT_DATE", "ENROLLMENT_DATE", "INCIDENT_DATE"].contains(&target) {
                return Err(unsupported(&format!("period boundary on `{target}` with offset {offset}")));
            }
            Ok((target, kind))
        })
        .collect()
}

/// One thing that an indicator looks at.
struct Case<'events> {
    enrollment: Option<&'events Enrollment>,
    /// The event, where events are counted.
    event: Option<&'events Event>,
    /// The events whose values count, newest first.
    events: Vec<&'events Event>,
}

impl<'events> Case<'events> {
    fn org_unit(&self) -> &'events str {
        let of_enrollment = || self.enrollment.map(|enrollment| enrollment.org_unit.as_str());
        self.event.map(|event| event.org_unit.as_str()).or_else(of_enrollment).unwrap_or_default()
    }

    fn date(&self, target: &str) -> Option<Date> {
        match target {
            "EVENT_DATE" => self.events.first().and_then(|event| event.occurred),
            "ENROLLMENT_DATE" => self.enrollment.and_then(|enrollment| enrollment.enrolled),
            _ => self.enrollment.and_then(|enrollment| enrollment.occurred),
        }
    }

    /// The value of `stage.dataElement`.
    fn value(&self, body: &str) -> Option<&'events str> {
        let (stage, element) = body.split_once('.')?;
        let of_stage = self.events.iter().filter(|event| event.stage == stage);
        of_stage.filter_map(|event| event.values.get(element)).map(String::as_str).next()
    }
}

/// The values of items for one case.
struct Values<'case, 'state> {
    frame: &'case Frame<'state>,
    case: &'case Case<'state>,
}

impl Values<'_, '_> {
    fn of(&self, item: &Item) -> Value {
        match item.kind {
            '#' => self.of_element(&item.body),
            '?' => Value::Truth(self.case.value(&item.body).is_some()),
            'C' => Value::Number(constant(self.frame, &item.body)),
            _ => Value::Number(1.0),
        }
    }

    fn of_element(&self, body: &str) -> Value {
        let element = body.split_once('.').and_then(|(_, id)| self.frame.state.world.get("dataElements", id));
        let is_text = element.is_some_and(|element| {
            let kind = value_type(element);
            !kind.is_numeric() && !matches!(kind, ValueType::Boolean | ValueType::TrueOnly)
        });
        let text = self.case.value(body);
        if is_text {
            return Value::Text(text.unwrap_or_default().to_owned());
        }
        Value::Number(text.and_then(as_number).unwrap_or_default())
    }
}
