//! Raw data values, parsed while they arrive: memory does not grow with the answer.
//!
//! A 2.43 server takes what all rows have in common out of them and puts it on top, before the list; older servers
//! repeat it. Rows that lack a part which has not been seen yet wait for the end of the answer, so the order of keys
//! does not matter. Only a complete answer counts: the closing brace is required, since an error in mid-stream ends a
//! body with status 200 early (dhis2-api 5.2).

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::answer::BYTE_ORDER_MARK;
use crate::bounds::{Bounds, Excess};
use crate::error::ClientErrorKind;
use crate::json_pieces::{Fault, Pieces};
use crate::raw_row::{RowReader, WirePeriod, WireRow};
use crate::transport::GZIP_MARK;
use xfer_domain::cell::CellKey;
use xfer_domain::data_value::DataValue;
use xfer_domain::hashed::HashedSet;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// Bytes read ahead of the parser.
const BUFFER: usize = 128 << 10;

/// Rows that wait for what may stand behind the list. Servers that take out what rows have in common write it first.
const MOST_WAITING: usize = 50_000;

/// Bytes of their texts.
const MOST_WAITING_TEXT: usize = 8 << 20;

/// What an answer may contain, and what it may not.
#[derive(Debug, Clone, Default)]
pub struct Expectation {
    /// Whether `{}` is an empty result (2.36, 2.37) instead of an answer without its list.
    pub bare_when_empty: bool,
    /// Only these periods were asked for; any where absent.
    pub periods: Option<HashedSet<Period>>,
    /// Only these org units were asked for; any where absent.
    pub org_units: Option<HashedSet<Uid>>,
    /// Only these data elements were asked for; any where absent.
    pub data_elements: Option<HashedSet<Uid>>,
    /// Whether it is asked who stored each value last.
    pub authors: bool,
    /// Most bytes of decompressed JSON.
    pub most_bytes: u64,
}

/// Takes a value; false stops the reading.
pub type Sink<'sink> = dyn FnMut(DataValue) -> bool + 'sink;

/// Reads a whole answer, handing each value over, and returns their number.
///
/// # Errors
/// `EmptyAnswer` for no body at all, `Interrupted` for one that ends early, `LoginPage` for a web page, `TooLarge`,
/// `Timeout` where the reader says so, and `Malformed` for everything that is not the answer to the question: other
/// ids than UIDs, values that were not asked for.
pub fn read_values(body: impl Read, expected: &Expectation, sink: &mut Sink<'_>) -> Result<u64, ClientErrorKind> {
    let mut wire = BufReader::with_capacity(BUFFER, body);
    let first = wire.fill_buf().map_err(read_failure)?;
    if first.starts_with(BYTE_ORDER_MARK) {
        return Err(ClientErrorKind::malformed("it begins with a byte order mark, which JSON must not have"));
    }
    let bounds = Bounds::STREAM.at_most(expected.most_bytes);
    match first.first().copied() {
        None => Err(ClientErrorKind::EmptyAnswer),
        Some(GZIP_MARK) => read_plain(MultiGzDecoder::new(wire), bounds, expected, sink),
        Some(b'<') => Err(ClientErrorKind::LoginPage { location: None }),
        Some(_) => read_plain(wire, bounds, expected, sink),
    }
}

fn read_plain(
    body: impl Read,
    bounds: Bounds,
    expected: &Expectation,
    sink: &mut Sink<'_>,
) -> Result<u64, ClientErrorKind> {
    let mut reading = Reading {
        expected,
        sink,
        top: Top::default(),
        rows: RowReader::default(),
        asked: Asked::default(),
        waiting: Vec::new(),
        waiting_text: 0,
        author: Author::default(),
        count: 0,
    };
    let mut pieces = Pieces::new(body, bounds);
    reading.answer(&mut pieces).map_err(|failure| in_our_words(failure, &pieces))?;
    Ok(reading.count)
}

