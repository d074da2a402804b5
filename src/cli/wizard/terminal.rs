//! The wizard at a terminal.
//!
//! Ctrl-C during a question ends the question with an error, which needs a signal handler to be there: without one the
//! process dies with the cursor hidden. Between questions Ctrl-C ends the program, except during a run, which ends
//! itself in order.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::{Confirm, FuzzySelect, Input, Password, Select, theme::ColorfulTheme};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::cli::error::CliError;
use crate::cli::question::Question;
use crate::cli::ui::{Ui, printable, wrapped};
use crate::cli::wizard::prompter::{Leave, Prompter};
use xfer_domain::exit_code::ExitCode;

/// Whether Ctrl-C is taken care of: a question is open, or a run that ends in order.
static TAKEN_CARE_OF: AtomicBool = AtomicBool::new(false);

/// The person at the terminal.
pub(crate) struct Terminal<'ui> {
    ui: &'ui Ui,
    theme: ColorfulTheme,
}

/// The most choices that are shown at once.
const SHOWN: usize = 12;

impl<'ui> Terminal<'ui> {
    /// The terminal of this invocation; there must be one.
    pub(crate) fn new(ui: &'ui Ui) -> Self {
        // A second wizard in one process keeps the first one's handler.
        let _ = ctrlc::set_handler(|| {
            if !TAKEN_CARE_OF.load(Ordering::SeqCst) {
                let _ = console::Term::stderr().show_cursor();
                std::process::exit(i32::from(ExitCode::Interrupted.number()));
            }
        });
        Self { ui, theme: ColorfulTheme::default() }
    }

    /// A question in one short line; what does not fit is said before.
    fn question(question: &str, suggestion: Option<&str>) -> Question {
        let asked = Question::new(question, suggestion, columns());
        if let Some(above) = &asked.above {
            show(&wrapped(above, columns()));
        }
        asked
    }

    /// What was answered stays on the screen, broken between words.
    fn answered(question: &Question, answer: &str) {
        let tick = console::style("✔").for_stderr().green();
        show(&wrapped(&format!("{tick} {}", question.with_answer(answer)), columns()));
    }

    fn ask<T>(&self, question: impl FnOnce(&ColorfulTheme) -> dialoguer::Result<T>) -> Result<T, Leave> {
        TAKEN_CARE_OF.store(true, Ordering::SeqCst);
        let failed = match question(&self.theme) {
            Ok(answer) => {
                TAKEN_CARE_OF.store(false, Ordering::SeqCst);
                return Ok(answer);
            }
            Err(dialoguer::Error::IO(cause)) => cause,
        };
        let _ = console::Term::stderr().show_cursor();
        match failed.kind() {
            // The handler runs on a thread of its own, maybe later: Ctrl-C stays taken care of, because the wizard
            // says what is kept, and ends.
            io::ErrorKind::Interrupted => Err(Leave::Interrupted),
            _ => Err(CliError::local_io("the terminal could not be read".to_owned(), &failed).into()),
        }
    }
}

/// Does something that takes care of Ctrl-C by itself.
pub(crate) fn taken_care_of<T>(work: impl FnOnce() -> T) -> T {
    TAKEN_CARE_OF.store(true, Ordering::SeqCst);
    let done = work();
    TAKEN_CARE_OF.store(false, Ordering::SeqCst);
    done
}

