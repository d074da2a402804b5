//! Identifiers that look random and are the same in every run: ids, session ids, token codes.

use sha2::{Digest, Sha256};

const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A source of identifiers; two instances that were asked the same things give the same answers.
#[derive(Debug, Clone, Default)]
pub struct Identifiers {
    given: u64,
}

impl Identifiers {
    /// An id: a letter, then ten letters or digits.
    pub fn uid(&mut self) -> String {
        self.code(11)
    }

    /// A code of letters and digits that starts with a letter.
    pub fn code(&mut self, length: usize) -> String {
        let mut code = String::with_capacity(length);
        while code.len() < length {
            for byte in self.bytes() {
                let alphabet = if code.is_empty() { &ALPHANUMERIC[10..] } else { ALPHANUMERIC };
                if code.len() < length {
                    code.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
                }
            }
        }
        code
    }

    /// A session id: 32 hexadecimal digits.
    pub fn session(&mut self) -> String {
        self.bytes().iter().take(16).fold(String::with_capacity(32), |mut id, byte| {
            let digits = b"0123456789ABCDEF";
            id.push(char::from(digits[usize::from(byte >> 4)]));
            id.push(char::from(digits[usize::from(byte & 15)]));
            id
        })
    }

    fn bytes(&mut self) -> [u8; 32] {
        self.given += 1;
        Sha256::digest(self.given.to_be_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xfer_domain::uid::Uid;

    #[test]
    fn identifiers_have_their_shape_and_differ() {
        let mut identifiers = Identifiers::default();
        let one = identifiers.uid();
        assert!(Uid::parse(&one).is_ok());
        assert_ne!(one, identifiers.uid());
        assert_eq!(identifiers.session().len(), 32);
        assert_eq!(identifiers.code(44).len(), 44);
    }
}
