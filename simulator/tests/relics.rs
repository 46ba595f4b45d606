//! Devices of another age (section 4): certificates that no library makes any more, chains in odd orders, TLS 1.1, and
//! those that never answer at all. Each is looked at from the till's side, down to the bytes where that is what counts.

mod common;

use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use common::{PATIENCE, Till, bytes_of_connection};
use pkcs8::der::asn1::{AnyRef, BitStringRef};
use pkcs8::der::{Decode, Reader, SliceReader};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use poslatch_simulator::{
    ClientCertificate, Event, Faults, Pki, ServerCertificate, ServerChain, Simulator, TlsVersions,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn with(faults: Faults) -> Simulator {
    Simulator::builder().faults(faults).start().expect("a device")
}

fn showing(server_certificate: ServerCertificate) -> Simulator {
    with(Faults { server_certificate, ..Faults::default() })
}

#[test]
fn certificate_of_version_1_is_rightly_signed_and_has_no_extensions() {
    let device = showing(ServerCertificate::V1);
    let shown = Onlooker::look(&device);
    let certificate = Taken::apart(&shown.chain[0]);
    // Serial, algorithm, issuer, validity, subject, key.
    assert_eq!(parts(certificate.to_be_signed).len(), 6);
    certificate.check_signature(&shown.chain[1], &RSA_PKCS1_2048_8192_SHA256);
    let error = Till::new(&device).connect_error();
    assert!(error.contains("UnsupportedCertVersion"), "{error}");
    assert_eq!(bytes_of_connection(&device, 2), 0);
}

#[test]
fn certificate_over_sha1_is_rightly_signed_and_says_so_twice() {
    let device = showing(ServerCertificate::Sha1);
    let shown = Onlooker::look(&device);
    let certificate = Taken::apart(&shown.chain[0]);
    assert_eq!(certificate.algorithm, SHA1_WITH_RSA);
    assert_eq!(parts(certificate.to_be_signed)[2], SHA1_WITH_RSA);
    certificate.check_signature(&shown.chain[1], &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY);
    let error = Till::new(&device).connect_error();
    assert!(error.contains("UnsupportedSignatureAlgorithm"), "{error}");
    assert_eq!(bytes_of_connection(&device, 2), 0);
}

#[test]
fn key_of_1024_bits_is_certified_and_used_under_both_versions() {
    let device = showing(ServerCertificate::Rsa1024);
    for version in [&TLS12, &TLS13] {
        let shown = Onlooker::look_speaking(&device, version);
        Taken::apart(&shown.chain[0]).check_signature(&shown.chain[1], &RSA_PKCS1_2048_8192_SHA256);
        assert_eq!(shown.signature.len(), 128, "1024 bits");
        let error = Till::new(&device).speaking(version).connect_error();
        assert!(error.contains("BadSignature"), "{error}");
    }
    let shown = Onlooker::look_speaking(&device, &TLS12);
    UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, public_key(&shown.chain[0]))
        .verify(&shown.signed, &shown.signature)
        .expect("a right signature over the key exchange");
}

#[test]
fn chain_comes_in_the_order_that_was_asked_for() {
    let device = with(Faults::default());
    let (issuing, root) = (device.pki().issuing_der().to_vec(), device.pki().root_der().to_vec());
    for (server_chain, expected) in [
        (ServerChain::Full, vec![&issuing, &root]),
        (ServerChain::Reversed, vec![&root, &issuing]),
        (ServerChain::WithoutRoot, vec![&issuing]),
        (ServerChain::LeafOnly, vec![]),
    ] {
        device.set_faults(Faults { server_chain, ..Faults::default() });
        let chain = Onlooker::look(&device).chain;
        assert_eq!(chain[1..].iter().collect::<Vec<_>>(), expected, "{server_chain:?}");
    }
    device.set_faults(Faults { server_chain: ServerChain::ExtraCertificates, ..Faults::default() });
    let chain = Onlooker::look(&device).chain;
    assert_eq!(chain[1..3], [issuing.clone(), root.clone()]);
    assert!(chain.len() == 4 && chain[3] != issuing && chain[3] != root);
    assert_eq!(parts(parts(&chain[3])[0]).len(), 8, "a certificate");
}

#[test]
fn odd_chain_is_trusted_by_a_careful_till() {
    for server_chain in [ServerChain::Reversed, ServerChain::ExtraCertificates, ServerChain::WithoutRoot] {
        let device = with(Faults { server_chain, ..Faults::default() });
        Till::new(&device).connect().expect("trust");
    }
}

