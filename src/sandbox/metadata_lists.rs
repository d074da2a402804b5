//! Metadata lists and objects with `fields`, `filter`, `order` and paging.

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::instance::{State, User};

/// Answers them.
pub fn get(_state: &mut State, _user: &User, _request: &Request) -> Response {
    todo!()
}
