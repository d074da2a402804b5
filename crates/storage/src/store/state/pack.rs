//! Numbers and texts one after another in a blob, each in as few bytes as it takes.

use crate::store::error::StoreError;
use crate::store::state::words::not_a;

/// Writes a number: seven bits in each byte, the lowest first; the eighth says that there are more.
pub(super) fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Writes the number of a word.
pub(super) fn push_word(bytes: &mut Vec<u8>, number: i64) {
    // Numbers of words are positive.
    push(bytes, number.unsigned_abs());
}

/// Writes a text that may be absent.
pub(super) fn push_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => push(bytes, 0),
        Some(text) => {
            push(bytes, text.len() as u64 + 1);
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

/// Reads what was written, in its order.
pub(super) struct Packed<'blob> {
    rest: &'blob [u8],
    length: usize,
}

impl<'blob> Packed<'blob> {
    /// Of a blob.
    pub(super) fn new(blob: &'blob [u8]) -> Self {
        Self { rest: blob, length: blob.len() }
    }

    /// Whether all was read.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next number.
    pub(super) fn number(&mut self) -> Result<u64, StoreError> {
        let (mut number, mut shift) = (0_u64, 0_u32);
        while let Some((byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
        Err(self.damaged())
    }

    /// The next number of a word.
    pub(super) fn word(&mut self) -> Result<i64, StoreError> {
        i64::try_from(self.number()?).map_err(|_| self.damaged())
    }

    /// The next text.
    pub(super) fn text(&mut self) -> Result<Option<String>, StoreError> {
        let Some(length) = self.number()?.checked_sub(1) else { return Ok(None) };
        let length = usize::try_from(length).map_err(|_| self.damaged())?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.damaged())?;
        self.rest = rest;
        match std::str::from_utf8(text) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(self.damaged()),
        }
    }

    fn damaged(&self) -> StoreError {
        not_a("list of cells", &format!("{} bytes", self.length))
    }
}
