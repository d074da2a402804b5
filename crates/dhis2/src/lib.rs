//! The client of real DHIS2 servers: the only code that knows HTTP and DHIS2's wire format.
//!
//! ```text
//! client            the connection to one server as one user; what the layers above hold
//! system            who is there: probe, analytics stamp
//! metadata          paged lists → domain::metadata
//! data_value_sets   raw values: streamed reads (raw_stream), imports (payload, import_answer, import_conflicts)
//! analytics         aggregated values: cut into requests (part), what is learned (memory), one answer (grid)
//! completeness      complete data set registrations
//! exchanges         the server's own exchanges, as far as they may write what we write
//! messages          messages to users of the server
//! webhook           messages about runs to an address that a person gave, which is no DHIS2 server
//! ── below ──
//! transport         one request, its retries (retry), session (cookies), redirects (redirect), limits (limits)
//! http              the HTTP library's client, and what its failures mean (tls: of the encryption)
//! answer, error     what an answer means (hint: what to do): pure, so recordings of real servers are judged by the same code
//! bounds            how much an answer may make us hold: metered while it arrives
//! query             escaping, and cutting of long questions
//! ```
//!
//! Parsers are pure functions from (status, content type, bytes) to typed values.

mod access;
pub mod analytics;
pub mod answer;
pub mod bounds;
pub mod client;
pub mod completeness;
mod cookies;
pub mod data_value_sets;
pub mod error;
mod exchanges;
mod hint;
mod http;
pub mod import_answer;
mod import_conflicts;
mod json_pieces;
pub mod limits;
mod messages;
pub mod metadata;
mod payload;
mod query;
mod raw_row;
pub mod raw_stream;
mod redirect;
mod retry;
pub mod system;
pub mod tls;
mod transport;
pub mod trust;
pub mod webhook;
