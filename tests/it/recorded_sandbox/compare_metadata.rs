//! Compares answers of this part.

use xfer::sandbox::exchange::{Request, Response};

use super::compare;
use super::exchange::Exchange;

/// The differences beyond status and content type.
pub(super) fn compare(exchange: &Exchange, _request: &Request, response: &Response) -> Vec<String> {
    compare::bodies(exchange, response, &|_| false)
}
