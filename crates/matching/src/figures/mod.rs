//! Numbers and signs in names, and whether two names mean the same.
//!
//! `Décès < 5 ans` and `Décès > 5 ans` differ in one sign, and are the opposite of each other. So a name is read as
//! words, figures and signs. Spellings of one range are one (`<5`, `moins de 5`, `under 5`; `5+`, `≥5`, `5 et plus`;
//! `0-4`, `0 – 4`, `0 à 4`), and nothing else is: not `<5` and `>5`, not `10-14` and `1014`, not `+5` and `5`.
//!
//! Rules: whole numbers and ages go in steps of one, so `<5` is `0-4` and `>4` is `5+`; what has parts (`5 kg`, `2.5`)
//! does not. Years are twelve months. A hyphen is a sign only where it can be nothing else: `VIH-`, `(-)`, ` -5`, but
//! not in `Saint-Michel`, `COVID-19`, `Nord - Est`. A single comma or point before three digits (`2,500`) may be
//! either thousands or thousandths, and is equal to itself alone. Numbers belong to the words beside them, signs to
//! their place, and a letter that stands alone (`Hépatite B`) tells as much as a number.

pub mod age;
mod figure;
mod opposites;
mod phrases;
mod places;
pub(crate) mod sides;
mod tokens;

use std::collections::BTreeSet;

use crate::figures::figure::Figure;
use crate::figures::opposites::{Stand, stands_of};
use crate::figures::phrases::{Part, read};
use crate::figures::places::{
    Placed, SignPlace, lacks_a_sign, misplaced, placed, signs_contradict, signs_of, texts_of,
};
use crate::figures::tokens::{Sign, scan};

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    parts: Vec<Part>,
    /// What a name may be for or against: a sex, a result, `non`.
    stands: BTreeSet<Stand>,
    /// Every plus and minus with what it stands beside.
    signs: Vec<SignPlace>,
    /// The words and numbers as they stand.
    texts: Vec<String>,
}

/// Whether two names may mean the same, as far as figures, signs and opposite words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// They say the same.
    Same,
    /// One has a number or a sign that the other has not.
    OneSided,
    /// They contradict each other.
    Contradiction,
}

impl Reading {
    /// Reads a name.
    pub fn of(name: &str) -> Self {
        let pieces = scan(name);
        let parts = read(&pieces);
        let stands = stands_of(&parts);
        Self { stands, signs: signs_of(&pieces), texts: texts_of(&pieces), parts }
    }

