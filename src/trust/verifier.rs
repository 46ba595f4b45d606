//! The judge of a device's certificate, called by rustls in the middle of the handshake.
//!
//! It decides nothing itself: webpki builds and checks the chain, the dates and the usage, and then
//! the name that the [`Expectation`] picked. What it adds is the facts, since a handshake that
//! fails here is the commonest support call there is. Nothing is sent to a server that failed.

use super::RootCaChain;
use super::expectation::Expectation;
use crate::error::Kind;
use crate::provider::provider;
use crate::x509::Certificate;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme};
use std::sync::Arc;

/// The smallest RSA key that TLS libraries of today, ours included, still take.
const RSA_BITS_MIN: usize = 2048;

/// Verifies server certificates against a Root CA chain and an expectation.
pub(crate) struct DeviceVerifier {
    pub(crate) roots: Arc<RootCaChain>,
    pub(crate) expectation: Expectation,
}

/// Why a certificate was refused; travels through rustls and back out (see [`refusal_in`]).
pub(crate) struct Refusal(Kind);

/// The reason of ours inside an error of rustls, if it holds one.
pub(crate) fn refusal_in(error: &TlsError) -> Option<Kind> {
    match error {
        TlsError::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref::<Refusal>().map(|refusal| refusal.0.clone())
        }
        _ => None,
    }
}

impl DeviceVerifier {
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Kind> {
        self.judge_chain(leaf, sent, now)?;
        self.judge_name(leaf, now)
    }

    /// The first half: key, chain, dates and usage.
    pub(crate) fn judge_chain(
        &self,
        leaf: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Kind> {
        let unusable = |problem: &str| Kind::DeviceCertificateUnusable { problem: problem.into() };
        let certificate = parsed(leaf)?;
        if !certificate.is_v3 {
            return Err(unusable("it is an X.509 v1 certificate, which cannot hold a name"));
        }
        // webpki would only say that the signature is bad, in the middle of the handshake.
        if let Some(bits) = certificate.rsa_bits.filter(|bits| *bits < RSA_BITS_MIN) {
            return Err(unusable(&format!(
                "its RSA key has {bits} bits; less than {RSA_BITS_MIN} are not safe"
            )));
        }
        let mut intermediates = sent.to_vec();
        intermediates.extend_from_slice(self.roots.intermediates());
        ParsedCertificate::try_from(leaf)
            .and_then(|parsed| {
                verify_server_cert_signed_by_trust_anchor(
                    &parsed,
                    self.roots.anchors(),
                    &intermediates,
                    now,
                    provider().signature_verification_algorithms.all,
                )
            })
            .map_err(|error| explain(&error, &certificate, &self.expectation, now))
    }

    /// The second half: the name.
    pub(crate) fn judge_name(&self, leaf: &CertificateDer<'_>, now: UnixTime) -> Result<(), Kind> {
        let certificate = parsed(leaf)?;
        match self.expectation.name_to_verify(&certificate)? {
            Some(name) => ParsedCertificate::try_from(leaf)
                .and_then(|parsed| verify_server_name(&parsed, &name))
                .map_err(|error| explain(&error, &certificate, &self.expectation, now)),
            None => Ok(()),
        }
    }
}

fn parsed(leaf: &CertificateDer<'_>) -> Result<Certificate, Kind> {
    let problem = "it is not an X.509 certificate";
    Certificate::parse(leaf).map_err(|_| Kind::DeviceCertificateUnusable { problem: problem.into() })
}

/// Turns an error of webpki, as rustls words it, into facts.
fn explain(error: &TlsError, certificate: &Certificate, expectation: &Expectation, now: UnixTime) -> Kind {
    let unusable = |problem: &str| Kind::DeviceCertificateUnusable { problem: problem.into() };
    let now = now.as_secs();
    let TlsError::InvalidCertificate(error) = error else {
        return unusable(&error.to_string());
    };
    match error {
        CertificateError::Expired => Kind::DeviceCertificateExpired { not_after: certificate.not_after, now },
        // The context may speak of an issuer's dates rather than of the leaf's.
        CertificateError::ExpiredContext { not_after, .. } => {
            Kind::DeviceCertificateExpired { not_after: not_after.as_secs(), now }
        }
        CertificateError::NotValidYet => {
            Kind::DeviceCertificateNotYetValid { not_before: certificate.not_before, now }
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            Kind::DeviceCertificateNotYetValid { not_before: not_before.as_secs(), now }
        }
        // A foreign CA that carries the name of ours shows up as a bad signature.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            Kind::UnknownIssuer { subject: certificate.subject.clone(), issuer: certificate.issuer.clone() }
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            expectation.wrong_device(certificate)
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            unusable(match certificate.leaves_servers_out {
                true => "it is not meant for servers (extended key usage)",
                false => "a CA above it is not meant to issue for servers (extended key usage)",
            })
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            unusable("it is signed with an algorithm that is no longer considered safe")
        }
        CertificateError::BadEncoding => unusable("it is damaged"),
        CertificateError::Other(OtherError(inner)) => unusable(&crate::words::printable(&inner.to_string())),
        other => unusable(&crate::words::printable(&format!("{other:?}"))),
    }
}

impl ServerCertVerifier for DeviceVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        // The expectation knows better: it may be a whole domain, where TLS asks for no name.
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        match self.judge(end_entity, intermediates, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(kind) => Err(TlsError::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(
                Refusal(kind),
            ))))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// rustls asks for it and nobody prints it; derived, it would bring how every certificate is printed.
impl std::fmt::Debug for DeviceVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceVerifier")
    }
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message())
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message())
    }
}

impl std::error::Error for Refusal {}
