//! Servers and proxies that repeat what they were sent: the login among other things.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::exchange::{Request, Response};

/// Where the login is repeated, in every form in which it can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// 409 to an import, in the conflicts of a summary that refuses all rows.
    Refusal,
    /// 409 in DHIS2's own words.
    Conflict,
    /// 500 in DHIS2's own words.
    Failure,
    /// 502, a page of a proxy with the request's headers.
    Page,
    /// 302 to another host, in the address: as its user, in its path and in its query.
    Location,
    /// 200, in the place of texts, numbers and members' names where others are expected.
    Nonsense,
}

impl Echo {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Refusal, Self::Conflict, Self::Failure, Self::Page, Self::Location, Self::Nonsense];

    pub(super) fn answer(self, request: &Request) -> Response {
        let said = spoken(request);
        match self {
            Self::Refusal => {
                let conflict = json!({"object": said, "value": said, "errorCode": said, "property": said});
                let summary = json!({
                    "responseType": "ImportSummary", "status": "ERROR", "description": said,
                    "importCount": {"imported": 0, "updated": 0, "ignored": 0, "deleted": 0},
                    "conflicts": [conflict], "rejectedIndexes": [], "dataSetComplete": said,
                });
                Response::json(
                    409,
                    &json!({"httpStatusCode": 409, "status": "ERROR", "message": said, "response": summary}),
                )
            }
            Self::Conflict => Response::web_message(409, Some(&said), Some(&said)),
            Self::Failure => Response::web_message(500, Some(&said), None),
            Self::Page => Response::html(502, &format!("<html><body>{said}</body></html>")),
            Self::Location => {
                let (user, password) = login(request);
                let (user, password) = (encoded(&user), encoded(&password));
                let twice = password.replace('%', "%25");
                let location = format!(
                    "https://{user}:{password}@elsewhere.invalid/{password}/{twice}/api?next={password}#{password}"
                );
                Response::empty(302).with_header("location", &location)
            }
            Self::Nonsense => Response::json(
                200,
                &json!({
                    "version": said, "systemId": said, "username": {"a": said}, "height": said, "headers": [{"name": said}],
                    "rows": said, "dataValues": [{"dataElement": said, "period": said}], "pager": said, "status": said,
                    "dataElements": [{"id": said, "name": 7}], "organisationUnits": [{"id": said, "level": said}],
                }),
            ),
        }
    }
}

/// User and password of a request.
fn login(request: &Request) -> (String, String) {
    let header = request.header("authorization").unwrap_or_default();
    let pair = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair).into_owned();
    let token = || header.split(' ').nth(1).unwrap_or_default().to_owned();
    pair.split_once(':').map_or_else(|| (String::new(), token()), |(user, secret)| (user.to_owned(), secret.to_owned()))
}

/// A sentence that repeats the login in every form.
fn spoken(request: &Request) -> String {
    let (user, password) = login(request);
    let hexadecimal = password.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!(
        "{}: `{user}` with `{password}` ({} {} {hexadecimal} {})",
        request.header("authorization").unwrap_or_default(),
        encoded(&password),
        STANDARD.encode(&password),
        serde_json::Value::from(password.clone()),
    )
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
