//! Reads the text of an expression: precedence climbing over signs, literals and items.

use super::expression::{Expression, ExpressionError, Item, Operator, Value};

/// How deep parentheses and signs may nest.
const DEPTH_LIMIT: usize = 64;

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [(&str, Operator); 16] = [
    ("||", Operator::Or),
    ("&&", Operator::And),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<>", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("+", Operator::Add),
    ("-", Operator::Subtract),
    ("*", Operator::Multiply),
    ("/", Operator::Divide),
    ("%", Operator::Remainder),
    ("^", Operator::Power),
    ("=", Operator::Equal),
];

impl Expression {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, ExpressionError> {
        parse(text)
    }
}

/// Reads an expression; all of the text must be one.
fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let mut parser = Parser { text, rest: text, depth: 0 };
    let expression = parser.binary(0)?;
    parser.skip_blanks();
    if parser.rest.is_empty() { Ok(expression) } else { Err(parser.unsupported()) }
}

struct Parser<'text> {
    text: &'text str,
    rest: &'text str,
    depth: usize,
}

impl Parser<'_> {
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
        let (sign, operator) = SIGNS.iter().chain(&words).copied().find(|(sign, _)| self.rest.starts_with(sign))?;
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
