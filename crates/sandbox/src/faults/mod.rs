//! What goes wrong between a client and a server, on plan.
//!
//! A plan names requests by method, path and number, so that a test can hit the first, the middle or the last import of
//! a run and nothing else. Each fault acts where the real one acts: on the connection, in a proxy's answer, or in the
//! import.

mod anywhere;
mod echoes;
mod floods;
mod lists;
mod mutations;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::exchange::{Request, Response};
pub use crate::faults::echoes::Echo;
pub use crate::faults::floods::Flood;
pub use crate::faults::mutations::Mutation;
use crate::front;

/// Something that goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed at once; nothing is applied.
    Refuse,
    /// The connection is reset (RST); nothing is applied.
    Reset,
    /// No answer ever; nothing is applied. Ends when the client or the server goes away.
    Stall,
    /// The answer comes late.
    Slow {
        /// By how much.
        delay: Duration,
    },
    /// The request is applied, the answer's body ends early: headers announce more.
    CutBody {
        /// Bytes of the body that arrive.
        at: usize,
    },
    /// 401: an administrator changed the password, a session store was flushed.
    Unauthorized,
    /// 429 of a proxy.
    TooManyRequests {
        /// `Retry-After` in seconds, where the proxy names one.
        retry_after: Option<u64>,
    },
    /// 500 with a generic body; nothing is applied.
    InternalError,
    /// 502 of a proxy, HTML; nothing is applied.
    BadGatewayHtml,
    /// 503 of a proxy or a restarting server; nothing is applied.
    Unavailable {
        /// `Retry-After` in seconds, where it is named.
        retry_after: Option<u64>,
    },
    /// 504 of a proxy that gave up waiting. The server did not: the request **is** applied.
    GatewayTimeout,
    /// 413 of a proxy; nothing is applied.
    PayloadTooLarge,
    /// 200 with the login page's HTML: a followed redirect, or a captive portal; nothing is applied.
    LoginPage,
    /// The request is applied; the connection is reset before the answer.
    AnswerLost,
    /// The request is applied; no answer ever. Ends when the client or the server goes away.
    AnswerStalled,
    /// 401, and the request is applied: a proxy checks the login on the way back, or the session ended meanwhile.
    AppliedUnauthorized,
    /// A redirect to the login page, and the request is applied.
    AppliedRedirect,
    /// The import loses the race for a new period against another client: E7611 up to 2.42, silent on 2.43.
    NewPeriodRace,
    /// 200 with an empty body; nothing is applied.
    EmptyOk,
    /// 409 without an import summary, as 2.43 gives when one of two groups fails; nothing is applied.
    BareConflict,
    /// A metadata list that says it is empty, with status 200: seen of servers that have just started.
    EmptyList,
    /// A page of a metadata list lacks its last objects; the pager counts them all the same.
    ShortList {
        /// How many.
        missing: usize,
    },
    /// A page of a metadata list lacks its last objects, and says nothing of how many there are.
    UncountedList {
        /// How many are missing.
        missing: usize,
        /// Whether there is a pager at all.
        pager: bool,
    },
    /// A page of a metadata list lacks its last objects; the page beyond the end counts no more than were listed.
    RecountedList {
        /// How many.
        missing: usize,
    },
    /// Every object of a page of a metadata list is there, and the lists inside of them are empty.
    EmptyInside,
    /// A page of a metadata list comes without its list.
    ListTakenOut {
        /// Whether null stands in its place.
        with_null: bool,
    },
    /// Objects were deleted or made before this page of a metadata list while it was read page by page.
    ShiftedPage {
        /// How many were deleted: as many are passed over unseen. Below 0, how many were made: as many come twice.
        by: i64,
    },
    /// The answer is malformed; the request is applied.
    Malformed(Mutation),
    /// An answer that would take more memory than there is; nothing is applied.
    Flood(Flood),
    /// The answer repeats the login that came with the request; nothing is applied.
    Echo(Echo),
    /// The request is applied, and the answer comes a byte at a time.
    Drip {
        /// The time between two bytes.
        pause: Duration,
    },
}

