//! What names say in numbers and signs, and whether two names say the same.
//!
//! `Décès < 5 ans` and `Décès > 5 ans` differ in one sign, and are the opposite of each other. So a name is read as
//! words, figures and signs. Spellings of one range are one (`<5`, `moins de 5`, `under 5`; `5+`, `≥5`, `5 et plus`;
//! `0-4`, `0 – 4`, `0 à 4`), and nothing else is: not `<5` and `>5`, not `10-14` and `1014`, not `+5` and `5`.
//!
//! Rules: whole numbers and ages go in steps of one, so `<5` is `0-4` and `>4` is `5+`; what has parts (`5 kg`, `2.5`)
//! does not. Years are twelve months. A hyphen is a sign only where it can be nothing else: `VIH-`, `(-)`, ` -5`, but
//! not in `Saint-Michel`, `COVID-19`, `Nord - Est`. A single comma or point before three digits (`2,500`) may be
//! either thousands or thousandths, and is equal to itself alone.

pub mod age;
mod figure;
mod opposites;
mod phrases;
mod tokens;

use std::collections::BTreeSet;

use crate::matching::figures::figure::Figure;
use crate::matching::figures::opposites::{Stand, numbers_in, stands_of};
use crate::matching::figures::phrases::{Part, read};
use crate::matching::figures::tokens::{Sign, scan};

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    parts: Vec<Part>,
    /// What a name may be for or against: a sex, a result, `non`.
    stands: BTreeSet<Stand>,
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
        let parts = read(&scan(name));
        let stands = stands_of(&parts);
        Self { parts, stands }
    }

    /// The one text of all names that are written the same, spellings apart.
    pub fn key(&self) -> String {
        let texts = self.parts.iter().map(|part| match part {
            Part::Word(word) => word.clone(),
            Part::Figure(figure) => figure.text(),
            Part::Sign(sign) => sign_text(*sign).to_owned(),
        });
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Whether a name has figures or signs at all, beside plain numbers.
    pub fn has_signs(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Word(_) => false,
            Part::Figure(Figure::Lone(number)) => number.starts_with('-'),
            Part::Figure(_) | Part::Sign(_) => true,
        })
    }

    /// The ranges and signs of a name in one text, plain numbers left out.
    pub fn signs(&self) -> String {
        let texts = self.parts.iter().map(|part| match part {
            Part::Word(_) => String::new(),
            Part::Figure(Figure::Lone(number)) if !number.starts_with('-') => String::new(),
            Part::Figure(figure) => figure.text(),
            Part::Sign(sign) => sign_text(*sign).to_owned(),
        });
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Whether a name has numbers, ranges or signs.
    pub fn says_figures(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Word(_)))
    }

    /// Whether two names may mean the same.
    pub fn agreement(&self, other: &Self) -> Agreement {
        if stands_clash(&self.stands, &other.stands) {
            return Agreement::Contradiction;
        }
        let (left, right) = without_common(self.figures(), other.figures());
        match (left.as_slice(), right.as_slice()) {
            ([], []) => Agreement::Same,
            ([], _) | (_, []) => Agreement::OneSided,
            _ => Agreement::Contradiction,
        }
    }

    /// Every figure of a name, the numbers within words and the words for numbers among them.
    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for part in &self.parts {
            match part {
                Part::Figure(figure) => figures.push(figure.clone()),
                Part::Word(word) => figures.extend(numbers_in(word).iter().map(|number| Figure::lone(number))),
                Part::Sign(Sign::Percent) => figures.push(Figure::marked('%', "")),
                Part::Sign(sign @ (Sign::Less | Sign::AtMost | Sign::More | Sign::AtLeast | Sign::Unequal)) => {
                    figures.push(Figure::marked('?', sign_text(*sign)));
                }
                Part::Sign(_) => {}
            }
        }
        figures
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
