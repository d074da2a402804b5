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

    /// Cut into parts by weights, whole in the last of so many decimals; none where the number itself has more. What is
    /// left over goes to those of which most was cut off, the earlier ones first.
    pub(super) fn cut(self, weights: &[u8], decimals: u32) -> Option<Vec<Self>> {
        let tens = 10_i128.pow(decimals);
        if self.above * tens % self.below != 0 {
            return None;
        }
        let (units, sign) = ((self.above * tens / self.below).abs(), self.above.signum());
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let mut parts: Vec<i128> = weights.iter().map(|weight| units * i128::from(*weight) / total).collect();
        let rests: Vec<i128> = weights.iter().map(|weight| units * i128::from(*weight) % total).collect();
        while parts.iter().sum::<i128>() < units {
            // Nobody gets two of what is left over.
            let not_yet = |at: &usize| parts[*at] == units * i128::from(weights[*at]) / total;
            let most = (0..parts.len()).filter(not_yet).map(|at| rests[at]).max().unwrap();
            let first = (0..parts.len()).filter(not_yet).find(|at| rests[*at] == most).unwrap();
            parts[first] += 1;
        }
        Some(parts.into_iter().map(|part| Self::of(sign * part, tens)).collect())
    }

    /// The decimals with which each part is exact, or those of fifteen digits.
    pub(super) fn decimals_for(self, weights: &[u8]) -> u32 {
        let ends = |decimals: &u32| 10_i128.pow(*decimals) % self.below == 0;
        let own = (0..18).find(ends).unwrap();
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let whole = u32::try_from((self.above.abs() / self.below).to_string().trim_start_matches('0').len()).unwrap();
        let longest = (15 - whole).max(own);
        let exact = |decimals: &u32| {
            let units = self.above * 10_i128.pow(*decimals) / self.below;
            weights.iter().all(|weight| units * i128::from(*weight) % total == 0)
        };
        (own..longest).find(exact).unwrap_or(longest)
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
    let cut = |text, decimals| -> Vec<String> {
        read(text).cut(&[1, 2], decimals).unwrap().into_iter().map(Number::written).collect()
    };
    assert_eq!((cut("10", 0), cut("1", 1)), (vec!["3".into(), "7".into()], vec!["0.3".into(), "0.7".into()]));
    assert_eq!((read("9").decimals_for(&[1, 2]), read("1").decimals_for(&[1, 1])), (0, 1));
    assert!(Number::read("abc").is_none() && Number::read("").is_none());
}
