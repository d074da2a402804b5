//! Mistakes in the writing of a script, in plain words.

use rhai::{LexError, ParseError, ParseErrorType as Parse};

use super::ScriptError;
use crate::source;
use crate::suggest;

/// What and how to go on.
type Words = (String, String);

fn words(what: impl Into<String>, hint: impl Into<String>) -> Words {
    (what.into(), hint.into())
}

/// Translates what the compiler found.
pub(crate) fn translate(error: &ParseError, name: &str, source: &str) -> ScriptError {
    let position = error.position();
    let end = (source.lines().count().max(1), 1);
    let (line, column) = position.line().map_or(end, |line| (line, position.position().unwrap_or(1)));
    let (before, rest) = source::around(source, line, column);
    if rest.trim().is_empty()
        && let Some((bracket, line, column)) = source::unclosed(source)
    {
        let closing = match bracket {
            '{' => '}',
            '(' => ')',
            _ => ']',
        };
        let what = format!("this `{bracket}` is never closed");
        let hint = format!("write `{closing}` where it should end");
        return ScriptError::compile(name, &what, &hint).at(source, line, column);
    }
    let (what, hint) = of_other_languages(before, rest).unwrap_or_else(|| in_words(error.err_type(), source));
    ScriptError::compile(name, &what, &hint).at(source, line, column)
}

/// What is written as in another language; the text at the place of the error says more than the error.
fn of_other_languages(before: &str, rest: &str) -> Option<Words> {
    let word =
        rest.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap_or_default();
    let after_digit = before.ends_with(|character: char| character.is_ascii_digit());
    if after_digit && let Some(decimals) = rest.strip_prefix(',') {
        return decimals
            .starts_with(|character: char| character.is_ascii_digit())
            .then(|| words("a number is written with a decimal point, not with a comma", "write `0.5`, not `0,5`"));
    }
    if after_digit
        && let Some(exponent) = word.strip_prefix(['e', 'E'])
        && exponent.chars().all(|character| character.is_ascii_digit())
    {
        return Some(words("numbers have no exponent", "write all digits: `1000`, `0.001`"));
    }
    match word {
        "and" | "AND" | "or" | "OR" | "not" | "NOT" => Some(operator_in_words(word)),
        "function" | "def" | "func" | "eval" => Some(reserved(word)),
        "then" => Some(words("`then` is not a word of scripts", "write `if … { … } else { … }`")),
        "elif" | "elseif" | "elsif" => {
            Some(words(format!("`{word}` is not a word of scripts"), "write `} else if … { … }`"))
        }
        _ => None,
    }
}

