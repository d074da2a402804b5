//! What a case expected and what it got, as lines that are compared and shown.

/// One line of what comes out: a value, a row, a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// What has to be the same: a value, `row 2 dropped`.
    pub(super) what: String,
    /// A reason or message, of which a part is enough to expect.
    pub(super) why: Option<String>,
}

impl Line {
    pub(super) fn plain(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: None }
    }

    pub(super) fn because(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: Some(why.into()) }
    }

    fn is_met_by(&self, got: &Self) -> bool {
        let part = |expected: &String| got.why.as_ref().is_some_and(|got| got.contains(expected.as_str()));
        self.what == got.what && self.why.as_ref().map_or(got.why.is_none(), part)
    }

    fn shown(&self) -> String {
        self.why.as_ref().map_or_else(|| self.what.clone(), |why| format!("{}: {why}", self.what))
    }
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// What the hook was given.
    pub given: String,
    expected: Vec<Line>,
    got: Vec<Line>,
    /// What the script printed.
    pub printed: Vec<String>,
}

/// A line of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Expected,
    Got,
}

impl CaseResult {
    pub(super) fn new(name: &str, given: String, expected: Vec<Line>, got: Vec<Line>, printed: Vec<String>) -> Self {
        Self { name: name.to_owned(), given, expected, got, printed }
    }

    /// Whether just what was expected came out.
    pub fn passed(&self) -> bool {
        self.compared().iter().all(|(side, _)| *side == Side::Both)
    }

    /// Whether the script refused what it was given or some of it, or failed on it.
    pub fn refused(&self) -> bool {
        let is_refused = |line: &Line| line.why.is_some() && (line.what == "error" || line.what.ends_with("rejected"));
        self.got.iter().any(is_refused)
    }

    /// What came out, line by line.
    pub fn got(&self) -> Vec<String> {
        self.got.iter().map(Line::shown).collect()
    }

    /// Expected and got side by side: what is only expected after `-`, what only came out after `+`.
    pub fn difference(&self) -> Vec<String> {
        let mark = |side| match side {
            Side::Both => ' ',
            Side::Expected => '-',
            Side::Got => '+',
        };
        let mut lines = Vec::new();
        for (side, line) in self.compared() {
            let shown = line.shown();
            let mut parts = shown.lines();
            lines.push(format!("{} {}", mark(side), parts.next().unwrap_or_default()));
            lines.extend(parts.map(|part| format!("    {part}")));
        }
        lines
    }

    /// Every line, in the order of what came out; what did not come stands in front. Rows have no order of their own.
    fn compared(&self) -> Vec<(Side, &Line)> {
        let mut open: Vec<&Line> = self.expected.iter().collect();
        let mut met = Vec::new();
        for got in &self.got {
            match open.iter().position(|expected| expected.is_met_by(got)) {
                Some(position) => {
                    open.remove(position);
                    met.push((Side::Both, got));
                }
                None => met.push((Side::Got, got)),
            }
        }
        open.into_iter().map(|line| (Side::Expected, line)).chain(met).collect()
    }
}
