//! How names are compared: folded to what people mean by "the same name".

/// A name without accents, case, punctuation and extra white space: `Hôpital  St.-Michel` → `hopital st michel`.
pub fn folded(name: &str) -> String {
    let ascii = deunicode::deunicode(name);
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
            let distance = edit_distance(&typed, &candidate);
            let near =
                distance <= typed.len().max(candidate.len()) / 3 || (typed.len() >= 3 && candidate.contains(&typed));
            near.then_some((distance, name))
        })
        .collect();
    scored.sort_unstable();
    scored.into_iter().take(at_most).map(|(_, name)| name).collect()
}

/// Levenshtein distance over bytes; both texts are ASCII after folding.
fn edit_distance(left: &str, right: &str) -> usize {
    let right = right.as_bytes();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (left_index, left_byte) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = left_index + 1;
        for (right_index, right_byte) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(left_byte != *right_byte);
            diagonal = row[right_index + 1];
            row[right_index + 1] = substituted.min(row[right_index] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::{folded, nearest};

    #[test]
    fn folding_keeps_what_people_mean() {
        for (name, expected) in [
            ("Hôpital  St.-Michel", "hopital st michel"),
            ("  CENTRE DE SANTÉ\u{a0}de Jacmel ", "centre de sante de jacmel"),
            ("Grand'Anse", "grandanse"),
            ("Œuvre (Nord-Est)", "oeuvre nord est"),
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
