//! Corrupts a tree. Each facility gets one kind of corruption, and on top of it the style of its district, which is
//! not kept everywhere.

use std::collections::{BTreeMap, BTreeSet};

use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::uid::Uid;

use super::manner::{Codes, Manner, USUAL, keep_in};
use super::random::Random;
use super::spelling::{abbreviated, initialled, parts, punctuated, reordered, slipped, upgraded, without_accents};
use super::{Kind, SecondCountry, Truth};

/// Kinds with how often each comes, of a thousand facilities.
const KINDS: &[(Kind, usize)] = &[
    (Kind::Unchanged, 190),
    (Kind::AccentsAndCase, 90),
    (Kind::Punctuation, 50),
    (Kind::WordOrder, 40),
    (Kind::TypeShortened, 120),
    (Kind::TypeMoved, 60),
    (Kind::TypeDropped, 40),
    (Kind::Brackets, 35),
    (Kind::Prefix, 35),
    (Kind::Suffix, 35),
    (Kind::Abbreviation, 40),
    (Kind::Typo, 80),
    (Kind::Renamed, 20),
    (Kind::CodeMissing, 20),
    (Kind::CodeChanged, 15),
    (Kind::CodesExchanged, 10),
    (Kind::Moved, 20),
    (Kind::Merged, 8),
    (Kind::Split, 10),
    (Kind::Halved, 6),
    (Kind::Closed, 15),
    (Kind::Missing, 30),
    (Kind::NearTwin, 12),
    (Kind::Namesake, 10),
    (Kind::SameId, 15),
    (Kind::Upgraded, 12),
    (Kind::Joined, 15),
    (Kind::Initials, 12),
];

/// How a district's office writes names.
#[derive(Debug, Clone, Copy)]
enum Style {
    Plain,
    Capitals,
    TypeShort,
    TypeLast,
    TypeBracketed,
    Initials,
    WithoutAccents,
}

const STYLES: &[Style] = &[
    Style::Plain,
    Style::Plain,
    Style::Capitals,
    Style::TypeShort,
    Style::TypeShort,
    Style::TypeLast,
    Style::TypeBracketed,
    Style::Initials,
    Style::WithoutAccents,
];

/// A district keeps its style for so many of a hundred facilities.
const KEPT: usize = 80;

struct Maker<'source> {
    source: &'source Metadata,
    manner: Manner,
    /// So many of a hundred units have their code over there.
    coded: usize,
    random: Random,
    ids: BTreeMap<Uid, Uid>,
    /// The parent over there of each unit over there.
    parents: BTreeMap<Uid, Option<Uid>>,
    names: BTreeMap<Uid, (String, Option<String>, bool)>,
    truth: BTreeMap<Uid, Truth>,
}

/// Makes the second country of a source.
pub(crate) fn corrupt(source: &Metadata, seed: u64) -> SecondCountry {
    corrupt_by(source, seed, USUAL)
}

/// Makes a second country that is kept in a certain manner.
pub(super) fn corrupt_by(source: &Metadata, seed: u64, manner: Manner) -> SecondCountry {
    let mut maker = Maker {
        source,
        manner,
        coded: if let Codes::Share(share) = manner.codes { share } else { 100 },
        random: Random::new(seed),
        ids: BTreeMap::new(),
        parents: BTreeMap::new(),
        names: BTreeMap::new(),
        truth: BTreeMap::new(),
    };
    let mut units: Vec<&OrganisationUnit> = source.organisation_units.values().collect();
    units.sort_by_key(|unit| (unit.level(), unit.path.clone()));
    let with_children: BTreeSet<Uid> = units.iter().filter_map(|unit| unit.parent()).collect();
    let (upper, facilities): (Vec<_>, Vec<_>) = units.into_iter().partition(|unit| with_children.contains(&unit.id));
    maker.upper_units(&upper);
    let mut by_parent: BTreeMap<Option<Uid>, Vec<&OrganisationUnit>> = BTreeMap::new();
    for facility in facilities {
        by_parent.entry(facility.parent()).or_default().push(facility);
    }
    for siblings in by_parent.values() {
        maker.siblings(siblings);
    }
    let mut random = maker.random.clone();
    let mut country = maker.finish();
    keep_in(manner, &mut country, source, &mut random);
    country
}

