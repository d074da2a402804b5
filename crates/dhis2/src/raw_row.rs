//! One row of a raw answer.
//!
//! Nearly all rows of an answer look alike: the same names in the same order, short texts without escapes. They are read
//! in one pass here ([`RowReader`]), which takes a fifth of the time of a parser for any JSON. What does not look like
//! that is left to the parser, which alone says what is wrong with an answer.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use xfer_domain::period::Period;
use xfer_domain::uid::{UID_LENGTH, Uid};

/// A period, parsed without keeping its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WirePeriod(pub(super) Period);

impl<'de> Deserialize<'de> for WirePeriod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = WirePeriod;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a period")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<WirePeriod, E> {
                Period::parse(text).map(WirePeriod).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A text that lies in the answer, where nothing in it is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passing<'row>(pub(super) Cow<'row, str>);

impl<'de: 'row, 'row> Deserialize<'de> for Passing<'row> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Passing<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Passing<'de>, E> {
                Ok(Passing(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Passing<'de>, E> {
                Ok(Passing(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A row as it stands in the answer; null and absent are the same.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireRow<'row> {
    pub(super) data_element: Option<Uid>,
    pub(super) period: Option<WirePeriod>,
    pub(super) org_unit: Option<Uid>,
    pub(super) category_option_combo: Option<Uid>,
    pub(super) attribute_option_combo: Option<Uid>,
    #[serde(borrow)]
    pub(super) value: Option<Passing<'row>>,
    #[serde(borrow)]
    pub(super) comment: Option<Passing<'row>>,
    pub(super) followup: Option<bool>,
    #[serde(borrow)]
    pub(super) stored_by: Option<Passing<'row>>,
    pub(super) deleted: Option<bool>,
}

/// The names of a row's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    DataElement,
    Period,
    OrgUnit,
    CategoryOptionCombo,
    AttributeOptionCombo,
    Value,
    Comment,
    Followup,
    StoredBy,
    Deleted,
    /// Whatever else a server says of a value.
    Other,
}

impl Part {
    fn named(name: &[u8]) -> Self {
        match name {
            b"dataElement" => Self::DataElement,
            b"period" => Self::Period,
            b"orgUnit" => Self::OrgUnit,
            b"categoryOptionCombo" => Self::CategoryOptionCombo,
            b"attributeOptionCombo" => Self::AttributeOptionCombo,
            b"value" => Self::Value,
            b"comment" => Self::Comment,
            b"followup" => Self::Followup,
            b"storedBy" => Self::StoredBy,
            b"deleted" => Self::Deleted,
            _ => Self::Other,
        }
    }
}

/// What stands behind a name.
enum Said<'row> {
    Text(&'row [u8]),
    Bool(bool),
    Null,
}

/// Names that are remembered of a row.
const MOST_NAMES: usize = 24;

/// Periods that are remembered, by the ends of their texts.
const PERIODS: usize = 32;

/// Reads rows that look as nearly all do.
#[derive(Debug, Default)]
pub(super) struct RowReader {
    /// The names of the row before, as they stood there: `"dataElement":`.
    names: Vec<(Box<[u8]>, Part)>,
    periods: [Option<(Text, Period)>; PERIODS],
}

/// A short text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Text {
    bytes: [u8; 15],
    length: u8,
}

impl Text {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut text = Self { bytes: [0; 15], length: u8::try_from(bytes.len()).ok()? };
        text.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(text)
    }
}

impl RowReader {
    /// The row that begins here, and its length; none where it is not all there or has to be looked at more closely.
    pub(super) fn row<'row>(&mut self, bytes: &'row [u8]) -> Option<(WireRow<'row>, usize)> {
        let mut row = WireRow::default();
        let (mut at, mut known, mut number) = (past(bytes, 0, b'{')?, 0_u16, 0);
        loop {
            at = self.name(bytes, at, number)?;
            let part = self.names.get(number)?.1;
            number += 1;
            // A name that stands there twice is an error, which the parser says.
            if part != Part::Other {
                let bit = 1 << part as u16;
                if known & bit != 0 {
                    return None;
                }
                known |= bit;
            }
            let said;
            (said, at) = value(bytes, spaces(bytes, at))?;
            self.put(&mut row, part, &said)?;
            at = spaces(bytes, at);
            match bytes.get(at)? {
                b',' => at = spaces(bytes, at + 1),
                b'}' => return Some((row, at + 1)),
                _ => return None,
            }
        }
    }

