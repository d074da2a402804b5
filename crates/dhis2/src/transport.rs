//! Requests in DHIS2's form, sent with our HTTP library, and their answers.
//!
//! Every request carries `X-Requested-With: XMLHttpRequest`: without it a server that does not like the login sends
//! people to its login page instead of saying 401 (dhis2-api 1.4). Bodies are decompressed here, not by the library, so
//! that the bytes that came over the wire can be counted, and what they become can be bounded ([`bounds`]).
//!
//! [`bounds`]: crate::bounds

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{self, HeaderMap, HeaderValue};
use url::Url;

use crate::answer::Answer;
use crate::bounds::{Bounds, Excess, Gauge, MOST_RATIO, Room, Weight, check_ratio};
use crate::cookies::CookieJar;
use crate::error::{ClientErrorKind, LONGEST_TEXT};
use crate::http::{authorization, failure_of, http_client, interrupted};
use crate::limits::Limits;
use crate::query::Query;
use crate::redirect;
use crate::retry::{Attempts, Next, RetryRule, retry_after};
use xfer_domain::certificates::Certificates;
use xfer_domain::secret::Login;
use xfer_domain::server::BaseUrl;

/// First byte of gzip. No JSON begins with it, so bodies are recognised by what they are, not by a header that a
/// proxy may have dropped (`raw-read/compression-gzip` has none).
pub(crate) const GZIP_MARK: u8 = 0x1f;

/// What is read of an answer whose status says all but a sentence.
const REFUSAL_BYTES: usize = 256 << 10;

/// Bytes unpacked at a time.
const PIECE: usize = 64 << 10;

/// One request to be made.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Path below `/api/` and query.
    pub(crate) query: Query,
    /// The body of a POST, gzipped already; none makes it a GET.
    pub(crate) body: Option<Bytes>,
    /// Whether the server works long before its first byte.
    pub(crate) slow: bool,
    /// Whether caches on the way must not answer.
    pub(crate) fresh: bool,
    /// When it is repeated.
    pub(crate) rule: RetryRule,
    /// How much the answer may hold.
    pub(crate) bounds: Bounds,
}

impl Ask {
    /// A plain read of one object.
    pub(crate) fn get(query: Query) -> Self {
        Self { query, body: None, slow: false, fresh: false, rule: RetryRule::Read, bounds: Bounds::ONE }
    }

    /// A plain read of a list.
    pub(crate) fn list(query: Query) -> Self {
        Self { bounds: Bounds::LIST, ..Self::get(query) }
    }

    /// Method and path without query, for errors.
    pub(crate) fn shown(&self) -> String {
        let method = if self.body.is_some() { "POST" } else { "GET" };
        format!("{method} /api/{}", self.query.resource())
    }
}

/// An answer that was read to its end, with the room that it takes.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) answer: Answer,
    pub(crate) weight: Weight,
    /// Kept until the answer is parsed.
    _room: Room,
}

/// A failed try, and whether a session was sent with it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) kind: ClientErrorKind,
    pub(crate) cookie: Option<String>,
}

/// An answer whose body has not been read yet.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) response: reqwest::Response,
    pub(crate) cookie: Option<String>,
}

/// What requests cost so far.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) requests: AtomicU64,
    pub(crate) bytes_in: Arc<AtomicU64>,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) microseconds: AtomicU64,
}

impl Meter {
    /// Adds the time since `start`.
    pub(crate) fn add_time(&self, start: Instant) {
        let spent = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(spent, Ordering::Relaxed);
    }
}

/// The connection below the client: one login, one cookie jar, one pool.
#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base: BaseUrl,
    authorization: HeaderValue,
    pub(crate) limits: Limits,
    pub(crate) meter: Meter,
    jar: Mutex<CookieJar>,
    /// The server's sentence once it refused the login. From then on nothing is sent: four failures may lock the
    /// account (dhis2-api 1.5).
    refused: Mutex<Option<String>>,
}

