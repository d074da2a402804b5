//! The exit codes, a documented and tested list (design, section 5): how whatever was asked for ended, whichever face asked.
//! Scheduled runs live on them.

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// All well.
    Success = 0,
    /// An error that no other code describes.
    Other = 1,
    /// Wrong usage, wrong configuration, or a plan that cannot be carried out.
    Usage = 2,
    /// Finished, but some cells were rejected, held back or unmapped beyond what the routine tolerates.
    Incomplete = 3,
    /// Something temporary: a retry may help.
    Temporary = 5,
    /// The outcome of something sent is not known: run again.
    Unknown = 6,
    /// Login or permission refused.
    Login = 7,
    /// Nothing to transfer, and `--fail-on-empty` was given.
    Empty = 9,
    /// A file was not found.
    FileNotFound = 10,
    /// Another run holds the lock.
    Locked = 11,
    /// Wrong key or passphrase.
    WrongKey = 12,
    /// A damaged file, or one of a version that this program cannot read.
    Damaged = 13,
    /// The server is not the one it should be.
    WrongServer = 14,
    /// A bug of ours.
    Bug = 70,
    /// Local input or output failed.
    LocalIo = 74,
    /// Ctrl-C.
    Interrupted = 130,
    /// Whoever read what was printed has gone away.
    ClosedPipe = 141,
    /// Asked to end by the system.
    Terminated = 143,
}

impl ExitCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 18] = [
        Self::Success,
        Self::Other,
        Self::Usage,
        Self::Incomplete,
        Self::Temporary,
        Self::Unknown,
        Self::Login,
        Self::Empty,
        Self::FileNotFound,
        Self::Locked,
        Self::WrongKey,
        Self::Damaged,
        Self::WrongServer,
        Self::Bug,
        Self::LocalIo,
        Self::Interrupted,
        Self::ClosedPipe,
        Self::Terminated,
    ];

    /// The number that the shell sees.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The code of a number that a report carries; anything undocumented counts as a bug.
    pub fn from_number(number: u8) -> Self {
        Self::ALL.into_iter().find(|code| code.number() == number).unwrap_or(Self::Bug)
    }

    /// One line for `--help` and the documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "ok",
            Self::Other => "other error",
            Self::Usage => "usage or configuration",
            Self::Incomplete => {
                "finished, some cells rejected, held back or unmapped beyond what the routine tolerates"
            }
            Self::Temporary => "temporary, a retry may help",
            Self::Unknown => "outcome unknown, run again",
            Self::Login => "login or permission refused",
            Self::Empty => "nothing to transfer (--fail-on-empty)",
            Self::FileNotFound => "file not found",
            Self::Locked => "locked by another run",
            Self::WrongKey => "wrong key or passphrase",
            Self::Damaged => "damaged or unsupported file",
            Self::WrongServer => "the server is not the expected one",
            Self::Bug => "a bug in xfer",
            Self::LocalIo => "local input or output failed",
            Self::Interrupted => "interrupted (Ctrl-C)",
            Self::ClosedPipe => "the reader of the output stopped (a closed pipe)",
            Self::Terminated => "terminated",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ExitCode;

    #[test]
    fn numbers_are_unique_and_lead_back() {
        let numbers: BTreeSet<u8> = ExitCode::ALL.into_iter().map(ExitCode::number).collect();
        assert_eq!(numbers.len(), ExitCode::ALL.len());
        for code in ExitCode::ALL {
            assert_eq!(ExitCode::from_number(code.number()), code);
        }
        assert_eq!(ExitCode::from_number(99), ExitCode::Bug);
    }
}
