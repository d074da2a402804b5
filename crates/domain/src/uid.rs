//! DHIS2's identifiers.
//!
//! A UID is eleven ASCII characters: a letter, then ten letters or digits (`CodeGenerator.UID_REGEXP` in dhis2-core).
//! It is case-sensitive. Held inline and `Copy`: a transfer handles millions of them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// Length of every UID in characters, which is also its length in bytes.
pub const UID_LENGTH: usize = 11;

/// A DHIS2 identifier such as `HllvX50cXC0`.
#[derive(Clone, Copy)]
pub struct Uid([u8; UID_LENGTH]);

/// The text is no UID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a DHIS2 id (a letter followed by ten letters or digits)")]
pub struct UidError(pub String);

impl Fault for UidError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Uid {
    /// The category option combo `default`; every instance creates it under this id (`DefaultCategoryService`).
    pub const DEFAULT_OPTION_COMBO: Self = Self(*b"HllvX50cXC0");
    /// The category combo `default`; every instance creates it under this id (`DefaultCategoryService`).
    pub const DEFAULT_CATEGORY_COMBO: Self = Self(*b"bjDvmb4bfuf");

    /// Reads a UID; anything but its exact shape is refused.
    pub fn parse(text: &str) -> Result<Self, UidError> {
        let bytes: Option<[u8; UID_LENGTH]> = text.as_bytes().try_into().ok();
        bytes.and_then(Self::of_bytes).ok_or_else(|| UidError(text.to_owned()))
    }

    /// A UID of these letters and digits; none where they are not its exact shape.
    #[inline]
    pub fn of_bytes(bytes: [u8; UID_LENGTH]) -> Option<Self> {
        // All are looked at, which is faster than to stop at the first that is wrong.
        let well_formed =
            bytes.iter().fold(bytes[0].is_ascii_alphabetic(), |well, byte| well & byte.is_ascii_alphanumeric());
        well_formed.then_some(Self(bytes))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        // Always ASCII by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Uid {
    /// As two numbers, which overlap by a letter.
    #[inline]
    fn numbers(self) -> (u64, u32) {
        let (first, last) = (self.0.first_chunk::<8>(), self.0.last_chunk::<4>());
        (
            first.copied().map(u64::from_be_bytes).unwrap_or_default(),
            last.copied().map(u32::from_be_bytes).unwrap_or_default(),
        )
    }
}

impl PartialEq for Uid {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.numbers() == other.numbers()
    }
}

impl Eq for Uid {}

impl PartialOrd for Uid {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Uid {
    /// Letter by letter, which the numbers are in the order of.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers().cmp(&other.numbers())
    }
}

impl Hash for Uid {
    /// As two numbers: a hasher takes them in two steps, and eleven bytes in many.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (first, last) = self.numbers();
        state.write_u64(first);
        state.write_u32(last);
    }
}

impl FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, UidError> {
        Self::parse(text)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Uid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Uid;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a DHIS2 id")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Uid, E> {
                Uid::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::Uid;

    #[test]
    fn only_the_exact_shape_is_a_uid() {
        for good in ["HllvX50cXC0", "abcdefghijk", "Z0000000000"] {
            assert_eq!(Uid::parse(good).map(|uid| uid.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "1bcdefghijk", "abcdefghij", "abcdefghijkl", "abcdefghij-", "abcdefghié"] {
            assert!(Uid::parse(bad).is_err(), "{bad}");
        }
    }
}
