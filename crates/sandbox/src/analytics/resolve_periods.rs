//! The period dimension: fixed periods, relative keywords and spans of days.

use jiff::civil::Date;
use serde_json::json;

use super::dimension::{Axis, Dimension, PeriodItem};
use super::period_names;
use super::query::{Asked, Query};
use super::refusal::Refusal;
use crate::periods;
use crate::profile::Profile;
use crate::state::State;
use xfer_domain::period::PeriodType;
use xfer_domain::period::relative::{self, RelativeOptions, RelativePeriod};

/// Looks the items of `pe` up. Until 2.40 what is no period is dropped; later it refuses the request
/// (`analytics/malformed-pe-among-known`).
pub(super) fn resolve(state: &State, query: &Query, asked: &Asked) -> Result<Dimension, Refusal> {
    let today = query.relative_period_date.or_else(|| today(state)).unwrap_or(Date::MIN);
    let mut items: Vec<PeriodItem> = Vec::new();
    let mut keywords = Vec::new();
    for text in &asked.items {
        let found = if let Ok(keyword) = text.parse::<RelativePeriod>() {
            keywords.push((text.clone(), json!({"name": period_names::of_keyword(keyword)})));
            relative::expand(keyword, today, RelativeOptions::default()).into_iter().map(PeriodItem::of).collect()
        } else if let Some(period) = periods::parse(state.profile, text) {
            keywords.push((text.clone(), json!({"name": period_names::of_period(period, state.profile)})));
            vec![PeriodItem::of(period)]
        } else if let Some(span) = span_of_days(text) {
            keywords.push((text.clone(), json!({"name": format!("{} - {}", span.start, span.end)})));
            vec![span]
        } else if state.profile == Profile::V40 {
            Vec::new()
        } else {
            return Err(Refusal::Conflict("E7611", format!("Period not valid: `{text}`")));
        };
        for item in found {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    Ok(Dimension { name: "pe".into(), title: "Period".into(), axis: Axis::Period(items), keywords })
}

/// The server's date.
fn today(state: &State) -> Option<Date> {
    state.settings.now.get(..10)?.parse().ok()
}

/// `2024-01-01_2024-01-31` or `20240101_20240131` (`IsoPeriodHolder.toDailyPeriod`).
fn span_of_days(text: &str) -> Option<PeriodItem> {
    let (start, end) = text.split_once('_')?;
    let (start, end) = (start.parse().ok()?, end.parse().ok()?);
    Some(PeriodItem { end, ..PeriodItem::of(PeriodType::Daily.containing(start)) })
}
