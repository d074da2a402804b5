//! xfer moves health data between DHIS2 servers and accounts for every value on the way.
//!
//! # The modules, from the top
//!
//! | module | what it does | may use |
//! |---|---|---|
//! | [`cli`] | parses, asks, draws and decides nothing; the only layer that prints, prompts or exits | everything below |
//! | [`ops`] | one file per use case: request in, outcome out; silent. Owns a whole run ([`ops::run`]) | everything below |
//! | [`transfer`] | the stages of a transfer as pure functions, and the engine that drives them | `dhis2`, `script`, `domain` |
//! | [`store`] | configuration and journals, the only code that knows SQLite | `sealing`, `platform`, `domain` |
//! | [`xferfile`] | routines as encrypted files, the only code that knows their format | `sealing`, `platform`, `domain` |
//! | [`sandbox`] | DHIS2 look-alikes for demo and tests, with a wire format of their own | `domain` |
//! | [`mail`] | messages by e-mail, the only code that knows SMTP | `domain` |
//! | [`matching`] | org units and items of one server to those of another | `domain` |
//! | [`script`] | functions that analysts write, the only code that knows the script engine | `domain` |
//! | [`dhis2`] | the client of real servers, the only code that knows HTTP | `domain` |
//! | [`sealing`] | what keys do, the only code that knows ciphers | `domain` |
//! | [`platform`] | what differs between operating systems | `domain` |
//! | [`domain`] | DHIS2's nouns and rules as plain values, and what every error answers ([`domain::fault`]): no I/O, no async, no clock | – |
//!
//! Arrows point down only; `tests/it/architecture.rs` holds the table against the source.
//!
//! # Everything on the disk
//!
//! `config.db`, `key`, `state/`, `plugins/` and `schedules/` in the home folder; [`store`] lists them all. Nothing else is
//! written but files that a person names: exports, keys, logs, and what a scheduler is to be given.

pub mod cli;
pub mod mail;
pub mod ops;