/// A lock that a panic elsewhere cannot poison for us: what it guards is valid after every statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport {
    /// Prepares a connection; nothing is sent yet.
    pub(crate) fn new(
        base: BaseUrl,
        login: &Login,
        limits: Limits,
        certificates: Option<&Certificates>,
    ) -> Result<Self, ClientErrorKind> {
        let http = http_client(&base, &limits, certificates)?;
        let authorization = authorization(login)?;
        Ok(Self {
            http,
            base,
            authorization,
            limits,
            meter: Meter::default(),
            jar: Mutex::default(),
            refused: Mutex::default(),
        })
    }

    /// Forgets session and refusal: the next request logs in anew.
    pub(crate) fn log_in_anew(&self) {
        lock(&self.jar).clear();
        *lock(&self.refused) = None;
    }

    /// Drops the session that was sent, unless a newer one has taken its place.
    pub(crate) fn drop_session(&self, sent: Option<&str>) {
        if let Some(sent) = sent {
            lock(&self.jar).forget(sent);
        }
    }

    /// Bytes of the request line of an address below `/api/`.
    pub(crate) fn request_line(&self, query: &Query) -> usize {
        let path = self.base.api(query.as_str()).len() - self.base.origin().len();
        "GET ".len() + path + " HTTP/1.1\r\n".len()
    }

    /// Makes a request until its answer is understood or it may not be repeated. An answer that turns out to be broken
    /// off when it is read is as good as a connection that broke.
    pub(crate) async fn fetch<T: Send + 'static>(
        &self,
        ask: &Ask,
        reader: impl Fn(&Answer) -> Result<T, ClientErrorKind> + Send + Sync + 'static,
    ) -> Result<(T, Weight), ClientErrorKind> {
        let mut attempts = Attempts::new(ask.rule, &self.limits);
        let reader = Arc::new(reader);
        loop {
            let failed = match self.fetch_once(ask).await {
                Ok((received, cookie)) => {
                    let (reader, weight, shown) = (Arc::clone(&reader), received.weight, ask.shown());
                    let understand =
                        move || reader(&received.answer).inspect_err(|_| log_whole(&shown, &received.answer));
                    match in_background(understand).await {
                        Ok(read) => return Ok((read, weight)),
                        Err(kind) => Failed { kind, cookie },
                    }
                }
                Err(failed) => failed,
            };
            if !self.may_go_on(&mut attempts, &failed).await {
                return Err(failed.kind);
            }
        }
    }

    /// Waits or drops the session, as the rules want it; false when the failure is final.
    pub(crate) async fn may_go_on(&self, attempts: &mut Attempts, failed: &Failed) -> bool {
        match attempts.after(&failed.kind, failed.cookie.is_some()) {
            Next::GiveUp => return false,
            Next::FreshSession => self.drop_session(failed.cookie.as_deref()),
            Next::After(delay) => {
                tracing::debug!(failure = %failed.kind, ?delay, "trying again");
                tokio::time::sleep(delay).await;
            }
        }
        true
    }

    /// One try, with the answer read to its end whatever its status.
    pub(crate) async fn fetch_once(&self, ask: &Ask) -> Result<(Received, Option<String>), Failed> {
        let start = Instant::now();
        let result = match self.open(ask).await {
            Ok(Opened { response, cookie }) => match self.collect(response, start, ask.bounds).await {
                Ok(received) => Ok((received, cookie)),
                Err(kind) => Err(Failed { kind, cookie }),
            },
            Err(failed) => Err(failed),
        };
        self.meter.add_time(start);
        result
    }

    /// Sends a request and waits for status and headers. Redirects of reads are followed at home; a 401 with an old
    /// session is tried once without it.
    pub(crate) async fn open(&self, ask: &Ask) -> Result<Opened, Failed> {
        if let Some(message) = lock(&self.refused).clone() {
            return Err(Failed { kind: ClientErrorKind::Unauthorized { message, sent: false }, cookie: None });
        }
        // Redirects, a second login and whatever a server sends before the head count, too.
        let (start, total) = (Instant::now(), self.limits.total);
        let opened = tokio::time::timeout(total, self.open_at_last(ask)).await;
        opened.unwrap_or_else(|_| {
            let kind = ClientErrorKind::TooSlow { received: 0, waited: start.elapsed() };
            Err(Failed { kind, cookie: None })
        })
    }

    async fn open_at_last(&self, ask: &Ask) -> Result<Opened, Failed> {
        let opened = self.open_following(ask).await?;
        if opened.response.status() != reqwest::StatusCode::UNAUTHORIZED {
            return Ok(opened);
        }
        let last = if opened.cookie.is_some() {
            self.drop_session(opened.cookie.as_deref());
            match self.open_following(ask).await {
                // The first answer tells more: an import has left, whatever became of the second try.
                Err(failed) if ask.body.is_some() && !failed.kind.may_have_arrived() => opened,
                again => again?,
            }
        } else {
            opened
        };
        // A token that may only read is refused for an import; reading on with it is harmless.
        if last.response.status() == reqwest::StatusCode::UNAUTHORIZED && ask.body.is_none() {
            let message = "refused before in this run".to_owned();
            lock(&self.refused).get_or_insert(message);
        }
        Ok(last)
    }

    async fn open_following(&self, ask: &Ask) -> Result<Opened, Failed> {
        let address = self.base.api(ask.query.as_str());
        let unusable = |error: url::ParseError| Failed {
            kind: ClientErrorKind::InvalidSetup {
                reason: "the address of the request is not usable".to_owned(),
                source: Some(Box::new(error)),
            },
            cookie: None,
        };
        let mut url = Url::parse(&address).map_err(unusable)?;
        let mut hops = 0;
        loop {
            let cookie = lock(&self.jar).header();
            let response = match self.send(ask, url.clone(), cookie.as_deref()).await {
                Ok(response) => response,
                Err(kind) => return Err(Failed { kind, cookie }),
            };
            self.keep_cookies(response.headers());
            if !redirect::is_redirect(response.status().as_u16()) {
                return Ok(Opened { response, cookie });
            }
            let location = text_of(response.headers(), &header::LOCATION);
            url = match redirect::follow(&url, location.as_deref(), ask.body.is_none(), hops) {
                Ok(url) => url,
                Err(kind) => return Err(Failed { kind, cookie }),
            };
            hops += 1;
        }
    }

    async fn send(&self, ask: &Ask, url: Url, cookie: Option<&str>) -> Result<reqwest::Response, ClientErrorKind> {
        let mut request = match &ask.body {
            None => self.http.get(url),
            Some(body) => {
                self.meter.bytes_out.fetch_add(body.len() as u64, Ordering::Relaxed);
                self.http.post(url).header(header::CONTENT_TYPE, "application/json").body(body.clone())
            }
        };
        request = request.header(header::AUTHORIZATION, self.authorization.clone());
        if ask.fresh {
            request = request.header(header::CACHE_CONTROL, "no-cache");
        }
        if let Some(cookie) = cookie.and_then(|text| HeaderValue::from_str(text).ok()) {
            let mut cookie = cookie;
            cookie.set_sensitive(true);
            request = request.header(header::COOKIE, cookie);
        }
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        let patience = if ask.slow { self.limits.slow_silence } else { self.limits.silence };
        match tokio::time::timeout(patience, request.send()).await {
            Err(_) => Err(ClientErrorKind::Timeout { waited: patience }),
            Ok(Err(error)) => Err(failure_of(error)),
            Ok(Ok(response)) => Ok(response),
        }
    }

    /// Reads a body to its end, within all limits of time and size, and decompresses it. Of a refusal only as much is
    /// read as its sentence may take: the status has said the rest.
    pub(crate) async fn collect(
        &self,
        response: reqwest::Response,
        start: Instant,
        bounds: Bounds,
    ) -> Result<Received, ClientErrorKind> {
        let mut response = response;
        let headers = response.headers();
        let date = text_of(headers, &header::DATE);
        let mut answer = Answer {
            status: response.status().as_u16(),
            content_type: text_of(headers, &header::CONTENT_TYPE),
            challenge: headers.contains_key(header::WWW_AUTHENTICATE),
            location: text_of(headers, &header::LOCATION),
            retry_after: text_of(headers, &header::RETRY_AFTER).and_then(|text| retry_after(&text, date.as_deref())),
            body: Vec::new(),
        };
        // A refused import has an account of its rows; every other refusal has a sentence.
        let has_account = (200..300).contains(&answer.status) || answer.status == 409 && bounds == Bounds::IMPORT;
        let is_refusal = !has_account;
        let mut gauge = Gauge::new(bounds.at_most(self.limits.body_bytes));
        let too_large = |excess| ClientErrorKind::TooLarge { excess };
        let (mut wire, mut room) = (Vec::new(), Room::default());
        let mut pace = Pace::new(start);
        while let Some(chunk) = next_chunk(&mut response, &self.limits, &mut pace, self.limits.total).await? {
            self.meter.bytes_in.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            wire.extend_from_slice(&chunk);
            if is_refusal && wire.len() > REFUSAL_BYTES {
                wire.truncate(REFUSAL_BYTES);
                break;
            }
            if wire.first() != Some(&GZIP_MARK) && !is_refusal {
                gauge.take(&chunk).map_err(too_large)?;
            } else if wire.len() as u64 > self.limits.body_bytes {
                return Err(too_large(Excess::Bytes(self.limits.body_bytes)));
            }
            room.make(wire.len() as u64).await;
        }
        if wire.first() == Some(&GZIP_MARK) {
            room.make((wire.len() as u64).saturating_mul(MOST_RATIO)).await;
            (answer.body, gauge) = in_background(move || unzipped(&wire, gauge, is_refusal)).await?;
        } else {
            answer.body = wire;
        }
        Ok(Received { answer, weight: gauge.weight(), _room: room })
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut jar = lock(&self.jar);
        for cookie in headers.get_all(header::SET_COOKIE) {
            if let Ok(cookie) = cookie.to_str() {
                jar.store(cookie);
            }
        }
    }
}

