//! Sessions and who is behind each, and personal access tokens.

use std::collections::HashMap;

use serde_json::Value;

use crate::state::identifiers::Identifiers;
use crate::state::{User, user_of};
use crate::world::World;

/// Sessions and tokens of an instance.
#[derive(Debug, Default)]
pub struct Sessions {
    open: HashMap<String, Session>,
    /// Personal access tokens.
    pub(crate) tokens: Vec<Token>,
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
    pub(crate) fn open(&mut self, user: &User, snapshot: bool) -> String {
        let id = self.identifiers.session();
        self.put(&id, user, snapshot);
        id
    }

    /// Puts a user into a session.
    pub(crate) fn put(&mut self, id: &str, user: &User, snapshot: bool) {
        let session = Session { user_id: user.id().to_owned(), snapshot: snapshot.then(|| user.clone()) };
        self.open.insert(id.to_owned(), session);
    }
}

/// A personal access token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) uid: String,
    pub(crate) key: String,
    pub(crate) owner: String,
    /// Milliseconds since 1970, UTC.
    pub(crate) expires: i64,
    pub(crate) attributes: Vec<Value>,
    /// Whether it was accepted before: 2.40 then keeps it in a cache that deleting does not clear.
    pub(crate) used: bool,
    pub(crate) deleted: bool,
}
