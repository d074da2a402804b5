//! Exchanges that a replay cannot answer. Each rule is over the request or its circumstances, never a file's name.

use super::exchange::Exchange;

/// Why an exchange is left out; none where it is replayed.
pub(super) fn reason(exchange: &Exchange) -> Option<&'static str> {
    let target = exchange.target();
    if target.contains("/system/task") {
        return Some("asynchronous jobs are not played");
    }
    if exchange.area == "import" && target.contains("async=true") {
        return Some("asynchronous jobs are not played");
    }
    None
}
