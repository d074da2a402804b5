//! `completeDataSetRegistrations`: reading, registering and taking back that a data set is complete.
//!
//! All versions share one implementation here (`DefaultCompleteDataSetRegistrationExchangeService`); they part over a
//! malformed period ([`register`]) and over a missing `dataSet` parameter. Not played: XML, `async=true`,
//! notifications.

mod read;
mod register;
mod withdraw;

use crate::exchange::{Request, Response};
use crate::import::{media_type, unsupported_media_type};
use crate::state::{State, User};

/// Answers it.
pub(crate) fn handle(state: &mut State, user: &User, request: &Request) -> Response {
    match request.method.as_str() {
        "GET" | "HEAD" => read::get(state, user, request),
        "POST" if media_type(request) == "application/json" => register::post(state, user, request),
        "POST" => unsupported_media_type(state.profile, request),
        "DELETE" => withdraw::delete(state, user, request),
        method => {
            let message = format!("Request method '{method}' is not supported");
            Response::web_message(405, Some(&message), None)
        }
    }
}

#[cfg(test)]
mod tests;
