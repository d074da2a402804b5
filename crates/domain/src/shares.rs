//! Fixed shares: one number cut into parts by weights, so that the parts add up to the number exactly.
//!
//! Each part is cut off at a number of decimals, and what is left over goes, one last digit at a time, to those whose
//! cut was deepest (the method of the largest remainder). Of equal remainders the earlier part is first, so that the
//! same figures always give the same parts.

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::num_traits::{Signed, ToPrimitive, Zero};
use bigdecimal::{BigDecimal, RoundingMode};

/// Significant digits of parts that have no last decimal.
const SIGNIFICANT_DIGITS: u64 = 15;

/// Cuts a number into parts with at most `digits` decimals. None where that cannot be: the number itself has more
/// decimals, or there is no weight.
pub fn share_out(number: &BigDecimal, weights: &[BigDecimal], digits: i64) -> Option<Vec<BigDecimal>> {
    let number = number.normalized();
    let units = number.with_scale_round(digits, RoundingMode::Down);
    if units != number {
        return None;
    }
    let (units, _) = units.into_bigint_and_scale();
    let weights = whole_weights(weights)?;
    let total: BigInt = weights.iter().sum();
    let sign = if units.sign() == Sign::Minus { -1 } else { 1 };
    let units = units.abs();
    let mut parts: Vec<(BigInt, BigInt)> = weights
        .iter()
        .map(|weight| {
            let product = &units * weight;
            (&product / &total, product % &total)
        })
        .collect();
    let given: BigInt = parts.iter().map(|(part, _)| part).sum();
    // What is left is less than one unit for each part, so it fits into the number of parts.
    let left = (units - given).to_usize()?;
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| parts.get(*other).map(|part| &part.1).cmp(&parts.get(*one).map(|part| &part.1)));
    for position in order.into_iter().take(left) {
        if let Some((part, _)) = parts.get_mut(position) {
            *part += 1;
        }
    }
    Some(parts.into_iter().map(|(part, _)| BigDecimal::new(part * sign, digits)).collect())
}

/// The decimals that parts of a number need: those with which every part is exact where that is possible, otherwise
/// those of fifteen significant digits.
pub fn digits_for(number: &BigDecimal, weights: &[BigDecimal]) -> i64 {
    let number = number.normalized();
    let own = number.fractional_digit_count().max(0);
    let whole = i64::try_from(number.digits()).unwrap_or(i64::MAX).saturating_sub(number.fractional_digit_count());
    let longest = i64::try_from(SIGNIFICANT_DIGITS).unwrap_or(0).saturating_sub(whole.max(0)).max(own);
    (own..longest).find(|digits| is_exact(&number, weights, *digits)).unwrap_or(longest)
}

/// Whether every part of a number ends within so many decimals.
fn is_exact(number: &BigDecimal, weights: &[BigDecimal], digits: i64) -> bool {
    let Some(weights) = whole_weights(weights) else { return true };
    let total: BigInt = weights.iter().sum();
    let (units, _) = number.with_scale(digits).into_bigint_and_scale();
    weights.iter().all(|weight| (&units * weight % &total).is_zero())
}

/// The weights as whole numbers of the same proportion; none where there is no proportion.
fn whole_weights(weights: &[BigDecimal]) -> Option<Vec<BigInt>> {
    let scale = weights.iter().map(BigDecimal::fractional_digit_count).max()?;
    let whole: Vec<BigInt> = weights.iter().map(|weight| weight.with_scale(scale).into_bigint_and_scale().0).collect();
    let sound = whole.iter().all(|weight| !weight.is_negative()) && whole.iter().any(|weight| !weight.is_zero());
    sound.then_some(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decimal::{parse_number, plain_text};

    fn number(text: &str) -> BigDecimal {
        parse_number(text).unwrap()
    }

    fn shared(value: &str, weights: &[&str], digits: Option<i64>) -> Option<Vec<String>> {
        let weights: Vec<BigDecimal> = weights.iter().map(|weight| number(weight)).collect();
        let digits = digits.unwrap_or_else(|| digits_for(&number(value), &weights));
        let parts = share_out(&number(value), &weights, digits)?;
        Some(parts.iter().map(plain_text).collect())
    }

    #[test]
    fn whole_numbers_go_to_the_largest_remainders() {
        assert_eq!(shared("10", &["60", "40"], Some(0)).unwrap(), ["6", "4"]);
        assert_eq!(shared("10", &["1", "1", "1"], Some(0)).unwrap(), ["4", "3", "3"]);
        assert_eq!(shared("1", &["50", "30", "20"], Some(0)).unwrap(), ["1", "0", "0"]);
        assert_eq!(shared("7", &["0.5", "0.3", "0.2"], Some(0)).unwrap(), ["4", "2", "1"]);
        assert_eq!(shared("-10", &["1", "1", "1"], Some(0)).unwrap(), ["-4", "-3", "-3"]);
        assert_eq!(shared("0", &["1", "2"], Some(0)).unwrap(), ["0", "0"]);
        assert_eq!(shared("5", &["0", "1"], Some(0)).unwrap(), ["0", "5"]);
        assert_eq!(shared("3E2", &["1", "2"], Some(0)).unwrap(), ["100", "200"]);
    }

    #[test]
    fn decimals_are_exact_where_they_end() {
        assert_eq!(shared("10", &["1", "3"], None).unwrap(), ["2.5", "7.5"]);
        assert_eq!(shared("0.1", &["1", "1"], None).unwrap(), ["0.05", "0.05"]);
        assert_eq!(
            shared("1", &["1", "1", "1"], None).unwrap(),
            ["0.33333333333334", "0.33333333333333", "0.33333333333333"]
        );
    }

    #[test]
    fn what_cannot_be_shared_is_not() {
        assert_eq!(shared("2.5", &["1", "1"], Some(0)), None, "half a case cannot be shared in whole ones");
        assert_eq!(shared("2.5", &["1", "1"], Some(1)).unwrap(), ["1.3", "1.2"]);
        assert_eq!(shared("2", &["0", "0"], Some(0)), None);
        assert_eq!(shared("2", &["-1", "2"], Some(0)), None);
        assert_eq!(shared("2", &[], Some(0)), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_as_near_as_can_be(
            value in any::<i64>(),
            scale in 0_i64..6,
            weights in proptest::collection::vec((0_u32..100_000, 0_i64..4), 1..12),
            whole in any::<bool>(),
        ) {
            let weights: Vec<BigDecimal> =
                weights.into_iter().map(|(digits, scale)| BigDecimal::new(digits.into(), scale)).collect();
            prop_assume!(weights.iter().any(|weight| !weight.is_zero()));
            let value = BigDecimal::new(value.into(), if whole { 0 } else { scale });
            let digits = if whole { 0 } else { digits_for(&value, &weights) };
            let parts = share_out(&value, &weights, digits).unwrap();
            prop_assert_eq!(parts.iter().sum::<BigDecimal>(), value.clone());
            let total: BigDecimal = weights.iter().sum();
            let unit = BigDecimal::new(1.into(), digits);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!((part * &total - &value * weight).abs() < &unit * &total, "{} of {}", part, value);
                prop_assert!(part.fractional_digit_count() <= digits);
                if weight.is_zero() {
                    prop_assert!(part.is_zero());
                }
            }
        }
    }
}