    /// Passes over a name and its colon; as a rule it is the one that stood there in the row before.
    fn name(&mut self, bytes: &[u8], at: usize, number: usize) -> Option<usize> {
        let rest = bytes.get(at..)?;
        if let Some((before, _)) = self.names.get(number)
            && rest.starts_with(before)
        {
            return Some(at + before.len());
        }
        let start = past(bytes, at, b'"')?;
        let end = end_of_text(bytes, start)?;
        let after = past(bytes, spaces(bytes, end + 1), b':')?;
        let (name, whole) = (bytes.get(start..end)?, bytes.get(at..after)?);
        if number >= MOST_NAMES || !name.is_ascii() {
            return None;
        }
        let entry = (whole.into(), Part::named(name));
        match self.names.get_mut(number) {
            Some(known) => *known = entry,
            None => self.names.push(entry),
        }
        Some(after)
    }

    fn put<'row>(&mut self, row: &mut WireRow<'row>, part: Part, said: &Said<'row>) -> Option<()> {
        let said = match said {
            Said::Null => return Some(()),
            Said::Bool(said) => {
                match part {
                    Part::Followup => row.followup = Some(*said),
                    Part::Deleted => row.deleted = Some(*said),
                    Part::Other => {}
                    _ => return None,
                }
                return Some(());
            }
            Said::Text(said) => *said,
        };
        match part {
            Part::DataElement => row.data_element = Some(id(said)?),
            Part::Period => row.period = Some(WirePeriod(self.period(said)?)),
            Part::OrgUnit => row.org_unit = Some(id(said)?),
            Part::CategoryOptionCombo => row.category_option_combo = Some(id(said)?),
            Part::AttributeOptionCombo => row.attribute_option_combo = Some(id(said)?),
            Part::Value => row.value = Some(text(said)?),
            Part::Comment => row.comment = Some(text(said)?),
            Part::StoredBy => row.stored_by = Some(text(said)?),
            Part::Followup | Part::Deleted => return None,
            Part::Other => {}
        }
        Some(())
    }

    fn period(&mut self, said: &[u8]) -> Option<Period> {
        let text = Text::of(said)?;
        let [.., tens, ones] = said else { return None };
        let slot = usize::from(tens.wrapping_mul(10).wrapping_add(*ones)) % PERIODS;
        let known = self.periods.get_mut(slot)?;
        match known {
            Some((before, period)) if *before == text => Some(*period),
            _ => {
                let period = Period::parse(std::str::from_utf8(said).ok()?).ok()?;
                *known = Some((text, period));
                Some(period)
            }
        }
    }
}

fn id(said: &[u8]) -> Option<Uid> {
    Uid::of_bytes(*said.first_chunk::<UID_LENGTH>().filter(|_| said.len() == UID_LENGTH)?)
}

fn text(said: &[u8]) -> Option<Passing<'_>> {
    Some(Passing(Cow::Borrowed(std::str::from_utf8(said).ok()?)))
}

/// The place behind a sign that has to stand here.
fn past(bytes: &[u8], at: usize, sign: u8) -> Option<usize> {
    (*bytes.get(at)? == sign).then_some(at + 1)
}

