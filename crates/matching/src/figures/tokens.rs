//! A name taken apart into words, numbers and signs, with what stands between them.
//!
//! Only signs that may mean something are kept. Whether a hyphen is one is decided here, by what is around it:
//! `VIH-` and `-5` have one, `Saint-Michel`, `COVID-19` and `Nord - Est` have not.

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, or letters and digits: `cas`, `cd4`. Lower case, without accents; `capitals`: it was written in
    /// capitals alone.
    Word { text: String, capitals: bool },
    /// A number, without leading zeros: `5`, `2.5`. A comma is kept where it may as well stand for thousands.
    Number(String),
    /// A sign.
    Sign(Sign),
}

/// A sign that may mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sign {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
    Plus,
    /// A minus, a hyphen or a dash.
    Hyphen,
    PlusMinus,
    Percent,
    About,
    /// The stroke of `1/2` and `/1000`, or the colon of `1:2`.
    Per,
    And,
    /// The `[` of `[0-5[`: the end is not part of the range.
    Excluded,
}

/// What stands between a piece and its neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    Glued,
    /// White space.
    Space,
    /// Brackets, commas and the like, or the end of the name.
    Mark,
}

/// A piece in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub token: Token,
    pub before: Gap,
    pub after: Gap,
}

/// A blank that does not break: within a number it groups the digits.
const JOINING_BLANK: char = '\u{a0}';

/// Units that are written right behind a number, by all their spellings.
pub(super) const GLUED_UNITS: &[&str] = &[
    "j", "d", "jour", "jours", "day", "days", "sem", "wk", "wks", "week", "weeks", "semaine", "semaines", "m", "mo",
    "mos", "mois", "mth", "mths", "month", "months", "an", "ans", "a", "annee", "annees", "y", "yr", "yrs", "year",
    "years", "dia", "dias", "semana", "semanas", "mes", "meses", "ano", "anos", "g", "gr", "kg", "kgs", "mg", "ml",
    "cl", "dl", "l", "cm", "mm", "km",
];

/// Takes a name apart.
pub(super) fn scan(name: &str) -> Vec<Piece> {
    let letters = plain(&unescaped(name));
    let mut scanner = Scanner { letters: &letters, at: 0, gap: Gap::Mark, pieces: Vec::new() };
    while scanner.at < letters.len() {
        scanner.step();
    }
    let mut pieces = scanner.pieces;
    let after: Vec<Gap> = pieces.iter().skip(1).map(|piece: &Piece| piece.before).chain([Gap::Mark]).collect();
    for (piece, gap) in pieces.iter_mut().zip(after) {
        piece.after = gap;
    }
    pieces
}

/// Signs as web pages write them.
const ENTITIES: [(&str, &str); 14] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&le;", "≤"),
    ("&ge;", "≥"),
    ("&leq;", "≤"),
    ("&geq;", "≥"),
    ("&plus;", "+"),
    ("&minus;", "−"),
    ("&plusmn;", "±"),
    ("&nbsp;", "\u{a0}"),
    ("&#60;", "<"),
    ("&#62;", ">"),
    ("&#43;", "+"),
    ("&amp;", "&"),
];

/// What a spreadsheet or a web page has made of signs, made signs again.
fn unescaped(name: &str) -> String {
    if !name.contains('&') {
        return name.to_owned();
    }
    let mut text = name.to_owned();
    // `&amp;lt;` was escaped twice.
    for _ in 0..2 {
        for (entity, sign) in ENTITIES {
            while let Some(position) = text.to_ascii_lowercase().find(entity) {
                text.replace_range(position..position + entity.len(), sign);
            }
        }
    }
    text
}

/// A letter of a name without accent, and whether it was a capital.
#[derive(Debug, Clone, Copy)]
struct Letter {
    plain: char,
    capital: bool,
}

