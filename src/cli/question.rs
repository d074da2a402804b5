//! A question that fits the width of a terminal.
//!
//! The library that asks draws a question again while it is answered, and counts a line of a question as one line of
//! the terminal. So what it is given is one short line. A longer question (a name of a server or of an org unit may be
//! of any length) is said before, whole and broken between words; its last sentence asks for the answer, or a short word.

use console::measure_text_width;

use xfer_domain::shown::tame_lines;

/// The columns that a question may take, with its suggestion.
pub(crate) const LONGEST_PROMPT: usize = 60;

/// The columns that stay free for an answer, also where a terminal is narrow.
const ROOM_FOR_ANSWER: usize = 20;

/// The fewest columns that a question gets.
const LEAST_PROMPT: usize = 20;

/// What stands in place of a question that is said before.
const SHORT: &str = "Answer";

/// Words around a question that the library adds: `? ` before, ` › ` or ` (…) › ` behind.
const AROUND: usize = 5;

/// A question, as it is put to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// What is said before, where the question does not fit.
    pub(crate) above: Option<String>,
    /// The line that asks.
    pub(crate) prompt: String,
    /// Whether the suggestion stands in that line.
    pub(crate) shows_suggestion: bool,
}

impl Question {
    /// A question for a terminal of `width` columns.
    pub(crate) fn new(question: &str, suggestion: Option<&str>, width: usize) -> Self {
        let question = tame_lines(question);
        let suggestion = suggestion.filter(|text| !text.is_empty());
        let room = width.saturating_sub(ROOM_FOR_ANSWER).clamp(LEAST_PROMPT, LONGEST_PROMPT);
        let columns = |prompt: &str, suggestion: Option<&str>| {
            measure_text_width(prompt) + suggestion.map_or(0, |text| measure_text_width(text) + 3)
        };
        if !question.contains('\n') && columns(&question, suggestion) <= room {
            return Self { above: None, prompt: question, shows_suggestion: true };
        }
        if let Some((before, last)) = question.rsplit_once(". ")
            && columns(last, suggestion) <= room
        {
            return Self { above: Some(format!("{before}.")), prompt: last.to_owned(), shows_suggestion: true };
        }
        let shows_suggestion = columns(SHORT, suggestion) <= room;
        let taken = match suggestion {
            Some(text) if !shows_suggestion => format!("\n  Enter: {}", tame_lines(text)),
            _ => String::new(),
        };
        Self { above: Some(format!("{question}{taken}")), prompt: SHORT.to_owned(), shows_suggestion }
    }

    /// The lines of the terminal above the last one that the question and what was typed to it take.
    pub(crate) fn lines_above_last(&self, suggestion: Option<&str>, typed: &str, width: usize) -> usize {
        let suggested = suggestion.filter(|text| self.shows_suggestion && !text.is_empty());
        let suggested = suggested.map_or(0, |text| measure_text_width(text) + 3);
        let columns = measure_text_width(&self.prompt) + AROUND + suggested + measure_text_width(typed);
        columns.saturating_sub(1) / width.max(1)
    }

    /// The question with its answer, for the record that stays on the screen.
    pub(crate) fn with_answer(&self, answer: &str) -> String {
        format!("{} · {}", self.prompt, tame_lines(answer))
    }
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;

    use super::{LONGEST_PROMPT, Question};

    #[test]
    fn a_short_question_stands_in_its_line_and_a_long_one_is_said_before_whole() {
        let short = Question::new("Which job", None, 80);
        assert_eq!((short.above, short.prompt.as_str()), (None, "Which job"));
        let long = "Where shall the figures of the org unit Centre de santé Notre-Dame de la Paix go from now on";
        let asked = Question::new(long, Some("nowhere"), 80);
        assert_eq!((asked.above.as_deref(), asked.prompt.as_str()), (Some(long), "Answer"));
        assert!(asked.shows_suggestion);
        let sentences = "28 rows added, 192 changed, 0 taken out, 6 as they were before. Apply this?";
        let asked = Question::new(sentences, None, 80);
        assert_eq!(asked.above.as_deref(), Some("28 rows added, 192 changed, 0 taken out, 6 as they were before."));
        assert_eq!(asked.prompt, "Apply this?");
        let path = "/home/administrator/transfers/of/the/ministry/monthly-figures-2026.xfer";
        let asked = Question::new("Which file", Some(path), 80);
        assert_eq!(asked.above.unwrap(), format!("Which file\n  Enter: {path}"));
        assert!(!asked.shows_suggestion);
    }

    #[test]
    fn whatever_is_asked_the_line_that_asks_is_short() {
        for width in [40, 80, 200] {
            for letters in 0..200 {
                for suggested in [0, 10, 30, 90] {
                    let (question, suggestion) = ("w".repeat(letters), "s".repeat(suggested));
                    let asked = Question::new(&question, Some(&suggestion), width);
                    let mut columns = measure_text_width(&asked.prompt);
                    if asked.shows_suggestion && suggested > 0 {
                        columns += suggested + 3;
                    }
                    assert!(columns <= LONGEST_PROMPT.min(width - 20), "{letters} letters, {suggested} in {width}");
                    let told = asked.above.unwrap_or_else(|| asked.prompt.clone());
                    assert!(told.starts_with(&question), "nothing of a question is left out");
                }
            }
        }
    }

    #[test]
    fn what_is_typed_over_several_lines_is_counted() {
        let asked = Question::new("Its address", None, 80);
        assert_eq!(asked.lines_above_last(None, "https://dhis2.example.org", 80), 0);
        assert_eq!(asked.lines_above_last(None, &"x".repeat(64), 80), 0);
        assert_eq!(asked.lines_above_last(None, &"x".repeat(65), 80), 1);
        assert_eq!(asked.lines_above_last(None, &"x".repeat(150), 80), 2);
    }
}
