//! A value as it stands in sentences and tables: short, on one line, and without characters that do things to a terminal.

/// As much of a text as helps to recognise it.
const SHOWN: usize = 60;

/// The beginning of a text, with an ellipsis where there is more of it.
pub fn shown(text: &str) -> String {
    let mut characters = text.chars();
    let mut kept: String = characters.by_ref().take(SHOWN).map(harmless).collect();
    if characters.next().is_some() {
        kept.push('…');
    }
    kept
}

/// New lines and tabs as signs of their own, other controls and marks that turn the direction of writing as a stand-in.
fn harmless(character: char) -> char {
    match character {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => '⏎',
        '\t' => '⇥',
        '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SHOWN, shown};

    #[test]
    fn long_and_wild_texts_are_shown_short_and_tame() {
        assert_eq!(shown("12.5"), "12.5");
        assert_eq!(shown(""), "");
        assert_eq!(shown("two\nlines\tand \u{1b}[31m"), "two⏎lines⇥and \u{fffd}[31m");
        let long = "é".repeat(40_000);
        assert_eq!(shown(&long), format!("{}…", "é".repeat(SHOWN)));
        assert_eq!(shown(&"x".repeat(SHOWN)), "x".repeat(SHOWN));
    }

    proptest! {
        #[test]
        fn nothing_shown_is_long_or_a_control(text in ".*|\\PC*[\u{0}-\u{1f}]{0,90}") {
            let shown = shown(&text);
            prop_assert!(shown.chars().count() <= SHOWN + 1);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