#[test]
fn device_of_tls_1_1_answers_with_the_alert_or_with_its_hello() {
    let device = with(Faults { tls_versions: TlsVersions::Only11, ..Faults::default() });
    for version in [&TLS12, &TLS13] {
        let error = Till::new(&device).speaking(version).connect_error();
        assert!(error.contains("ProtocolVersion"), "{error}");
    }
    assert_eq!(first_answer(&device, b"\x16\x03\x01\x00\x01\x01"), [21, 3, 2, 0, 2, 2, 70]);
    assert!(first_answer(&device, b"GET / HTTP/1.1\r\n\r\n").is_empty());

    device.set_faults(Faults { tls_versions: TlsVersions::Only11Hello, ..Faults::default() });
    for version in [&TLS12, &TLS13] {
        let error = Till::new(&device).speaking(version).connect_error();
        assert!(error.contains("peer is incompatible"), "{error}");
    }
    let hello = first_answer(&device, b"\x16\x03\x01\x00\x01\x01");
    assert_eq!((&hello[..5], &hello[9..11], hello.len()), (&[22, 3, 2, 0, 42][..], &[3, 2][..], 47));
    let said =
        |event: &Event| matches!(event, Event::HandshakeFailed { reason, .. } if reason.contains("1.1"));
    assert!(device.events().iter().any(said));
}

#[test]
fn stalled_handshake_takes_everything_and_says_nothing() {
    let device = with(Faults { stall_handshake: true, ..Faults::default() });
    let mut tcp = TcpStream::connect(device.address()).expect("accepted");
    tcp.write_all(&[0x16; 1000]).expect("taken");
    tcp.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    assert!(tcp.read(&mut [0; 1]).is_err(), "neither a byte nor an end");
    drop(tcp);
    assert_eq!(bytes_of_connection(&device, 1), 0, "the device sees the till give up");

    let stalled = TcpStream::connect(device.address()).expect("accepted");
    let second = |events: &[Event]| {
        events.iter().find(|event| matches!(event, Event::Connected { connection: 2, .. })).map(drop)
    };
    device.wait_for(second, PATIENCE).expect("a second connection");
    device.set_faults(Faults::default());
    Till::new(&device).connect().expect("the next connection is served");
    device.reset_connections();
    stalled.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let error = (&stalled).read(&mut [0; 1]).expect_err("reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn reset_without_alert_is_a_reset() {
    let device = with(Faults::default());
    let till = device.issue_till("1001");
    let client_certificate = ClientCertificate::ResetWithoutAlert;
    device.set_faults(Faults { client_certificate, ..Faults::default() });
    for version in [&TLS12, &TLS13] {
        let refusal = Till::new(&device).speaking(version).with(&till).refusal();
        assert!(refusal.contains("reset"), "{refusal}");
    }
    Till::new(&device).connect().expect("a till without certificate is not concerned");
}

#[test]
fn second_device_can_answer_on_the_address_of_the_first() {
    let first = with(Faults::default());
    let address = first.address();
    let config = Arc::new(Till::new(&first).config());
    drop(first);
    let second = Simulator::builder().serial("1850000999").listen(address).start().expect("the same address");
    let error =
        Till::new(&second).configured(&config).calling_it("1850000123.cybs.seclib.io").connect_error();
    assert!(error.contains("1850000999"), "{error}");
}

#[test]
fn rotated_root_is_a_stranger_until_the_till_is_given_it() {
    let device = with(Faults::default());
    let (old_pki, old_root) = (device.pki().clone(), device.root_ca_chain_pem());
    let config = Arc::new(Till::new(&device).config());
    let mut open = Till::new(&device).connect().expect("trust");

    let new_root = device.rotate_root();
    assert_ne!(new_root, old_root);
    assert_eq!(new_root, device.root_ca_chain_pem());
    assert_ne!(device.pki().root_der(), old_pki.root_der());
    let error = Till::new(&device).configured(&config).connect_error();
    assert!(error.contains("UnknownIssuer"), "{error}");
    Till::new(&device).connect().expect("trust in the new root");
    common::post_on(&mut open, "{}").expect("an open connection stays");
}

#[test]
fn till_of_an_old_root_is_accepted_unless_switched() {
    let device = with(Faults::default());
    let old = device.issue_till("1001");
    device.rotate_root();
    let new = device.issue_till("1002");
    assert_eq!(Till::new(&device).with(&old).post("{}").expect("a reply").status, 200);
    device.set_faults(Faults { accept_tills_of_old_roots: false, ..Faults::default() });
    let refusal = Till::new(&device).with(&old).refusal();
    assert!(refusal.contains("UnknownCA"), "{refusal}");
    assert_eq!(Till::new(&device).with(&new).post("{}").expect("a reply").status, 200);
}

#[test]
fn given_pki_is_used_until_the_root_is_rotated() {
    let pki = Pki::new_in_memory().expect("a PKI");
    let device = Simulator::builder().pki(pki.clone()).start().expect("a device");
    assert_eq!(device.root_ca_chain_pem(), pki.root_ca_chain_pem());
    device.rotate_root();
    device.rotate_root();
    assert_ne!(device.root_ca_chain_pem(), pki.root_ca_chain_pem());
    Till::new(&device).connect().expect("trust");
}

/// Sends bytes over TCP, and returns what comes back before the device closes.
fn first_answer(device: &Simulator, hello: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(device.address()).expect("accepted");
    tcp.write_all(hello).expect("sent");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).expect("an orderly end");
    answer
}

