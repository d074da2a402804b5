//! What the end-to-end tests share: the real binary in a home of its own, embedded servers, and the one helper that
//! asserts the equations of design 3.1.

pub(crate) mod country;
pub(crate) mod leaks;
pub(crate) mod life;
pub(crate) mod listener;
pub(crate) mod office;
pub(crate) mod person;
pub(crate) mod second_country;
pub(crate) mod trial;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;
use xfer::ops::sandbox::PASSWORD;

use crate::support::leaks::Canaries;

/// The real program in a hermetic environment: an own home, nothing of ours or the user's environment, no network
/// beyond loopback. What it says and what it leaves behind is searched for the secrets that it was given.
pub(crate) struct Xfer {
    home: TempDir,
    secrets: Arc<Mutex<Canaries>>,
}

/// What in a file's name says that it holds a secret; a name with an ending is that of something else.
const SECRET_NAMES: [&str; 5] = ["password", "passphrase", "token", "wrong", "hook"];

/// What a command did. `Display` shows stdout, stderr and the exit code, so that one snapshot checks all three.
pub(crate) struct Output {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

/// Runs a line of the shell in a folder, in an environment that holds nothing but these variables.
pub(crate) fn in_shell(line: &str, folder: &Path, variables: &[(&str, &std::ffi::OsStr)]) -> Output {
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_xfer")]).env_clear().current_dir(folder);
    command.envs(variables.iter().copied()).stdin(std::process::Stdio::null()).output().unwrap().into()
}

impl Xfer {
    pub(crate) fn new() -> Self {
        let mut secrets = Canaries::default();
        for user in ["reader", "writer", "admin"] {
            secrets.add("the password of the embedded servers", user, PASSWORD.as_bytes());
        }
        Self { home: tempfile::tempdir().unwrap(), secrets: Arc::new(Mutex::new(secrets)) }
    }

    /// What must not be seen anywhere; whoever types a secret adds it.
    pub(crate) fn secrets(&self) -> Arc<Mutex<Canaries>> {
        Arc::clone(&self.secrets)
    }

    /// Where secrets are found in the files of this home; nowhere, as a rule.
    pub(crate) fn leaks(&self) -> Vec<String> {
        self.secrets.lock().unwrap().hits_below(self.home()).0
    }

    /// Fails if what a command said holds a secret.
    #[track_caller]
    fn assert_says_no_secret(&self, output: &std::process::Output) {
        let secrets = self.secrets.lock().unwrap().clone();
        let mut hits = secrets.hits("standard output", &output.stdout);
        hits.extend(secrets.hits("standard error", &output.stderr));
        assert_eq!(hits, Vec::<String>::new(), "\n{}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs a command line, split at spaces; words that hold spaces go through `args`.
    #[track_caller]
    #[must_use]
    pub(crate) fn run(&self, line: &str) -> Output {
        self.args(&line.split_whitespace().collect::<Vec<_>>())
    }

    #[track_caller]
    #[must_use]
    pub(crate) fn args(&self, words: &[&str]) -> Output {
        self.finished(&mut self.prepared(words))
    }

    /// Runs a command that was prepared, to its end.
    #[track_caller]
    #[must_use]
    pub(crate) fn finished(&self, command: &mut Command) -> Output {
        let output = command.output().unwrap();
        self.assert_says_no_secret(&output);
        Output {
            stdout: self.redacted(&output.stdout),
            stderr: self.redacted(&output.stderr),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// A command line that is not started yet, for tests that watch it run.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = self.prepared(&line.split_whitespace().collect::<Vec<_>>());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    pub(crate) fn prepared(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xfer"));
        command
            .args(words)
            .env_clear()
            .env("XFER_HOME", self.home.path())
            // Temporary folders of the demo fall into the home, where a test sees what is left behind.
            .env("TMPDIR", self.home.path())
            .env("NO_COLOR", "1")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Writes a file into the home and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        if !name.contains('.') && SECRET_NAMES.iter().any(|secret| name.contains(secret)) {
            self.secrets.lock().unwrap().add(&format!("the content of {name}"), "reader", content.as_ref());
        }
        std::fs::write(&path, content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        path
    }

    fn redacted(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).replace(&self.home.path().display().to_string(), "[HOME]")
    }
}

impl Drop for Xfer {
    fn drop(&mut self) {
        // A test that failed has said why.
        if !std::thread::panicking() {
            assert_eq!(self.leaks(), Vec::<String>::new(), "a secret is in a file of the home");
        }
    }
}

impl Output {
    /// Fails with everything the command said unless it ended with this code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{self}");
        self
    }

    /// The JSON that it printed.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|cause| panic!("{cause}\n{self}"))
    }

    /// The report that it printed, checked by [`assert_accounts`].
    #[track_caller]
    pub(crate) fn report(&self) -> Value {
        let report = self.json();
        assert_accounts(&report);
        report
    }
}

impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(formatter, "--- stderr\n{}", self.stderr)?;
        }
        write!(formatter, "--- exit code {}", self.code)
    }
}

/// Asserts the equations of design 3.1 for the whole run and for each job, and that the jobs add up to the whole.
#[track_caller]
pub(crate) fn assert_accounts(report: &Value) {
    const STATES: [&str; 11] = [
        "created",
        "updated",
        "deleted",
        "accepted",
        "unchanged",
        "rejected",
        "zero_skipped",
        "differs",
        "unknown",
        "not_sent",
        "held_back",
    ];
    const FATES: [&str; 4] = ["unmapped", "dropped", "invalid", "contributing"];
    let sum = |counts: &Value, keys: &[&str]| keys.iter().map(|key| counts[key].as_u64().unwrap()).sum::<u64>();
    let check = |part: &Value, name: &str| {
        let came = sum(&part["values"], &["fetched", "created_by_script"]);
        assert_eq!(came, sum(&part["values"], &FATES), "values of {name}\n{report:#}");
        assert_eq!(part["cells"]["total"], sum(&part["cells"], &STATES), "cells of {name}\n{report:#}");
    };
    assert_eq!(report["format"], "xfer-report/1");
    check(report, "the run");
    for job in report["jobs"].as_array().unwrap() {
        check(job, job["name"].as_str().unwrap());
    }
    for (part, keys) in [("values", &FATES[..]), ("cells", &STATES[..])] {
        for key in keys {
            let jobs: u64 = report["jobs"].as_array().unwrap().iter().map(|job| job[part][key].as_u64().unwrap()).sum();
            assert_eq!(report[part][key], jobs, "{part}.{key} is not the sum over the jobs\n{report:#}");
        }
    }
    let cells = &report["cells"];
    if report["outcome"] == "complete" {
        let open = sum(cells, &["differs", "unknown", "not_sent"]);
        assert_eq!(open, 0, "a complete run cannot leave cells open\n{report:#}");
    }
}

/// Fails unless a command ended with this code and talked in these words.
#[track_caller]
pub(crate) fn says(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, code, "\n{output}");
    for word in words {
        assert!(output.stderr.contains(word), "`{word}` is missing\n{output}");
    }
}

/// The codes of the findings that a command listed as JSON.
#[track_caller]
pub(crate) fn codes(output: &Output) -> BTreeSet<String> {
    output.json().as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

/// The findings of a report that have this code.
pub(crate) fn findings(report: &Value, code: &str) -> Vec<Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] == code).cloned().collect()
}
