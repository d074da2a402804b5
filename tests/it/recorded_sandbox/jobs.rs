//! Jobs that a recording looks at: they must have been started, and looked at before where they are finished.

use serde_json::{Value, json};
use xfer_sandbox::exchange::Request;
use xfer_sandbox::instance::Instance;
use xfer_sandbox::profile::Profile;
use xfer_sandbox::world::filling::ADMIN;

use super::exchange::{Exchange, Recordings};
use super::{compare, setup};

/// Whether a request asks for a job's tasks or summary.
pub(super) fn looks_at_one(exchange: &Exchange) -> bool {
    exchange.request["path"].as_str().is_some_and(|path| path.starts_with("/api/system/task"))
}

/// The job's id in the recorded path.
fn id(exchange: &Exchange) -> Option<&str> {
    exchange.request["path"].as_str()?.split('?').next()?.rsplit('/').next()
}

/// The recorded import that ran as this job: the one whose answer gave the job's id.
pub(super) fn start_of<'recordings>(
    exchange: &Exchange,
    recordings: &'recordings Recordings,
) -> Option<&'recordings Exchange> {
    let id = id(exchange)?;
    recordings.neighbours.iter().find(|other| {
        other.profile == exchange.profile
            && other.request["method"] == "POST"
            && other.response.pointer("/body/response/id").and_then(Value::as_str) == Some(id)
    })
}

/// Whether what the job does makes no difference: it is unknown, malformed, or still waiting.
pub(super) fn needs_no_start(exchange: &Exchange) -> bool {
    let about = exchange.about.to_lowercase();
    let waiting = about.contains("not started") && exchange.profile > Profile::V40;
    waiting || about.contains("unknown") || about.contains("malformed")
}

/// Starts the job and gives the target with its id here; other targets stay as they are.
pub(super) fn prepare(instance: &Instance, exchange: &Exchange, recordings: &Recordings) -> String {
    let target = exchange.target();
    let about = exchange.about.to_lowercase();
    let recorded = id(exchange).unwrap_or_default();
    if !looks_at_one(exchange) || about.contains("unknown") || about.contains("malformed") {
        return target;
    }
    let started = if let Some(start) = start_of(exchange, recordings) {
        let header = |name: &str| {
            let headers = start.request["headers"].as_object()?;
            headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?.1.as_str()
        };
        let authorization = setup::authorization(instance, header("authorization").unwrap_or_default(), &start.about);
        instance.handle(&Request {
            method: "POST".into(),
            target: start.target(),
            headers: vec![
                ("authorization".into(), authorization),
                ("content-type".into(), header("content-type").unwrap_or("application/json").into()),
            ],
            body: setup::body(&start.request),
        })
    } else {
        let nothing = json!({"dataValues": []});
        setup::send(instance, "POST", "/api/dataValueSets?async=true", &setup::right_basic(ADMIN), &nothing)
    };
    let body = compare::json_body(&started);
    let own = body.pointer("/response/id").and_then(Value::as_str).unwrap_or_default();
    if about.contains("finished") {
        // the first look finds a queued job
        setup::send(
            instance,
            "GET",
            &format!("/api/system/tasks/DATAVALUE_IMPORT/{own}"),
            &setup::right_basic(ADMIN),
            &Value::Null,
        );
    }
    target.replace(recorded, own)
}
