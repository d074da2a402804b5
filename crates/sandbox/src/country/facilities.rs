//! The health facilities of the source, and what became of each at the destination.
//!
//! Two national systems never agree on their facilities: one copied ids once, most share the ministry's codes, others
//! only a name that each writes in its own way; some are closed, merged, split, moved or missing on one side. Every
//! one of these fates is here, in numbers that grow with the country, so that a mapping has something to do.

use super::places::{DEPARTMENTS, FACILITY_NAMES};
use crate::chance::Chance;

/// What kind of facility it is; decides what it reports and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Everything.
    Hospital,
    /// Everything but operations.
    HealthCentre,
    /// Malaria, antenatal care and stocks.
    Dispensary,
}

impl Kind {
    /// How many patients it sees, a dispensary being 1.
    pub(super) fn size(self) -> u64 {
        match self {
            Self::Hospital => 6,
            Self::HealthCentre => 3,
            Self::Dispensary => 1,
        }
    }

    /// The words before its name.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Hospital => "Hôpital",
            Self::HealthCentre => "Centre de santé",
            Self::Dispensary => "Dispensaire",
        }
    }

    /// What a national list makes of these words.
    pub(super) fn abbreviation(self) -> &'static str {
        match self {
            Self::Hospital => "HOP.",
            Self::HealthCentre => "C.S.",
            Self::Dispensary => "DISP.",
        }
    }
}

/// How a facility of the source is found at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Both have the same id.
    SameId,
    /// Both have the same code.
    SameCode,
    /// Both have the same name, but for accents and case.
    SameName,
    /// A person has to find it: neither id, code nor name.
    Renamed,
    /// Same code, but closed at the destination.
    Closed,
    /// Same code, but below another commune.
    Moved,
    /// Two at the destination: the code went to the first.
    Split,
    /// Part of another facility at the destination.
    MergedInto(usize),
    /// Not at the destination.
    Missing,
}

/// A facility of the source.
#[derive(Debug, Clone)]
pub(super) struct Facility {
    /// Position of its department.
    pub(super) department: usize,
    /// Position of its commune in the department.
    pub(super) commune: usize,
    /// Its kind.
    pub(super) kind: Kind,
    /// Its name.
    pub(super) name: String,
    /// What identifies it inside the generator; its code, where it has one.
    pub(super) key: String,
    /// Whether the source knows its code.
    pub(super) coded: bool,
    /// Its id.
    pub(super) id: String,
    /// What became of it at the destination.
    pub(super) fate: Fate,
    /// Whether it reports diseases weekly.
    pub(super) sentinel: bool,
}

/// Positions of all communes, so that facilities are dealt out evenly.
pub(super) fn communes() -> Vec<(usize, usize)> {
    let communes = |(number, department): (usize, &super::places::Department)| {
        (0..department.communes.len()).map(move |commune| (number, commune))
    };
    DEPARTMENTS.iter().enumerate().flat_map(communes).collect()
}

pub(super) fn facility(chance: Chance, number: usize) -> Facility {
    let communes = communes();
    let (department, commune) = communes[number % communes.len()];
    let turn = number / communes.len();
    let kind = match (turn, number % 5) {
        (0, 0) => Kind::Hospital,
        (0, 1..=3) => Kind::HealthCentre,
        (turn, _) if turn % 4 == 3 => Kind::HealthCentre,
        _ => Kind::Dispensary,
    };
    let key = format!("HT-{}-{:02}-{:03}", DEPARTMENTS[department].code, commune + 1, turn + 1);
    // A different start in every commune, then one after the other: no name comes twice in a commune.
    let first = chance.of("name").at(department as u64).at(commune as u64).below(FACILITY_NAMES.len() as u64);
    let place = usize::try_from(first).unwrap_or(0) + turn;
    let again = turn / FACILITY_NAMES.len();
    let suffix = if again == 0 { String::new() } else { format!(" {}", again + 1) };
    Facility {
        department,
        commune,
        kind,
        name: format!("{} {}{suffix}", kind.title(), FACILITY_NAMES[place % FACILITY_NAMES.len()]),
        coded: !chance.of("source code").of(&key).happens(1, 16),
        id: chance.of("source unit").of(&key).uid(),
        fate: Fate::SameName,
        sentinel: kind != Kind::Dispensary && chance.of("sentinel").of(&key).happens(2, 5),
        key,
    }
}

