//! What can go wrong between us and a server: which server, which request, what to do next.
//!
//! One variant per situation that a caller treats differently, so that nobody above reads sentences to decide. Texts
//! from servers are cut and cleaned before they are kept ([`clean`]): they end on terminals and in reports, and a
//! hostile server may write what it likes into them, the logins that it knows among other things: these are struck out.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::bounds::Excess;
use crate::hint;
use crate::tls::TlsProblem;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::redaction::{redact, redacted};

/// Longest piece of a server's text that is kept, in characters.
pub const LONGEST_TEXT: usize = 512;

/// An error of a library below, kept for the chain of causes.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A request that failed.
#[derive(Debug)]
pub struct ClientError {
    /// The server's name as people gave it.
    pub server: String,
    /// The request: method and path without query; empty where nothing was sent.
    pub request: String,
    /// What went wrong.
    pub kind: ClientErrorKind,
}

/// The kinds of failure that callers treat differently.
#[derive(Debug, thiserror::Error)]
pub enum ClientErrorKind {
    /// What we were told to do cannot be done; nothing was sent.
    #[error("{reason}")]
    InvalidSetup {
        /// Why.
        reason: String,
        /// What a library said about it.
        #[source]
        source: Option<Cause>,
    },
    /// No connection.
    #[error("cannot be reached: {reason}")]
    Connect {
        /// The innermost cause in the system's words.
        reason: String,
        /// The whole chain.
        #[source]
        source: Option<Cause>,
    },
    /// A connection, but not one that can be trusted.
    #[error("the encrypted connection failed: {problem}")]
    Tls {
        /// What is wrong.
        problem: TlsProblem,
        /// The whole chain.
        #[source]
        source: Option<Cause>,
    },
    /// Too long a silence, or too long in all.
    #[error("no answer within {:.1} s", waited.as_secs_f64())]
    Timeout {
        /// How long we waited.
        waited: Duration,
    },
    /// The connection ended before the answer was complete.
    #[error("the connection ended before the answer was complete")]
    Interrupted {
        /// What a library said about it.
        #[source]
        source: Option<Cause>,
    },
    /// 401, or a token that the server finds malformed.
    #[error("the server refuses the login: {message}")]
    Unauthorized {
        /// The server's sentence, such as `Account locked`.
        message: String,
        /// Whether this request was sent at all: after one refusal no other is.
        sent: bool,
    },
    /// 403.
    #[error("the server refuses permission: {message}")]
    Forbidden {
        /// The server's sentence; from 2.42 it names the authority.
        message: String,
    },
    /// A web page, or a redirect to one, where data was expected.
    #[error("the server answered with a web page, as it does for people who are not logged in")]
    LoginPage {
        /// Where it wanted to send us, without query.
        location: Option<String>,
    },
    /// A redirect that is not followed.
    #[error("the server redirects to `{location}`; xfer does not follow redirects")]
    Redirect {
        /// Where to, without query.
        location: String,
    },
    /// The path does not exist, in words that are not DHIS2's.
    #[error("there is no DHIS2 at this address (404)")]
    NotDhis2,
    /// An answer about the system that names no version.
    #[error("the answer from this address does not name a DHIS2 version")]
    NoVersion,
    /// A version that is none of DHIS2's.
    #[error("the server names `{version}` as its version, which xfer does not know")]
    UnknownVersion {
        /// What it names.
        version: String,
    },
    /// A DHIS2 that does not know the object.
    #[error("not found: {message}")]
    NotFound {
        /// The server's sentence.
        message: String,
    },
    /// 429.
    #[error("the server says: too many requests (429)")]
    RateLimited {
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// 502, 503, 504 and what content networks make of them: a proxy answered, not DHIS2.
    #[error("the server is not available at the moment ({status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// 500 and other failures of the server itself.
    #[error("the server failed ({status}): {message}")]
    ServerError {
        /// The HTTP status.
        status: u16,
        /// The server's sentence.
        message: String,
    },
    /// 413.
    #[error("the request is too large for the server or a proxy in front of it (413)")]
    PayloadTooLarge,
    /// 414, 431, or 400 "Request header is too large".
    #[error("the address of the request is too long for the server or a proxy in front of it")]
    UriTooLong,
    /// A good status without a body where JSON was asked for.
    #[error("the server reported success but sent no result")]
    EmptyBody,
    /// Values that came as a good status without a body. Up to 2.42 that is how a raw read outside the user's org units ends
    /// (`raw-read/error-org-unit-outside-scope`).
    #[error("the server reported success but sent no content")]
    EmptyAnswer,
    /// An answer that does not say what it should.
    #[error("the answer cannot be read: {what}")]
    Malformed {
        /// What is wrong with it.
        what: String,
        /// What the parser said.
        #[source]
        source: Option<Cause>,
    },
    /// The server understood and refused (400, 405, 406, 409, 415, 422 …).
    #[error("the server refuses ({}): {message}", code.as_deref().map_or_else(|| status.to_string(), str::to_owned))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// DHIS2's error code, such as `E7128`.
        code: Option<String>,
        /// The server's sentence.
        message: String,
    },
    /// An answer that holds more than we take.
    #[error("the answer is {excess}")]
    TooLarge {
        /// What it has too much of.
        excess: Excess,
    },
    /// An answer that comes so slowly that it would never end.
    #[error("the answer is too slow: {received} bytes in {} s", waited.as_secs())]
    TooSlow {
        /// Bytes that came.
        received: u64,
        /// How long they took.
        waited: Duration,
    },
    /// Ids that the server dropped from the question without a message.
    #[error("the server does not know {}", listed(ids))]
    MissingIds {
        /// The ids (or periods).
        ids: Vec<String>,
    },
    /// A list of metadata in which the server counts other than it lists, after several readings.
    #[error("the list of {plural} is not complete: the server {} and lists {listed}", counts(*.total, *.before))]
    IncompleteList {
        /// DHIS2's plural of the type.
        plural: &'static str,
        /// What the server counts; none where it does not say how many there are.
        total: Option<u64>,
        /// What it counted on an earlier page, where its pages do not agree.
        before: Option<u64>,
        /// What it listed.
        listed: u64,
    },
    /// An answer to a list of metadata in which there is no list, or none that can be understood.
    #[error("the list of {plural} is missing: the answer is not a list")]
    NoList {
        /// DHIS2's plural of the type.
        plural: &'static str,
        /// What the parser said.
        #[source]
        source: Option<Cause>,
    },
    /// A list of metadata to which the server said nothing at all.
    #[error("the list of {plural} is missing: the answer is empty")]
    EmptyList {
        /// DHIS2's plural of the type.
        plural: &'static str,
    },
    /// A list of metadata that came from an engine which leaves objects out, although another one was asked for.
    #[error("the list of {plural} comes from the server's gist API, which leaves objects out without a message")]
    ListByGist {
        /// DHIS2's plural of the type.
        plural: &'static str,
    },
    /// Analytics would answer, but with nothing in it.
    #[error("analytics is not ready: {reason}")]
    AnalyticsNotReady {
        /// Why.
        reason: String,
    },
    /// What has no case of its own, such as a worker thread that died.
    #[error("{0}")]
    Other(String),
}

