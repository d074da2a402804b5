//! What surrounds an exchange: what is stored, which settings are turned, who logs in, which tokens exist.
//!
//! A recording tells part of that in its `about` only; the rules that read it are all here.

use std::io::Write;

use base64::Engine;
use serde_json::{Value, json};
use xfer_sandbox::events::Events;
use xfer_sandbox::exchange::{Request, Response};
use xfer_sandbox::instance::Instance;
use xfer_sandbox::profile::Profile;
use xfer_sandbox::state::State;
use xfer_sandbox::values::{Registration, RegistrationKey, StoredValue, ValueKey, Values};
use xfer_sandbox::world::World;
use xfer_sandbox::world::filling::{ADMIN, ADMIN_ID, ADMIN_PASSWORD};

use super::exchange::{Exchange, Recordings};
use super::jobs;

/// The password of every invented user.
const PASSWORD: &str = "Sample-Pass-1";
/// When the baseline was written: the day of the recordings, before any of them.
const WRITTEN: &str = "2026-11-22T21:52:09.087";
/// When 2.44 was recorded.
const LATER: &str = "2026-11-29T22:40:00.000";
/// What stands for the `<session>` of requests that bring one.
const UNKNOWN_SESSION: &str = "0123456789ABCDEF0123456789ABCDEF";

/// The recorded servers' metadata and data, parsed once.
pub(super) struct Country {
    /// As a fresh server has it: the superuser has no org units.
    fresh: World,
    /// With the superuser placed at the root, as before most recordings.
    world: World,
    baseline: Values,
}

