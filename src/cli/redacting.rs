//! The output for people: logins are removed from everything before it is written.
//!
//! Texts of servers are cleaned where they are read. This is the second look, at the only door: a library's error may
//! quote what it could not read, and `-vv` shows what nobody else should see.

use std::io::{self, Write};

use xfer_domain::redaction::{redact, redacted};

/// Longest error, cause or hint that is shown; the rest stands in the log.
const LONGEST_SHOWN: usize = 2_000;

/// A writer that strikes logins out. The logger hands each line over in one piece, so none is cut in two.
#[derive(Debug)]
pub(super) struct Redacting<W>(pub(super) W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// An error, a cause or a hint as people see it: without logins, and no longer than anybody reads.
pub(super) fn shown(text: &str) -> String {
    let text = redacted(text.to_owned());
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => {
            tracing::debug!(?text, "an error, whole");
            format!("{}…", text.get(..end).unwrap_or_default())
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Redacting, shown};
    use xfer_domain::redaction::keep_secret;
    use xfer_domain::secret::Login;

    #[test]
    fn log_lines_and_errors_hold_no_login_and_are_not_endless() {
        let password = "sorghum on \"the\" hill";
        keep_secret(&Login::Basic { username: "nurse".to_owned(), password: password.to_owned().into() });
        let mut written = Redacting(Vec::new());
        written.write_all(format!("DEBUG said={password:?} raw={password}\n").as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written.0).unwrap(), "DEBUG said=\"***\" raw=***\n");
        assert_eq!(shown(&format!("{password}!")), "***!");
        assert_eq!(shown(&"é".repeat(50_000)).chars().count(), 2_001);
    }
}
