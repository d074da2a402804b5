//! Imports that run as jobs: `POST dataValueSets?async=true`, `system/tasks`, `system/taskSummaries`.
//!
//! The values are stored at once. What a client sees of it comes as on real servers: 2.40 has finished by the first
//! look, later servers start queued jobs every twenty seconds, so that the first look finds nothing. Of the progress
//! messages only the first and the last are told; those between are for people.

use serde_json::{Map, Value, json};

use crate::exchange::{Request, Response};
use crate::front::base_url;
use crate::import;
use crate::profile::Profile;
use crate::state::jobs::{Job, KIND};
use crate::state::{State, User};
use xfer_domain::uid::Uid;

/// Whether a request asks for a job.
pub(crate) fn is_asked_for(request: &Request) -> bool {
    request.method == "POST" && request.flag("async")
}

/// Runs an import as a job; what the import refuses outright is refused here too.
pub(crate) fn start(state: &mut State, user: &User, request: &Request) -> Response {
    let answer = import::post(state, user, request);
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(summary) = body.get("response").and_then(Value::as_object) else { return answer };
    let mut summary = summary.clone();
    let mut options = summary.shift_remove("importOptions").unwrap_or_else(|| json!({}));
    options["async"] = true.into();
    let id = state.sessions.identifiers.uid();
    let created = moment(&state.settings.now);
    let old = state.profile == Profile::V40;
    let name = if old { "dataValueImport".to_owned() } else { format!("{KIND} ({})", digits(&created)) };
    let mut job = Map::new();
    job.insert("name".into(), name.as_str().into());
    job.insert("id".into(), id.as_str().into());
    job.insert("created".into(), created.as_str().into());
    job.insert("jobType".into(), KIND.into());
    job.insert("jobStatus".into(), if old { "SCHEDULED" } else { "NOT_STARTED" }.into());
    if !old {
        job.insert("jobParameters".into(), options.clone());
    }
    job.insert("relativeNotifierEndpoint".into(), format!("/api/system/tasks/{KIND}/{id}").into());
    if state.profile >= Profile::V42 {
        job.insert("responseType".into(), "JobConfiguration".into());
    }
    let notifications = [state.sessions.identifiers.uid(), state.sessions.identifiers.uid()];
    state.jobs.list.push(Job { id, looks: 0, options, summary, notifications, started: created });
    let body = json!({
        "httpStatus": "OK", "httpStatusCode": 200, "status": "OK", "message": format!("Initiated {name}"),
        "response": job,
    });
    Response::json(200, &body).with_header("location", &format!("{}/api/system/tasks/{KIND}", base_url(request)))
}

/// `system/tasks/{kind}/{id}`: what a job has told so far, latest first; nothing before it started.
pub(crate) fn tasks(state: &mut State, kind: Option<&str>, id: Option<&str>) -> Response {
    let profile = state.profile;
    let (Some(kind), Some(id)) = (kind, id) else {
        let told = |job: &Job| (job.id.clone(), job.notifications(profile));
        let jobs: Map<String, Value> = state.jobs.list.iter().map(told).collect();
        return Response::json(200, &if kind.is_some() { Value::Object(jobs) } else { json!({ KIND: jobs }) });
    };
    if let Some(refusal) = malformed(profile, id) {
        return refusal;
    }
    let told = state.jobs.look(profile, kind, id).map(|job| job.notifications(profile));
    Response::json(200, &told.unwrap_or_else(|| json!([])))
}

/// `system/taskSummaries/{kind}/{id}`: the bare import summary; 200 without a body before the job is done, or where
/// there is none (`import/async-unknown-job-summary`).
pub(crate) fn summary(state: &mut State, kind: &str, id: &str) -> Response {
    let profile = state.profile;
    if let Some(refusal) = malformed(profile, id) {
        return refusal;
    }
    match state.jobs.look(profile, kind, id) {
        Some(job) => Response::json(200, &Value::Object(job.summary.clone())),
        None => Response::empty(200),
    }
}

fn malformed(profile: Profile, id: &str) -> Option<Response> {
    Uid::parse(id).err()?;
    let rule = format!("UID must be an alphanumeric string of 11 characters starting with a letter, but was: {id}");
    let message = if profile == Profile::V40 {
        rule
    } else {
        format!("Value '{id}' is not valid for path parameter jobId. {rule}")
    };
    Some(Response::web_message(400, Some(&message), None))
}

fn moment(now: &str) -> String {
    if now.contains('.') { now.to_owned() } else { format!("{now}.000") }
}

fn digits(moment: &str) -> String {
    moment.chars().filter(char::is_ascii_digit).collect()
}
