//! DHIS2's nouns and rules as plain values: no I/O, no async, no clock.

pub mod access;
pub mod alert;
pub mod calendar;
pub mod capabilities;
pub mod cell;
pub mod certificates;
pub mod counted;
pub mod coverage;
pub mod data_item;
pub mod data_value;
pub mod decimal;
pub mod exit_code;
pub mod fault;
pub mod file_name;
pub mod finding;
pub mod fingerprint;
pub mod hashed;
pub mod import_summary;
pub mod item;
pub mod job;
pub mod journal;
pub mod metadata;
pub mod moment;
pub mod named;
pub mod org_unit_map;
pub mod pair;
pub mod period;
pub mod reach;
#[cfg(test)]
mod recorded;
pub mod redaction;
pub mod rounding;
pub mod routine;
pub mod run;
pub mod script;
pub mod secret;
pub mod server;
pub mod shares;
pub mod shell;
pub mod shown;
pub mod source_value;
pub mod spelling;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod uid;
pub mod value_type;
pub mod written_number;
