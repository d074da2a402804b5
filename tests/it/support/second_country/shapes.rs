//! Countries of other shapes: flat ones with a hundred facilities for each parent, deep ones, and such as have only a
//! few dozen names for everything.

use std::collections::BTreeSet;

use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

use super::Language;
use super::random::Random;
use super::synthetic::{add, facility_name, facility_of, place};

/// The shape of a country.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// How many units lie below each one, level by level from the root.
    levels: &'static [usize],
    /// How many facilities each unit of the lowest level has, at least and more.
    facilities: (usize, usize),
    /// How many place names there are in all; each name is new where absent.
    names: Option<usize>,
    /// So many of a hundred units have a code.
    coded: usize,
}

/// Regions and facilities, nothing between.
pub(crate) const FLAT: Shape = Shape { levels: &[12], facilities: (90, 40), names: None, coded: 70 };

/// Root, four levels of administration, facilities.
pub(crate) const DEEP: Shape = Shape { levels: &[3, 4, 4, 5], facilities: (2, 6), names: None, coded: 60 };

/// The same sixty names everywhere.
pub(crate) const NAMESAKES: Shape = Shape { levels: &[6, 5, 4], facilities: (6, 6), names: Some(60), coded: 50 };

/// A country of a shape.
pub(crate) fn shaped(language: Language, seed: u64, shape: &Shape) -> Metadata {
    let mut random = Random::new(seed ^ 0x005e_ed00);
    let mut country = Metadata::default();
    let pool: Vec<String> = (0..shape.names.unwrap_or(0)).map(|_| place(language, &mut random)).collect();
    let root = add(&mut country, &mut random, None, "Tavora", Some("TV"));
    let mut above = vec![(root, "TV".to_owned(), String::new())];
    for (level, below) in shape.levels.iter().enumerate() {
        let mut next = Vec::new();
        for (parent, code, _) in &above {
            let mut taken = BTreeSet::new();
            for number in 0..*below {
                let name = place(language, &mut random);
                let code = format!("{code}{level}{number:02}");
                if taken.insert(name.clone()) {
                    let coded = random.chance(shape.coded).then_some(code.as_str());
                    let id = add(&mut country, &mut random, Some(*parent), &name, coded);
                    next.push((id, code, name));
                }
            }
        }
        above = next;
    }
    for (parent, code, name) in &above {
        facilities(&mut country, language, &mut random, shape, &pool, (*parent, code, name));
    }
    country
}

fn facilities(
    country: &mut Metadata,
    language: Language,
    random: &mut Random,
    shape: &Shape,
    pool: &[String],
    (parent, code, parent_name): (Uid, &str, &str),
) {
    let mut taken = BTreeSet::new();
    for number in 0..shape.facilities.0 + random.below(shape.facilities.1) {
        let name = if pool.is_empty() {
            facility_name(language, random, parent_name)
        } else {
            let place = random.pick(pool).clone();
            facility_of(language, random, place)
        };
        if taken.insert(name.clone()) {
            let code = format!("{code}-{number:03}");
            let coded = random.chance(shape.coded).then_some(code.as_str());
            add(country, random, Some(parent), &name, coded);
        }
    }
}