fn in_words(error: &Parse, source: &str) -> Words {
    match error {
        Parse::BadInput(error) => bad_input(error),
        Parse::UnexpectedEOF => words("the script ends in the middle", "look for a `{`, `(` or `[` that is not closed"),
        Parse::UnknownOperator(operator) => operator_in_words(operator),
        Parse::MissingToken(token, why) => missing(token, why),
        Parse::MissingSymbol(symbol) => words(format!("`{symbol}` is missing here"), "add it"),
        Parse::MalformedIndexExpr(_) => {
            words("this cannot be an index", "an index is a number counted from 0, or a key in quotes")
        }
        Parse::DuplicatedProperty(name) => words(format!("the map has `{name}` twice"), "keep one of them"),
        Parse::DuplicatedVariable(name) => words(format!("`{name}` is there twice"), "give one of them another name"),
        Parse::FnDuplicatedParam(function, parameter) => {
            words(format!("`{function}` has two parameters `{parameter}`"), "give one of them another name")
        }
        Parse::WrongSwitchDefaultCase => {
            words("the case `_` is not the last one", "`_ => …` stands for all other cases and comes last")
        }
        Parse::WrongSwitchIntegerCase | Parse::WrongSwitchCaseCondition => words(
            "this cannot be a case of a `switch`",
            "write `1 => …`, `\"text\" => …`, `1..5 => …` or `_ => …`, or use `if`",
        ),
        Parse::PropertyExpected => {
            words("after the dot comes the name of a member", "as in `ctx.period` or `values.sum()`")
        }
        Parse::VariableExpected => {
            words("the name of a variable is missing here", "as in `let total = 0;` or `for row in rows { … }`")
        }
        Parse::Reserved(word) | Parse::ForbiddenVariable(word) => {
            if word.starts_with(char::is_alphabetic) {
                reserved(word)
            } else {
                operator_in_words(word)
            }
        }
        Parse::MismatchedType(wanted, got) => words(
            format!("expected {}, found {}", super::type_in_words(wanted), super::type_in_words(got)),
            "a condition compares something, as in `v > 5`",
        ),
        Parse::ExprExpected(_) => {
            words("a value is missing here", "write a number, a text in double quotes, a name or a calculation")
        }
        Parse::WrongFnDefinition => words(
            "a function is defined inside another one",
            "the `}` of the function before it may be missing; a short function inside can be written `|x| x * 2`",
        ),
        Parse::FnDuplicatedDefinition(name, _) => {
            words(format!("`{name}` is defined twice"), "keep one of the two functions")
        }
        Parse::FnMissingName => words("the function has no name", "write `fn value(v, ctx) { … }`"),
        Parse::FnMissingParams(name) => {
            words(format!("`{name}` has no parameters in brackets"), format!("write `fn {name}(v, ctx) {{ … }}`"))
        }
        Parse::FnMissingBody(name) => {
            words(format!("`{name}` has no body"), format!("write its code between `{{` and `}}` after `fn {name}(…)`"))
        }
        Parse::AssignmentToConstant(name) => words(
            format!("`{name}` is a constant and cannot be changed"),
            format!("write `let {name} = …` where it is defined"),
        ),
        Parse::AssignmentToInvalidLHS(_) => words(
            "this cannot be assigned with `=`",
            "to compare, write `==`; to change something, write a variable or a member of a row left of `=`",
        ),
        Parse::VariableUndefined(name) => unknown_name(name, source),
        Parse::ExprTooDeep => {
            words("this is nested too deeply", "split it into several steps with `let`, or into functions")
        }
        Parse::TooManyFunctions => words("the script has too many functions", "a script has at most 256"),
        Parse::LiteralTooLarge(_, limit) => {
            words(format!("this is longer than {limit}"), "a value never needs as much")
        }
        Parse::LoopBreak => {
            words("`break` and `continue` can only be used in a loop", "to end a function, write `return`")
        }
        _ => words("this is not valid", "compare it with the examples of `xfer script new value`"),
    }
}

fn bad_input(error: &LexError) -> Words {
    match error {
        LexError::UnterminatedString => {
            words("a text is not closed", "texts begin and end with a double quote: `\"text\"`")
        }
        LexError::MalformedChar(_) => {
            words("single quotes hold one character only", "write texts with double quotes: `\"text\"`")
        }
        LexError::MalformedNumber(number) => words(
            format!("`{number}` is not written as a number"),
            "numbers have a decimal point and no exponent: `0.25`, `1000000`",
        ),
        LexError::MalformedEscapeSequence(sequence) => {
            words(format!("`{sequence}` has no meaning in a text"), "for a backslash itself, write `\\\\`")
        }
        LexError::StringTooLong(limit) => {
            words(format!("a text is longer than {limit} characters"), "a value is never that long")
        }
        LexError::ImproperSymbol(symbol, _) => operator_in_words(symbol),
        LexError::UnexpectedInput(symbol) | LexError::MalformedIdentifier(symbol) => unexpected(symbol),
        _ => words("this is not valid", "compare it with the examples of `xfer script new value`"),
    }
}

fn unexpected(symbol: &str) -> Words {
    let first = symbol.chars().next().unwrap_or(' ');
    if ['“', '”', '„', '«', '»', '‘', '’'].contains(&first) {
        return words(
            format!("`{symbol}` is a quotation mark of a word processor"),
            "write texts with plain double quotes: `\"text\"`",
        );
    }
    if first.is_alphabetic() {
        return words(
            format!("`{symbol}` cannot be in a name"),
            "names have unaccented letters, digits and `_`; texts go in double quotes",
        );
    }
    words(format!("`{symbol}` has no meaning here"), "write texts in double quotes, comments after `//`")
}

/// Operators of other languages.
fn operator_in_words(operator: &str) -> Words {
    if operator == "=" {
        return words("`=` assigns to a variable, it does not compare", "to compare, write `==`");
    }
    let instead = match operator {
        "===" => "`==`",
        "!==" | "<>" => "`!=`",
        "and" | "AND" => "`&&`",
        "or" | "OR" => "`||`",
        "not" | "NOT" => "`!`",
        "++" => "`+= 1`",
        "--" => "`-= 1`",
        ":=" => "`=`",
        "<-" | "->" => "`=`, or `=>` in a `switch`",
        "::" => "`.`",
        "#" => "`//` before a comment, `#{ … }` around a map",
        "{" => "`#{ … }` around a map",
        "?" | ":" => "`if … { … } else { … }`",
        _ => {
            return words(
                format!("`{operator}` is not an operator"),
                "operators are + - * / % ** == != < <= > >= && || !",
            );
        }
    };
    words(format!("`{operator}` is not an operator here"), format!("write {instead}"))
}

