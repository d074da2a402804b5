//! `system/info`, `me`, settings and the like.

use serde_json::{Map, Value, json};

use crate::access::access;
use crate::exchange::{Request, Response};
use crate::metadata_lists::derive::Context;
use crate::metadata_lists::fields::{Fields, project};
use crate::metadata_lists::schema::Schema;
use crate::profile::Profile;
use crate::settings::Settings;
use crate::state::{State, User};
use crate::world::text;
use crate::{front, jobs};

/// What a never-built table says since 2.42 (`system/info-analytics-never-run`).
const NEVER: &str = "1970-01-01T00:00:00.000";

/// `GET /api/system/ping`.
pub(crate) fn pong() -> Response {
    plain_text("pong")
}

/// Answers them.
pub(crate) fn handle(state: &mut State, user: &User, request: &Request) -> Response {
    let segments = front::segments(request);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let known = match segments[..] {
        ["system", part] => ["info", "id", "ping", "tasks"].contains(&part),
        ["me", part] => ["authorities", "settings"].contains(&part),
        ["configuration", part] => part == "dataOutputPeriodTypes" && state.profile >= Profile::V43,
        ["system", "tasks", _] | ["system", "tasks" | "taskSummaries", _, _] | ["systemSettings", _] => true,
        [part] => ["me", "systemSettings"].contains(&part),
        _ => false,
    };
    if !known {
        return front::not_found();
    }
    if request.method != "GET" {
        return front::method_not_allowed(state.profile, &request.method);
    }
    if segments == ["system", "ping"] {
        return pong();
    }
    let wants_text = request.header("accept").is_some_and(|accept| accept.starts_with("text/plain"));
    if let ["systemSettings", key] = segments[..]
        && wants_text
    {
        let value = setting(state, key).unwrap_or_default();
        return plain_text(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    if !front::accepts_json(request) {
        return front::not_acceptable();
    }
    match segments[..] {
        ["system", "info"] => info(state, user, request),
        ["system", "taskSummaries", kind, id] => jobs::summary(state, kind, id),
        ["system", "tasks", ..] => jobs::tasks(state, segments.get(2).copied(), segments.get(3).copied()),
        ["system", _] => {
            let limit = request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(1_usize).min(10_000);
            let codes: Vec<String> = (0..limit).map(|_| state.sessions.identifiers.uid()).collect();
            Response::json(200, &json!({"codes": codes}))
        }
        ["systemSettings"] => all_settings(state, request),
        ["systemSettings", key] => one_setting(state, key),
        ["configuration", _] => Response::json(200, &output_period_types(&state.settings)),
        _ => me(state, user, request, segments.get(1).copied()),
    }
}

fn plain_text(text: &str) -> Response {
    Response {
        status: 200,
        headers: vec![("content-type".into(), "text/plain;charset=UTF-8".into())],
        body: text.as_bytes().to_vec(),
        close: false,
    }
}

/// 2.43's data output period types: a fresh database has none, and analytics then has no rows.
fn output_period_types(settings: &Settings) -> Value {
    if !settings.output_period_types {
        return json!([]);
    }
    ["Daily", "Weekly", "Monthly", "Quarterly", "SixMonthly", "Yearly"]
        .iter()
        .map(|name| json!({"name": name}))
        .collect()
}

/// `system/info`: what each version tells, and to a plain user less (`SystemInfo.withoutSensitiveInfo`).
fn info(state: &State, user: &User, request: &Request) -> Response {
    let newer = state.profile >= Profile::V42;
    let settings = &state.settings;
    let base_url = front::base_url(request);
    let agent = request.header("user-agent").unwrap_or_default();
    let mut info = Map::new();
    let mut put = |key: &str, value: Value| {
        info.insert(key.to_owned(), value);
    };
    put("contextPath", base_url.as_str().into());
    put("userAgent", agent.into());
    put("calendar", settings.calendar.as_str().into());
    put("dateFormat", "yyyy-mm-dd".into());
    put("serverDate", milliseconds(&settings.now).into());
    put("serverTimeZoneId", "Etc/UTC".into());
    if state.profile >= Profile::V43 {
        put("sessionTimeout", 3600.into());
    }
    put("serverTimeZoneDisplayName", "Coordinated Universal Time".into());
    if settings.analytics_built {
        put("lastAnalyticsTableSuccess", milliseconds(&settings.analytics_built_at).into());
        put("intervalSinceLastAnalyticsTableSuccess", interval(&settings.analytics_built_at, &settings.now).into());
        put("lastAnalyticsTableRuntime", "00:00:09.064".into());
    } else if newer {
        put("lastAnalyticsTableSuccess", NEVER.into());
        put("intervalSinceLastAnalyticsTableSuccess", interval(NEVER, &settings.now).into());
        put("lastAnalyticsTableRuntime", "".into());
    }
    if newer {
        put("lastSystemMonitoringSuccess", NEVER.into());
        put("lastAnalyticsTablePartitionSuccess", NEVER.into());
        put("intervalSinceLastAnalyticsTablePartitionSuccess", interval(NEVER, &settings.now).into());
        put("lastAnalyticsTablePartitionRuntime", "".into());
    }
    if state.profile >= Profile::V43 {
        put("capability", json!({"analyticsTotalCounts": false}));
    }
    put("version", state.settings.version.as_deref().unwrap_or(state.profile.version()).into());
    put("revision", "fatal: not a git repository (or any of the parent directories): .git".into());
    put("buildTime", "2026-11-22T21:24:25.000".into());
    if user.is_superuser() {
        put("jasperReportsVersion", "6.20.0".into());
        put("fileStoreProvider", "filesystem".into());
        put("readOnlyMode", "off".into());
        put("readReplicaCount", 0.into());
    }
    for key in ["encryption", "emailConfigured", "redisEnabled"] {
        put(key, false.into());
    }
    put("systemId", settings.system_id.as_str().into());
    put("systemName", "DHIS 2".into());
    if newer {
        put("systemMetadataVersion", "".into());
    }
    put("instanceBaseUrl", base_url.as_str().into());
    if user.is_superuser() {
        put("clusterHostname", "".into());
    }
    put("isMetadataVersionEnabled", false.into());
    if newer {
        put("lastMetadataVersionSyncAttempt", NEVER.into());
    }
    let fields = Fields::of_request(&request.parameters(), "*");
    let all = fields.0.iter().any(|field| field.preset);
    info.retain(|key, _| {
        let named = |exclude: bool| fields.0.iter().any(|field| field.name == *key && field.exclude == exclude);
        (all || named(false)) && !named(true)
    });
    Response::json(200, &Value::Object(info)).with_header("cache-control", "no-store")
}

/// A moment with milliseconds.
fn milliseconds(moment: &str) -> String {
    if moment.contains('.') { moment.to_owned() } else { format!("{moment}.000") }
}

/// The time between two moments as DHIS2 words it: `24 m, 22 s`.
fn interval(from: &str, to: &str) -> String {
    let parse = |text: &str| text.parse::<jiff::civil::DateTime>().ok();
    let seconds = parse(from)
        .zip(parse(to))
        .and_then(|(from, to)| from.until((jiff::Unit::Second, to)).ok())
        .map_or(0, |span| span.get_seconds());
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours} h, {minutes} m, {seconds} s")
    } else if minutes > 0 {
        format!("{minutes} m, {seconds} s")
    } else {
        format!("{seconds} s")
    }
}

