//! A run that is to be started by a scheduler, and the words of its command. No secret stands in any of it, only where
//! one lies.

pub mod record;
pub mod times;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ops::scheduled::times::Times;

/// Who starts the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheduler {
    /// systemd, for the whole machine.
    Systemd,
    /// The systemd of the user who asks.
    SystemdUser,
    /// A crontab.
    Cron,
    /// A file in `/etc/cron.d`.
    CronD,
    /// The Task Scheduler of Windows.
    Windows,
    /// Kubernetes.
    Kubernetes,
}

impl Scheduler {
    /// As people and `--for` call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::SystemdUser => "systemd-user",
            Self::Cron => "cron",
            Self::CronD => "cron-d",
            Self::Windows => "windows",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// Whether it starts nothing in a night whose clocks leave the time out.
    pub(in crate::ops) fn leaves_out_missing_hours(self) -> bool {
        self.is_systemd() || self == Self::Kubernetes
    }

    /// Whether it is systemd, of the machine or of a user.
    pub fn is_systemd(self) -> bool {
        matches!(self, Self::Systemd | Self::SystemdUser)
    }
}

/// What opens the xfer file at night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opener {
    /// A key file.
    KeyFile(PathBuf),
    /// A file with a passphrase.
    PassphraseFile(PathBuf),
}

impl Opener {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        match self {
            Self::KeyFile(path) | Self::PassphraseFile(path) => path,
        }
    }

    /// What it is called.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::KeyFile(_) => "the key file",
            Self::PassphraseFile(_) => "the passphrase file",
        }
    }

    /// The flag of `xfer exec` that takes it.
    pub(in crate::ops) fn flag(&self) -> &'static str {
        match self {
            Self::KeyFile(_) => "--key-file",
            Self::PassphraseFile(_) => "--passphrase-file",
        }
    }

    /// The name by which a service manager hands it to the program.
    pub(in crate::ops) fn credential(&self) -> &'static str {
        match self {
            Self::KeyFile(_) => "xfer-key",
            Self::PassphraseFile(_) => "xfer-passphrase",
        }
    }

    /// The same at another place.
    pub(in crate::ops) fn at(&self, path: PathBuf) -> Self {
        match self {
            Self::KeyFile(_) => Self::KeyFile(path),
            Self::PassphraseFile(_) => Self::PassphraseFile(path),
        }
    }
}

/// A run that is to be started by a scheduler.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// What the scheduler calls it: letters, digits and dashes.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// The home, whose state folder keeps journal, ledger and lock.
    pub home: PathBuf,
    /// The xfer file.
    pub file: PathBuf,
    /// What opens it.
    pub opener: Opener,
    /// The user that it runs as; the scheduler's own rule where absent.
    pub user: Option<String>,
    /// When.
    pub times: Times,
}

impl Scheduled {
    /// The command that a service manager starts, which hands over the key by itself.
    pub(in crate::ops) fn words_without_key(&self) -> Vec<&Path> {
        [&self.program, Path::new("--home"), &self.home, Path::new("--quiet"), Path::new("exec"), &self.file].to_vec()
    }

    /// The command with its key and a log, for schedulers that only start it.
    pub(in crate::ops) fn words<'run>(&'run self, log: &'run Path) -> Vec<&'run Path> {
        let mut words = self.words_without_key();
        words.extend([Path::new(self.opener.flag()), self.opener.path(), Path::new("--log-file"), log]);
        words
    }

    /// Where it writes what happens, for schedulers that keep nothing.
    pub(in crate::ops) fn log(&self) -> PathBuf {
        self.home.join(format!("{}.log", self.name))
    }
}

/// A word as a shell takes it.
pub(in crate::ops) fn in_shell(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What the tests of all schedulers begin with.
#[cfg(test)]
pub(in crate::ops) fn sample(at: &str) -> Scheduled {
    let path = PathBuf::from;
    Scheduled {
        name: "monthly".to_owned(),
        program: path("/usr/bin/xfer"),
        home: path("/var/lib/xfer"),
        file: path("/srv/monthly.xfer"),
        opener: Opener::KeyFile(path("/srv/monthly.key")),
        user: Some("dhis".to_owned()),
        times: Times::parse(at).unwrap(),
    }
}