impl Maker<'_> {
    fn fresh(&mut self) -> Uid {
        Uid::parse(&self.random.uid()).unwrap()
    }

    fn put(&mut self, id: Uid, parent: Option<Uid>, name: String, code: Option<String>) {
        self.parents.insert(id, parent);
        self.names.insert(id, (name, code, false));
    }

    /// Regions, districts, communes: names in the office's style; one commune in fifteen is taken out, and the third
    /// region has a level more.
    fn upper_units(&mut self, units: &[&OrganisationUnit]) {
        let mut zones: BTreeMap<Uid, Vec<Uid>> = BTreeMap::new();
        let deepest = units.iter().map(|unit| unit.level()).max().unwrap_or(1);
        for unit in units {
            let above = unit.parent().and_then(|parent| self.ids.get(&parent).copied());
            if unit.level() == deepest && deepest > 2 && self.random.chance(6) {
                self.ids.insert(unit.id, above.unwrap());
                self.truth.insert(unit.id, Truth { destination: None, kind: Kind::LevelRemoved });
                continue;
            }
            let id = self.fresh();
            let mut parent = above;
            if unit.level() == 3 && unit.path[1].as_str().as_bytes()[10].is_multiple_of(3) {
                // A level more: zones between region and district.
                let region = above.unwrap();
                let zones = zones.entry(region).or_default();
                if zones.len() < 2 {
                    let zone = Uid::parse(&self.random.uid()).unwrap();
                    zones.push(zone);
                    self.parents.insert(zone, Some(region));
                    self.names.insert(zone, (format!("Zone {}", zones.len()), None, false));
                }
                parent = Some(*self.random.pick(zones));
            }
            let name = match self.random.below(6) {
                0 => unit.name.to_uppercase(),
                1 => without_accents(&unit.name).to_uppercase(),
                2 if unit.level() == 3 => format!("{} District", unit.name),
                2 => unit.name.replace(" Chiefdom", ""),
                3 => punctuated(&unit.name, &mut self.random),
                4 if self.random.chance(40) => slipped(&unit.name, &mut self.random),
                _ => unit.name.clone(),
            };
            let code = unit.code.clone().filter(|_| self.random.chance(self.coded));
            self.ids.insert(unit.id, id);
            self.put(id, parent, name, code);
            self.truth.insert(unit.id, Truth { destination: Some(id), kind: Kind::UpperUnit });
        }
    }

    /// The facilities of one parent.
    fn siblings(&mut self, facilities: &[&OrganisationUnit]) {
        let style = *self.random.pick(STYLES);
        let mut taken_names: BTreeSet<String> = BTreeSet::new();
        let mut skip: BTreeSet<Uid> = BTreeSet::new();
        for (index, facility) in facilities.iter().enumerate() {
            if skip.contains(&facility.id) {
                continue;
            }
            let mut kind = self.kind(facility);
            let next = facilities.get(index + 1).copied();
            if matches!(kind, Kind::CodesExchanged | Kind::Merged)
                && next.is_none_or(|next| next.code.is_none() || facility.code.is_none())
            {
                kind = Kind::Unchanged;
            }
            let parent = facility.parent().and_then(|parent| self.ids.get(&parent).copied());
            let id = if kind == Kind::SameId { facility.id } else { self.fresh() };
            let (mut name, mut code) = self.corrupted(facility, kind);
            if self.random.chance(KEPT) && !matches!(kind, Kind::Unchanged if self.random.chance(35)) {
                name = self.styled(&name, style);
            }
            if self.random.chance(self.manner.twice) {
                name = self.again(&name);
            }
            let mut truth = Some(id);
            match kind {
                Kind::Missing => {
                    self.truth.insert(facility.id, Truth { destination: None, kind });
                    continue;
                }
                Kind::NearTwin => {
                    name.push_str(self.random.pick::<&str>(&[" II", " Annex", " 2", " B"]));
                    truth = None;
                    code = None;
                }
                Kind::CodesExchanged => {
                    let next = next.unwrap();
                    skip.insert(next.id);
                    let other = self.fresh();
                    let other_name = self.styled(&next.name, style);
                    self.put(other, parent, other_name, facility.code.clone());
                    self.truth.insert(next.id, Truth { destination: Some(other), kind });
                    code.clone_from(&next.code);
                }
                Kind::Merged => {
                    let next = next.unwrap();
                    skip.insert(next.id);
                    self.truth.insert(next.id, Truth { destination: Some(id), kind });
                }
                Kind::Split => {
                    let second = self.fresh();
                    self.put(second, parent, format!("{name} II"), None);
                }
                Kind::Halved => {
                    let second = self.fresh();
                    let (one, other) = *self.random.pick(HALVES);
                    self.put(second, parent, format!("{name} {other}"), None);
                    name = format!("{name} {one}");
                    truth = None;
                    code = None;
                }
                _ => {}
            }
            let place = match kind {
                Kind::Moved | Kind::Namesake => self.another_parent(parent),
                _ => parent,
            };
            if kind == Kind::Namesake {
                truth = None;
                code = None;
            }
            if !taken_names.insert(name.clone()) && place == parent {
                name.push_str(" (autre)");
            }
            self.put(id, place, name, code);
            self.names.get_mut(&id).unwrap().2 = kind == Kind::Closed;
            self.truth.insert(facility.id, Truth { destination: truth, kind });
            if self.random.chance(3) {
                let new = self.fresh();
                let name =
                    format!("{} {}", slipped(&reordered(&facility.name), &mut self.random), self.random.below(90) + 10);
                self.put(new, parent, name, None);
            }
        }
    }

    /// A kind that can be done to this facility.
    fn kind(&mut self, facility: &OrganisationUnit) -> Kind {
        let mut ticket = self.random.below(KINDS.iter().map(|(_, weight)| weight).sum());
        let mut kind = Kind::Unchanged;
        for (candidate, weight) in KINDS {
            if ticket < *weight {
                kind = *candidate;
                break;
            }
            ticket -= weight;
        }
        let parts = parts(&facility.name);
        let possible = match kind {
            Kind::TypeShortened | Kind::TypeMoved | Kind::TypeDropped | Kind::Brackets | Kind::Upgraded => {
                parts.kind.is_some()
            }
            Kind::Renamed => facility.code.is_some() && self.coded > 0,
            Kind::CodeChanged => facility.code.is_some(),
            Kind::Halved => !facility.name.to_lowercase().contains("mat"),
            Kind::Joined | Kind::Initials | Kind::WordOrder => parts.rest.split(' ').count() > 1,
            Kind::Abbreviation => abbreviated(&facility.name, WORDS, &mut self.random.clone()).is_some(),
            _ => true,
        };
        if possible { kind } else { Kind::AccentsAndCase }
    }

    fn corrupted(&mut self, facility: &OrganisationUnit, kind: Kind) -> (String, Option<String>) {
        let name = facility.name.clone();
        let kept = facility.code.clone().filter(|_| self.random.chance(self.coded));
        let random = &mut self.random;
        let parts = parts(&name);
        match kind {
            Kind::AccentsAndCase if random.chance(50) => (without_accents(&name).to_uppercase(), kept),
            Kind::AccentsAndCase => (without_accents(&name).to_lowercase(), kept),
            Kind::Punctuation => (punctuated(&name, random), kept),
            Kind::WordOrder => {
                let rest = reordered(&parts.rest);
                (super::spelling::Parts { rest, ..parts }.join_as_written(), kept)
            }
            Kind::TypeShortened => (parts.join(&parts.short(random), parts.kind_first), kept),
            Kind::TypeMoved => (parts.join(&parts.written, !parts.kind_first), kept),
            Kind::TypeDropped => (parts.rest, kept),
            Kind::Brackets => (parts.join(&format!("({})", parts.short(random)), random.chance(30)), kept),
            Kind::Prefix => {
                let prefix = *random.pick(&["HT ", "SL-", "01 ", "12. ", "K1 ", "BO - "]);
                (format!("{prefix}{name}"), kept)
            }
            Kind::Suffix => {
                let parent = facility.parent().map(|parent| self.source.name_of(parent)).unwrap_or_default();
                let district = parent.replace(" Chiefdom", "");
                let random = &mut self.random;
                (
                    match random.below(3) {
                        0 => format!("{name} - {district}"),
                        1 => format!("{name} ({district})"),
                        _ => format!("{name}, {}", random.pick(&["Govt", "public", "MSPP", "rural"])),
                    },
                    kept,
                )
            }
            Kind::Abbreviation => (abbreviated(&name, WORDS, random).unwrap_or(name), kept),
            Kind::Typo => (slipped(&name, random), kept),
            Kind::Renamed => {
                let other = super::synthetic::synthetic_name(random);
                (format!("{} {other}", parts.written).trim().to_owned(), facility.code.clone())
            }
            Kind::Upgraded => {
                let written = upgraded(&parts, random);
                (parts.join(&written, parts.kind_first), kept)
            }
            Kind::Joined => {
                let rest = parts.rest.replacen(' ', "", 1);
                (super::spelling::Parts { rest, ..parts }.join_as_written(), kept)
            }
            Kind::Initials => {
                let rest = initialled(&parts.rest);
                (super::spelling::Parts { rest, ..parts }.join_as_written(), kept)
            }
            Kind::CodeMissing => (name, None),
            Kind::CodeChanged => (name, Some(format!("X{}", random.below(1_000_000)))),
            _ => (name, kept),
        }
    }

    fn styled(&mut self, name: &str, style: Style) -> String {
        let parts = parts(name);
        let random = &mut self.random;
        match style {
            Style::Capitals => name.to_uppercase(),
            Style::WithoutAccents => without_accents(name),
            Style::TypeShort => parts.join(&parts.short(random), parts.kind_first),
            Style::TypeLast => parts.join(&parts.written, false),
            Style::TypeBracketed if parts.kind.is_some() => parts.join(&format!("({})", parts.short(random)), false),
            Style::Initials => format!("KD {name}"),
            Style::Plain | Style::TypeBracketed => name.to_owned(),
        }
    }

    /// A second corruption on top of the first, of those that leave the name readable.
    fn again(&mut self, name: &str) -> String {
        let random = &mut self.random;
        match random.below(6) {
            0 => without_accents(name).to_uppercase(),
            1 => punctuated(name, random),
            2 => slipped(name, random),
            3 => {
                let parts = parts(name);
                parts.join(&parts.short(random), !parts.kind_first)
            }
            4 => abbreviated(name, WORDS, random).unwrap_or_else(|| name.to_lowercase()),
            _ => format!("{name} "),
        }
    }

    /// Another parent of the same level, anywhere.
    fn another_parent(&mut self, parent: Option<Uid>) -> Option<Uid> {
        let deepest = self.source.organisation_units.values().map(OrganisationUnit::level).max().unwrap_or(2);
        let mut others: Vec<Uid> = self
            .truth
            .iter()
            .filter(|(id, truth)| {
                truth.kind == Kind::UpperUnit && self.source.organisation_units[id].level() + 1 == deepest
            })
            .filter_map(|(_, truth)| truth.destination)
            .filter(|other| Some(*other) != parent)
            .collect();
        others.sort_unstable();
        if others.is_empty() { parent } else { Some(*self.random.pick(&others)) }
    }

    fn finish(self) -> SecondCountry {
        let mut destination = Metadata::default();
        for (id, (name, code, closed)) in &self.names {
            let mut path = vec![*id];
            let mut above = self.parents[id];
            while let Some(parent) = above {
                path.push(parent);
                above = self.parents[&parent];
            }
            path.reverse();
            destination.organisation_units.insert(
                *id,
                OrganisationUnit {
                    id: *id,
                    code: code.clone(),
                    name: name.clone(),
                    short_name: None,
                    path,
                    opening_date: None,
                    closed_date: closed.then(|| "2025-12-31".parse().unwrap()),
                    attribute_values: Vec::new(),
                },
            );
        }
        SecondCountry { destination, truth: self.truth }
    }
}

/// What the halves of a unit are called.
const HALVES: &[(&str, &str)] =
    &[("(maternité)", "(services généraux)"), ("Nord", "Sud"), ("A", "B"), ("East", "West"), ("Market", "Wharf")];

const WORDS: &[&str] = &["saint", "sainte", "st.", "govt.", "notre", "ii", "2", "annex", "annexe"];
