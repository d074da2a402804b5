//! Counts in words: a number and its noun, singular or plural.

use std::borrow::Cow;

/// A number with its thousands set apart: `188,697`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with its noun: `1 cell`, `2,500 cells`, `0 facilities`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {}", grouped(number), noun_for(number, noun))
}

/// The same of things in memory.
pub fn counted_len(number: usize, noun: &str) -> String {
    counted(number as u64, noun)
}

/// A noun in the form that the number asks for. What follows a preposition stays as it is: `periods of an item`.
pub fn noun_for(number: u64, noun: &str) -> Cow<'_, str> {
    if number == 1 {
        return Cow::Borrowed(noun);
    }
    match noun.split_once(" of ") {
        Some((head, rest)) => Cow::Owned(format!("{} of {rest}", plural(head))),
        None => Cow::Owned(plural(noun)),
    }
}

/// How often: `once`, `twice`, `3 times`.
pub fn times(number: u64) -> Cow<'static, str> {
    match number {
        1 => Cow::Borrowed("once"),
        2 => Cow::Borrowed("twice"),
        _ => Cow::Owned(format!("{} times", grouped(number))),
    }
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with('s') => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, grouped, noun_for, times};

    #[test]
    fn numbers_are_grouped_and_nouns_follow_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(0, "cell"), "0 cells");
        assert_eq!(counted(1, "cell"), "1 cell");
        assert_eq!(counted(2500, "facility"), "2,500 facilities");
        assert_eq!(counted(2, "day"), "2 days");
        assert_eq!(counted(2, "alias"), "2 aliases");
        assert_eq!(counted(3, "value of the item"), "3 values of the item");
        assert_eq!(noun_for(1, "period"), "period");
    }

    #[test]
    fn how_often_is_said_as_people_say_it() {
        assert_eq!([times(0), times(1), times(2), times(1200)], ["0 times", "once", "twice", "1,200 times"]);
    }
}
