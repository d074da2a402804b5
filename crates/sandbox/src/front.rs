//! What a server answers before, or instead of, any of its controllers: Tomcat's and Spring's refusals, the version in
//! the path, methods and content types that nobody serves.
//!
//! 2.40 and 2.41 play the war in Tomcat 9, 2.42 and later the embedded Tomcat, as they were recorded.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use crate::exchange::{Request, Response, reason};
use crate::profile::Profile;

/// Tomcat's `maxHttpHeaderSize`: request line and headers together (`errors/request-line-8300`).
const HEADER_LIMIT: usize = 8192;
/// The oldest API version that may stand in a path.
const OLDEST_API_VERSION: u32 = 28;

/// Refuses what never reaches the application: too long headers, characters that a request line may not hold, paths
/// that the firewall takes for an attack.
pub(crate) fn refuse(profile: Profile, request: &Request) -> Option<Response> {
    if header_bytes(request) > HEADER_LIMIT {
        return Some(page(400, "Request header is too large"));
    }
    if request.target.bytes().any(|byte| !byte.is_ascii() || byte <= b' ' || b"\"<>".contains(&byte)) {
        return Some(page(400, "Invalid character found in the request target"));
    }
    let path = request.path();
    if path.contains("//") || path.contains(';') || path.to_lowercase().contains("%2f") {
        // `errors/double-slash`: the war's error page is a 500, the embedded server's a 400
        return Some(page(if profile <= Profile::V41 { 500 } else { 400 }, "The request was rejected"));
    }
    None
}

/// Bytes of the request line and the headers on the wire.
fn header_bytes(request: &Request) -> usize {
    let line = request.method.len() + request.target.len() + " / HTTP/1.1\r\n".len() - 1;
    line + request.headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum::<usize>() + 2
}

/// Refuses a query with a broken escape (`%zz`), as the embedded Tomcat does. The war in Tomcat 9 reads on without the
/// parameter, see [`normalise`].
pub(crate) fn refuse_escapes(profile: Profile, request: &Request) -> Option<Response> {
    let (_, query) = request.target.split_once('?')?;
    (has_broken_escape(query) && profile >= Profile::V42).then(|| {
        Response::web_message(
            409,
            Some("Character decoding failed. A parameter of the request has been ignored."),
            None,
        )
    })
}

/// Whether a `%` is followed by anything but two hexadecimal digits.
fn has_broken_escape(text: &str) -> bool {
    text.split('%').skip(1).any(|rest| {
        let digits: Vec<u8> = rest.bytes().take(2).collect();
        digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit)
    })
}

/// The request as controllers see it: without a version in the path, `HEAD` as `GET`. None for a version that this
/// server does not speak (`system/api-version-43`).
pub(crate) fn normalise(profile: Profile, request: &Request) -> Option<Cow<'_, Request>> {
    let mut request = Cow::Borrowed(request);
    if let Some(rest) = request.target.strip_prefix("/api/") {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let after = &rest[digits.len()..];
        if !digits.is_empty() && after.starts_with('/') {
            let spoken = OLDEST_API_VERSION..=profile.api_version();
            if !digits.parse().is_ok_and(|version: u32| spoken.contains(&version)) {
                return None;
            }
            let target = format!("/api{after}");
            request.to_mut().target = target;
        }
    }
    if let Some((path, query)) = request.target.split_once('?')
        && has_broken_escape(query)
    {
        let kept: Vec<&str> = query.split('&').filter(|parameter| !has_broken_escape(parameter)).collect();
        let target = format!("{path}?{}", kept.join("&"));
        request.to_mut().target = target;
    }
    if request.method == "HEAD" {
        "GET".clone_into(&mut request.to_mut().method);
    }
    Some(request)
}