impl Fault {
    /// The answer that takes the place of the server's, for faults that have one.
    pub(super) fn answer(self) -> Option<Response> {
        let retry = |response: Response, seconds: Option<u64>| match seconds {
            Some(seconds) => response.with_header("retry-after", &seconds.to_string()),
            None => response,
        };
        Some(match self {
            Self::AppliedRedirect => Response::empty(302).with_header("location", "/dhis-web-login/"),
            Self::Unauthorized | Self::AppliedUnauthorized => Response::web_message(401, Some("Unauthorized"), None),
            Self::TooManyRequests { retry_after } => retry(proxy_page(429), retry_after),
            Self::InternalError => Response::web_message(500, Some("could not execute statement"), None),
            Self::BadGatewayHtml => proxy_page(502),
            Self::Unavailable { retry_after } => retry(proxy_page(503), retry_after),
            Self::GatewayTimeout => proxy_page(504),
            Self::PayloadTooLarge => proxy_page(413),
            Self::LoginPage => {
                Response::html(200, "<!doctype html><html><head><title>DHIS 2 Login</title></head></html>")
            }
            Self::EmptyOk => Response { body: Vec::new(), ..Response::json(200, &serde_json::Value::Null) },
            Self::BareConflict => Response::web_message(409, None, None),
            _ => return None,
        })
    }

    /// The same for faults whose answer depends on what was asked.
    pub(super) fn answer_to(self, request: &Request) -> Option<Response> {
        match self {
            Self::Echo(echo) => Some(echo.answer(request)),
            Self::Flood(flood) => Some(flood.answer()),
            _ => self.answer(),
        }
    }

    /// Whether the server acts on the request all the same.
    pub fn is_applied(self) -> bool {
        matches!(
            self,
            Self::Slow { .. }
                | Self::CutBody { .. }
                | Self::GatewayTimeout
                | Self::AnswerLost
                | Self::AnswerStalled
                | Self::AppliedUnauthorized
                | Self::AppliedRedirect
                | Self::NewPeriodRace
                | Self::EmptyList
                | Self::ShortList { .. }
                | Self::UncountedList { .. }
                | Self::RecountedList { .. }
                | Self::EmptyInside
                | Self::ListTakenOut { .. }
                | Self::ShiftedPage { .. }
                | Self::Malformed(_)
                | Self::Drip { .. }
        )
    }

    /// What becomes of the server's own answer.
    pub(super) fn distort(self, own: Response) -> Response {
        match self {
            Self::EmptyList => lists::emptied(own),
            Self::ShortList { missing } => lists::shortened(own, missing),
            Self::RecountedList { missing } => lists::recounted(own, missing),
            Self::EmptyInside => lists::emptied_inside(own),
            Self::ListTakenOut { with_null } => lists::taken_out(own, with_null),
            Self::Malformed(mutation) => mutation.apply(own),
            Self::UncountedList { missing, pager } => lists::uncounted(lists::shortened(own, missing), pager),
            _ => own,
        }
    }
}

/// A page of the proxy in front of the server.
fn proxy_page(status: u16) -> Response {
    front::page(status, "nginx")
}

/// Which requests a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The method; any if none.
    pub method: Option<String>,
    /// What the path begins with; any if empty.
    pub path_prefix: String,
    /// The first of the matching requests that it strikes, counted from 0.
    pub from: usize,
    /// The first that it spares again.
    pub until: usize,
}

impl Matcher {
    /// Every request of a method whose path begins so.
    pub fn every(method: &str, path_prefix: &str) -> Self {
        Self { method: Some(method.to_owned()), path_prefix: path_prefix.to_owned(), from: 0, until: usize::MAX }
    }

    /// Every request there is.
    pub fn every_request() -> Self {
        Self { method: None, path_prefix: String::new(), from: 0, until: usize::MAX }
    }

