//! The org unit map of a pair: source org unit → destination org unit.

use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::uid::Uid;

/// One row of the map. Many source units may map to one destination unit; one source unit maps to at most one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrgUnitMapping {
    /// The source unit.
    pub source: Uid,
    /// The destination unit; absent for an ignored source unit.
    pub destination: Option<Uid>,
    /// How the row was found.
    pub method: MatchMethod,
    /// How much speaks for the row, from 0 to 1.
    pub score: Option<f64>,
    /// What the matcher makes of the evidence; absent for a row that a person made.
    pub class: Option<MatchClass>,
    /// The evidence in words: "same name, parent Jacmel matched by code".
    pub explanation: Option<String>,
    /// What a person says about it.
    pub state: MappingState,
    /// A person's remark.
    pub note: Option<String>,
}

impl OrgUnitMapping {
    /// A row that a person made.
    pub fn manual(source: Uid, destination: Option<Uid>, state: MappingState) -> Self {
        Self {
            source,
            destination,
            method: MatchMethod::Manual,
            score: None,
            class: None,
            explanation: None,
            state,
            note: None,
        }
    }

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
    /// The same value of an attribute: a facility registry's number, say.
    Attribute,
    /// The same name under matched parents.
    Name,
    /// A similar name.
    Similar,
    /// Entered or imported by a person.
    Manual,
}

named!(MatchMethod {
    Id = "id",
    Code = "code",
    Attribute = "attribute",
    Name = "name",
    Similar = "similar",
    Manual = "manual",
});

/// What the matcher makes of the evidence for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchClass {
    /// Independent pieces of evidence agree and nothing contradicts.
    Sure,
    /// Right as a rule; a glance is enough.
    Likely,
    /// Something contradicts, or another unit fits nearly as well: a person has to decide.
    Ask,
}

named!(MatchClass { Sure = "sure", Likely = "likely", Ask = "ask" });

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

named!(MappingState { Confirmed = "confirmed", Proposed = "proposed", Ignored = "ignored" });
