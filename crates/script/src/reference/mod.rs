//! Everything that scripts can use, one line each: the one source of the manual, of definitions for editors and of the
//! suggestions in messages. A test holds it against the engine in both directions.

mod functions;
mod members;
mod operators;

pub use operators::{Operator, operators};

/// What an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A function that the script defines and the program calls.
    Hook,
    /// Read (and on rows written) as `thing.name`.
    Member,
    /// Called as `name(…)` or, where it belongs to a type, as `thing.name(…)`.
    Function,
}

/// Something that scripts can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// The type it belongs to: `number`, `text`, `list`, `map`, `period`, `row`, `org unit`, `object`, `item`, `ctx`,
    /// `ctx.params`; empty for functions of no type.
    pub of: &'static str,
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub signature: &'static str,
    /// The type of its result, in the words of `of`; `yes/no` and `nothing` beside.
    pub gives: &'static str,
    /// What it is or does, in one line.
    pub text: &'static str,
}

/// Every entry: hooks, then members, then functions, type by type.
pub fn entries() -> impl Iterator<Item = Entry> {
    let hooks = HOOKS.iter().map(|(name, signature, gives, text)| Entry {
        kind: Kind::Hook,
        of: "",
        name,
        signature,
        gives,
        text,
    });
    hooks.chain(members::entries()).chain(functions::entries())
}

const HOOKS: [(&str, &str, &str, &str); 4] = [
    ("value", "fn value(v, ctx)", "number, text, yes/no", "One cell's value before it is sent; `()` leaves it out."),
    ("period", "fn period(p, ctx)", "period", "The destination period of a source value."),
    ("combine", "fn combine(values, ctx)", "number, text, yes/no", "Several values of one cell into one."),
    ("rows", "fn rows(rows, ctx)", "list", "The rows of a whole slice: changed, left out, or new ones."),
];

#[cfg(test)]
mod tests;
