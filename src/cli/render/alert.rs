//! An alert of a routine, in words.

use xfer_domain::alert::AlertChannel;

/// Who is told of what, without what is secret about it.
pub(crate) fn told(alert: &AlertChannel) -> String {
    format!("{} ({}) to {}; events: {}", alert.name, alert.kind.name(), alert.kind.goes_to(), alert.hears_of())
}
