//! How results look: tables, JSON and CSV.

pub mod clock;
pub mod item;
pub mod listing;
pub mod org_units;
pub mod report;
pub mod review;
pub mod server;
mod table;

/// A name as it must be typed in a shell: quoted where it needs to be.
pub fn shell_word(name: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./:@%+=,".contains(character);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn names_are_quoted_where_a_shell_needs_it() {
        assert_eq!(shell_word("national"), "national");
        assert_eq!(shell_word("Côte d'Or"), r"'Côte d'\''Or'");
        assert_eq!(shell_word("monthly figures"), "'monthly figures'");
    }
}
