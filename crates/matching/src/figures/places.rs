//! The positions of numbers, letters and signs in a name.
//!
//! `Zone 1 Poste 2` and `Zone 2 Poste 1` have the same numbers, and are two places: a number belongs to the word beside
//! it. `TDR + enfants` and `TDR - enfants` have the same words, and say the opposite: a sign belongs to its place.

use crate::figures::figure::Figure;
use crate::figures::opposites::numbers_in;
use crate::figures::phrases::Part;
use crate::figures::tokens::{Gap, Piece, Sign, Token};

/// A number, a range or a single letter, with the words on either side of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub figure: Figure,
    before: Option<String>,
    behind: Option<String>,
    /// It opens the name, as a running number does.
    pub leading: bool,
}

/// Words that no number belongs to.
const SMALL: &[&str] =
    &["de", "des", "du", "d", "la", "le", "les", "of", "the", "n", "no", "nr", "num", "numero", "number", "&"];

/// What marks a single letter among the figures.
const LETTER: char = '@';

impl Placed {
    /// Whether it is a single letter.
    pub(super) fn letter(&self) -> Option<&str> {
        match &self.figure {
            Figure::Marked(LETTER, letter) => Some(letter),
            _ => None,
        }
    }

    fn stands_beside_the_same(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        same(&self.before, &other.before) || same(&self.behind, &other.behind)
    }
}

/// Every figure of a name in its place, the numbers within words and the words for numbers among them.
pub(super) fn placed(parts: &[Part], sign_figure: impl Fn(Sign) -> Option<Figure>) -> Vec<Placed> {
    let word_at = |at: Option<usize>| match at.and_then(|at| parts.get(at)) {
        Some(Part::Word(word)) if !SMALL.contains(&word.as_str()) => {
            let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
            Some(letters.to_owned()).filter(|word| !word.is_empty())
        }
        _ => None,
    };
    let mut found = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let mut place = |figure: Figure, before: Option<String>| {
            let behind = word_at(at.checked_add(1));
            let leading = at == 0;
            found.push(Placed { figure, before, behind, leading });
        };
        let before = || word_at(at.checked_sub(1));
        match part {
            Part::Figure(figure) => place(figure.clone(), before()),
            Part::Letter(letter) => match (letter.as_str(), at) {
                ("i", 1..) => place(Figure::lone("1"), before()),
                ("v", 1..) => place(Figure::lone("5"), before()),
                ("x", 1..) => place(Figure::lone("10"), before()),
                _ => place(Figure::marked(LETTER, letter), before()),
            },
            Part::Word(word) => {
                let start = word.find(|letter: char| letter.is_ascii_digit()).unwrap_or_default();
                let prefix = word.get(..start).unwrap_or_default();
                // `A1` is `A 1`, `CPN1` is `CPN 1`.
                if prefix.len() == 1 {
                    place(Figure::marked(LETTER, prefix), before());
                }
                for number in numbers_in(word) {
                    let own = (prefix.len() > 1).then(|| prefix.to_owned());
                    place(Figure::lone(&number), own.or_else(before));
                }
            }
            Part::Sign(sign) => {
                if let Some(figure) = sign_figure(*sign) {
                    place(figure, None);
                }
            }
        }
    }
    found
}

/// Whether numbers that both names have belong to other words in the other name.
pub(super) fn misplaced(left: &[Placed], right: &[Placed]) -> bool {
    let once = |all: &[Placed], word: &Option<String>| all.iter().filter(|one| one.before == *word).count() == 1;
    let contradicts = |one: &Placed, other: &Placed| {
        one.before.is_some()
            && one.before == other.before
            && !one.figure.agrees_with(&other.figure)
            && once(left, &one.before)
            && once(right, &other.before)
    };
    if left.iter().any(|one| right.iter().any(|other| contradicts(one, other))) {
        return true;
    }
    if left.len() != right.len() || left.iter().zip(right).all(|(one, other)| one.figure.agrees_with(&other.figure)) {
        return false;
    }
    // In another order each number has to stand beside a word that it stands beside in the other name as well.
    !left
        .iter()
        .filter(|one| !one.figure.is_range())
        .all(|one| right.iter().any(|other| one.figure.agrees_with(&other.figure) && one.stands_beside_the_same(other)))
}

