//! Exchanges that a replay cannot answer, or that no client of ours would ever ask for. Each rule is over the request or
//! its circumstances, never a file's name.

use super::exchange::{Exchange, Recordings};
use super::jobs;

/// Pages for people, by the beginning of their path.
const LOGIN_PAGES: [&str; 4] = ["/login", "/dhis-web-login", "/dhis-web-commons", "/oauth2"];

/// Why an exchange is left out; none where it is replayed.
pub(super) fn reason(exchange: &Exchange, recordings: &Recordings) -> Option<&'static str> {
    if jobs::looks_at_one(exchange) && jobs::start_of(exchange, recordings).is_none() && !jobs::needs_no_start(exchange)
    {
        return Some("the import that the job ran is not recorded");
    }
    if exchange.request["method"] == "OPTIONS" {
        return Some("OPTIONS: what a browser asks before it asks for another site; a client has no other site");
    }
    if has_header(exchange, "origin") {
        return Some("CORS: rules for pages of other sites in a browser, which a client is not");
    }
    let target = exchange.target();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    if LOGIN_PAGES.iter().any(|page| path.starts_with(page)) {
        return Some("a page to log in on: people fill it in, a client brings its login along");
    }
    if is_whole_export(path, query) {
        return Some("all metadata in one answer: a client asks for the lists that it needs");
    }
    None
}

fn has_header(exchange: &Exchange, wanted: &str) -> bool {
    let headers = exchange.request["headers"].as_object();
    headers.is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case(wanted)))
}

/// `GET /api/metadata` that names no type of its own; a superuser's answer holds everything that a server has.
fn is_whole_export(path: &str, query: &str) -> bool {
    let path = path.trim_end_matches('/');
    ["/api/metadata", "/api/metadata.json"].contains(&path) && !query.split('&').any(|part| part.ends_with("=true"))
}
