//! Coverage: how many source periods must be present before a coarser period may be written.
//!
//! A quarter that was added up from two months looks like a bad quarter. "3 of 3 months present or nothing" is `all`; a
//! programme that can live with less says how many (`2`) or which share (`75%`). What is counted are different source
//! periods with a value for the cell, whatever the number of org units that are merged into it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// How many of a destination period's source periods must have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All of them.
    All,
    /// So many.
    Periods(u16),
    /// This share of them, in percent, rounded up.
    Percent(u8),
}

/// The text is no coverage rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a coverage rule; write all, a number of periods (2) or a percentage (75%)")]
pub struct CoverageError(pub String);

impl Fault for CoverageError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Coverage {
    /// How many source periods of `expected` must have a value. Never fewer than one: nothing covers nothing.
    pub fn needed(self, expected: usize) -> usize {
        let needed = match self {
            Self::All => expected,
            Self::Periods(number) => usize::from(number),
            Self::Percent(percent) => (expected * usize::from(percent)).div_ceil(100),
        };
        needed.max(1)
    }

    /// Whether so many source periods of those expected are enough.
    pub fn is_met(self, present: usize, expected: usize) -> bool {
        present >= self.needed(expected)
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("all"),
            Self::Periods(number) => write!(formatter, "{number}"),
            Self::Percent(percent) => write!(formatter, "{percent}%"),
        }
    }
}

impl FromStr for Coverage {
    type Err = CoverageError;

    fn from_str(text: &str) -> Result<Self, CoverageError> {
        let refuse = || CoverageError(text.to_owned());
        let text = text.trim();
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        match text.strip_suffix('%') {
            Some(percent) => match percent.trim().parse() {
                Ok(percent @ 1..=100) => Ok(Self::Percent(percent)),
                _ => Err(refuse()),
            },
            None => match text.parse() {
                Ok(0) | Err(_) => Err(refuse()),
                Ok(number) => Ok(Self::Periods(number)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rules_say_how_many_are_enough() {
        for (rule, expected, needed) in
            [("all", 3, 3), ("2", 3, 2), ("75%", 3, 3), ("66%", 3, 2), ("50%", 3, 2), ("100%", 12, 12), ("1%", 12, 1)]
        {
            assert_eq!(rule.parse::<Coverage>().unwrap().needed(expected), needed, "{rule} of {expected}");
        }
    }

    #[test]
    fn texts_are_read_and_printed() {
        for text in ["all", "2", "75%"] {
            assert_eq!(text.parse::<Coverage>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "0%", "101%", "some", "1.5", "%"] {
            assert!(text.parse::<Coverage>().is_err(), "{text}");
        }
    }

    fn any_rule() -> impl Strategy<Value = Coverage> {
        prop_oneof![
            Just(Coverage::All),
            (1_u16..400).prop_map(Coverage::Periods),
            (1_u8..=100).prop_map(Coverage::Percent),
        ]
    }

    proptest! {
        #[test]
        fn coverage_never_invents(rule in any_rule(), expected in 0_usize..400, present in 0_usize..400) {
            prop_assert!(!rule.is_met(0, expected), "nothing covers nothing");
            if rule.is_met(present, expected) {
                prop_assert!(rule.is_met(present + 1, expected), "more is never less");
            }
            if !matches!(rule, Coverage::Periods(_)) && expected > 0 {
                prop_assert!(rule.is_met(expected, expected), "everything is enough");
            }
        }
    }
}
