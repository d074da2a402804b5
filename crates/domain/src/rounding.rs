//! Rounding as spreadsheets do it: to so many decimals, half away from zero, always up, always down.
//!
//! *Up* is away from zero and *down* is towards it, as in Excel's ROUNDUP and ROUNDDOWN: whoever maps checks the figures
//! there. In text: `1` (half away from zero), `up:0`, `down:2`.

use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// Decimals that can be asked for. Sixteen significant digits are all that DHIS2's own sums keep.
pub const MAX_DIGITS: u8 = 15;

/// How a calculated number is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rounding {
    /// Which way.
    pub direction: Direction,
    /// Decimals that are left.
    pub digits: u8,
}

/// Which way a number is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the nearest; from half way, away from zero.
    Half,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
}

/// The text is no rounding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a rounding; write the number of decimals: 0, 1 … 15, or up:0, down:2")]
pub struct RoundingError(pub String);

impl Fault for RoundingError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Rounding {
    /// The number, rounded.
    pub fn apply(self, number: &BigDecimal) -> BigDecimal {
        let mode = match self.direction {
            Direction::Half => bigdecimal::RoundingMode::HalfUp,
            Direction::Up => bigdecimal::RoundingMode::Up,
            Direction::Down => bigdecimal::RoundingMode::Down,
        };
        number.with_scale_round(i64::from(self.digits), mode)
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.direction {
            Direction::Half => write!(formatter, "{}", self.digits),
            Direction::Up => write!(formatter, "up:{}", self.digits),
            Direction::Down => write!(formatter, "down:{}", self.digits),
        }
    }
}

impl FromStr for Rounding {
    type Err = RoundingError;

    fn from_str(text: &str) -> Result<Self, RoundingError> {
        let refuse = || RoundingError(text.to_owned());
        let (direction, digits) = match text.trim().split_once(':') {
            None => (Direction::Half, text.trim()),
            Some(("up", digits)) => (Direction::Up, digits),
            Some(("down", digits)) => (Direction::Down, digits),
            Some(_) => return Err(refuse()),
        };
        let digits = digits.parse().map_err(|_| refuse())?;
        if digits > MAX_DIGITS {
            return Err(refuse());
        }
        Ok(Self { direction, digits })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decimal::{parse_number, plain_text};

    fn rounded(rounding: &str, number: &str) -> String {
        let rounding: Rounding = rounding.parse().unwrap();
        plain_text(&rounding.apply(&parse_number(number).unwrap()))
    }

    #[test]
    fn numbers_are_rounded_as_in_a_spreadsheet() {
        for (rounding, number, expected) in [
            ("0", "2.5", "3"),
            ("0", "-2.5", "-3"),
            ("0", "2.49", "2"),
            ("1", "0.25", "0.3"),
            ("2", "1.005", "1.01"),
            ("up:0", "2.1", "3"),
            ("up:0", "-2.1", "-3"),
            ("up:0", "2", "2"),
            ("down:0", "2.9", "2"),
            ("down:0", "-2.9", "-2"),
            ("down:1", "0.19", "0.1"),
            ("3", "7", "7"),
        ] {
            assert_eq!(rounded(rounding, number), expected, "{number} to {rounding}");
        }
    }

    #[test]
    fn texts_are_read_and_printed() {
        for text in ["0", "15", "up:2", "down:0"] {
            assert_eq!(text.parse::<Rounding>().unwrap().to_string(), text);
        }
        for text in ["", "16", "-1", "up", "up:", "half:1", "1.5", "down:x"] {
            assert!(text.parse::<Rounding>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn rounding_twice_is_rounding_once_and_stays_near(digits in any::<i64>(), scale in 0_i64..20, places in 0_u8..8) {
            let number = BigDecimal::new(digits.into(), scale);
            for direction in [Direction::Half, Direction::Up, Direction::Down] {
                let rounding = Rounding { direction, digits: places };
                let once = rounding.apply(&number);
                prop_assert_eq!(rounding.apply(&once), once.clone());
                let unit = BigDecimal::new(1.into(), i64::from(places));
                prop_assert!((&once - &number).abs() < unit, "{} to {}", number, once);
                match direction {
                    Direction::Half => prop_assert!((&once - &number).abs() * 2 <= unit),
                    Direction::Up => prop_assert!(once.abs() >= number.abs()),
                    Direction::Down => prop_assert!(once.abs() <= number.abs()),
                }
            }
        }
    }
}
