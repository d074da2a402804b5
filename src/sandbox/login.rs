//! Logging in: Basic, tokens, sessions, and how each refusal looks.

use base64::Engine;
use serde_json::Value;

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::instance::{State, User};
use crate::sandbox::world::{World, references, text};

/// Sessions and tokens of an instance.
#[derive(Debug, Default)]
pub struct Sessions {}

/// A request that was let in.
pub struct Access {
    /// Whose request it is.
    pub user: User,
}

impl Access {
    /// Adds what logging in adds to an answer, such as a new session's cookie.
    pub fn finish(self, response: Response) -> Response {
        response
    }
}

/// Finds the user behind a request, or the answer that refuses it.
pub fn authenticate(state: &mut State, request: &Request) -> Result<Access, Box<Response>> {
    let credentials = request
        .header("authorization")
        .and_then(|header| header.strip_prefix("Basic "))
        .and_then(|encoded| base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    credentials
        .as_deref()
        .and_then(|pair| pair.split_once(':'))
        .and_then(|(name, password)| check_password(&state.world, name, password))
        .map(|user| Access { user })
        .ok_or_else(|| Box::new(Response::web_message(401, Some("Unauthorized"), None)))
}

fn check_password(world: &World, name: &str, password: &str) -> Option<User> {
    let user = world.list("users").iter().find(|user| text(user, "username") == Some(name))?;
    (text(user, "password") == Some(password)).then(|| user_of(world, user))
}

fn user_of(world: &World, object: &crate::sandbox::world::Object) -> User {
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
