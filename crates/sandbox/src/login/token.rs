//! Personal access tokens: their form and checksum, how they are made, limited, refused and forgotten.
//!
//! 2.40 issues version 1 (`d2pat_`, 32 characters, CRC-32 in ten decimal digits), later servers version 2 (`d2p_`, 44
//! characters, CRC-32 in six base 62 digits). The checksum is taken over the code and the NUL padding of the server's
//! encode buffer: three bytes in version 1, four in version 2.

use serde_json::{Value, json};

use crate::exchange::{Request, Response};
use crate::front::{base_url, method_not_allowed, segments};
use crate::profile::Profile;
use crate::state::sessions::Token;
use crate::state::{State, User, user_of};

const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The two forms that tokens have.
#[derive(Debug, Clone, Copy)]
enum Form {
    One,
    Two,
}

impl Form {
    fn prefix(self) -> &'static str {
        match self {
            Self::One => "d2pat_",
            Self::Two => "d2p_",
        }
    }

    fn code_length(self) -> usize {
        match self {
            Self::One => 32,
            Self::Two => 44,
        }
    }

    /// The checksum of a code in the form's own digits.
    fn checksum(self, code: &str) -> String {
        let padding: &[u8] = match self {
            Self::One => &[0; 3],
            Self::Two => &[0; 4],
        };
        let mut crc = flate2::Crc::new();
        crc.update(code.as_bytes());
        crc.update(padding);
        match self {
            Self::One => format!("{:010}", crc.sum()),
            Self::Two => {
                let mut rest = u64::from(crc.sum());
                let mut digits = [b'0'; 6];
                for digit in digits.iter_mut().rev() {
                    *digit = BASE_62[usize::try_from(rest % 62).unwrap_or_default()];
                    rest /= 62;
                }
                digits.iter().map(|&digit| char::from(digit)).collect()
            }
        }
    }
}

/// Finds the owner of the token in an `Authorization: ApiToken …` header, or the answer that refuses it.
pub(super) fn check(state: &mut State, request: &Request, header: &str) -> Result<User, Response> {
    let profile = state.profile;
    let key = header.split_once(' ').map(|(_, key)| key).unwrap_or_default();
    let signs = key.trim_end_matches('=');
    let well_formed = signs.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
    if signs.is_empty() || !well_formed {
        return Err(refused(profile, 400, "Api token is malformed"));
    }
    let form = [Form::One, Form::Two].into_iter().find(|form| key.starts_with(form.prefix()));
    let Some(code) = form.map(|form| (form, &key[form.prefix().len()..])) else {
        return Err(refused(profile, 400, "Checksum validation failed"));
    };
    let (form, rest) = code;
    if rest.len() <= form.code_length() || form.checksum(&rest[..form.code_length()]) != rest[form.code_length()..] {
        return Err(refused(profile, 400, "Checksum validation failed"));
    }
    let now = milliseconds(&state.settings.now);
    let Some(token) = state.sessions.tokens.iter_mut().find(|token| token.key == key) else {
        return Err(refused(profile, 401, "The API token does not exists"));
    };
    if token.deleted && !(profile == Profile::V40 && token.used) {
        return Err(refused(profile, 401, "The API token does not exists"));
    }
    if token.expires <= now {
        return Err(refused(profile, 401, "Failed to authenticate API token, token has expired."));
    }
    if let Some(what) = token.attributes.iter().find_map(|attribute| violated(attribute, request)) {
        return Err(refused(profile, 401, &format!("Failed to authenticate API token, {what}.")));
    }
    token.used = true;
    let owner = token.owner.clone();
    state
        .world
        .get("users", &owner)
        .map(|object| user_of(&state.world, object))
        .ok_or_else(|| refused(profile, 401, "The API token owner does not exists."))
}

/// The limit of a token that a request breaks.
fn violated(attribute: &Value, request: &Request) -> Option<&'static str> {
    let allows = |list: &str, value: &str| {
        let entries = attribute.get(list).and_then(Value::as_array);
        entries.is_none_or(|entries| entries.is_empty() || entries.iter().any(|entry| entry == value))
    };
    match attribute.get("type").and_then(Value::as_str) {
        Some("MethodAllowedList") if !allows("allowedMethods", &request.method) => {
            Some("request http method is not allowed")
        }
        // the whole header is compared, a list of proxies included
        Some("IpAllowedList") if !allows("allowedIps", request.header("x-forwarded-for").unwrap_or("127.0.0.1")) => {
            Some("request ip address is not allowed")
        }
        Some("RefererAllowedList")
            if !allows("allowedReferrers", &request.header("referer").unwrap_or_default().to_lowercase()) =>
        {
            Some("request http referrer is missing or not allowed")
        }
        _ => None,
    }
}

/// 2.40 says nothing but 401; later servers tell why (`login/pat-bad-checksum`).
fn refused(profile: Profile, status: u16, message: &str) -> Response {
    let response =
        if profile == Profile::V40 { Response::empty(401) } else { Response::web_message(status, Some(message), None) };
    response.with_header("www-authenticate", "ApiToken")
}

