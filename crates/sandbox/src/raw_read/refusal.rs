//! Why a raw read is refused, and how each refusal looks.

use crate::exchange::Response;
use crate::profile::Profile;

/// A refusal. Texts are the servers' own (`ErrorCode`), recorded where `raw-read` has the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request itself is malformed: 400 without a code.
    Malformed(String),
    /// A rule of the query: 409 with a code.
    Conflict(&'static str, String),
    /// Up to 2.42 a user out of her scope gets 200 with an empty body: the refusal is thrown when the answer has begun
    /// (`raw-read/error-org-unit-outside-scope`).
    Speechless,
}

/// The fixed texts of the query rules.
pub(super) fn rule(code: &'static str) -> Refusal {
    let text = match code {
        "E2001" => "At least one data element, data set or data element group must be specified",
        "E2002" => "At least one period, start/end dates, last updated or last updated duration must be specified",
        "E2003" => "Both periods and start/end date cannot be specified",
        "E2004" => "Start date must be before end date",
        "E2006" => "At least one organisation unit or organisation unit group must be specified",
        "E2007" => "Organisation unit children cannot be included for organisation unit groups",
        _ => "At least one organisation unit must be specified when children are included",
    };
    Refusal::Conflict(code, text.to_owned())
}

impl Refusal {
    /// The answer.
    pub(super) fn into_response(self, profile: Profile) -> Response {
        match self {
            Self::Malformed(message) => Response::web_message(400, Some(&message), None),
            Self::Conflict(code, message) => Response::web_message(409, Some(&message), Some(code)),
            Self::Speechless => {
                let mut response = Response::empty(200).with_header("content-type", "application/json;charset=UTF-8");
                // The embedded server of 2.42 gives the connection up without a word; Tomcat keeps it.
                response.close = profile == Profile::V42;
                response
            }
        }
    }
}
