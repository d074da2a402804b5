//! Cuts JSON into whole values while it arrives, so that each is parsed from one slice of memory.
//!
//! A parser that takes a stream asks for every byte by itself, which costs more than all the rest of reading an answer.
//! What is held is one value, and at most [`MOST`] bytes of it. Whether a value is well-formed is the parser's to say: here
//! only its end is looked for. The answer is metered on the way (`bounds`): its bytes as they arrive, its texts and levels
//! value by value.

use std::io::{self, Read};

use memchr::memchr2;

use crate::bounds::{Bounds, Excess, Gauge};

/// Bytes that are asked for at once.
const PIECE: usize = 128 << 10;

/// Most bytes of one value: a row with two texts of the longest kind, each of them escaped.
const MOST: usize = 2 << 20;

/// Why no further value comes.
#[derive(Debug)]
pub(super) enum Fault {
    /// The reader failed.
    Io(io::Error),
    /// It ended in the middle.
    Cut,
    /// Something else stands there than JSON has in that place.
    Unexpected(u8),
    /// The value is too large.
    TooLarge(Excess),
}

/// JSON on its way.
pub(super) struct Pieces<R> {
    reader: R,
    bounds: Bounds,
    buffer: Vec<u8>,
    /// What is not taken yet.
    start: usize,
    end: usize,
    /// Bytes that came in all.
    bytes: u64,
    /// The length of the last value, which lies before `start`.
    last: usize,
}

/// Where a look for the end of a value stands.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    levels: usize,
    in_text: bool,
    escaped: bool,
}

impl Look {
    /// Goes on with the next bytes; the number of those up to the end of the value, once it is among them.
    fn end_of_nested(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.in_text {
                if std::mem::take(&mut self.escaped) {
                    at += 1;
                    continue;
                }
                let found = memchr2(b'"', b'\\', bytes.get(at..)?)?;
                at += found;
                if bytes.get(at) == Some(&b'\\') {
                    self.escaped = true;
                } else {
                    self.in_text = false;
                    if self.levels == 0 {
                        return Some(at + 1);
                    }
                }
                at += 1;
                continue;
            }
            at += 1;
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.levels += 1,
                b'}' | b']' => {
                    self.levels = self.levels.saturating_sub(1);
                    if self.levels == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

impl<R: Read> Pieces<R> {
    /// Takes JSON from a reader, within bounds.
    pub(super) fn new(reader: R, bounds: Bounds) -> Self {
        Self { reader, bounds, buffer: vec![0; PIECE], start: 0, end: 0, bytes: 0, last: 0 }
    }

    /// Reads on; false at the end.
    fn fill(&mut self) -> Result<bool, Fault> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= MOST {
                self.gauge(0, self.end)?;
                return Err(Fault::TooLarge(Excess::Value(MOST)));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        loop {
            match self.reader.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(read) => {
                    self.end += read;
                    self.bytes += read as u64;
                    if self.bytes > self.bounds.bytes {
                        return Err(Fault::TooLarge(Excess::Bytes(self.bounds.bytes)));
                    }
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Io(error)),
            }
        }
    }

    /// Measures what lies in a part of the buffer.
    fn gauge(&self, start: usize, end: usize) -> Result<(), Fault> {
        let mut gauge = Gauge::new(self.bounds);
        gauge.take(self.buffer.get(start..end).unwrap_or_default()).map_err(Fault::TooLarge)
    }

    /// Goes on to what is no space.
    pub(super) fn skip_spaces(&mut self) -> Result<(), Fault> {
        self.peek().map(drop)
    }

    /// What arrived and is not taken yet.
    pub(super) fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes so many bytes, which are a value of short texts.
    pub(super) fn pass(&mut self, length: usize) {
        self.last = length;
        self.start = self.end.min(self.start + length);
    }

    /// Which byte of the answer a place in the last value is, from 1.
    pub(super) fn byte_of(&self, line: usize, column: usize) -> u64 {
        let value = self.buffer.get(self.start.saturating_sub(self.last)..self.start).unwrap_or_default();
        let lines = value.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1));
        let before = lines.map(<[u8]>::len).sum::<usize>() + column;
        let waiting = self.end - self.start;
        self.bytes.saturating_sub((waiting + self.last.saturating_sub(before)) as u64)
    }