/// The letters of a name, each as plain as it gets; signs of all scripts in one spelling.
fn plain(name: &str) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹') {
            // `10³` is not `103`, but `m²` is `m2`.
            if letters.last().is_some_and(|before: &Letter| before.plain.is_ascii_digit()) {
                letters.push(Letter { plain: '^', capital: false });
            }
        }
        let mut push = |plain: char| {
            letters.push(Letter { plain: plain.to_ascii_lowercase(), capital: plain.is_ascii_uppercase() });
        };
        match character {
            '≤' | '⩽' | '≦' => "<=".chars().for_each(push),
            '≥' | '⩾' | '≧' => ">=".chars().for_each(push),
            '<' | '＜' | '﹤' => push('<'),
            '>' | '＞' | '﹥' => push('>'),
            '±' | '∓' => push('±'),
            '≠' => push('≠'),
            '≈' | '∼' | '～' => push('~'),
            '-' | '−' | '–' | '—' | '‐' | '‑' | '‒' | '―' | '－' | '﹣' | '_' => push('-'),
            '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}' => push(JOINING_BLANK),
            // What would become a sign of ours, and is none.
            '°' | 'º' | '«' | '»' | '‹' | '›' | '→' | '←' | '⇒' | '•' | '·' => push(' '),
            // Nothing at all.
            '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}' => {}
            '½' => " 1/2 ".chars().for_each(push),
            '¼' => " 1/4 ".chars().for_each(push),
            '¾' => " 3/4 ".chars().for_each(push),
            '⁄' | '∕' | '÷' => push('/'),
            other if other.is_ascii() => push(other),
            other => deunicode::deunicode_char(other).unwrap_or(" ").chars().for_each(push),
        }
    }
    letters
}

struct Scanner<'letters> {
    letters: &'letters [Letter],
    at: usize,
    gap: Gap,
    pieces: Vec<Piece>,
}