/// Codes by which servers say that the user's org units, or access to an object, do not cover the request. A session
/// of 2.42 keeps the org units it began with, so they are worth one try in a fresh session (dhis2-api 1.1).
pub const SCOPE_CODES: [&str; 4] = ["E7617", "E8011", "E2012", "E7120"];

/// Codes that say the user lacks access to something (dhis2-api 4.7, 5.1, 6.7).
const PERMISSION_CODES: [&str; 13] = [
    "E7617", "E8011", "E2012", "E7120", "E7121", "E2010", "E2011", "E7601", "E7614", "E7616", "E7622", "E8010", "E8012",
];

/// Codes of analytics that pass with time: tables being swapped, a query that took too long.
const PASSING_CODES: [&str; 3] = ["E7131", "E7136", "E7144"];

impl ClientErrorKind {
    /// A [`ClientErrorKind::Malformed`] without a parser's words.
    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: clean(&what.into()), source: None }
    }

    /// An [`ClientErrorKind::InvalidSetup`] without a library's words.
    pub(crate) fn setup(reason: impl Into<String>) -> Self {
        Self::InvalidSetup { reason: reason.into(), source: None }
    }

    /// DHIS2's code, where the server gave one.
    pub fn server_code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// Whether a person has to mend an address, a certificate or a setting: no waiting helps.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::InvalidSetup { .. }
            | Self::NotDhis2
            | Self::NoVersion
            | Self::UnknownVersion { .. }
            | Self::Redirect { .. }
            // It came so twice: something on the way changes the question.
            | Self::ListByGist { .. } => true,
            Self::Tls { problem, .. } => !matches!(problem, TlsProblem::Other(_)),
            _ => false,
        }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Interrupted { .. }
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::IncompleteList { .. }
            | Self::NoList { .. }
            | Self::EmptyBody
            | Self::EmptyList { .. }
            | Self::TooSlow { .. }
            | Self::ServerError { .. } => true,
            Self::Refused { code, .. } => code.as_deref().is_some_and(|code| PASSING_CODES.contains(&code)),
            _ => false,
        }
    }

    /// Whether the login or the user's rights are the reason.
    pub fn is_permission(&self) -> bool {
        match self {
            Self::Unauthorized { .. } | Self::Forbidden { .. } | Self::LoginPage { .. } => true,
            Self::Refused { code, .. } => code.as_deref().is_some_and(|code| PERMISSION_CODES.contains(&code)),
            _ => false,
        }
    }

    /// Whether the user's org units may be the reason, so that a fresh session is worth one try.
    pub fn is_scope(&self) -> bool {
        match self {
            Self::EmptyAnswer | Self::EmptyBody => true,
            Self::Refused { code, .. } => code.as_deref().is_some_and(|code| SCOPE_CODES.contains(&code)),
            _ => false,
        }
    }

    /// Whether the server may have acted on the request all the same: after an import that ended like this only a
    /// read-back tells what was written. False means that the request never left.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            // No connection, or none that anything is sent over.
            Self::InvalidSetup { .. } | Self::Connect { .. } | Self::Tls { .. } => false,
            Self::Unauthorized { sent, .. } => *sent,
            // Whatever an answer says: a proxy, a session that ended or a login page may hide that the server acted.
            _ => true,
        }
    }

    /// Whether it is not about the request: the next one will fare no better.
    pub fn is_the_server(&self) -> bool {
        match self {
            Self::Redirect { .. }
            | Self::NotDhis2
            | Self::NoVersion
            | Self::UnknownVersion { .. }
            | Self::NotFound { .. }
            | Self::RateLimited { .. }
            | Self::Unavailable { status: 503, .. } => true,
            kind => kind.is_permission(),
        }
    }

    /// Whether a smaller question may pass.
    pub fn is_too_big(&self) -> bool {
        match self {
            Self::PayloadTooLarge | Self::UriTooLong | Self::Timeout { .. } => true,
            Self::TooLarge { excess } => excess.is_of_size(),
            Self::Unavailable { status, .. } => matches!(status, 502 | 504 | 524),
            Self::Refused { code, .. } => matches!(code.as_deref(), Some("E7128" | "E7131" | "E7136")),
            _ => false,
        }
    }

    /// The same error with every login struck out of its words.
    pub(crate) fn redacted(mut self) -> Self {
        let text = match &mut self {
            Self::Unauthorized { message, .. }
            | Self::Forbidden { message }
            | Self::NotFound { message }
            | Self::ServerError { message, .. }
            | Self::Refused { message, .. } => message,
            Self::Redirect { location } | Self::LoginPage { location: Some(location) } => location,
            Self::Malformed { what, .. } => what,
            Self::UnknownVersion { version } => version,
            Self::Connect { reason, .. } | Self::InvalidSetup { reason, .. } | Self::Other(reason) => reason,
            _ => return self,
        };
        *text = redacted(std::mem::take(text));
        self
    }
}

