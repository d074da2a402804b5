//! Size limits for the text of a script: arguments, parameters, elements, keys, cases and variables.
//!
//! The engine goes through all keys of a map for each further one, through all variables for each further name, and
//! through all arguments of a call in a single step that no limit can end. So they are counted while the text is read,
//! token by token as the engine's own reader sees them, and the first one too many ends the reading.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{AST, ASTNode, Engine, LexError, Position, Stmt, Token};

use super::limits;

/// What there is too much of, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany {
    /// Of what.
    pub(super) kind: Kind,
    /// Line and column, from 1.
    pub(super) place: (usize, usize),
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Values that a call hands over.
    Arguments,
    /// Names in the head of a function.
    Parameters,
    /// Elements that are written out in a list.
    Elements,
    /// Keys that are written out in a map.
    Keys,
    /// Cases of a `switch`.
    Cases,
    /// Variables of a function.
    Variables,
}

impl Kind {
    fn most(self) -> usize {
        match self {
            Self::Arguments | Self::Parameters => limits::ARGUMENTS,
            Self::Elements => limits::ELEMENTS,
            Self::Keys => limits::KEYS,
            Self::Cases => limits::CASES,
            Self::Variables => limits::VARIABLES,
        }
    }

    /// What is wrong, and what to do instead.
    pub(super) fn in_words(self) -> (String, &'static str) {
        let most = self.most();
        match self {
            Self::Arguments => (format!("this call has more than {most} arguments"), "pass them as a list: `[a, b]`"),
            Self::Parameters => {
                (format!("this function has more than {most} parameters"), "let it take a list or a map instead")
            }
            Self::Elements => (
                format!("this list has more than {most} elements"),
                "a script calculates; put long lists of names or figures into a parameter (`ctx.params.list`)",
            ),
            Self::Keys => {
                (format!("this map has more than {most} keys"), "split it, or look the values up with `lookup`")
            }
            Self::Cases => (format!("this `switch` has more than {most} cases"), "split it, or use `if`"),
            Self::Variables => (
                format!("this function makes more than {most} variables"),
                "use a list or a map, or split the function",
            ),
        }
    }
}

/// Counts in every text that the engine reads from now on. What is found is left in what this gives.
#[expect(deprecated, reason = "not deprecated but volatile, as its own note says; the engine's version is fixed")]
pub(super) fn watch(engine: &mut Engine) -> Arc<Mutex<Option<TooMany>>> {
    let found = Arc::new(Mutex::new(None));
    let (count, kept) = (Mutex::new(Count::default()), Arc::clone(&found));
    engine.on_parse_token(move |token, position, _| {
        let over = count.lock().unwrap_or_else(PoisonError::into_inner).take(&token);
        let Some(kind) = over else { return token };
        kept.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(TooMany { kind, place: place(position) });
        Token::LexError(Box::new(LexError::ImproperSymbol(String::new(), String::new())))
    });
    found
}

/// The place of the first `switch` that stands too deep in others.
pub(super) fn deep_switch(ast: &AST) -> Option<(usize, usize)> {
    let mut found = None;
    ast.walk(&mut |path: &[ASTNode]| {
        let switch = |node: &ASTNode| match node {
            ASTNode::Stmt(statement @ Stmt::Switch(..)) => Some(statement.position()),
            _ => None,
        };
        if let Some(position) = path.last().and_then(switch)
            && path.iter().filter_map(switch).count() > limits::SWITCHES
        {
            found = Some(place(position));
        }
        found.is_none()
    });
    found
}

fn place(position: Position) -> (usize, usize) {
    (position.line().unwrap_or(1), position.position().unwrap_or(1))
}

/// A bracket that is open, and what stands in it.
#[derive(Debug)]
struct Open {
    kind: Kind,
    commas: usize,
}

#[derive(Debug, Default)]
struct Count {
    open: Vec<Open>,
    variables: usize,
    /// Whether the last token ends a value, so that `|` after it is an operator and `[` an index.
    after_value: bool,
    /// Whether the head of a function comes next.
    in_head: bool,
}

impl Count {
    /// Counts a token in; gives what there is too much of with it.
    fn take(&mut self, token: &Token) -> Option<Kind> {
        let after_value = mem::replace(&mut self.after_value, ends_value(token));
        match token {
            Token::Fn => {
                (self.variables, self.in_head) = (0, true);
            }
            Token::LeftParen => {
                let kind = if mem::take(&mut self.in_head) { Kind::Parameters } else { Kind::Arguments };
                self.open(kind);
            }
            Token::LeftBracket | Token::QuestionBracket => self.open(Kind::Elements),
            Token::MapStart => self.open(Kind::Keys),
            Token::LeftBrace => self.open(Kind::Cases),
            Token::Pipe if self.open.last().is_some_and(|open| open.kind == Kind::Parameters) => {
                self.open.pop();
                self.after_value = false;
            }
            // The head of a function without a name.
            Token::Pipe if !after_value => self.open(Kind::Parameters),
            Token::RightParen | Token::RightBracket | Token::RightBrace => {
                self.open.pop();
            }
            Token::Comma => return self.comma(),
            Token::Let | Token::Const | Token::For => {
                self.variables += 1;
                return (self.variables > limits::VARIABLES).then_some(Kind::Variables);
            }
            _ => {}
        }
        None
    }

