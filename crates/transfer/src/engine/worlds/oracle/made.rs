//! Many parts, one value: the operators, and the text that a data element can hold.

use super::{Part, is_numeric};
use crate::engine::worlds::case::Kind;
use crate::engine::worlds::number::{Number, Round};
use xfer_domain::item::Combine;

/// A value on its way: as it was written, or calculated.
#[derive(Clone, PartialEq)]
pub(super) enum Made {
    Text(String),
    Number(Number),
}

impl Made {
    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Self::Text(text) => Number::read(text),
            Self::Number(number) => Some(*number),
        }
    }

    pub(super) fn rounded(self, round: Option<Round>) -> Self {
        match (round, self.number()) {
            (Some(round), Some(number)) => Self::Number(number.rounded(round)),
            _ => self,
        }
    }
}

fn scaled(part: &Part) -> Made {
    match part.factor {
        None => Made::Text(part.text.clone()),
        Some(factor) => Made::Number(Number::read(&part.text).unwrap().times(Number::read(factor).unwrap())),
    }
}

/// One value of all parts; none where the operator does not say which.
pub(super) fn combined(operator: Combine, parts: &[Part]) -> Option<Made> {
    if let [only] = parts {
        return Some(scaled(only));
    }
    let numbers = || parts.iter().map(|part| scaled(part).number().unwrap());
    let sum = || numbers().fold(Number::ZERO, Number::plus);
    let of = |period: usize| {
        let mut those = parts.iter().filter(|part| part.period == period).map(scaled);
        let first = those.next().unwrap();
        let same = |other: Made| match (first.number(), other.number()) {
            (Some(one), Some(other)) => one == other,
            _ => first == other,
        };
        those.all(same).then(|| first.clone())
    };
    let periods = || parts.iter().map(|part| part.period);
    match operator {
        Combine::Error => None,
        Combine::Sum => Some(Made::Number(sum())),
        Combine::Average => Some(Made::Number(sum().shared_by(parts.len()))),
        Combine::Min => numbers().reduce(|one, other| if other.less_than(one) { other } else { one }).map(Made::Number),
        Combine::Max => numbers().reduce(|one, other| if one.less_than(other) { other } else { one }).map(Made::Number),
        Combine::Last => of(periods().max().unwrap()),
        Combine::First => of(periods().min().unwrap()),
    }
}

/// The text that is stored; none where the data element cannot hold it.
pub(super) fn shaped(kind: Kind, made: &Made, from_analytics: bool) -> Option<String> {
    if kind == Kind::Text {
        return Some(match (made, made.number()) {
            (Made::Text(text), None) => text.clone(),
            (Made::Text(text), _) if !from_analytics => text.clone(),
            (_, number) => number?.written(),
        });
    }
    let number = made.number()?;
    let fits = match kind {
        Kind::Number | Kind::Text => true,
        Kind::Integer => number.is_whole(),
        Kind::NotNegative => number.is_whole() && !number.is_negative(),
    };
    fits.then(|| number.written())
}

/// Whether two texts are one value.
pub(super) fn same(kind: Kind, one: &str, other: &str) -> bool {
    match (Number::read(one), Number::read(other)) {
        (Some(one), Some(other)) if is_numeric(kind) => one == other,
        _ => one == other,
    }
}
