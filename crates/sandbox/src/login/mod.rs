//! Logging in: Basic, personal access tokens, sessions, and how each refusal looks.
//!
//! The order is that of Spring's filters: the session's cookie is read first, a token or Basic header may then put
//! another user in its place. A Basic header of the session's own user is not checked again, so a wrong password
//! passes beside a valid cookie (`login/cookie-plus-wrong-password`).

mod refusal;
mod session;
mod token;

use base64::Engine;
use serde_json::Value;

pub(crate) use self::token::handle as handle_tokens;

use crate::exchange::{Request, Response};
use crate::profile::Profile;
use crate::state::{State, User, user_of};
use crate::world::{World, text};

/// A request that was let in.
#[derive(Debug)]
pub(crate) struct Access {
    /// Whose request it is.
    pub user: User,
    /// The new session, where logging in made one.
    cookie: Option<String>,
    profile: Profile,
}

impl Access {
    /// Adds what logging in adds to an answer: a new session's cookie.
    pub(crate) fn finish(self, response: Response) -> Response {
        match &self.cookie {
            Some(id) => response.with_header("set-cookie", &session::set_cookie(self.profile, id)),
            None => response,
        }
    }
}

/// The scheme of personal access tokens.
const API_TOKEN: &str = "ApiToken";

/// Finds the user behind a request, or the answer that refuses it.
pub(crate) fn authenticate(state: &mut State, request: &Request) -> Result<Access, Box<Response>> {
    let cookie = session::cookie(request);
    let session = cookie.and_then(|id| state.sessions.user_of(id, &state.world));
    let Some(header) = request.header("authorization") else {
        return match session {
            Some(user) => Ok(Access { user, cookie: None, profile: state.profile }),
            None => Err(Box::new(refusal::anonymous(state, request))),
        };
    };
    let known = cookie.filter(|_| session.is_some()).map(str::to_owned);
    if let Some(rest) = strip_scheme(header, "basic") {
        let Some((name, password)) = credentials(rest) else {
            return Err(Box::new(refusal::unauthorized(request)));
        };
        if let Some(user) = session.filter(|user| user.name() == name) {
            return Ok(Access { user, cookie: None, profile: state.profile });
        }
        return match check_password(&state.world, &name, &password) {
            Some(user) => Ok(open(state, user, known)),
            None => Err(Box::new(refusal::unauthorized(request))),
        };
    }
    // The beginning is enough (`ApiTokenResolver`); whether a token follows is looked at later.
    if header.get(..API_TOKEN.len()).is_some_and(|start| start.eq_ignore_ascii_case(API_TOKEN)) {
        let owner = token::check(state, request, header).map_err(Box::new)?;
        return Ok(open(state, owner, known));
    }
    if strip_scheme(header, "bearer").is_some() && state.profile <= Profile::V41 {
        return Err(Box::new(refusal::invalid_bearer()));
    }
    match session {
        Some(user) => Ok(Access { user, cookie: None, profile: state.profile }),
        None => Err(Box::new(refusal::anonymous(state, request))),
    }
}

/// Puts a user into the session that the request brought, or into a new one.
fn open(state: &mut State, user: User, known: Option<String>) -> Access {
    let snapshot = state.profile == Profile::V42;
    let cookie = match known {
        Some(id) => {
            state.sessions.put(&id, &user, snapshot);
            None
        }
        None => Some(state.sessions.open(&user, snapshot)),
    };
    Access { user, cookie, profile: state.profile }
}

fn strip_scheme<'header>(header: &'header str, scheme: &str) -> Option<&'header str> {
    let (own, rest) = header.split_once(' ').unwrap_or((header, ""));
    own.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn credentials(encoded: &str) -> Option<(String, String)> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let pair = String::from_utf8(bytes).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn check_password(world: &World, name: &str, password: &str) -> Option<User> {
    let user = world.list("users").iter().find(|user| text(user, "username") == Some(name))?;
    let disabled = user.get("disabled") == Some(&Value::Bool(true));
    (text(user, "password") == Some(password) && !disabled).then(|| user_of(world, user))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::instance::Instance;
    use crate::world::filling::{ADMIN, ADMIN_PASSWORD};

    fn instance(profile: Profile) -> Instance {
        Instance::new(
            profile,
            &json!({
                "organisationUnits": [{"id": "OuNation001"}],
                "users": [{"id": "UsrWide0001", "username": "clerk", "password": "secret-1", "userRoles": [],
                           "organisationUnits": [{"id": "OuNation001"}]}],
            }),
        )
    }

    fn basic(name: &str, password: &str) -> (String, String) {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        ("authorization".into(), format!("Basic {pair}"))
    }

    fn get(headers: Vec<(String, String)>) -> Request {
        Request { method: "GET".into(), target: "/api/me?fields=id".into(), headers, body: Vec::new() }
    }

    fn cookie_of(access: &Access) -> (String, String) {
        ("cookie".into(), format!("other=1; JSESSIONID={}", access.cookie.clone().unwrap_or_default()))
    }

    fn who(instance: &Instance, headers: Vec<(String, String)>) -> Option<String> {
        instance.with_state(|state| authenticate(state, &get(headers)).ok().map(|access| access.user.name().to_owned()))
    }

    #[test]
    fn a_cookie_hides_a_wrong_password_of_the_same_user_only() {
        let instance = instance(Profile::V43);
        let first = instance.with_state(|state| authenticate(state, &get(vec![basic(ADMIN, ADMIN_PASSWORD)])));
        let cookie = cookie_of(&first.unwrap());
        assert_eq!(who(&instance, vec![cookie.clone(), basic(ADMIN, "wrong")]).as_deref(), Some(ADMIN));
        assert_eq!(who(&instance, vec![cookie.clone(), basic("clerk", "wrong")]), None);
        assert_eq!(who(&instance, vec![cookie.clone(), basic("clerk", "secret-1")]).as_deref(), Some("clerk"));
        assert_eq!(who(&instance, vec![cookie]).as_deref(), Some("clerk"), "the session changed hands");
    }

    #[test]
    fn only_on_2_42_a_session_keeps_the_users_org_units() {
        for (profile, expected) in [(Profile::V41, 0), (Profile::V42, 1), (Profile::V43, 0)] {
            let instance = instance(profile);
            let first = instance.with_state(|state| authenticate(state, &get(vec![basic("clerk", "secret-1")])));
            let cookie = cookie_of(&first.unwrap());
            let units = instance.with_state(|state| {
                if let Some(user) = state.world.get_mut("users", "UsrWide0001") {
                    user.insert("organisationUnits".into(), json!([]));
                }
                authenticate(state, &get(vec![cookie])).unwrap().user.capture_org_units().len()
            });
            assert_eq!(units, expected, "{}", profile.name());
        }
    }

    #[test]
    fn an_unknown_cookie_is_replaced() {
        let instance = instance(Profile::V40);
        let stale = ("cookie".to_owned(), "JSESSIONID=0123".to_owned());
        let access = instance.with_state(|state| authenticate(state, &get(vec![stale, basic(ADMIN, ADMIN_PASSWORD)])));
        assert!(access.unwrap().cookie.is_some());
    }
}
