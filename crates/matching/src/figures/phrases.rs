//! Ranges and numbers found among the pieces of a name: `<5`, `moins de 5 ans`, `5 ans et plus`, `0 à 4`.

use crate::figures::figure::{Bound, Figure, Measure};
use crate::figures::opposites::is_result;
use crate::figures::places::TESTED;
use crate::figures::tokens::{Gap, Piece, Sign, Token};

/// A name as words, figures and signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Word(String),
    /// A single letter that tells one thing from another: `Hépatite B`.
    Letter(String),
    Figure(Figure),
    Sign(Sign),
}

/// How a number bounds a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    UpTo,
    Above,
    From,
    Exactly,
    About,
}

/// Words that bound a range by the number behind them; longer phrases first.
const BEFORE: &[(&[&str], Side)] = &[
    (&["strictement", "inferieur", "a"], Side::Below),
    (&["strictement", "superieur", "a"], Side::Above),
    (&["inferieur", "ou", "egal", "a"], Side::UpTo),
    (&["superieur", "ou", "egal", "a"], Side::From),
    (&["en", "dessous", "de"], Side::Below),
    (&["au", "dessous", "de"], Side::Below),
    (&["au", "dessus", "de"], Side::Above),
    (&["au", "dela", "de"], Side::Above),
    (&["a", "partir", "de"], Side::From),
    (&["not", "more", "than"], Side::UpTo),
    (&["no", "more", "than"], Side::UpTo),
    (&["not", "less", "than"], Side::From),
    (&["no", "less", "than"], Side::From),
    (&["pas", "plus", "de"], Side::UpTo),
    (&["pas", "moins", "de"], Side::From),
    (&["moins", "de"], Side::Below),
    (&["moins", "d"], Side::Below),
    (&["moins", "que"], Side::Below),
    (&["less", "than"], Side::Below),
    (&["younger", "than"], Side::Below),
    (&["fewer", "than"], Side::Below),
    (&["plus", "de"], Side::Above),
    (&["plus", "d"], Side::Above),
    (&["plus", "que"], Side::Above),
    (&["more", "than"], Side::Above),
    (&["older", "than"], Side::Above),
    (&["greater", "than"], Side::Above),
    (&["inferieur", "a"], Side::Below),
    (&["inferieure", "a"], Side::Below),
    (&["superieur", "a"], Side::Above),
    (&["superieure", "a"], Side::Above),
    (&["menor", "o", "igual", "a"], Side::UpTo),
    (&["mayor", "o", "igual", "a"], Side::From),
    (&["menor", "ou", "igual", "a"], Side::UpTo),
    (&["maior", "ou", "igual", "a"], Side::From),
    (&["no", "mas", "de"], Side::UpTo),
    (&["no", "menos", "de"], Side::From),
    (&["menor", "de"], Side::Below),
    (&["menores", "de"], Side::Below),
    (&["menos", "de"], Side::Below),
    (&["menor", "que"], Side::Below),
    (&["menores", "que"], Side::Below),
    (&["menos", "que"], Side::Below),
    (&["inferior", "a"], Side::Below),
    (&["debajo", "de"], Side::Below),
    (&["abaixo", "de"], Side::Below),
    (&["mayor", "de"], Side::Above),
    (&["mayores", "de"], Side::Above),
    (&["maior", "de"], Side::Above),
    (&["maiores", "de"], Side::Above),
    (&["mas", "de"], Side::Above),
    (&["mais", "de"], Side::Above),
    (&["mayor", "que"], Side::Above),
    (&["mayores", "que"], Side::Above),
    (&["maior", "que"], Side::Above),
    (&["maiores", "que"], Side::Above),
    (&["superior", "a"], Side::Above),
    (&["por", "lo", "menos"], Side::From),
    (&["al", "menos"], Side::From),
    (&["pelo", "menos"], Side::From),
    (&["ao", "menos"], Side::From),
    (&["como", "maximo"], Side::UpTo),
    (&["no", "maximo"], Side::UpTo),
    (&["hasta"], Side::UpTo),
    (&["ate"], Side::UpTo),
    (&["up", "to"], Side::UpTo),
    (&["jusqu", "a"], Side::UpTo),
    (&["jusque", "a"], Side::UpTo),
    (&["au", "plus"], Side::UpTo),
    (&["at", "most"], Side::UpTo),
    (&["au", "moins"], Side::From),
    (&["at", "least"], Side::From),
    (&["under"], Side::Below),
    (&["below"], Side::Below),
    (&["inf"], Side::Below),
    (&["inferieur"], Side::Below),
    (&["over"], Side::Above),
    (&["above"], Side::Above),
    (&["sup"], Side::Above),
    (&["superieur"], Side::Above),
];

