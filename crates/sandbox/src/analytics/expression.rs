//! A small evaluator for the expressions of indicators and program indicators.
//!
//! Supported: numbers, `'texts'`, `#{…}`, `A{…}`, `I{…}`, `N{…}`, `R{…}`, `C{…}`, `V{…}`, `[days]`, `+ - * / % ^`,
//! comparisons, `&& || !` (also `and`, `or`, `not`), parentheses and `d2:hasValue(…)`. What items mean is up to the
//! caller, who may refuse them. Everything else, other functions first of all, is an error and never a number.

use std::fmt;

/// What an expression evaluates to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Text(String),
    Truth(bool),
}

impl Value {
    /// As a number: texts that are numbers count, truths are one and zero.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::Truth(truth) => Some(f64::from(u8::from(*truth))),
        }
    }

    /// As a condition.
    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => text == "true",
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            #[expect(clippy::float_cmp, reason = "`==` of an expression")]
            (Some(one), Some(other)) => one == other,
            _ => self.text() == other.text(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
        }
    }
}

/// An item of an expression: `#{a.b}` is `('#', "a.b")`, `[days]` is `('d', "")`, `d2:hasValue(#{a.b})` is
/// `('?', "a.b")`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Item {
    /// The letter before the braces.
    pub(super) kind: char,
    /// What stands inside.
    pub(super) body: String,
}

impl fmt::Display for Item {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            'd' => formatter.write_str("[days]"),
            '?' => write!(formatter, "d2:hasValue(#{{{}}})", self.body),
            kind => write!(formatter, "{kind}{{{}}}", self.body),
        }
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExpressionError {
    /// Something that the evaluator does not know.
    #[error("`{0}` in an expression")]
    Unsupported(String),
    /// No expression at all.
    #[error("expression `{0}` is malformed")]
    Malformed(String),
    /// Two values that an operator cannot work on.
    #[error("texts in a calculation")]
    Mismatch,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Constant(Value),
    Item(Item),
    Negative(Box<Self>),
    Not(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

impl Operator {
    /// How strongly it binds.
    pub(super) fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual => 3,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::Remainder => 6,
            Self::Power => 7,
        }
    }
}

impl Expression {
    /// Every item, in order of appearance.
    pub(super) fn items(&self) -> Vec<&Item> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Item(item) => vec![item],
            Self::Negative(inner) | Self::Not(inner) => inner.items(),
            Self::Binary(_, left, right) => [left.items(), right.items()].concat(),
        }
    }

    /// The value, given the values of items.
    pub(super) fn evaluate(&self, item: &dyn Fn(&Item) -> Value) -> Result<Value, ExpressionError> {
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Item(name) => item(name),
            Self::Negative(inner) => Value::Number(-number(&inner.evaluate(item)?)?),
            Self::Not(inner) => Value::Truth(!inner.evaluate(item)?.truth()),
            Self::Binary(operator, left, right) => apply(*operator, &left.evaluate(item)?, &right.evaluate(item)?)?,
        })
    }
}

fn number(value: &Value) -> Result<f64, ExpressionError> {
    value.number().ok_or(ExpressionError::Mismatch)
}

fn apply(operator: Operator, left: &Value, right: &Value) -> Result<Value, ExpressionError> {
    let compare = |holds: fn(f64, f64) -> bool| Ok(Value::Truth(holds(number(left)?, number(right)?)));
    let calculate = |act: fn(f64, f64) -> f64| Ok(Value::Number(act(number(left)?, number(right)?)));
    match operator {
        Operator::Or => Ok(Value::Truth(left.truth() || right.truth())),
        Operator::And => Ok(Value::Truth(left.truth() && right.truth())),
        Operator::Equal => Ok(Value::Truth(left.same(right))),
        Operator::NotEqual => Ok(Value::Truth(!left.same(right))),
        Operator::Less => compare(|left, right| left < right),
        Operator::LessOrEqual => compare(|left, right| left <= right),
        Operator::Greater => compare(|left, right| left > right),
        Operator::GreaterOrEqual => compare(|left, right| left >= right),
        Operator::Add => calculate(|left, right| left + right),
        Operator::Subtract => calculate(|left, right| left - right),
        Operator::Multiply => calculate(|left, right| left * right),
        Operator::Divide => calculate(|left, right| left / right),
        Operator::Remainder => calculate(|left, right| left % right),
        Operator::Power => calculate(f64::powf),
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, ExpressionError, Item, Value};

    fn evaluate(text: &str) -> Result<Value, ExpressionError> {
        Expression::parse(text)?.evaluate(&|item: &Item| match (item.kind, item.body.as_str()) {
            ('#', "sex") => Value::Text("M".into()),
            ('d', _) => Value::Number(31.0),
            _ => Value::Number(6.0),
        })
    }

    #[test]
    fn arithmetic_follows_the_usual_order() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("10 - 4 - 3", 3.0),
            ("-2 ^ 2", -4.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("#{a} / #{b.c} * 100", 100.0),
            ("#{a}*[days]", 186.0),
            ("1e2 - 0.5", 99.5),
            ("100000000", 1e8),
            ("7 % 4", 3.0),
        ] {
            assert_eq!(evaluate(text), Ok(Value::Number(expected)), "{text}");
        }
    }

    #[test]
    fn conditions_compare_and_join() {
        for (text, expected) in [
            ("#{sex} == 'M'", true),
            ("#{sex} != \"M\" || #{a} >= 6", true),
            ("#{a} > 6 && #{sex} == 'M'", false),
            ("not (#{a} < 10)", false),
            ("!(#{a} == 5) and true", true),
            ("3 < 4 == true", true),
            ("d2:hasValue(#{a}) && d2:hasValue( #{b} )", true),
        ] {
            assert_eq!(evaluate(text), Ok(Value::Truth(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_not_supported_is_an_error() {
        for text in ["d2:daysBetween(#{a}, #{b})", "if(1 > 0, 1, 2)", "1 +", "(1", "#{a", "", "1 2", "Q{a}"] {
            assert!(evaluate(text).is_err(), "{text}");
        }
        assert_eq!(evaluate("#{sex} * 2"), Err(ExpressionError::Mismatch));
        assert!(Expression::parse(&"(".repeat(500)).is_err());
    }
}
