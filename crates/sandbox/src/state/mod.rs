//! What one DHIS2 look-alike is made of: a profile, its metadata, what it stores, and who is logged in. Nothing here
//! answers a request.

pub mod conversations;
pub mod identifiers;
pub mod jobs;
pub mod sessions;

use serde_json::{Map, Value};

use crate::profile::Profile;
use crate::settings::Settings;
use crate::state::conversations::Conversation;
use crate::state::jobs::Jobs;
use crate::state::sessions::Sessions;
use crate::values::Values;
use crate::world::{Object, World, references, text};

/// Everything of an instance that requests may change.
#[derive(Debug)]
pub struct State {
    /// The version it plays.
    pub profile: Profile,
    /// Its metadata.
    pub world: World,
    /// What it stores.
    pub values: Values,
    /// Its settings.
    pub settings: Settings,
    /// Sessions and tokens.
    pub sessions: Sessions,
    /// Imports that ran as jobs.
    pub jobs: Jobs,
    /// Messages between users.
    pub conversations: Vec<Conversation>,
}

impl State {
    /// An instance of a profile with this metadata and nothing stored.
    pub fn of(profile: Profile, world: World) -> Self {
        Self {
            profile,
            world,
            values: Values::default(),
            settings: Settings::default(),
            sessions: Sessions::default(),
            jobs: Jobs::default(),
            conversations: Vec::new(),
        }
    }
}

/// The user behind a request.
#[derive(Debug, Clone)]
pub struct User {
    /// The user object of the metadata.
    pub object: Map<String, Value>,
    /// Authorities of all its roles.
    pub authorities: Vec<String>,
}

impl User {
    /// Its id.
    pub fn id(&self) -> &str {
        text(&self.object, "id").unwrap_or_default()
    }

    /// Its user name.
    pub fn name(&self) -> &str {
        text(&self.object, "username").unwrap_or_default()
    }

    /// Whether it has the authority `ALL`.
    pub fn is_superuser(&self) -> bool {
        self.authorities.iter().any(|authority| authority == "ALL")
    }

    /// Whether it has an authority, or all of them.
    pub fn has_authority(&self, authority: &str) -> bool {
        self.is_superuser() || self.authorities.iter().any(|own| own == authority)
    }

    /// Roots of where it may write.
    pub fn capture_org_units(&self) -> Vec<&str> {
        references(&self.object, "organisationUnits")
    }

    /// Roots of where it may read data; without any, those where it may write.
    pub fn data_view_org_units(&self) -> Vec<&str> {
        let own = references(&self.object, "dataViewOrganisationUnits");
        if own.is_empty() { self.capture_org_units() } else { own }
    }
}

/// A user of the metadata with the authorities of all its roles.
pub fn user_of(world: &World, object: &Object) -> User {
    let authorities = references(object, "userRoles")
        .into_iter()
        .filter_map(|role| world.get("userRoles", role))
        .filter_map(|role| role.get("authorities").and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    User { object: object.clone(), authorities }
}
