//! One DHIS2 look-alike: lets requests in, or not, and sends each to the part of the API that answers it.

use std::sync::Mutex;

use serde_json::Value;

use crate::exchange::{Request, Response};
use crate::profile::Profile;
use crate::state::{State, User};
use crate::world::World;
use crate::{analytics, completeness, front, import, jobs, login, messages, metadata_lists, raw_read, system};

/// One DHIS2 look-alike.
#[derive(Debug)]
pub struct Instance {
    state: Mutex<State>,
}

impl Instance {
    /// An instance of a profile with this metadata (DHIS2's export form) and nothing stored.
    pub fn new(profile: Profile, metadata: &Value) -> Self {
        Self::of_world(profile, World::load(metadata))
    }

    /// The same with metadata that is loaded already: instances share it until one changes it.
    pub fn of_world(profile: Profile, world: World) -> Self {
        Self { state: Mutex::new(State::of(profile, world)) }
    }

    /// Looks at, or changes, the state from outside: for tests, fixtures and the demo.
    pub fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Answers a request as a server of this profile would.
    pub fn handle(&self, request: &Request) -> Response {
        let mut response = self.with_state(|state| front::tag(state.profile, request, answer(state, request)));
        if request.method == "HEAD" {
            response.body.clear();
        }
        response
    }
}

/// Lets a request in, or not, and has it answered.
fn answer(state: &mut State, request: &Request) -> Response {
    if let Some(refusal) = front::refuse(state.profile, request) {
        return refusal;
    }
    if request.path() == "/api/ping" {
        return Response::empty(200);
    }
    if request.path() == "/api/system/ping" && state.profile >= Profile::V44 {
        // Nobody has to log in for it any more.
        return system::pong();
    }
    let access = match login::authenticate(state, request) {
        Ok(access) => access,
        Err(refusal) => return *refusal,
    };
    let response = if let Some(refusal) = front::refuse_escapes(state.profile, request) {
        refusal
    } else if !request.path().starts_with("/api/") {
        front::outside_api(state.profile, request)
    } else {
        match front::normalise(state.profile, request) {
            Some(request) => route(state, &access.user, &request),
            None => front::not_found(),
        }
    };
    access.finish(response)
}

/// Sends a request of a known user to the part of the API that answers it.
fn route(state: &mut State, user: &User, request: &Request) -> Response {
    let segments = front::segments(request);
    let resource = segments.first().map(String::as_str).unwrap_or_default();
    let served: &[&str] = match resource {
        "dataValueSets" => &["GET", "POST"],
        "completeDataSetRegistrations" => &["GET", "POST", "DELETE"],
        "analytics" | "me" | "ping" | "userLookup" => &["GET"],
        // Conversations are sent here and looked at by tests; nobody reads them through the API.
        "messageConversations" => &["POST"],
        _ => &[],
    };
    if !served.is_empty() && !served.contains(&request.method.as_str()) {
        return front::method_not_allowed(state.profile, &request.method);
    }
    match resource {
        "dataValueSets" if jobs::is_asked_for(request) => jobs::start(state, user, request),
        "dataValueSets" if request.method == "POST" => import::post(state, user, request),
        "dataValueSets" => raw_read::get(state, user, request),
        "completeDataSetRegistrations" => completeness::handle(state, user, request),
        "analytics" => analytics::get(state, user, request),
        "messageConversations" => messages::post(state, user, request),
        "userLookup" => messages::look_up(state, request),
        "apiToken" => login::handle_tokens(state, user, request),
        "system" | "me" | "systemSettings" | "configuration" => system::handle(state, user, request),
        _ => metadata_lists::get(state, user, request),
    }
}
