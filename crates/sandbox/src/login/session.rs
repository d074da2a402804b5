//! Sessions: `JSESSIONID` and who is behind it.

use std::collections::HashMap;

use crate::exchange::Request;
use crate::instance::User;
use crate::login::random::Identifiers;
use crate::login::token::Token;
use crate::login::user_of;
use crate::profile::Profile;
use crate::world::World;

/// Sessions and tokens of an instance.
#[derive(Debug, Default)]
pub struct Sessions {
    open: HashMap<String, Session>,
    /// Personal access tokens.
    pub(super) tokens: Vec<Token>,
    /// Where new ids come from.
    pub identifiers: Identifiers,
}

#[derive(Debug)]
struct Session {
    user_id: String,
    /// 2.42 judges by the user as she was when the session began; the others look her up each time.
    snapshot: Option<User>,
}

impl Sessions {
    /// The user of a session.
    pub fn user_of(&self, id: &str, world: &World) -> Option<User> {
        let session = self.open.get(id)?;
        session.snapshot.clone().or_else(|| Some(user_of(world, world.get("users", &session.user_id)?)))
    }

    /// How many sessions are open: a client that drops its cookies piles them up.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// Ends every session, as a restart or the idle time-out does.
    pub fn end_all(&mut self) {
        self.open.clear();
    }

    /// Begins a session and gives its id.
    pub(super) fn open(&mut self, user: &User, snapshot: bool) -> String {
        let id = self.identifiers.session();
        self.put(&id, user, snapshot);
        id
    }

    /// Puts a user into a session.
    pub(super) fn put(&mut self, id: &str, user: &User, snapshot: bool) {
        let session = Session { user_id: user.id().to_owned(), snapshot: snapshot.then(|| user.clone()) };
        self.open.insert(id.to_owned(), session);
    }
}

/// The session id that a request brings.
pub(super) fn cookie(request: &Request) -> Option<&str> {
    request
        .headers
        .iter()
        .filter(|(name, _)| name == "cookie")
        .flat_map(|(_, value)| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("JSESSIONID="))
}

/// The header that hands out a session (`login/basic-ok`).
pub(super) fn set_cookie(profile: Profile, id: &str) -> String {
    let same_site = if profile >= Profile::V42 { "; SameSite=Lax" } else { "" };
    format!("JSESSIONID={id}; Path=/; HttpOnly{same_site}")
}