    /// Every page of a metadata list, by its plural name.
    pub fn lists(plural: &str) -> Self {
        Self::every("GET", &format!("/api/{plural}"))
    }

    /// Every import of data values.
    pub fn imports() -> Self {
        Self::every("POST", "/api/dataValueSets")
    }

    /// Only the request of a number, counted from 0.
    #[must_use]
    pub fn nth(self, number: usize) -> Self {
        Self { from: number, until: number.saturating_add(1), ..self }
    }

    /// Only the first so many.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { from: 0, until: count, ..self }
    }

    /// Only the first, the middle or the last of so many.
    #[must_use]
    pub fn at(self, position: Position, of: usize) -> Self {
        self.nth(match position {
            Position::First => 0,
            Position::Middle => of / 2,
            Position::Last => of.saturating_sub(1),
        })
    }

    fn names(&self, request: &Request) -> bool {
        self.method.as_deref().is_none_or(|method| method == request.method)
            && request.path().starts_with(&self.path_prefix)
    }
}

/// A place in a run of known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Its first request.
    First,
    /// The one half-way.
    Middle,
    /// Its last.
    Last,
}

impl Position {
    /// All three.
    pub const ALL: [Self; 3] = [Self::First, Self::Middle, Self::Last];
}

#[derive(Debug)]
struct Rule {
    matcher: Matcher,
    fault: Fault,
    seen: usize,
}

/// What goes wrong in the life of a server. May be added to while it runs.
#[derive(Debug, Default)]
pub struct FaultPlan {
    rules: Mutex<Vec<Rule>>,
}

impl FaultPlan {
    /// A plan with one rule.
    pub fn of(matcher: Matcher, fault: Fault) -> Self {
        let plan = Self::default();
        plan.add(matcher, fault);
        plan
    }

    /// Adds a rule; it counts requests from now on.
    pub fn add(&self, matcher: Matcher, fault: Fault) {
        self.lock().push(Rule { matcher, fault, seen: 0 });
    }

    /// Forgets every rule.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Counts a request and says what goes wrong with it: the first rule that strikes wins.
    pub(super) fn strike(&self, request: &Request) -> Option<Fault> {
        let mut struck = None;
        for rule in self.lock().iter_mut().filter(|rule| rule.matcher.names(request)) {
            let number = rule.seen;
            rule.seen += 1;
            if (rule.matcher.from..rule.matcher.until).contains(&number) {
                struck = struck.or(Some(rule.fault));
            }
        }
        struck
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str) -> Request {
        Request { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    #[test]
    fn rules_count_only_what_they_name() {
        let plan = FaultPlan::of(Matcher::imports().nth(1), Fault::Reset);
        let post = request("POST", "/api/dataValueSets?async=false");
        assert_eq!(plan.strike(&post), None);
        assert_eq!(plan.strike(&request("GET", "/api/dataValueSets")), None);
        assert_eq!(plan.strike(&post), Some(Fault::Reset));
        assert_eq!(plan.strike(&post), None);
    }

    #[test]
    fn positions_cover_a_run_of_any_length() {
        for length in 1..5 {
            let struck = |position| {
                let plan = FaultPlan::of(Matcher::imports().at(position, length), Fault::EmptyOk);
                (0..length).position(|_| plan.strike(&request("POST", "/api/dataValueSets")).is_some())
            };
            assert_eq!(struck(Position::First), Some(0));
            assert_eq!(struck(Position::Middle), Some(length / 2));
            assert_eq!(struck(Position::Last), Some(length - 1));
        }
    }

    #[test]
    fn answers_in_the_servers_place_apply_nothing_but_for_the_gateways_patience() {
        for fault in
            [Fault::EmptyOk, Fault::LoginPage, Fault::BareConflict, Fault::PayloadTooLarge, Fault::InternalError]
        {
            assert!(fault.answer().is_some() && !fault.is_applied(), "{fault:?}");
        }
        assert!(Fault::GatewayTimeout.answer().is_some() && Fault::GatewayTimeout.is_applied());
    }
}
