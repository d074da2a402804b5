//! A note while xfer waits for input: a pipe that nobody writes to, or standard input that nobody types into,
//! looks like a program that hangs.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::cli::output::{talk, talks_to_a_terminal};
use xfer_domain::shown::tame_lines;

/// Nobody wonders before that.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads a file that may be a pipe, or standard input (`-`), and says at a terminal what is waited for if that takes long.
pub(super) fn waiting_for<T>(path: &Path, read: impl FnOnce() -> T) -> T {
    let is_input = path == Path::new("-");
    // A plain file gives what it has.
    if !talks_to_a_terminal() || !is_input && std::fs::metadata(path).is_ok_and(|about| about.is_file()) {
        return read();
    }
    let name = if is_input { "standard input".to_owned() } else { path.display().to_string() };
    told_after(PATIENCE, move || talk(&format!("waiting for {}\n", tame_lines(&name))), read)
}

fn told_after<T>(patience: Duration, tell: impl FnOnce() + Send + 'static, read: impl FnOnce() -> T) -> T {
    let (done, waits) = channel::<()>();
    std::thread::spawn(move || {
        if waits.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            tell();
        }
    });
    let read = read();
    drop(done);
    read
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::told_after;

    #[test]
    fn only_what_takes_long_is_talked_about() {
        let (said, heard) = channel();
        told_after(
            Duration::from_millis(1),
            move || said.send("waiting").unwrap(),
            || {
                assert_eq!(heard.recv(), Ok("waiting"), "it is said while it is waited for");
            },
        );
        let (said, heard) = channel();
        told_after(Duration::from_mins(1), move || said.send("waiting").unwrap(), || ());
        assert!(heard.recv().is_err(), "nobody speaks any more");
    }
}
