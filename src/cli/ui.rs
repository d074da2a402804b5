//! The one object through which the program talks: data to stdout, talk to stderr.
//!
//! Names come from servers and files: what drives a terminal, or cannot be seen, is replaced before it reaches one. The
//! streams themselves are [`super::output`]'s.

use std::borrow::Cow;
use std::io::{self, IsTerminal};
use std::time::Duration;

use console::measure_text_width;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::error::CliError;
use crate::cli::output::{self, Output, talk};
use crate::cli::question::Question;
use crate::cli::redacting::shown;
use xfer_domain::shown::tame_lines;

/// What lists are printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// How the program talks in this invocation.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the invocation, or a fact about its terminal")]
pub struct Ui {
    /// What lists are printed as.
    pub format: Format,
    quiet: bool,
    assume_yes: bool,
    terminal: bool,
    tables: bool,
    colour: bool,
    width: Option<u16>,
    talk_width: Option<u16>,
    output: Output,
}

/// Wide enough for most tables when there is no terminal to ask.
const WIDTH_WITHOUT_TERMINAL: u16 = 140;

impl Ui {
    /// The talk of an invocation, with its output; `no_colour` is the environment's `NO_COLOR`.
    pub fn new(format: Format, quiet: bool, assume_yes: bool, no_colour: bool, output: Output) -> Self {
        let terminal = output::talks_to_a_terminal() && io::stdin().is_terminal();
        let (width, talk_width) = (output::width(), output::talk_width());
        let colour = talk_width.is_some() && !no_colour;
        Self { format, quiet, assume_yes, terminal, tables: true, colour, width, talk_width, output }
    }