    fn open(&mut self, kind: Kind) {
        self.open.push(Open { kind, commas: 0 });
    }

    fn comma(&mut self) -> Option<Kind> {
        let open = self.open.last_mut()?;
        open.commas += 1;
        (open.commas >= open.kind.most()).then_some(open.kind)
    }
}

/// Whether a value can end with a token.
fn ends_value(token: &Token) -> bool {
    matches!(
        token,
        Token::Identifier(..)
            | Token::IntegerConstant(..)
            | Token::DecimalConstant(..)
            | Token::CharConstant(..)
            | Token::StringConstant(..)
            | Token::InterpolatedString(..)
            | Token::True
            | Token::False
            | Token::Unit
            | Token::RightParen
            | Token::RightBracket
            | Token::RightBrace
    )
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::Kind;
    use crate::{Script, limits};

    /// What refuses a text, with its place.
    fn refused(source: &str) -> Option<(String, Option<(usize, usize)>)> {
        Script::compile("much.rhai", source).err().map(|error| (error.what().to_owned(), error.position()))
    }

    fn many(number: usize, one: impl Fn(usize) -> String) -> String {
        (0..number).map(one).collect::<Vec<_>>().join(", ")
    }

    /// A text with so many of a kind.
    fn written(kind: Kind, number: usize) -> String {
        let body = match kind {
            Kind::Arguments => format!("f({})", many(number, |n| n.to_string())),
            Kind::Parameters => {
                return format!("fn f({}) {{ 1 }} fn value(v) {{ v }}", many(number, |n| format!("p{n}")));
            }
            Kind::Elements => format!("[{}].len()", many(number, |_| "v".to_owned())),
            Kind::Keys => format!("#{{ {} }}.len()", many(number, |n| format!("k{n}: v"))),
            Kind::Cases => format!("switch v {{ {}, _ => 1 }}", many(number - 1, |n| format!("{n} => v"))),
            Kind::Variables => {
                let mut lines = String::new();
                (0..number).for_each(|n| _ = write!(lines, "let x{n} = v; "));
                lines + "v"
            }
        };
        format!("fn f(x) {{ x }}\nfn value(v) {{ {body} }}")
    }

    #[test]
    fn each_kind_has_its_most_and_one_more_is_refused_in_words_and_with_its_place() {
        let kinds = [Kind::Arguments, Kind::Parameters, Kind::Elements, Kind::Keys, Kind::Cases, Kind::Variables];
        for kind in kinds {
            let (what, _) = kind.in_words();
            assert_eq!(refused(&written(kind, kind.most())), None, "{kind:?}");
            let (said, place) = refused(&written(kind, kind.most() + 1)).unwrap();
            assert_eq!(said, what);
            let line = if kind == Kind::Parameters { 1 } else { 2 };
            assert_eq!(place.map(|(line, _)| line), Some(line), "{kind:?}");
        }
    }

    #[test]
    fn switches_stand_in_each_other_up_to_a_depth() {
        let nested = |depth: usize| {
            let (open, close) = ("switch { v } { 1 => 1, _ => ".repeat(depth), " }".repeat(depth));
            refused(&format!("fn value(v) {{ {open}v{close} }}"))
        };
        assert_eq!(nested(limits::SWITCHES), None);
        for depth in [limits::SWITCHES + 1, 20] {
            let (said, place) = nested(depth).unwrap();
            assert_eq!((said.as_str(), place.is_some()), ("more than 8 `switch` inside each other", true));
        }
        let row = "switch v { 1 => 1, _ => v };".repeat(50);
        assert_eq!(refused(&format!("fn value(v) {{ {row} v }}")), None, "one after another");
    }

    #[test]
    fn what_only_looks_like_much_is_none() {
        let lists = many(100, |_| format!("[{}]", many(10, |n| n.to_string())));
        let closures = many(20, |_| "|a, b| a + b | 1".to_owned());
        for body in [
            format!("[{lists}].len()"),
            format!("f([{}])", many(limits::ELEMENTS, |_| "1".to_owned())),
            format!("[{closures}].len()"),
            format!(
                "f(`${{[{}]}} (,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,)`)",
                many(200, |_| "v".to_owned())
            ),
        ] {
            assert_eq!(refused(&format!("fn f(x) {{ x }} fn value(v) {{ {body} }}")), None, "{body}");
        }
    }

    #[test]
    fn nothing_hides_in_a_text_or_in_a_function_without_a_name() {
        let arguments = many(limits::ARGUMENTS + 1, |n| n.to_string());
        let parameters = many(limits::ARGUMENTS + 1, |n| format!("p{n}"));
        for body in [
            format!("`${{ f({arguments}) }}`"),
            format!("`a ${{ `b ${{ f({arguments}) }}` }} c`"),
            format!("let g = |{parameters}| 1; g"),
            format!("[1].map(|{parameters}| 1)"),
            format!("v.f({arguments})"),
        ] {
            let (said, _) = refused(&format!("fn f(x) {{ x }} fn value(v) {{ {body} }}")).unwrap();
            assert!(said.contains("more than 32"), "{body}: {said}");
        }
    }
}