/// The next place without a space.
fn spaces(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// A text without escapes, or one of three words; and the place behind it.
fn value(bytes: &[u8], at: usize) -> Option<(Said<'_>, usize)> {
    let rest = bytes.get(at..)?;
    match rest.first()? {
        b'"' => {
            let end = end_of_text(bytes, at + 1)?;
            Some((Said::Text(bytes.get(at + 1..end)?), end + 1))
        }
        b'n' => rest.starts_with(b"null").then_some((Said::Null, at + 4)),
        b't' => rest.starts_with(b"true").then_some((Said::Bool(true), at + 4)),
        b'f' => rest.starts_with(b"false").then_some((Said::Bool(false), at + 5)),
        _ => None,
    }
}

/// A bit in each of eight bytes, the lowest and the highest.
const LOW: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = LOW << 7;

/// The place of the quotation mark that ends a text. None where it is not there, or an escape or a control character is
/// before it. Looks at eight bytes at once.
fn end_of_text(bytes: &[u8], mut at: usize) -> Option<usize> {
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        let quotes = zeros(word ^ (LOW * u64::from(b'"')));
        let escapes = zeros(word ^ (LOW * u64::from(b'\\')));
        let controls = word.wrapping_sub(LOW * 0x20) & !word & HIGH;
        let found = quotes | escapes | controls;
        if found != 0 {
            // The first of them is told for sure, whatever a borrow says of those behind it.
            let place = at + (found.trailing_zeros() / 8) as usize;
            return (bytes.get(place) == Some(&b'"')).then_some(place);
        }
        at += 8;
    }
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' | 0..0x20 => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{RowReader, WireRow};

    /// What both say of a row, which is followed by something else.
    fn both<'row>(reader: &mut RowReader, text: &'row str, whole: &'row str) -> Option<WireRow<'row>> {
        let parsed: Result<WireRow<'_>, _> = serde_json::from_str(text);
        let quick = reader.row(whole.as_bytes());
        if let Some((row, length)) = quick {
            assert_eq!(length, text.len(), "{text}");
            assert_eq!(&row, parsed.as_ref().unwrap(), "{text}");
            return Some(row);
        }
        None
    }

    const ROW: &str = r#"{"dataElement":"DemNumber01","period":"202401","orgUnit":"OuFacility1","categoryOptionCombo":"HllvX50cXC0","attributeOptionCombo":"HllvX50cXC0","value":"3","storedBy":"admin","created":"2024-11-02T09:12:33.000+0000","followup":false}"#;

    #[test]
    fn usual_rows_are_read_in_one_pass_and_others_left_to_the_parser() {
        let mut reader = RowReader::default();
        let spaced = ROW.replace(':', " : ").replace(',', "\n,\t").replace("09 : 12 : 33", "09:12:33");
        let words =
            ROW.replace(r#""followup":false"#, r#""comment":"é – 中","followup":true,"deleted":null,"x":false"#);
        for usual in [ROW, &spaced, &words, ROW, &ROW.replace("admin", "")] {
            assert!(both(&mut reader, usual, &format!("{usual},")).is_some(), "{usual}");
        }
        for other in [
            ROW.replace(r#""3""#, r#""a\"b""#),
            ROW.replace(r#""3""#, "3"),
            ROW.replace("OuFacility1", "OuFacility"),
            ROW.replace("OuFacility1", "OuFacility-"),
            ROW.replace("202401", "2024-1"),
            ROW.replace("storedBy", "value"),
            ROW.replace(r#""created""#, r#""é""#),
            ROW.replace("false", "falsy"),
            ROW.replace(r#""3""#, r#"{"a":[]}"#),
            ROW.replace("admin", "ad\u{1}min"),
            "{}".to_owned(),
            "[]".to_owned(),
        ] {
            assert!(both(&mut reader, &other, &other).is_none(), "{other}");
        }
        for end in 0..ROW.len() {
            assert!(reader.row(&ROW.as_bytes()[..end]).is_none(), "cut at {end}");
        }
    }

    proptest! {
        /// Whatever the quick way takes, the parser takes, and reads the same.
        #[test]
        fn both_ways_read_the_same(changes in proptest::collection::vec((0..ROW.len(), any::<u8>()), 0..4), cut in 0..ROW.len()) {
            let mut reader = RowReader::default();
            let mut bytes = ROW.as_bytes().to_vec();
            for (place, byte) in changes {
                bytes[place] = byte;
            }
            if cut % 3 == 0 {
                bytes.remove(cut);
            }
            for _ in 0..2 {
                if let Some((row, length)) = reader.row(&bytes) {
                    let parsed: Result<WireRow<'_>, _> = serde_json::from_slice(&bytes[..length]);
                    // A text that nobody reads may hold anything for the one, and for the other, too.
                    prop_assert_eq!(&row, parsed.as_ref().unwrap());
                }
            }
        }
    }
}
