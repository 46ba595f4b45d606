//! A handshake that only looks: what the other side speaks, which certificates it shows, and whether it
//! asks for one. For the probe, which has to tell of servers that nobody trusts.
//!
//! Nothing is sent to a server that has not passed, and here none passes: the verifier writes down what
//! it is shown and refuses every server, so the handshake never completes, no key for sending exists, and
//! no stream comes out of this file. The resolver shows no certificate. What leaves is a ClientHello as in
//! every other call, and the alert of the refusal. Whether the server is to be trusted is judged
//! afterwards, from what was written down, and decided only by [`open`](super::open).

use super::super::cause_of;
use super::super::deadline::Deadline;
use super::super::interrupt::{Interrupt, lock};
use super::super::socket::{Socket, comes_again};
use super::TlsStream;
use crate::address::Address;
use crate::error::{Error, Kind, Phase};
use crate::provider::provider;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, CipherSuite, DigitallySignedStruct, Error as TlsError, SignatureScheme,
    SupportedProtocolVersion,
};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

/// Bytes of the answer that are kept to tell what speaks there.
const FIRST_BYTES: usize = 64;

/// What was seen. Nothing of it is verified.
pub(crate) struct Sight {
    /// What had arrived when the first bytes of the answer did; empty if nothing was said.
    pub(crate) first_bytes: Vec<u8>,
    pub(crate) version: Option<&'static str>,
    pub(crate) cipher: Option<&'static str>,
    /// As shown, the server's own certificate first; empty if it did not come to that.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// The issuers (DER names) that a CertificateRequest hints at; `None` if there was none.
    pub(crate) requested: Option<Vec<Vec<u8>>>,
    /// What kept the certificates from being seen.
    pub(crate) failure: Option<Kind>,
}

/// Looks at the server at the other end of `tcp`, and closes it.
///
/// # Errors
/// `Cancelled`, and faults of the library; what the server does is a fact of the sight.
pub(crate) fn look(
    address: &Address,
    server_name: ServerName<'static>,
    versions: &[&'static SupportedProtocolVersion],
    tcp: TcpStream,
    deadline: Deadline,
    interrupt: &Arc<Interrupt>,
) -> Result<Sight, Error> {
    let observer = Arc::new(Observer::default());
    let config = super::configured(versions, observer.clone(), Some(observer.clone()))?;
    let mut stream = TlsStream::new(config, server_name, address.authority())?;
    stream.socket = Some(Socket::new(tcp, deadline, interrupt)?);
    let hello = stream.push().map_err(|error| Error::from(cause_of(&error, Phase::Handshake)));
    let first_bytes = stream.first_bytes(deadline);
    let outcome = hello.and_then(|()| stream.handshake());
    if interrupt.is_fired() {
        return Err(Kind::Cancelled.into());
    }
    let seen = std::mem::take(&mut *lock(&observer.seen));
    Ok(Sight {
        first_bytes,
        version: stream.tls.protocol_version().map(|_| stream.version()),
        cipher: stream.tls.negotiated_cipher_suite().map(|suite| name_of(suite.suite())),
        failure: match outcome {
            // The refusal is ours, and no fact of the server.
            Err(_) if !seen.chain.is_empty() => None,
            Err(error) => Some(error.into_kind()),
            Ok(()) => Some(Kind::DeviceCertificateUnusable { problem: "the device shows none".into() }),
        },
        chain: seen.chain,
        requested: seen.requested,
    })
}

impl TlsStream {
    /// Waits for the first bytes of the answer, and leaves them for TLS.
    fn first_bytes(&self, deadline: Deadline) -> Vec<u8> {
        let mut bytes = [0; FIRST_BYTES];
        let Some(tcp) = self.socket.as_ref().map(Socket::tcp) else { return Vec::new() };
        let size = loop {
            let Some(remaining) = deadline.remaining() else { break 0 };
            match tcp.set_read_timeout(Some(remaining)).and_then(|()| tcp.peek(&mut bytes)) {
                Err(error) if comes_again(&error) => {}
                result => break result.unwrap_or(0),
            }
        };
        bytes.get(..size).unwrap_or_default().to_vec()
    }
}

/// The suites that the provider has. Not rustls' own names: those of all suites there are would come with
/// them, 30 kB.
fn name_of(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS13_AES_256_GCM_SHA384",
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS13_AES_128_GCM_SHA256",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS13_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => {
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        }
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => {
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        }
        _ => "another cipher",
    }
}

/// Writes down, refuses, and shows nothing.
#[derive(Default)]
struct Observer {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    chain: Vec<CertificateDer<'static>>,
    requested: Option<Vec<Vec<u8>>>,
}

impl ServerCertVerifier for Observer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let shown = std::iter::once(end_entity).chain(intermediates);
        lock(&self.seen).chain = shown.map(|certificate| certificate.clone().into_owned()).collect();
        Err(refused())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Err(refused())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Err(refused())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Observer {
    fn resolve(&self, hint: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        lock(&self.seen).requested = Some(hint.iter().map(|name| name.to_vec()).collect());
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

fn refused() -> TlsError {
    TlsError::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_of_the_provider_has_its_name() {
        for suite in &provider().cipher_suites {
            assert_eq!(Some(name_of(suite.suite())), suite.suite().as_str());
        }
    }
}
