//! The built-in operators: many contributions, one value, whatever the order of arrival.

use bigdecimal::BigDecimal;

use crate::combine::Refusal;
use crate::map::Contribution;
use crate::plan::{PlannedItem, PlannedJob};
use crate::shape::Value;
use xfer_domain::data_item::DataItem;
use xfer_domain::decimal::{mean, parse_number};
use xfer_domain::item::Combine;
use xfer_domain::period::Period;

/// One value for all contributions of a cell, by the declared operator.
pub(super) fn combined(group: &mut [Contribution], item: &PlannedItem, job: &PlannedJob) -> Result<Value, Refusal> {
    if let [only] = group {
        return scaled(std::mem::take(&mut only.text), factor(only, job));
    }
    match item.combine {
        Combine::Error => Err(Refusal::NoOperator { values: in_words(group) }),
        Combine::Sum if group.iter().any(|part| is_percentage(part, job)) => {
            Err(Refusal::Percentages { values: in_words(group) })
        }
        Combine::Sum => match counts(group, job) {
            Some(sum) => Ok(Value::Number(sum.into())),
            None => Ok(Value::Number(numbers(group, job)?.iter().sum())),
        },
        Combine::Average => extreme(group, job, |numbers| mean(&numbers)),
        Combine::Min => extreme(group, job, |numbers| numbers.into_iter().min()),
        Combine::Max => extreme(group, job, |numbers| numbers.into_iter().max()),
        Combine::Last => of_period(group, job, group.iter().map(|part| part.source_period).max()),
        Combine::First => of_period(group, job, group.iter().map(|part| part.source_period).min()),
    }
}

/// Whether a contribution is a percentage of reports. Scripts that combine know what they do; the operator does not.
fn is_percentage(part: &Contribution, job: &PlannedJob) -> bool {
    job.items.get(part.item).is_some_and(|item| match item.source.data() {
        DataItem::DataElement(_) | DataItem::Indicator(_) | DataItem::ProgramIndicator(_) => false,
        DataItem::ReportingRate { metric, .. } => metric.is_percentage(),
    })
}

/// The factor of a contribution.
pub(super) fn factor<'job>(part: &Contribution, job: &'job PlannedJob) -> Option<&'job BigDecimal> {
    job.items.get(part.item).and_then(|item| item.factor.as_ref())
}

/// A contribution multiplied by its factor.
pub(super) fn scaled(text: String, factor: Option<&BigDecimal>) -> Result<Value, Refusal> {
    match factor {
        None => Ok(Value::Text(text)),
        Some(factor) => match parse_number(&text) {
            Some(number) => Ok(Value::Number(number * factor)),
            None => Err(Refusal::NoNumber { text }),
        },
    }
}

/// Digits of which many may be added up without looking at the size of the sum.
const COUNT_DIGITS: usize = 12;

/// The sum of counts, which nearly all numbers are: digits and nothing else, none of them scaled.
fn counts(group: &[Contribution], job: &PlannedJob) -> Option<i64> {
    let is_count =
        |text: &str| (1..=COUNT_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let count = |part: &Contribution| {
        let count = part.text.parse::<i64>().ok().filter(|_| is_count(&part.text))?;
        factor(part, job).is_none().then_some(count)
    };
    group.iter().try_fold(0_i64, |sum, part| sum.checked_add(count(part)?))
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
        if !value.is_same(&scaled(other.text.clone(), factor(other, job))?) {
            let rivals: Vec<Contribution> = group.iter().filter(|part| part.source_period == period).cloned().collect();
            return Err(Refusal::Ambiguous { period, values: in_words(&rivals) });
        }
    }
    Ok(value)
}

fn in_words(group: &[Contribution]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = group.iter().take(SHOWN).map(|part| part.text.as_str()).collect();
    let more = if group.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