/// Why an answer cannot be read.
enum Failure {
    /// Its bytes.
    Fault(Fault),
    /// A value in it.
    Parser(serde_json::Error),
    /// What it says, or too much of it.
    Words(String),
    Excess(Excess),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Parser(error)
    }
}

/// The failure of a reader, in our words.
fn read_failure(error: io::Error) -> ClientErrorKind {
    ClientErrorKind::Interrupted { source: Some(Box::new(error)) }
}

fn in_our_words<R: Read>(failure: Failure, pieces: &Pieces<R>) -> ClientErrorKind {
    let malformed = |what: &dyn fmt::Display| ClientErrorKind::malformed(format!("raw data values: {what}"));
    match failure {
        Failure::Fault(Fault::Io(error)) => read_failure(error),
        Failure::Fault(Fault::Cut) => ClientErrorKind::Interrupted { source: None },
        Failure::Fault(Fault::TooLarge(excess)) | Failure::Excess(excess) => ClientErrorKind::TooLarge { excess },
        Failure::Fault(Fault::Unexpected(byte)) => {
            malformed(&format_args!("`{}` where none belongs", char::from(byte).escape_default()))
        }
        // A word that is cut at the end of the answer.
        Failure::Parser(error) if error.is_eof() => ClientErrorKind::Interrupted { source: Some(Box::new(error)) },
        Failure::Parser(error) => malformed(&format_args!(
            "{} at byte {} of the answer",
            without_position(&error),
            pieces.byte_of(error.line(), error.column())
        )),
        Failure::Words(words) => malformed(&words),
    }
}

/// What the parser says, without the place in the value that it was given.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).map_or_else(|| text.clone(), str::to_owned)
}

/// A row of which parts may still be missing.
#[derive(Debug)]
struct Row {
    data_element: Option<Uid>,
    period: Option<Period>,
    org_unit: Option<Uid>,
    category_option_combo: Option<Uid>,
    attribute_option_combo: Option<Uid>,
    value: Option<String>,
    comment: Option<String>,
    followup: bool,
    author: Option<Arc<str>>,
    deleted: bool,
}

/// What stands on top, common to all rows.
#[derive(Debug, Default, Clone, Copy)]
struct Top {
    period: Option<Period>,
    org_unit: Option<Uid>,
    attribute_option_combo: Option<Uid>,
}

/// Keys on top that we use or knowingly pass over. An answer without a list but with other keys is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TopKey {
    DataValues,
    Period,
    OrgUnit,
    AttributeOptionCombo,
    #[serde(other)]
    Other,
}

struct Reading<'reading, 'sink> {
    expected: &'reading Expectation,
    sink: &'reading mut Sink<'sink>,
    top: Top,
    rows: RowReader,
    asked: Asked,
    /// Rows that lack a part which may still stand behind the list.
    waiting: Vec<Row>,
    waiting_text: usize,
    author: Author,
    count: u64,
}

/// Who stored the value before: one person enters many.
#[derive(Debug, Default)]
struct Author(Option<Arc<str>>);

impl Author {
    /// A row that no longer lies in the answer.
    fn complete(&mut self, row: WireRow<'_>, is_asked_for: bool) -> Row {
        let author = row.stored_by.filter(|_| is_asked_for).map(|author| match &self.0 {
            Some(before) if **before == *author.0 => Arc::clone(before),
            _ => Arc::clone(self.0.insert(Arc::from(&*author.0))),
        });
        Row {
            data_element: row.data_element,
            period: row.period.map(|period| period.0),
            org_unit: row.org_unit,
            category_option_combo: row.category_option_combo,
            attribute_option_combo: row.attribute_option_combo,
            value: row.value.map(|text| text.0.into_owned()),
            comment: row.comment.map(|text| text.0.into_owned()),
            followup: row.followup.unwrap_or(false),
            author,
            deleted: row.deleted.unwrap_or(false),
        }
    }
}