/// The war answers most reads with an `ETag` and a repeated one with 304; the embedded server has none up to 2.43. Left
/// out are raw data values, what must not be stored (`ExcludableShallowEtagHeaderFilter`), and lists of gist.
pub(crate) fn tag(profile: Profile, request: &Request, mut response: Response) -> Response {
    let path = request.path();
    let streamed = profile >= Profile::V44 && is_gist(&response.body);
    let tagged = (profile <= Profile::V41 || profile >= Profile::V44)
        && !streamed
        && response.status == 200
        && matches!(request.method.as_str(), "GET" | "HEAD")
        && !["/api/dataValueSets", "/api/system/"].iter().any(|start| path.starts_with(start));
    if !tagged {
        return response;
    }
    let digest: String =
        Sha256::digest(&response.body).iter().take(16).map(|byte| char::from(b'a' + byte % 6)).collect();
    let tag = format!("\"0{digest}\"");
    let known = request.header("if-none-match").unwrap_or_default();
    if known == "*" || known.split(',').any(|own| own.trim().trim_start_matches("W/") == tag) {
        response.status = 304;
        response.body.clear();
        response.headers.retain(|(name, _)| name != "content-type");
    }
    response.with_header("etag", &tag)
}

/// Whether a list was answered by the gist engine, as it says itself beside its pager.
fn is_gist(body: &[u8]) -> bool {
    let mark = b"\"gist\":true";
    body.get(..1_000).unwrap_or(body).windows(mark.len()).any(|window| window == mark)
}

/// Scheme and host as the client named them: what links and redirects start with.
pub(crate) fn base_url(request: &Request) -> String {
    format!("http://{}", request.header("host").unwrap_or("localhost"))
}

/// The path's segments below `/api/`, decoded, without `.json` and the like at the end.
pub(crate) fn segments(request: &Request) -> Vec<String> {
    let path = request.path().trim_end_matches('/');
    let resource = path.strip_prefix("/api/").unwrap_or_default();
    let mut segments: Vec<String> = resource
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    if let Some(last) = segments.last_mut()
        && let Some((stem, _)) = last.split_once('.')
    {
        *last = stem.to_owned();
    }
    segments
}

/// `.json`, `.xml` … at the end of the path.
pub(crate) fn suffix(request: &Request) -> Option<&str> {
    request.path().rsplit('/').next()?.split_once('.').map(|(_, suffix)| suffix)
}

/// Whether the client takes JSON: by suffix, otherwise by `Accept`.
pub(crate) fn accepts_json(request: &Request) -> bool {
    if let Some(suffix) = suffix(request) {
        return suffix == "json";
    }
    let Some(accept) = request.header("accept") else { return true };
    accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .any(|range| matches!(range, "*/*" | "application/*" | "application/json" | "") || range.ends_with("+json"))
}

/// A path that nothing serves.
pub(crate) fn not_found() -> Response {
    page(404, "The origin server did not find a current representation for the target resource")
}

/// A content type that the resource does not have (`metadata/accept-xml`, `errors/accept-unknown`).
pub(crate) fn not_acceptable() -> Response {
    page(406, "No acceptable representation")
}

/// A method that the resource does not have (`errors/put-data-value-sets`).
pub(crate) fn method_not_allowed(profile: Profile, method: &str) -> Response {
    let verb = if profile <= Profile::V41 { "not supported" } else { "is not supported" };
    Response::web_message(405, Some(&format!("Request method '{method}' {verb}")), None)
}

/// A path outside the API, for a user who is logged in (`errors/not-found-outside-api`): the front page leads on to
/// the dashboard; the embedded server takes anything else for an app and adds a slash first.
pub(crate) fn outside_api(profile: Profile, request: &Request) -> Response {
    let path = request.path();
    if path == "/" || path.is_empty() {
        return Response::empty(302).with_header("location", &format!("{}/dhis-web-dashboard/", base_url(request)));
    }
    if profile >= Profile::V42 && !path.ends_with('/') && !path.contains('.') {
        return Response::empty(301).with_header("location", &format!("{path}/"));
    }
    not_found()
}

