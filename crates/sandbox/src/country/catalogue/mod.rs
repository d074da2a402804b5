//! What the two systems count: data elements of both sides, and how a figure of the source becomes one of the
//! destination.
//!
//! One table for each side and one for the ways between them. The ways are of all kinds that real mappings have:
//! option by option, several options summed, one option alone, one element feeding two others, an element that the
//! destination holds in two data sets with two category combos.

mod destination;
mod routes;
mod source;

pub(super) use destination::{DESTINATION_ELEMENTS, DestinationElement};
pub(super) use routes::{INDICATORS, PROGRAM_INDICATOR_ROUTES, ROUTES, Route, Way};
pub(super) use source::{Amount, SOURCE_ELEMENTS, SourceElement};

/// The value type of all counts.
const COUNT: &str = "INTEGER_ZERO_OR_POSITIVE";

/// A data set of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceSet {
    /// Monthly: malaria, mothers, HIV.
    Care,
    /// Monthly: vaccinations.
    Vaccination,
    /// Monthly: drugs.
    Stock,
    /// Weekly: diseases under surveillance.
    Alert,
    /// Quarterly: people.
    Staff,
    /// Monthly, by who pays.
    Partner,
}

/// A data set of the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DestinationSet {
    /// Monthly: the national report.
    Report,
    /// Monthly: the malaria programme; shares elements with the national report.
    Malaria,
    /// Monthly: vaccinations.
    Vaccination,
    /// Monthly: drugs.
    Stock,
    /// Weekly: notifiable diseases.
    Alert,
    /// Quarterly: people.
    Staff,
    /// Monthly, by who pays.
    Partner,
    /// Monthly: aggregates of the patient registers.
    Register,
    /// Monthly: calculated figures.
    Indicator,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_way_has_both_ends_and_every_element_a_way() {
        let sources: BTreeSet<&str> = SOURCE_ELEMENTS.iter().map(|element| element.key).collect();
        let destinations: BTreeSet<&str> = DESTINATION_ELEMENTS.iter().map(|element| element.key).collect();
        assert_eq!((sources.len(), destinations.len()), (SOURCE_ELEMENTS.len(), DESTINATION_ELEMENTS.len()));
        let mut reached: BTreeSet<&str> = ROUTES.iter().map(|route| route.destination).collect();
        reached.extend(PROGRAM_INDICATOR_ROUTES.iter().map(|route| route.1));
        reached.extend(INDICATORS.iter().map(|indicator| indicator.destination));
        assert_eq!(reached, destinations);
        let left: BTreeSet<&str> = ROUTES.iter().map(|route| route.source).collect();
        assert_eq!(left, sources);
    }

    #[test]
    fn shares_refer_to_earlier_elements_of_the_same_combo() {
        for (position, element) in SOURCE_ELEMENTS.iter().enumerate() {
            if let Amount::Share(whole, low, high) = element.amount {
                let whole = SOURCE_ELEMENTS[..position].iter().find(|other| other.key == whole).unwrap();
                assert_eq!((whole.combo, whole.set), (element.combo, element.set), "{}", element.key);
                assert!(low <= high && high <= 100);
            }
        }
    }
}
