//! `system/info`, `me`, settings and the like.

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::instance::{State, User};

/// Answers them.
pub fn handle(_state: &mut State, _user: &User, _request: &Request) -> Response {
    todo!()
}
