//! What several commands, or a command and the wizard, take from the command line. Arguments that only one command has
//! stand in its file.

pub(crate) mod job;
pub mod key_passphrase;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod mail_server;
pub(crate) mod pair;
pub(crate) mod parameter;
pub(crate) mod routine;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod words;
