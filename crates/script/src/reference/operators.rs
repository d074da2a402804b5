//! Operators, by the types on their sides.

/// An operator that scripts can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// How it is written.
    pub symbol: &'static str,
    /// The types on its sides, one for an operator that stands before its operand; in the words of
    /// [`Entry::of`](super::Entry::of), and `any`.
    pub sides: &'static [&'static str],
    /// The type of its result.
    pub gives: &'static str,
    /// What it does, in one line.
    pub text: &'static str,
}

/// Symbols that mean the same for the same sides.
type Line = (&'static [&'static str], &'static [&'static [&'static str]], &'static str, &'static str);

const EQUAL: &[&str] = &["==", "!="];
const IN_ORDER: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
const CALCULATING: &[&str] = &["+", "-", "*", "/", "%", "**"];
const CHANGING: &[&str] = &["+=", "-=", "*=", "/=", "%=", "**="];

const OPERATORS: &[Line] = &[
    (CALCULATING, &[&["number", "number"]], "number", "Exact: `0.07 * 100` is 7, `10 / 4` is 2.5."),
    (CHANGING, &[&["number", "number"]], "nothing", "Calculates and saves the result in the variable."),
    (&["-", "+"], &[&["number"]], "number", "With the opposite sign, or with the same sign."),
    (
        IN_ORDER,
        &[&["number", "number"], &["text", "text"], &["period", "period"]],
        "yes/no",
        "Compares two values of \
                                                                                              the same kind.",
    ),
    (EQUAL, &[&["yes/no", "yes/no"], &["list", "list"], &["map", "map"]], "yes/no", "Whether they are equal."),
    (EQUAL, &[&["object", "object"], &["org unit", "org unit"]], "yes/no", "Whether they are the same one, by id."),
    (EQUAL, &[&["period", "text"], &["text", "period"]], "yes/no", "Compares a period with an identifier."),
    (&["!"], &[&["yes/no"]], "yes/no", "Not."),
    (&["+"], &[&["text", "text"], &["text", "any"], &["any", "text"]], "text", "Joins them to one text."),
    (&["+="], &[&["text", "text"], &["text", "any"]], "nothing", "Adds to the end of the variable's text."),
    (&["+"], &[&["list", "list"]], "list", "Joins two lists."),
    (&["+="], &[&["list", "list"]], "nothing", "Adds a list to the end of the variable's list."),
];

/// Every operator, with each pair of types that it takes.
pub fn operators() -> impl Iterator<Item = Operator> {
    OPERATORS.iter().flat_map(|(symbols, all, gives, text)| {
        let each = symbols.iter().flat_map(|symbol| all.iter().map(move |sides| (symbol, sides)));
        each.map(|(symbol, sides)| Operator { symbol, sides, gives, text })
    })
}
