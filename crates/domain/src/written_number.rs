//! Numbers as people and spreadsheets write them: with a decimal comma or a decimal point, with or without signs
//! between thousands.
//!
//! `1,000` is a thousand to some and one to others. A text that can be read in two ways is read only where the sheet
//! shows how it writes numbers: by its other cells, and by what separates its cells. Otherwise it is refused: a factor
//! that is wrong a thousand times over looks like any other number.

use bigdecimal::BigDecimal;

use crate::decimal::{parse_number, plain_text};

/// What stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `0,5`
    Comma,
    /// `0.5`
    Point,
}

impl DecimalMark {
    fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Point => '.',
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Comma => Self::Point,
            Self::Point => Self::Comma,
        }
    }
}

/// How a sheet, or a person, writes numbers, as far as it shows. Nothing shows by default, as on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NumberManner {
    /// What the separator of the cells suggests.
    suggested: Option<DecimalMark>,
    /// What the numbers show that can be read in one way only.
    shown: Option<DecimalMark>,
    /// The numbers do not agree.
    mixed: bool,
}

impl NumberManner {
    /// The manner of a sheet with such a separator: who separates cells by `;` does so because of decimal commas.
    pub fn of_separator(separator: u8) -> Self {
        let suggested = match separator {
            b';' => Some(DecimalMark::Comma),
            b',' => Some(DecimalMark::Point),
            _ => None,
        };
        Self { suggested, ..Self::default() }
    }

    /// The same, with what the cells show that hold numbers.
    #[must_use]
    pub fn shown_by<'cells>(self, cells: impl Iterator<Item = &'cells str>) -> Self {
        let mut marks = cells.filter_map(|cell| {
            let written = Written::of(cell)?;
            written.certain_mark().filter(|mark| written.number(Some(*mark)).is_some())
        });
        let shown = marks.next();
        Self { shown, mixed: marks.any(|mark| Some(mark) != shown), ..self }
    }

    /// The number that a text means; an error says in words why it is none, or which two numbers it could be.
    pub fn read(self, text: &str) -> Result<BigDecimal, String> {
        let no_number = || format!("`{text}` is not a number");
        let written = Written::of(text).ok_or_else(no_number)?;
        if let Some(mark) = written.unclear_mark() {
            return match self.decimal_mark(mark) {
                Some(decimal) => written.number(Some(decimal)),
                None => return Err(written.doubt(text.trim(), mark)),
            }
            .ok_or_else(no_number);
        }
        written.number(written.certain_mark()).ok_or_else(no_number)
    }

    /// What stands before decimals here, where a text has a mark that could be that or one between thousands.
    fn decimal_mark(self, of_the_text: DecimalMark) -> Option<DecimalMark> {
        let agree = self.suggested.is_none() || self.shown.is_none() || self.suggested == self.shown;
        let decimal = self.shown.or(self.suggested).filter(|_| agree && !self.mixed)?;
        // A separator alone does not say that thousands are marked: our own files have `1.234` between `;`.
        (decimal == of_the_text || self.shown.is_some()).then_some(decimal)
    }
}

/// A number taken apart.
struct Written {
    negative: bool,
    /// Digits and marks, blanks and apostrophes between thousands taken out.
    mantissa: String,
    /// Whether blanks or apostrophes stood between thousands.
    grouped: bool,
    /// With its `e`.
    exponent: String,
}

