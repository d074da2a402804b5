//! The org unit map of a pair: source org unit → destination org unit.

use serde::{Deserialize, Serialize};

use crate::domain::uid::Uid;

/// One row of the map. Many source units may map to one destination unit; one source unit maps to at most one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrgUnitMapping {
    /// The source unit.
    pub source: Uid,
    /// The destination unit; absent for an ignored source unit.
    pub destination: Option<Uid>,
    /// How the row was found.
    pub method: MatchMethod,
    /// How sure the method is, from 0 to 1.
    pub score: Option<f64>,
    /// What a person says about it.
    pub state: MappingState,
    /// A person's remark.
    pub note: Option<String>,
}

impl OrgUnitMapping {
    /// The unit that values of this row go to; none unless the row is confirmed.
    pub fn target(&self) -> Option<Uid> {
        self.destination.filter(|_| self.state == MappingState::Confirmed)
    }
}

/// How a row of the map was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchMethod {
    /// The same UID on both servers.
    Id,
    /// The same code on both servers.
    Code,
    /// The same name under matched parents.
    Name,
    /// Entered or imported by a person.
    Manual,
}

impl MatchMethod {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Id, Self::Code, Self::Name, Self::Manual];

    /// The word for it in tables, files and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Code => "code",
            Self::Name => "name",
            Self::Manual => "manual",
        }
    }

    /// The method of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// What a person says about a row of the map. Only confirmed rows carry values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingState {
    /// In force.
    Confirmed,
    /// Found by a method that a person has to look over first.
    Proposed,
    /// Deliberately not transferred.
    Ignored,
}

impl MappingState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Proposed, Self::Ignored];

    /// The word for it in tables, files and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Proposed => "proposed",
            Self::Ignored => "ignored",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}
