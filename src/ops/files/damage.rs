//! What spreadsheets do to cells: codes lose their zeros, long ones become `1.23E+11`, `MAR1` becomes a day of March,
//! and letters of a file that was opened in a wrong encoding become others.
//!
//! A cell that can be what a spreadsheet made of a text does not contradict that text. It does not name it, either: the
//! same cell could come from other texts.

use std::num::NonZeroU64;

use bigdecimal::{BigDecimal, RoundingMode};

use xfer_domain::decimal::parse_number;
use xfer_domain::spelling::settled;
use xfer_domain::written_number::NumberManner;

/// Digits of a number that a spreadsheet keeps.
const KEPT_DIGITS: usize = 15;

/// Whether a cell says what a text says, or can be what a spreadsheet made of it.
pub fn can_be(cell: &str, text: &str) -> bool {
    settled(cell) == settled(text) || is_number_of(cell, text)
}

/// Whether a cell can be what a spreadsheet made of a text that looks like a number.
fn is_number_of(cell: &str, text: &str) -> bool {
    let Some(number) = parse_number(text) else { return false };
    let Ok(read) = NumberManner::default().read(cell) else { return false };
    if read == number {
        return true;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(cell) && digits(text) && cell.len() == text.len() && text.len() > KEPT_DIGITS {
        return cell.get(..KEPT_DIGITS) == text.get(..KEPT_DIGITS)
            && cell.bytes().skip(KEPT_DIGITS).all(|byte| byte == b'0');
    }
    let Some((mantissa, _)) = cell.split_once(['e', 'E']) else { return false };
    let shown = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let shown = u64::try_from(shown).unwrap_or(u64::MAX).max(1);
    rounded(&number, shown) == read
}

fn rounded(number: &BigDecimal, digits: u64) -> BigDecimal {
    NonZeroU64::new(digits)
        .map_or_else(|| number.clone(), |digits| number.with_precision_round(digits, RoundingMode::HalfUp))
}

/// What a spreadsheet seems to have done to a cell, with what helps; nothing where nothing shows.
pub fn suspicion(cell: &str) -> Option<&'static str> {
    if looks_like_a_long_number(cell) {
        return Some("a spreadsheet shortened a long code: set the column to text there, or empty the cell");
    }
    if looks_like_a_day(cell) {
        return Some("a spreadsheet changed a code to a date: set the column to text there, or empty the cell");
    }
    if looks_misread(cell) {
        return Some(
            "letters were lost: the file was opened with an encoding other than UTF-8. Export it with --bom, so that \
             Excel uses UTF-8",
        );
    }
    None
}

fn looks_like_a_long_number(cell: &str) -> bool {
    let is_large = |number: BigDecimal| number.abs() > 1_000;
    cell.contains("E+") && NumberManner::default().read(cell).is_ok_and(is_large)
}

/// `01-Mar`, `mars-24`, `1/2/2024`, `2024-02-01 00:00`.
fn looks_like_a_day(cell: &str) -> bool {
    let day = cell.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).filter(|part| !part.is_empty()).collect();
    let number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let word = |part: &str| (3..=9).contains(&part.chars().count()) && part.chars().all(char::is_alphabetic);
    match parts.as_slice() {
        [one, other] => (number(one) && is_month(other)) || (is_month(one) && number(other)),
        [one, month, other] => number(one) && number(other) && (number(month) || (word(month) && is_month(month))),
        _ => false,
    }
}

/// The beginnings of months in the languages of most DHIS2 servers.
fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 30] = [
        "jan", "fev", "fév", "feb", "mar", "avr", "apr", "abr", "mai", "may", "jui", "jun", "jul", "aou", "aoû", "aug",
        "ago", "sep", "set", "oct", "out", "okt", "nov", "dec", "déc", "dez", "dic", "ene", "mrz", "mär",
    ];
    let word = word.to_lowercase();
    word.chars().count() <= 9 && MONTHS.iter().any(|month| word.starts_with(month))
}

/// `SantÃ©`, and what stands in the place of letters that were lost.
fn looks_misread(cell: &str) -> bool {
    let is_half = |letter: char| !letter.is_ascii() && (!letter.is_alphabetic() || matches!(letter, 'ª' | 'º'));
    let halves = |sign: &&str| cell.split(*sign).skip(1).any(|rest| rest.chars().next().is_some_and(is_half));
    cell.contains('\u{fffd}') || ["Ã", "Â", "â€", "Å"].iter().any(halves)
}

#[cfg(test)]
mod tests {
    use super::{can_be, suspicion};

    #[test]
    fn a_damaged_cell_can_be_its_text_and_no_other() {
        for (cell, text) in [
            ("7", "007"),
            ("0", "000"),
            ("7", "7"),
            ("1.23457E+11", "123456789012"),
            ("1,23457E+11", "123456789012"),
            ("1.2E+11", "123456789012"),
            ("1E+11", "123456789012"),
            ("1.00E+05", "1E5"),
            ("100000", "1E5"),
            ("1.1", "1.10"),
            ("1234567890123450", "1234567890123456"),
            ("A  1", "A 1"),
            ("Santé", "Sante\u{301}"),
        ] {
            assert!(can_be(cell, text), "{cell} {text}");
        }
        for (cell, text) in [
            ("7", "70"),
            ("7", "A7"),
            ("1.23458E+11", "123456789012"),
            ("1234567890123450", "1234567890123466"),
            ("1234567890123000", "1234567890123456"),
            ("a 1", "A 1"),
            ("01-Mar", "MAR1"),
            ("", "0"),
        ] {
            assert!(!can_be(cell, text), "{cell} {text}");
        }
    }

    #[test]
    fn what_a_spreadsheet_did_is_said() {
        for (cell, word) in [
            ("1.23457E+11", Some("shortened")),
            ("01-Mar", Some("date")),
            ("mars-24", Some("date")),
            ("1/2/2024", Some("date")),
            ("2024-02-01 00:00", Some("date")),
            ("1-févr", Some("date")),
            ("Centre de SantÃ©", Some("letters")),
            ("Sant\u{fffd}", Some("letters")),
            ("CarrefourÂ\u{a0}X TÃªte", Some("letters")),
            ("Centre de Santé", None),
            ("A-1", None),
            ("HT-01-02", None),
            ("123", None),
            ("1.5", None),
            ("Marigot", None),
            ("Ångström", None),
            ("", None),
        ] {
            assert_eq!(suspicion(cell).is_some(), word.is_some(), "{cell}");
            assert!(suspicion(cell).unwrap_or_default().contains(word.unwrap_or_default()), "{cell}");
        }
    }
}