/// A till that trusts everybody and notes what it is shown.
#[derive(Debug)]
struct Onlooker {
    shown: Mutex<Shown>,
    scheme: SignatureScheme,
}

#[derive(Debug, Default, Clone)]
struct Shown {
    chain: Vec<Vec<u8>>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Onlooker {
    fn look(device: &Simulator) -> Shown {
        Self::look_speaking(device, &TLS13)
    }

    fn look_speaking(device: &Simulator, version: &'static rustls::SupportedProtocolVersion) -> Shown {
        let scheme = match version.version {
            ProtocolVersion::TLSv1_2 => SignatureScheme::RSA_PKCS1_SHA256,
            _ => SignatureScheme::RSA_PSS_SHA256,
        };
        let onlooker = Arc::new(Self { shown: Mutex::default(), scheme });
        let till = Till::new(device).speaking(version);
        let mut config = till.config();
        let verifier = Arc::clone(&onlooker) as Arc<dyn ServerCertVerifier>;
        config.dangerous().set_certificate_verifier(verifier);
        till.configured(&Arc::new(config)).connect().expect("a handshake");
        onlooker.shown.lock().expect("no panic").clone()
    }

    fn note(&self, message: &[u8], signed: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, Error> {
        let mut shown = self.shown.lock().expect("no panic");
        shown.signed = message.to_vec();
        shown.signature = signed.signature().to_vec();
        Ok(HandshakeSignatureValid::assertion())
    }
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        self.shown.lock().expect("no panic").chain = chain.map(|der| der.to_vec()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        _: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(message, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        _: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(message, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        // One under each version, so that under TLS 1.2 it is the older one.
        vec![self.scheme]
    }
}

/// The three parts of a certificate.
struct Taken<'a> {
    to_be_signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Taken<'a> {
    fn apart(certificate: &'a [u8]) -> Self {
        let parts = parts(certificate);
        let signature = BitStringRef::from_der(parts[2]).expect("a bit string").raw_bytes();
        Self { to_be_signed: parts[0], algorithm: parts[1], signature }
    }

    fn check_signature(&self, issuer: &[u8], algorithm: &'static dyn VerificationAlgorithm) {
        UnparsedPublicKey::new(algorithm, public_key(issuer))
            .verify(self.to_be_signed, self.signature)
            .expect("a right signature");
    }
}

/// The public key in a certificate, as PKCS#1.
fn public_key(certificate: &[u8]) -> Vec<u8> {
    let to_be_signed = parts(parts(certificate)[0]);
    let key = to_be_signed.iter().find_map(|part| SubjectPublicKeyInfoRef::try_from(*part).ok());
    key.expect("a key").subject_public_key.raw_bytes().to_vec()
}

fn parts(sequence: &[u8]) -> Vec<&[u8]> {
    let content = AnyRef::from_der(sequence).expect("DER").value();
    let mut reader = SliceReader::new(content).expect("DER");
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(reader.tlv_bytes().expect("DER"));
    }
    parts
}

/// `AlgorithmIdentifier` of `sha1WithRSAEncryption`.
const SHA1_WITH_RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";
