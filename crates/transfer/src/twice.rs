//! Duplicate values: a server that sends the same one twice is not trusted.
//!
//! An address is a source's own (data element, option combos, org unit, period), before any map: different source values
//! that go to one cell are added up, the same one never is. Addresses are kept as hashes of 128 bits, keyed anew for each
//! reading, which takes a quarter of the memory; with a million of them the odds that two are mixed up are one in 10²⁶.
//! Half of the bits come from a hash that nobody can work against without its key, and the other half from a fast one of
//! another kind, so that what is alike to the one is not to the other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use foldhash::quality;

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Seen {
    keyed: RandomState,
    fast: quality::RandomState,
    content: HashMap<u128, u64, BuildHasherDefault<AsItIs>>,
}

/// What is a hash already is not hashed again.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
    }
}

/// How a value compares to what was seen of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Its address comes for the first time.
    Never,
    /// It was there with the same content.
    Same,
    /// It was there with another content.
    Other,
}

impl Seen {
    /// Notes a value; what was noted first stays.
    pub fn note<A: Hash, C: Hash>(&mut self, address: &A, content: &C) -> Before {
        let key = u128::from(self.keyed.hash_one(address)) << 64 | u128::from(self.fast.hash_one(address));
        let content = self.fast.hash_one(content);
        match self.content.entry(key) {
            Entry::Vacant(place) => {
                place.insert(content);
                Before::Never
            }
            Entry::Occupied(known) if *known.get() == content => Before::Same,
            Entry::Occupied(_) => Before::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Before, Seen};

    #[test]
    fn the_same_is_known_from_another() {
        let mut seen = Seen::default();
        for number in 0..10_000 {
            assert_eq!(seen.note(&number, &"a"), Before::Never);
        }
        assert_eq!(seen.note(&7, &"a"), Before::Same);
        assert_eq!(seen.note(&7, &"b"), Before::Other);
        assert_eq!(seen.note(&7, &"b"), Before::Other, "what came first stays");
        assert_eq!(seen.note(&7, &"a"), Before::Same);
    }
}
