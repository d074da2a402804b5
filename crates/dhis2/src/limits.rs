//! Every limit of the client, with its reason: a server, a proxy or an attacker may send anything.
//!
//! What is not here: the depth of JSON, which `serde_json` bounds at 128 levels by itself (DHIS2 nests four or five).

use std::time::Duration;

/// Limits on time and size. Tests shorten them; a person has no reason to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Longest silence of the server: before its first byte and between two bytes.
    pub silence: Duration,
    /// Longest silence before the first byte of an import or an analytics query, which servers work out whole before
    /// they answer (`measured.md`); at least 300 s, while proxies give up at 60.
    pub slow_silence: Duration,
    /// One request in all, without its retries.
    pub total: Duration,
    /// The slowest that an answer may come once it has begun, in bytes a second, after [`Limits::silence`] for nothing:
    /// a byte now and then is not an answer that will end.
    pub slowest: u64,
    /// One streamed raw read in all: a country's values may flow for long.
    pub stream_total: Duration,
    /// Largest answer held in memory, decompressed, if that is less than the bounds of its kind.
    pub body_bytes: u64,
    /// Largest raw read, decompressed, of which only a part is ever held.
    pub stream_bytes: u64,
    /// Values of one raw read kept back before the first is handed over: as long as all fit, a connection that broke is
    /// tried again without anybody noticing. About 10 MB, which is also the most that is held.
    pub held_values: usize,
    /// Longest request line in bytes. A bare Tomcat takes 8,192 bytes of headers in all, cookies and tokens included.
    pub request_line: usize,
    /// How often a read is tried.
    pub tries: usize,
    /// Wait before the second try; it doubles, with jitter.
    pub first_delay: Duration,
    /// Longest wait between two tries.
    pub longest_delay: Duration,
    /// Longest wait that a server's `Retry-After` may ask for.
    pub longest_retry_after: Duration,
    /// Objects on one page of a metadata list. No version refuses 1,000; 2.44 cuts at it.
    pub page_size: usize,
    /// Pages of one metadata list, before the server is taken to be going round in circles.
    pub pages: usize,
    /// Data items × org units × periods of one analytics request, to begin with.
    pub analytics_cells: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_mins(1),
            slow_silence: Duration::from_mins(5),
            total: Duration::from_mins(10),
            slowest: 1 << 10,
            stream_total: Duration::from_hours(1),
            body_bytes: 64 << 20,
            stream_bytes: 16 << 30,
            held_values: 50_000,
            request_line: 6_000,
            tries: 5,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_mins(1),
            longest_retry_after: Duration::from_mins(5),
            page_size: 1_000,
            pages: 10_000,
            analytics_cells: 50_000,
        }
    }
}

impl Limits {
    /// The default sizes without any waiting between tries, and a second's patience: for tests.
    pub fn impatient() -> Self {
        Self {
            connect: Duration::from_secs(2),
            silence: Duration::from_secs(2),
            slow_silence: Duration::from_secs(2),
            total: Duration::from_secs(10),
            stream_total: Duration::from_secs(10),
            first_delay: Duration::ZERO,
            longest_delay: Duration::ZERO,
            longest_retry_after: Duration::ZERO,
            ..Self::default()
        }
    }
}
