//! Raw data values: `GET` and `POST /api/dataValueSets`.
//!
//! Reads are streams. The first values of an answer are kept back until it is complete or large
//! (`Limits::held_values`): a connection that breaks before that is tried again without anybody noticing, after that
//! the caller must throw away what it got.

use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio_util::io::{StreamReader, SyncIoBridge};

use crate::answer::Answer;
use crate::bounds::Bounds;
use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind};
pub use crate::import_answer::ImportAnswer;
use crate::import_answer::{blames_scope, read_import_answer};
use crate::payload::gzipped;
pub use crate::payload::{Payload, PayloadRow};
use crate::query::{ListCost, Query, distinct, entries_per_request};
use crate::raw_stream::{Expectation, Sink, read_values};
use crate::retry::{Attempts, RetryRule};
use crate::transport::{Ask, Failed, Opened, Pace, Received, in_background, lock, next_chunk};
use xfer_domain::capabilities::Capabilities;
use xfer_domain::data_value::DataValue;
use xfer_domain::import_summary::ImportSummary;
use xfer_domain::period::Period;
use xfer_domain::uid::{UID_LENGTH, Uid};

/// Values handed from the parser's thread to the caller at once.
const BATCH: usize = 512;

/// Bytes of their texts, after which no more are waited for.
const BATCH_TEXT: usize = 256 << 10;

/// Batches that may wait for the caller, who may be at work on what was read before.
const BATCHES: usize = 16;

/// Bytes of values that are kept back.
const HELD_BYTES: usize = 10 << 20;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawQuery {
    /// Data sets whose elements are read. Needed below 2.39; rows of other elements are the caller's to ignore.
    pub data_sets: Vec<Uid>,
    /// Data elements that are read (from 2.39); used instead of the data sets where the server can.
    pub data_elements: Vec<Uid>,
    /// Org units.
    pub org_units: Vec<Uid>,
    /// Whether everything below the org units is read too.
    pub children: bool,
    /// Periods.
    pub periods: Vec<Period>,
    /// Whether it is asked who stored each value last.
    pub authors: bool,
}

/// One request of a read.
#[derive(Debug, Clone)]
struct Part {
    query: Query,
    expected: Expectation,
}

/// A failed try of a part, and whether values of it were handed over already.
struct PartFailed {
    failed: Failed,
    handed_over: bool,
}