/// How fast a body comes.
#[derive(Debug)]
pub(crate) struct Pace {
    /// When the request was sent.
    start: Instant,
    /// When its body began.
    began: Instant,
    received: u64,
}

impl Pace {
    /// A body begins.
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, began: Instant::now(), received: 0 }
    }
}

/// The next piece of a body; none at its end. `total` counts from the start of the request; before that an answer ends
/// that comes slower than the limit.
pub(crate) async fn next_chunk(
    response: &mut reqwest::Response,
    limits: &Limits,
    pace: &mut Pace,
    total: Duration,
) -> Result<Option<bytes::Bytes>, ClientErrorKind> {
    let (passed, since_begun) = (pace.start.elapsed(), pace.began.elapsed());
    let allowed = limits.silence.saturating_add(Duration::from_secs(pace.received / limits.slowest.max(1)));
    let too_slow = || ClientErrorKind::TooSlow { received: pace.received, waited: pace.began.elapsed() };
    if pace.received > 0 && since_begun > allowed {
        return Err(too_slow());
    }
    let waited = limits.silence.min(total.saturating_sub(passed));
    match tokio::time::timeout(waited, response.chunk()).await {
        Err(_) => Err(ClientErrorKind::Timeout { waited: pace.start.elapsed() }),
        Ok(Err(error)) => Err(interrupted(error)),
        Ok(Ok(chunk)) => {
            pace.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
            Ok(chunk)
        }
    }
}