impl Prompter for Terminal<'_> {
    fn say(&mut self, text: &str) {
        self.ui.say(text);
    }

    fn heading(&mut self, text: &str) {
        let line = "─".repeat(console::measure_text_width(text));
        self.ui.say(&format!("\n{text}\n{line}"));
    }

    fn text(&mut self, question: &str, suggestion: Option<&str>) -> Result<String, Leave> {
        let question = Self::question(question, suggestion);
        let answer = self.ask(|theme| {
            let input = Input::<String>::with_theme(theme).with_prompt(&question.prompt).allow_empty(true);
            let input = input.report(false).show_default(question.shows_suggestion);
            match suggestion {
                Some(suggestion) => input.default(suggestion.to_owned()).interact_text(),
                None => input.interact_text(),
            }
        })?;
        // The library takes away the last line of what was typed, and no other.
        let typed = if suggestion == Some(answer.as_str()) { "" } else { answer.as_str() };
        let _ = console::Term::stderr().clear_last_lines(question.lines_above_last(suggestion, typed, columns()));
        Self::answered(&question, &answer);
        Ok(answer)
    }

    fn secret(&mut self, question: &str) -> Result<SecretString, Leave> {
        let question = Self::question(question, None);
        let secret = self.ask(|theme| {
            Password::with_theme(theme)
                .with_prompt(&question.prompt)
                .allow_empty_password(true)
                .report(false)
                .interact()
        })?;
        // Taken over as it is, the text would leave the room behind its end unwiped.
        Ok(SecretString::from(Zeroizing::new(secret).as_str()))
    }

    fn confirm(&mut self, question: &str, suggestion: bool) -> Result<bool, Leave> {
        let question = Self::question(question, None);
        let answer = self.ask(|theme| {
            Confirm::with_theme(theme).with_prompt(&question.prompt).default(suggestion).report(false).interact()
        })?;
        Self::answered(&question, if answer { "yes" } else { "no" });
        Ok(answer)
    }

    fn choose(&mut self, question: &str, choices: &[String], suggestion: usize) -> Result<usize, Leave> {
        let question = Self::question(question, None);
        let shown: Vec<String> = choices.iter().map(|choice| fitting(choice)).collect();
        let chosen = self.ask(|theme| {
            Select::with_theme(theme)
                .with_prompt(&question.prompt)
                .items(&shown)
                .default(suggestion)
                .max_length(SHOWN)
                .report(false)
                .interact_opt()
        })?;
        let chosen = chosen.ok_or(Leave::Later)?;
        Self::answered(&question, choices.get(chosen).map_or("", String::as_str));
        Ok(chosen)
    }

    fn search(&mut self, question: &str, choices: &[String]) -> Result<Option<usize>, Leave> {
        let question = Self::question(question, None);
        let shown: Vec<String> = choices.iter().map(|choice| fitting(choice)).collect();
        let chosen = self.ask(|theme| {
            FuzzySelect::with_theme(theme)
                .with_prompt(&question.prompt)
                .items(&shown)
                .default(0)
                .max_length(SHOWN)
                .report(false)
                .interact_opt()
        })?;
        if let Some(choice) = chosen.and_then(|chosen| choices.get(chosen)) {
            Self::answered(&question, choice);
        }
        Ok(chosen)
    }
}

/// The columns of the terminal.
fn columns() -> usize {
    usize::from(console::Term::stderr().size().1)
}

/// Part of a question, so that it is shown where nothing is said, too.
fn show(text: &str) {
    // A terminal that cannot be written to ends the question that comes next.
    let _ = console::Term::stderr().write_line(text);
}

/// A choice in one line: what does not fit is left out in the middle, because both ends of a path say most.
fn fitting(text: &str) -> String {
    shortened(&printable(text), columns().saturating_sub(6).max(20))
}

/// A text of at most so many columns, with an ellipsis in its middle.
fn shortened(text: &str, width: usize) -> String {
    if console::measure_text_width(text) <= width {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let kept = width.saturating_sub(1);
    let (front, back) = (kept / 2, kept - kept / 2);
    let start: String = characters[..front.min(characters.len())].iter().collect();
    let end: String = characters[characters.len().saturating_sub(back)..].iter().collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn long_choices_are_shortened_in_the_middle() {
        assert_eq!(shortened("Haïti / Sud-Est / Jacmel", 40), "Haïti / Sud-Est / Jacmel");
        assert_eq!(shortened("Haïti / Sud-Est / Jacmel", 13), "Haïti …Jacmel");
    }
}
