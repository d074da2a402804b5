//! Compares answers of this part.

use xfer::sandbox::exchange::{Request, Response};
use xfer::sandbox::instance::Instance;

use super::compare;
use super::exchange::Exchange;

/// The differences beyond status and content type.
pub(super) fn compare(
    exchange: &Exchange,
    _request: &Request,
    response: &Response,
    _instance: &Instance,
) -> Vec<String> {
    let _ = &exchange.stored_after;
    compare::bodies(exchange, response, &|_| false)
}
