//! What is the same text, however it was typed and whatever an editor did to it.
//!
//! Only the writing is made equal, never the words: letters with accents in one piece or in two, blanks that do not
//! break, doubled blanks and blanks at the ends. Case, signs and digits stay: they tell org units apart.

use icu_normalizer::ComposingNormalizerBorrowed;

/// A text with its accents in one piece, and with one plain blank where there was white space of any kind.
pub fn settled(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
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
    use super::settled;

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