fn missing(token: &str, why: &str) -> Words {
    match token {
        ";" => words(
            "a `;` is missing between two statements",
            "end each statement with `;`; conditions are joined with `&&` and `||`",
        ),
        "{" => words("`{` is missing here", "write the code of `if`, `else`, `for` or `fn` between `{` and `}`"),
        "}" => words(
            "`}` is missing here",
            "a block that was opened with `{` is not closed, or `;` or `,` is missing before",
        ),
        ")" => words(
            "`)` is missing here",
            "a bracket that was opened is not closed, or `,` is missing between two arguments",
        ),
        "]" => {
            words("`]` is missing here", "a list or index that was opened with `[` is not closed, or `,` is missing")
        }
        "," => words("`,` is missing here", "separate parameters, elements and entries with commas"),
        "in" => words("`in` is missing here", "write `for row in rows { … }`"),
        ":" => words("`:` is missing here", "an entry of a map is written `name: value`"),
        "=>" => words("`=>` is missing here", "a case of a `switch` is written `1 => …`"),
        _ if why.contains("name") => words("a name is missing here", "add it"),
        _ => words(format!("`{token}` is missing here"), "add it"),
    }
}

/// Words of the language that scripts cannot use, and words of other languages.
fn reserved(word: &str) -> Words {
    match word {
        "eval" => words("`eval` cannot be used: scripts run only their own code", "write the calculation itself"),
        "import" | "export" | "as" | "use" | "module" | "package" | "require" => words(
            format!("`{word}` cannot be used: a script is one file"),
            "copy the functions that you need into this script",
        ),
        "this" => words("`this` cannot be used in hooks", "use the parameters of the function"),
        "null" | "nil" | "None" | "undefined" => {
            words(format!("`{word}` is not a word of scripts"), "write `()` for nothing")
        }
        "var" => words("`var` is not a word of scripts", "write `let`"),
        "match" | "case" | "default" => {
            words(format!("`{word}` is not a word of scripts"), "write `switch x { 1 => …, _ => … }`")
        }
        "function" | "def" | "func" => words(format!("`{word}` is not a word of scripts"), "write `fn`"),
        "with" | "new" => {
            words(format!("`{word}` is not a word of scripts"), "a changed row is `r.copy(#{ value: 1 })`")
        }
        "sync" | "async" | "await" | "spawn" | "thread" | "go" | "yield" => {
            words(format!("`{word}` cannot be used"), "a script runs one step after the other")
        }
        "exit" => words("`exit` cannot be used", "write `return`"),
        _ => words(format!("`{word}` is a reserved word"), "choose another name"),
    }
}

/// A variable that nobody made.
fn unknown_name(name: &str, source: &str) -> Words {
    let instead = match name {
        "null" | "nil" | "None" | "undefined" | "NULL" | "none" => Some("write `()` for nothing"),
        "True" | "TRUE" => Some("write `true`"),
        "False" | "FALSE" => Some("write `false`"),
        "NaN" | "Infinity" | "inf" => Some("there is no such number; leave a value out with `skip(\"why\")`"),
        "PI" => Some("write the number: `3.14159265358979`"),
        _ => None,
    };
    if let Some(instead) = instead {
        return words(format!("there is no variable `{name}`"), instead);
    }
    if ["params", "period", "org_unit", "item", "job", "now"].contains(&name) {
        return words(format!("there is no variable `{name}`"), format!("write `ctx.{name}`"));
    }
    let known = source::names(source);
    if let Some(line) = source::made_outside(source, name) {
        return words(
            format!("there is no variable `{name}` in this function"),
            format!(
                "a function cannot use what is defined outside (line {line}); move it in, or make it a function: `fn \
                 {name}() {{ … }}`, used as `{name}()`"
            ),
        );
    }
    if known.contains(name) {
        return words(
            format!("there is no variable `{name}` here"),
            "a variable exists only in its block; define it before that block, or pass it to the function as a \
             parameter",
        );
    }
    let near = suggest::nearest(name, known.iter().map(String::as_str));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "define it with `let {name} = …`, or, if it is a text, put it in double quotes: `\"{name}\"`; a function \
             has only its own variables and parameters"
        ),
    };
    words(format!("there is no variable `{name}`"), hint)
}
