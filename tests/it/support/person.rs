//! A person at a terminal: the real program in a pseudo-terminal, questions waited for and answered.
#![cfg(unix)]

use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Eof, Expect, Regex, Session};

use crate::support::Xfer;

/// Enter, as a terminal sends it.
pub(crate) const ENTER: &str = "\r";
/// The arrow keys.
pub(crate) const UP: &str = "\x1b[A";
pub(crate) const DOWN: &str = "\x1b[B";
/// Ctrl-C.
pub(crate) const CONTROL_C: &str = "\x03";
pub(crate) const ESCAPE: &str = "\x1b";

/// How long a person waits for the next question before she gives up: only a broken program takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program at a terminal.
pub(crate) struct Person {
    session: OsSession,
    /// Everything that the terminal has shown, escape sequences included.
    seen: String,
}

impl Person {
    /// Starts a command line in a terminal of so many columns.
    pub(crate) fn start(xfer: &Xfer, line: &str, columns: u16) -> Self {
        let mut command = xfer.prepared(&line.split_whitespace().collect::<Vec<_>>());
        // The terminal is what `Xfer` leaves out elsewhere.
        command.env("TERM", "xterm").stdin(std::process::Stdio::inherit());
        let mut session = Session::spawn(command).unwrap();
        session.get_process_mut().set_window_size(columns, 45).unwrap();
        session.set_expect_timeout(Some(PATIENCE));
        Self { session, seen: String::new() }
    }

    /// Waits until the terminal shows words, and gives everything that it showed before them.
    #[track_caller]
    pub(crate) fn sees(&mut self, words: &str) -> String {
        self.waits_for(&regex_escaped(words)).0
    }

    /// Waits for one of several words and says which came first.
    #[track_caller]
    pub(crate) fn sees_one_of<'words>(&mut self, several: &[&'words str]) -> &'words str {
        let any = several.iter().map(|words| regex_escaped(words)).collect::<Vec<_>>().join("|");
        let (_, found) = self.waits_for(&any);
        several.iter().copied().find(|words| found.contains(*words)).unwrap()
    }

    #[track_caller]
    fn waits_for(&mut self, pattern: &str) -> (String, String) {
        match self.session.expect(Regex(pattern)) {
            Ok(captures) => {
                let before = String::from_utf8_lossy(captures.before()).into_owned();
                let found = String::from_utf8_lossy(captures.get(0).unwrap_or_default()).into_owned();
                self.seen.push_str(&before);
                self.seen.push_str(&found);
                (before, found)
            }
            Err(cause) => {
                let mut rest = vec![0; 1 << 16];
                let read = self.session.try_read(&mut rest).unwrap_or_default();
                let rest = String::from_utf8_lossy(&rest[..read]).into_owned();
                panic!("`{pattern}` was not shown ({cause})\n{}{rest}", self.seen);
            }
        }
    }

    /// Presses keys.
    pub(crate) fn presses(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
    }

    /// Waits until something is asked: an answered question stands there as well, but with a tick.
    #[track_caller]
    pub(crate) fn is_asked(&mut self, question: &str) -> String {
        self.waits_for(&format!(r"\? [^\r\n]*{}[^\r\n]*›", regex_escaped(question))).0
    }

    /// Waits for a question and answers it with text and Enter.
    #[track_caller]
    pub(crate) fn answers(&mut self, question: &str, answer: &str) {
        self.is_asked(question);
        self.presses(&format!("{answer}{ENTER}"));
    }

    /// The same for what is not shown. The terminal throws away what was typed before it stopped showing it, so that is
    /// waited for.
    #[track_caller]
    pub(crate) fn answers_secretly(&mut self, question: &str, secret: &str) {
        self.is_asked(question);
        while self.session.get_process().get_echo().unwrap() {
            std::thread::yield_now();
        }
        self.presses(&format!("{secret}{ENTER}"));
    }

    /// Waits for the end; gives the exit code and everything that was shown.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (i32, String) {
        let captures = self.session.expect(Eof).unwrap();
        self.seen.push_str(&String::from_utf8_lossy(captures.as_bytes()));
        let code = match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}\n{}", self.seen),
        };
        (code, self.seen)
    }
}

fn regex_escaped(words: &str) -> String {
    words
        .chars()
        .flat_map(|character| {
            let special = r"\.+*?()|[]{}^$".contains(character);
            special.then_some('\\').into_iter().chain(std::iter::once(character))
        })
        .collect()
}
