//! What a file says of the server itself: `systemSettings` as `GET /api/systemSettings` gives them, or the calendar
//! under `system`, as `GET /api/system/info` names it.

use serde_json::Value;

use super::metadata::Export;
use crate::settings::Settings;
use crate::world::Object;

/// The settings of a file; what the sandbox does not know is carried along.
pub(super) fn of(export: &Export) -> Object {
    let mut settings = export.get("systemSettings").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(calendar) = export.get("system").and_then(|system| system.get("calendar")) {
        settings.entry("keyCalendar").or_insert_with(|| calendar.clone());
    }
    settings
}

/// Turns what the sandbox plays.
pub(super) fn apply(given: &Object, settings: &mut Settings) {
    let flag = |key: &str| given.get(key).and_then(Value::as_bool);
    if let Some(calendar) = given.get("keyCalendar").and_then(Value::as_str) {
        calendar.clone_into(&mut settings.calendar);
    }
    if let Some(zeros) = flag("keyIncludeZeroValuesInAnalytics") {
        settings.include_zeros = zeros;
    }
    if let Some(auto) = flag("dataEntryAutoGroup") {
        settings.auto_group = auto;
    }
    let limit = given.get("keyAnalyticsMaxLimit").and_then(Value::as_u64);
    if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
        settings.analytics_max_limit = limit;
    }
}
