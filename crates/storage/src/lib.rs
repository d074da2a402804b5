//! What is kept on the disk: configuration and journals ([`store`]), routines as encrypted files ([`xferfile`]), what
//! keys do ([`sealing`]), and what differs between operating systems ([`platform`]).

pub mod platform;
pub mod sealing;
pub mod store;
pub mod xferfile;
