//! Logging in: Basic, tokens, sessions, and how each refusal looks.

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::instance::{State, User};

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
pub fn authenticate(_state: &mut State, _request: &Request) -> Result<Access, Box<Response>> {
    todo!()
}
