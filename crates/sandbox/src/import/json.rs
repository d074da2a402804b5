//! JSON as both import engines see it: numbers keep their text, text after the first value is left unread.
//!
//! `serde_json` would turn `1E2` into `100.0` and refuse trailing text; the servers do neither (recordings
//! `import/value-json-number-exponent`, `import/trailing-garbage`).

use std::borrow::Cow;

/// How deep values may nest; deeper ones are refused instead of exhausting the stack.
const DEEPEST: usize = 100;

/// A JSON value that borrows from its text where it can.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'text> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written.
    Number(&'text str),
    /// A text.
    Text(Cow<'text, str>),
    /// An array.
    List(Vec<Self>),
    /// An object with its entries in order, repeated keys included.
    Object(Vec<(Cow<'text, str>, Self)>),
}

/// The text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonError {
    /// It ends inside a value.
    #[error("the text ends inside a value")]
    End,
    /// Something else is expected at a byte.
    #[error("unexpected character at byte {0}")]
    At(usize),
}

impl<'text> Json<'text> {
    /// Reads the first value of a text; what follows is ignored.
    pub(crate) fn read(text: &'text str) -> Result<Self, JsonError> {
        Reader { text, position: 0 }.value(0)
    }

    /// A property; the last one of a name counts. None for a value that is no object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The kind of node, as the set-based engine names it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "BOOLEAN",
            Self::Number(_) => "NUMBER",
            Self::Text(_) => "STRING",
            Self::List(_) => "ARRAY",
            Self::Object(_) => "OBJECT",
        }
    }

    /// The value as JSON text without blanks, for messages.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) => (*text).to_owned(),
            Self::Text(text) => serde_json::Value::from(text.as_ref()).to_string(),
            Self::List(list) => format!("[{}]", list.iter().map(Self::show).collect::<Vec<_>>().join(",")),
            Self::Object(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}:{}", serde_json::Value::from(key.as_ref()), value.show()))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }
        }
    }
}

struct Reader<'text> {
    text: &'text str,
    position: usize,
}

impl<'text> Reader<'text> {
    fn peek(&self) -> Result<u8, JsonError> {
        self.text.as_bytes().get(self.position).copied().ok_or(JsonError::End)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Ok(b' ' | b'\t' | b'\r' | b'\n')) {
            self.position += 1;
        }
    }

    fn fail<T>(&self) -> Result<T, JsonError> {
        Err(JsonError::At(self.position))
    }

    fn value(&mut self, depth: usize) -> Result<Json<'text>, JsonError> {
        if depth > DEEPEST {
            return self.fail();
        }
        self.skip_blanks();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.fail(),
        }
    }

    fn word(&mut self, word: &str, value: Json<'text>) -> Result<Json<'text>, JsonError> {
        let rest = &self.text[self.position..];
        if rest.starts_with(word) {
            self.position += word.len();
            Ok(value)
        } else if word.starts_with(rest) {
            Err(JsonError::End)
        } else {
            self.fail()
        }
    }

    fn number(&mut self) -> Result<Json<'text>, JsonError> {
        let start = self.position;
        while matches!(self.peek(), Ok(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.position += 1;
        }
        let number = &self.text[start..self.position];
        if number.parse::<f64>().is_ok() { Ok(Json::Number(number)) } else { Err(JsonError::At(start)) }
    }

    /// The text between quotes, borrowed where it has no escapes.
    fn string(&mut self) -> Result<Cow<'text, str>, JsonError> {
        self.position += 1;
        let start = self.position;
        let mut owned: Option<String> = None;
        let mut copied = start;
        loop {
            match self.peek()? {
                b'"' => {
                    let tail = &self.text[copied..self.position];
                    self.position += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(tail),
                        Some(mut text) => {
                            text.push_str(tail);
                            Cow::Owned(text)
                        }
                    });
                }
                b'\\' => {
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.text[copied..self.position]);
                    self.position += 1;
                    let character = self.escape()?;
                    owned.get_or_insert_default().push(character);
                    copied = self.position;
                }
                control if control < 0x20 => return self.fail(),
                _ => self.position += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let letter = self.peek()?;
        self.position += 1;
        Ok(match letter {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'"' | b'\\' | b'/' => char::from(letter),
            b'u' => {
                let first = self.hex()?;
                if (0xD800..0xDC00).contains(&first) && self.text[self.position..].starts_with("\\u") {
                    self.position += 2;
                    let second = self.hex()?;
                    let pair = 0x10000 + ((first - 0xD800) << 10) + (second.wrapping_sub(0xDC00) & 0x3FF);
                    char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER)
                } else {
                    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
            }
            _ => return Err(JsonError::At(self.position - 1)),
        })
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.position..self.position + 4).ok_or(JsonError::End)?;
        let code = u32::from_str_radix(digits, 16).map_err(|_| JsonError::At(self.position))?;
        self.position += 4;
        Ok(code)
    }

    fn list(&mut self, depth: usize) -> Result<Json<'text>, JsonError> {
        self.position += 1;
        let mut entries = Vec::new();
        self.skip_blanks();
        if self.peek()? == b']' {
            self.position += 1;
            return Ok(Json::List(entries));
        }
        loop {
            entries.push(self.value(depth + 1)?);
            if self.ends(b']')? {
                return Ok(Json::List(entries));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'text>, JsonError> {
        self.position += 1;
        let mut entries = Vec::new();
        self.skip_blanks();
        if self.peek()? == b'}' {
            self.position += 1;
            return Ok(Json::Object(entries));
        }
        loop {
            self.skip_blanks();
            if self.peek()? != b'"' {
                return self.fail();
            }
            let key = self.string()?;
            self.skip_blanks();
            if self.peek()? != b':' {
                return self.fail();
            }
            self.position += 1;
            entries.push((key, self.value(depth + 1)?));
            if self.ends(b'}')? {
                return Ok(Json::Object(entries));
            }
        }
    }

    /// Steps over the comma before another entry, or the end.
    fn ends(&mut self, end: u8) -> Result<bool, JsonError> {
        self.skip_blanks();
        let next = self.peek()?;
        if next != b',' && next != end {
            return self.fail();
        }
        self.position += 1;
        Ok(next == end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text_and_what_follows_is_ignored() {
        let json = Json::read(r#"{"a": 1E2, "b": [true, null, "x\u00e9\n"], "a": -0.50} trailing"#).unwrap();
        assert_eq!(json.get("a"), Some(&Json::Number("-0.50")));
        assert_eq!(json.show(), "{\"a\":1E2,\"b\":[true,null,\"xé\\n\"],\"a\":-0.50}");
    }

    #[test]
    fn surrogate_pairs_and_escapes() {
        assert_eq!(Json::read(r#""\ud83d\ude00 \"\/""#), Ok(Json::Text("😀 \"/".into())));
    }

    #[test]
    fn cut_and_broken_text_is_told_apart() {
        assert_eq!(Json::read(r#"{"a": "#), Err(JsonError::End));
        assert_eq!(Json::read(""), Err(JsonError::End));
        assert_eq!(Json::read("tru"), Err(JsonError::End));
        assert_eq!(Json::read("{a: 1}"), Err(JsonError::At(1)));
        assert_eq!(Json::read("[1 2]"), Err(JsonError::At(3)));
        assert!(Json::read(&"[".repeat(1000)).is_err());
    }
}
