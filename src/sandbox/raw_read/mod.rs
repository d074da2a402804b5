//! `GET dataValueSets` in both shapes.

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::instance::{State, User};

/// Answers it.
pub fn get(_state: &mut State, _user: &User, _request: &Request) -> Response {
    todo!()
}
