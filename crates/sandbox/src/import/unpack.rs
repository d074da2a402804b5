//! Request bodies as bytes: gzip and zip are recognised by their first bytes, whatever the headers say
//! (`StreamUtils.wrapAndCheckCompressionFormat`; recordings `import/gzip-without-content-encoding`,
//! `import/zip-body`).

use std::borrow::Cow;
use std::io::Read;

/// No body is unpacked to more than this: a test server must not be filled by a few bytes.
const LARGEST: u64 = 512 * 1024 * 1024;

/// The body is packed but damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DamagedBody(pub(crate) String);

/// The body's text. What is not UTF-8 in it is replaced.
pub(crate) fn unpack(body: &[u8]) -> Result<Cow<'_, str>, DamagedBody> {
    let bytes: Cow<'_, [u8]> = match body {
        [0x1f, 0x8b, ..] => inflate(flate2::read::MultiGzDecoder::new(body))?.into(),
        [b'P', b'K', 3, 4, ..] => first_zip_entry(body)?,
        _ => body.into(),
    };
    Ok(match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Cow::Owned(text),
            Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        },
    })
}

fn inflate(packed: impl Read) -> Result<Vec<u8>, DamagedBody> {
    let mut bytes = Vec::new();
    packed.take(LARGEST).read_to_end(&mut bytes).map_err(|error| DamagedBody(error.to_string()))?;
    Ok(bytes)
}

/// The content of a zip file's first entry, stored or deflated, read from its local header.
fn first_zip_entry(file: &[u8]) -> Result<Cow<'_, [u8]>, DamagedBody> {
    let short = || DamagedBody("Unexpected end of ZLIB input stream".to_owned());
    let number = |at: usize| file.get(at..at + 2).map(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]])));
    let method = number(8).ok_or_else(short)?;
    let start = 30 + number(26).ok_or_else(short)? + number(28).ok_or_else(short)?;
    let content = file.get(start..).ok_or_else(short)?;
    if method == 0 {
        let size = file.get(18..22).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
        let size = usize::try_from(size).map_err(|_| short())?;
        return content.get(..size).map(Cow::Borrowed).ok_or_else(short);
    }
    inflate(flate2::read::DeflateDecoder::new(content)).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn plain_gzip_and_damaged_gzip() {
        assert_eq!(unpack(b"{}").as_deref(), Ok("{}"));
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"{\"a\":1}").unwrap();
        let mut packed = encoder.finish().unwrap();
        assert_eq!(unpack(&packed).as_deref(), Ok("{\"a\":1}"));
        packed.truncate(12);
        assert!(unpack(&packed).is_err());
    }

    #[test]
    fn a_stored_zip_entry() {
        let mut file = vec![b'P', b'K', 3, 4, 20, 0, 0, 0, 0, 0];
        file.extend([0; 8]);
        file.extend(2_u32.to_le_bytes());
        file.extend(2_u32.to_le_bytes());
        file.extend(1_u16.to_le_bytes());
        file.extend(0_u16.to_le_bytes());
        file.extend(b"a{}more");
        assert_eq!(unpack(&file).as_deref(), Ok("{}"));
    }
}
