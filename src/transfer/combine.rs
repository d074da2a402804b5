//! Many contributions, one cell: the declared operator, in exact decimals, whatever the order of arrival.
//!
//! A single contribution passes through every operator unchanged (text too), apart from its factor. Several need a
//! declared operator; without one the cell is held back and nothing is sent for it: of two numbers one would be lost.
//! `last` and `first` go by source period. Where the latest period has several contributions that disagree, there is no
//! last one, and the cell is held back as well.
//!
//! Script hooks: `combine` takes the place of [`combined`], `value` acts on its result before [`shape`] makes it text.

use bigdecimal::BigDecimal;

use crate::domain::cell::CellKey;
use crate::domain::decimal::{mean, parse_number};
use crate::domain::item::Combine;
use crate::domain::period::Period;
use crate::domain::value_type::ValueRefusal;
use crate::transfer::finding::{self, Code};
use crate::transfer::map::Contribution;
use crate::transfer::plan::{PlannedItem, PlannedJob};
use crate::transfer::shape::{Value, shape};

/// A cell with the text that should stand there, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedCell {
    /// The cell.
    pub key: CellKey,
    /// Its item, by position in the job; the first of several.
    pub item: usize,
    /// How many source values it is made of.
    pub contributions: u32,
    /// The text, or why the cell is held back.
    pub value: Result<String, Refusal>,
}

/// Why contributions make no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// No operator is declared.
    NoOperator {
        /// The first contributions, in words.
        values: String,
    },
    /// `last` or `first`, and several values of that period disagree.
    Ambiguous {
        /// The period that decides.
        period: Period,
        /// Its values, in words.
        values: String,
    },
    /// No number where one is needed; `map` lets none through, so only a script could bring it.
    NoNumber {
        /// The text.
        text: String,
    },
    /// Not of the destination's value type.
    Shape(ValueRefusal),
}

impl Refusal {
    /// The entry of the findings table.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::NoOperator { .. } | Self::Ambiguous { .. } => &finding::COMBINE_MISSING,
            Self::NoNumber { .. } => &finding::SOURCE_VALUE_INVALID,
            Self::Shape(_) => &finding::VALUE_INVALID,
        }
    }

    /// Why, in words.
    pub fn reason(&self) -> String {
        match self {
            Self::NoOperator { values } => {
                format!("several values ({values}) go to this cell and no combine operator says how")
            }
            Self::Ambiguous { period, values } => {
                format!("several values ({values}) of {period} go to this cell, and none of them is the one to take")
            }
            Self::NoNumber { text } => format!("`{text}` is not a number"),
            Self::Shape(refusal) => refusal.to_string(),
        }
    }
}

/// Combines a slice's contributions. The cells come in the order of their keys.
pub fn combine(mut contributions: Vec<Contribution>, job: &PlannedJob) -> Vec<WantedCell> {
    // The whole contribution takes part in the order, so that the result does not depend on that of arrival.
    contributions.sort_unstable();
    let mut cells = Vec::new();
    for group in contributions.chunk_by_mut(|left, right| left.cell == right.cell) {
        let [first, ..] = group else { continue };
        let (key, position) = (first.cell, first.item);
        let Some(item) = job.items.get(position) else { continue };
        let from_analytics = !job.reads.raw.contains(&item.source.id());
        let value = combined(group, item, job)
            .and_then(|value| shape(value, item.value_type, from_analytics).map_err(Refusal::Shape));
        let contributions = u32::try_from(group.len()).unwrap_or(u32::MAX);
        cells.push(WantedCell { key, item: position, contributions, value });
    }
    cells
}

fn combined(group: &mut [Contribution], item: &PlannedItem, job: &PlannedJob) -> Result<Value, Refusal> {
    if let [only] = group {
        return scaled(std::mem::take(&mut only.text), factor(only, job));
    }
    match item.combine {
        Combine::Error => Err(Refusal::NoOperator { values: in_words(group) }),
        Combine::Sum => Ok(Value::Number(numbers(group, job)?.iter().sum())),
        Combine::Average => extreme(group, job, |numbers| mean(&numbers)),
        Combine::Min => extreme(group, job, |numbers| numbers.into_iter().min()),
        Combine::Max => extreme(group, job, |numbers| numbers.into_iter().max()),
        Combine::Last => of_period(group, job, group.iter().map(|part| part.source_period).max()),
        Combine::First => of_period(group, job, group.iter().map(|part| part.source_period).min()),
    }
}