impl Country {
    /// Reads `setup/`.
    pub(super) fn load(recordings: &Recordings) -> Self {
        let fresh = World::load(&recordings.setup("metadata.json"));
        let world = with_placed_superuser(&fresh);
        let mut baseline = Values::default();
        let setup = recordings.setup("baseline.json");
        for set in setup["dataValueSets"].as_array().into_iter().flatten() {
            set["dataValues"].as_array().into_iter().flatten().for_each(|row| store(&mut baseline, row));
        }
        setup["completeDataSetRegistrations"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(|row| store(&mut baseline, row));
        baseline.events = Events::load(&recordings.setup("tracker.json"));
        Self { fresh, world, baseline }
    }

    /// A server in the state that a recording found.
    pub(super) fn instance(&self, exchange: &Exchange, recordings: &Recordings) -> Instance {
        let about = full_about(exchange, recordings);
        let unplaced = is_unplaced(&about);
        let world = if unplaced { &self.fresh } else { &self.world };
        let instance = Instance::of_world(exchange.profile, world.clone());
        instance.with_state(|state| {
            let writes = matches!(exchange.area.as_str(), "import" | "completeness");
            if exchange.before.is_none() && !writes {
                state.values = self.baseline.clone();
            }
            exchange.before.iter().filter_map(Value::as_array).flatten().for_each(|row| store(&mut state.values, row));
            if unplaced && exchange.before.is_none() && !writes {
                store_one_value(&mut state.values);
            }
            if exchange.profile >= Profile::V44 {
                LATER.clone_into(&mut state.settings.now);
            }
            turn_settings(state, &about, &exchange.target());
        });
        instance
    }
}

/// Whether a superuser asks as on a fresh server, where nobody has org units.
fn is_unplaced(about: &str) -> bool {
    let about = about.to_lowercase();
    let lacks = ["has no", "without", "no data view", "no capture"].iter().any(|words| about.contains(words));
    let superuser = about.contains("superuser") || about.contains("has no org units");
    superuser && lacks && ["org unit", "organisation unit"].iter().any(|words| about.contains(words))
}

/// The nation to enter and view data for the superuser; a fresh server's has none.
fn with_placed_superuser(fresh: &World) -> World {
    let mut world = fresh.clone();
    let roots: Vec<Value> = world
        .list("organisationUnits")
        .iter()
        .filter(|unit| !unit.contains_key("parent"))
        .filter_map(|unit| unit.get("id").map(|id| json!({"id": id})))
        .collect();
    if let Some(admin) = world.get_mut("users", ADMIN_ID) {
        for property in ["organisationUnits", "dataViewOrganisationUnits"] {
            admin.insert(property.into(), Value::Array(roots.clone()));
        }
    }
    world
}

/// "A superuser that has no data view org units" was recorded with a single value stored.
fn store_one_value(values: &mut Values) {
    *values = Values::default();
    store(
        values,
        &json!({
            "dataElement": "DemNumber01", "period": "202401", "orgUnit": "OuFacility1",
            "categoryOptionCombo": "HllvX50cXC0", "attributeOptionCombo": "HllvX50cXC0", "value": "12.5",
        }),
    );
}

/// The `about`; one that only says "The same …" is completed by that of the neighbour it resembles most.
fn full_about(exchange: &Exchange, recordings: &Recordings) -> String {
    if !exchange.about.starts_with("The same") {
        return exchange.about.clone();
    }
    let parts = |other: &Exchange| other.target().split(['?', '&']).map(str::to_owned).collect::<Vec<_>>();
    let own = parts(exchange);
    let likeness = |other: &&Exchange| parts(other).iter().filter(|part| own.contains(part)).count();
    let mut best: Option<&Exchange> = None;
    for other in &recordings.neighbours {
        let candidate =
            other.area == exchange.area && other.profile == exchange.profile && !other.about.starts_with("The same");
        if candidate && best.is_none_or(|known| likeness(&other) > likeness(&known)) {
            best = Some(other);
        }
    }
    best.map_or_else(|| exchange.about.clone(), |other| format!("{} {}", other.about, exchange.about))
}

/// Settings that a sentence tells of.
fn turn_settings(state: &mut State, about: &str, target: &str) {
    let lower = about.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(&word.to_lowercase()));
    if says(&["before any analytics", "never ran analytics", "table missing", "no tables"]) {
        state.settings.analytics_built = false;
    }
    if says(&["keyIncludeZeroValuesInAnalytics=true"]) {
        state.settings.include_zeros = true;
    }
    if says(&["empty dataOutputPeriodTypes", "no data output period types", "no output period types"]) {
        state.settings.output_period_types = false;
    }
    if says(&["dataEntryAutoGroup=true"]) {
        state.settings.auto_group = true;
    }
    if says(&["loser of a race"]) {
        state.settings.next_new_period_loses = true;
    }
    if let Some(limit) = number_after(about, "keyAnalyticsMaxLimit=") {
        state.settings.analytics_max_limit = limit;
    } else if target.contains("ignoreLimit=true") {
        // recorded right after the refusal that it lifts, with the limit still lowered
        state.settings.analytics_max_limit = 5;
    }
    store_extra_values(&mut state.values, about);
}

