//! What a server, a proxy or an attacker makes of a right answer: one change each, applied to whatever the server was
//! about to say, so that every reader of a client can be tried with all of them.

use serde_json::{Map, Value};

use crate::exchange::Response;
use crate::faults::anywhere;

/// A change of an answer. Its status stays, but for [`Mutation::Status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// The body ends after so many of its four quarters, and HTTP says that this is all.
    Quarters(usize),
    /// Nothing at all.
    Empty,
    /// White space.
    Blank,
    /// A web page.
    Page,
    /// XML, and called so.
    Xml,
    /// Another document of JSON in its place.
    Document(&'static str),
    /// Something after the end.
    Trailing(&'static str),
    /// A byte order mark before it.
    ByteOrderMark,
    /// Bytes that are no UTF-8 in the first text.
    NoUtf8,
    /// Every object names its first member twice.
    MembersTwice,
    /// Every object names its first member twice, with another value the second time.
    MembersContradict,
    /// Every list holds each of its entries twice.
    EntriesTwice,
    /// Every list holds each of its entries twice, the second time with other numbers in its texts.
    EntriesContradict,
    /// Every list lacks its second half; what counts it stays.
    HalfOfLists,
    /// Every list holds so many empty objects instead.
    EmptyObjects(usize),
    /// Every list holds nulls besides its entries.
    NullsInLists,
    /// Every text, number and truth is null.
    AllNull,
    /// Every text is a number.
    TextsAsNumbers,
    /// Every number is a text.
    NumbersAsTexts,
    /// Every number is larger than any type holds.
    HugeNumbers,
    /// Every number is below zero.
    NegativeNumbers,
    /// Every object is a list of its members.
    ObjectsAsLists,
    /// Every list is an object.
    ListsAsObjects,
    /// Every text is so long.
    LongTexts(usize),
    /// Every text has control characters and marks that turn the direction of writing.
    WildTexts,
    /// Every member's name is another.
    OtherNames,
    /// Every value stands so many levels deeper.
    Nested(usize),
    /// Every row is said to be deleted.
    Deleted,
    /// How many rows there are is not said.
    Uncounted,
    /// It is packed so well that it grows out of proportion.
    Bomb,
    /// It is called packed and is not.
    FalseGzip,
    /// Another status.
    Status(u16),
    /// One change at one place, both picked by this number.
    Anywhere(u32),
}

impl Mutation {
    /// One of each, small.
    pub const ALL: [Self; 40] = [
        Self::Quarters(1),
        Self::Quarters(2),
        Self::Quarters(3),
        Self::Empty,
        Self::Blank,
        Self::Page,
        Self::Xml,
        Self::Document("null"),
        Self::Document("true"),
        Self::Document("7"),
        Self::Document("\"text\""),
        Self::Document("[]"),
        Self::Document("{}"),
        Self::Document("{\"httpStatusCode\":200,\"status\":\"OK\"}"),
        Self::Trailing("}"),
        Self::Trailing("{}"),
        Self::ByteOrderMark,
        Self::NoUtf8,
        Self::MembersTwice,
        Self::MembersContradict,
        Self::EntriesTwice,
        Self::EntriesContradict,
        Self::HalfOfLists,
        Self::EmptyObjects(1_000),
        Self::NullsInLists,
        Self::AllNull,
        Self::TextsAsNumbers,
        Self::NumbersAsTexts,
        Self::HugeNumbers,
        Self::NegativeNumbers,
        Self::ObjectsAsLists,
        Self::ListsAsObjects,
        Self::LongTexts(70_000),
        Self::WildTexts,
        Self::OtherNames,
        Self::Nested(200),
        Self::Uncounted,
        Self::Bomb,
        Self::FalseGzip,
        Self::Status(299),
    ];

    /// What becomes of an answer.
    pub(super) fn apply(self, own: Response) -> Response {
        let replaced = |body: Vec<u8>| Response { body, ..own.clone() };
        match self {
            Self::Quarters(count) => replaced(own.body.get(..own.body.len() * count / 4).unwrap_or_default().to_vec()),
            Self::Empty => replaced(Vec::new()),
            Self::Blank => replaced(b" \r\n\t ".to_vec()),
            Self::Page => Response::html(own.status, "<!doctype html><html><body>Welcome</body></html>"),
            Self::Xml => {
                let body = b"<?xml version=\"1.0\"?><dxf2/>".to_vec();
                let headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
                Response { headers, body, ..own }
            }
            Self::Document(text) => replaced(text.as_bytes().to_vec()),
            Self::Trailing(text) => replaced([&own.body, text.as_bytes()].concat()),
            Self::ByteOrderMark => replaced([b"\xef\xbb\xbf", own.body.as_slice()].concat()),
            Self::NoUtf8 => {
                let quote = own.body.iter().position(|byte| *byte == b'"').map_or(0, |quote| quote + 1);
                let (before, after) = own.body.split_at(quote);
                replaced([before, b"\xff\xfe", after].concat())
            }
            Self::Bomb => replaced(packed(&[own.body.as_slice(), &vec![b' '; 4 << 20]].concat())),
            Self::FalseGzip => replaced([b"\x1f\x8b", own.body.as_slice()].concat()),
            Self::Status(status) => Response { status, ..own },
            Self::Anywhere(number) => anywhere::changed(number, own),
            Self::LongTexts(_)
            | Self::MembersTwice
            | Self::MembersContradict
            | Self::HugeNumbers
            | Self::Nested(_)
            | Self::EntriesTwice
            | Self::EntriesContradict
            | Self::HalfOfLists
            | Self::EmptyObjects(_)
            | Self::NullsInLists
            | Self::AllNull
            | Self::TextsAsNumbers
            | Self::NumbersAsTexts
            | Self::NegativeNumbers
            | Self::ObjectsAsLists
            | Self::ListsAsObjects
            | Self::WildTexts
            | Self::OtherNames
            | Self::Deleted
            | Self::Uncounted => match serde_json::from_slice::<Value>(&own.body) {
                Ok(document) => replaced(self.written(&document).into_bytes()),
                Err(_) => own,
            },
        }
    }

    /// The document with the change, as text: some of them no library would write.
    fn written(self, value: &Value) -> String {
        match value {
            Value::Object(members) => self.object(members),
            Value::Array(entries) => self.list(entries),
            Value::Null => "null".to_owned(),
            Value::Bool(_) if self == Self::AllNull => "null".to_owned(),
            Value::Number(number) => match self {
                Self::AllNull => "null".to_owned(),
                Self::NumbersAsTexts => format!("\"{number}\""),
                Self::HugeNumbers => "1e999".to_owned(),
                Self::NegativeNumbers => format!("-{number}"),
                _ => number.to_string(),
            },
            Value::String(text) => match self {
                Self::AllNull => "null".to_owned(),
                Self::TextsAsNumbers => "7".to_owned(),
                Self::LongTexts(length) => format!("\"{}\"", "x".repeat(length)),
                Self::WildTexts => Value::from(format!("{text}\u{1b}[31m\u{202e}\u{0}\n")).to_string(),
                _ => value.to_string(),
            },
            Value::Bool(_) => value.to_string(),
        }
    }

    fn object(self, members: &Map<String, Value>) -> String {
        let is_row = members.contains_key("dataElement");
        let members = members
            .iter()
            .filter(|(key, _)| self != Self::Uncounted || !matches!(key.as_str(), "height" | "total" | "importCount"));
        let mut written: Vec<String> = members
            .map(|(key, value)| {
                let key = if self == Self::OtherNames { format!("{key}X") } else { key.clone() };
                format!("{}:{}", Value::from(key), self.written(value))
            })
            .collect();
        match (self, written.first().cloned()) {
            (Self::MembersTwice, Some(first)) => written.push(first),
            (Self::MembersContradict, Some(first)) => {
                let key = first.split(':').next().unwrap_or_default().to_owned();
                written.push(format!("{key}:\"another\""));
            }
            (Self::ObjectsAsLists, _) => {
                let values = written.iter().map(|member| member.split_once(':').map_or("", |(_, value)| value));
                return format!("[{}]", values.collect::<Vec<_>>().join(","));
            }
            (Self::Nested(levels), _) => {
                let inner = format!("{{{}}}", written.join(","));
                // The whole document is wrapped by its outermost object; inner ones stay.
                return format!("{}{inner}{}", "[".repeat(levels.min(200)), "]".repeat(levels.min(200)));
            }
            (Self::Deleted, _) if is_row => written.push("\"deleted\":true".to_owned()),
            _ => {}
        }
        format!("{{{}}}", written.join(","))
    }

    fn list(self, entries: &[Value]) -> String {
        let mut written: Vec<String> = entries.iter().map(|entry| self.written(entry)).collect();
        let of_rows = entries.iter().any(|entry| entry.is_object() || entry.is_array());
        match self {
            Self::EntriesTwice if of_rows => written.extend(written.clone()),
            Self::EntriesContradict if of_rows => {
                written.extend(entries.iter().map(|entry| contradicting(entry).to_string()));
            }
            Self::HalfOfLists => written.truncate(written.len() / 2),
            Self::EmptyObjects(count) => written = vec!["{}".to_owned(); count],
            Self::NullsInLists => written.push("null".to_owned()),
            Self::ListsAsObjects => {
                let members = written.iter().enumerate().map(|(number, entry)| format!("\"{number}\":{entry}"));
                return format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            }
            _ => {}
        }
        format!("[{}]", written.join(","))
    }
}

/// The same entry, with another value: a row's own, or the last cell of a grid's.
fn contradicting(entry: &Value) -> Value {
    let mut entry = entry.clone();
    match &mut entry {
        Value::Object(row) if row.contains_key("value") => {
            row.insert("value".to_owned(), "15557".into());
        }
        Value::Array(cells) => {
            if let Some(last) = cells.last_mut() {
                *last = "15557".into();
            }
        }
        _ => {}
    }
    entry
}

/// Gzip.
pub(super) fn packed(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    match encoder.write_all(body).and_then(|()| encoder.finish()) {
        Ok(packed) => packed,
        // Writing into memory does not fail.
        Err(_) => body.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Mutation;
    use crate::exchange::Response;

    fn changed(mutation: Mutation) -> String {
        let row = json!({"dataElement": "a", "value": "3"});
        let own = Response::json(200, &json!({"height": 2, "dataValues": [row], "rows": [["a", "1.0"]]}));
        String::from_utf8_lossy(&mutation.apply(own).body).into_owned()
    }

    #[test]
    fn each_change_changes_something() {
        let own = r#"{"height":2,"dataValues":[{"dataElement":"a","value":"3"}],"rows":[["a","1.0"]]}"#;
        for mutation in Mutation::ALL {
            let is_status = matches!(mutation, Mutation::Status(_));
            assert_eq!(changed(mutation) == own, is_status, "{mutation:?}");
        }
        assert_eq!(changed(Mutation::Quarters(2)), &own[..own.len() / 2]);
        assert!(changed(Mutation::EntriesContradict).contains(r#"["a","1.0"],["a","15557"]"#));
        assert!(changed(Mutation::Deleted).contains(r#""value":"3","deleted":true"#));
        assert!(changed(Mutation::HugeNumbers).starts_with(r#"{"height":1e999"#));
        assert!(!changed(Mutation::Uncounted).contains("height"));
    }
}
