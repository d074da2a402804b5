//! What to do after a failed try: stop, wait and try again, or try once with a fresh session (dhis2-api 11.1).
//!
//! Only reads are repeated by the client. An import is sent once: whether a lost answer may be sent again is decided
//! after a read-back, by the engine. The exception is an import that was turned away at the door (429, 503).

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::error::ClientErrorKind;
use crate::limits::Limits;

/// What kind of request is repeated by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryRule {
    /// A read: every temporary failure, and once an unexpected scope error in a fresh session.
    Read,
    /// A read that the caller can make smaller: the same, but what a smaller question may cure is given back at once.
    ReadThatSplits,
    /// An import: only when it was turned away before it was looked at.
    Import,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The error is final.
    GiveUp,
    /// Wait, then try again.
    After(Duration),
    /// Drop the session, then try again at once.
    FreshSession,
}

/// The tries of one request.
#[derive(Debug)]
pub(crate) struct Attempts {
    rule: RetryRule,
    delays: ExponentialBackoff,
    longest_retry_after: Duration,
    fresh_session_tried: bool,
}

impl Attempts {
    /// No try made yet.
    pub(crate) fn new(rule: RetryRule, limits: &Limits) -> Self {
        let delays = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(limits.first_delay)
            .with_max_delay(limits.longest_delay)
            .with_max_times(limits.tries.saturating_sub(1))
            .build();
        Self { rule, delays, longest_retry_after: limits.longest_retry_after, fresh_session_tried: false }
    }

    /// What to do after a failure, given whether a session cookie was sent with the request.
    pub(crate) fn after(&mut self, failure: &ClientErrorKind, cookie_was_sent: bool) -> Next {
        let reads = self.rule != RetryRule::Import;
        if reads && failure.is_scope() && cookie_was_sent && !self.fresh_session_tried {
            self.fresh_session_tried = true;
            return Next::FreshSession;
        }
        if !self.may_repeat(failure) {
            return Next::GiveUp;
        }
        match self.delays.next() {
            None => Next::GiveUp,
            Some(delay) => {
                let asked = asked_delay(failure).map(|asked| asked.min(self.longest_retry_after));
                Next::After(asked.unwrap_or(delay))
            }
        }
    }

    fn may_repeat(&self, failure: &ClientErrorKind) -> bool {
        match self.rule {
            RetryRule::Import => matches!(
                failure,
                ClientErrorKind::RateLimited { .. } | ClientErrorKind::Unavailable { status: 503, .. }
            ),
            RetryRule::ReadThatSplits if failure.is_too_big() => false,
            // What dripped once drips again, and each time costs minutes.
            _ if matches!(failure, ClientErrorKind::TooSlow { .. }) => false,
            // Codes that pass with time (tables being swapped) take longer than a client should block.
            RetryRule::Read | RetryRule::ReadThatSplits => failure.is_temporary() && failure.server_code().is_none(),
        }
    }
}

/// How long the server asks us to wait, where it does.
fn asked_delay(failure: &ClientErrorKind) -> Option<Duration> {
    match failure {
        ClientErrorKind::RateLimited { retry_after } | ClientErrorKind::Unavailable { retry_after, .. } => *retry_after,
        _ => None,
    }
}

/// Reads a `Retry-After`: seconds or an HTTP date, which counts from the answer's own `Date`. The past is no wait at
/// all; what is neither is ignored.
pub(crate) fn retry_after(text: &str, date: Option<&str>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds is "for ever"; the cap of the limits makes it bearable.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let parser = DateTimeParser::new();
    let until = parser.parse_timestamp(text).ok()?;
    let now = date.and_then(|date| parser.parse_timestamp(date).ok()).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Attempts, Next, RetryRule, retry_after};
    use crate::error::ClientErrorKind;
    use crate::limits::Limits;

    fn unavailable(status: u16, seconds: Option<u64>) -> ClientErrorKind {
        ClientErrorKind::Unavailable { status, retry_after: seconds.map(Duration::from_secs) }
    }

    fn refused(code: &str) -> ClientErrorKind {
        ClientErrorKind::Refused { status: 409, code: Some(code.to_owned()), message: String::new() }
    }

    fn tries(rule: RetryRule, failure: &ClientErrorKind) -> usize {
        let mut attempts = Attempts::new(rule, &Limits::impatient());
        1 + std::iter::from_fn(|| match attempts.after(failure, false) {
            Next::GiveUp => None,
            next => Some(next),
        })
        .count()
    }

    #[test]
    fn reads_are_tried_five_times_and_imports_once() {
        let cut = ClientErrorKind::Interrupted { source: None };
        assert_eq!(tries(RetryRule::Read, &cut), 5);
        assert_eq!(tries(RetryRule::ReadThatSplits, &cut), 5);
        assert_eq!(tries(RetryRule::Import, &cut), 1);
        assert_eq!(tries(RetryRule::Read, &unavailable(502, None)), 5);
        assert_eq!(tries(RetryRule::ReadThatSplits, &unavailable(504, None)), 1);
        assert_eq!(tries(RetryRule::Import, &unavailable(504, None)), 1);
        assert_eq!(tries(RetryRule::Import, &unavailable(503, None)), 5);
        assert_eq!(tries(RetryRule::Read, &ClientErrorKind::Unauthorized { message: String::new(), sent: true }), 1);
        assert_eq!(tries(RetryRule::Read, &ClientErrorKind::malformed("x")), 1);
        assert_eq!(tries(RetryRule::Read, &refused("E7144")), 1);
    }

    #[test]
    fn a_scope_error_is_worth_one_fresh_session() {
        for failure in [refused("E2012"), refused("E7120"), ClientErrorKind::EmptyAnswer] {
            let mut attempts = Attempts::new(RetryRule::Read, &Limits::impatient());
            assert_eq!(attempts.after(&failure, true), Next::FreshSession);
            assert_eq!(attempts.after(&failure, true), Next::GiveUp);
            let mut attempts = Attempts::new(RetryRule::Read, &Limits::impatient());
            assert_eq!(attempts.after(&failure, false), Next::GiveUp, "there was no old session to blame");
        }
    }

    #[test]
    fn the_servers_wish_is_honoured_up_to_the_cap() {
        let limits = Limits { longest_retry_after: Duration::from_mins(5), ..Limits::impatient() };
        for (asked, waited) in [(7, 7), (0, 0), (1_000_000, 300)] {
            let mut attempts = Attempts::new(RetryRule::Read, &limits);
            let next = attempts.after(&unavailable(503, Some(asked)), true);
            assert_eq!(next, Next::After(Duration::from_secs(waited)), "{asked}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Some("Sun, 22 Nov 2026 22:00:00 GMT");
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 22 Nov 2026 22:01:30 GMT", Some(90)),
            ("Sun, 22 Nov 2026 21:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
