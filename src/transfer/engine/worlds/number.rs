//! Numbers on paper: fractions of whole numbers, added and multiplied as at school.

/// A fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    above: i128,
    below: i128,
}

/// Which way a number is rounded, and to how many decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) way: Way,
    pub(super) decimals: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Half,
    Up,
    Down,
}

impl Number {
    pub(super) const ZERO: Self = Self { above: 0, below: 1 };

    fn of(above: i128, below: i128) -> Self {
        let (mut one, mut other) = (above.abs(), below);
        while other != 0 {
            (one, other) = (other, one % other);
        }
        let divisor = one.max(1);
        Self { above: above / divisor, below: below / divisor }
    }

    /// A number as it is written: a sign, digits, a point, digits.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.chars().all(|character| character.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) {
            return None;
        }
        let above: i128 = format!("{whole}{decimals}").parse().ok()?;
        let below = 10_i128.pow(u32::try_from(decimals.len()).ok()?);
        Some(Self::of(if negative { -above } else { above }, below))
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::of(self.above * other.below + other.above * self.below, self.below * other.below)
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self::of(self.above * other.above, self.below * other.below)
    }

    pub(super) fn shared_by(self, number: usize) -> Self {
        Self::of(self.above, self.below * i128::try_from(number).unwrap())
    }

    pub(super) fn less_than(self, other: Self) -> bool {
        self.above * other.below < other.above * self.below
    }

    pub(super) fn is_zero(self) -> bool {
        self.above == 0
    }

    pub(super) fn is_negative(self) -> bool {
        self.above < 0
    }

    pub(super) fn is_whole(self) -> bool {
        self.below == 1
    }

    pub(super) fn rounded(self, round: Round) -> Self {
        let tens = 10_i128.pow(u32::from(round.decimals));
        let (above, sign) = (self.above.abs() * tens, self.above.signum());
        let (down, rest) = (above / self.below, above % self.below);
        let up = match round.way {
            Way::Half => rest * 2 >= self.below,
            Way::Up => rest > 0,
            Way::Down => false,
        };
        Self::of(sign * (down + i128::from(up)), tens)
    }

    /// As it is written: exact where it ends, otherwise fifteen digits.
    pub(super) fn written(self) -> String {
        let mut decimals = 0;
        // Enough for every number that ends here: halves of thousandths.
        while decimals < 12 && self.below != 0 && 10_i128.pow(decimals) % self.below != 0 {
            decimals += 1;
        }
        if 10_i128.pow(decimals) % self.below == 0 {
            return with_point(self.above * 10_i128.pow(decimals) / self.below, decimals);
        }
        let mut shown = 0;
        while shown < 18 && self.above.abs() * 10_i128.pow(shown) / self.below < 10_i128.pow(14) {
            shown += 1;
        }
        let Self { above, below } = self.rounded(Round { way: Way::Half, decimals: u8::try_from(shown).unwrap() });
        with_point(above * 10_i128.pow(shown) / below, shown)
    }
}

/// Digits with a point before the last so many of them, without zeros that say nothing.
fn with_point(digits: i128, decimals: u32) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let tens = 10_i128.pow(decimals);
    let (whole, rest) = (digits.abs() / tens, digits.abs() % tens);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let rest = format!("{rest:0width$}", width = decimals as usize);
    format!("{sign}{whole}.{}", rest.trim_end_matches('0'))
}

#[test]
fn paper_numbers_are_as_at_school() {
    let read = |text| Number::read(text).unwrap();
    assert_eq!(read("2.5").plus(read("0.1")).written(), "2.6");
    assert_eq!(read("-12.0").written(), "-12");
    assert_eq!(read("1").shared_by(3).written(), "0.333333333333333");
    assert_eq!(read("20").shared_by(3).written(), "6.66666666666667");
    assert_eq!(read("-2.5").rounded(Round { way: Way::Half, decimals: 0 }).written(), "-3");
    assert_eq!(read("2.01").rounded(Round { way: Way::Up, decimals: 1 }).written(), "2.1");
    assert_eq!(read("7").shared_by(8).written(), "0.875");
    assert!(Number::read("abc").is_none() && Number::read("").is_none());
}