/// Words that say that a number is the least or the most, behind it.
const MORE: &[&str] = &["plus", "above", "over", "older", "up", "more", "davantage", "upwards", "mas", "mais"];
const FEWER: &[&str] = &["moins", "under", "below", "less", "younger", "menos"];
const AND_OR: &[&str] = &["et", "ou", "and", "or", "y", "e", "o"];

/// Words for numbers, within phrases only: elsewhere they are words.
const IN_WORDS: &[(&str, &str)] = &[
    ("un", "1"),
    ("une", "1"),
    ("one", "1"),
    ("deux", "2"),
    ("two", "2"),
    ("cinq", "5"),
    ("five", "5"),
    ("dix", "10"),
    ("ten", "10"),
    ("quinze", "15"),
    ("fifteen", "15"),
    ("vingt", "20"),
    ("twenty", "20"),
    ("cinquante", "50"),
    ("fifty", "50"),
    ("soixante", "60"),
    ("sixty", "60"),
    ("uno", "1"),
    ("una", "1"),
    ("um", "1"),
    ("uma", "1"),
    ("dos", "2"),
    ("dois", "2"),
    ("duas", "2"),
    ("cinco", "5"),
    ("diez", "10"),
    ("dez", "10"),
    ("quince", "15"),
    ("veinte", "20"),
    ("vinte", "20"),
    ("cincuenta", "50"),
    ("cinquenta", "50"),
    ("sesenta", "60"),
    ("sessenta", "60"),
];

/// Words in front of a phrase that it says nothing without.
const FILLERS: &[&str] =
    &["de", "des", "d", "du", "les", "of", "age", "ages", "agee", "agees", "aged", "entre", "between", "edad", "idade"];

/// Letters that are words in one language or another.
const SMALL_LETTERS: &[&str] = &["a", "d", "e", "l", "n", "o", "s", "u", "y"];

/// Longer words in capitals are no abbreviations.
const ABBREVIATION: usize = 6;

/// Reads the pieces of a name.
pub(super) fn read(pieces: &[Piece]) -> Vec<Part> {
    let reader = Reader { pieces };
    let is_small = |piece: &Piece| matches!(piece.token, Token::Word { capitals: false, .. });
    let shouted = !pieces.iter().any(is_small);
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        if let Some((figure, length)) = reader.figure(at) {
            if figure.is_range() {
                while matches!(parts.last(), Some(Part::Word(word)) if FILLERS.contains(&word.as_str())) {
                    parts.pop();
                }
            }
            parts.push(Part::Figure(figure));
            at += length;
            continue;
        }
        match &piece.token {
            Token::Word { text, .. } if reader.is_letter(at, shouted) => parts.push(Part::Letter(text.clone())),
            Token::Word { text, .. } => parts.push(Part::Word(text.clone())),
            Token::Number(number) => parts.push(Part::Figure(Figure::lone(number))),
            Token::Sign(Sign::Hyphen) if !reader.is_minus(at, shouted) => {}
            Token::Sign(Sign::And | Sign::Excluded) => {}
            // `VIH + TB` are two things, `VIH+ enfants` is a result.
            Token::Sign(Sign::Plus) if reader.joins_words(at) => parts.push(Part::Word("&".to_owned())),
            Token::Sign(sign) => parts.push(Part::Sign(*sign)),
        }
        at += 1;
    }
    parts
}

