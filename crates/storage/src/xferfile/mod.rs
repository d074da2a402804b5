//! Xfer files: a routine made portable, everything a run needs in one encrypted file.
//!
//! ```text
//! xfer-file/1 xfer 0.1.0 header 00000482          one line; the same for every version, for ever
//! (                                               the header: RON, readable by anybody
//!     cipher: "XChaCha20-Poly1305",
//!     nonce: "…",
//!     recipients: [Passphrase(…), KeyFile(…)],    each wraps the same random file key
//! )
//! <sealed body>                                   RON, sealed with the file key; all of the above is bound to it
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`envelope`] | the outside: first line, header, sealing and opening; knows nothing of routines |
//! | [`recipient`] | who can open a file: passphrases and key files |
//! | [`key_file`] | the key for unattended runs, as a line of text with a checksum |
//! | [`document`] | the inside: what a file says, and its translation to and from the domain |
//! | [`wire`] | the form of the inside on the disk, version by version; never the domain's own types |
//! | [`prune`] | which part of the servers' metadata a run needs |
//!
//! **Order of reading.** First line, version, header (at most 64 KiB), recipients (checked against caps before a key is
//! derived), file key, and only then the body: it is authenticated as a whole before one byte of it is parsed. A file
//! that was altered anywhere says so and nothing else.
//!
//! **Versions.** A reader reads every version up to its own, for ever (`fixtures/xferfiles/`). A version it does not
//! know is refused with the program version that wrote the file, which stands in the first line. Within a version,
//! fields may be added: a reader refuses what it does not know instead of ignoring it (an ignored script would change
//! figures), and a writer leaves out what is not used, so that a file without the new thing opens in old programs.
//!
//! Pure: bytes in, values out. Where files lie and who types passphrases is the business of the layers above.

mod content;
pub mod document;
mod envelope;
mod error;
pub mod key_file;
pub mod prune;
mod recipient;
mod wire;

pub use content::{Content, FileServer};
pub use envelope::{Header, header, looks_like_one};
pub use error::XferFileError;
pub use key_file::FileKeyHolder;
pub use recipient::{Change, Keys, MOST_RECIPIENTS, RecipientKind};

/// The format that this program writes, and the newest it reads.
///
/// 1: header with passphrase and key-file recipients; body with servers, metadata, jobs, org unit map and routine.
pub const FORMAT: u32 = 1;

/// The largest file that is read, in bytes. A country of 50,000 org units on both sides takes some 20 MB.
pub const LARGEST_FILE: u64 = 256 * 1024 * 1024;
