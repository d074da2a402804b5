//! How a whole second country is kept, beside what happened to single units: which codes it has, whether names are in
//! capitals, and how often a name was touched twice.

use std::collections::BTreeSet;

use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

use super::corrupt::corrupt_by;
use super::random::Random;
use super::shapes::{self, shaped};
use super::spelling::without_accents;
use super::{Kind, Language, SecondCountry, synthetic};

/// Which codes the second country has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// So many of a hundred units have their code.
    Share(usize),
    /// Every code was made anew by the second office.
    Foreign,
    /// All are there, and half of them stand with another unit of the same parent.
    HalfExchanged,
}

/// How a second country is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) codes: Codes,
    /// Every name in capitals, without accents.
    pub(crate) capitals: bool,
    /// So many of a hundred names have a second corruption on top of the first.
    pub(crate) twice: usize,
}

/// Some codes, names as each district writes them.
pub(crate) const USUAL: Manner = Manner { codes: Codes::Share(40), capitals: false, twice: 0 };

/// The words for the country where codes are worth nothing.
pub(crate) const HALF_EXCHANGED: &str = "half of the codes exchanged";

/// A country with the words for it.
pub(crate) type Named = (&'static str, Metadata, SecondCountry);

/// Countries of other shapes and manners than the usual ones; those of the usual shape have about so many facilities.
pub(crate) fn hard_countries(seed: u64, facilities: usize) -> Vec<Named> {
    let manner = |codes, capitals, twice| Manner { codes, capitals, twice };
    let (english, french) = (Language::English, Language::French);
    [
        ("no codes over there", synthetic(english, seed, facilities), manner(Codes::Share(0), false, 0)),
        ("codes of its own over there", synthetic(french, seed + 1, facilities), manner(Codes::Foreign, false, 0)),
        ("every code over there", synthetic(english, seed + 2, facilities), manner(Codes::Share(100), false, 0)),
        (HALF_EXCHANGED, synthetic(french, seed + 3, facilities), manner(Codes::HalfExchanged, false, 0)),
        ("capitals, no codes", synthetic(french, seed + 4, facilities), manner(Codes::Share(0), true, 0)),
        ("names touched twice", synthetic(french, seed + 5, facilities), manner(Codes::Share(40), false, 60)),
        ("names touched twice, no codes", synthetic(english, seed + 6, facilities), manner(Codes::Share(0), false, 60)),
        ("flat, 100 for each parent", shaped(french, seed + 7, &shapes::FLAT), manner(Codes::Share(40), false, 20)),
        (
            "flat, 100 for each parent, no codes",
            shaped(english, seed + 8, &shapes::FLAT),
            manner(Codes::Share(0), false, 20),
        ),
        ("six levels", shaped(french, seed + 9, &shapes::DEEP), manner(Codes::Share(20), false, 20)),
        (
            "few names, many namesakes",
            shaped(english, seed + 10, &shapes::NAMESAKES),
            manner(Codes::Share(30), false, 10),
        ),
        (
            "few names, many namesakes, no codes",
            shaped(french, seed + 11, &shapes::NAMESAKES),
            manner(Codes::Share(0), false, 10),
        ),
    ]
    .into_iter()
    .map(|(words, source, manner)| {
        let second = corrupt_by(&source, seed, manner);
        (words, source, second)
    })
    .collect()
}

/// Applies to the whole country what its manner says.
pub(super) fn keep_in(manner: Manner, country: &mut SecondCountry, source: &Metadata, random: &mut Random) {
    if manner.capitals {
        for unit in country.destination.organisation_units.values_mut() {
            unit.name = without_accents(&unit.name).to_uppercase();
        }
    }
    match manner.codes {
        Codes::Share(_) => {}
        Codes::Foreign => {
            for (number, unit) in country.destination.organisation_units.values_mut().enumerate() {
                unit.code = Some(format!("{}", 10_000 + number));
            }
        }
        Codes::HalfExchanged => exchange_half(country, source, random),
    }
}

/// Half of the units that have their code exchange it with another one of the same parent.
fn exchange_half(country: &mut SecondCountry, source: &Metadata, random: &mut Random) {
    let mut open: BTreeSet<Uid> = country.truth.keys().copied().collect();
    for unit in source.organisation_units.values() {
        if !open.remove(&unit.id) || unit.code.is_none() || !random.chance(50) {
            continue;
        }
        let partner = open.iter().copied().find(|other| {
            let other = &source.organisation_units[other];
            other.parent() == unit.parent() && other.code.is_some()
        });
        let Some(partner) = partner else { continue };
        let targets = (country.truth[&unit.id], country.truth[&partner]);
        let plain = |kind| !matches!(kind, Kind::Renamed | Kind::Merged | Kind::CodesExchanged);
        let (Some(first), Some(second)) = (targets.0.destination, targets.1.destination) else { continue };
        if first == second || !plain(targets.0.kind) || !plain(targets.1.kind) {
            continue;
        }
        open.remove(&partner);
        let codes = (unit.code.clone(), source.organisation_units[&partner].code.clone());
        let units = &mut country.destination.organisation_units;
        units.get_mut(&first).unwrap().code = codes.1;
        units.get_mut(&second).unwrap().code = codes.0;
        for exchanged in [unit.id, partner] {
            country.truth.get_mut(&exchanged).unwrap().kind = Kind::CodesExchanged;
        }
    }
}
