//! Periods in scripts: `p.type`, `p.start`, `p.shift(-1)`, `p.to("Quarterly")`.

use jiff::civil::Date;
use rhai::{Array, Dynamic, Engine, INT};

use crate::failing::{Failed, failure};
use xfer_domain::period::{Period, PeriodType};

/// A period as scripts hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ScriptPeriod(pub(super) Period);

/// What the error translation looks for.
pub(super) const NO_PERIOD: &str = "no period: ";
/// What the error translation looks for.
pub(super) const NO_PERIOD_TYPE: &str = "no period type: ";
/// What the error translation looks for.
pub(super) const STRADDLES: &str = "no single period: ";
/// What the error translation looks for.
pub(super) const OUT_OF_CALENDAR: &str = "out of the calendar";

/// Registers periods and what can be done with them.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<ScriptPeriod>("Period")
        .register_fn("period", |text: &str| read(text))
        .register_fn("period", |year: INT| read(&year.to_string()))
        .register_get("id", |period: &mut ScriptPeriod| period.0.to_string())
        .register_get("type", |period: &mut ScriptPeriod| period.0.period_type().name().to_owned())
        .register_get("start", |period: &mut ScriptPeriod| period.0.start().to_string())
        .register_get("end", |period: &mut ScriptPeriod| period.0.end().to_string())
        .register_get("days", |period: &mut ScriptPeriod| INT::from(period.0.days()))
        .register_get("year", |period: &mut ScriptPeriod| INT::from(period.0.start().year()))
        .register_get("month", |period: &mut ScriptPeriod| INT::from(period.0.start().month()))
        .register_fn("shift", |period: &mut ScriptPeriod, number: INT| {
            let shifted = i32::try_from(number).ok().and_then(|number| period.0.shift(number));
            shifted.map(ScriptPeriod).ok_or_else(|| failure(OUT_OF_CALENDAR.to_owned()))
        })
        .register_fn("to", |period: &mut ScriptPeriod, name: &str| {
            let containing = period.0.contained_in(period_type(name)?);
            containing.map(ScriptPeriod).ok_or_else(|| failure(format!("{STRADDLES}{}\t{name}", period.0)))
        })
        .register_fn("periods", |period: &mut ScriptPeriod, name: &str| periods(period.0, name))
        .register_fn("contains", |period: &mut ScriptPeriod, inner: ScriptPeriod| {
            period.0.start() <= inner.0.start() && inner.0.end() <= period.0.end()
        })
        .register_fn("contains", |period: &mut ScriptPeriod, day: &str| {
            let day = day.get(..10).unwrap_or(day).parse::<Date>();
            day.map(|day| period.0.contains(day)).map_err(|_| failure(format!("{NO_PERIOD}a day")))
        })
        .register_fn("==", |left: ScriptPeriod, right: ScriptPeriod| left == right)
        .register_fn("!=", |left: ScriptPeriod, right: ScriptPeriod| left != right)
        .register_fn("<", |left: ScriptPeriod, right: ScriptPeriod| left < right)
        .register_fn("<=", |left: ScriptPeriod, right: ScriptPeriod| left <= right)
        .register_fn(">", |left: ScriptPeriod, right: ScriptPeriod| left > right)
        .register_fn(">=", |left: ScriptPeriod, right: ScriptPeriod| left >= right)
        .register_fn("==", |left: ScriptPeriod, right: &str| left.0.to_string() == right)
        .register_fn("==", |left: &str, right: ScriptPeriod| left == right.0.to_string())
        .register_fn("!=", |left: ScriptPeriod, right: &str| left.0.to_string() != right)
        .register_fn("!=", |left: &str, right: ScriptPeriod| left != right.0.to_string());
}

fn read(text: &str) -> Failed<ScriptPeriod> {
    let shown = || text.chars().take(40).collect::<String>();
    Period::parse(text).map(ScriptPeriod).map_err(|_| failure(format!("{NO_PERIOD}`{}`", shown())))
}

fn period_type(name: &str) -> Failed<PeriodType> {
    let shown = || name.chars().take(40).collect::<String>();
    name.parse().map_err(|_| failure(format!("{NO_PERIOD_TYPE}{}", shown())))
}

/// The periods of a type inside this one; no period is longer than a year, so they are few.
fn periods(period: Period, name: &str) -> Failed<Array> {
    let inner = period.containing_periods(period_type(name)?);
    Ok(inner.into_iter().map(|period| Dynamic::from(ScriptPeriod(period))).collect())
}