/// What a server says of a list's length.
fn counts(total: Option<u64>, before: Option<u64>) -> String {
    match (before, total) {
        (Some(before), Some(total)) => format!("counts {before}, then {total}"),
        (None, Some(total)) => format!("counts {total}"),
        (_, None) => "does not say how many there are".to_owned(),
    }
}

/// The first ids of a list, as people read them.
fn listed(ids: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = ids.iter().take(SHOWN).map(|id| format!("`{id}`")).collect();
    let more = ids.len().saturating_sub(SHOWN);
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// A server's text without logins and control characters, runs of white space as one blank, cut at [`LONGEST_TEXT`]
/// characters.
pub fn clean(text: &str) -> String {
    let text = redact(text);
    let mut cleaned = String::new();
    let mut length = 0;
    for word in text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty())
    {
        let blank = usize::from(length > 0);
        let room = LONGEST_TEXT.saturating_sub(length + blank);
        if room == 0 {
            break;
        }
        if blank == 1 {
            cleaned.push(' ');
        }
        // Marks that turn the direction of writing could disguise what a report says.
        let kept: String = word
            .chars()
            .filter(
                |letter| !matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
            )
            .take(room)
            .collect();
        length += blank + kept.chars().count();
        cleaned.push_str(&kept);
    }
    cleaned
}

