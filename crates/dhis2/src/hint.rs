//! What to do after a failed request, in words an administrator understands.
//!
//! Apart from the errors themselves, because these sentences are rewritten more often than the cases change.

use crate::bounds::Excess;
use crate::error::ClientErrorKind;

/// What to do next, in words an administrator understands; none where the error says it all.
pub(super) fn of(kind: &ClientErrorKind) -> Option<String> {
    use ClientErrorKind as Kind;
    let text = match kind {
        Kind::Connect { .. } => "check the address, the network and any firewall or proxy between here and there",
        Kind::Tls { problem, .. } => problem.hint(),
        Kind::Timeout { .. } => "the server is slow or busy; try again later, or with fewer org units or periods",
        Kind::Interrupted { .. } => "the network or a proxy closed the connection; try again",
        Kind::Unauthorized { message, .. } => return Some(login_hint(message)),
        Kind::Forbidden { .. } => {
            "give the user the authority that the server names; to write data values that is `F_DATAVALUE_ADD`"
        }
        Kind::LoginPage { .. } => {
            "check that the address is that of DHIS2 itself (without /api) and that the user name and password, or \
                 the token, are right"
        }
        Kind::Redirect { location } => return Some(redirect_hint(location)),
        Kind::NotDhis2 | Kind::NoVersion => {
            "check the address; many servers have DHIS2 below a path, such as https://host/dhis"
        }
        Kind::UnknownVersion { .. } => {
            "check the address and any proxy in front of the server; DHIS2 versions look like 2.41.3 or 43.0"
        }
        Kind::RateLimited { .. } => "wait and try again, or run at a quieter time",
        Kind::Unavailable { .. } => {
            "a proxy answers instead of DHIS2; DHIS2 may be restarting or overloaded; try again later"
        }
        Kind::ServerError { .. } => "try again; if it happens again, look in the server's log",
        Kind::PayloadTooLarge => "send fewer rows in one request, or raise `client_max_body_size` of the proxy",
        Kind::UriTooLong => "ask for fewer org units, data items or periods in one request",
        Kind::EmptyAnswer => {
            "usually the user may not see the org unit or attribute option combo: check the user's data view org \
             units and sharing"
        }
        Kind::Malformed { .. } => "a proxy may have changed the answer; try again, and check the server's version",
        Kind::Refused { code, .. } => return code.as_deref().and_then(code_hint).map(str::to_owned),
        Kind::TooLarge { excess: Excess::Held(_) } => "run over fewer periods at a time, or split the job in two",
        Kind::TooLarge { excess } if excess.is_of_size() => "ask for less in one request",
        Kind::TooLarge { .. } => {
            "this is not how a DHIS2 server answers; check the address and any proxy in front of the server"
        }
        Kind::TooSlow { .. } => "check the network between here and there; try again when it is faster",
        Kind::MissingIds { .. } => {
            "sync the server's metadata and check the mapping: these were deleted there, never existed, or are \
                 not known to its version"
        }
        Kind::IncompleteList { .. } => {
            "nothing was saved, the old copy is kept; the server may have just started, or somebody is changing its \
             metadata: sync again in a few minutes"
        }
        Kind::EmptyBody => {
            "a proxy, or a server that has just started, answers like this: try again in a few minutes; if it happens \
             again, look in the server's log"
        }
        Kind::ListByGist { .. } => {
            "nothing was saved, the old copy is kept; the request had `gist=false`, which a proxy may have removed: \
             let queries reach the server unchanged"
        }
        Kind::NoList { .. } | Kind::EmptyList { .. } => {
            "nothing was saved, the old copy is kept; a proxy, or a server that has just started, answers like this: \
             sync again in a few minutes; if it happens again, look in the server's log"
        }
        Kind::AnalyticsNotReady { .. } => {
            "generate the analytics tables on the server (Data Administration app, Analytics management), then try \
             again"
        }
        Kind::NotFound { .. } | Kind::InvalidSetup { .. } | Kind::Other(_) => return None,
    };
    Some(text.to_owned())
}

/// What to do about a refused login, by the server's sentence (dhis2-api 1.2, 1.4, 1.5).
fn login_hint(message: &str) -> String {
    let lower = message.to_lowercase();
    let text = if lower.contains("locked") {
        "the account is locked after wrong passwords; wait 15 minutes or ask an administrator to unlock it"
    } else if lower.contains("disabled") {
        "ask an administrator to enable the account"
    } else if lower.contains("expired") {
        "make a new token or password and give it with `xfer server edit`"
    } else if lower.contains("method is not allowed") || lower.contains("ip address") || lower.contains("referrer") {
        "the token is limited to certain methods, addresses or referrers; make one without that limit"
    } else if lower.contains("checksum") || lower.contains("token") {
        "the token is mistyped, deleted, or its owner uses two-factor login; give a new one"
    } else {
        "check user name and password or token; the user must not have two-factor login switched on"
    };
    text.to_owned()
}

/// What to do about a redirect: another address as a rule.
fn redirect_hint(location: &str) -> String {
    if location.starts_with("https://") {
        format!("use the address that the server redirects to: `{location}`")
    } else {
        "check the server's address: it redirects to another host, and xfer never sends a login there".to_owned()
    }
}

/// What to do about a code (dhis2-api 4.7, 5.1).
fn code_hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "E7120" | "E2012" => "an org unit is outside the user's data view org units; extend them or map fewer units",
        "E7617" | "E8011" => "an org unit is outside the user's data capture org units; extend them",
        "E2010" | "E2011" | "E7121" => "share the object with the user for data reading",
        "E7601" | "E8010" => "share the data set with the user for data writing",
        "E8012" | "E7614" | "E7616" => "share the category options with the user for data writing",
        "E7128" => "the result has too many rows for the server's limit; ask for less in one request",
        "E7131" | "E7136" => "the query took too long; ask for less in one request or at a quieter time",
        "E7144" => "generate the analytics tables on the server, then try again",
        "E7124" | "E7143" => {
            "none of the requested data items or org units exists on the server; sync and check the map"
        }
        "E7611" => "the server does not know one of the periods",
        "E7113" | "E7114" => "only data elements can be read with their category option combos",
        "E7115" => "a data element cannot be aggregated; read its raw data values",
        "E2001" => "none of the requested data sets exists on the server, or the user may not read its data",
        "E2013" => "the data set does not exist on the server",
        _ => return None,
    })
}
