//! xfer moves health data between DHIS2 servers and accounts for every value on the way.
//!
//! The layers below the program are packages of their own (`crates/`); `docs/architecture.md` draws the house.
//!
//! | module | what it does | may use |
//! |---|---|---|
//! | [`cli`] | parses, asks, draws; the only layer that prints, prompts or exits | everything below |
//! | [`ops`] | one file per use case: request in, outcome out; silent | `mail` and the packages |
//! | [`mail`] | messages by e-mail, the only code that knows SMTP | `domain` |
//!
//! # Everything on the disk
//!
//! `config.db`, `key`, `state/`, `plugins/` and `schedules/` in the home folder; [`xfer_storage::store`] lists them all. Nothing else is
//! written but files that a person names: exports, keys, logs, and what a scheduler is to be given.

pub mod cli;
pub mod mail;
pub mod ops;