impl ClientError {
    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        self.kind.is_temporary()
    }

    /// Whether the login or the user's rights are the reason.
    pub fn is_permission(&self) -> bool {
        self.kind.is_permission()
    }
}

impl Fault for ClientErrorKind {
    fn code(&self) -> ExitCode {
        match self {
            kind if kind.is_configuration() => ExitCode::Usage,
            // What broke a connection in the library's words may be the network's fault; the usual faults have names.
            // Analytics becomes ready by the server's own schedule, and a proxy that changed one answer may leave the
            // next one alone.
            Self::Tls { .. } | Self::AnalyticsNotReady { .. } | Self::Malformed { .. } => ExitCode::Temporary,
            // Servers up to 2.42 say in this way that an org unit or an option combo is not for the user.
            Self::EmptyAnswer => ExitCode::Login,
            kind if kind.is_permission() => ExitCode::Login,
            kind if kind.is_temporary() => ExitCode::Temporary,
            _ => ExitCode::Other,
        }
    }

    fn hint(&self) -> Option<String> {
        hint::of(self)
    }
}

impl Fault for ClientError {
    fn code(&self) -> ExitCode {
        self.kind.code()
    }

    fn hint(&self) -> Option<String> {
        self.kind.hint()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.request.is_empty() {
            write!(formatter, "{}: {}", self.server, self.kind)
        } else {
            write!(formatter, "{}: {} ({})", self.server, self.kind, self.request)
        }
    }
}

impl Error for ClientError {
    /// The kind's own words are part of ours, so the chain goes on with what lies below it.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientError, ClientErrorKind, ExitCode, Fault, LONGEST_TEXT, clean};
    use xfer_domain::redaction::keep_secret;
    use xfer_domain::secret::Login;

    #[test]
    fn texts_of_servers_are_cut_and_harmless() {
        assert_eq!(clean("a\u{1b}[31mred\r\n\tb\0c"), "a [31mred b c");
        assert_eq!(clean("  x \u{202e}y "), "x y");
        assert_eq!(clean(&"é".repeat(2_000)).chars().count(), LONGEST_TEXT);
        assert_eq!(clean(&"ab ".repeat(2_000)).chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn errors_name_server_and_request_and_no_secret() {
        keep_secret(&Login::Token("hunter2-secret".to_owned().into()));
        let kind = ClientErrorKind::Refused {
            status: 409,
            code: Some("E7120".to_owned()),
            message: "no access for hunter2-secret".to_owned(),
        };
        let error = ClientError {
            server: "ministry".to_owned(),
            request: "GET /api/analytics".to_owned(),
            kind: kind.redacted(),
        };
        assert_eq!(error.to_string(), "ministry: the server refuses (E7120): no access for *** (GET /api/analytics)");
        assert!(error.is_permission() && !error.is_temporary());
        assert!(error.hint().is_some_and(|hint| hint.contains("data view org units")));
    }

    #[test]
    fn many_missing_ids_are_counted_not_listed() {
        let ids: Vec<String> = (0..8).map(|number| format!("Abcdefghi{number:02}")).collect();
        let text = ClientErrorKind::MissingIds { ids }.to_string();
        assert!(text.ends_with("`Abcdefghi04` and 3 more"), "{text}");
    }

    #[test]
    fn an_empty_answer_means_a_right_for_values_and_a_passing_fault_elsewhere() {
        assert_eq!(
            (ClientErrorKind::EmptyAnswer.code(), ClientErrorKind::EmptyBody.code()),
            (ExitCode::Login, ExitCode::Temporary)
        );
        let hint = |kind: ClientErrorKind| kind.hint().unwrap();
        assert!(hint(ClientErrorKind::EmptyAnswer).contains("data view org units"));
        assert!(hint(ClientErrorKind::EmptyBody).contains("try again"));
        assert!(ClientErrorKind::EmptyBody.may_have_arrived(), "an import that ends like this is not known");
    }
}
