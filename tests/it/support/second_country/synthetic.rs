//! Countries that do not exist, as their health ministries would have entered them.

use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::uid::Uid;

use super::random::Random;

/// The language that a country's facilities are named in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    French,
}

const ENGLISH_TYPES: &[(&str, usize)] = &[
    ("MCHP", 40),
    ("CHP", 30),
    ("CHC", 25),
    ("Clinic", 8),
    ("Hospital", 6),
    ("Govt. Hospital", 3),
    ("Health Centre", 8),
    ("Dispensary", 6),
    ("Under Fives Clinic", 2),
    ("Maternity Home", 2),
];
const FRENCH_TYPES: &[(&str, usize)] = &[
    ("Centre de Santé", 30),
    ("Dispensaire", 25),
    ("Hôpital", 6),
    ("Poste de Santé", 20),
    ("Centre de Santé Intégré", 10),
    ("Clinique", 6),
    ("Maternité", 5),
    ("Centre Médical", 4),
    ("Centre Hospitalier Universitaire", 1),
];
const ENGLISH_SYLLABLES: &[&str] = &[
    "ban", "da", "ju", "ma", "gbo", "ko", "lo", "fai", "ka", "ma", "bai", "ro", "kun", "ta", "yo", "ni", "sen", "ge",
    "hun", "pu", "je", "wa", "mo", "ya", "ba", "ki", "si", "le", "tho", "ngo", "fe", "ru", "bum", "pe", "wan", "jo",
];
const FRENCH_SYLLABLES: &[&str] = &[
    "mar", "bé", "lou", "vil", "gon", "ti", "cha", "bou", "ran", "mé", "sa", "kou", "dou", "gué", "lé", "ro", "pa",
    "fon", "né", "dja", "ka", "yé", "mon", "tou", "ban", "fo", "ra", "zin", "der", "ma", "gar", "oua", "ssi", "goh",
];
const SAINTS: &[&str] = &["Joseph", "Michel", "Jean", "Pierre", "Luc", "Paul", "Antoine"];
const SAINTESSES: &[&str] = &["Marie", "Anne", "Thérèse", "Claire"];

/// A country of about so many facilities: regions, districts, chiefdoms or communes, facilities.
pub(crate) fn synthetic(language: Language, seed: u64, facilities: usize) -> Metadata {
    let mut random = Random::new(seed ^ 0x00c0_ffee);
    let mut country = Metadata::default();
    let root = add(
        &mut country,
        &mut random,
        None,
        if language == Language::English { "Salonga" } else { "Baoulé" },
        Some("SL"),
    );
    let (regions, mut made) = ((facilities / 400).clamp(3, 12), 0);
    let districts = (facilities / 70).max(regions);
    for region in 0..regions {
        let name = place(language, &mut random);
        let region_name = if language == Language::English { format!("{name} Region") } else { name };
        let region_id = add(&mut country, &mut random, Some(root), &region_name, Some(&format!("R{region:02}")));
        for district in 0..districts / regions {
            let district_name = place(language, &mut random);
            let code = format!("R{region:02}D{district:02}");
            let district_id = add(&mut country, &mut random, Some(region_id), &district_name, Some(&code));
            let communes = 5 + random.below(4);
            for commune in 0..communes {
                let commune_name = place(language, &mut random);
                let full = if language == Language::English {
                    format!("{commune_name} Chiefdom")
                } else {
                    commune_name.clone()
                };
                let commune_code = format!("{code}C{commune:02}");
                let commune_id = add(&mut country, &mut random, Some(district_id), &full, Some(&commune_code));
                let share = (facilities - made.min(facilities)).div_ceil(1 + (districts - district) * communes * 2);
                let number = (facilities / (districts * communes)).max(3) + random.below(3 + share.min(3));
                let mut names = std::collections::BTreeSet::new();
                for facility in 0..number {
                    let name = facility_name(language, &mut random, &commune_name);
                    if names.insert(name.clone()) {
                        let code = random.chance(85).then(|| format!("{commune_code}F{facility:03}"));
                        add(&mut country, &mut random, Some(commune_id), &name, code.as_deref());
                        made += 1;
                    }
                }
            }
        }
    }
    country
}

pub(super) fn place(language: Language, random: &mut Random) -> String {
    let syllables = if language == Language::English { ENGLISH_SYLLABLES } else { FRENCH_SYLLABLES };
    let mut name: String = (0..2 + random.below(3)).map(|_| *random.pick(syllables)).collect();
    let first = name.remove(0);
    name.insert_str(0, &first.to_uppercase().to_string());
    name
}

pub(super) fn facility_name(language: Language, random: &mut Random, commune: &str) -> String {
    let place = match random.below(20) {
        0 if language == Language::French => format!("Saint {}", random.pick(SAINTS)),
        1 if language == Language::French => format!("Sainte {}", random.pick(SAINTESSES)),
        0 => format!("St. {}", random.pick(SAINTS)),
        2 => commune.to_owned(),
        3..=6 => format!("{} {}", place(language, random), place(language, random)),
        _ => place(language, random),
    };
    facility_of(language, random, place)
}

/// A facility of some type at a place, now and then the second one there.
pub(super) fn facility_of(language: Language, random: &mut Random, mut place: String) -> String {
    let types = if language == Language::English { ENGLISH_TYPES } else { FRENCH_TYPES };
    let mut ticket = random.below(types.iter().map(|(_, weight)| weight).sum());
    let mut kind = types[0].0;
    for (name, weight) in types {
        kind = name;
        if ticket < *weight {
            break;
        }
        ticket -= weight;
    }
    match random.below(40) {
        0 => place.push_str(" II"),
        1 => place.push_str(" 2"),
        2 => place.push_str(if language == Language::English { " Annex" } else { " Annexe" }),
        _ => {}
    }
    match language {
        Language::English => format!("{place} {kind}"),
        Language::French if random.chance(40) => format!("{kind} de {place}"),
        Language::French => format!("{kind} {place}"),
    }
}

/// Adds a unit below another.
pub(crate) fn add(
    country: &mut Metadata,
    random: &mut Random,
    parent: Option<Uid>,
    name: &str,
    code: Option<&str>,
) -> Uid {
    let id = Uid::parse(&random.uid()).unwrap();
    let mut path = parent.map(|parent| country.organisation_units[&parent].path.clone()).unwrap_or_default();
    path.push(id);
    let unit = OrganisationUnit {
        id,
        code: code.map(str::to_owned),
        name: name.to_owned(),
        short_name: None,
        path,
        opening_date: None,
        closed_date: None,
        attribute_values: Vec::new(),
    };
    country.organisation_units.insert(id, unit);
    id
}

/// A name that nobody has.
pub(crate) fn synthetic_name(random: &mut Random) -> String {
    format!("{} {}", place(Language::English, random), place(Language::French, random))
}
