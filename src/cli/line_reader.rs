//! Lines that a person types one after another, with the arrow keys for what was typed before and the tabulator for what
//! could follow. Without a terminal, lines come from standard input as they are.

use std::io::{self, BufRead};

use dialoguer::{BasicHistory, Completion, Input};

use crate::cli::error::CliError;
use crate::cli::ui::Ui;

/// Most lines that are remembered.
const REMEMBERED: usize = 200;

/// Reads lines.
pub struct LineReader {
    prompt: &'static str,
    asks: bool,
    history: BasicHistory,
    completion: Completed,
}

/// What a line may be completed to.
struct Completed(fn(&str) -> Option<String>);

impl Completion for Completed {
    fn get(&self, input: &str) -> Option<String> {
        self.0(input)
    }
}

impl LineReader {
    /// Lines after a prompt; `complete` says what a line may be completed to.
    pub fn new(ui: &Ui, prompt: &'static str, complete: fn(&str) -> Option<String>) -> Self {
        let history = BasicHistory::new().max_entries(REMEMBERED).no_duplicates(true);
        Self { prompt, asks: ui.can_ask(), history, completion: Completed(complete) }
    }

    /// The next line; none at the end of the input, or where the person has interrupted it.
    pub fn next_line(&mut self) -> Result<Option<String>, CliError> {
        let read = if self.asks { self.asked() } else { piped() };
        read.map_err(|cause| CliError::local_io("the next line could not be read".to_owned(), &cause))
    }

    fn asked(&mut self) -> io::Result<Option<String>> {
        let input = Input::<String>::new()
            .with_prompt(self.prompt)
            .allow_empty(true)
            .report(true)
            .history_with(&mut self.history)
            .completion_with(&self.completion)
            .interact_text();
        match input {
            Ok(line) => Ok(Some(line)),
            Err(dialoguer::Error::IO(cause)) if cause.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(dialoguer::Error::IO(cause)) => Err(cause),
        }
    }
}

fn piped() -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}
