//! Certificates that a person gave for a server: those of an authority of the ministry, or the server's own.
//!
//! Only the outside is read here, the PEM text around each certificate. Whether a certificate is one shows when a
//! connection is prepared with it (`dhis2::trust`).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// More certificates than a server has a use for.
const MOST: usize = 100;
/// The largest file that is looked into, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;

const BEGIN: [&str; 2] = ["-----BEGIN CERTIFICATE-----", "-----BEGIN X509 CERTIFICATE-----"];
const END: [&str; 2] = ["-----END CERTIFICATE-----", "-----END X509 CERTIFICATE-----"];

/// One or more certificates, in the order of their file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates(Vec<Vec<u8>>);

/// Why a text holds no usable certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificatesError {
    /// Nothing of the kind.
    #[error("it holds no certificate")]
    None,
    /// A secret stands beside the certificates.
    #[error("it holds a private key, which belongs on the server and nowhere else")]
    PrivateKey,
    /// A certificate whose text is damaged.
    #[error("its certificate number {0} is damaged")]
    Damaged(usize),
    /// More than anybody needs.
    #[error("it holds more than {MOST} certificates")]
    TooMany,
}

impl Fault for CertificatesError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::None => {
                "a PEM file has lines like `-----BEGIN CERTIFICATE-----`; a DER file becomes one with `openssl x509 \
                 -inform der -in FILE -out FILE.pem`"
            }
            Self::PrivateKey => "give a file with the certificate alone",
            Self::Damaged(_) => "get the file again from whoever runs the server",
            Self::TooMany => "give only the authority of this server, or the server's own certificate",
        };
        Some(hint.to_owned())
    }
}

impl Certificates {
    /// Reads a PEM text. What stands around the certificates is passed over, as other programs do, but for a private
    /// key: that somebody hands one around should not go unnoticed.
    ///
    /// # Errors
    /// [`CertificatesError`]
    pub fn parse(text: &str) -> Result<Self, CertificatesError> {
        let mut certificates: Vec<Vec<u8>> = Vec::new();
        let mut inside: Option<String> = None;
        for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
            if line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY-----") {
                return Err(CertificatesError::PrivateKey);
            }
            let damaged = || CertificatesError::Damaged(certificates.len() + 1);
            match &mut inside {
                None if BEGIN.contains(&line) => inside = Some(String::new()),
                None => {}
                Some(body) if END.contains(&line) => {
                    let certificate = STANDARD.decode(body.as_bytes()).map_err(|_| damaged())?;
                    if certificate.is_empty() {
                        return Err(damaged());
                    }
                    if !certificates.contains(&certificate) {
                        certificates.push(certificate);
                    }
                    inside = None;
                }
                Some(_) if line.starts_with("-----") => return Err(damaged()),
                Some(body) => body.push_str(line),
            }
        }
        if inside.is_some() {
            return Err(CertificatesError::Damaged(certificates.len() + 1));
        }
        match certificates.len() {
            0 => Err(CertificatesError::None),
            number if number > MOST => Err(CertificatesError::TooMany),
            _ => Ok(Self(certificates)),
        }
    }

    /// The certificates themselves (DER).
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// The SHA-256 fingerprint of each, as browsers and `openssl x509 -fingerprint -sha256` print it.
    pub fn fingerprints(&self) -> Vec<String> {
        self.iter().map(fingerprint).collect()
    }
}

/// The SHA-256 fingerprint of a certificate (DER).
pub fn fingerprint(certificate: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

impl std::str::FromStr for Certificates {
    type Err = CertificatesError;

    fn from_str(text: &str) -> Result<Self, CertificatesError> {
        Self::parse(text)
    }
}

impl fmt::Display for Certificates {
    /// The PEM text.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LINE: usize = 64;
        for certificate in &self.0 {
            let body = STANDARD.encode(certificate);
            writeln!(formatter, "{}", BEGIN[0])?;
            let mut rest = body.as_str();
            while let Some((line, more)) =
                rest.split_at_checked(LINE.min(rest.len())).filter(|(line, _)| !line.is_empty())
            {
                writeln!(formatter, "{line}")?;
                rest = more;
            }
            writeln!(formatter, "{}", END[0])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Certificates, CertificatesError, Fault};

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_are_read_and_written_as_they_are() {
        let text =
            format!("\u{feff}subject=CN = x\r\n{}\n{ONE}{ONE}", ONE.replace("AAEC", "AwQF").replace('\n', "\r\n"));
        let read = Certificates::parse(&text).unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), [&[3, 4, 5][..], &[0, 1, 2]], "twice the same is once");
        assert_eq!(read.to_string(), format!("{}{ONE}", ONE.replace("AAEC", "AwQF")));
        assert_eq!(Certificates::parse(&read.to_string()), Ok(read.clone()));
        assert!(read.fingerprints()[1].starts_with("AE:4B:32:80:E5:6E:2F:AF"), "{:?}", read.fingerprints());
        let long = Certificates(vec![vec![7; 1000]]);
        assert!(long.to_string().lines().all(|line| line.len() <= 64));
        assert_eq!(Certificates::parse(&long.to_string()), Ok(long));
    }

    #[test]
    fn what_is_no_certificate_is_refused_in_words() {
        for (text, error) in [
            ("", CertificatesError::None),
            ("0\u{82}binary", CertificatesError::None),
            ("-----BEGIN CERTIFICATE-----\nAAEC\n", CertificatesError::Damaged(1)),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", CertificatesError::Damaged(1)),
            ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", CertificatesError::Damaged(1)),
            ("-----BEGIN EC PRIVATE KEY-----\nAAEC\n-----END EC PRIVATE KEY-----", CertificatesError::PrivateKey),
        ] {
            assert_eq!(Certificates::parse(text), Err(error.clone()), "{text}");
            assert!(error.hint().is_some());
        }
        let key = format!("{ONE}-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----");
        assert_eq!(Certificates::parse(&key), Err(CertificatesError::PrivateKey));
    }
}
