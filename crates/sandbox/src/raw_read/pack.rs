//! `compression=gzip|zip`: the body as a file, without `Content-Encoding` (`raw-read/compression-gzip`).

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

/// The body as a gzip file.
pub(super) fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The body as a zip archive with one deflated entry (APPNOTE 4.3: local header, data, central directory, its end).
pub(super) fn zip(body: &[u8], entry: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    let packed = encoder.finish()?;
    let mut crc = Crc::new();
    crc.update(body);
    // Version 2.0 to extract, no flags, deflate, and the first day that a DOS date knows.
    let mut common = Vec::new();
    for number in [20_u16, 0, 8, 0, 0x0021] {
        common.extend_from_slice(&number.to_le_bytes());
    }
    for number in [crc.sum(), length(packed.len())?, length(body.len())?] {
        common.extend_from_slice(&number.to_le_bytes());
    }
    let name = u16::try_from(entry.len()).map_err(std::io::Error::other)?;
    common.extend_from_slice(&name.to_le_bytes());
    common.extend_from_slice(&0_u16.to_le_bytes()); // no extra field

    let mut archive = b"PK\x03\x04".to_vec();
    archive.extend_from_slice(&common);
    archive.extend_from_slice(entry.as_bytes());
    archive.extend_from_slice(&packed);
    let directory = length(archive.len())?;
    archive.extend_from_slice(b"PK\x01\x02\x14\x00");
    archive.extend_from_slice(&common);
    archive.extend_from_slice(&[0; 14]); // no comment, first disk, no attributes, local header at 0
    archive.extend_from_slice(entry.as_bytes());
    let size = length(archive.len())? - directory;
    archive.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    archive.extend_from_slice(&size.to_le_bytes());
    archive.extend_from_slice(&directory.to_le_bytes());
    archive.extend_from_slice(&[0; 2]);
    Ok(archive)
}

fn length(length: usize) -> std::io::Result<u32> {
    u32::try_from(length).map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{gzip, zip};

    #[test]
    fn both_forms_hold_the_body() {
        let body = b"{\"dataValues\":[]}".repeat(50);
        let packed = gzip(&body).unwrap();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, body);

        let archive = zip(&body, "dataValues.json").unwrap();
        assert!(archive.starts_with(b"PK\x03\x04"));
        let data = 30 + "dataValues.json".len();
        let mut plain = Vec::new();
        flate2::read::DeflateDecoder::new(&archive[data..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, body);
        assert_eq!(&archive[archive.len() - 22..archive.len() - 18], b"PK\x05\x06");
    }
}
