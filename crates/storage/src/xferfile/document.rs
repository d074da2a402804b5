//! The contents of a file, and how it is encrypted and opened.

use std::fmt;

use ron::extensions::Extensions;
use zeroize::Zeroizing;

use crate::xferfile::content::Content;
use crate::xferfile::envelope::{self, Header};
use crate::xferfile::error::XferFileError;
use crate::xferfile::recipient::{Change, Keys, RecipientKind};
use crate::xferfile::wire::{Body, Unknown};

/// Seals a content for everybody who holds one of the keys.
pub fn seal(content: &Content, keys: &Keys) -> Result<Vec<u8>, XferFileError> {
    keys.check_strength()?;
    envelope::seal(write(content)?.as_bytes(), keys)
}

/// Opens a file that one of the keys fits.
pub fn open(file: &[u8], keys: &Keys) -> Result<(Content, Header), XferFileError> {
    let opened = envelope::open(file, keys)?;
    let content = read(&opened.body, &opened.header)?;
    Ok((content, opened.header))
}

/// Changes who can open a file; what it says stays as it is. Whoever could open the old file knows what it says.
pub fn rekey(file: &[u8], keys: &Keys, change: &Change) -> Result<Vec<u8>, XferFileError> {
    change.add.check_strength()?;
    let opened = envelope::open(file, keys)?;
    // A file that this program cannot read is not written anew by it: the first line would name a version that
    // never knew what is in it.
    read(&opened.body, &opened.header)?;
    let known: Vec<String> = opened.header.recipients.iter().filter_map(RecipientKind::key_name).collect();
    if let Some(name) = change.without_keys.iter().find(|name| !known.contains(name)) {
        return Err(XferFileError::NoSuchKey { name: name.clone(), known });
    }
    envelope::reseal(&opened, change)
}

fn options() -> ron::Options {
    ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME)
}

/// The body as text. It is measured first: a text that never grows leaves no copies of its secrets behind.
fn write(content: &Content) -> Result<Zeroizing<String>, XferFileError> {
    let body = Body::of(content);
    let failed = |cause: ron::Error| XferFileError::NotMade(cause.to_string());
    let mut length = Length(0);
    options().to_writer(&mut length, &body).map_err(failed)?;
    let mut text = Zeroizing::new(String::with_capacity(length.0));
    options().to_writer(&mut *text, &body).map_err(failed)?;
    Ok(text)
}

/// Reads a body that was authenticated: what cannot be read is not damaged, but newer.
fn read(body: &[u8], header: &Header) -> Result<Content, XferFileError> {
    let newer = |reason: String| XferFileError::Unsupported { written_by: header.written_by.clone(), reason };
    let body: Body = options().from_bytes(body).map_err(|cause| newer(in_words(&cause.code)))?;
    body.into_content().map_err(|Unknown(reason)| newer(reason))
}

/// What is not known, without quoting the content: the words around a mistake may be a secret.
fn in_words(cause: &ron::Error) -> String {
    match cause {
        ron::Error::NoSuchStructField { found, .. } | ron::Error::NoSuchEnumVariant { found, .. } => {
            format!("it does not know `{found}`")
        }
        ron::Error::MissingStructField { field, .. } => format!("`{field}` is missing"),
        _ => "its content has the wrong form".to_owned(),
    }
}

/// Counts what is written.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}
