//! Reproducible chance: numbers that depend on the seed and on what they are for, and on nothing else.
//!
//! A value is drawn by hashing what it belongs to (element, facility, period), not by taking the next number of a
//! sequence. So adding an element, a month or a facility changes no other value.

/// A stable hash of the seed and the parts that a number is for (FNV-1a, finished as SplitMix64 does).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chance(u64);

impl Chance {
    /// The root of all chance of a country.
    pub(super) fn new(seed: u64) -> Self {
        Self(0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The chance of something that a text names.
    pub(super) fn of(self, part: &str) -> Self {
        let hash = part.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        // A separator, so that `ab` + `c` and `a` + `bc` differ.
        Self((hash ^ 0xff).wrapping_mul(0x0100_0000_01b3))
    }

    /// The chance of something that a number names.
    pub(super) fn at(self, part: u64) -> Self {
        Self((self.0 ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0x0100_0000_01b3).rotate_left(29))
    }

    /// Its number.
    pub(super) fn bits(self) -> u64 {
        let mut bits = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below a limit; 0 where the limit is 0.
    pub(super) fn below(self, limit: u64) -> u64 {
        self.bits().checked_rem(limit).unwrap_or(0)
    }

    /// Whether something happens that does so `times` in `of`.
    pub(super) fn happens(self, times: u64, of: u64) -> bool {
        self.below(of) < times
    }

    /// One entry of a list; none of an empty one.
    pub(super) fn pick<T>(self, list: &[T]) -> Option<&T> {
        let position = usize::try_from(self.below(list.len() as u64)).ok()?;
        list.get(position)
    }

    /// An id of eleven characters as DHIS2 makes them: a letter, then letters and digits.
    pub(super) fn uid(self) -> String {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        const LETTERS: u64 = 52;
        let letter = |choice: u64| char::from(ALPHABET[usize::try_from(choice).unwrap_or(0) % ALPHABET.len()]);
        let mut id = String::with_capacity(11);
        id.push(letter(self.of("first letter").below(LETTERS)));
        // Ten digits to the base 62 are less than 64 bits, so one number is enough for all of them.
        let mut bits = self.bits();
        for _ in 0..10 {
            id.push(letter(bits % 62));
            bits /= 62;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use xfer_domain::uid::Uid;

    #[test]
    fn chance_depends_on_seed_and_parts_alone() {
        let chance = Chance::new(1).of("a").at(2);
        assert_eq!(chance.bits(), Chance::new(1).of("a").at(2).bits());
        assert_ne!(chance.bits(), Chance::new(2).of("a").at(2).bits());
        assert_ne!(Chance::new(1).of("ab").of("c").bits(), Chance::new(1).of("a").of("bc").bits());
    }

    #[test]
    fn ids_are_ids_and_differ() {
        let ids: BTreeSet<String> = (0..10_000).map(|number| Chance::new(1).at(number).uid()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.parse::<Uid>().is_ok()));
    }

    #[test]
    fn numbers_are_spread_evenly() {
        let mut counts = [0_u32; 10];
        for number in 0..10_000 {
            counts[usize::try_from(Chance::new(7).of("x").at(number).below(10)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(Chance::new(1).below(0), 0);
        assert_eq!(Chance::new(1).pick::<u8>(&[]), None);
    }
}
