//! An instance from files: metadata in DHIS2's export form (`GET /api/metadata`), values as `dataValueSets` has them.
//!
//! Anything that real servers export is taken: what is missing gets what a new object would have, what is not played is
//! left alone. What cannot be played as it stands is refused by line and by name ([`Refusal`]), because a sandbox that
//! guesses would let a trial prove something else.
//!
//! | file | decides |
//! |---|---|
//! | `metadata` | the shape of an export, and what stands for what it leaves out |
//! | `references` | whether objects that others refer to are there |
//! | `rights` | what `access`, `sharing` and `publicAccess` mean for the sandbox's users |
//! | `users` | who may log in, and where |
//! | `settings` | what the file says of the server itself |
//! | `values` | data values, registrations, tracker data |

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

mod lines;
mod metadata;
mod references;
mod rights;
mod settings;
#[cfg(test)]
mod tests;
mod users;
mod values;

use std::fmt;

use sha2::{Digest, Sha256};

use crate::instance::Instance;
use crate::profile::Profile;
use crate::state::State;
use crate::values::Values;
use crate::world::{Object, World, text};

pub use users::{READER, WRITER};

/// The password of every user who has none in the file.
pub const PASSWORD: &str = crate::country::PASSWORD;

/// As many problems of a file are looked up by line; nobody mends more before trying again.
const LISTED: usize = 20;

/// Something in a file that cannot be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1; none where it is not one line's fault.
    pub line: Option<usize>,
    /// What is wrong, by name.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "line {line}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

/// The problems of a file as they are found.
#[derive(Debug, Default)]
struct Problems(Vec<Problem>);

impl Problems {
    /// Notes one. Its line is looked for while there are few: each search reads the file from its start.
    fn tell(&mut self, line: impl FnOnce() -> Option<usize>, message: String) {
        let line = if self.0.len() < LISTED { line() } else { None };
        self.0.push(Problem { line, message });
    }

    /// Nothing where there are none.
    fn refuse(self, hint: impl Into<String>) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal { problems: self.0, hint: hint.into() }) }
    }
}

/// Why a file is not loaded: every problem of one kind, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    fn one(line: Option<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problems: vec![Problem { line, message: message.into() }], hint: hint.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        write!(formatter, "{}", problems.join("; "))
    }
}

impl std::error::Error for Refusal {}

impl Fault for Refusal {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}

/// Which of the two servers an instance plays. Two servers that hold the same are two systems all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Values are read here.
    Source,
    /// Values are written here.
    Destination,
}

impl Role {
    /// `source` or `destination`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
}

/// A metadata file as it is played.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The metadata, filled in.
    pub world: World,
    /// The `systemId` that the file names, where it is a server's own export.
    pub system_id: Option<String>,
    /// Its `systemSettings`, as `GET /api/systemSettings` gives them.
    pub settings: Object,
    /// Users beside the three of every sandbox, by name.
    pub users: Vec<String>,
    /// What was left out, for whoever gave the file.
    pub notes: Vec<String>,
}

impl Loaded {
    /// Reads a metadata file.
    pub fn metadata(text: &str) -> Result<Self, Refusal> {
        let text = text.trim_start_matches('\u{feff}');
        let mut export = metadata::read(text)?;
        let notes = references::check(&export, text)?;
        metadata::fill(&mut export, text)?;
        let system_id = metadata::system_id(&export);
        let settings = settings::of(&export);
        let users = users::add(&mut export);
        rights::settle(&mut export, !users.is_empty());
        let users = users.into_iter().filter(|name| !users::is_own(name)).collect();
        Ok(Self { world: World::load(&export.into()), system_id, settings, users, notes })
    }

    /// Reads a file of values for this metadata, and adds what it holds to `values`.
    pub fn values(&self, text: &str, values: &mut Values) -> Result<(), Refusal> {
        values::read(text.trim_start_matches('\u{feff}'), &self.world, values)
    }

    /// An instance with these values.
    pub fn instance(self, role: Role, profile: Profile, values: Values) -> Instance {
        let system_id = self.system_id_for(role);
        let instance = Instance::of_world(profile, World::default());
        instance.with_state(|state| {
            self.replace(state);
            state.values = values;
            state.settings.system_id = system_id;
        });
        instance
    }

    /// Puts this metadata into the place of what an instance has: it stays the same system with the same values.
    pub fn replace(self, state: &mut State) {
        settings::apply(&self.settings, &mut state.settings);
        state.world = self.world;
    }

    /// What this server reports as its `systemId`: that of the export it came from, otherwise one that follows from the
    /// roots of its tree and its role. It survives changes of rights, objects and values, and a move to another file.
    pub fn system_id_for(&self, role: Role) -> String {
        if let Some(own) = &self.system_id {
            return own.clone();
        }
        let mut roots: Vec<&str> = self
            .world
            .list("organisationUnits")
            .iter()
            .filter(|unit| unit.get("level").and_then(serde_json::Value::as_u64) == Some(1))
            .filter_map(|unit| text(unit, "id"))
            .collect();
        roots.sort_unstable();
        system_id_of(&format!("{}:{}", role.name(), roots.join(",")))
    }
}

/// A system id that follows from a text, in the form of those that servers make.
pub fn system_id_of(text: &str) -> String {
    let bytes = Sha256::digest(text);
    let number = bytes.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    let hex = format!("{number:032x}");
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
