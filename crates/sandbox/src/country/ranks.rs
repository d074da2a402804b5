//! Ids by their place in alphabetical order, so that keys are compared as numbers.
//!
//! Stored values are ordered by five ids each. Sorting tens of thousands of them as texts is what making a country
//! would take longest for; as numbers it takes next to nothing.

use std::collections::HashMap;

/// The places of some texts among themselves.
#[derive(Debug)]
pub(super) struct Ranks<'a> {
    sorted: Vec<&'a str>,
    places: HashMap<&'a str, u32>,
}

impl<'a> Ranks<'a> {
    /// Places of these texts; each counts once.
    pub(super) fn of(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sorted: Vec<&str> = texts.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let places = sorted.iter().zip(0..).map(|(text, place)| (*text, place)).collect();
        Self { sorted, places }
    }

    /// The place of a text; none where it was not among them.
    pub(super) fn place(&self, text: &str) -> Option<u32> {
        self.places.get(text).copied()
    }

    /// The text of a place; empty where there is none.
    pub(super) fn text(&self, place: u32) -> &'a str {
        usize::try_from(place).ok().and_then(|place| self.sorted.get(place)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_alphabetical_order() {
        let ranks = Ranks::of(["b", "a", "b", "C"]);
        assert_eq!(["C", "a", "b", "d"].map(|text| ranks.place(text)), [Some(0), Some(1), Some(2), None]);
        assert_eq!((ranks.text(1), ranks.text(9)), ("a", ""));
    }
}
