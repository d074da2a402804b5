//! Functions, operators and members that are not there, or not for these values.

use super::type_in_words;
use super::words::{Words, words};
use crate::reference::{self, Kind};
use crate::source;
use crate::suggest::nearest;
use xfer_domain::counted::counted_len;

/// Names of other languages, and what they are called here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &[
            "parse_int",
            "parse_float",
            "to_int",
            "to_float",
            "to_number",
            "to_decimal",
            "int",
            "float",
            "parseInt",
            "Number",
        ],
        "number(text)",
    ),
    (&["length", "size", "count"], "x.len()"),
    (&["mean", "avg"], "list.average()"),
    (&["sort", "order_by", "sort_by"], "list.sorted()` or `list.sorted_by(|x| …)"),
    (&["reverse", "rev"], "list.reversed()"),
    (&["append", "add", "insert"], "list.push(x)"),
    (&["substring", "substr", "slice_text", "left", "right", "mid"], "t.sub_string(start, length)"),
    (&["includes", "has", "contains_key", "has_key", "exists"], "x.contains(y)"),
    (&["startsWith", "beginsWith"], "t.starts_with(part)"),
    (&["endsWith"], "t.ends_with(part)"),
    (&["upper", "to_uppercase", "toUpperCase"], "t.to_upper()"),
    (&["lower", "to_lowercase", "toLowerCase"], "t.to_lower()"),
    (&["str", "toString", "format", "String"], "text(x)"),
    (&["println", "log", "echo", "console"], "print(x)"),
    (&["for_each", "foreach", "each"], "for x in list { … }"),
    (&["any"], "list.some(|x| …)"),
    (&["every"], "list.all(|x| …)"),
    (&["fold"], "list.reduce(|total, x| …, 0)"),
    (&["distinct", "dedup"], "list.unique()"),
    (&["pow", "power"], "x ** 2"),
    (&["ceiling"], "x.ceil()"),
    (&["truncate", "trunc", "int_part"], "x.floor()"),
    (&["is_nan", "isNaN", "is_null", "is_none", "is_missing"], "x == ()"),
    (&["return_nothing", "drop", "ignore"], "skip(\"why\")"),
    (&["error", "raise", "fail"], "throw \"why\""),
];

/// What scripts cannot do at all.
const NEVER: &[&str] = &[
    "timestamp",
    "now",
    "today",
    "sleep",
    "rand",
    "random",
    "time",
    "open",
    "read",
    "write",
    "fetch",
    "get_url",
    "http",
    "exec",
    "system",
    "env",
    "import",
    "load",
    "eval",
];

/// A call that leads nowhere. The engine gives `name (type, type)`.
pub(super) fn not_found(signature: &str, source: &str) -> Words {
    let (name, arguments) = signature.split_once('(').unwrap_or((signature, ""));
    let name = name.trim();
    let types: Vec<String> = arguments
        .strip_suffix(')')
        .unwrap_or(arguments)
        .split(',')
        .map(str::trim)
        .filter(|kind| !kind.is_empty())
        .map(type_in_words)
        .collect();
    if let Some(member) = name.strip_prefix("set$") {
        return cannot_be_set(member, &types);
    }
    if name.starts_with("anon$") {
        return handed_over(types.len());
    }
    if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
        return operator(name, &types);
    }
    let known: Vec<reference::Entry> =
        reference::entries().filter(|entry| entry.kind == Kind::Function && entry.name == name).collect();
    if !known.is_empty() {
        return not_for_these(name, &types, &known);
    }
    unknown_function(name, source)
}

/// A function without a name that is called with another number of values than it takes.
fn handed_over(given: usize) -> Words {
    let values = if given == 1 { "one value".to_owned() } else { counted_len(given, "value") };
    words(
        format!("this passes {values} to a function that has another number of parameters"),
        "a function for `reduce` has two, the total and the element: `|total, x| …`; all others have one: `|x| …`",
    )
}

fn unknown_function(name: &str, source: &str) -> Words {
    let what = format!("there is no function `{name}`");
    if NEVER.contains(&name) {
        let hint = "scripts always give the same result for the same data: they have no clock (the run's time is \
                    `ctx.now`), no random numbers, no files and no network";
        return words(what, hint);
    }
    let own = source::names(source);
    let names = reference::entries().filter(|entry| entry.kind == Kind::Function).map(|entry| entry.name);
    // An own function that nearly has this name is meant before anything else.
    if let Some(near) = nearest(name, own.iter().map(String::as_str).filter(|own| source::has_function(source, own))) {
        return words(what, format!("did you mean `{near}`?"));
    }
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(names, _)| names.contains(&name)) {
        return words(what, format!("write `{instead}`"));
    }
    if source::has_function(source, name) {
        return words(
            format!("`{name}` has another number of parameters"),
            "compare the call with the line where the function is defined",
        );
    }
    match nearest(name, names) {
        Some(near) => words(what, format!("did you mean `{near}`?")),
        None => words(what, "define it with `fn`, or look for another one in `docs/scripting.md`"),
    }
}

