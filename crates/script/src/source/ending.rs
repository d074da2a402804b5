//! How a function ends. `fn value(v) { v * 2; }` calculates something, discards it and returns nothing: every
//! value would be left out, and nobody would know why.

use super::{Place, code_only, functions, place_of, words_of};

/// How a function ends that gives nothing back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The value of the last statement is thrown away by its `;`.
    ThrownAway,
    /// The last statement puts something into this variable.
    PutInto(String),
}

/// Words that begin a statement after which nothing has to be given back.
const ENDS: [&str; 3] = ["return", "throw", "skip"];

/// How a function ends, and where, if its last statement ends with `;` and so nothing is given back.
pub(crate) fn without_value(source: &str, name: &str) -> Option<(Ending, Place)> {
    let code = code_only(source);
    let function = functions(&code).into_iter().find(|function| function.name == name)?;
    let body = code.get(function.body.clone())?;
    let semicolon = body.trim_end().strip_suffix(';')?.len();
    let last = last_statement(body.get(..semicolon)?);
    let mut words = words_of(last).map(|(_, word)| word);
    // A branch of an `if` can end the function itself.
    if last.ends_with('}') && words_of(last).any(|(_, word)| ENDS.contains(&word)) {
        return None;
    }
    let first = words.next().unwrap_or_default();
    if ENDS.contains(&first) {
        return None;
    }
    let place = place_of(&code, function.body.start + semicolon);
    let variable = if ["let", "const"].contains(&first) { words.next() } else { assigned(last) };
    let ending = variable.map_or(Ending::ThrownAway, |variable| Ending::PutInto(variable.to_owned()));
    Some((ending, place))
}

/// What follows the last `;` or block of a body.
fn last_statement(body: &str) -> &str {
    let (mut depth, mut start, mut block_end) = (0_usize, 0, None);
    for (at, character) in body.char_indices() {
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && character == '}' {
                    block_end = Some(at + 1);
                }
            }
            ';' if depth == 0 => (start, block_end) = (at + 1, None),
            _ => {}
        }
    }
    let statement = body.get(start..).unwrap_or_default();
    let begins_with_block = words_of(statement).next().is_some_and(|(at, word)| {
        ["if", "for", "while", "loop", "switch"].contains(&word) && statement[..at].trim().is_empty()
    });
    let behind = block_end.filter(|_| begins_with_block).and_then(|end| body.get(end..)).unwrap_or_default().trim();
    if behind.is_empty() { statement.trim() } else { behind }
}

/// The variable that a statement changes: `x = 1`, `x += 1`.
fn assigned(statement: &str) -> Option<&str> {
    let (target, behind) = statement.split_once('=')?;
    let variable = target.trim_end_matches(['+', '-', '*', '/', '%']).trim();
    let plain = !variable.is_empty() && variable.chars().all(super::is_name);
    (plain && !behind.starts_with(['=', '>'])).then_some(variable)
}

#[cfg(test)]
mod tests {
    use super::{Ending, without_value};

    #[test]
    fn functions_that_give_nothing_back_are_found() {
        let put = |name: &str| Some(Ending::PutInto(name.to_owned()));
        for (body, ending) in [
            ("v * 2", None),
            ("v * 2;", Some(Ending::ThrownAway)),
            ("v * 2; // twice", Some(Ending::ThrownAway)),
            ("let x = v; x", None),
            ("let x = v * 2;", put("x")),
            ("let x = 1; x += v;", put("x")),
            ("let x = if v > 1 { 2 } else { 3 };", put("x")),
            ("if v < 5 { skip(\"small\") } v * 2;", Some(Ending::ThrownAway)),
            ("if v < 5 { skip(\"small\"); } v", None),
            ("if v < 5 { 1 } else { 2 };", Some(Ending::ThrownAway)),
            ("if v < 5 { return 1; } else { return 2; };", None),
            ("v == 2;", Some(Ending::ThrownAway)),
            ("return v;", None),
            ("if v > 5 { return v; } skip(\"small\");", None),
            ("throw \"no\";", None),
            ("[v].map(|x| { x * 2 });", Some(Ending::ThrownAway)),
            ("print(v);", Some(Ending::ThrownAway)),
            ("", None),
        ] {
            let found = without_value(&format!("fn half(x) {{ x; }}\nfn value(v) {{ {body}\n}}"), "value");
            assert_eq!(found.map(|(ending, _)| ending), ending, "{body}");
        }
        let place = without_value("fn value(v) {\n  v * 2;\n}", "value").map(|(_, place)| place);
        assert_eq!(place, Some((2, 8)));
    }
}
