//! One DHIS2 look-alike: a profile, its metadata, what it stores, and who is logged in.

use std::sync::Mutex;

use serde_json::{Map, Value};

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::login::{self, Sessions};
use crate::sandbox::profile::Profile;
use crate::sandbox::settings::Settings;
use crate::sandbox::values::Values;
use crate::sandbox::world::World;
use crate::sandbox::{analytics, completeness, import, metadata_lists, raw_read, system};

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
}

/// The user behind a request.
#[derive(Debug, Clone)]
pub struct User {
    /// The user object of the metadata.
    pub object: Map<String, Value>,
    /// Authorities of all its roles.
    pub authorities: Vec<String>,
}

/// One DHIS2 look-alike.
#[derive(Debug)]
pub struct Instance {
    state: Mutex<State>,
}

impl Instance {
    /// An instance of a profile with this metadata (DHIS2's export form) and nothing stored.
    pub fn new(profile: Profile, metadata: &Value) -> Self {
        Self {
            state: Mutex::new(State {
                profile,
                world: World::load(metadata),
                values: Values::default(),
                settings: Settings::default(),
                sessions: Sessions::default(),
            }),
        }
    }

    /// Looks at, or changes, the state from outside: for tests, fixtures and the demo.
    pub fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Answers a request as a server of this profile would.
    pub fn handle(&self, request: &Request) -> Response {
        self.with_state(|state| {
            let access = match login::authenticate(state, request) {
                Ok(access) => access,
                Err(refusal) => return *refusal,
            };
            let response = route(state, &access.user, request);
            access.finish(response)
        })
    }
}

/// Sends a request of a known user to the part of the API that answers it.
fn route(state: &mut State, user: &User, request: &Request) -> Response {
    let path = request.path().trim_end_matches('/');
    let resource = path.strip_prefix("/api/").unwrap_or_default();
    match resource.split('/').next().unwrap_or_default().split('.').next().unwrap_or_default() {
        "dataValueSets" if request.method == "POST" => import::post(state, user, request),
        "dataValueSets" => raw_read::get(state, user, request),
        "completeDataSetRegistrations" => completeness::handle(state, user, request),
        "analytics" => analytics::get(state, user, request),
        "system" | "me" | "systemSettings" | "configuration" | "ping" => system::handle(state, user, request),
        _ => metadata_lists::get(state, user, request),
    }
}
