//! The engine's names of types, in words; and what a sentence of ours is made of.

/// What and how to go on.
pub(super) type Words = (String, String);

pub(super) fn words(what: impl Into<String>, hint: impl Into<String>) -> Words {
    (what.into(), hint.into())
}

/// A type with its article: `a number`. The engine names several types at once where they are one to it:
/// `str | ImmutableString | String`.
pub(crate) fn type_in_words(name: &str) -> String {
    let first = name.split('|').next().unwrap_or(name).trim();
    let word = match first.trim_start_matches('&').trim_start_matches("mut ").trim() {
        "i64" | "decimal" | "Decimal" | "rust_decimal::decimal::Decimal" | "INT" => "a number",
        "string" | "&str" | "ImmutableString" | "str" | "String" => "a text",
        "char" => "a single character",
        "bool" => "a yes/no value",
        "()" => "nothing",
        "array" | "Array" => "a list",
        "map" | "Map" => "a map",
        "Fn" | "FnPtr" => "a function",
        "Period" => "a period",
        "Row" => "a row",
        "OrgUnit" => "an org unit",
        "Object" => "a named object (it has `id`, `code` and `name`)",
        "Item" => "an item",
        "Context" => "`ctx`",
        "Params" => "`ctx.params`",
        "range" | "range=" => "a range",
        other => return format!("a value of type {other}"),
    };
    word.to_owned()
}