impl Written {
    /// None for what is no number in any manner.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let negative = text.strip_prefix(['-', '\u{2212}']);
        let unsigned = negative.or(text.strip_prefix('+')).unwrap_or(text);
        let at = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
        let (front, exponent) = unsigned.split_at(at);
        let is_gap = |character: char| character.is_whitespace() || matches!(character, '\'' | '\u{2019}');
        let known = |character: char| character.is_ascii_digit() || matches!(character, ',' | '.') || is_gap(character);
        if front.is_empty() || !front.chars().all(known) || !front.contains(|digit: char| digit.is_ascii_digit()) {
            return None;
        }
        let grouped = front.contains(is_gap);
        let whole = front.split([',', '.']).next().unwrap_or_default();
        let decimals = front.get(whole.len()..).unwrap_or_default();
        if grouped && (!are_groups(whole.split(is_gap)) || decimals.contains(is_gap) || !exponent.is_empty()) {
            return None;
        }
        let mantissa = front.chars().filter(|character| !is_gap(*character)).collect();
        Some(Self { negative: negative.is_some(), mantissa, grouped, exponent: exponent.to_owned() })
    }

    /// The marks, in order.
    fn marks(&self) -> Vec<DecimalMark> {
        let mark = |character| match character {
            ',' => Some(DecimalMark::Comma),
            '.' => Some(DecimalMark::Point),
            _ => None,
        };
        self.mantissa.chars().filter_map(mark).collect()
    }

    /// The one mark, where it could stand before decimals or between thousands: `1,000`, but not `0,125` or `1234,567`.
    fn unclear_mark(&self) -> Option<DecimalMark> {
        let marks = self.marks();
        let [mark] = marks.as_slice() else { return None };
        let looks_grouped = are_groups(self.mantissa.split(mark.character()));
        (looks_grouped && !self.grouped && self.exponent.is_empty()).then_some(*mark)
    }

    /// What stands before decimals, or would stand there, in the one way in which this can be read. None where nothing
    /// shows it.
    fn certain_mark(&self) -> Option<DecimalMark> {
        if self.unclear_mark().is_some() {
            return None;
        }
        let marks = self.marks();
        let last = *marks.last()?;
        // Several of one kind stand between thousands.
        Some(if marks.len() > 1 && marks.iter().all(|mark| *mark == last) { last.other() } else { last })
    }

    /// The number, if `decimal` stands before the decimals.
    fn number(&self, decimal: Option<DecimalMark>) -> Option<BigDecimal> {
        let (whole, decimals) = match decimal {
            None => (self.mantissa.as_str(), ""),
            Some(mark) => self.mantissa.split_once(mark.character()).unwrap_or((&self.mantissa, "")),
        };
        let thousands: Vec<&str> = whole.split([',', '.']).collect();
        if thousands.len() > 1 && (self.grouped || !self.exponent.is_empty() || !are_groups(thousands.iter().copied()))
        {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        parse_number(&format!("{sign}{}.{decimals}{}", thousands.concat(), self.exponent))
    }

    fn doubt(&self, text: &str, mark: DecimalMark) -> String {
        let in_words = |decimal| self.number(Some(decimal)).map(|number| plain_text(&number)).unwrap_or_default();
        let (small, large) = (in_words(mark), in_words(mark.other()));
        format!("`{text}` can be read as {large} or as {small}; write {large}, or {text}0 for {small}")
    }
}

