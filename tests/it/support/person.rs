//! A person at a terminal: the real program in a pseudo-terminal, questions waited for and answered.
#![cfg(unix)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Eof, Expect, Regex, Session};

use crate::support::Xfer;
use crate::support::leaks::Canaries;

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

/// How long she waits for the line break after a secret before she types it again, and how often.
const HESITATION: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 20;

/// The program at a terminal.
pub(crate) struct Person {
    session: OsSession,
    /// Everything that the terminal has shown, escape sequences included.
    seen: String,
    /// What it must not have shown.
    secrets: Arc<Mutex<Canaries>>,
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
        Self { session, seen: String::new(), secrets: xfer.secrets() }
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
                let rest = self.rest();
                panic!("`{pattern}` was not shown ({cause})\n{}{rest}", self.seen);
            }
        }
    }

    /// What was shown and not looked at yet.
    fn rest(&mut self) -> String {
        let mut rest = vec![0; 1 << 16];
        let read = self.session.try_read(&mut rest).unwrap_or_default();
        String::from_utf8_lossy(&rest[..read]).into_owned()
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

    /// The same for what is not shown.
    #[track_caller]
    pub(crate) fn answers_secretly(&mut self, question: &str, secret: &str) {
        self.is_asked(question);
        self.types_secretly(secret);
    }

    /// The same for a plain question: its words and a colon.
    #[track_caller]
    pub(crate) fn answers_plainly_and_secretly(&mut self, question: &str, secret: &str) {
        self.sees(&format!("{question}:"));
        self.types_secretly(secret);
    }

    /// The terminal throws away what is typed before the program has told it to show nothing, and nobody can see when
    /// that is: what is not taken, which a line break would tell, is typed again.
    #[track_caller]
    fn types_secretly(&mut self, secret: &str) {
        self.secrets.lock().unwrap().add("what was typed secretly", "reader", secret.as_bytes());
        self.session.set_expect_timeout(Some(HESITATION));
        let taken = (0..ATTEMPTS).any(|_| {
            self.presses(&format!("{secret}{ENTER}"));
            let Ok(captures) = self.session.expect("\r\n") else { return false };
            self.seen.push_str(&String::from_utf8_lossy(captures.as_bytes()));
            true
        });
        self.session.set_expect_timeout(Some(PATIENCE));
        assert!(taken, "what was typed was not taken\n{}", self.seen);
    }

    /// Waits for the end; gives the exit code and everything that was shown.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (i32, String) {
        let captures = match self.session.expect(Eof) {
            Ok(captures) => captures,
            Err(cause) => {
                let rest = self.rest();
                panic!("it did not end ({cause})\n{}{rest}", self.seen);
            }
        };
        self.seen.push_str(&String::from_utf8_lossy(captures.as_bytes()));
        let hits = self.secrets.lock().unwrap().hits("the terminal", self.seen.as_bytes());
        assert_eq!(hits, Vec::<String>::new(), "\n{}", self.seen);
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
