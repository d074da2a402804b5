//! When two spellings are the same text: accents, spaces and what editors change.
//!
//! Only the writing is made equal, never the words: letters with accents in one piece or in two, blanks that do not
//! break, doubled blanks and blanks at the ends. Case, signs and digits stay: they tell org units apart.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// A text with its accents in one piece (NFC).
pub fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Whether two names are the same, however their accents and their case were typed.
pub fn same_name(one: &str, other: &str) -> bool {
    name_key(one) == name_key(other)
}

/// A name as it is compared with others: without regard to case, accents in one piece.
pub fn name_key(name: &str) -> String {
    // Lower case can take a letter apart.
    composed(&composed(name.trim()).to_lowercase()).into_owned()
}

/// A text with its accents in one piece, and with one plain blank where there was white space of any kind.
pub fn settled(text: &str) -> String {
    let composed = composed(text);
    let mut settled = String::with_capacity(composed.len());
    let visible = composed.chars().filter(|character| !matches!(character, '\u{200b}' | '\u{2060}' | '\u{feff}'));
    for character in visible {
        if !character.is_whitespace() {
            settled.push(character);
        } else if !settled.is_empty() && !settled.ends_with(' ') {
            settled.push(' ');
        }
    }
    if settled.ends_with(' ') {
        settled.pop();
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::{name_key, same_name, settled};

    #[test]
    fn one_name_is_one_whatever_its_accents_are_made_of() {
        assert!(same_name("Sant\u{e9} ", "SANTE\u{301}") && !same_name("Santé", "Sante"));
        assert_eq!(name_key("  É\u{c9} "), "éé");
        for name in ["\u{130}", "\u{1e9b}\u{323}", "각", "ΑΣ"] {
            assert_eq!(name_key(&name_key(name)), name_key(name), "{name}");
        }
    }

    #[test]
    fn writing_is_made_equal_and_meaning_stays() {
        for (text, same) in [
            ("Hôpital  de\u{a0}Jacmel ", "Hôpital de Jacmel"),
            ("Ho\u{302}pital\u{202f}de\tJacmel\n", "Hôpital de Jacmel"),
            ("\u{feff}Haïti  /  Sud", "Haïti / Sud"),
            (" \u{200b}", ""),
        ] {
            assert_eq!(settled(text), same, "{text:?}");
        }
        for (text, other) in [("< 5", "> 5"), ("centre A", "Centre A"), ("A-1", "A 1"), ("07", "7"), ("ﬁn", "fin")] {
            assert_ne!(settled(text), settled(other), "{text:?}");
        }
    }
}