/// An error page as Tomcat words it.
pub(crate) fn page(status: u16, message: &str) -> Response {
    let title = format!("HTTP Status {status} – {}", reason(status));
    Response::html(
        status,
        &format!(
            "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><h1>{title}</h1>\
             <p><b>Type</b> Status Report</p><p><b>Message</b> {message}</p></body></html>"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str) -> Request {
        Request { method: "GET".into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    #[test]
    fn the_header_limit_is_exact() {
        let mut request = get("/");
        let padding = HEADER_LIMIT - header_bytes(&request);
        request.target.push_str(&"x".repeat(padding));
        assert!(refuse(Profile::V42, &request).is_none());
        request.target.push('x');
        assert_eq!(refuse(Profile::V42, &request).map(|page| page.status), Some(400));
    }

    #[test]
    fn header_bytes_are_those_on_the_wire() {
        let mut request = get("/api/me");
        request.headers.push(("host".into(), "a".into()));
        assert_eq!(header_bytes(&request), "GET /api/me HTTP/1.1\r\nhost: a\r\n\r\n".len());
    }

    #[test]
    fn the_version_leaves_the_path_where_it_is_spoken() {
        let target = |profile, text: &str| normalise(profile, &get(text)).map(|request| request.target.clone());
        assert_eq!(target(Profile::V42, "/api/28/me?fields=id").as_deref(), Some("/api/me?fields=id"));
        assert_eq!(target(Profile::V43, "/api/43/me").as_deref(), Some("/api/me"));
        assert_eq!(target(Profile::V42, "/api/43/me"), None);
        assert_eq!(target(Profile::V42, "/api/43").as_deref(), Some("/api/43"));
    }

    #[test]
    fn broken_escapes_are_the_embedded_servers_matter() {
        assert!(refuse_escapes(Profile::V42, &get("/api/me?a=%zz")).is_some());
        assert!(refuse_escapes(Profile::V42, &get("/api/me?a=%2")).is_some());
        assert!(refuse_escapes(Profile::V42, &get("/api/me?a=%20")).is_none());
        assert!(refuse_escapes(Profile::V41, &get("/api/me?a=%zz")).is_none());
    }

    #[test]
    fn the_war_reads_on_without_a_broken_parameter() {
        let request = get("/api/me?fields=id&filter=%zz");
        let target = normalise(Profile::V41, &request).map(|request| request.target.clone());
        assert_eq!(target.as_deref(), Some("/api/me?fields=id"));
    }

    #[test]
    fn the_war_knows_what_the_client_has() {
        let mut request = get("/api/organisationUnits");
        let answer = || Response::json(200, &serde_json::json!({"organisationUnits": []}));
        let first = tag(Profile::V40, &request, answer());
        let own = first.headers.iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag.clone());
        request.headers.push(("if-none-match".into(), own.unwrap()));
        assert_eq!(tag(Profile::V40, &request, answer()).status, 304);
        assert_eq!(tag(Profile::V42, &request, answer()).status, 200);
        assert_eq!(tag(Profile::V44, &request, answer()).status, 304);
        let list = Response::json(200, &serde_json::json!({"pager": {"page": 1}, "gist": true, "options": []}));
        assert!(tag(Profile::V44, &request, list).headers.iter().all(|(name, _)| name != "etag"));
    }

    #[test]
    fn json_is_asked_for_by_suffix_or_accept() {
        assert!(accepts_json(&get("/api/me.json")));
        assert!(!accepts_json(&get("/api/me.xml")));
        let mut request = get("/api/me");
        assert!(accepts_json(&request));
        request.headers.push(("accept".into(), "text/html, application/json;q=0.9".into()));
        assert!(accepts_json(&request));
        request.headers[0].1 = "image/png".into();
        assert!(!accepts_json(&request));
    }
}