    /// The one text of all names that are written the same, spellings apart.
    pub fn key(&self) -> String {
        let texts = self.parts.iter().map(|part| match part {
            Part::Word(word) | Part::Letter(word) => word.clone(),
            Part::Figure(figure) => figure.text(),
            Part::Sign(sign) => sign_text(*sign).to_owned(),
        });
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Whether a name has figures or signs at all, beside plain numbers.
    pub fn has_signs(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Word(_) | Part::Letter(_) => false,
            Part::Figure(Figure::Lone(number)) => number.starts_with('-'),
            Part::Figure(_) | Part::Sign(_) => true,
        })
    }

    /// The ranges and signs of a name in one text, plain numbers left out.
    pub fn signs(&self) -> String {
        let texts = self.parts.iter().map(|part| match part {
            Part::Word(_) | Part::Letter(_) => String::new(),
            Part::Figure(Figure::Lone(number)) if !number.starts_with('-') => String::new(),
            Part::Figure(figure) => figure.text(),
            Part::Sign(sign) => sign_text(*sign).to_owned(),
        });
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Whether a name has numbers, ranges or signs.
    pub fn says_figures(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Word(_) | Part::Letter(_)))
    }

    /// Whether two names may mean the same.
    pub fn agreement(&self, other: &Self) -> Agreement {
        if stands_clash(&self.stands, &other.stands) || signs_contradict(&self.signs, &other.signs) {
            return Agreement::Contradiction;
        }
        let (own, theirs) = (self.placed(), other.placed());
        if misplaced(&own, &theirs) || self.sexes_clash(&own, other) || other.sexes_clash(&theirs, self) {
            return Agreement::Contradiction;
        }
        let figures = |placed: Vec<Placed>, other: &Self| -> Vec<Figure> {
            placed.into_iter().filter(|one| !other.says_the_sex_of(one)).map(|one| one.figure).collect()
        };
        let (left, right) = without_common(figures(own, other), figures(theirs, self));
        match (left.as_slice(), right.as_slice()) {
            ([], []) if self.lacks_a_sign_of(other) || other.lacks_a_sign_of(self) => Agreement::OneSided,
            ([], []) => Agreement::Same,
            ([], _) | (_, []) => Agreement::OneSided,
            _ => Agreement::Contradiction,
        }
    }

    /// Whether the names of two org units may be those of one unit, as far as numbers and signs go. A running number
    /// in front and a number that only one of them has say nothing here: how units are counted is read elsewhere.
    pub fn may_be_one_unit(&self, other: &Self) -> bool {
        if signs_contradict(&self.signs, &other.signs)
            || lacks_a_sign(&self.signs, &other.signs, &other.texts)
            || lacks_a_sign(&other.signs, &self.signs, &self.texts)
        {
            return false;
        }
        let counted = |reading: &Self| -> Vec<Placed> {
            let is_counted = |one: &Placed| !one.leading && one.letter().is_none();
            reading.placed().into_iter().filter(is_counted).collect()
        };
        let (own, theirs) = (counted(self), counted(other));
        if misplaced(&own, &theirs) {
            return false;
        }
        let figures = |placed: Vec<Placed>| placed.into_iter().map(|one| one.figure).collect();
        let (left, right) = without_common(figures(own), figures(theirs));
        let marked = |figures: &[Figure]| figures.iter().any(|figure| matches!(figure, Figure::Marked(..)));
        (left.is_empty() || right.is_empty()) && !marked(&left) && !marked(&right)
    }

    /// Whether a name has a sign that another name without figures and signs contradicts by its silence.
    pub fn has_telling_sign(&self) -> bool {
        lacks_a_sign(&self.signs, &[], &[])
    }

    /// Every figure of a name in its place.
    fn placed(&self) -> Vec<Placed> {
        placed(&self.parts, |sign| match sign {
            Sign::Percent => Some(Figure::marked('%', "")),
            Sign::Per | Sign::About | Sign::Less | Sign::AtMost | Sign::More | Sign::AtLeast | Sign::Unequal => {
                Some(Figure::marked('?', sign_text(sign)))
            }
            _ => None,
        })
    }

    /// Whether the letter for a sex is said in words here.
    fn says_the_sex_of(&self, letter: &Placed) -> bool {
        let stand = letter.letter().and_then(Stand::of_sex_letter);
        stand.is_some_and(|stand| self.stands.contains(&stand))
    }

    /// Whether a letter for a sex meets the word for the other one.
    fn sexes_clash(&self, own: &[Placed], other: &Self) -> bool {
        own.iter().filter_map(|one| one.letter().and_then(Stand::of_sex_letter)).any(|stand| {
            !self.stands.iter().any(|known| stand.is_opposite_of(*known))
                && !other.stands.contains(&stand)
                && other.stands.iter().any(|known| stand.is_opposite_of(*known))
        })
    }

    /// Whether the other name has the sign or the word for a result, and this one nothing for it.
    fn lacks_a_sign_of(&self, other: &Self) -> bool {
        lacks_a_sign(&other.signs, &self.signs, &self.texts)
            && !other.stands.iter().any(|stand| stand.is_result() && self.stands.contains(stand))
            || other.stands.iter().any(|stand| stand.is_result() && !self.stands.contains(stand))
    }
}

fn sign_text(sign: Sign) -> &'static str {
    match sign {
        Sign::Less => "<",
        Sign::AtMost => "<=",
        Sign::More => ">",
        Sign::AtLeast => ">=",
        Sign::Equal => "=",
        Sign::Unequal => "<>",
        Sign::Plus => "+",
        Sign::Hyphen => "-",
        Sign::PlusMinus => "+-",
        Sign::Percent => "%",
        Sign::About => "~",
        Sign::Per => "/",
        Sign::And | Sign::Excluded => "",
    }
}

/// One name is for what the other is against, or for its counterpart.
fn stands_clash(left: &BTreeSet<Stand>, right: &BTreeSet<Stand>) -> bool {
    let only =
        |one: &BTreeSet<Stand>, other: &BTreeSet<Stand>| -> Vec<Stand> { one.difference(other).copied().collect() };
    let (left_only, right_only) = (only(left, right), only(right, left));
    let denied = |stands: &[Stand]| stands.iter().any(|stand| stand.is_denial());
    denied(&left_only)
        || denied(&right_only)
        || left_only.iter().any(|stand| right_only.iter().any(|other| stand.is_opposite_of(*other)))
}

/// What is left of two lists without what is in both.
fn without_common(left: Vec<Figure>, mut right: Vec<Figure>) -> (Vec<Figure>, Vec<Figure>) {
    let mut left_only = Vec::new();
    for figure in left {
        match right.iter().position(|other| figure.agrees_with(other)) {
            Some(position) => {
                right.remove(position);
            }
            None => left_only.push(figure),
        }
    }
    (left_only, right)
}

/// The one text of all names that are written the same, case, accents, blanks, punctuation and spellings of ranges
/// apart.
pub fn key(name: &str) -> String {
    Reading::of(name).key()
}

/// Whether two names may mean the same.
pub fn agreement(left: &str, right: &str) -> Agreement {
    Reading::of(left).agreement(&Reading::of(right))
}

#[cfg(test)]
mod tests;
