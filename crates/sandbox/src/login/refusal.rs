//! How a refused login looks (`FormLoginBasicAuthenticationEntryPoint`, later `Http401LoginUrl…`).

use serde_json::json;

use crate::exchange::{Request, Response};
use crate::front::base_url;
use crate::login::session::set_cookie;
use crate::profile::Profile;
use crate::state::State;

/// Nobody is logged in: 401 for scripts (`X-Requested-With`), a redirect to the login page for browsers. 2.41 opens a
/// session all the same, 2.40 for its front page only.
pub(super) fn anonymous(state: &mut State, request: &Request) -> Response {
    let script = request.header("x-requested-with").is_some_and(|value| value.eq_ignore_ascii_case("XMLHttpRequest"));
    let response = if script {
        unauthorized(request)
    } else {
        let page = match state.profile {
            Profile::V40 => "/dhis-web-commons/security/login.action",
            Profile::V41 => "/dhis-web-login",
            Profile::V42 => "/dhis-web-login/",
            Profile::V43 | Profile::V44 => "/login/",
        };
        // 2.44 names the page only.
        let host = if state.profile >= Profile::V44 { String::new() } else { base_url(request) };
        Response::empty(302).with_header("location", &format!("{host}{page}"))
    };
    let inside_api = request.path().starts_with("/api/");
    if state.profile == Profile::V41 || (state.profile == Profile::V40 && !inside_api) {
        let id = state.sessions.identifiers.session();
        return response.with_header("set-cookie", &set_cookie(state.profile, &id));
    }
    response
}

/// 401 with the generic message, as XML for who asks for XML (`login/basic-accept-xml`).
pub(super) fn unauthorized(request: &Request) -> Response {
    if request.header("accept").is_some_and(|accept| accept.contains("application/xml")) {
        return Response {
            status: 401,
            headers: vec![("content-type".into(), "application/xml;charset=UTF-8".into())],
            body: b"<webMessage xmlns=\"http://dhis2.org/schema/dxf/2.0\" httpStatus=\"Unauthorized\" \
                httpStatusCode=\"401\" status=\"ERROR\"><message>Unauthorized</message></webMessage>"
                .to_vec(),
            close: false,
        };
    }
    Response::web_message(401, Some("Unauthorized"), None)
}

/// An unknown OAuth2 token, up to 2.41 (`login/pat-use-bearer`).
pub(super) fn invalid_bearer() -> Response {
    Response::json(401, &json!({"error": "invalid_token", "error_description": "Invalid access token"})).with_header(
        "www-authenticate",
        "Bearer realm=\"oauth\", error=\"invalid_token\", error_description=\"Invalid access token\"",
    )
}
