//! Why analytics refuses a request, and how that looks.

use crate::exchange::{Response, reason};
use crate::profile::Profile;

/// A refusal. Texts are those of `ErrorCode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 409 with a code.
    Conflict(&'static str, String),
    /// 400 without a code.
    Malformed(String),
    /// E7144: a table that the query needs does not exist.
    NoTable(String),
}

/// A rule without particulars.
pub(super) fn rule(code: &'static str, text: &str) -> Refusal {
    Refusal::Conflict(code, text.to_owned())
}

/// E7124: a dimension without a valid item.
pub(super) fn no_items(dimension: &str) -> Refusal {
    Refusal::Conflict(
        "E7124",
        format!("Dimension is present in query without any valid dimension options: `{dimension}`"),
    )
}

/// Something that a real server does and the sandbox does not: refused in words of its own, never answered with a
/// number that could be wrong.
pub(super) fn unsupported(what: &str) -> Refusal {
    Refusal::Conflict("E7133", format!("The sandbox cannot answer this: {what}"))
}

impl Refusal {
    /// The answer.
    pub(super) fn into_response(self, profile: Profile) -> Response {
        match self {
            Self::Conflict(code, message) => Response::web_message(409, Some(&message), Some(code)),
            Self::Malformed(message) => Response::web_message(400, Some(&message), None),
            Self::NoTable(table) => no_table(profile, &table),
        }
    }
}

/// `analytics/no-tables-data-element`: until 2.41 only the SQL state is told, later the database's own words.
fn no_table(profile: Profile, table: &str) -> Response {
    let detail = if profile >= Profile::V42 {
        format!("ERROR: relation \"{table}\" does not exist\n  Position: 70")
    } else {
        "SqlState: 42P01".to_owned()
    };
    let message = "Query failed because a referenced table does not exist. Please ensure analytics job was run \
                   (SqlState: 42P01)";
    Response::json(
        409,
        &serde_json::json!({
            "httpStatus": reason(409), "httpStatusCode": 409, "status": "ERROR", "message": message,
            "devMessage": detail, "errorCode": "E7144",
        }),
    )
}