fn factor<'job>(part: &Contribution, job: &'job PlannedJob) -> Option<&'job BigDecimal> {
    job.items.get(part.item).and_then(|item| item.factor.as_ref())
}

fn scaled(text: String, factor: Option<&BigDecimal>) -> Result<Value, Refusal> {
    match factor {
        None => Ok(Value::Text(text)),
        Some(factor) => match parse_number(&text) {
            Some(number) => Ok(Value::Number(number * factor)),
            None => Err(Refusal::NoNumber { text }),
        },
    }
}

fn numbers(group: &[Contribution], job: &PlannedJob) -> Result<Vec<BigDecimal>, Refusal> {
    group
        .iter()
        .map(|part| {
            let number = parse_number(&part.text).ok_or_else(|| Refusal::NoNumber { text: part.text.clone() })?;
            Ok(factor(part, job).map_or_else(|| number.clone(), |factor| &number * factor))
        })
        .collect()
}

fn extreme(
    group: &[Contribution],
    job: &PlannedJob,
    pick: impl FnOnce(Vec<BigDecimal>) -> Option<BigDecimal>,
) -> Result<Value, Refusal> {
    // A group is never empty, so the second case cannot be met.
    pick(numbers(group, job)?).map(Value::Number).ok_or_else(|| Refusal::NoNumber { text: String::new() })
}

fn of_period(group: &[Contribution], job: &PlannedJob, period: Option<Period>) -> Result<Value, Refusal> {
    let Some(period) = period else { return Err(Refusal::NoNumber { text: String::new() }) };
    let mut candidates = group.iter().filter(|part| part.source_period == period);
    let Some(first) = candidates.next() else { return Err(Refusal::NoNumber { text: String::new() }) };
    let value = scaled(first.text.clone(), factor(first, job))?;
    for other in candidates {
        if !same(&value, &scaled(other.text.clone(), factor(other, job))?) {
            let rivals: Vec<Contribution> = group.iter().filter(|part| part.source_period == period).cloned().collect();
            return Err(Refusal::Ambiguous { period, values: in_words(&rivals) });
        }
    }
    Ok(value)
}

