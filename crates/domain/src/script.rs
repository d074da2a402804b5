//! Scripts as they are kept and attached. What a script means is for the layer that can run it; here it is a text with a
//! name, a hash, and the places where it acts.
//!
//! **Order and precedence.** A script is attached to an item, a job or a routine. `rows` and `value` go through every
//! attached script: those of the item first, then the job's, then the routine's, within one level in the order in which
//! they were attached; each sees what the one before it made. `period` and `combine` take the place of a built-in
//! operator, so only the nearest script acts. `rows` sees a whole slice, which has no item: a script with `rows` is
//! attached to a job or a routine.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::named::named;

/// A place where a function of a script may act on the data on its way (design 3), in the order in which a value meets
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// `rows(rows, ctx)`: a whole slice as the source sent it.
    Rows,
    /// `period(p, ctx)`: a source period that becomes a destination period.
    Period,
    /// `combine(values, ctx)`: several contributions that become one value.
    Combine,
    /// `value(v, ctx)`: one cell's value.
    Value,
}

named!(Hook { Rows = "rows", Period = "period", Combine = "combine", Value = "value" });

impl Hook {
    /// How its function is written.
    pub fn signature(self) -> &'static str {
        match self {
            Self::Rows => "fn rows(rows, ctx)",
            Self::Period => "fn period(p, ctx)",
            Self::Combine => "fn combine(values, ctx)",
            Self::Value => "fn value(v, ctx)",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// SHA-256 of a text, or of the bytes of a file, in hexadecimal: what was attached is what runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(String);

impl ContentHash {
    /// The hash of a text, or of any other content.
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        let digest = Sha256::digest(content);
        let mut text = String::with_capacity(2 * digest.len());
        for byte in digest {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// In hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough digits to tell scripts apart by eye.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<String> for ContentHash {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// A script's text, as it was read when it was attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptSource {
    /// Its file's name: `scale.rhai`.
    pub name: String,
    /// Its text.
    pub content: String,
    /// Its text's hash.
    pub hash: ContentHash,
}

impl ScriptSource {
    /// A text under a name.
    pub fn new(name: impl Into<String>, content: impl Into<String>) -> Self {
        let content = content.into();
        Self { name: name.into(), hash: ContentHash::of(&content), content }
    }

    /// Whether the text is still the one that the hash was made of.
    pub fn is_intact(&self) -> bool {
        ContentHash::of(&self.content) == self.hash
    }
}

/// A script at work in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The script's name.
    pub script: String,
    /// The hash of the text that was attached.
    pub hash: ContentHash,
    /// The hooks that the text defines.
    pub hooks: Vec<Hook>,
    /// Its parameters.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Where the file lay when it was attached, so that a later change of it can be told.
    pub file: Option<String>,
}

impl Attachment {
    /// Whether it acts in a place.
    pub fn acts(&self, hook: Hook) -> bool {
        self.hooks.contains(&hook)
    }
}

/// A parameter of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterValue {
    /// Yes or no.
    Boolean(bool),
    /// A number, exact.
    Number(BigDecimal),
    /// A text.
    Text(String),
    /// Several of them.
    List(Vec<Self>),
}

impl ParameterValue {
    /// What a person wrote: `true` and `false`, a number, several values in brackets (`[1, 5, 15]`), else a text. Quotes
    /// make a text of anything.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Some(inner) = between(text, '[', ']') {
            let values = inner.split(',').map(str::trim).filter(|value| !value.is_empty());
            return Self::List(values.map(Self::parse).collect());
        }
        if let Some(inner) = between(text, '"', '"') {
            return Self::Text(inner.to_owned());
        }
        match text {
            "true" => Self::Boolean(true),
            "false" => Self::Boolean(false),
            other => crate::decimal::parse_number(other)
                .map_or_else(|| Self::Text(other.to_owned()), |number| Self::Number(number.normalized())),
        }
    }
}

impl fmt::Display for ParameterValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(truth) => write!(formatter, "{truth}"),
            Self::Number(number) => formatter.write_str(&crate::decimal::plain_text(number)),
            Self::Text(text) if Self::parse(text) == *self => formatter.write_str(text),
            Self::Text(text) => write!(formatter, "\"{text}\""),
            Self::List(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(formatter, "[{}]", values.join(", "))
            }
        }
    }
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    text.strip_prefix(open)?.strip_suffix(close)
}

#[cfg(test)]
mod tests {
    use super::{ContentHash, ParameterValue, ScriptSource};

    #[test]
    fn parameters_are_what_a_person_means() {
        use ParameterValue::{Boolean, List, Number, Text};

        let number = |text: &str| Number(text.parse().unwrap());
        for (text, value) in [
            ("5", number("5")),
            ("-0.5", number("-0.5")),
            ("true", Boolean(true)),
            ("high", Text("high".to_owned())),
            ("\"5\"", Text("5".to_owned())),
            ("", Text(String::new())),
            ("[1, 5, \"x\"]", List(vec![number("1"), number("5"), Text("x".to_owned())])),
            ("[]", List(vec![])),
        ] {
            let parsed = ParameterValue::parse(text);
            assert_eq!(parsed, value, "{text}");
            assert_eq!(ParameterValue::parse(&parsed.to_string()), value, "{text}");
        }
    }

    #[test]
    fn a_changed_text_is_told_by_its_hash() {
        let script = ScriptSource::new("scale.rhai", "fn value(v, ctx) { v * 2 }");
        assert!(script.is_intact());
        let altered = ScriptSource { content: script.content.replace('2', "3"), ..script };
        assert!(!altered.is_intact());
        assert_eq!(
            ContentHash::of("abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "the example of FIPS 180-4"
        );
    }
}