/// A system setting that clients ask for; none for an unknown key.
fn setting(state: &State, key: &str) -> Option<Value> {
    let settings = &state.settings;
    Some(match key {
        "keyAnalyticsMaxLimit" => settings.analytics_max_limit.into(),
        "keyIncludeZeroValuesInAnalytics" => settings.include_zeros.into(),
        "keyCalendar" => settings.calendar.as_str().into(),
        "keyDateFormat" => "yyyy-MM-dd".into(),
        "keyUiLocale" | "keyDbLocale" => "en".into(),
        "applicationTitle" => "DHIS 2".into(),
        "keyLockMultipleFailedLogins" | "keyHideUnapprovedDataInAnalytics" => false.into(),
        "keyAnalysisDisplayProperty" => "name".into(),
        "keyLastSuccessfulAnalyticsTablesUpdate" if settings.analytics_built => {
            milliseconds(&settings.analytics_built_at).into()
        }
        "dataEntryAutoGroup" if state.profile >= Profile::V43 => settings.auto_group.into(),
        _ => return None,
    })
}

const SETTINGS: &[&str] = &[
    "keyAnalyticsMaxLimit",
    "keyIncludeZeroValuesInAnalytics",
    "keyCalendar",
    "keyDateFormat",
    "keyUiLocale",
    "keyDbLocale",
    "applicationTitle",
    "keyLockMultipleFailedLogins",
    "keyHideUnapprovedDataInAnalytics",
    "keyAnalysisDisplayProperty",
    "keyLastSuccessfulAnalyticsTablesUpdate",
    "dataEntryAutoGroup",
];

