//! How the wizard asks. Steps know this trait only: a terminal answers it, or a test's list of answers.

use secrecy::SecretString;

use crate::cli::error::CliError;
use xfer_domain::counted::noun_for;
use xfer_domain::exit_code::ExitCode;

/// Why a step ends without being done.
#[derive(Debug)]
pub(crate) enum Leave {
    /// The person wants to go on with it another time.
    Later,
    /// Ctrl-C.
    Interrupted,
    /// Something that asking again does not help against.
    Failed(CliError),
}

impl<E: Into<CliError>> From<E> for Leave {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The error that a Ctrl-C ends in: what is kept, and how to go on.
pub(crate) fn interrupted(kept: &str) -> CliError {
    CliError { code: ExitCode::Interrupted, message: "interrupted".to_owned(), causes: Vec::new(), hints: Vec::new() }
        .hint(kept)
}

/// Asks a person.
pub(crate) trait Prompter {
    /// Says something.
    fn say(&mut self, text: &str);

    /// Begins a section.
    fn heading(&mut self, text: &str);

    /// A line of text.
    fn text(&mut self, question: &str, suggestion: Option<&str>) -> Result<String, Leave>;

    /// A secret, which is not shown.
    fn secret(&mut self, question: &str) -> Result<SecretString, Leave>;

    /// Yes or no.
    fn confirm(&mut self, question: &str, suggestion: bool) -> Result<bool, Leave>;

    /// One of a few; Esc leaves the step.
    fn choose(&mut self, question: &str, choices: &[String], suggestion: usize) -> Result<usize, Leave>;

    /// One of many, found by typing; Esc gives none.
    fn search(&mut self, question: &str, choices: &[String]) -> Result<Option<usize>, Leave>;
}

/// Asks until `read` understands the answer; says what is wrong with each that it does not.
pub(crate) fn ask_until<T>(
    prompter: &mut dyn Prompter,
    question: &str,
    suggestion: Option<&str>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Leave> {
    loop {
        let answer = prompter.text(question, suggestion)?;
        match read(answer.trim()) {
            Ok(value) => return Ok(value),
            Err(wrong) => prompter.say(&format!("{wrong}.")),
        }
    }
}

/// Says how the same is done without the wizard; nothing where nothing was done.
pub(crate) fn say_commands(prompter: &mut dyn Prompter, commands: &[String]) {
    if commands.is_empty() {
        return;
    }
    let many = noun_for(commands.len() as u64, "command");
    prompter.say(&format!("The same without questions, with {many}:\n  {}", commands.join("\n  ")));
}