    /// Whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        self.terminal
    }

    /// The same talk, but lists are left out: for commands that are shown for what they say.
    #[must_use]
    pub fn without_tables(&self) -> Self {
        Self { tables: false, ..self.clone() }
    }

    /// Whether lists are printed.
    pub fn shows_tables(&self) -> bool {
        self.tables
    }

    /// Columns that tables may take: those of the terminal, also where a pager or `head` stands between.
    pub fn width(&self) -> u16 {
        self.width.or(self.talk_width).unwrap_or(WIDTH_WITHOUT_TERMINAL)
    }

    /// Writes text for people to stdout.
    pub fn data(&self, text: &str) {
        self.output.for_people(text);
    }

    /// Writes data for programs to stdout: JSON, CSV, the files that people edit.
    pub fn raw_data(&self, text: &str) {
        self.output.for_programs(text);
    }

    /// Where data goes.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Whether what is printed goes nowhere any more: a command that prints for ever ends then.
    pub fn is_unread(&self) -> bool {
        self.output.is_lost()
    }

    /// Says something on stderr, unless `--quiet`.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            talk(&format!("{}\n", self.wrapped(&printable(text))));
        }
    }

    /// Warns on stderr, even with `--quiet`.
    pub fn warn(&self, text: &str) {
        let label = self.paint("warning:", "33;1");
        talk(&format!("{}\n", self.wrapped(&format!("{label} {}", printable(text)))));
    }

    /// Writes an error with its causes and hints to stderr.
    pub fn error(&self, message: &str, causes: &[String], hints: &[String]) {
        let mut text = format!("{} {}\n", self.paint("error:", "31;1"), printable(&shown(message)));
        for cause in causes {
            text.push_str("  caused by: ");
            text.push_str(&printable(&shown(cause)));
            text.push('\n');
        }
        for hint in hints {
            text.push_str(&self.paint("hint:", "36;1"));
            text.push(' ');
            text.push_str(&printable(&shown(hint)));
            text.push('\n');
        }
        talk(&self.wrapped(&text));
    }

    /// Writes an error to stderr as one line of JSON, for programs that read what is printed.
    pub fn error_as_json(&self, error: &CliError) {
        let line = serde_json::json!({
            "format": "xfer-error/1",
            "exit_code": error.code.number(),
            "error": shown(&error.message),
            "causes": error.causes.iter().map(|cause| shown(cause)).collect::<Vec<_>>(),
            "hints": error.hints.iter().map(|hint| shown(hint)).collect::<Vec<_>>(),
        });
        output::tell_programs(&line);
    }

    /// Talk broken between words, where there is a terminal that would break it within them.
    fn wrapped(&self, text: &str) -> String {
        self.talk_width.map_or_else(|| text.to_owned(), |width| wrapped(text, usize::from(width)))
    }

    /// Asks a question with yes or no; `--yes` answers it. Without a terminal the answer is no.
    pub fn confirm(&self, question: &str) -> bool {
        if self.assume_yes {
            return true;
        }
        if !self.terminal {
            return false;
        }
        let width = usize::from(self.talk_width.unwrap_or(WIDTH_WITHOUT_TERMINAL));
        let asked = Question::new(question, None, width);
        if let Some(above) = &asked.above {
            talk(&format!("{}\n", self.wrapped(above)));
        }
        dialoguer::Confirm::new().with_prompt(asked.prompt).default(false).interact().unwrap_or_default()
    }

    /// Whether `--yes` was given.
    pub fn assumes_yes(&self) -> bool {
        self.assume_yes
    }

    /// A progress bar on stderr; invisible without a terminal or with `--quiet`.
    pub fn progress(&self, what: &str) -> ProgressBar {
        if self.quiet || !output::talks_to_a_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{spinner} {prefix} {wide_bar} {human_pos}/{human_len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(printable(what));
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Text without characters that act and are not seen, other than line breaks and tabs: an org unit's name cannot drive a
/// terminal.
pub fn printable(text: &str) -> String {
    tame_lines(text)
}

/// Text whose lines are broken between words. A line that is indented goes on below its own beginning, and a command
/// goes on as a shell reads it; four spaces keep a line in one piece.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for line in text.split('\n').flat_map(|line| with_command_apart(line, width)) {
        let line = line.as_ref();
        if line.starts_with("    ") || measure_text_width(line) <= width {
            lines.push(line.to_owned());
            continue;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_command = line.starts_with("  xfer ") || line.starts_with("next: xfer ");
        let (room, end) = if is_command { (width.saturating_sub(2), " \\") } else { (width, "") };
        let hanging = " ".repeat(if indent > 0 || is_command { indent + 4 } else { 0 });
        let mut broken = " ".repeat(indent);
        let mut is_empty = true;
        for word in words(line.trim_start_matches(' '), is_command) {
            if !is_empty && measure_text_width(&broken) + 1 + measure_text_width(word) > room {
                lines.push(std::mem::replace(&mut broken, hanging.clone()) + end);
            } else if !is_empty {
                broken.push(' ');
            }
            broken.push_str(word);
            is_empty = false;
        }
        lines.push(broken);
    }
    lines.join("\n")
}

/// A line that is too wide and ends with a command, as two: a command on a line of its own can be copied.
fn with_command_apart(line: &str, width: usize) -> Vec<Cow<'_, str>> {
    let fits = line.starts_with("    ") || measure_text_width(line) <= width;
    match line.rfind(": xfer ").filter(|_| !fits) {
        Some(colon) => vec![line[..=colon].into(), format!("  {}", &line[colon + 2..]).into()],
        None => vec![line.into()],
    }
}

/// Words between which a line may be broken: not within the quotes of a command.
fn words(line: &str, is_command: bool) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    line.split(move |character: char| {
        quoted ^= is_command && character == '\'';
        character == ' ' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::{printable, wrapped};

    #[test]
    fn talk_is_broken_between_words_and_commands_so_that_a_shell_understands_them() {
        let text = "note: reader lacks a right at tracker\n  Centre de santé → C.S. LESPWA: same name\n  \
                    xfer job auto soins --data-set 'Rapport mensuel de soins'\n    30 2 * * * xfer run monthly --quiet";
        let expected = "note: reader lacks a right\nat tracker\n  Centre de santé → C.S.\n      LESPWA: same name\n  \
                        xfer job auto soins \\\n      --data-set \\\n      'Rapport mensuel de soins'\n    \
                        30 2 * * * xfer run monthly --quiet";
        assert_eq!(wrapped(text, 26), expected);
        assert_eq!(wrapped(text, 80), text);
        let again = "next: run it again; what arrived stays: xfer run monthly --periods 202401";
        assert_eq!(wrapped(again, 40), "next: run it again; what arrived stays:\n  xfer run monthly --periods 202401");
        assert_eq!(wrapped(again, 80), again);
    }

    #[test]
    fn names_cannot_drive_a_terminal() {
        assert_eq!(printable("Jac\u{1b}[31mmel\u{7}\r"), "Jac\u{fffd}[31mmel\u{fffd}\u{fffd}");
        assert_eq!(printable("Santé\n\tok"), "Santé\n\tok");
    }
}