fn milliseconds(now: &str) -> i64 {
    now.parse::<jiff::civil::DateTime>()
        .ok()
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map_or(0, |time| time.timestamp().as_millisecond())
}

/// `POST /api/apiToken`, `DELETE /api/apiToken/{uid}`.
pub(crate) fn handle(state: &mut State, user: &User, request: &Request) -> Response {
    let segments = segments(request);
    match (request.method.as_str(), segments.get(1)) {
        ("POST", None) => create(state, user, request),
        ("DELETE", Some(uid)) => delete(state, uid),
        (method, _) => method_not_allowed(state.profile, method),
    }
}

fn create(state: &mut State, user: &User, request: &Request) -> Response {
    let body: Value = match serde_json::from_slice(&request.body) {
        Ok(body) => body,
        Err(error) => return Response::web_message(400, Some(&error.to_string()), None),
    };
    if state.profile == Profile::V40
        && let Some(wanted) = body.get("type").and_then(Value::as_str)
        && wanted != "PERSONAL_ACCESS_TOKEN"
    {
        return Response::web_message(500, Some(&unknown_type(wanted, &request.body)), None);
    }
    let form = if state.profile == Profile::V40 { Form::One } else { Form::Two };
    let code = state.sessions.identifiers.code(form.code_length());
    let key = format!("{}{code}{}", form.prefix(), form.checksum(&code));
    let uid = state.sessions.identifiers.uid();
    let month = 30 * 24 * 3600 * 1000;
    state.sessions.tokens.push(Token {
        uid: uid.clone(),
        key: key.clone(),
        owner: user.id().to_owned(),
        expires: body.get("expire").and_then(Value::as_i64).unwrap_or(milliseconds(&state.settings.now) + month),
        attributes: body.get("attributes").and_then(Value::as_array).cloned().unwrap_or_default(),
        used: false,
        deleted: false,
    });
    let kind = if state.profile <= Profile::V41 { "ApiTokenCreationResponse" } else { "ObjectReport" };
    let body = json!({
        "httpStatus": "Created", "httpStatusCode": 201, "status": "OK",
        "response": {
            "responseType": kind, "key": key, "uid": uid,
            "klass": "org.hisp.dhis.security.apikey.ApiToken", "errorReports": [],
        },
    });
    Response::json(201, &body).with_header("location", &format!("{}/api/apiToken/{uid}", base_url(request)))
}

/// The error that 2.40's JSON reader gives for a token type it does not have (`login/pat-create-v1`): the column is
/// that of the value.
fn unknown_type(wanted: &str, body: &[u8]) -> String {
    let quoted = format!("\"{wanted}\"");
    let column = String::from_utf8_lossy(body).find(&quoted).map_or(0, |position| position + 1);
    format!(
        "Cannot deserialize value of type `org.hisp.dhis.security.apikey.ApiTokenType` from String {quoted}: not one of \
         the values accepted for Enum class: [PERSONAL_ACCESS_TOKEN]\n at [Source: \
         (org.apache.catalina.connector.CoyoteInputStream); line: 1, column: {column}] (through reference chain: \
         org.hisp.dhis.security.apikey.ApiToken[\"type\"])"
    )
}

fn delete(state: &mut State, uid: &str) -> Response {
    let Some(token) = state.sessions.tokens.iter_mut().find(|token| token.uid == uid && !token.deleted) else {
        let message = format!("ApiToken with id {uid} could not be found.");
        return Response::web_message(404, Some(&message), Some("E1005"));
    };
    token.deleted = true;
    Response::json(
        200,
        &json!({
            "httpStatus": "OK", "httpStatusCode": 200, "status": "OK",
            "response": {
                "responseType": "ObjectReport", "uid": uid,
                "klass": "org.hisp.dhis.security.apikey.ApiToken", "errorReports": [],
            },
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_cover_the_padding_and_have_a_fixed_width() {
        let code = "a".repeat(32);
        let mut padded = flate2::Crc::new();
        padded.update(code.as_bytes());
        padded.update(&[0, 0, 0]);
        assert_eq!(Form::One.checksum(&code), format!("{:010}", padded.sum()));
        assert_eq!(Form::One.checksum(&code).len(), 10);
        assert_eq!(Form::Two.checksum(&"b".repeat(44)).len(), 6);
    }

    #[test]
    fn limits_compare_the_whole_address() {
        let limit = json!({"type": "IpAllowedList", "allowedIps": ["203.0.113.9"]});
        let mut request = Request { method: "GET".into(), target: "/".into(), headers: Vec::new(), body: Vec::new() };
        assert!(violated(&limit, &request).is_some());
        request.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
        assert!(violated(&limit, &request).is_none());
        request.headers[0].1 = "203.0.113.9, 10.0.0.1".into();
        assert!(violated(&limit, &request).is_some());
    }

    #[test]
    fn the_clock_of_the_server_is_read_as_utc() {
        assert_eq!(milliseconds("1970-01-01T00:00:01"), 1000);
        assert_eq!(milliseconds("2026-11-22T22:20:00.500"), 1_795_386_000_500);
    }
}
