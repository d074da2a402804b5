//! A value for messages and tables: short, on one line, and without control characters for the terminal.

use std::borrow::Cow;
use std::mem;

/// As much of a text as helps to recognise it.
const SHOWN: usize = 60;

/// The beginning of a text, with an ellipsis where there is more of it.
pub fn shown(text: &str) -> String {
    let end = text.char_indices().nth(SHOWN).map_or(text.len(), |(end, _)| end);
    let mut kept = tame(&text[..end]);
    if end < text.len() {
        kept.push('…');
    }
    kept
}

/// A text on one line that does nothing to a terminal: new lines and tabs as signs of their own, other controls and
/// what cannot be seen as a stand-in.
pub fn tame(text: &str) -> String {
    harmless(text, |character| match character {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => '⏎',
        '\t' => '⇥',
        _ => STAND_IN,
    })
}

/// The same with its new lines and tabs.
pub fn tame_lines(text: &str) -> String {
    harmless(text, |character| if matches!(character, '\n' | '\t') { character } else { STAND_IN })
}

/// For what must not be shown as it is.
const STAND_IN: char = '\u{fffd}';

fn harmless(text: &str, instead: impl Fn(char) -> char) -> String {
    let mut before = ' ';
    let tamed = text.chars().map(|character| {
        let after = mem::replace(&mut before, character);
        if acts_unseen(character) && !belongs_after(character, after) { instead(character) } else { character }
    });
    tamed.collect()
}

/// Controls, and characters without a sign of their own: marks and overrides of the direction of writing, blanks without
/// width, fillers, tags. Two names that differ in them only look alike.
pub fn acts_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Between letters of Arabic, of India and of its neighbours, joiners and breaks without width belong to the writing; and
/// pictures are joined by one.
fn belongs_after(character: char, before: char) -> bool {
    match before {
        '\u{600}'..='\u{1cff}' => matches!(character, '\u{200b}'..='\u{200d}'),
        '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}' => character == '\u{200d}',
        _ => false,
    }
}

/// What stands behind a text of which a part is left out.
const CUT: &str = " … (cut)";

/// A text in at most so many bytes, with a mark where there was more of it.
pub fn cut(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return text.into();
    }
    let kept = text.floor_char_boundary(bytes.saturating_sub(CUT.len()));
    format!("{}{CUT}", text.get(..kept).unwrap_or_default()).into()
}

/// [`cut`] of a text that is at hand: one that fits stays the same.
pub fn cut_off(text: String, bytes: usize) -> String {
    if text.len() <= bytes { text } else { cut(&text, bytes).into_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CUT, SHOWN, acts_unseen, cut, shown, tame, tame_lines};

    #[test]
    fn long_and_wild_texts_are_shown_short_and_tame() {
        assert_eq!(shown("12.5"), "12.5");
        assert_eq!(shown(""), "");
        assert_eq!(shown("two\nlines\tand \u{1b}[31m"), "two⏎lines⇥and \u{fffd}[31m");
        let long = "é".repeat(40_000);
        assert_eq!(shown(&long), format!("{}…", "é".repeat(SHOWN)));
        assert_eq!(shown(&"x".repeat(SHOWN)), "x".repeat(SHOWN));
    }

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut(&"é".repeat(100), 51), format!("{}{CUT}", "é".repeat(20)));
        assert!(cut(&"€".repeat(1_000), 2_048).len() <= 2_048);
    }

    #[test]
    fn what_cannot_be_seen_is_shown_where_it_does_not_belong() {
        for unseen in [
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
            "\u{200d}",
            "\u{feff}",
            "\u{ad}",
            "\u{7f}",
            "\u{9b}",
            "\u{e0041}",
            "\u{1d173}",
        ] {
            let text = format!("Jac{unseen}mel");
            assert_eq!(tame(&text), "Jac\u{fffd}mel", "{text:?}");
            assert_eq!(tame_lines(&text), "Jac\u{fffd}mel", "{text:?}");
        }
        for belongs in ["می\u{200c}خواهم", "ක්\u{200d}ෂ", "ភាសា\u{200b}ខ្មែរ", "👩\u{200d}⚕"]
        {
            assert_eq!(tame(belongs), belongs);
        }
        assert_eq!(tame_lines("a\n\tb\rc"), "a\n\tb\u{fffd}c");
    }

    proptest! {
        #[test]
        fn nothing_shown_is_long_or_a_control(text in ".*|\\PC*[\u{0}-\u{1f}]{0,90}") {
            let shown = shown(&text);
            prop_assert!(shown.chars().count() <= SHOWN + 1);
            prop_assert!(!shown.chars().any(char::is_control));
            prop_assert!(!tame_lines(&text).chars().any(|sign| acts_unseen(sign) && sign.is_control() && sign != '\n' && sign != '\t'));
        }
    }
}
