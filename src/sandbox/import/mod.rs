//! `POST dataValueSets` with the import rules of both generations.

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::instance::{State, User};

/// Answers it.
pub fn post(_state: &mut State, _user: &User, _request: &Request) -> Response {
    todo!()
}
