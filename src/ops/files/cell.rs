//! Text as it stands in a cell of a sheet that a spreadsheet opens, and back.
//!
//! A spreadsheet runs what begins like a formula, also behind blanks, and in the wide signs that a keyboard for Chinese
//! or Japanese types; such text gets a quote before it. A NUL ends a cell, or a file, in some programs, and other controls
//! are dropped by others: they are written as the pictures that Unicode has of them. Both are undone on reading, so that
//! a sheet that nobody touched is the same names again.

use std::borrow::Cow;

use xfer_domain::shown::acts_unseen;

/// What stands before a picture that belongs to the text itself.
const AS_IT_IS: char = '\u{2426}';

/// What a formula begins with, narrow, wide and small.
const FORMULA_SIGNS: [char; 13] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{2212}', '\u{fe66}', '\u{fe62}', '\u{fe63}',
    '\u{fe6b}',
];

/// Text for a cell.
pub fn guarded(text: &str) -> Cow<'_, str> {
    let text = pictured(text);
    if needs_quote(&text) { format!("'{text}").into() } else { text }
}

/// The text of a cell.
pub fn unguarded(cell: &str) -> Cow<'_, str> {
    let cell = cell.strip_prefix('\'').filter(|rest| needs_quote(rest)).unwrap_or(cell);
    if !cell.contains(|character| control_of(character).is_some() || character == AS_IT_IS) {
        return cell.into();
    }
    let mut text = String::with_capacity(cell.len());
    let mut characters = cell.chars();
    while let Some(character) = characters.next() {
        match character {
            AS_IT_IS => text.push(characters.next().unwrap_or(AS_IT_IS)),
            _ => text.push(control_of(character).unwrap_or(character)),
        }
    }
    text.into()
}

/// Controls as pictures, but for those that make lines and columns.
fn pictured(text: &str) -> Cow<'_, str> {
    let pictures = |character: char| picture_of(character).is_some() || is_picture(character);
    if !text.contains(pictures) {
        return text.into();
    }
    let mut written = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_picture(character) {
            written.push(AS_IT_IS);
        }
        written.push(picture_of(character).unwrap_or(character));
    }
    written.into()
}

fn is_picture(character: char) -> bool {
    character == AS_IT_IS || control_of(character).is_some()
}

fn picture_of(control: char) -> Option<char> {
    match control {
        '\t' | '\n' | '\r' => None,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(control)),
        '\u{7f}' => Some('\u{2421}'),
        _ => None,
    }
}

fn control_of(picture: char) -> Option<char> {
    match picture {
        '\u{2409}' | '\u{240a}' | '\u{240d}' => None,
        '\u{2400}'..='\u{241f}' => char::from_u32(u32::from(picture) - 0x2400),
        '\u{2421}' => Some('\u{7f}'),
        _ => None,
    }
}

/// Text that looks like a formula, and text that would be taken for such text with its quote.
fn needs_quote(text: &str) -> bool {
    looks_like_formula(text.trim_start_matches('\''))
}

fn looks_like_formula(text: &str) -> bool {
    // What a spreadsheet drops at the beginning, or does not show.
    let begins = text.trim_start_matches(|character: char| {
        character.is_whitespace()
            || is_picture(character)
            || acts_unseen(character)
            || matches!(character, '\u{fe00}'..='\u{fe0f}')
    });
    let formula = begins.starts_with(FORMULA_SIGNS);
    text.starts_with(['\t', '\r', '\n']) || formula && text.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{guarded, unguarded};

    #[test]
    fn what_a_spreadsheet_would_run_begins_with_a_quote() {
        for formula in [
            "=cmd()",
            "+1+2",
            "-2+3",
            "@x",
            "\t=x",
            "\r=x",
            "\n=x",
            " =x",
            "\u{a0}=x",
            "\u{3000}=x",
            "\u{200b}=x",
            "\u{feff}+x",
            "\u{ff1d}x",
            "\u{ff0b}x",
            "\u{ff0d}x",
            "\u{ff20}x",
            "\0=x",
            "\u{7f}@x",
            "  \u{202e}=x",
            "\tx",
            "\u{fe66}x",
            "\u{fe62}x",
            "\u{fe63}x",
            "\u{fe6b}x",
            "\u{61c}=x",
            "\u{180e}=x",
            "\u{206a}=x",
            "\u{fff9}=x",
            "\u{34f}=x",
            "\u{115f}=x",
            "\u{e0041}=x",
            "\u{1d173}=x",
            "\u{fe0f}=x",
        ] {
            assert!(guarded(formula).starts_with('\''), "{formula:?}");
        }
        for text in ["-5.2", "12", "Jacmel", "a=b", "C.S. +", "'quoted'", "é"] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn controls_are_written_as_their_pictures() {
        assert_eq!(guarded("a\0b\u{7f}\u{1b}[31m"), "a␀b␡␛[31m");
        assert_eq!(unguarded("a␀b␡␛[31m"), "a\0b\u{7f}\u{1b}[31m");
        assert_eq!(guarded("two\nlines\tand ␀"), "two\nlines\tand ␦␀", "a picture of its own stays one");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "['=+@\u{0}-\u{1f}\u{7f}␀␦␛ a＝﹦\u{a0}\u{200b}\u{61c}\u{e0041}-]{0,12}") {
            let cell = guarded(&text).into_owned();
            prop_assert_eq!(unguarded(&cell), text.as_str());
            let pictured = cell.chars().all(|sign| !sign.is_control() || matches!(sign, '\t' | '\n' | '\r'));
            prop_assert!(pictured, "{:?}", cell);
        }
    }
}
