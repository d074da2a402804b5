//! The outside of a file: first line, header, sealed body. Knows nothing of routines.
//!
//! Everything before the body is its associated data, byte for byte: a header that was edited, even by a blank, does
//! not open. The body is sealed as one piece, so that nothing can be cut off, put in another order or added.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sealing::{self, NONCE_LENGTH};
use crate::xferfile::error::XferFileError;
use crate::xferfile::recipient::{Change, FileKey, Keys, MOST_RECIPIENTS, Recipient, RecipientKind, decode};
use crate::xferfile::{FORMAT, LARGEST_FILE};

/// What every file of every version begins with.
const MAGIC: &str = "xfer-file/";

/// The longest first line; ours have some 40 characters.
const LONGEST_LINE: usize = 100;

/// The largest header in bytes; eight recipients take 2 KiB.
const LARGEST_HEADER: usize = 64 * 1024;

const CIPHER: &str = "XChaCha20-Poly1305";

/// This program's version.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// The header of version 1, as it stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHeader {
    cipher: String,
    nonce: String,
    recipients: Vec<Recipient>,
}

/// What anybody can see of a file, without a key. Not authenticated: for people, not for decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The format's version.
    pub format: u32,
    /// The program version that wrote the file.
    pub written_by: String,
    /// What opens it.
    pub recipients: Vec<RecipientKind>,
}

/// The parts of a file, cut but not believed.
struct Parts<'file> {
    header: Header,
    wire: WireHeader,
    /// All that comes before the body.
    bound: &'file [u8],
    body: &'file [u8],
}

/// What anybody can see of a file, without a key.
pub fn header(file: &[u8]) -> Result<Header, XferFileError> {
    Ok(cut(file)?.header)
}

/// Whether these bytes begin as an xfer file of any version does.
pub fn looks_like_one(file: &[u8]) -> bool {
    file.starts_with(MAGIC.as_bytes())
}

/// Seals a body for everybody who holds one of the keys.
pub(super) fn seal(body: &[u8], keys: &Keys) -> Result<Vec<u8>, XferFileError> {
    if keys.passphrases.len() + keys.key_files.len() > MOST_RECIPIENTS {
        return Err(XferFileError::Recipients { most: MOST_RECIPIENTS });
    }
    let file_key: FileKey = sealing::new_key()?;
    let recipients = wrap_for(keys, &file_key)?;
    seal_for(body, &file_key, recipients)
}

/// The file key, wrapped for each of the keys.
fn wrap_for(keys: &Keys, file_key: &FileKey) -> Result<Vec<Recipient>, XferFileError> {
    let passphrases = keys.passphrases.iter().map(|passphrase| Recipient::for_passphrase(passphrase, file_key));
    passphrases.chain(keys.key_files.iter().map(|key| Recipient::for_key_file(key, file_key))).collect()
}

/// Seals a body under a file key and a nonce that was never used.
fn seal_for(body: &[u8], file_key: &FileKey, recipients: Vec<Recipient>) -> Result<Vec<u8>, XferFileError> {
    if recipients.is_empty() || recipients.len() > MOST_RECIPIENTS {
        return Err(XferFileError::Recipients { most: MOST_RECIPIENTS });
    }
    Recipient::check_all(&recipients)?;
    let nonce = sealing::new_nonce()?;
    let wire = WireHeader { cipher: CIPHER.to_owned(), nonce: STANDARD.encode(nonce), recipients };
    let pretty = ron::ser::PrettyConfig::default().new_line("\n");
    let header =
        ron::ser::to_string_pretty(&wire, pretty).map_err(|cause| XferFileError::NotMade(cause.to_string()))? + "\n";
    let mut file = format!("{MAGIC}{FORMAT} xfer {PROGRAM} header {:08}\n{header}", header.len()).into_bytes();
    let sealed = sealing::seal_under(file_key, nonce, body, &file)?;
    file.extend_from_slice(&sealed);
    if file.len() as u64 > LARGEST_FILE {
        return Err(XferFileError::TooLarge);
    }
    Ok(file)
}

/// A file that was opened: everything in it is authenticated.
pub(super) struct Opened {
    /// What was sealed.
    pub(super) body: Zeroizing<Vec<u8>>,
    /// What anybody can see.
    pub(super) header: Header,
    file_key: FileKey,
    recipients: Vec<Recipient>,
}

/// Opens a file: the body is authenticated as a whole, and the header with it.
pub(super) fn open(file: &[u8], keys: &Keys) -> Result<Opened, XferFileError> {
    let Parts { header, wire, bound, body } = cut(file)?;
    let file_key = file_key(&wire.recipients, keys)?;
    let nonce: [u8; NONCE_LENGTH] = decode(&wire.nonce)?;
    let body = sealing::open_under(&file_key, nonce, body, bound)
        .ok_or(XferFileError::Damaged("its content was changed after it was encrypted"))?;
    Ok(Opened { body, header, file_key, recipients: wire.recipients })
}

