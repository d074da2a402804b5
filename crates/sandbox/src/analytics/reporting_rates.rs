//! Reporting rates: complete registrations against the org units that a data set is assigned to.
//!
//! A target is an assigned org unit that is open over the whole query period, once per attribute option combo that is
//! valid then; it counts as often as the data set's periods go into the query period. Every asked place with a target
//! has a row, also with nothing reported (`analytics/reporting-rates`).

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::Date;
use serde_json::Value;

use super::dimension::Metric;
use super::frame::{Combos, Frame, Key, ValuePlace};
use super::period_targets::Window;
use super::refusal::Refusal;
use crate::profile::Profile;
use crate::world::{Object, reference, references, text};
use xfer_domain::period::{Period, PeriodType};

/// The values of a metric of a data set by cell.
pub(super) fn numbers(
    frame: &Frame<'_>,
    data_set: &str,
    metric: Metric,
    combos: &mut Combos,
) -> Result<HashMap<Key, f64>, Refusal> {
    let Some(set) = frame.state.world.get("dataSets", data_set) else { return Ok(HashMap::new()) };
    if !frame.state.settings.analytics_built {
        return Err(Refusal::NoTable("analytics_completenesstarget".into()));
    }
    if !super::elements::has_period_columns(frame) {
        return Ok(HashMap::new());
    }
    let targets = targets(frame, set, combos);
    let actual = if metric == Metric::ExpectedReports {
        HashMap::new()
    } else {
        actual(frame, data_set, set, metric.on_time(), combos)
    };
    let of = |key: &Key, target: f64| {
        let actual = actual.get(key).copied().unwrap_or_default();
        match metric {
            Metric::ExpectedReports => target,
            Metric::ActualReports | Metric::ActualReportsOnTime => actual,
            _ if target == 0.0 => 0.0,
            _ => (actual * 100.0 / target).min(100.0),
        }
    };
    Ok(targets.into_iter().map(|(key, target)| (key, of(&key, target))).collect())
}

fn day(object: &Object, member: &str) -> Option<Date> {
    text(object, member).and_then(|text| text.get(..10)).and_then(|text| text.parse().ok())
}

/// Whether an object's validity covers all of a span; open ends have no limit.
fn covers(from: Option<Date>, until: Option<Date>, (start, end): (Date, Date)) -> bool {
    from.is_none_or(|from| from <= start) && until.is_none_or(|until| until >= end)
}

fn targets(frame: &Frame<'_>, set: &Object, combos: &mut Combos) -> HashMap<Key, f64> {
    let world = &frame.state.world;
    let attribute_combos = reference(set, "categoryCombo")
        .and_then(|combo| world.get("categoryCombos", combo))
        .map(|combo| references(combo, "categoryOptionCombos"))
        .unwrap_or_default();
    let mut targets: HashMap<Key, f64> = HashMap::new();
    for (places, span, times) in spans(frame, set) {
        for unit in references(set, "organisationUnits") {
            let (Some(object), Some(units)) = (world.get("organisationUnits", unit), frame.units.get(unit)) else {
                continue;
            };
            if !covers(day(object, "openingDate"), day(object, "closedDate"), span) {
                continue;
            }
            for combo in attribute_combos.iter().filter(|combo| is_valid(frame, combo, unit, span)) {
                let place = ValuePlace { org_unit: unit, category_option_combo: "", attribute_option_combo: combo };
                frame.keys(&place, &places, units, combos, |key| *targets.entry(key).or_default() += times);
            }
        }
    }
    targets
}

/// Whether an attribute option combo may be reported by an org unit over a span: all its options are valid then, and
/// list the unit where they list any.
fn is_valid(frame: &Frame<'_>, combo: &str, unit: &str, span: (Date, Date)) -> bool {
    let world = &frame.state.world;
    let Some(combo) = world.get("categoryOptionCombos", combo) else { return false };
    references(combo, "categoryOptions").into_iter().filter_map(|option| world.get("categoryOptions", option)).all(
        |option| {
            let units = references(option, "organisationUnits");
            covers(day(option, "startDate"), day(option, "endDate"), span)
                && (units.is_empty() || world.is_in_hierarchy(unit, &units))
        },
    )
}

/// The query periods: their place, their days, and how often a report is due in each. Filter periods count together.
fn spans(frame: &Frame<'_>, set: &Object) -> Vec<(Vec<u32>, (Date, Date), f64)> {
    let set_type: PeriodType =
        text(set, "periodType").and_then(|name| name.parse().ok()).unwrap_or(PeriodType::Monthly);
    let due = |period: &Period| {
        if set_type == PeriodType::Daily {
            f64::from(period.days())
        } else {
            f64::from(period.period_type().nominal_days() / set_type.nominal_days())
        }
    };
    let periods: Vec<Period> = frame.periods.items.iter().map(|item| item.period).collect();
    if frame.periods.is_column() {
        let items = frame.periods.items.iter().enumerate();
        return items
            .map(|(position, item)| (vec![super::place::place(position)], (item.start, item.end), due(&item.period)))
            .collect();
    }
    let start = periods.iter().map(Period::start).min();
    let end = periods.iter().map(Period::end).max();
    match start.zip(end) {
        Some(span) => vec![(vec![0], span, periods.iter().map(due).sum())],
        None => Vec::new(),
    }
}

/// Complete registrations by cell; on time are those within the data set's timely days after the period's end, as
/// `JdbcCompletenessTableManager` fills the column `timely`: up to 2.40 by days, from 2.41 on by seconds, up to a day
/// later than the timely days. A registration has a date without a time here, which is midnight.
fn actual(frame: &Frame<'_>, data_set: &str, set: &Object, on_time: bool, combos: &mut Combos) -> HashMap<Key, f64> {
    let timely = set.get("timelyDays").and_then(Value::as_f64).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "whole days")]
    let timely = timely as i64 + i64::from(frame.state.profile >= Profile::V41);
    let mut found: HashMap<Key, f64> = HashMap::new();
    let registrations = frame.state.values.registrations.iter();
    for (key, registration) in registrations.filter(|(key, value)| key.data_set == data_set && value.completed) {
        let (Ok(period), Some(units)) = (Period::parse(&key.period), frame.units.get(key.org_unit.as_str())) else {
            continue;
        };
        let date = registration.date.get(..10).and_then(|text| text.parse::<Date>().ok());
        let last = Span::new().try_days(timely).and_then(|span| period.end().checked_add(span)).ok();
        if on_time && date.zip(last).is_none_or(|(date, last)| date > last) {
            continue;
        }
        let places = frame.periods.targets(period, Window::Inside);
        let place = ValuePlace {
            org_unit: &key.org_unit,
            category_option_combo: "",
            attribute_option_combo: &key.attribute_option_combo,
        };
        frame.keys(&place, &places, units, combos, |cell| *found.entry(cell).or_default() += 1.0);
    }
    found
}