/// Settings as one object; `key` may be given several times.
fn all_settings(state: &State, request: &Request) -> Response {
    let asked = request.parameter_list("key");
    let keys: Vec<&str> = if asked.is_empty() { SETTINGS.to_vec() } else { asked.iter().map(String::as_str).collect() };
    let shown: Map<String, Value> =
        keys.into_iter().filter_map(|key| Some((key.to_owned(), setting(state, key)?))).collect();
    Response::json(200, &Value::Object(shown))
}

fn one_setting(state: &State, key: &str) -> Response {
    if let Some(value) = setting(state, key) {
        return Response::json(200, &json!({ key: value }));
    }
    let message = if state.profile >= Profile::V42 {
        format!("Setting does not exist: {key}")
    } else {
        "Setting does not exist or is marked as confidential".to_owned()
    };
    Response::web_message(404, Some(&message), (state.profile >= Profile::V42).then_some("E1005"))
}

/// The caller: a user object with authorities, data sets, programs and settings.
fn me(state: &State, user: &User, request: &Request, part: Option<&str>) -> Response {
    match part {
        Some("authorities") => return Response::json(200, &json!(user.authorities)),
        Some(_) => return Response::json(200, &user_settings(state.profile, None)),
        None => {}
    }
    let base_url = front::base_url(request);
    let context = Context { profile: state.profile, world: &state.world, user, base_url: &base_url };
    let fields = Fields::of_request(&request.parameters(), "*");
    let Some(schema) = Schema::of("users") else { return front::not_found() };
    let mut shown = project(context, schema, &user.object, &fields);
    let all = fields.0.iter().any(|field| field.preset && field.name == "all");
    let asked = |name: &str| fields.0.iter().find(|field| field.name == name && !field.preset && !field.exclude);
    if all || asked("settings").is_some() {
        let nested = asked("settings").and_then(|field| field.nested.as_ref());
        shown.insert("settings".into(), user_settings(state.profile, nested));
    }
    if all || asked("authorities").is_some() {
        shown.insert("authorities".into(), json!(user.authorities));
    }
    for (key, plural) in [("dataSets", "dataSets"), ("programs", "programs")] {
        if all || asked(key).is_some() {
            let readable = state.world.list(plural).iter().filter(|object| access(user, object).data_read);
            shown.insert(key.into(), readable.filter_map(|object| text(object, "id")).collect());
        }
    }
    Response::json(200, &Value::Object(shown))
}

/// A user's settings. Up to 2.41 brackets after `settings` change nothing, from 2.42 on they choose (`metadata/me`).
fn user_settings(profile: Profile, nested: Option<&Fields>) -> Value {
    let mut settings = json!({
        "keyMessageSmsNotification": true,
        "keyStyle": "light_blue/light_blue.css",
        "keyUiLocale": "en",
        "keyAnalysisDisplayProperty": "name",
        "keyMessageEmailNotification": true,
    });
    if profile >= Profile::V42
        && let Some(settings) = settings.as_object_mut()
    {
        settings.insert("keyDbLocale".into(), "en".into());
        if let Some(nested) = nested.filter(|fields| fields.0.iter().all(|field| !field.preset)) {
            settings.retain(|key, _| nested.0.iter().any(|field| field.name == *key));
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_worded_as_the_server_does() {
        assert_eq!(interval("2026-11-22T21:54:20.190", "2026-11-22T22:18:43.051"), "24 m, 22 s");
        assert_eq!(interval(NEVER, "2026-11-22T21:52:07.130"), "498717 h, 52 m, 7 s");
        assert_eq!(interval("2026-11-22T23:17:04", "2026-11-22T23:17:53"), "49 s");
    }
}
