//! Compares answers around logging in: bodies, challenges, redirects and new sessions.

use serde_json::Value;
use xfer_sandbox::exchange::{Request, Response};

use super::compare::{self, header};
use super::exchange::Exchange;

/// The differences beyond status and content type.
pub(super) fn compare(exchange: &Exchange, request: &Request, response: &Response) -> Vec<String> {
    let mut differences = compare::bodies(exchange, response, &|path| matches!(path, "response.key" | "response.uid"));
    differences.extend(challenge(exchange, response));
    differences.extend(location(exchange, response));
    differences.extend(session(exchange, request, response));
    differences.extend(token_form(exchange, response));
    differences
}

fn challenge(exchange: &Exchange, response: &Response) -> Option<String> {
    let (expected, found) = (exchange.response_header("www-authenticate"), header(response, "www-authenticate"));
    (expected != found).then(|| format!("challenge {expected:?} expected, {found:?} found"))
}

/// Where it leads; the id of a new object differs each time.
pub(super) fn location(exchange: &Exchange, response: &Response) -> Option<String> {
    let created = exchange.status() == 201;
    let stem = |location: &str| match location.rsplit_once('/') {
        Some((stem, _)) if created => stem.to_owned(),
        _ => location.to_owned(),
    };
    let (expected, found) = (exchange.response_header("location").map(stem), header(response, "location").map(stem));
    (expected != found).then(|| format!("location {expected:?} expected, {found:?} found"))
}

/// A new session where the recording has one, in the same words. The other way round only where the recorder brought
/// its own cookie or nobody was logged in: it kept a jar for the superuser that the requests do not show.
fn session(exchange: &Exchange, request: &Request, response: &Response) -> Option<String> {
    let mask = |header: &str| {
        let own = header.split(", SESSION_EXPIRE").next().unwrap_or_default();
        let (id, rest) = own.strip_prefix("JSESSIONID=")?.split_once(';')?;
        (!id.is_empty()).then(|| rest.to_owned())
    };
    let expected = exchange.response_header("set-cookie").and_then(mask);
    let found = header(response, "set-cookie").and_then(mask);
    let told = expected.is_some() || request.header("cookie").is_some() || request.header("authorization").is_none();
    (told && expected != found).then(|| format!("new session {expected:?} expected, {found:?} found"))
}

/// A new token is one that the same server takes.
fn token_form(exchange: &Exchange, response: &Response) -> Option<String> {
    exchange.response.pointer("/body/response/key")?;
    let body = compare::json_body(response);
    let key = body.pointer("/response/key").and_then(Value::as_str).unwrap_or_default().to_owned();
    (!key.starts_with("d2p")).then(|| format!("`{key}` is no token"))
}
