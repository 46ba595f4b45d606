//! The judge of till certificates: was it issued here, and what do the switches say? Apart from [`crate::tls`], because
//! its verdicts are what the library under test has to explain to people.

use crate::device::Device;
use crate::{Alert, CertificateHint, ClientCertificate, Pki};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The device's own CAs: the names for the CertificateRequest, and the verifier below ours.
#[derive(Clone)]
pub(crate) struct TrustedIssuers {
    chain: Arc<dyn ClientCertVerifier>,
    root_name: Vec<DistinguishedName>,
    both_names: Vec<DistinguishedName>,
}

impl TrustedIssuers {
    pub(crate) fn new<'a>(
        pkis: impl Iterator<Item = &'a Pki>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        let mut both = RootCertStore::empty();
        for pki in pkis {
            roots.add(CertificateDer::from(pki.root_der()))?;
            both.add(CertificateDer::from(pki.issuing_der()))?;
            both.add(CertificateDer::from(pki.root_der()))?;
        }
        let root_name = roots.subjects();
        // Only the root is an anchor, so a till that sends its leaf without the issuing CA is refused (section 4).
        let chain = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { chain, root_name, both_names: both.subjects() })
    }
}

pub(crate) struct TillVerifier {
    device: Arc<Device>,
    issuers: TrustedIssuers,
    policy: ClientCertificate,
    hint: CertificateHint,
    muted: Arc<AtomicBool>,
}

impl TillVerifier {
    pub(crate) fn new(
        device: Arc<Device>,
        issuers: TrustedIssuers,
        policy: ClientCertificate,
        hint: CertificateHint,
        muted: Arc<AtomicBool>,
    ) -> Self {
        Self { device, issuers, policy, hint, muted }
    }
}

impl ClientCertVerifier for TillVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.policy == ClientCertificate::RequiredAlways
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match self.hint {
            CertificateHint::Empty => &[],
            CertificateHint::IssuingAndRoot => &self.issuers.both_names,
            CertificateHint::RootOnly => &self.issuers.root_name,
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.policy {
            ClientCertificate::RefuseWith(alert) => return Err(refusal(alert).into()),
            ClientCertificate::CloseWithoutAlert | ClientCertificate::ResetWithoutAlert => {
                self.muted.store(true, Ordering::Relaxed);
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
            ClientCertificate::Normal
            | ClientCertificate::NotRequested
            | ClientCertificate::RequiredAlways => {}
        }
        let verified = self.issuers.chain.verify_client_cert(end_entity, intermediates, now)?;
        match self.device.tills.pos_id(end_entity) {
            Some(_) => Ok(verified),
            // `certificate_unknown`: the issuer is known, the certificate is not.
            None => Err(CertificateError::Other(OtherError(Arc::new(IssuedElsewhere))).into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issuers.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issuers.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.issuers.chain.supported_verify_schemes()
    }
}

impl fmt::Debug for TillVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TillVerifier")
            .field("policy", &self.policy)
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}

/// The error from which the TLS library makes the alert that is wanted.
fn refusal(alert: Alert) -> CertificateError {
    match alert {
        Alert::AccessDenied => CertificateError::ApplicationVerificationFailure,
        Alert::BadCertificate => CertificateError::BadEncoding,
        Alert::CertificateExpired => CertificateError::Expired,
        Alert::CertificateRevoked => CertificateError::Revoked,
        Alert::CertificateUnknown => CertificateError::Other(OtherError(Arc::new(IssuedElsewhere))),
        Alert::UnknownCa => CertificateError::UnknownIssuer,
    }
}

#[derive(Debug)]
struct IssuedElsewhere;

impl fmt::Display for IssuedElsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not on the list of the tills of this device")
    }
}

impl std::error::Error for IssuedElsewhere {}