    /// The next byte that is no space, and stays; none at the end.
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let waiting = self.buffer.get(self.start..self.end).unwrap_or_default();
            if let Some(spaces) = waiting.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
                self.start += spaces;
                return Ok(self.buffer.get(self.start).copied());
            }
            self.start = self.end;
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Takes a sign if it is the next.
    pub(super) fn takes(&mut self, sign: u8) -> Result<bool, Fault> {
        match self.peek()? {
            Some(found) if found == sign => {
                self.start += 1;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(Fault::Cut),
        }
    }

    /// Takes the sign that has to be the next.
    pub(super) fn take(&mut self, sign: u8) -> Result<(), Fault> {
        if self.takes(sign)? { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Fault {
        Fault::Unexpected(self.buffer.get(self.start).copied().unwrap_or_default())
    }

    /// Makes sure that nothing comes any more.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            None => Ok(()),
            Some(found) => Err(Fault::Unexpected(found)),
        }
    }

    /// Takes the next value.
    pub(super) fn value(&mut self) -> Result<&[u8], Fault> {
        let length = match self.peek()? {
            None => return Err(Fault::Cut),
            Some(b'{' | b'[' | b'"') => self.nested()?,
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => self.plain()?,
            Some(found) => return Err(Fault::Unexpected(found)),
        };
        let start = self.start;
        self.gauge(start, start + length)?;
        self.last = length;
        self.start += length;
        Ok(self.buffer.get(start..self.start).unwrap_or_default())
    }

    /// The length of an object, a list or a text.
    fn nested(&mut self) -> Result<usize, Fault> {
        let (mut look, mut seen) = (Look::default(), 0);
        loop {
            let fresh = self.buffer.get(self.start + seen..self.end).unwrap_or_default();
            if let Some(length) = look.end_of_nested(fresh) {
                return Ok(seen + length);
            }
            seen += fresh.len();
            if !self.fill()? {
                return Err(Fault::Cut);
            }
        }
    }

    /// The length of a number or a word.
    fn plain(&mut self) -> Result<usize, Fault> {
        let mut seen = 0;
        loop {
            let fresh = self.buffer.get(self.start + seen..self.end).unwrap_or_default();
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\n' | b'\r');
            if let Some(length) = fresh.iter().position(ends) {
                return Ok(seen + length);
            }
            seen += fresh.len();
            if !self.fill()? {
                return Ok(seen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::{Fault, MOST, Pieces};
    use crate::bounds::{Bounds, Excess};

    /// Hands out a few bytes at a time.
    struct Drops<'text>(&'text [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    #[test]
    fn values_come_whole_however_they_arrive() {
        let text = r#" [ {"a":"}]\"\\","b":[1,{"c":null}]} , "x\"]" ,-1.5e3,true , [] ] "#;
        for drop in 1..text.len() {
            let mut pieces = Pieces::new(Drops(text.as_bytes(), drop), Bounds::STREAM);
            pieces.take(b'[').unwrap();
            let mut values = Vec::new();
            loop {
                values.push(String::from_utf8(pieces.value().unwrap().to_vec()).unwrap());
                if !pieces.takes(b',').unwrap() {
                    break;
                }
            }
            pieces.take(b']').unwrap();
            pieces.end().unwrap();
            assert_eq!(
                values,
                [r#"{"a":"}]\"\\","b":[1,{"c":null}]}"#, r#""x\"]""#, "-1.5e3", "true", "[]"],
                "{drop} bytes at a time"
            );
        }
    }

    #[test]
    fn what_is_no_value_is_told_from_what_is_cut() {
        for cut in ["", " ", "{", r#"{"a":1"#, r#""a"#, r#""a\""#, "[[]"] {
            assert!(matches!(Pieces::new(cut.as_bytes(), Bounds::STREAM).value(), Err(Fault::Cut)), "{cut}");
        }
        for other in ["}", ",", ":", "\u{feff}1"] {
            assert!(
                matches!(Pieces::new(other.as_bytes(), Bounds::STREAM).value(), Err(Fault::Unexpected(_))),
                "{other}"
            );
        }
        let long = format!("[{}]", "1,".repeat(MOST));
        let refused = Pieces::new(long.as_bytes(), Bounds::STREAM).value().map(<[u8]>::len);
        assert!(matches!(refused, Err(Fault::TooLarge(Excess::Value(MOST)))), "{refused:?}");
    }
}