/// Runs work that takes long (decompressing, parsing) beside the event loop.
pub(crate) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ClientErrorKind> + Send + 'static,
) -> Result<T, ClientErrorKind> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ClientErrorKind::Other(format!("a worker thread ended before its work: {error}"))),
    }
}

/// Decompresses what the gauge lets pass; of a refusal its beginning.
fn unzipped(wire: &[u8], mut gauge: Gauge, is_refusal: bool) -> Result<(Vec<u8>, Gauge), ClientErrorKind> {
    let mut unpacked = MultiGzDecoder::new(wire);
    let (mut body, mut piece) = (Vec::new(), vec![0; PIECE]);
    loop {
        let length = match unpacked.read(&mut piece) {
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            // The refusal may have been cut by us.
            Err(_) if is_refusal => 0,
            Err(error) => return Err(ClientErrorKind::Interrupted { source: Some(Box::new(error)) }),
        };
        let piece = piece.get(..length).unwrap_or_default();
        if piece.is_empty() || is_refusal && body.len() >= REFUSAL_BYTES {
            return Ok((body, gauge));
        }
        if !is_refusal {
            let excess = |excess| ClientErrorKind::TooLarge { excess };
            gauge.take(piece).map_err(excess)?;
            check_ratio(wire.len() as u64, gauge.weight().bytes).map_err(excess)?;
        }
        body.extend_from_slice(piece);
    }
}

/// What a server says beyond what people are shown of it stands in the log, whole.
fn log_whole(request: &str, answer: &Answer) {
    if answer.body.len() > LONGEST_TEXT {
        let said = String::from_utf8_lossy(&answer.body);
        tracing::debug!(request, status = answer.status, ?said, "the server's answer, whole");
    }
}

fn text_of(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