impl Client {
    /// Reads raw values as a stream; each is handed over as it arrives. Returns their number. A body that ends early
    /// or is empty is an error, and what was handed over before it must be thrown away.
    ///
    /// A question too long for one request is cut. Whether a cell comes twice, in one answer or in several, is the
    /// caller's to see. Asking for nothing (no org unit, no period, nothing to read) sends nothing and returns 0.
    pub async fn read_raw(
        &self,
        query: &RawQuery,
        on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> Result<u64, ClientError> {
        const REQUEST: &str = "GET /api/dataValueSets";
        let can = self.capabilities().await?;
        let parts = self.parts_of(query, can).map_err(|kind| self.fail(REQUEST, kind))?;
        let mut count = 0;
        let mut hand_over = |value: DataValue| {
            count += 1;
            on_value(value);
        };
        for part in &parts {
            self.read_part(part, &mut hand_over).await.map_err(|kind| self.fail(REQUEST, kind))?;
        }
        Ok(count)
    }

    /// Whether there is any raw value: what [`Client::read_raw`] would read, of which no more than one is sent.
    pub async fn has_raw(&self, query: &RawQuery) -> Result<bool, ClientError> {
        const REQUEST: &str = "GET /api/dataValueSets";
        let can = self.capabilities().await?;
        for part in self.parts_of(query, can).map_err(|kind| self.fail(REQUEST, kind))? {
            let part = Part { query: part.query.pair("limit", "1"), ..part };
            let mut found = false;
            self.read_part(&part, &mut |_| found = true).await.map_err(|kind| self.fail(REQUEST, kind))?;
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends one import, synchronous and gzipped, once: whether a lost answer may be sent again is the caller's to
    /// decide after a read-back. Statuses with a meaning for rows (200, 409, 400 and 500 from the import itself) are
    /// answers, everything else is an error.
    ///
    /// Sent again are only imports that were turned away at the door (429, 503) or refused whole because of the user's
    /// org units: on 2.42 the session may be older than the rights.
    pub async fn push(&self, payload: &Payload<'_>, dry_run: bool) -> Result<ImportAnswer, ClientError> {
        let query = Query::new("dataValueSets").pair("importStrategy", "CREATE_AND_UPDATE");
        let query = if dry_run { query.pair("dryRun", "true") } else { query };
        self.import_zipped(query, payload.zipped.clone()).await
    }

    /// Sends a body to an import and reads its answer.
    pub(crate) async fn import(&self, query: Query, body: &[u8]) -> Result<ImportAnswer, ClientError> {
        self.import_zipped(query, gzipped(body).into()).await
    }

    async fn import_zipped(&self, query: Query, zipped: Bytes) -> Result<ImportAnswer, ClientError> {
        let ask = Ask {
            query,
            body: Some(zipped),
            slow: true,
            fresh: false,
            rule: RetryRule::Import,
            bounds: Bounds::IMPORT,
        };
        let fail = |kind| self.fail(ask.shown(), kind);
        let mut attempts = Attempts::new(RetryRule::Import, &self.transport.limits);
        let mut fresh_session_tried = false;
        // A try that left, before one that did not.
        let mut lost = None;
        loop {
            let failed = match self.transport.fetch_once(&ask).await {
                Ok((received, cookie)) => match read_and_log(received).await {
                    Ok(read) if blames_scope(&read) && cookie.is_some() && !fresh_session_tried => {
                        fresh_session_tried = true;
                        self.transport.drop_session(cookie.as_deref());
                        if wrote_nothing(read.summary.as_ref()) {
                            continue;
                        }
                        return Ok(read);
                    }
                    Ok(read) => {
                        return Ok(ImportAnswer { is_of_another_try: lost.is_some() || fresh_session_tried, ..read });
                    }
                    Err(kind) => Failed { kind, cookie },
                },
                Err(failed) => failed,
            };
            if !self.transport.may_go_on(&mut attempts, &failed).await {
                let never_left = !failed.kind.may_have_arrived();
                return Err(fail(lost.filter(|_| never_left).unwrap_or(failed.kind)));
            }
            lost = Some(failed.kind);
        }
    }

    /// The requests of a read, each with a short enough request line.
    fn parts_of(&self, query: &RawQuery, can: Capabilities) -> Result<Vec<Part>, ClientErrorKind> {
        let by_element = can.raw_by_data_element && !query.data_elements.is_empty();
        let (key, items) = if by_element {
            ("dataElement", distinct(&query.data_elements))
        } else {
            ("dataSet", distinct(&query.data_sets))
        };
        let (units, periods) = (distinct(&query.org_units), distinct(&query.periods));
        if units.is_empty() || periods.is_empty() || query.data_sets.is_empty() && query.data_elements.is_empty() {
            return Ok(Vec::new());
        }
        if items.is_empty() {
            return Err(ClientErrorKind::setup("this version reads raw data values by data set, and none was named"));
        }
        let base = if query.children {
            Query::new("dataValueSets").pair("children", "true")
        } else {
            Query::new("dataValueSets")
        };
        let longest_period = periods.iter().map(|period| period.to_string().len()).max().unwrap_or_default();
        let list = |entries, key: &str, length| ListCost { entries, bytes_each: key.len() + length + 2 };
        let room = self.transport.limits.request_line.saturating_sub(self.transport.request_line(&base));
        let [item_size, unit_size, period_size] = entries_per_request(
            room,
            [
                list(items.len(), key, UID_LENGTH),
                list(units.len(), "orgUnit", UID_LENGTH),
                list(periods.len(), "period", longest_period),
            ],
        );
        let mut parts = Vec::new();
        for units in units.chunks(unit_size) {
            for periods in periods.chunks(period_size) {
                for items in items.chunks(item_size) {
                    parts.push(Part {
                        query: base.clone().pairs(key, items).pairs("period", periods).pairs("orgUnit", units),
                        expected: Expectation {
                            bare_when_empty: can.raw_empty_is_bare,
                            periods: Some(periods.iter().copied().collect()),
                            org_units: (!query.children).then(|| units.iter().copied().collect()),
                            data_elements: by_element.then(|| items.iter().copied().collect()),
                            authors: query.authors,
                            most_bytes: self.transport.limits.stream_bytes,
                        },
                    });
                }
            }
        }
        Ok(parts)
    }

    async fn read_part(
        &self,
        part: &Part,
        on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> Result<(), ClientErrorKind> {
        let ask = Ask::get(part.query.clone());
        let mut attempts = Attempts::new(RetryRule::Read, &self.transport.limits);
        loop {
            let start = Instant::now();
            let result = self.try_part(&ask, part, start, on_value).await;
            self.transport.meter.add_time(start);
            let Err(PartFailed { failed, handed_over }) = result else { return Ok(()) };
            if handed_over || !self.transport.may_go_on(&mut attempts, &failed).await {
                return Err(failed.kind);
            }
        }
    }

    /// One try: the body flows through the parser on a thread of its own; the values come back in batches.
    async fn try_part(
        &self,
        ask: &Ask,
        part: &Part,
        start: Instant,
        on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> Result<(), PartFailed> {
        let before_any = |failed| PartFailed { failed, handed_over: false };
        let Opened { response, cookie } = self.transport.open(ask).await.map_err(before_any)?;
        let refused = |kind| before_any(Failed { kind, cookie: cookie.clone() });
        let content_type = response.headers().get(reqwest::header::CONTENT_TYPE).and_then(|text| text.to_str().ok());
        if !is_stream(response.status().as_u16(), content_type) {
            let answer = self.transport.collect(response, start, Bounds::ONE).await.map_err(refused)?.answer;
            let kind = answer
                .json()
                .err()
                .unwrap_or_else(|| ClientErrorKind::malformed(format!("status {} for a raw read", answer.status)));
            return Err(refused(kind));
        }
        let (sender, mut receiver) = mpsc::channel::<Vec<DataValue>>(BATCHES);
        let body = self.blocking_body(response, start, sender.clone());
        let expected = part.expected.clone();
        let parser = tokio::task::spawn_blocking(move || {
            let (mut batch, mut text) = (Vec::with_capacity(BATCH), 0);
            let read = read_values(body.reader, &expected, &mut |value| {
                text += value.text_length();
                batch.push(value);
                if batch.len() < BATCH && text < BATCH_TEXT {
                    return true;
                }
                text = 0;
                sender.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).is_ok()
            });
            // The failure that the network reported beats what the parser made of it.
            let read = read.map_err(|kind| lock(&body.failure).take().unwrap_or(kind));
            if read.is_ok() && !batch.is_empty() {
                drop(sender.blocking_send(batch));
            }
            read
        });
        let (mut held, mut held_text) = (Vec::new(), 0);
        let mut handed_over = false;
        while let Some(batch) = receiver.recv().await {
            held_text += batch.iter().map(DataValue::text_length).sum::<usize>();
            held.extend(batch);
            if handed_over || held_text > HELD_BYTES || held.len() > self.transport.limits.held_values {
                handed_over = true;
                held.drain(..).for_each(&mut *on_value);
            }
        }
        let failed = |kind| PartFailed { failed: Failed { kind, cookie: cookie.clone() }, handed_over };
        match parser.await {
            Ok(Ok(_)) => {
                held.drain(..).for_each(on_value);
                Ok(())
            }
            Ok(Err(kind)) => Err(failed(kind)),
            Err(error) => Err(failed(ClientErrorKind::Other(format!("the parser's thread ended early: {error}")))),
        }
    }

    /// A response as a blocking reader, bounded in time between bytes and in all. It ends early when nobody listens at
    /// the other end of the channel: a cancelled read must not hold its thread until the server says something.
    fn blocking_body(
        &self,
        response: reqwest::Response,
        start: Instant,
        listener: mpsc::Sender<Vec<DataValue>>,
    ) -> BlockingBody {
        let failure = Arc::new(Mutex::new(None));
        let limits = self.transport.limits;
        let bytes_in = Arc::clone(&self.transport.meter.bytes_in);
        let slot = Arc::clone(&failure);
        let chunks = stream::unfold(Some((response, listener, Pace::new(start))), move |state| {
            let (slot, bytes_in) = (Arc::clone(&slot), Arc::clone(&bytes_in));
            async move {
                let (mut response, listener, mut pace) = state?;
                let chunk = tokio::select! {
                    chunk = next_chunk(&mut response, &limits, &mut pace, limits.stream_total) => chunk,
                    () = listener.closed() => Err(ClientErrorKind::Other("the read was cancelled".to_owned())),
                };
                match chunk {
                    Ok(Some(chunk)) => {
                        bytes_in.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                        Some((Ok(chunk), Some((response, listener, pace))))
                    }
                    Ok(None) => None,
                    Err(kind) => {
                        *lock(&slot) = Some(kind);
                        Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
                    }
                }
            }
        });
        BlockingBody { reader: SyncIoBridge::new(StreamReader::new(Box::pin(chunks))), failure }
    }
}

type Chunks = Pin<Box<dyn stream::Stream<Item = io::Result<bytes::Bytes>> + Send>>;

/// A body for the parser's thread, and the place where the network leaves its reason.
struct BlockingBody {
    reader: SyncIoBridge<StreamReader<Chunks, bytes::Bytes>>,
    failure: Arc<Mutex<Option<ClientErrorKind>>>,
}

/// Whether an answer is worth parsing as values: the rest is read whole and judged as every other answer.
fn is_stream(status: u16, content_type: Option<&str>) -> bool {
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    status == 200 && !["html", "xml", "csv"].iter().any(|word| content_type.contains(word))
}

/// Reads the answer to an import. What people are shown only the beginning of stands in the log, whole.
async fn read_and_log(received: Received) -> Result<ImportAnswer, ClientErrorKind> {
    let answer = in_background(move || read_import_answer(&received.answer)).await?;
    for said in answer.long_sentences() {
        tracing::debug!(?said, "the server's sentence about an import, whole");
    }
    Ok(answer)
}

/// Reads the values of a whole answer: what [`Client::read_raw`] does with a stream.
pub fn read_raw_answer(answer: &Answer, expected: &Expectation, sink: &mut Sink<'_>) -> Result<u64, ClientErrorKind> {
    if is_stream(answer.status, answer.content_type.as_deref()) {
        return read_values(answer.body.as_slice(), expected, sink);
    }
    answer.json()?;
    Err(ClientErrorKind::malformed(format!("status {} for a raw read", answer.status)))
}

/// Whether a summary proves that no row was written, so that sending again cannot disturb the counts.
fn wrote_nothing(summary: Option<&ImportSummary>) -> bool {
    summary
        .is_some_and(|summary| summary.count.imported == 0 && summary.count.updated == 0 && summary.count.deleted == 0)
}
