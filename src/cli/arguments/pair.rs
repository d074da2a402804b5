//! Arguments that commands about org unit maps and jobs share: between which servers, and what may come into force.

use clap::{Args, ValueEnum};

use xfer_domain::org_unit_map::MatchClass;

/// A pair of servers.
#[derive(Debug, Args)]
pub struct PairArguments {
    /// The source server
    pub source: String,
    /// The destination server
    pub destination: String,
}

/// What comes into force without being looked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Accept {
    /// Nothing
    None,
    /// Matches with several matching facts
    Sure,
    /// Also matches that are usually right
    Likely,
}

impl Accept {
    /// The class down to which matches are accepted.
    pub fn class(self) -> Option<MatchClass> {
        match self {
            Self::None => None,
            Self::Sure => Some(MatchClass::Sure),
            Self::Likely => Some(MatchClass::Likely),
        }
    }
}