impl Scanner<'_> {
    fn look(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).map(|letter| letter.plain)
    }

    fn push(&mut self, token: Token) {
        self.pieces.push(Piece { token, before: self.gap, after: Gap::Mark });
        self.gap = Gap::Glued;
    }

    fn step(&mut self) {
        let Some(letter) = self.look(0) else { return };
        match letter {
            '0'..='9' => self.number(),
            'a'..='z' => self.word(),
            _ => self.sign_or_gap(letter),
        }
    }

    /// Digits, and a unit that is written right behind them; with other letters behind it is a word: `2eme`.
    fn number(&mut self) {
        let start = self.at;
        let run = self.letters[start..].iter().take_while(|letter| letter.plain.is_ascii_alphanumeric()).count();
        let text: String = self.letters[start..start + run].iter().map(|letter| letter.plain).collect();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &text[digits..];
        if !rest.is_empty() && !GLUED_UNITS.contains(&rest) {
            self.at += run;
            self.push(Token::Word { text, capitals: false });
            return;
        }
        let mut number = text[..digits].to_owned();
        self.at += digits;
        if rest.is_empty() {
            self.fraction(&mut number);
        }
        self.push(Token::Number(canonical(&number)));
        // A unit behind a fraction: `2,5kg`. Without a fraction it is read as the next word.
    }

    /// Groups and decimals behind the first digits: `2 500`, `2,5`, `1.234,5`.
    fn fraction(&mut self, number: &mut String) {
        let digits_from = |scanner: &Self, ahead: usize| {
            scanner.letters[(scanner.at + ahead).min(scanner.letters.len())..]
                .iter()
                .take_while(|letter| letter.plain.is_ascii_digit())
                .count()
        };
        loop {
            let more = digits_from(self, 1);
            match self.look(0) {
                Some(JOINING_BLANK) if more == 3 && number.len() <= 3 => {}
                Some(mark @ ('.' | ',')) if more > 0 => number.push(mark),
                _ => return,
            }
            number.extend(self.letters[self.at + 1..self.at + 1 + more].iter().map(|letter| letter.plain));
            self.at += 1 + more;
        }
    }

    fn word(&mut self) {
        let mut text = String::new();
        let mut capitals = 0;
        while let Some(letter) = self.letters.get(self.at) {
            match letter.plain {
                'a'..='z' | '0'..='9' => {
                    text.push(letter.plain);
                    capitals += usize::from(letter.capital);
                    self.at += 1;
                }
                // `d'Ivoire` are two words, `Grand'Anse` is one.
                '\'' if self.look(1).is_some_and(|next| next.is_ascii_alphanumeric()) => {
                    self.at += 1;
                    if text.len() == 1 || matches!(text.as_str(), "qu" | "jusqu") {
                        break;
                    }
                }
                _ => break,
            }
        }
        let under = text
            .strip_prefix('u')
            .filter(|age| (1..=2).contains(&age.len()) && age.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(age) = under {
            let age = canonical(age);
            self.push(Token::Sign(Sign::Less));
            self.push(Token::Number(age));
            return;
        }
        let letters = text.bytes().filter(u8::is_ascii_lowercase).count();
        self.push(Token::Word { text, capitals: capitals == letters });
    }

    fn sign_or_gap(&mut self, letter: char) {
        let (next, third) = (self.look(1), self.look(2));
        let (sign, length) = match (letter, next) {
            ('<', Some('=')) | ('=', Some('<')) => (Some(Sign::AtMost), 2),
            ('>', Some('=')) => (Some(Sign::AtLeast), 2),
            // `=> 5` is at least five, `A => B` an arrow.
            ('=', Some('>')) if self.number_follows(2) => (Some(Sign::AtLeast), 2),
            ('=', Some('>')) | ('-', Some('>' | '-')) => (None, 2),
            ('<', Some('>')) => (Some(Sign::Unequal), 2),
            ('=', Some('=')) => (Some(Sign::Equal), 2),
            ('+', Some('/')) if third == Some('-') => (Some(Sign::PlusMinus), 3),
            ('+', Some('-')) => (Some(Sign::PlusMinus), 2),
            ('<', _) => (Some(Sign::Less), 1),
            ('>', _) => (Some(Sign::More), 1),
            ('=', _) => (Some(Sign::Equal), 1),
            ('+', _) => (Some(Sign::Plus), 1),
            ('-', _) => (Some(Sign::Hyphen), 1),
            ('±', _) => (Some(Sign::PlusMinus), 1),
            ('≠', _) => (Some(Sign::Unequal), 1),
            ('%', _) => (Some(Sign::Percent), 1),
            ('~', _) => (Some(Sign::About), 1),
            ('&', _) => (Some(Sign::And), 1),
            ('/', _) if self.number_follows(1) && !self.pieces.is_empty() => (Some(Sign::Per), 1),
            (':', Some('0'..='9')) if self.ends_a_number() => (Some(Sign::Per), 1),
            ('[', _) if self.ends_a_number() => (Some(Sign::Excluded), 1),
            _ => (None, 1),
        };
        match sign {
            Some(sign) => self.push(Token::Sign(sign)),
            // A bracket that opens belongs to what follows: `A - (B)` ends nothing before it.
            None if letter.is_whitespace() || matches!(letter, '(' | '[' | '{') => {
                if self.gap == Gap::Glued {
                    self.gap = Gap::Space;
                }
            }
            None => self.gap = Gap::Mark,
        }
        self.at += length;
    }

    fn number_follows(&self, ahead: usize) -> bool {
        let rest = self.letters.get(self.at + ahead..).unwrap_or_default();
        rest.iter().find(|letter| !letter.plain.is_whitespace()).is_some_and(|letter| letter.plain.is_ascii_digit())
    }

    fn ends_a_number(&self) -> bool {
        self.gap == Gap::Glued && matches!(self.pieces.last(), Some(Piece { token: Token::Number(_), .. }))
    }
}

/// A number in one spelling. A single comma or point before three digits stays as it is: it may be either.
fn canonical(number: &str) -> String {
    let marks = number.bytes().filter(|byte| !byte.is_ascii_digit()).count();
    let groups: Vec<&str> = number.split(',').collect();
    let grouped = groups.len() > 2 && groups.iter().skip(1).all(|group| group.len() == 3);
    let plain = if grouped { number.replace(',', "") } else { number.to_owned() };
    let text = match plain.split_once(',') {
        Some((whole, decimals)) if marks == 1 && (decimals.len() != 3 || whole == "0") => format!("{whole}.{decimals}"),
        _ => plain,
    };
    let trimmed = text.trim_start_matches('0');
    if trimmed.starts_with(|first: char| first.is_ascii_digit()) { trimmed.to_owned() } else { format!("0{trimmed}") }
}
