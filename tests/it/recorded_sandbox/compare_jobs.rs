//! Compares imports that run as jobs: the answer that starts one, what it has told, and its summary.
//!
//! A client acts on whether a job is done and how it ended: the latest notification and those above `INFO` are
//! compared, the progress messages between and the echoed parameters are not.

use serde_json::Value;
use xfer_sandbox::exchange::Response;

use super::exchange::Exchange;
use super::{compare, jobs};

/// Whether a recording is about a job.
pub(super) fn is_one(exchange: &Exchange) -> bool {
    jobs::looks_at_one(exchange) || exchange.response.pointer("/body/response/jobType").is_some()
}

/// The differences beyond status and content type.
pub(super) fn compare(exchange: &Exchange, response: &Response) -> Vec<String> {
    let Some(expected) = exchange.response.get("body") else {
        return compare::bodies(exchange, response, &|_| false);
    };
    let found = compare::json_body(response);
    let mut differences = Vec::new();
    if let (Some(expected), Some(found)) = (expected.as_array(), found.as_array()) {
        let told = |entries: &[Value]| -> Vec<Value> {
            let latest = entries.first().into_iter();
            let loud = entries.iter().skip(1).filter(|entry| entry["level"] != "INFO");
            latest.chain(loud).cloned().collect()
        };
        let moving = |path: &str| matches!(path.rsplit('.').next(), Some("id" | "uid" | "time"));
        compare::json("", &told(expected).into(), &told(found).into(), &moving, &mut differences);
        return differences;
    }
    let ignored = |path: &str| {
        matches!(
            path,
            "message"
                | "response.name"
                | "response.id"
                | "response.created"
                | "response.relativeNotifierEndpoint"
                | "importOptions"
        )
    };
    compare::json("", expected, &found, &ignored, &mut differences);
    differences
}
