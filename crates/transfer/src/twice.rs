//! Duplicate values: a server that sends the same one twice is not trusted.
//!
//! An address is a source's own (data element, option combos, org unit, period), before any map: different source values
//! that go to one cell are added up, the same one never is. Org units and what stands in them are numbered as they come,
//! so that an address is two small numbers, and no two addresses are ever mixed up. Of a value's content a hash is kept,
//! keyed anew for each reading.

use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash};

use foldhash::quality;

use xfer_domain::hashed::Hashed;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    keyed: quality::RandomState,
    content: Hashed<u64, u64>,
}

/// How a value compares to what was seen of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Its address comes for the first time.
    Never,
    /// It was there with the same content.
    Same,
    /// It was there with another content.
    Other,
}

impl Seen {
    /// Notes a value by the numbers of its org unit and of what it is there; what was noted first stays.
    pub(crate) fn note<C: Hash>(&mut self, org_unit: u32, what: u32, content: &C) -> Before {
        let content = self.keyed.hash_one(content);
        match self.content.entry(u64::from(org_unit) << 32 | u64::from(what)) {
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
            assert_eq!(seen.note(number / 100, number % 100, &"a"), Before::Never);
        }
        assert_eq!(seen.note(0, 7, &"a"), Before::Same);
        assert_eq!(seen.note(0, 7, &"b"), Before::Other);
        assert_eq!(seen.note(0, 7, &"b"), Before::Other, "what came first stays");
        assert_eq!(seen.note(0, 7, &"a"), Before::Same);
    }
}
