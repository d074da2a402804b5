//! xfer commands as a person types them in a shell, for hints and next steps.

/// A word as it must be typed in a shell: quoted where it needs to be.
pub fn shell_word(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./:@%+=,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A command of ours, from the words after `xfer`.
pub fn xfer_command(words: &[String]) -> String {
    std::iter::once("xfer".to_owned()).chain(words.iter().map(|word| shell_word(word))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{shell_word, xfer_command};

    #[test]
    fn names_are_quoted_where_a_shell_needs_it() {
        assert_eq!(shell_word("national"), "national");
        assert_eq!(shell_word("Côte d'Or"), r"'Côte d'\''Or'");
        assert_eq!(shell_word("monthly figures"), "'monthly figures'");
        let words = ["run", "monthly figures", "--dry-run"].map(str::to_owned);
        assert_eq!(xfer_command(&words), "xfer run 'monthly figures' --dry-run");
    }
}