/// What the value before was asked for by: values come in runs.
#[derive(Debug, Default)]
struct Asked {
    period: Option<Period>,
    org_unit: Option<Uid>,
    data_element: Option<Uid>,
}

impl Reading<'_, '_> {
    /// The whole answer.
    fn answer(&mut self, pieces: &mut Pieces<impl Read>) -> Result<(), Failure> {
        let (mut lists, mut keys) = (0, 0);
        let mut known = Vec::new();
        pieces.take(b'{')?;
        let mut is_open = !pieces.takes(b'}')?;
        while is_open {
            let key = pieces.value()?;
            if !key.starts_with(b"\"") {
                return Err(Failure::Words("a name that is no text".to_owned()));
            }
            let key: TopKey = serde_json::from_slice(key)?;
            pieces.take(b':')?;
            keys += 1;
            if key != TopKey::Other {
                if known.contains(&key) {
                    return Err(Failure::Words(format!("{key:?} is there twice")));
                }
                known.push(key);
            }
            match key {
                TopKey::DataValues => {
                    lists += 1;
                    self.list(pieces)?;
                }
                TopKey::Period => {
                    let period: Option<WirePeriod> = serde_json::from_slice(pieces.value()?)?;
                    self.top.period = period.map(|period| period.0);
                }
                TopKey::OrgUnit => self.top.org_unit = serde_json::from_slice(pieces.value()?)?,
                TopKey::AttributeOptionCombo => {
                    self.top.attribute_option_combo = serde_json::from_slice(pieces.value()?)?;
                }
                TopKey::Other => drop(serde_json::from_slice::<IgnoredAny>(pieces.value()?)?),
            }
            is_open = pieces.takes(b',')?;
            if !is_open {
                pieces.take(b'}')?;
            }
        }
        match lists {
            0 if keys == 0 && self.expected.bare_when_empty => {}
            1 => {}
            _ => return Err(Failure::Words("no list of data values".to_owned())),
        }
        self.finish()?;
        Ok(pieces.end()?)
    }

    /// The list of rows; null is an empty one.
    fn list(&mut self, pieces: &mut Pieces<impl Read>) -> Result<(), Failure> {
        if !pieces.takes(b'[')? {
            return Ok(serde_json::from_slice::<()>(pieces.value()?)?);
        }
        if pieces.takes(b']')? {
            return Ok(());
        }
        loop {
            pieces.skip_spaces()?;
            let row = if let Some((row, length)) = self.rows.row(pieces.waiting()) {
                let row = self.author.complete(row, self.expected.authors);
                pieces.pass(length);
                row
            } else {
                let row: WireRow<'_> = serde_json::from_slice(pieces.value()?)?;
                self.author.complete(row, self.expected.authors)
            };
            self.take(row)?;
            if !pieces.takes(b',')? {
                return Ok(pieces.take(b']')?);
            }
        }
    }

    /// Hands a row over, or keeps it until the top is known.
    fn take(&mut self, row: Row) -> Result<(), Failure> {
        let lacks_part = row.period.is_none() && self.top.period.is_none()
            || row.org_unit.is_none() && self.top.org_unit.is_none()
            || row.attribute_option_combo.is_none() && self.top.attribute_option_combo.is_none();
        if lacks_part {
            let length = |text: Option<&str>| text.map_or(0, str::len);
            self.waiting_text +=
                length(row.value.as_deref()) + length(row.comment.as_deref()) + length(row.author.as_deref());
            if self.waiting.len() == MOST_WAITING || self.waiting_text > MOST_WAITING_TEXT {
                return Err(Failure::Excess(Excess::Incomplete(MOST_WAITING as u64)));
            }
            self.waiting.push(row);
            return Ok(());
        }
        self.hand_over(row)
    }