struct Reader<'pieces> {
    pieces: &'pieces [Piece],
}

impl Reader<'_> {
    fn word(&self, at: usize) -> Option<&str> {
        match &self.pieces.get(at)?.token {
            Token::Word { text, .. } => Some(text),
            _ => None,
        }
    }

    fn sign(&self, at: usize) -> Option<Sign> {
        match self.pieces.get(at)?.token {
            Token::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    /// A letter that stands alone and tells one thing from another, as in `Hépatite B`: no article, no unit, no `à`.
    fn is_letter(&self, at: usize, shouted: bool) -> bool {
        let Some(piece) = self.pieces.get(at) else { return false };
        let Token::Word { text, capitals } = &piece.token else { return false };
        let next = self.pieces.get(at + 1);
        let is_number = |piece: Option<&Piece>| piece.is_some_and(|piece| matches!(piece.token, Token::Number(_)));
        let before = at.checked_sub(1).and_then(|before| self.pieces.get(before));
        let article = piece.after == Gap::Glued && self.word(at + 1).is_some();
        let numbered = text == "n" && is_number(next);
        if text.len() != 1 || article || numbered {
            return false;
        }
        let last = next.is_none();
        let result = self.word(at + 1).is_some_and(is_result) || matches!(self.sign(at + 1), Some(Sign::Plus));
        let small = SMALL_LETTERS.contains(&text.as_str());
        match capitals {
            // `10 g` is a weight.
            false => last && !is_number(before),
            true if last || result => true,
            true if at == 0 || shouted => !small || piece.after == Gap::Mark,
            true => true,
        }
    }

    /// A hyphen that says something: `VIH-`, `VIH -`, `(-)`. Not one between words.
    fn is_minus(&self, at: usize, shouted: bool) -> bool {
        let Some(piece) = self.pieces.get(at) else { return false };
        let closes = piece.after == Gap::Mark;
        let behind_abbreviation = at > 0
            && piece.before == Gap::Glued
            && piece.after == Gap::Space
            && !shouted
            && matches!(&self.pieces[at - 1].token, Token::Word { capitals, text }
                if (*capitals && text.len() <= ABBREVIATION) || TESTED.contains(&text.as_str()));
        // At the beginning it is a bullet.
        (at > 0 && closes) || behind_abbreviation
    }

    /// Whether a plus stands between two words and belongs to neither.
    fn joins_words(&self, at: usize) -> bool {
        let Some(piece) = self.pieces.get(at) else { return false };
        let belongs_to_the_left = piece.before == Gap::Glued && piece.after != Gap::Glued;
        at > 0 && !belongs_to_the_left && piece.after != Gap::Mark && self.word(at + 1).is_some()
    }

    /// The longest figure that begins here, and how many pieces it takes.
    fn figure(&self, at: usize) -> Option<(Figure, usize)> {
        self.bounded_before(at)
            .or_else(|| self.reach(at))
            .or_else(|| self.bounded_behind(at))
            .or_else(|| self.alone(at))
    }

    /// A sign or words, then a number: `< 5`, `moins de 5 ans`, `+5`.
    fn bounded_before(&self, at: usize) -> Option<(Figure, usize)> {
        let (side, length) = self.side(at)?;
        let (number, taken) = self.number(at + length, true)?;
        let mut end = at + length + taken;
        let measure = self.measure(end, true);
        end += measure.as_ref().map_or(0, |_| 1);
        // `entre 5 et plus de 10`, `<5+`: nobody can say what that is.
        if self.behind(end).is_some() {
            return None;
        }
        let bound = |inclusive| Some(Bound { number: number.clone(), inclusive, measure: measure.clone() });
        let figure = match side {
            Side::Below => Figure::range(None, bound(false)),
            Side::UpTo => Figure::range(None, bound(true)),
            Side::Above => Figure::range(bound(false), None),
            Side::From => Figure::range(bound(true), None),
            Side::Exactly => Figure::marked('=', &number),
            Side::About => Figure::marked('±', &number),
        };
        Some((figure, end - at))
    }

    fn side(&self, at: usize) -> Option<(Side, usize)> {
        if let Some(sign) = self.sign(at) {
            let piece = &self.pieces[at];
            let side = match sign {
                Sign::Less => Side::Below,
                Sign::AtMost => Side::UpTo,
                Sign::More => Side::Above,
                Sign::AtLeast => Side::From,
                Sign::Equal => Side::Exactly,
                Sign::PlusMinus => Side::About,
                // `+5 ans`; behind a word or a number it belongs to that.
                Sign::Plus if piece.before != Gap::Glued && piece.after == Gap::Glued => Side::From,
                _ => return None,
            };
            return Some((side, 1));
        }
        BEFORE.iter().find_map(|(phrase, side)| {
            let fits = phrase.iter().enumerate().all(|(index, word)| self.word(at + index) == Some(word));
            fits.then_some((*side, phrase.len()))
        })
    }

    /// Two numbers with `-`, `à` or `to` between them; the first is smaller.
    fn reach(&self, at: usize) -> Option<(Figure, usize)> {
        let (low, taken) = self.number(at, false)?;
        // `1-2-3` counts, it does not reach from one to two.
        let is_hyphen = |at: usize| self.sign(at) == Some(Sign::Hyphen);
        if at >= 2 && is_hyphen(at - 1) && matches!(self.pieces[at - 2].token, Token::Number(_)) {
            return None;
        }
        let mut end = at + taken;
        let low_measure = self.measure(end, false);
        end += low_measure.as_ref().map_or(0, |_| 1);
        let between = at > 0 && matches!(self.word(at - 1), Some("entre" | "between"));
        match (self.sign(end), self.word(end)) {
            (Some(Sign::Hyphen), _) | (_, Some("a" | "au" | "to" | "aux" | "al" | "ate" | "hasta")) => end += 1,
            (_, Some("et" | "and" | "y" | "e")) if between => end += 1,
            _ => return None,
        }
        // `10-<15`
        let mut inclusive = true;
        if self.sign(end) == Some(Sign::Less) {
            inclusive = false;
            end += 1;
        }
        let (high, taken) = self.number(end, false)?;
        end += taken;
        if self.sign(end) == Some(Sign::Excluded) {
            inclusive = false;
            end += 1;
        }
        let high_measure = self.measure(end, true);
        end += high_measure.as_ref().map_or(0, |_| 1);
        if self.behind(end).is_some() || (is_hyphen(end) && self.number(end + 1, false).is_some()) {
            return None;
        }
        let low = Bound { number: low, inclusive: true, measure: low_measure.or_else(|| high_measure.clone()) };
        let high = Bound { number: high, inclusive, measure: high_measure };
        let figure = Figure::range(Some(low), Some(high));
        figure.reaches_upwards().then_some((figure, end - at))
    }

    /// A number, then `+`, `et plus`, `et moins`.
    fn bounded_behind(&self, at: usize) -> Option<(Figure, usize)> {
        let (number, taken) = self.number(at, self.opens_a_phrase(at))?;
        let mut end = at + taken;
        let mut measure = self.measure(end, true);
        end += measure.as_ref().map_or(0, |_| 1);
        let (side, length) = self.behind(end)?;
        end += length;
        if measure.is_none() {
            // `15+ years`
            measure = self.measure(end, true);
            end += measure.as_ref().map_or(0, |_| 1);
        }
        let bound = Some(Bound { number, inclusive: true, measure });
        let figure = if side == Side::From { Figure::range(bound, None) } else { Figure::range(None, bound) };
        Some((figure, end - at))
    }

    /// Whether a number in words here is meant as one: `cinq ans et plus`.
    fn opens_a_phrase(&self, at: usize) -> bool {
        self.word(at + 1).is_some_and(|word| Measure::of_age(word).is_some())
    }

    /// What stands behind the number of `5+`, `5 et plus`, `5 ou moins`.
    fn behind(&self, at: usize) -> Option<(Side, usize)> {
        if self.sign(at) == Some(Sign::Plus) {
            // `5 + 3` adds up, `5 +237` does not belong together.
            let followed = matches!(self.pieces.get(at + 1), Some(Piece { token: Token::Number(_), .. }));
            return (!followed).then_some((Side::From, 1));
        }
        let joined = self.word(at).is_some_and(|word| AND_OR.contains(&word)) || self.sign(at) == Some(Sign::And);
        if joined {
            let next = self.word(at + 1);
            let more = next.is_some_and(|word| MORE.contains(&word)) || self.sign(at + 1) == Some(Sign::Plus);
            let fewer = next.is_some_and(|word| FEWER.contains(&word));
            // `10 ans et moins de 15 ans` goes on.
            let goes_on = self.number(at + 2, false).is_some()
                || (matches!(self.word(at + 2), Some("de" | "than" | "d")) && self.number(at + 3, false).is_some());
            return match (more, fewer) {
                _ if goes_on => None,
                (true, _) => Some((Side::From, 2)),
                (_, true) => Some((Side::UpTo, 2)),
                _ => None,
            };
        }
        // `15 plus`, `5 ans plus`: said by what stands alone behind it.
        let last = self.pieces.get(at).is_some_and(|piece| piece.after == Gap::Mark);
        (self.word(at) == Some("plus") && last).then_some((Side::From, 1))
    }

    /// A number, with a minus that is glued to it and to nothing else.
    fn alone(&self, at: usize) -> Option<(Figure, usize)> {
        let (number, taken) = self.number(at, false)?;
        if self.sign(at + taken) == Some(Sign::Percent) {
            return Some((Figure::marked('%', &number), taken + 1));
        }
        Some((Figure::lone(&number), taken))
    }

    /// A number here, and how many pieces it takes. `phrase`: words count, and blanks group digits.
    fn number(&self, at: usize, phrase: bool) -> Option<(String, usize)> {
        let piece = self.pieces.get(at)?;
        match &piece.token {
            Token::Number(number) => {
                let group = self.pieces.get(at + 1).filter(|next| phrase && next.before == Gap::Space);
                match group.map(|next| &next.token) {
                    Some(Token::Number(group)) if group.len() == 3 && number.len() <= 3 && is_digits(number) => {
                        Some((format!("{number}{group}"), 2))
                    }
                    _ => Some((number.clone(), 1)),
                }
            }
            Token::Sign(Sign::Hyphen) if piece.after == Gap::Glued && !self.follows_a_word(at) => {
                match &self.pieces.get(at + 1)?.token {
                    Token::Number(number) => Some((format!("-{number}"), 2)),
                    _ => None,
                }
            }
            Token::Word { text, .. } if phrase => {
                IN_WORDS.iter().find(|(word, _)| word == text).map(|(_, number)| ((*number).to_owned(), 1))
            }
            _ => None,
        }
    }

    /// Whether the hyphen here belongs to what is before it: `COVID-19`, `5 -14`.
    fn follows_a_word(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.pieces.get(before)) else { return false };
        self.pieces[at].before == Gap::Glued && !matches!(before.token, Token::Sign(_))
            || matches!(before.token, Token::Number(_))
    }

    /// The unit here. Single letters only behind a number of a range, or glued to it.
    fn measure(&self, at: usize, last: bool) -> Option<Measure> {
        let word = self.word(at)?;
        let gap = self.pieces[at].before;
        // `5 a 14`: the letter is the word between them. `5-9 M` are boys.
        let may_be_other = match word {
            "a" => gap != Gap::Glued || !last,
            "m" | "h" => gap != Gap::Glued,
            // `50 y más`, `entre 5 y 9`.
            "y" => {
                gap != Gap::Glued
                    && (self.word(at + 1).is_some_and(|word| MORE.contains(&word) || FEWER.contains(&word))
                        || self.number(at + 1, false).is_some())
            }
            _ => gap == Gap::Mark,
        };
        if may_be_other {
            return None;
        }
        Measure::of_age(word).or_else(|| Measure::of_things(word))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
