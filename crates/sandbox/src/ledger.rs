//! What a running sandbox was asked and how it went: the tests' witness, independent of what the client believes.

use std::sync::{Mutex, PoisonError};

use crate::exchange::Request;
use crate::faults::Fault;

/// Headers worth keeping. Credentials are not among them: the ledger is printed when tests fail.
const KEPT: &[&str] = &[
    "accept",
    "accept-encoding",
    "content-encoding",
    "content-type",
    "if-none-match",
    "user-agent",
    "x-requested-with",
];

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, from 0, in the order of arrival.
    pub number: usize,
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// The headers of interest: lower-case name and value.
    pub headers: Vec<(String, String)>,
    /// The scheme of `Authorization`, lower case: `basic`, `apitoken`.
    pub authorization: Option<String>,
    /// Whether it brought a session.
    pub cookie: bool,
    /// Bytes of the body on the wire.
    pub body_bytes: usize,
    /// Rows of an import, of data values or registrations; none for anything else or what cannot be read.
    pub rows: Option<usize>,
    /// The status that was sent; none where no answer was.
    pub status: Option<u16>,
    /// What went wrong on plan.
    pub fault: Option<Fault>,
    /// Whether the server acted on it.
    pub applied: bool,
    /// What it would have cost a real server, in seconds; none without a cost model.
    pub seconds: Option<f64>,
}

/// Every request in the order of arrival.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    /// A copy of everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// The requests of a method whose path begins so.
    pub fn matching(&self, method: &str, path_prefix: &str) -> Vec<Entry> {
        let names = |entry: &&Entry| entry.method == method && entry.target.starts_with(path_prefix);
        self.lock().iter().filter(names).cloned().collect()
    }

    /// The imports of data values.
    pub fn imports(&self) -> Vec<Entry> {
        self.matching("POST", "/api/dataValueSets")
    }

    /// Rows of all imports that the server acted on.
    pub fn rows_applied(&self) -> usize {
        self.imports().iter().filter(|entry| entry.applied).filter_map(|entry| entry.rows).sum()
    }

    /// Seconds of all requests by the cost model.
    pub fn seconds(&self) -> f64 {
        self.lock().iter().filter_map(|entry| entry.seconds).sum()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Notes an arrival and gives its number.
    pub(super) fn arrive(&self, request: &Request, fault: Option<Fault>) -> usize {
        let mut entries = self.lock();
        let number = entries.len();
        let kept = request.headers.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
        entries.push(Entry {
            number,
            method: request.method.clone(),
            target: request.target.clone(),
            headers: kept.cloned().collect(),
            authorization: request
                .header("authorization")
                .map(|header| header.split(' ').next().unwrap_or_default().to_lowercase()),
            cookie: request.header("cookie").is_some_and(|cookie| cookie.contains("JSESSIONID=")),
            body_bytes: request.body.len(),
            rows: None,
            status: None,
            fault,
            applied: false,
            seconds: None,
        });
        number
    }

    /// Notes how a request went.
    pub(super) fn settle(&self, number: usize, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.lock().get_mut(number) {
            change(entry);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_kept() {
        let ledger = Ledger::default();
        let request = Request {
            method: "POST".into(),
            target: "/api/dataValueSets".into(),
            headers: vec![
                ("authorization".into(), "Basic c2VjcmV0".into()),
                ("cookie".into(), "JSESSIONID=topsecret".into()),
                ("content-type".into(), "application/json".into()),
            ],
            body: b"{}".to_vec(),
        };
        let number = ledger.arrive(&request, None);
        ledger.settle(number, |entry| {
            entry.rows = Some(3);
            entry.applied = true;
        });
        let printed = format!("{ledger:?}");
        assert!(!printed.contains("c2VjcmV0") && !printed.contains("topsecret"), "{printed}");
        let entry = &ledger.imports()[0];
        assert_eq!((entry.authorization.as_deref(), entry.cookie, ledger.rows_applied()), (Some("basic"), true, 3));
    }
}
