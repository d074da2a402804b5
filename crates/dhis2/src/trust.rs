//! Connections to a server for which a person gave certificates.
//!
//! Such a server is trusted by these certificates and by nothing else: what this machine trusts besides does not count
//! for it. Two ways lead in:
//!
//! - its certificate was issued by one of them (an authority of the ministry, say): chain, dates and host name are
//!   checked as always
//! - its certificate *is* one of them, byte for byte. A certificate that signs itself has no issuer to be asked for, and
//!   `openssl req -x509` makes one that calls itself an authority, which is refused as a server's own. Given for this
//!   server by hand, it says by itself who is there: whoever shows it has to prove with its key that it is theirs.
//!   Dates are checked all the same. The host name is checked too if the certificate names any; one without names
//!   (`-subj /CN=…` alone) is taken for the server that it was given for.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use crate::error::ClientErrorKind;
use crate::tls::{NotGiven, is_authority_of_its_own};
use xfer_domain::certificates::{Certificates, fingerprint};

/// The settings of encrypted connections that trust these certificates and no others.
pub(crate) fn trusting(certificates: &Certificates) -> Result<ClientConfig, ClientErrorKind> {
    let failed = |error: &dyn std::fmt::Display| {
        ClientErrorKind::setup(format!("the certificates given for the server cannot be used: {error}"))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Given::new(certificates, &provider).map_err(|error| failed(&error))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // What the HTTP library asks for when it makes these settings by itself.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Whether connections can be made with these certificates.
pub fn check_usable(certificates: &Certificates) -> Result<(), ClientErrorKind> {
    trusting(certificates).map(drop)
}

/// Judges a server's certificate by those that were given for it.
#[derive(Debug)]
struct Given {
    certificates: Vec<CertificateDer<'static>>,
    chains: Arc<WebPkiServerVerifier>,
}

impl Given {
    fn new(certificates: &Certificates, provider: &Arc<CryptoProvider>) -> Result<Self, String> {
        let certificates: Vec<CertificateDer<'static>> =
            certificates.iter().map(|certificate| CertificateDer::from(certificate.to_vec())).collect();
        let mut roots = RootCertStore::empty();
        for (certificate, number) in certificates.iter().zip(1..) {
            let unusable = |error| format!("number {number} cannot be trusted ({error})");
            roots.add(certificate.clone()).map_err(unusable)?;
        }
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
        Ok(Self { certificates, chains: chains.map_err(|error| error.to_string())? })
    }
}

impl ServerCertVerifier for Given {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by_chain = self.chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let reason = match by_chain {
            Err(Error::InvalidCertificate(reason)) if self.certificates.iter().any(|given| given == end_entity) => {
                reason
            }
            // Its issuer was not given either, or another one of that name: which one is shown helps to tell a wrong file from a wrong server.
            Err(Error::InvalidCertificate(reason))
                if matches!(reason, CertificateError::UnknownIssuer | CertificateError::BadSignature)
                    || is_authority_of_its_own(&reason) =>
            {
                let given = self.certificates.iter().map(|given| fingerprint(given)).collect();
                let other = NotGiven { shown: fingerprint(end_entity), given };
                return Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(other)))));
            }
            other => return other,
        };
        // The dates are looked at before either of the first two is found out, and the name after both.
        if !is_authority_of_its_own(&reason) && reason != CertificateError::UnknownIssuer && !is_nameless(&reason) {
            return Err(Error::InvalidCertificate(reason));
        }
        match verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name) {
            Err(Error::InvalidCertificate(reason)) if is_nameless(&reason) => Ok(ServerCertVerified::assertion()),
            Err(error) => Err(error),
            Ok(()) => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// Whether a certificate was refused because it names no host at all.
fn is_nameless(reason: &CertificateError) -> bool {
    matches!(reason, CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty())
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn params(names: &[&str], is_authority: bool) -> CertificateParams {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        if is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params
    }

    fn signed(params: &CertificateParams) -> rcgen::Certificate {
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    /// What becomes of a server that shows a certificate where another one was given.
    fn judged(given: &rcgen::Certificate, shown: &rcgen::Certificate) -> Result<(), String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let given = Given::new(&Certificates::parse(&given.pem()).unwrap(), &provider).unwrap();
        let host = ServerName::try_from("dhis2.example.org").unwrap();
        let verdict = given.verify_server_cert(shown.der(), &[], &host, &[], UnixTime::now());
        verdict.map(drop).map_err(|error| crate::tls::TlsProblem::of(&error).to_string())
    }

    #[test]
    fn the_very_certificate_is_enough_whatever_it_calls_itself() {
        for is_authority in [false, true] {
            for names in [&["dhis2.example.org"][..], &[]] {
                let own = signed(&params(names, is_authority));
                assert_eq!(judged(&own, &own), Ok(()), "{names:?}, authority: {is_authority}");
            }
        }
    }

    #[test]
    fn dates_and_names_are_checked_all_the_same() {
        for is_authority in [false, true] {
            let mut expired = params(&["dhis2.example.org"], is_authority);
            expired.not_after = date_time_ymd(2020, 1, 1);
            let mut early = params(&[], is_authority);
            early.not_before = date_time_ymd(4000, 1, 1);
            let elsewhere = params(&["other.example.org"], is_authority);
            for (params, words) in [(expired, "expired"), (early, "not valid yet"), (elsewhere, "another host")] {
                let own = signed(&params);
                let verdict = judged(&own, &own).unwrap_err();
                assert!(verdict.contains(words), "{verdict} (authority: {is_authority})");
            }
        }
    }

    #[test]
    fn another_certificate_is_somebody_else() {
        for is_authority in [false, true] {
            let (own, other) = (
                signed(&params(&["dhis2.example.org"], is_authority)),
                signed(&params(&["dhis2.example.org"], is_authority)),
            );
            let verdict = judged(&own, &other).unwrap_err();
            for certificate in [&own, &other] {
                assert!(verdict.contains(&fingerprint(certificate.der())), "{verdict} (authority: {is_authority})");
            }
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused_before_anything_is_sent() {
        let junk = Certificates::parse("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n").unwrap();
        let refused = trusting(&junk).unwrap_err().to_string();
        assert!(refused.contains("number 1"), "{refused}");
    }
}