/// A plus or a minus in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignPlace {
    plus: bool,
    before: Option<String>,
    behind: Option<String>,
    /// It may be a result or a direction, and not only something between two words.
    telling: bool,
}

/// Words for tests and blood groups, of which a sign is the result.
pub(super) const TESTED: &[&str] = &[
    "vih",
    "hiv",
    "tdr",
    "rdt",
    "bk",
    "rh",
    "rhesus",
    "tb",
    "ag",
    "aghbs",
    "hbs",
    "hcv",
    "vhc",
    "vhb",
    "igm",
    "igg",
    "pcr",
    "test",
    "frottis",
    "malaria",
    "palu",
    "syphilis",
    "vdrl",
    "rpr",
    "ge",
    "crag",
    "genexpert",
    "xpert",
];

/// Letters that days are counted from: `J-7`, `D+1`.
const COUNTED_FROM: &[&str] = &["d", "j", "t", "h", "m"];

/// Words that a plus between two things may be written as.
const ANDS: &[&str] = &["et", "and", "y", "e", "ou", "or", "o", "with", "avec", "con", "com"];

fn text_of(piece: &Piece) -> Option<&str> {
    match &piece.token {
        Token::Word { text, .. } | Token::Number(text) => Some(text),
        Token::Sign(_) => None,
    }
}

/// Every plus and minus of a name, whatever it means.
pub(super) fn signs_of(pieces: &[Piece]) -> Vec<SignPlace> {
    let is_letter = |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut signs = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let plus = match piece.token {
            Token::Sign(Sign::Plus) => true,
            Token::Sign(Sign::Hyphen) => false,
            _ => continue,
        };
        let before = pieces.get(..at).and_then(|before| before.iter().rev().find_map(text_of));
        let next = pieces.get(at + 1);
        let behind = next.and_then(text_of);
        let short = at
            .checked_sub(1)
            .and_then(|at| pieces.get(at))
            .is_some_and(|piece| matches!(&piece.token, Token::Word { text, capitals: true } if text.len() <= 4));
        let of_result = before.is_some_and(|before| {
            short
                || is_letter(before)
                || TESTED.contains(&before)
                || (before.bytes().any(|byte| byte.is_ascii_digit())
                    && before.bytes().any(|byte| byte.is_ascii_lowercase()))
        });
        let counts_from = before.is_some_and(|before| COUNTED_FROM.contains(&before))
            && next.is_some_and(|next| matches!(next.token, Token::Number(_)))
            && piece.before == Gap::Glued
            && piece.after == Gap::Glued;
        let closes = piece.after == Gap::Mark || (piece.before == Gap::Glued && piece.after == Gap::Space);
        let telling = if plus { of_result } else { counts_from || (closes && at > 0 && of_result) };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        signs.push(SignPlace { plus, before: owned(before), behind: owned(behind), telling });
    }
    signs
}

/// Whether a plus stands where a minus stands in the other name.
pub(super) fn signs_contradict(left: &[SignPlace], right: &[SignPlace]) -> bool {
    type Side = fn(&SignPlace) -> &Option<String>;
    let sides: [Side; 2] = [|sign| &sign.before, |sign| &sign.behind];
    sides.into_iter().any(|side| {
        left.iter().filter(|sign| side(sign).is_some()).any(|sign| {
            let has = |all: &[SignPlace], plus: bool| all.iter().any(|one| one.plus == plus && side(one) == side(sign));
            has(right, !sign.plus) && !has(right, sign.plus) && !has(left, !sign.plus)
        })
    })
}

/// Whether a sign that says something stands in one name, and nothing for it in the other. `words` are the other's.
pub(super) fn lacks_a_sign(left: &[SignPlace], right: &[SignPlace], words: &[String]) -> bool {
    left.iter().filter(|sign| sign.telling).any(|sign| {
        let there = right.iter().any(|other| other.plus == sign.plus && other.before == sign.before);
        let said = || {
            words.iter().enumerate().any(|(at, word)| {
                Some(word) == sign.before.as_ref()
                    && words.get(at + 1).is_some_and(|next| ANDS.contains(&next.as_str()))
            })
        };
        !there && !said()
    })
}

/// The words and numbers of a name, one after the other.
pub(super) fn texts_of(pieces: &[Piece]) -> Vec<String> {
    pieces.iter().filter_map(text_of).map(str::to_owned).collect()
}