/// Deals out the rare fates first, in fixed numbers, then the common ones by chance.
pub(super) fn decide_fates(chance: Chance, facilities: &mut [Facility]) {
    let count = facilities.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|position| chance.of("fate").of(&facilities[*position].key).bits());
    let mut decided = vec![false; count];
    let rare = [
        (Fate::Split, 1 + count / 400, Some(Kind::Hospital)),
        (Fate::MergedInto(0), 2 + count / 200, Some(Kind::Dispensary)),
        (Fate::Missing, 1 + count / 50, Some(Kind::Dispensary)),
        (Fate::Closed, 1 + count / 80, None),
        (Fate::Moved, 1 + count / 160, None),
        (Fate::Renamed, 1 + count / 12, None),
    ];
    for (fate, wanted, kind) in rare {
        let mut left = wanted;
        for &position in &order {
            let suits = !decided[position] && kind.is_none_or(|kind| facilities[position].kind == kind);
            if left == 0 || !suits {
                continue;
            }
            let fate = match fate {
                Fate::MergedInto(_) => match host(facilities, &decided, position) {
                    // The one that takes it in keeps a fate that is found by code.
                    Some(host) => {
                        decided[host] = true;
                        facilities[host].fate = Fate::SameCode;
                        facilities[host].coded = true;
                        Fate::MergedInto(host)
                    }
                    None => continue,
                },
                other => other,
            };
            facilities[position].fate = fate;
            facilities[position].coded |= matches!(fate, Fate::Closed | Fate::Moved | Fate::Split);
            decided[position] = true;
            left -= 1;
        }
    }
    for position in 0..count {
        if !decided[position] {
            facilities[position].fate = common_fate(chance, &facilities[position]);
        }
    }
}

/// An undecided health centre or hospital of the same commune.
fn host(facilities: &[Facility], decided: &[bool], guest: usize) -> Option<usize> {
    let at = |position: usize| (facilities[position].department, facilities[position].commune);
    (0..facilities.len()).find(|&position| {
        !decided[position] && at(position) == at(guest) && facilities[position].kind != Kind::Dispensary
    })
}

fn common_fate(chance: Chance, facility: &Facility) -> Fate {
    match chance.of("common fate").of(&facility.key).below(100) {
        0..8 => Fate::SameId,
        8..90 if facility.coded => Fate::SameCode,
        _ => Fate::SameName,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::country::counterparts::Facilities;

    fn count(facilities: &Facilities, fate: impl Fn(Fate) -> bool) -> usize {
        facilities.source.iter().filter(|facility| fate(facility.fate)).count()
    }

    #[test]
    fn every_fate_occurs_and_most_are_found_by_code() {
        let all = Facilities::generate(Chance::new(1), 160);
        assert_eq!(all.source.len(), 160);
        let shared_codes = all
            .source
            .iter()
            .filter(|facility| {
                facility.coded && all.destination.iter().any(|own| own.code.as_ref() == Some(&facility.key))
            })
            .count();
        assert!((88..=112).contains(&shared_codes), "{shared_codes} of 160 share a code");
        assert!(count(&all, |fate| fate == Fate::SameId) >= 6);
        assert!(count(&all, |fate| fate == Fate::SameName) >= 15);
        assert!(count(&all, |fate| fate == Fate::Renamed) >= 10);
        assert_eq!(count(&all, |fate| fate == Fate::Missing), 4);
        assert_eq!(count(&all, |fate| fate == Fate::Closed), 3);
        assert_eq!(count(&all, |fate| matches!(fate, Fate::MergedInto(_))), 2);
        assert_eq!(count(&all, |fate| fate == Fate::Split), 1);
        assert_eq!(count(&all, |fate| fate == Fate::Moved), 2);
        assert!(all.source.iter().any(|facility| !facility.coded));
    }

    #[test]
    fn ids_codes_and_names_below_a_commune_are_unique() {
        for size in [30, 160, 1000] {
            let all = Facilities::generate(Chance::new(3), size);
            let mut seen = BTreeSet::new();
            for facility in &all.source {
                assert!(seen.insert(facility.id.clone()));
                assert!(seen.insert(facility.key.clone()));
                assert!(seen.insert(format!("{}/{}/{}", facility.department, facility.commune, facility.name)));
            }
            let mut seen = BTreeSet::new();
            for own in &all.destination {
                assert!(seen.insert(own.id.clone()));
                assert!(own.code.clone().is_none_or(|code| seen.insert(code)));
                assert!(seen.insert(format!("{}/{}/{}", own.department, own.commune, own.name)), "{own:?}");
            }
        }
    }

    #[test]
    fn each_source_facility_belongs_to_one_destination_facility_at_most() {
        let all = Facilities::generate(Chance::new(1), 160);
        let mut placed: Vec<usize> = all.destination.iter().flat_map(|own| own.sources.clone()).collect();
        placed.sort_unstable();
        let expected: Vec<usize> = (0..160).filter(|position| all.source[*position].fate != Fate::Missing).collect();
        assert_eq!(placed, expected);
    }
}
