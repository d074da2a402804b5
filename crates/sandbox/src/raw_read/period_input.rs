//! Why 2.43 refuses a period text: the words of its strict parser (`Period.Input.of`).

/// The server's message for a text that is no period.
pub(super) fn refusal(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let length = letters.len();
    if !(4..=11).contains(&length) {
        return format!("Period must be have between 4 and 11 characters but got: `{text}`");
    }
    let not_a_digit = |from: usize, to: usize| {
        (from..to).find(|&place| !letters[place].is_ascii_digit()).map(|place| {
            format!("Invalid Period `{text}`, expected a digit at position {place} but found: `{}`", letters[place])
        })
    };
    if let Some(refusal) = not_a_digit(0, 4) {
        return refusal;
    }
    let rest: String = letters[4..].iter().collect();
    let infixes: &[&str] = match length {
        6 => {
            if let Some(refusal) = not_a_digit(5, 6) {
                return refusal;
            }
            &["W", "Q", "S"]
        }
        7 => {
            if let Some(refusal) = not_a_digit(5, 7) {
                return refusal;
            }
            &["W", "-"]
        }
        8 => match not_a_digit(4, 8) {
            Some(refusal) => return refusal,
            None => &[],
        },
        9 => {
            if let Some(refusal) = not_a_digit(8, 9) {
                return refusal;
            }
            &["WedW", "ThuW", "FriW", "SatW", "SunW", "NovS"]
        }
        10 => {
            if let Some(refusal) = not_a_digit(8, 10) {
                return refusal;
            }
            &["WedW", "ThuW", "FriW", "SatW", "SunW"]
        }
        _ => &["AprilS"],
    };
    if infixes.is_empty() || infixes.iter().any(|infix| rest.starts_with(infix)) {
        // Well-formed, but not in the calendar (week 53 of a year that has 52): the server's calendar has no words of
        // its own for it.
        return format!("Invalid Period `{text}`");
    }
    let expected = infixes.join(", ");
    format!(
        "Invalid Period `{text}`, expected one of [{expected}] at index 4 for a ISO period of length {length} but \
         found: `{rest}`"
    )
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn the_words_name_the_place() {
        assert_eq!(
            refusal("2024X"),
            "Invalid Period `2024X`, expected one of [AprilS] at index 4 for a ISO period of length 5 but found: `X`"
        );
        assert_eq!(refusal("abc"), "Period must be have between 4 and 11 characters but got: `abc`");
        assert_eq!(refusal("20x4"), "Invalid Period `20x4`, expected a digit at position 2 but found: `x`");
        assert!(refusal("2024X9").contains("[W, Q, S]"));
        assert_eq!(refusal("2024W53"), "Invalid Period `2024W53`");
    }
}