/// Seals what was opened again: for those who could open it, without those who are left out, and with the new ones.
pub(super) fn reseal(opened: &Opened, change: &Change) -> Result<Vec<u8>, XferFileError> {
    let stays = |recipient: &&Recipient| match recipient.kind() {
        RecipientKind::Passphrase { .. } => !change.without_passphrases,
        RecipientKind::KeyFile { name } => !change.without_keys.contains(&name),
    };
    let mut recipients: Vec<Recipient> = opened.recipients.iter().filter(stays).cloned().collect();
    recipients.extend(wrap_for(&change.add, &opened.file_key)?);
    seal_for(&opened.body, &opened.file_key, recipients)
}

/// The file key from the first recipient that a key at hand belongs to; key files first, because they cost nothing. A
/// passphrase is stretched for recipients with a passphrase only, and none without one.
fn file_key(recipients: &[Recipient], keys: &Keys) -> Result<FileKey, XferFileError> {
    let (passphrases, key_files): (Vec<_>, Vec<_>) =
        recipients.iter().partition(|recipient| matches!(recipient, Recipient::Passphrase { .. }));
    for recipient in key_files.into_iter().chain(passphrases) {
        if let Some(key) = recipient.unwrap(keys)? {
            return Ok(key);
        }
    }
    Err(XferFileError::WrongKey(wrong_key(recipients, keys)))
}

/// Why no key fits, in words: which one was given, and which ones would.
fn wrong_key(recipients: &[Recipient], keys: &Keys) -> String {
    let wanted = recipients
        .iter()
        .map(|recipient| match recipient.kind() {
            RecipientKind::Passphrase { .. } => "a passphrase".to_owned(),
            RecipientKind::KeyFile { name } => format!("the key {name}"),
        })
        .collect::<Vec<_>>()
        .join(" or ");
    let mut given: Vec<String> = keys.key_files.iter().map(|key| format!("the key {}", key.name())).collect();
    if !keys.passphrases.is_empty() {
        given.push("the passphrase".to_owned());
    }
    if given.is_empty() {
        return format!("the file needs {wanted}, and none was given");
    }
    format!("{} does not open this file; it opens with {wanted}", given.join(" and "))
}

/// Cuts a file into its parts, within the caps, and checks what the recipients ask for.
fn cut(file: &[u8]) -> Result<Parts<'_>, XferFileError> {
    if !looks_like_one(file) {
        return Err(XferFileError::NotAnXferFile);
    }
    if file.len() as u64 > LARGEST_FILE {
        return Err(XferFileError::TooLarge);
    }
    let line_end = file.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n');
    let line_end = line_end.ok_or(XferFileError::Damaged("its first line is wrong"))?;
    let line = std::str::from_utf8(&file[..line_end]).map_err(|_| XferFileError::Damaged("its first line is wrong"))?;
    let (format, written_by, length) = first_line(line)?;
    if format != FORMAT {
        let reason = format!("its format is {format}, the newest known here is {FORMAT}");
        return Err(XferFileError::Unsupported { written_by, reason });
    }
    let header_start = line_end + 1;
    let body_start = header_start + length;
    if length > LARGEST_HEADER || body_start > file.len() {
        return Err(XferFileError::Damaged("its header has the wrong length"));
    }
    let text = std::str::from_utf8(&file[header_start..body_start])
        .map_err(|_| XferFileError::Damaged("its header is not text"))?;
    let wire: WireHeader = ron::from_str(text).map_err(|_| XferFileError::Damaged("its header is wrong"))?;
    if wire.cipher != CIPHER {
        return Err(XferFileError::Damaged("its header names the wrong cipher"));
    }
    if wire.recipients.is_empty() || wire.recipients.len() > MOST_RECIPIENTS {
        return Err(XferFileError::Damaged("its header has no recipients, or too many"));
    }
    Recipient::check_all(&wire.recipients)?;
    let recipients = wire.recipients.iter().map(Recipient::kind).collect();
    let header = Header { format, written_by, recipients };
    Ok(Parts { header, wire, bound: &file[..body_start], body: &file[body_start..] })
}

/// Format, program version and length of the header.
fn first_line(line: &str) -> Result<(u32, String, usize), XferFileError> {
    let damaged = || XferFileError::Damaged("its first line is wrong");
    let mut words = line.split(' ');
    let (Some(magic), Some("xfer"), Some(program), Some("header"), Some(length), None) =
        (words.next(), words.next(), words.next(), words.next(), words.next(), words.next())
    else {
        return Err(damaged());
    };
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then_some(()).ok_or_else(damaged);
    let format = magic.strip_prefix(MAGIC).ok_or_else(damaged)?;
    number(format)?;
    number(length)?;
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-+".contains(character);
    if !program.chars().all(plain) || length.len() != 8 {
        return Err(damaged());
    }
    let format = format.parse().map_err(|_| damaged())?;
    Ok((format, program.to_owned(), length.parse().map_err(|_| damaged())?))
}
