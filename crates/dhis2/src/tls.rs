//! Why an encrypted connection failed, in words an administrator can act on.

use std::fmt;

use rustls::{CertificateError, Error, InvalidMessage};

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// What is wrong with an encrypted connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsProblem {
    /// What answers does not speak TLS: a server without encryption behind an https:// address, as a rule.
    NotEncrypted,
    /// The certificate is no longer valid.
    Expired,
    /// The certificate is not valid yet; or this machine's clock is wrong.
    NotYetValid,
    /// The certificate was issued by nobody that this machine trusts.
    UnknownIssuer,
    /// The server shows the certificate of an authority as its own, as `openssl req -x509` makes it.
    SelfSigned,
    /// Certificates were given for the server, and it shows another one, which none of them issued.
    NotGiven(NotGiven),
    /// The certificate cannot be used for another reason, in the library's words: revoked, or not well formed.
    Unusable(String),
    /// The certificate is that of another host.
    OtherHost,
    /// The server only speaks what is too old to be safe.
    TooOld,
    /// Anything else, in the library's words.
    Other(String),
}

/// A server's certificate that is none of those given for it, by SHA-256 fingerprints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the server's certificate is not the one in the given file: the server has SHA-256 {shown}, the file has {}",
    several(.given)
)]
pub struct NotGiven {
    /// The one that is shown.
    pub shown: String,
    /// Those that were given.
    pub given: Vec<String>,
}

impl Fault for NotGiven {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// The first fingerprints; the rest is counted.
fn several(fingerprints: &[String]) -> String {
    const NAMED: usize = 3;
    let named = fingerprints.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match fingerprints.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

impl TlsProblem {
    /// What a failure of the TLS library means.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotEncrypted,
            Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
                CertificateError::UnknownIssuer => Self::UnknownIssuer,
                CertificateError::Other(other) if other.0.downcast_ref::<NotGiven>().is_some() => other
                    .0
                    .downcast_ref::<NotGiven>()
                    .map_or(Self::UnknownIssuer, |other| Self::NotGiven(other.clone())),
                other if is_authority_of_its_own(other) => Self::SelfSigned,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::OtherHost,
                other => Self::Unusable(other.to_string()),
            },
            Error::NoCertificatesPresented => Self::Unusable(error.to_string()),
            Error::PeerIncompatible(_) | Error::AlertReceived(rustls::AlertDescription::ProtocolVersion) => {
                Self::TooOld
            }
            other => Self::Other(other.to_string()),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NotEncrypted => {
                "if the server has no encryption, its address begins with http://; otherwise check the port"
            }
            Self::Expired => "ask the server's administrator to renew the certificate, and check this machine's clock",
            Self::NotYetValid => "check this machine's clock: the certificate is valid from a later time on",
            Self::UnknownIssuer => {
                "if the ministry issues its own certificates, give its authority for this server: `xfer server edit \
                 NAME --ca-file FILE` (or `server add … --ca-file FILE`); do the same for a self-signed certificate. \
                 An authority for all programs of this machine goes into its trusted certificates (on Debian: a .crt \
                 file in /usr/local/share/ca-certificates, then `update-ca-certificates`), or into the file that \
                 SSL_CERT_FILE names. Otherwise somebody may be listening"
            }
            Self::SelfSigned => {
                "if it is the server's own (as `openssl req -x509` makes it), give it for this server: `xfer server edit \
                 NAME --ca-file FILE`, or `server add … --ca-file FILE`. Ask whoever runs the server for the file, or \
                 compare the fingerprint with theirs: somebody may be listening"
            }
            Self::NotGiven(_) => {
                "if the server got a new certificate, or the file is that of another server, give the right one: `xfer \
                 server edit NAME --ca-file FILE`; compare the fingerprints with whoever runs the server, because somebody \
                 may be listening"
            }
            Self::OtherHost => "use the host name that the certificate is for; somebody may be listening otherwise",
            Self::Unusable(_) => {
                "ask the server's administrator to check the certificate; `openssl s_client -connect HOST:443` shows it"
            }
            Self::TooOld => "the server needs TLS 1.2 or later; its proxy has to be updated",
            Self::Other(_) => {
                "check that the address begins with https:// only if the server speaks it, that the certificate is \
                 valid and that this machine knows who issued it"
            }
        }
    }
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotEncrypted => "the server at this address does not use TLS",
            Self::Expired => "the server's certificate has expired",
            Self::NotYetValid => "the server's certificate is not valid yet",
            Self::UnknownIssuer => {
                "the server's certificate was issued by an authority that this machine does not know"
            }
            Self::SelfSigned => "the server's certificate is self-signed, so no authority confirms it",
            Self::NotGiven(other) => return other.fmt(formatter),
            Self::OtherHost => "the server's certificate is that of another host",
            Self::Unusable(words) => return write!(formatter, "the server's certificate cannot be used: {words}"),
            Self::TooOld => "the server only speaks encryption that is too old to be safe",
            Self::Other(words) => words,
        })
    }
}

/// Whether a certificate was refused because it calls itself an authority and is shown as a server's own.
pub(crate) fn is_authority_of_its_own(reason: &CertificateError) -> bool {
    // The library below has no variant for it; its own error is wrapped.
    matches!(reason, CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, Error, InvalidMessage};

    use super::TlsProblem;

    /// What the library below says of an authority's certificate that is shown as a server's own.
    #[derive(Debug, thiserror::Error)]
    #[error("an authority's certificate")]
    struct CaUsedAsEndEntity;

    #[test]
    fn each_usual_problem_has_words_and_a_remedy_of_its_own() {
        let certificate = Error::InvalidCertificate;
        let own = CertificateError::Other(rustls::OtherError(std::sync::Arc::new(CaUsedAsEndEntity)));
        let usual = [
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "does not use TLS"),
            (certificate(CertificateError::Expired), "expired"),
            (certificate(CertificateError::NotValidYet), "not valid yet"),
            (certificate(CertificateError::UnknownIssuer), "does not know"),
            (certificate(CertificateError::NotValidForName), "another host"),
            (certificate(own), "self-signed"),
            (Error::AlertReceived(rustls::AlertDescription::ProtocolVersion), "too old"),
        ];
        let mut hints = std::collections::BTreeSet::new();
        for (error, words) in usual {
            let problem = TlsProblem::of(&error);
            assert!(problem.to_string().contains(words), "{problem}");
            assert!(hints.insert(problem.hint()), "{problem}");
        }
        assert_eq!(TlsProblem::of(&Error::DecryptError), TlsProblem::Other(Error::DecryptError.to_string()));
    }
}