    fn hand_over(&mut self, row: Row) -> Result<(), Failure> {
        let value = complete(row, self.top).map_err(Failure::Words)?;
        self.check(&value.cell).map_err(Failure::Words)?;
        self.count += 1;
        if (self.sink)(value) { Ok(()) } else { Err(Failure::Words("nobody wants the rest".to_owned())) }
    }

    /// A value that was not asked for means that the answer belongs to another question (a cache on the way).
    fn check(&mut self, cell: &CellKey) -> Result<(), String> {
        fn foreign<T: Copy + Eq + std::hash::Hash>(
            asked: Option<&HashedSet<T>>,
            before: &mut Option<T>,
            got: T,
        ) -> bool {
            before.replace(got) != Some(got) && asked.is_some_and(|asked| !asked.contains(&got))
        }
        let (expected, before) = (self.expected, &mut self.asked);
        if foreign(expected.periods.as_ref(), &mut before.period, cell.period) {
            return Err(format!("a value of period `{}`, which was not requested", cell.period));
        }
        if foreign(expected.org_units.as_ref(), &mut before.org_unit, cell.org_unit) {
            return Err(format!("a value of org unit `{}`, which was not requested", cell.org_unit));
        }
        if foreign(expected.data_elements.as_ref(), &mut before.data_element, cell.data_element) {
            return Err(format!("a value of data element `{}`, which was not requested", cell.data_element));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        for row in std::mem::take(&mut self.waiting) {
            self.hand_over(row)?;
        }
        Ok(())
    }
}

/// Fills in what stands on top. The AOC falls back to `default`: some versions leave it out where there is no other.
fn complete(row: Row, top: Top) -> Result<DataValue, String> {
    let missing = |part: &str| format!("a value without {part}");
    let cell = CellKey {
        org_unit: row.org_unit.or(top.org_unit).ok_or_else(|| missing("org unit"))?,
        period: row.period.or(top.period).ok_or_else(|| missing("period"))?,
        data_element: row.data_element.ok_or_else(|| missing("data element"))?,
        category_option_combo: row.category_option_combo.ok_or_else(|| missing("category option combo"))?,
        attribute_option_combo: row
            .attribute_option_combo
            .or(top.attribute_option_combo)
            .unwrap_or(Uid::DEFAULT_OPTION_COMBO),
    };
    Ok(DataValue {
        cell,
        value: row.value,
        comment: row.comment,
        followup: row.followup,
        stored_by: row.author,
        deleted: row.deleted,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Expectation, read_values};
    use crate::bounds::Excess;
    use crate::error::ClientErrorKind;
    use xfer_domain::data_value::DataValue;
    use xfer_domain::period::Period;
    use xfer_domain::uid::Uid;

    fn read(body: &[u8]) -> Result<Vec<DataValue>, ClientErrorKind> {
        read_with(body, &Expectation { most_bytes: 1 << 20, authors: true, ..Expectation::default() })
    }

    fn read_with(body: &[u8], expected: &Expectation) -> Result<Vec<DataValue>, ClientErrorKind> {
        let mut values = Vec::new();
        let count = read_values(body, expected, &mut |value| {
            values.push(value);
            true
        })?;
        assert_eq!(count, values.len() as u64);
        Ok(values)
    }

    const ROW: &str = r#""dataElement":"DemNumber01","categoryOptionCombo":"CocMale0001","value":"3""#;

    #[test]
    fn both_shapes_give_the_same_values() {
        let old = format!(
            r#"{{"dataValues":[{{{ROW},"period":"202401","orgUnit":"OuFacility1","attributeOptionCombo":"HllvX50cXC0",
            "storedBy":"admin","comment":null,"followup":false}}]}}"#
        );
        let hoisted = format!(
            r#"{{"dataSet":"DstMonthly1","period":"202401","orgUnit":"OuFacility1","dataValues":[{{{ROW}}}]}}"#
        );
        let behind =
            format!(r#"{{"dataValues":[{{{ROW}}}],"orgUnit":"OuFacility1","completeDate":null,"period":"202401"}}"#);
        let mut values = read(old.as_bytes()).unwrap();
        assert_eq!(values.len(), 1);
        assert_eq!(values[0].stored_by.take().as_deref(), Some("admin"));
        assert_eq!(values[0].cell.attribute_option_combo, Uid::DEFAULT_OPTION_COMBO);
        assert_eq!(values[0].value.as_deref(), Some("3"));
        assert_eq!(read(hoisted.as_bytes()).unwrap(), values);
        assert_eq!(read(behind.as_bytes()).unwrap(), values);
    }

    #[test]
    fn a_rows_own_parts_win() {
        let body = format!(
            r#"{{"orgUnit":"OuRegionN01","period":"202401","dataValues":[{{{ROW},"orgUnit":"OuFacility1","period":"202402"}}]}}"#
        );
        let cell = read(body.as_bytes()).unwrap()[0].cell;
        assert_eq!((cell.org_unit.as_str(), cell.period.to_string().as_str()), ("OuFacility1", "202402"));
    }

    #[test]
    fn empty_results_are_objects() {
        assert!(read(br#"{"dataSet":"DstMonthly1","dataValues":[]}"#).unwrap().is_empty());
        assert!(read(br#"{"dataValues":null}"#).unwrap().is_empty());
        let before_2_38 = Expectation { bare_when_empty: true, most_bytes: 99, ..Expectation::default() };
        assert!(read_with(b"{}", &before_2_38).unwrap().is_empty());
        assert!(matches!(read(b"{}"), Err(ClientErrorKind::Malformed { .. })));
        assert!(matches!(read_with(br#"{"error":"x"}"#, &before_2_38), Err(ClientErrorKind::Malformed { .. })));
        assert!(matches!(read(b""), Err(ClientErrorKind::EmptyAnswer)));
        assert!(matches!(read(b"<html>"), Err(ClientErrorKind::LoginPage { .. })));
    }

    #[test]
    fn a_cut_answer_is_an_error_at_every_byte() {
        let body = format!(
            r#"{{"period":"202401","orgUnit":"OuFacility1","dataValues":[{{{ROW}}},{{{ROW},"comment":"é \"x\"","followup":true}}]}}"#
        );
        assert_eq!(read(body.as_bytes()).unwrap().len(), 2);
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        zipped.write_all(body.as_bytes()).unwrap();
        let zipped = zipped.finish().unwrap();
        assert_eq!(read(&zipped).unwrap().len(), 2);
        for end in 0..body.len() {
            assert!(read(&body.as_bytes()[..end]).is_err(), "plain, cut at {end}");
        }
        for end in 0..zipped.len() {
            assert!(read(&zipped[..end]).is_err(), "gzip, cut at {end}");
        }
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        let body = format!(r#"{{"period":"202401","orgUnit":"OuFacility1","dataValues":[{{{ROW}}}]}}"#);
        let asked = |period: &str, unit: &str, element: &str| Expectation {
            periods: Some([Period::parse(period).unwrap()].into_iter().collect()),
            org_units: Some([Uid::parse(unit).unwrap()].into_iter().collect()),
            data_elements: Some([Uid::parse(element).unwrap()].into_iter().collect()),
            most_bytes: 1 << 20,
            ..Expectation::default()
        };
        assert!(read_with(body.as_bytes(), &asked("202401", "OuFacility1", "DemNumber01")).is_ok());
        for (period, unit, element) in [
            ("202402", "OuFacility1", "DemNumber01"),
            ("202401", "OuFacility2", "DemNumber01"),
            ("202401", "OuFacility1", "DemNumber02"),
        ] {
            let refused = read_with(body.as_bytes(), &asked(period, unit, element));
            assert!(matches!(refused, Err(ClientErrorKind::Malformed { .. })), "{period} {unit} {element}");
        }
    }

    #[test]
    fn sizes_and_ids_are_bounded() {
        let small = Expectation { most_bytes: 20, ..Expectation::default() };
        let body = format!(r#"{{"period":"202401","orgUnit":"OuFacility1","dataValues":[{{{ROW}}}]}}"#);
        assert!(matches!(
            read_with(body.as_bytes(), &small),
            Err(ClientErrorKind::TooLarge { excess: Excess::Bytes(20) })
        ));
        let code = body.replace("OuFacility1", "TAR_F1");
        assert!(matches!(read(code.as_bytes()), Err(ClientErrorKind::Malformed { .. })));
        let nameless = r#"{"period":"202401","orgUnit":null,"dataValues":[{"dataElement":"DemNumber01"}]}"#;
        assert!(matches!(read(nameless.as_bytes()), Err(ClientErrorKind::Malformed { .. })));
        let trailing = format!("{body}{{}}");
        assert!(read(trailing.as_bytes()).is_err());
        let twice = body.replace(r#""value":"3""#, r#""value":"3","value":"4""#);
        assert!(matches!(read(twice.as_bytes()), Err(ClientErrorKind::Malformed { .. })));
        let two_tops = body.replace(r#""period""#, r#""period":"202402","period""#);
        assert!(matches!(read(two_tops.as_bytes()), Err(ClientErrorKind::Malformed { .. })));
        let marked = format!("\u{feff}{body}");
        assert!(
            matches!(read(marked.as_bytes()), Err(ClientErrorKind::Malformed { what, .. }) if what.contains("mark"))
        );
    }

    #[test]
    fn errors_say_where_in_the_answer_they_are() {
        let row = format!(r#"{{{ROW},"period":"202401","orgUnit":"OuFacility1"}}"#);
        let many = format!("{row},\n").repeat(3_000);
        for before in ["", many.as_str()] {
            let start = format!(r#"{{"dataValues":[{before}{{{ROW},"period":"#);
            let body = format!(r#"{start}"2024-1","orgUnit":"OuFacility1"}}]}}"#);
            let Err(ClientErrorKind::Malformed { what, .. }) = read(body.as_bytes()) else {
                panic!("a malformed answer")
            };
            let (words, rest) = what.split_once(" at byte ").unwrap();
            assert_eq!(words, "raw data values: `2024-1` is not a DHIS2 period");
            let place: usize = rest.strip_suffix(" of the answer").unwrap().parse().unwrap();
            assert!((start.len() + 1..=start.len() + 9).contains(&place), "{place} after {}", start.len());
        }
    }

    #[test]
    fn rows_that_lack_a_part_wait_up_to_a_number() {
        let large = Expectation { most_bytes: 1 << 30, ..Expectation::default() };
        let row = format!(r#"{{{ROW},"period":"202401"}},"#);
        let body = |rows: usize| {
            format!(r#"{{"dataValues":[{}{{{ROW},"period":"202401"}}],"orgUnit":"OuFacility1"}}"#, row.repeat(rows))
        };
        assert_eq!(read_with(body(49_999).as_bytes(), &large).unwrap().len(), 50_000);
        let refused = read_with(body(50_000).as_bytes(), &large);
        assert!(matches!(refused, Err(ClientErrorKind::TooLarge { excess: Excess::Incomplete(50_000) })));
        let long = row.replace(r#""3""#, &format!(r#""{}""#, "x".repeat(100_000)));
        let refused = read_with(format!(r#"{{"dataValues":[{}]}}"#, long.repeat(100)).as_bytes(), &large);
        assert!(matches!(refused, Err(ClientErrorKind::TooLarge { excess: Excess::Incomplete(_) })));
        let text = format!(r#"{{"dataValues":[{{"value":"{}"}}]}}"#, "x".repeat(600 << 10));
        let refused = read_with(text.as_bytes(), &large);
        assert!(matches!(refused, Err(ClientErrorKind::TooLarge { excess: Excess::Text(_) })));
    }
}
