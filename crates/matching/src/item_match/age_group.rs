//! Age groups, however they are written: `<15`, `0-14 ans`, `15 years and above`, `U5`.

use crate::figures::age::{Age, Unit};

/// Ages from a lower bound up to, but without, an upper bound, in days of months of 30 and years of 365 days: fine
/// enough to tell age groups apart, and the same for `<1 an` and `0-11 mois`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgeGroup {
    /// The youngest.
    pub from: Age,
    /// The first age that is too old; none where the group is open.
    pub before: Option<Age>,
}

/// The greatest age in years.
const OLDEST: u32 = 130;

/// The greatest number of days, weeks or months in an age group.
const MOST: u32 = 50_000;

/// Numbers that age groups have in words.
const NUMBERS: &[(&str, u32)] = &[
    ("un", 1),
    ("une", 1),
    ("one", 1),
    ("deux", 2),
    ("two", 2),
    ("cinq", 5),
    ("five", 5),
    ("dix", 10),
    ("ten", 10),
    ("quinze", 15),
    ("fifteen", 15),
    ("vingt", 20),
    ("twenty", 20),
    ("cinquante", 50),
    ("fifty", 50),
    ("soixante", 60),
    ("sixty", 60),
];

impl AgeGroup {
    /// Reads an age group: `<15`, `0-14 ans`, `under 15`, `15 years and above`, `12–23 mois`, `U5`. None for anything
    /// that says more or less than one.
    pub fn parse(name: &str) -> Option<Self> {
        let words = words(name);
        let mut numbers: Vec<(u32, Option<Unit>)> = Vec::new();
        let (mut below, mut up_to, mut above, mut from) = (false, false, false, false);
        let (mut range, mut starts) = (false, false);
        let mut skip = 0;
        for (index, word) in words.iter().enumerate() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let next = words.get(index + 1).map(String::as_str);
            let after = words.get(index + 2).map(String::as_str);
            let in_words = NUMBERS.iter().find(|(known, _)| known == word).map(|(_, number)| *number);
            if let Some(number) = word.parse::<u32>().ok().or(in_words) {
                numbers.push((number, None));
                continue;
            }
            // `50 y más`: the letter is a word.
            let joins = word == "y" && matches!(next, Some("mas" | "menos"));
            if let Some(unit) = Unit::named(word).filter(|_| !numbers.is_empty() && !joins) {
                numbers
                    .iter_mut()
                    .rev()
                    .take_while(|(_, known)| known.is_none())
                    .for_each(|entry| entry.1 = Some(unit));
                continue;
            }
            match (word.as_str(), next, after) {
                // Behind a number it could be read either way.
                ("<" | "<=" | "=<" | ">" | ">=" | "=>", ..) if !numbers.is_empty() => return None,
                ("<=" | "=<", ..) => up_to = true,
                ("<" | "under" | "u" | "below" | "inf" | "inferieur", ..) => below = true,
                ("moins" | "menor" | "menores" | "menos", Some("de" | "d" | "que"), _)
                | ("less" | "younger", Some("than"), _) => {
                    below = true;
                    skip = 1;
                }
                (">=" | "=>", ..) => from = true,
                (">" | "over" | "above" | "sup" | "superieur", ..) if numbers.is_empty() => above = true,
                ("plus" | "mayor" | "mayores" | "maior" | "maiores" | "mas" | "mais", Some("de" | "que"), _)
                | ("more" | "older", Some("than"), _)
                    if numbers.is_empty() =>
                {
                    above = true;
                    skip = 1;
                }
                (
                    "et" | "ou" | "and" | "or" | "&" | "y" | "e" | "o",
                    Some("plus" | "+" | "above" | "over" | "older" | "up" | "more" | "mas" | "mais"),
                    _,
                ) => {
                    from = true;
                    skip = 1;
                }
                (
                    "et" | "ou" | "and" | "or" | "y" | "e" | "o",
                    Some("moins" | "under" | "below" | "less" | "younger" | "menos"),
                    _,
                ) => {
                    up_to = true;
                    skip = 1;
                }
                ("hasta" | "ate", ..) if numbers.is_empty() => up_to = true,
                ("up", Some("to"), _) | ("jusqu" | "jusque", Some("a"), _) if numbers.is_empty() => {
                    up_to = true;
                    skip = 1;
                }
                // `from 5 to 9` is a range, `from 5` has no end.
                ("from", ..) if numbers.is_empty() => starts = true,
                ("a", Some("partir"), _) if numbers.is_empty() => {
                    from = true;
                    skip = 1;
                }
                ("+", ..) if numbers.is_empty() => from = true,
                ("+" | "plus", ..) if !numbers.is_empty() => from = true,
                ("-" | "to" | "a" | "au" | "et" | "and", ..) if !numbers.is_empty() => range = true,
                (
                    "age" | "ages" | "aged" | "old" | "de" | "d" | "revolus" | "entre" | "between" | "a" | "les"
                    | "enfant" | "enfants" | "child" | "children" | "group" | "groupe" | "grupo" | "edad" | "idade"
                    | "ninos" | "criancas",
                    ..,
                ) => {}
                _ => return None,
            }
        }
        Self::from_parts(&numbers, [below, up_to, above, from || (starts && !range)], range)
    }

    fn from_parts(numbers: &[(u32, Option<Unit>)], signs: [bool; 4], range: bool) -> Option<Self> {
        let [below, up_to, above, from] = signs;
        let signed = signs.iter().filter(|sign| **sign).count();
        // Without a unit ages are years, unless nobody grows so old: `CD4 <350`.
        if numbers.iter().any(|(number, unit)| *number > if unit.is_none() { OLDEST } else { MOST }) {
            return None;
        }
        let unit = |unit: Option<Unit>| unit.unwrap_or(Unit::Years);
        match numbers {
            [(number, of)] if signed == 1 && !range => {
                let of = unit(*of);
                let open = |from: u32| Some(Self { from: of.age(from), before: None });
                let closed = |before: u32| Some(Self { from: Unit::Years.age(0), before: Some(of.age(before)) });
                match () {
                    () if below => closed(*number),
                    () if up_to => closed(number + 1),
                    () if above => open(number + 1),
                    () if from => open(*number),
                    () => None,
                }
            }
            [(first, first_unit), (last, last_unit)] if range && signed == 0 => {
                let last_unit = unit(*last_unit);
                let group =
                    Self { from: first_unit.unwrap_or(last_unit).age(*first), before: Some(last_unit.age(last + 1)) };
                (Some(group.from) < group.before).then_some(group)
            }
            [(number, Some(of))] if signed == 0 && !range => {
                Some(Self { from: of.age(*number), before: Some(of.age(number + 1)) })
            }
            _ => None,
        }
    }
}

