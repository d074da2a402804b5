//! The org unit matcher, measured on countries that it was not tuned on, and held to its laws.

use std::collections::{BTreeMap, BTreeSet};

use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, MatchClass, OrgUnitMapping};
use xfer_domain::uid::Uid;
use xfer_matching::org_units::{MatchRules, propose};

use crate::support::second_country::{
    Figures, Fixture, HALF_EXCHANGED, Kind, Language, SecondCountry, corrupt, fixture, hard_countries, measure,
    synthetic,
};

fn country(language: Language, seed: u64) -> (Metadata, SecondCountry) {
    let source = synthetic(language, seed, 700);
    let second = corrupt(&source, seed);
    (source, second)
}

#[test]
fn sure_is_right_and_nearly_every_unit_is_found() {
    let mut figures = Figures::default();
    for (language, seed) in [(Language::English, 9_001), (Language::French, 9_002), (Language::French, 9_003)] {
        let (source, second) = country(language, seed);
        figures.add(&measure(&second, &propose(&source, &second.destination, &[], &MatchRules::default())));
    }
    assert!(figures.total().units > 2_000, "\n{figures}");
    assert!(figures.sure_precision() >= 99.5, "\n{figures}");
    assert!(figures.likely_precision() >= 95.0, "\n{figures}");
    assert!(figures.recall() >= 90.0, "\n{figures}");
}

#[test]
fn hard_countries_of_other_shapes_are_matched_as_well() {
    for (words, source, second) in hard_countries(60_600, 500) {
        let figures = measure(&second, &propose(&source, &second.destination, &[], &MatchRules::default()));
        assert!(figures.total().units > 400, "{words}\n{figures}");
        assert!(figures.sure_precision() >= 99.5, "{words}\n{figures}");
        assert!(figures.likely_precision() >= 95.0, "{words}\n{figures}");
        if words != HALF_EXCHANGED {
            assert!(figures.recall() >= 90.0, "{words}\n{figures}");
        }
        let exchanged = figures.by_kind.get(&Kind::CodesExchanged).copied().unwrap_or_default();
        if exchanged.units > 100 {
            // Nothing of it comes into force by itself, and the right unit is what a person is asked about.
            assert_eq!(exchanged.sure_right + exchanged.sure_wrong, 0, "{words}\n{figures}");
            assert!(exchanged.asked_right * 100 >= exchanged.units * 95, "{words}\n{figures}");
        }
    }
}

#[test]
fn names_that_people_gave_are_matched_as_well() {
    let mut figures = Figures::default();
    for which in [Fixture::Source, Fixture::Destination] {
        let source = fixture(which);
        for seed in 1..=4 {
            let second = corrupt(&source, 600 + seed);
            figures.add(&measure(&second, &propose(&source, &second.destination, &[], &MatchRules::default())));
        }
    }
    assert!(figures.total().units > 1_500, "\n{figures}");
    assert!(figures.sure_precision() >= 99.5, "\n{figures}");
    assert!(figures.recall() >= 90.0, "\n{figures}");
}

#[test]
fn two_units_share_a_destination_only_where_a_person_is_asked_or_allowed_it() {
    for seed in [11, 12] {
        let (source, second) = country(Language::English, seed);
        for many_to_one in [false, true] {
            let rules = MatchRules { many_to_one, ..MatchRules::default() };
            let rows = propose(&source, &second.destination, &[], &rules);
            let mut targets = BTreeSet::new();
            let unasked = rows.iter().filter(|row| row.class != Some(MatchClass::Ask));
            let shared = unasked.filter(|row| !targets.insert(row.destination)).count();
            assert!(many_to_one || shared == 0, "{shared} units share a destination");
            for row in &rows {
                assert!((0.0..=1.0).contains(&row.score.unwrap()), "{row:?}");
                assert!(!row.explanation.as_deref().unwrap_or_default().is_empty(), "{row:?}");
                assert_eq!(row.state, MappingState::Proposed);
            }
        }
    }
}

#[test]
fn other_ids_make_no_other_matches() {
    let (source, second) = country(Language::French, 21);
    // Only the kinds without ids in common can be held to this.
    let destination = renamed(&second.destination, "q");
    let renamed_source = renamed(&source, "p");
    let by_name = |rows: Vec<OrgUnitMapping>, source: &Metadata, destination: &Metadata| {
        rows.into_iter()
            .map(|row| {
                let target = row.destination.map(|id| destination.org_unit_path_names(id));
                (source.org_unit_path_names(row.source), target, row.class)
            })
            .collect::<BTreeSet<_>>()
    };
    let rules = MatchRules::default();
    let once = renamed(&second.destination, "s");
    let first = by_name(propose(&source, &once, &[], &rules), &source, &once);
    let second = by_name(propose(&renamed_source, &destination, &[], &rules), &renamed_source, &destination);
    let differing = first.symmetric_difference(&second).count();
    // Where two units are the same in everything but the id, the id decides which of them comes first.
    assert!(differing * 100 <= first.len(), "{differing} of {}", first.len());
    assert!(first.len() > 500);
}

#[test]
fn what_a_person_confirmed_stays_and_is_not_taken_again() {
    let (source, second) = country(Language::English, 31);
    let all = propose(&source, &second.destination, &[], &MatchRules::default());
    let confirmed: Vec<OrgUnitMapping> = all
        .iter()
        .step_by(3)
        .map(|row| OrgUnitMapping { state: MappingState::Confirmed, ..row.clone() })
        .filter(|row| row.class == Some(MatchClass::Sure))
        .collect();
    let decided: BTreeMap<Uid, Option<Uid>> = confirmed.iter().map(|row| (row.source, row.destination)).collect();
    let taken: BTreeSet<Option<Uid>> = decided.values().copied().collect();
    for row in propose(&source, &second.destination, &confirmed, &MatchRules::default()) {
        assert!(!decided.contains_key(&row.source));
        assert!(row.class == Some(MatchClass::Ask) || !taken.contains(&row.destination), "{row:?}");
    }
}

/// The same tree with other ids.
fn renamed(metadata: &Metadata, first: &str) -> Metadata {
    let mut names: Vec<&Uid> = metadata.organisation_units.keys().collect();
    names.sort_by_key(|id| metadata.org_unit_path_names(**id));
    let ids: BTreeMap<Uid, Uid> = names
        .iter()
        .enumerate()
        .map(|(number, id)| (**id, Uid::parse(&format!("{first}{number:010}")).unwrap()))
        .collect();
    let mut other = Metadata::default();
    for unit in metadata.organisation_units.values() {
        let mut unit = unit.clone();
        unit.id = ids[&unit.id];
        unit.path.iter_mut().for_each(|id| *id = ids[id]);
        other.organisation_units.insert(unit.id, unit);
    }
    other
}
