//! How long the texts of metadata may be, by kind.
//!
//! A name or a code is what objects are matched by: cut short it would be another one, so an object with a longer one
//! cannot be read. DHIS2 itself keeps 230 characters of a name and 50 of a code.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

/// Characters of a name or a code.
const LONGEST_NAME: usize = 1_000;

/// Characters of the id of an object, of a date, of a type.
const LONGEST_WORD: usize = 100;

/// Characters of a path, or of an indicator's formula.
const LONGEST_FORMULA: usize = 50_000;

/// A name, a short name or a code.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_option(Text { what: "a name or code", most: LONGEST_NAME, keeps: true })
}

/// The value of an attribute: as an identifier like a name, and otherwise (the outline of a district) nothing that
/// anything is matched by.
pub(super) fn name_if_short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_option(Text { what: "the value of an attribute", most: LONGEST_NAME, keeps: false })
}

/// A date or the name of a type.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_option(Text { what: "a date or type", most: LONGEST_WORD, keeps: true })
}

/// A formula or a path.
pub(super) fn formula<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_option(Text { what: "a formula or path", most: LONGEST_FORMULA, keeps: true })
}

/// The id that an object has to have.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = deserializer.deserialize_option(Text { what: "an id", most: LONGEST_WORD, keeps: true })?;
    id.ok_or_else(|| D::Error::custom("an object without id"))
}

struct Text {
    what: &'static str,
    most: usize,
    /// Whether a longer one is an error rather than nothing.
    keeps: bool,
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.what)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let length = if text.len() > self.most { text.chars().count() } else { 0 };
        if length <= self.most {
            return Ok(Some(text.to_owned()));
        }
        if self.keeps {
            let Self { what, most, .. } = self;
            return Err(E::custom(format!("{what} of {length} characters, where {most} are the most")));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Named {
        #[serde(deserialize_with = "super::id")]
        id: String,
        #[serde(default, deserialize_with = "super::name")]
        name: Option<String>,
        #[serde(default, deserialize_with = "super::name_if_short")]
        outline: Option<String>,
    }

    #[test]
    fn long_names_are_refused_and_long_attributes_are_left_out() {
        let read = |name: &str, outline: &str| {
            serde_json::from_str::<Named>(&format!(r#"{{"id":"a","name":{name},"outline":{outline}}}"#))
        };
        let long = format!("\"{}\"", "é".repeat(1_001));
        let most = format!("\"{}\"", "é".repeat(1_000));
        let named = read(&most, &long).unwrap();
        assert_eq!((named.id.as_str(), named.name.map(|name| name.chars().count())), ("a", Some(1_000)));
        assert_eq!(named.outline, None);
        assert_eq!(read("null", "\"x\"").unwrap().outline.as_deref(), Some("x"));
        let refused = read(&long, "null").err().unwrap().to_string();
        assert!(refused.contains("1001 characters"), "{refused}");
        assert!(serde_json::from_str::<Named>(r#"{"id":null}"#).is_err());
        assert!(serde_json::from_str::<Named>("{}").is_err());
    }
}
