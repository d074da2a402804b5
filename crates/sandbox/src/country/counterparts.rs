//! The facilities of the destination: what each facility of the source is called there, by what it is found, and those
//! that the source does not know.

use super::facilities::{Facility, Fate, Kind, communes, decide_fates, facility};
use super::places::{DEPARTMENTS, without_accents};
use crate::chance::Chance;

/// A facility of the destination.
#[derive(Debug, Clone)]
pub(super) struct Counterpart {
    /// Position of its department.
    pub(super) department: usize,
    /// Position of its commune in the department.
    pub(super) commune: usize,
    /// Its kind.
    pub(super) kind: Kind,
    /// Its name.
    pub(super) name: String,
    /// Its code.
    pub(super) code: Option<String>,
    /// Its id.
    pub(super) id: String,
    /// Its last day, where it is closed.
    pub(super) closed: Option<&'static str>,
    /// Whether diseases are reported weekly there.
    pub(super) sentinel: bool,
    /// Positions of the source facilities whose values belong there.
    pub(super) sources: Vec<usize>,
}

/// The facilities of both sides.
#[derive(Debug, Clone)]
pub(super) struct Facilities {
    /// Those of the source.
    pub(super) source: Vec<Facility>,
    /// Those of the destination.
    pub(super) destination: Vec<Counterpart>,
}

impl Facilities {
    /// So many facilities at the source, and their counterparts.
    pub(super) fn generate(chance: Chance, count: usize) -> Self {
        let mut source: Vec<Facility> = (0..count).map(|number| facility(chance, number)).collect();
        decide_fates(chance, &mut source);
        let destination = generate(chance, &source);
        Self { source, destination }
    }
}

/// The counterparts of all facilities, and a few newcomers.
fn generate(chance: Chance, facilities: &[Facility]) -> Vec<Counterpart> {
    let mut all = Vec::with_capacity(facilities.len());
    let mut guests = vec![Vec::new(); facilities.len()];
    for (position, facility) in facilities.iter().enumerate() {
        if let Fate::MergedInto(host) = facility.fate {
            guests[host].push(position);
        }
    }
    for (position, facility) in facilities.iter().enumerate() {
        if matches!(facility.fate, Fate::Missing | Fate::MergedInto(_)) {
            continue;
        }
        let mut counterpart = counterpart(chance, facility);
        counterpart.sources.push(position);
        counterpart.sources.append(&mut guests[position]);
        if facility.fate == Fate::Split {
            all.push(second_half(chance, facility, &counterpart));
            counterpart.name.push_str(" (SERVICES GENERAUX)");
        }
        all.push(counterpart);
    }
    all.extend((0..=facilities.len() / 50).map(|number| newcomer(chance, number)));
    all
}

fn counterpart(chance: Chance, facility: &Facility) -> Counterpart {
    let own = chance.of("counterpart").of(&facility.key);
    let same_id = facility.fate == Fate::SameId;
    let code = match facility.fate {
        Fate::SameCode | Fate::Closed | Fate::Moved | Fate::Split => Some(facility.key.clone()),
        // A code of its own, which no facility of the source has, or none.
        _ => own.of("code").happens(1, 3).then(|| format!("SNIS{:05}", own.of("number").below(100_000))),
    };
    let communes = DEPARTMENTS[facility.department].communes.len();
    let commune = if facility.fate == Fate::Moved { (facility.commune + 1) % communes } else { facility.commune };
    Counterpart {
        department: facility.department,
        commune,
        kind: facility.kind,
        name: written_there(own, facility),
        code,
        id: if same_id { facility.id.clone() } else { own.of("id").uid() },
        closed: (facility.fate == Fate::Closed).then_some("2026-06-30"),
        sentinel: facility.sentinel,
        sources: Vec::new(),
    }
}

/// The name as the destination writes it.
fn written_there(own: Chance, facility: &Facility) -> String {
    let plain = without_accents(&facility.name);
    let short = plain
        .replacen(&without_accents(facility.kind.title()), facility.kind.abbreviation(), 1)
        .replace("Sainte-", "STE ")
        .replace("Saint-", "ST ")
        .replace("Notre-Dame", "N.D.")
        .to_uppercase();
    let commune = without_accents(commune_name(facility)).to_uppercase();
    match (facility.fate, own.of("style").below(4)) {
        // Told apart from a namesake in the commune where it is now.
        (Fate::Renamed | Fate::Moved, _) => format!("{short} DE {commune}"),
        (Fate::SameName, 0) => facility.name.clone(),
        (Fate::SameName, 1) => plain,
        (Fate::SameName, _) | (_, 0) => plain.to_uppercase(),
        (_, 1) => facility.name.clone(),
        _ => short,
    }
}

fn commune_name(facility: &Facility) -> &'static str {
    DEPARTMENTS[facility.department].communes[facility.commune]
}

/// The part of a split facility that nothing of the source belongs to.
fn second_half(chance: Chance, facility: &Facility, first: &Counterpart) -> Counterpart {
    Counterpart {
        name: format!("{} (MATERNITE)", first.name),
        code: Some(format!("{}-B", facility.key)),
        id: chance.of("second half").of(&facility.key).uid(),
        sources: Vec::new(),
        ..first.clone()
    }
}

/// A facility that only the destination knows.
fn newcomer(chance: Chance, number: usize) -> Counterpart {
    let own = chance.of("newcomer").at(number as u64);
    let communes = communes();
    let (department, commune) = own.pick(&communes).copied().unwrap_or((0, 0));
    Counterpart {
        department,
        commune,
        kind: Kind::HealthCentre,
        name: format!("CLINIQUE PRIVEE DU PROGRES {}", number + 1),
        code: None,
        id: own.uid(),
        closed: None,
        sentinel: false,
        sources: Vec::new(),
    }
}