fn number_after(text: &str, mark: &str) -> Option<usize> {
    let (_, rest) = text.split_once(mark)?;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// "needs extra values in 202405: 12345678.5, -12345678.5 at OuFacility1..6": one value per facility, of the plain
/// number.
fn store_extra_values(values: &mut Values, about: &str) {
    let Some((_, rest)) = about.split_once("extra values in ") else { return };
    let Some((period, rest)) = rest.split_once(": ") else { return };
    let Some((numbers, places)) = rest.split_once(" at ") else { return };
    let stem = places.split("1..").next().unwrap_or_default();
    for (position, number) in numbers.split(", ").enumerate() {
        store(
            values,
            &json!({
                "dataElement": "DemNumber01", "period": period, "orgUnit": format!("{stem}{}", position + 1),
                "categoryOptionCombo": "HllvX50cXC0", "attributeOptionCombo": "HllvX50cXC0", "value": number.trim(),
            }),
        );
    }
}

/// Stores one row of `baseline.json` or `before`: a data value or a registration.
fn store(values: &mut Values, row: &Value) {
    let text = |key: &str| row[key].as_str().map(str::to_owned);
    let required = |key: &str| text(key).unwrap_or_default();
    if row.get("organisationUnit").is_some() {
        values.registrations.insert(
            RegistrationKey {
                data_set: required("dataSet"),
                period: required("period"),
                org_unit: required("organisationUnit"),
                attribute_option_combo: required("attributeOptionCombo"),
            },
            Registration {
                date: required("date"),
                stored_by: required("storedBy"),
                completed: row["completed"].as_bool().unwrap_or(true),
            },
        );
        return;
    }
    values.data.insert(
        ValueKey {
            data_element: required("dataElement"),
            period: required("period"),
            org_unit: required("orgUnit"),
            category_option_combo: required("categoryOptionCombo"),
            attribute_option_combo: required("attributeOptionCombo"),
        },
        StoredValue {
            value: text("value"),
            comment: text("comment"),
            followup: ["followup", "followUp"].iter().any(|key| row[*key] == json!(true)),
            deleted: row["deleted"] == json!(true),
            stored_by: ADMIN.into(),
            created: WRITTEN.into(),
            last_updated: WRITTEN.into(),
        },
    );
}

/// The request as the client sent it: placeholders filled, the body written out. Logs in or makes a token first
/// where the request brings a session or a token.
pub(super) fn request(instance: &Instance, exchange: &Exchange, recordings: &Recordings) -> Request {
    let mut headers = vec![("host".to_owned(), "dhis2.invalid".to_owned())];
    for (name, value) in exchange.request["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let value = match name.to_lowercase().as_str() {
            "authorization" => authorization(instance, value, &exchange.about),
            "if-none-match" => known_tag(instance, exchange).unwrap_or_else(|| value.to_owned()),
            "cookie" => value.replace("<session>", &session(instance, exchange)),
            _ => value.to_owned(),
        };
        headers.push((name.to_lowercase(), value));
    }
    Request {
        method: exchange.request["method"].as_str().expect("a request has a method").to_owned(),
        target: jobs::prepare(instance, exchange, recordings),
        headers,
        body: body(&exchange.request),
    }
}

pub(super) fn body(request: &Value) -> Vec<u8> {
    if let Some(text) = request.get("body_text").and_then(Value::as_str) {
        return bytes_of(text);
    }
    if let Some(plain) = request.get("body_gzip_of") {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&spaced(plain)).expect("gzip to memory");
        return encoder.finish().expect("gzip to memory");
    }
    request.get("body").map(spaced).unwrap_or_default()
}

/// JSON with a space after each comma and colon, as the recorder sent it: servers name columns in what they refuse.
fn spaced(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    let mut inside = false;
    let mut escaped = false;
    for character in value.to_string().chars() {
        text.push(character);
        if inside && !escaped && character == '\\' {
            escaped = true;
            continue;
        }
        if character == '"' && !escaped {
            inside = !inside;
        }
        escaped = false;
        if !inside && matches!(character, ',' | ':') {
            text.push(' ');
        }
    }
    text.into_bytes()
}