/// Whether two values are the same number, or the same text.
fn same(left: &Value, right: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(number.clone()),
        Value::Text(text) => parse_number(text),
    };
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn in_words(group: &[Contribution]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = group.iter().take(SHOWN).map(|part| part.text.as_str()).collect();
    let more = if group.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Refusal, WantedCell, combine};
    use crate::domain::decimal::parse_number;
    use crate::domain::item::{Combine, Item};
    use crate::domain::job::Job;
    use crate::domain::period::PeriodType;
    use crate::transfer::finding;
    use crate::transfer::fixture::{
        cell, document, item, job, male, period, plain_address, plain_item, plan_of, unit, with_factor,
    };
    use crate::transfer::map::Contribution;
    use crate::transfer::plan::Plan;

    fn plan(items: Vec<Item>, operator: Combine) -> Plan {
        let job = Job { combine: operator, destination_period_type: PeriodType::Quarterly, ..job("a", items) };
        plan_of(&document(vec![job], &["2024Q1"])).unwrap()
    }

    fn part(data: u8, at: &str, item: usize, text: &str) -> Contribution {
        Contribution {
            cell: cell(data, 1, "2024Q1"),
            source_period: period(at),
            source_unit: unit(1),
            item,
            text: text.to_owned(),
        }
    }

    fn combined(operator: Combine, texts: &[(&str, &str)]) -> Result<String, Refusal> {
        let plan = plan(vec![item(2, male(), plain_address(2))], operator);
        let parts = texts.iter().map(|(at, text)| part(2, at, 0, text)).collect();
        let [cell] = <[WantedCell; 1]>::try_from(combine(parts, &plan.jobs[0])).unwrap();
        assert_eq!(cell.contributions as usize, texts.len());
        cell.value
    }

    const THREE: [(&str, &str); 3] = [("202402", "0.2"), ("202401", "0.1"), ("202403", "0.30")];

    #[test]
    fn operators_are_exact() {
        for (operator, expected) in [
            (Combine::Sum, "0.6"),
            (Combine::Average, "0.2"),
            (Combine::Min, "0.1"),
            (Combine::Max, "0.3"),
            (Combine::First, "0.1"),
        ] {
            assert_eq!(combined(operator, &THREE).as_deref(), Ok(expected), "{operator:?}");
        }
        assert_eq!(combined(Combine::Last, &THREE).map(|text| parse_number(&text)), Ok(parse_number("0.3")));
        assert_eq!(
            combined(Combine::Average, &[("202401", "1"), ("202402", "0"), ("202403", "0")]).as_deref(),
            Ok("0.333333333333333")
        );
    }

    #[test]
    fn numbers_of_which_one_is_the_last_are_taken_and_others_held_back() {
        let same = [("202403", "5"), ("202403", "5.0"), ("202401", "9")];
        assert_eq!(combined(Combine::Last, &same).map(|text| parse_number(&text)), Ok(parse_number("5")));
        let two = [("202403", "5"), ("202403", "6"), ("202401", "9")];
        let refusal = combined(Combine::Last, &two).unwrap_err();
        assert_eq!(refusal.code(), &finding::COMBINE_MISSING);
        assert!(refusal.reason().contains("(5, 6) of 202403"), "{}", refusal.reason());
        assert_eq!(combined(Combine::First, &two).as_deref(), Ok("9"));
    }

    #[test]
    fn without_an_operator_several_values_are_held_back() {
        // The plan refuses what it can see; this is what it cannot.
        let job = job("a", vec![plain_item(1)]);
        let plan = plan_of(&document(vec![job], &["202401"])).unwrap();
        let mut parts = vec![part(1, "202401", 0, "1"), part(1, "202401", 0, "2")];
        parts[1].source_unit = unit(2);
        let cells = combine(parts, &plan.jobs[0]);
        assert!(matches!(&cells[0].value, Err(Refusal::NoOperator { values }) if values == "1, 2"));
    }

    #[test]
    fn factors_act_on_each_contribution() {
        let items = vec![with_factor(plain_item(1), "0.07"), with_factor(item(2, male(), plain_address(1)), "2")];
        let plan = plan(items, Combine::Sum);
        let parts = vec![part(1, "202401", 0, "100"), part(1, "202401", 1, "3")];
        assert_eq!(combine(parts, &plan.jobs[0])[0].value.as_deref(), Ok("13"));
    }

    #[test]
    fn single_texts_pass_and_wrong_shapes_are_held_back() {
        let plan = plan(vec![plain_item(4), plain_item(1)], Combine::Last);
        let cells = combine(vec![part(4, "202401", 0, "yes"), part(1, "202401", 1, "1.5")], &plan.jobs[0]);
        assert!(matches!(cells[0].value, Err(Refusal::Shape(_))), "1.5 is no integer: {:?}", cells[0]);
        assert_eq!(cells[1].value.as_deref(), Ok("yes"));
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            parts in proptest::collection::vec((1_u8..4, -50_i32..50), 1..12),
            seed in any::<u64>(),
            operator in prop_oneof![
                Just(Combine::Sum), Just(Combine::Average), Just(Combine::Min), Just(Combine::Max), Just(Combine::Last)
            ],
        ) {
            let plan = plan(vec![item(2, male(), plain_address(2))], operator);
            let parts: Vec<Contribution> = parts
                .iter()
                .map(|(month, number)| part(2, &format!("20240{month}"), 0, &number.to_string()))
                .collect();
            let mut shuffled = parts.clone();
            let length = shuffled.len();
            for place in 0..length {
                let other = usize::try_from(seed.rotate_left(u32::try_from(place).unwrap())).unwrap_or(0) % length;
                shuffled.swap(place, other);
            }
            prop_assert_eq!(combine(parts, &plan.jobs[0]), combine(shuffled, &plan.jobs[0]));
        }

        #[test]
        fn a_sum_is_the_sum(numbers in proptest::collection::vec(-1_000_000_i64..1_000_000, 1..20)) {
            let plan = plan(vec![item(2, male(), plain_address(2))], Combine::Sum);
            let parts = numbers
                .iter()
                .map(|number| part(2, "202401", 0, &format!("{}.{:02}", number / 100, number.abs() % 100)))
                .collect::<Vec<_>>();
            let expected: bigdecimal::BigDecimal = parts.iter().map(|part| parse_number(&part.text).unwrap()).sum();
            let value = combine(parts, &plan.jobs[0])[0].value.clone().unwrap();
            prop_assert_eq!(parse_number(&value), Some(expected));
        }
    }
}