/// Whether digits stand in groups as between thousands: `1 000 000`, or `10 00 000` as in India and Nepal.
fn are_groups<'digits>(groups: impl Iterator<Item = &'digits str>) -> bool {
    let groups: Vec<&str> = groups.collect();
    let [first, middle @ .., last] = groups.as_slice() else { return false };
    let inside = middle.first().map_or(3, |group| group.len());
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && last.len() == 3
        && (2..=3).contains(&inside)
        && middle.iter().all(|group| group.len() == inside)
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{NumberManner, plain_text};

    fn read(manner: NumberManner, text: &str) -> Result<String, String> {
        manner.read(text).map(|number| plain_text(&number))
    }

    #[test]
    fn what_can_be_read_in_one_way_is_read_in_every_manner() {
        let manners = [
            NumberManner::default(),
            NumberManner::of_separator(b';'),
            NumberManner::of_separator(b','),
            NumberManner::of_separator(b';').shown_by(["0.5"].into_iter()),
            NumberManner::of_separator(b',').shown_by(["0,5", "0.5"].into_iter()),
        ];
        for (text, number) in [
            ("0.5", "0.5"),
            ("0,5", "0.5"),
            (",5", "0.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0,125", "-0.125"),
            ("\u{2212}2", "-2"),
            ("+7", "7"),
            ("1000", "1000"),
            ("1234,567", "1234.567"),
            ("1,0000", "1"),
            ("1 000", "1000"),
            ("1\u{a0}000,500", "1000.5"),
            ("1\u{202f}000\u{202f}000.25", "1000000.25"),
            ("1'000.5", "1000.5"),
            ("1,000.5", "1000.5"),
            ("1.000,5", "1000.5"),
            ("1,000,000", "1000000"),
            ("1.000.000", "1000000"),
            ("10,00,000.5", "1000000.5"),
            ("1,234E+03", "1234"),
            ("1E-05", "0.00001"),
            (" 2 ", "2"),
            ("007", "7"),
        ] {
            for manner in manners {
                assert_eq!(read(manner, text).as_deref(), Ok(number), "{text} {manner:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            ",",
            "a",
            "1,00,00",
            "1,0,5",
            "1 00",
            "0 500",
            "1,000.50.2",
            "1.000 000",
            "1,5,5",
            "--5",
            "50 %",
            "1,000E3",
            "٣",
            "NaN",
            "0x10",
            "1 000E3",
            "(5)",
            "1..5",
            "5 €",
        ] {
            let said = read(NumberManner::of_separator(b';'), text);
            // The exponent makes a mark that of decimals.
            if text == "1,000E3" {
                assert_eq!(said.as_deref(), Ok("1000"));
            } else {
                assert_eq!(said, Err(format!("`{text}` is not a number")));
            }
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_read_in_the_sheets_own_manner_or_refused() {
        let semicolons = || NumberManner::of_separator(b';');
        let commas = || NumberManner::of_separator(b',');
        let tabs = || NumberManner::of_separator(b'\t');
        let shown = |manner: NumberManner, cells: &[&'static str]| manner.shown_by(cells.iter().copied());
        for (manner, text, number) in [
            // The mark that goes with the separator.
            (semicolons(), "1,000", Some("1")),
            (semicolons(), "12,345", Some("12.345")),
            (commas(), "1.234", Some("1.234")),
            // The other one could be either.
            (semicolons(), "1.000", None),
            (commas(), "1,000", None),
            (commas(), "-1,000", None),
            (tabs(), "1,000", None),
            (tabs(), "1.000", None),
            (NumberManner::default(), "1,000", None),
            (NumberManner::default(), "1.000", None),
            // Other cells show it.
            (shown(tabs(), &["0,5"]), "1,000", Some("1")),
            (shown(tabs(), &["0.5"]), "1,000", Some("1000")),
            (shown(tabs(), &["1.000.000"]), "1,000", Some("1")),
            (shown(tabs(), &["1 000,5"]), "1.000", Some("1000")),
            (shown(commas(), &["2", "0.5"]), "1,000", Some("1000")),
            (shown(semicolons(), &["0,5"]), "1.000", Some("1000")),
            // They do not agree, or not with the separator.
            (shown(tabs(), &["0,5", "0.5"]), "1,000", None),
            (shown(semicolons(), &["0.5"]), "1,000", None),
            (shown(semicolons(), &["0.5"]), "1.000", None),
            (shown(commas(), &["0,5"]), "1.000", None),
            // What is unclear shows nothing.
            (shown(commas(), &["1,000", "2", "x", "1,5,5"]), "1,000", None),
        ] {
            assert_eq!(read(manner, text).ok().as_deref(), number, "{text} {manner:?}");
        }
        assert_eq!(
            read(commas(), "12,345").unwrap_err(),
            "`12,345` can be read as 12345 or as 12.345; write 12345, or 12,3450 for 12.345"
        );
    }
}
