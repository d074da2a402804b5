//! An alert of a routine, in words and for programs.

use serde_json::{Value, json};

use xfer_domain::alert::AlertChannel;

/// Who is told of what, without what is secret about it.
pub(crate) fn told(alert: &AlertChannel) -> String {
    format!("{} ({}) to {}; events: {}", alert.name, alert.kind.name(), alert.kind.goes_to(), alert.hears_of())
}

/// The alerts of a routine as JSON, without what is secret about them.
pub(crate) fn for_programs(alerts: &[AlertChannel]) -> Value {
    let objects = alerts.iter().map(|alert| {
        let (kind, goes_to) = (alert.kind.name(), alert.kind.goes_to());
        json!({"name": alert.name, "kind": kind, "goes_to": goes_to, "events": alert.events})
    });
    objects.collect()
}
