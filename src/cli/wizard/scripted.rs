//! A person in a test: answers in order, each with the words that its question must hold.

use std::collections::VecDeque;
use std::fmt::Write as _;

use secrecy::SecretString;

use crate::cli::question::{LONGEST_PROMPT, Question};
use crate::cli::wizard::prompter::{Leave, Prompter};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Typed; also picks the first choice that holds these words.
    Type(&'static str),
    /// The suggestion.
    Enter,
    /// Yes.
    Yes,
    /// No.
    No,
    /// Esc.
    Escape,
    /// Ctrl-C.
    ControlC,
}

/// Answers from a list, and keeps what was said.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    answers: VecDeque<(&'static str, Answer)>,
    /// Everything that was said and asked.
    pub said: String,
}

impl Scripted {
    pub(crate) fn new(answers: &[(&'static str, Answer)]) -> Self {
        Self { answers: answers.iter().cloned().collect(), said: String::new() }
    }

    /// Fails if a question was never asked.
    pub(crate) fn finish(self) -> String {
        assert!(self.answers.is_empty(), "never asked: {:?}\n{}", self.answers, self.said);
        self.said
    }

    fn answer(&mut self, question: &str) -> Answer {
        assert!(
            console::measure_text_width(question) <= LONGEST_PROMPT,
            "`{question}` is too long for one line: say what explains it before, and ask in a few words"
        );
        let _ = writeln!(self.said, "? {question}");
        let Some((expected, answer)) = self.answers.pop_front() else {
            panic!("no answer to `{question}`\n{}", self.said)
        };
        assert!(question.contains(expected), "asked `{question}`, not `{expected}`\n{}", self.said);
        answer
    }
}

impl Prompter for Scripted {
    fn say(&mut self, text: &str) {
        self.said.push_str(text);
        self.said.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.said, "# {text}");
    }

    fn text(&mut self, question: &str, suggestion: Option<&str>) -> Result<String, Leave> {
        let fits = Question::new(question, suggestion, 80).above.is_none();
        assert!(fits, "`{question}` with `{suggestion:?}` is too long for one line");
        match self.answer(question) {
            Answer::Type(text) => Ok(text.to_owned()),
            Answer::Enter => Ok(suggestion.unwrap_or_default().to_owned()),
            Answer::ControlC => Err(Leave::Interrupted),
            other => panic!("{other:?} to a text"),
        }
    }

    fn secret(&mut self, question: &str) -> Result<SecretString, Leave> {
        match self.answer(question) {
            Answer::Type(text) => Ok(SecretString::from(text)),
            other => panic!("{other:?} to a secret"),
        }
    }

    fn confirm(&mut self, question: &str, suggestion: bool) -> Result<bool, Leave> {
        match self.answer(question) {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Enter => Ok(suggestion),
            Answer::ControlC => Err(Leave::Interrupted),
            other => panic!("{other:?} to yes or no"),
        }
    }

    fn choose(&mut self, question: &str, choices: &[String], suggestion: usize) -> Result<usize, Leave> {
        for choice in choices {
            assert!(console::measure_text_width(choice) <= 74, "`{choice}` is too long for a line of a menu");
            let _ = writeln!(self.said, "  - {choice}");
        }
        match self.answer(question) {
            Answer::Type(words) => Ok(choices
                .iter()
                .position(|choice| choice.contains(words))
                .unwrap_or_else(|| panic!("no choice `{words}` in {choices:?}"))),
            Answer::Enter => Ok(suggestion),
            Answer::Escape => Err(Leave::Later),
            Answer::ControlC => Err(Leave::Interrupted),
            other => panic!("{other:?} to a choice"),
        }
    }

    fn search(&mut self, question: &str, choices: &[String]) -> Result<Option<usize>, Leave> {
        match self.answer(question) {
            Answer::Type(words) => Ok(choices.iter().position(|choice| choice.contains(words))),
            Answer::Enter => Ok(Some(0)),
            Answer::Escape => Ok(None),
            Answer::ControlC => Err(Leave::Interrupted),
            other => panic!("{other:?} to a search"),
        }
    }
}