/// The bytes of a recorded text; `hex:` introduces those that are no text.
fn bytes_of(text: &str) -> Vec<u8> {
    let Some(digits) = text.strip_prefix("hex:") else { return text.as_bytes().to_vec() };
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hex digits")).collect()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

pub(super) fn right_basic(user: &str) -> String {
    basic(user, if user == ADMIN { ADMIN_PASSWORD } else { PASSWORD })
}

/// `Basic <clerk_wide>`, `Basic <wrong password>`, `ApiToken <GET-only token>`, `Bearer <token>` …
pub(super) fn authorization(instance: &Instance, header: &str, about: &str) -> String {
    let Some((scheme, placeholder)) = header.split_once(" <") else { return header.to_owned() };
    let placeholder = placeholder.trim_end_matches('>');
    if scheme.eq_ignore_ascii_case("basic") {
        return if placeholder.contains("wrong") { basic(ADMIN, "not-the-password") } else { right_basic(placeholder) };
    }
    format!("{scheme} {}", token(instance, placeholder, about))
}

/// Makes a token as its placeholder says, through the API.
fn token(instance: &Instance, placeholder: &str, about: &str) -> String {
    let says = |word: &str| placeholder.to_lowercase().contains(word);
    let limit = if let Some((method, _)) = placeholder.split_once("-only") {
        json!([{"type": "MethodAllowedList", "allowedMethods": [method]}])
    } else if says("another address") {
        json!([{"type": "IpAllowedList", "allowedIps": ["203.0.113.9"]}])
    } else if says("referer") || says("referrer") {
        json!([{"type": "RefererAllowedList", "allowedReferrers": ["https://other.invalid"]}])
    } else {
        json!([])
    };
    if says("malformed") {
        return "no token, for blanks are not part of one".to_owned();
    }
    if says("empty") {
        return String::new();
    }
    let expire: i64 = if says("expired") { 1000 } else { 4_102_444_800_000 };
    let created =
        send(instance, "POST", "/api/apiToken", &right_basic(ADMIN), &json!({"attributes": limit, "expire": expire}));
    let report: Value = serde_json::from_slice(&created.body).unwrap_or_default();
    let key = report["response"]["key"].as_str().unwrap_or_default().to_owned();
    if says("bad checksum") {
        let last = if key.ends_with('0') { '1' } else { '0' };
        return format!("{}{last}", &key[..key.len().saturating_sub(1)]);
    }
    if says("deleted") {
        if about.contains("used") {
            send(instance, "GET", "/api/me?fields=id", &format!("ApiToken {key}"), &Value::Null);
        }
        let uid = report["response"]["uid"].as_str().unwrap_or_default();
        send(instance, "DELETE", &format!("/api/apiToken/{uid}"), &right_basic(ADMIN), &Value::Null);
    }
    if says("unknown") {
        let uid = report["response"]["uid"].as_str().unwrap_or_default();
        send(instance, "DELETE", &format!("/api/apiToken/{uid}"), &right_basic(ADMIN), &Value::Null);
    }
    key
}

/// The session that a request's cookie stands for: an unknown one where the sentence says so, otherwise one of the
/// superuser. "The same cookie once more" is recorded after another user has logged in beside the cookie
/// (`login/cookie-plus-other-user`).
fn session(instance: &Instance, exchange: &Exchange) -> String {
    let about = exchange.about.to_lowercase();
    if ["unknown", "stale", "invalid", "expired"].iter().any(|word| about.contains(word)) {
        return UNKNOWN_SESSION.into();
    }
    let session = cookie(&send(instance, "GET", "/api/me?fields=id", &right_basic(ADMIN), &Value::Null));
    if about.starts_with("the same cookie") {
        let beside = Request {
            method: "GET".into(),
            target: "/api/me?fields=id".into(),
            headers: vec![
                ("authorization".into(), right_basic("clerk_wide")),
                ("cookie".into(), format!("JSESSIONID={session}")),
            ],
            body: Vec::new(),
        };
        instance.handle(&beside);
    }
    session
}

/// The tag that a client keeps from an earlier answer to the same request: the digits are the server's own affair.
fn known_tag(instance: &Instance, exchange: &Exchange) -> Option<String> {
    let earlier = Request {
        method: "GET".into(),
        target: exchange.target(),
        headers: vec![("host".into(), "dhis2.invalid".into()), ("authorization".into(), right_basic(ADMIN))],
        body: Vec::new(),
    };
    let answer = instance.handle(&earlier);
    answer.headers.into_iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag)
}

fn cookie(response: &Response) -> String {
    response
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .find_map(|(_, value)| value.strip_prefix("JSESSIONID="))
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn send(instance: &Instance, method: &str, target: &str, authorization: &str, body: &Value) -> Response {
    let headers =
        [("authorization", authorization), ("content-type", "application/json"), ("accept", "application/json")];
    instance.handle(&Request {
        method: method.into(),
        target: target.into(),
        headers: headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
    })
}