fn not_for_these(name: &str, types: &[String], known: &[reference::Entry]) -> Words {
    let mut written: Vec<String> = known.iter().map(|entry| format!("`{}`", entry.signature)).collect();
    written.dedup();
    let what = match types {
        [] => format!("`{name}` was called without a value"),
        [only] => format!("`{name}` cannot be used on {only}"),
        [first, rest @ ..] => format!("`{name}` cannot be used on {first} with {}", rest.join(" and ")),
    };
    let has = |kind: &str| types.iter().any(|one| one == kind);
    let convert = if has("nothing") {
        "; the value may be missing, so check it first: `if x == () { … }`"
    } else if has("a text") && known.iter().any(|entry| entry.of == "number") {
        "; turn the text into a number with `number(…)`"
    } else {
        ""
    };
    words(what, format!("it is written {}{convert}", written.join(" or ")))
}

fn operator(name: &str, types: &[String]) -> Words {
    let what = match (name.trim_end_matches('='), types) {
        _ if ["==", "!=", "<", "<=", ">", ">="].contains(&name) => match types {
            [left, right] => format!("you compared {left} with {right}"),
            _ => "this cannot be compared".to_owned(),
        },
        ("+", [left, right]) => format!("you added {right} to {left}"),
        ("-", [left, right]) => format!("you subtracted {right} from {left}"),
        ("*", [left, right]) => format!("you multiplied {left} by {right}"),
        ("/", [left, right]) => format!("you divided {left} by {right}"),
        ("%", [left, right]) => format!("you asked for the remainder of {left} divided by {right}"),
        ("**", [left, right]) => format!("you raised {left} to the power of {right}"),
        ("-", [only]) => format!("you put a minus before {only}"),
        ("!", [only]) => format!("you put `!` (not) before {only}"),
        ("..", _) => "a range goes from one whole number to another".to_owned(),
        (operator, _) => format!("`{operator}` cannot be used on {}", types.join(" and ")),
    };
    let has = |kind: &str| types.iter().any(|one| one == kind);
    let hint = if has("nothing") {
        "a value is missing; check it first: `if x == () { skip(\"no value\") }`"
    } else if has("a list") {
        "go through the list with `map`, or take its total: `values.sum()`"
    } else if has("a period") {
        "a period is moved with `p.shift(-1)` and compared with `period(\"202401\")`"
    } else if has("a text") {
        "turn the text into a number with `number(…)`; a text is joined to anything with `+`"
    } else if has("a row") {
        "take the row's value: `r.value`"
    } else if has("a yes/no value") {
        "turn it into a number: `if x { 1 } else { 0 }`"
    } else if has("an org unit") || types.iter().any(|one| one.starts_with("a named object")) {
        "take its `id`, `code` or `name`, as in `ctx.org_unit.code`"
    } else {
        "compare it with the reference in `docs/scripting.md`"
    };
    words(what, hint)
}

fn cannot_be_set(member: &str, types: &[String]) -> Words {
    let on = types.first().map_or("this", String::as_str);
    match on {
        "a row" => words(format!("a row has no `{member}`"), "a row has data, coc, aoc, org_unit, period and value"),
        _ => words(
            format!("`{member}` of {on} cannot be changed"),
            "only your own variables and rows can be changed; return the new value instead",
        ),
    }
}

/// A member that a type does not have. The engine names both in a sentence, in single quotes.
pub(super) fn unknown_member(text: &str) -> Words {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let (member, kind) = (quoted.next().unwrap_or_default(), quoted.next().unwrap_or_default());
    let kind_in_words = type_in_words(kind);
    if text.contains("setter") {
        return cannot_be_set(member, &[kind_in_words]);
    }
    let of = match kind {
        "Context" => "ctx",
        "OrgUnit" => "org unit",
        "Object" => "object",
        "Period" => "period",
        "Row" => "row",
        "Item" => "item",
        "array" => "list",
        "string" => "text",
        _ => "",
    };
    let what = format!("{kind_in_words} has no `{member}`");
    let members: Vec<&str> = reference::entries()
        .filter(|entry| entry.kind == Kind::Member && entry.of == of)
        .map(|entry| entry.name)
        .collect();
    let is_function =
        reference::entries().any(|entry| entry.kind == Kind::Function && entry.of == of && entry.name == member);
    if is_function {
        return words(what, format!("it is a function: write `.{member}(…)` with brackets"));
    }
    if kind == "()" {
        return words(format!("the value is missing, so it has no `{member}`"), "check it first: `if x == () { … }`");
    }
    match nearest(member, members.iter().copied()) {
        Some(near) => words(what, format!("did you mean `{near}`?")),
        None if members.is_empty() => words(what, "see `docs/scripting.md` for its members"),
        None => words(what, format!("it has {}", members.join(", "))),
    }
}
