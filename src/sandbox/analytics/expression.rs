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
    /// Longer signs first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Self); 16] = [
        ("||", Self::Or),
        ("&&", Self::And),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<>", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        (">", Self::Greater),
        ("+", Self::Add),
        ("-", Self::Subtract),
        ("*", Self::Multiply),
        ("/", Self::Divide),
        ("%", Self::Remainder),
        ("^", Self::Power),
        ("=", Self::Equal),
    ];

    fn strength(self) -> u8 {
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

/// How deep parentheses and signs may nest.
const DEPTH_LIMIT: usize = 64;

impl Expression {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser { text, rest: text, depth: 0 };
        let expression = parser.binary(0)?;
        parser.skip_blanks();
        if parser.rest.is_empty() { Ok(expression) } else { Err(parser.unsupported()) }
    }

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

struct Parser<'text> {
    text: &'text str,
    rest: &'text str,
    depth: usize,
}

impl<'text> Parser<'text> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        // `and` must not eat the beginning of a longer word.
        let is_word = sign.bytes().all(|byte| byte.is_ascii_alphabetic());
        if is_word && rest.starts_with(|letter: char| letter.is_alphanumeric()) {
            return false;
        }
        self.rest = rest;
        true
    }

    fn unsupported(&self) -> ExpressionError {
        let word: String = self.rest.chars().take_while(|letter| !letter.is_whitespace()).take(20).collect();
        if word.is_empty() {
            ExpressionError::Malformed(self.text.to_owned())
        } else {
            ExpressionError::Unsupported(word)
        }
    }

    fn operator(&mut self, weakest: u8) -> Option<Operator> {
        self.skip_blanks();
        let words = [("and", Operator::And), ("or", Operator::Or)];
        let (sign, operator) =
            Operator::SIGNS.iter().chain(&words).copied().find(|(sign, _)| self.rest.starts_with(sign))?;
        if operator.strength() <= weakest || !self.take(sign) {
            return None;
        }
        Some(operator)
    }

    fn binary(&mut self, weakest: u8) -> Result<Expression, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(ExpressionError::Malformed(self.text.to_owned()));
        }
        let mut left = self.single()?;
        while let Some(operator) = self.operator(weakest) {
            // Powers bind to the right, everything else to the left.
            let strength = operator.strength() - u8::from(operator == Operator::Power);
            let right = self.binary(strength)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn single(&mut self) -> Result<Expression, ExpressionError> {
        if self.take("(") {
            let inner = self.binary(0)?;
            return if self.take(")") { Ok(inner) } else { Err(self.unsupported()) };
        }
        if self.take("-") {
            return Ok(Expression::Negative(Box::new(self.binary(6)?)));
        }
        if self.take("+") {
            return self.binary(6);
        }
        if self.take("!") || self.take("not") {
            return Ok(Expression::Not(Box::new(self.binary(6)?)));
        }
        if self.take("d2:hasValue(") {
            return match (self.literal()?, self.take(")")) {
                (Expression::Item(Item { kind: '#', body }), true) => Ok(Expression::Item(Item { kind: '?', body })),
                _ => Err(self.unsupported()),
            };
        }
        if self.take("[days]") {
            return Ok(Expression::Item(Item { kind: 'd', body: String::new() }));
        }
        if self.take("true") {
            return Ok(Expression::Constant(Value::Truth(true)));
        }
        if self.take("false") {
            return Ok(Expression::Constant(Value::Truth(false)));
        }
        self.literal()
    }

    fn literal(&mut self) -> Result<Expression, ExpressionError> {
        self.skip_blanks();
        let Some(first) = self.rest.chars().next() else { return Err(self.unsupported()) };
        if first == '\'' || first == '"' {
            let inside = &self.rest[1..];
            let end = inside.find(first).ok_or_else(|| self.unsupported())?;
            self.rest = &inside[end + 1..];
            return Ok(Expression::Constant(Value::Text(inside[..end].to_owned())));
        }
        if first.is_ascii_digit() || first == '.' {
            let end = number_length(self.rest);
            let (digits, rest) = self.rest.split_at(end);
            let number = digits.parse().map_err(|_| self.unsupported())?;
            self.rest = rest;
            return Ok(Expression::Constant(Value::Number(number)));
        }
        let inside = self.rest.get(1..).and_then(|rest| rest.strip_prefix('{'));
        match inside.and_then(|inside| inside.split_once('}')) {
            Some((body, rest)) if "#AINRCV".contains(first) => {
                self.rest = rest;
                Ok(Expression::Item(Item { kind: first, body: body.trim().to_owned() }))
            }
            _ => Err(self.unsupported()),
        }
    }
}

/// The length of the number that a text begins with, exponent included.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = bytes.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let digits = bytes[end + 1 + sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            end += 1 + sign + digits;
        }
    }
    end
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