/// Lower-case words, numbers and signs, apart from each other: `5–14ANS` → `5 - 14 ans`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut kind = None;
    for character in name.chars() {
        let plain = match character {
            '≤' => "<=".to_owned(),
            '±' => "±".to_owned(),
            '≥' => ">=".to_owned(),
            '–' | '—' | '−' | '‐' | '‑' | '_' => "-".to_owned(),
            other => deunicode::deunicode_char(other).unwrap_or(" ").to_lowercase(),
        };
        for letter in plain.chars() {
            let of = match letter {
                '0'..='9' => Some('0'),
                'a'..='z' => Some('a'),
                '<' | '>' | '=' => Some('<'),
                '+' | '-' | '&' => Some(letter),
                _ => None,
            };
            match of {
                Some(of) if kind == Some(of) => words.last_mut().into_iter().for_each(|word| word.push(letter)),
                Some(_) => words.push(letter.to_string()),
                // `5 %` is no age, nor is `±5` or `5.5`.
                None if matches!(letter, '%' | '±' | '$' | '#' | '~') => words.push(letter.to_string()),
                None => {}
            }
            kind = of;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::AgeGroup;

    fn months(name: &str) -> Option<(u32, Option<u32>)> {
        AgeGroup::parse(name).map(|group| (group.from.months, group.before.map(|age| age.months)))
    }

    #[test]
    fn age_groups_are_read_however_they_are_written() {
        for name in [
            "<15",
            "< 15 ans",
            "0-14 ans",
            "0 à 14 ans",
            "under 15",
            "Under 15 years",
            "moins de 15 ans",
            "0–14 years",
            "0-14",
            "U15",
            "<15y",
            "Less than 15 years",
            "14 ans et moins",
            "<= 14 ans",
            "≤14 ans",
            "0 to 14 yrs",
            "Enfants de 0-14 ans",
            "below 15",
        ] {
            assert_eq!(months(name), Some((0, Some(180))), "{name}");
        }
        for name in [
            "15+",
            ">=15",
            "≥ 15 ans",
            "15 ans et plus",
            "15 ANS ET +",
            "15 years and above",
            "15 ou plus",
            "plus de 14 ans",
            "15 and over",
            "15+ years",
            ">14",
        ] {
            assert_eq!(months(name), Some((180, None)), "{name}");
        }
        assert_eq!(months("0-11 mois"), months("<1 an"));
        assert_eq!(months("0-11 months"), months("< 12 mois"));
        assert_eq!(months("12–23 mois"), Some((12, Some(24))));
        assert_eq!(months("6-59 mois"), Some((6, Some(60))));
        assert_eq!(months("6 mois - 5 ans"), Some((6, Some(72))));
        assert_eq!(months("5 A 14 ANS"), months("5-14 ans"));
        assert_eq!(months("U5"), months("Moins de 5 ans"));
        assert_eq!(months("1 an"), Some((12, Some(24))));
        assert_ne!(AgeGroup::parse("0-28 jours"), AgeGroup::parse("0-27 jours"));
    }

    #[test]
    fn what_is_no_age_group_is_none() {
        for name in ["Positif", "15", "PEPFAR", "BCG 1", "15-24 ans, femmes", "24-15 ans", "", "+", "de", "1-2-3 ans"] {
            assert_eq!(AgeGroup::parse(name), None, "{name}");
        }
    }
}
