//! How names are compared: folded to what people mean by "the same name".

use rapidfuzz::distance::{jaro_winkler, levenshtein, osa};

/// A name without accents, case, punctuation and extra white space: `Hôpital  St.-Michel` → `hopital st michel`.
pub fn folded(name: &str) -> String {
    // `n°2` is a number, not `ndeg2`.
    let ascii = deunicode::deunicode(&name.replace(['°', 'º'], " "));
    let mut folded = String::with_capacity(ascii.len());
    for character in ascii.chars() {
        if character.is_ascii_alphanumeric() {
            folded.push(character.to_ascii_lowercase());
        } else if character != '\'' && !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// The known names nearest to what a person typed, best first, for "did you mean".
pub fn nearest<'names>(typed: &str, names: impl Iterator<Item = &'names str>, at_most: usize) -> Vec<&'names str> {
    let typed = folded(typed);
    let mut scored: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let candidate = folded(name);
            let distance = levenshtein::distance(typed.bytes(), candidate.bytes());
            let near =
                distance <= typed.len().max(candidate.len()) / 3 || (typed.len() >= 3 && candidate.contains(&typed));
            near.then_some((distance, name))
        })
        .collect();
    scored.sort_unstable();
    scored.into_iter().take(at_most).map(|(_, name)| name).collect()
}

/// How similar two different words are: a slip of the pen, or one short for the other.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a similarity needs no precision")]
pub fn same_word(left: &str, right: &str) -> f32 {
    let (shorter, longer) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    if shorter.is_empty() || shorter.bytes().any(|b| b.is_ascii_digit()) || longer.bytes().any(|b| b.is_ascii_digit()) {
        return 0.0;
    }
    let first_letters = shorter.as_bytes()[0] == longer.as_bytes()[0];
    if first_letters && shorter.len() < longer.len() {
        if shorter.len() == 1 {
            return 0.8; // an initial
        }
        if longer.starts_with(shorter) && shorter.len() >= 3 && longer.len() - shorter.len() >= 2 {
            return 0.9;
        }
        if shorter.len() >= 3 && shorter.len() * 2 <= longer.len() + 2 && is_skeleton(shorter, longer) {
            return 0.85;
        }
    }
    if longer.len() - shorter.len() > 3 || shorter.len() < 3 {
        return 0.0;
    }
    let slips = osa::distance(left.bytes(), right.bytes());
    let allowed = match longer.len() {
        0..=3 => 0,
        4..=7 => 1,
        8..=11 => 2,
        _ => 3,
    };
    if slips > allowed {
        return 0.0;
    }
    let by_slips = 1.0 - slips as f32 / longer.len() as f32 * 0.8;
    by_slips.max(jaro_winkler::similarity(left.bytes(), right.bytes()) as f32 - 0.05)
}

/// Whether the letters of the shorter word stand in the longer one in this order, the last letters included: `govt`.
fn is_skeleton(shorter: &str, longer: &str) -> bool {
    // Who shortens a word so leaves the vowels out.
    let vowels = shorter.bytes().filter(|letter| b"aeiouy".contains(letter)).count();
    let mut rest = longer.bytes();
    vowels < 2 && shorter.bytes().all(|letter| rest.any(|other| other == letter))
}

#[cfg(test)]
mod tests {
    use super::{folded, nearest, same_word};

    #[test]
    fn slips_and_short_forms_are_the_same_word() {
        for (left, right) in [
            ("marigot", "marigto"),
            ("marigot", "marigott"),
            ("bandajuma", "bandajma"),
            ("jean", "j"),
            ("bert", "bertrand"),
            ("govt", "government"),
        ] {
            assert!(same_word(left, right) >= 0.8, "{left} {right} {}", same_word(left, right));
            assert!(same_word(left, right) < 1.0);
        }
    }

    #[test]
    fn other_words_are_not() {
        for (left, right) in [("gbo", "gba"), ("marigot", "maribel"), ("kono", "bono"), ("12", "13"), ("sud", "nord")] {
            assert!(same_word(left, right) < 0.87, "{left} {right} {}", same_word(left, right));
        }
        assert!(same_word("gbo", "gba") < 0.1);
        assert!(same_word("marigot", "maribel") < 0.1);
    }

    #[test]
    fn folding_keeps_what_people_mean() {
        for (name, expected) in [
            ("Hôpital  St.-Michel", "hopital st michel"),
            ("  CENTRE DE SANTÉ\u{a0}de Jacmel ", "centre de sante de jacmel"),
            ("Grand'Anse", "grandanse"),
            ("Œuvre (Nord-Est)", "oeuvre nord est"),
            ("Clinique n°2", "clinique n 2"),
            ("", ""),
        ] {
            assert_eq!(folded(name), expected, "{name}");
        }
    }

    #[test]
    fn near_names_are_suggested_best_first() {
        let names = ["national", "tracker", "training"];
        assert_eq!(nearest("Traker", names.into_iter(), 2), ["tracker"]);
        assert_eq!(nearest("nation", names.into_iter(), 2), ["national"]);
        assert!(nearest("zzz", names.into_iter(), 2).is_empty());
    }
}
