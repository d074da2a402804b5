//! The server versions that the sandbox can be.

/// A recorded version. What differs between them is asked of the profile by name, never by comparing numbers inline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// 2.40.12
    V40,
    /// 2.41.9
    V41,
    /// 2.42.5
    V42,
    /// 2.43.1
    V43,
    /// 2.44 in development
    V44,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 5] = [Self::V40, Self::V41, Self::V42, Self::V43, Self::V44];

    /// `2.40` … as in `--profile` and in the folders of the recordings.
    pub fn name(self) -> &'static str {
        match self {
            Self::V40 => "2.40",
            Self::V41 => "2.41",
            Self::V42 => "2.42",
            Self::V43 => "2.43",
            Self::V44 => "2.44",
        }
    }

    /// The profile of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// What `system/info` reports as `version`.
    pub fn version(self) -> &'static str {
        match self {
            Self::V40 => "2.40.12",
            Self::V41 => "2.41.9.1",
            Self::V42 => "2.42.5.2",
            Self::V43 => "2.43.1",
            Self::V44 => "2.44-SNAPSHOT",
        }
    }

    /// The newest API version that may stand in a path: `/api/42/…`.
    pub fn api_version(self) -> u32 {
        match self {
            Self::V40 => 40,
            Self::V41 => 41,
            Self::V42 => 42,
            Self::V43 => 43,
            Self::V44 => 44,
        }
    }

    /// Whether data input periods are read the wrong way round: 2.43.0 and 2.43.1 only (`import/input-period-open`).
    pub fn inverts_input_periods(self) -> bool {
        self == Self::V43
    }

    /// Whether imports are set-based (2.43 and later) instead of row by row.
    pub fn imports_set_based(self) -> bool {
        self >= Self::V43
    }
}
