//! A conversation with the engine: each line is an expression, a `let`, or a function, and sees what came before it.

use crate::ops::script_tools::run;
use xfer_domain::script::Hook;
use xfer_domain::script::ParameterValue;
use xfer_script::Script;
use xfer_script::reference::{Kind, entries};
use xfer_script::testing::{RowGiven, Scalar};

/// What has been said so far.
#[derive(Debug, Clone, Default)]
pub struct Session {
    functions: Vec<String>,
    statements: Vec<String>,
    params: Vec<(String, ParameterValue)>,
}

/// What a line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The lines to show: the result, and what was printed before it.
    Shown(Vec<String>),
    /// A function or variable is known from now on.
    Kept,
    /// The line has a mistake, explained; nothing of it was kept.
    Mistake(String),
}

/// What `v` is.
const GIVEN: &str = "12";

impl Session {
    /// With parameters, which `ctx.params` shows.
    pub fn new(params: Vec<(String, ParameterValue)>) -> Self {
        Self { params, ..Self::default() }
    }

    /// Takes a line in.
    pub fn enter(&mut self, line: &str) -> Answer {
        let line = line.trim();
        if line.starts_with("fn ") {
            let kept = [&self.functions[..], &[line.to_owned()]].concat();
            return self.keep(|session| session.functions = kept);
        }
        let is_statement = line.starts_with("let ") || line.ends_with(';');
        if is_statement {
            let statement = format!("{};", line.trim_end_matches(';'));
            let kept = [&self.statements[..], &[statement]].concat();
            return self.keep(|session| session.statements = kept);
        }
        self.evaluate(line)
    }

    /// Keeps a line, if what is there still runs with it.
    fn keep(&mut self, change: impl FnOnce(&mut Self)) -> Answer {
        let mut changed = self.clone();
        change(&mut changed);
        match changed.evaluate("()") {
            Answer::Shown(_) | Answer::Kept => {
                *self = changed;
                Answer::Kept
            }
            mistake @ Answer::Mistake(_) => mistake,
        }
    }

    /// Everything shown is a text, so that lists and periods can be looked at as well.
    fn evaluate(&self, expression: &str) -> Answer {
        let source = format!(
            "{}\nfn value(v, ctx) {{ {}\n\"= \" + text({{ {expression} }}) }}\n",
            self.functions.join("\n"),
            self.statements.join(" "),
        );
        let script = match Script::compile("line", &source) {
            Ok(script) => script,
            Err(error) => return Answer::Mistake(in_words(error.what(), error.advice())),
        };
        let given = Scalar::from(&ParameterValue::parse(GIVEN));
        let row = RowGiven { data: None, coc: None, aoc: None, org_unit: None, period: None, value: Some(given) };
        let Some(tried) = run(&script, Hook::Value, &[row], &self.params).pop() else {
            return Answer::Shown(Vec::new());
        };
        let result = tried.after.join("\n");
        // A text is shown in quotes; what stands in them begins as it was made above.
        match result.strip_prefix("\"= ").and_then(|result| result.strip_suffix('"')) {
            Some(shown) => {
                let shown = shown.replace("\\\"", "\"");
                Answer::Shown(tried.printed.into_iter().chain([shown]).collect())
            }
            None => Answer::Mistake(result),
        }
    }
}

/// A line whose last word is made longer: to the one name that begins so, or to what all such names have in common.
/// None where that adds nothing.
pub fn completed(line: &str) -> Option<String> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let begun = line.rsplit(|character| !is_name(character)).next()?;
    if begun.is_empty() {
        return None;
    }
    let names = entries().filter(|entry| entry.kind != Kind::Hook).map(|entry| entry.name);
    let common = names.filter(|name| name.starts_with(begun)).reduce(|left, right| {
        let shared = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
        left.get(..shared).unwrap_or(left)
    })?;
    let added = common.get(begun.len()..).filter(|added| !added.is_empty())?;
    Some(format!("{line}{added}"))
}

fn in_words(what: &str, hint: Option<&str>) -> String {
    hint.map_or_else(|| what.to_owned(), |hint| format!("{what}\n  hint: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::{Answer, Session, completed};

    #[test]
    fn the_last_word_is_completed_as_far_as_it_is_clear() {
        assert_eq!(completed("ctx.para").as_deref(), Some("ctx.params"));
        assert_eq!(completed("1 + loo").as_deref(), Some("1 + lookup"));
        assert_eq!(completed("ctx."), None);
        assert_eq!(completed("ctx.params"), None, "nothing to add");
        assert_eq!(completed("nosuchname"), None);
    }

    #[test]
    fn lines_see_what_came_before_and_mistakes_leave_no_trace() {
        let mut session = Session::default();
        let shown = |text: &str| Answer::Shown(vec![text.to_owned()]);
        assert_eq!(session.enter("0.07 * 100"), shown("7"));
        assert_eq!(session.enter("let x = v * 2"), Answer::Kept);
        assert_eq!(session.enter("fn half(n) { n / 2 }"), Answer::Kept);
        assert_eq!(session.enter("half(x + 1)"), shown("12.5"));
        assert_eq!(session.enter("[x, \"a\", ctx.period.shift(1)]"), shown("[24, \"a\", 202402]"));
        assert!(matches!(session.enter("let y = z"), Answer::Mistake(_)));
        assert!(matches!(session.enter("y"), Answer::Mistake(_)));
        assert_eq!(session.enter("x"), shown("24"));
    }
}
