//! Both sides of the TLS handshake (section 4): each fault of the device's certificate is what it says, and each till
//! that the device did not pair with is told so.

mod common;

use common::{PATIENCE, Till, bytes_of_connection, pairing};
use poslatch_simulator::{
    Alert, CertificateHint, CertificateRequest, ClientCertificate, Event, Faults, KeyChoice, Pki,
    ServerCertificate, ServerChain, SignedBy, Simulator, TlsVersions, Usage,
};
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, SignatureScheme};
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

fn device() -> Simulator {
    Simulator::builder().start().expect("a device")
}

fn showing(server_certificate: ServerCertificate) -> Simulator {
    Simulator::builder().faults(Faults { server_certificate, ..Faults::default() }).start().expect("a device")
}

fn about_tills(client_certificate: ClientCertificate) -> Faults {
    Faults { client_certificate, ..Faults::default() }
}

#[test]
fn healthy_device_is_trusted_by_its_name_under_both_versions() {
    let device = Simulator::builder().serial("0820-Ab").start().expect("a device");
    for (version, name) in [(&TLS12, "TLSv1.2"), (&TLS13, "TLSv1.3")] {
        Till::new(&device).speaking(version).connect().expect("trust");
        let found = |events: &[Event]| {
            events.iter().find_map(|event| match event {
                Event::Handshake { tls_version, sni, client_chain_len: 0, .. } if tls_version == name => {
                    sni.clone()
                }
                _ => None,
            })
        };
        // TLS drops the letter case of the name on the way.
        let sni = device.wait_for(found, PATIENCE).expect("a handshake");
        assert!(sni.eq_ignore_ascii_case("0820-ab.cybs.seclib.io"), "{sni}");
    }
}

#[test]
fn each_fault_of_the_certificate_is_what_it_says() {
    let faults = [
        (ServerCertificate::ForeignRoot, "UnknownIssuer"),
        (ServerCertificate::WrongName("1850000999.cybs.seclib.io".into()), "1850000999"),
        (ServerCertificate::NoSan, "not valid for"),
        (ServerCertificate::Expired, "certificate expired"),
        (ServerCertificate::NotYetValid, "not valid yet"),
        (ServerCertificate::ClientAuthOnly, "extended key usage"),
    ];
    for (fault, expected) in faults {
        let device = showing(fault.clone());
        let error = Till::new(&device).connect_error();
        assert!(error.contains(expected), "{fault:?}: {error}");
        assert_eq!(bytes_of_connection(&device, 1), 0, "{fault:?}");
    }
}

#[test]
fn till_that_sends_its_code_to_a_bad_device_is_found_out() {
    let device = device();
    Till::new(&device).post(&pairing("1001", "WRONG123")).expect("a reply");
    assert!(bytes_of_connection(&device, 1) > 0);
}

#[test]
fn leaf_alone_does_not_reach_the_root() {
    let faults = Faults { server_chain: ServerChain::LeafOnly, ..Faults::default() };
    let device = Simulator::builder().faults(faults).start().expect("a device");
    let error = Till::new(&device).connect_error();
    assert!(error.contains("UnknownIssuer"), "{error}");
    device.set_faults(Faults::default());
    Till::new(&device).connect().expect("trust");
}

#[test]
fn address_can_stand_in_the_certificate() {
    let device = showing(ServerCertificate::WrongName("127.0.0.1".into()));
    Till::new(&device).calling_it("127.0.0.1").connect().expect("trust");
}

#[test]
fn custom_certificate_is_shown_as_given() {
    let device = device();
    let odd = CertificateRequest {
        key: KeyChoice::EcP256,
        signed_by: SignedBy::Root,
        usage: Usage::Any,
        ..CertificateRequest::server("other.example")
    };
    let issued = device.pki().issue(&odd).expect("a certificate");
    let server_certificate =
        ServerCertificate::Custom { chain_der: issued.chain_der, key_der: issued.key_pkcs8_der };
    device.set_faults(Faults { server_certificate, ..Faults::default() });
    Till::new(&device).calling_it("other.example").connect().expect("trust");

    let server_certificate = ServerCertificate::Custom { chain_der: Vec::new(), key_der: b"none".to_vec() };
    device.set_faults(Faults { server_certificate, ..Faults::default() });
    assert!(Till::new(&device).connect().is_err());
}

#[test]
fn device_of_one_version_refuses_the_other() {
    let only = |tls_versions| Faults { tls_versions, ..Faults::default() };
    let device = Simulator::builder().faults(only(TlsVersions::Only12)).start().expect("a device");
    assert!(Till::new(&device).speaking(&TLS13).connect().is_err());
    Till::new(&device).speaking(&TLS12).connect().expect("TLS 1.2");
    device.set_faults(only(TlsVersions::Only13));
    assert!(Till::new(&device).speaking(&TLS12).connect().is_err());
    Till::new(&device).speaking(&TLS13).connect().expect("TLS 1.3");
}

#[test]
fn till_of_a_stranger_is_refused_with_unknown_ca() {
    let device = device();
    let stranger = Pki::new_in_memory().expect("a PKI").issue_till("1001").expect("a till");
    for version in [&TLS12, &TLS13] {
        let refusal = Till::new(&device).speaking(version).with(&stranger).refusal();
        assert!(refusal.contains("UnknownCA"), "{refusal}");
    }
}

#[test]
fn till_of_another_device_under_the_same_root_is_refused() {
    let (device, other) = (device(), device());
    let till = other.issue_till("1001");
    Till::new(&other).with(&till).post("{}").expect("its own device takes it");
    let refusal = Till::new(&device).with(&till).refusal();
    assert!(refusal.contains("CertificateUnknown"), "{refusal}");
}

#[test]
fn expired_till_is_refused_with_certificate_expired() {
    let device = device();
    let now = SystemTime::now();
    let day = Duration::from_secs(24 * 60 * 60);
    let request = CertificateRequest {
        not_before: now - 9 * day,
        not_after: now - day,
        ..CertificateRequest::till("1001")
    };
    let expired = device.pki().issue(&request).expect("a certificate");
    let refusal = Till::new(&device).with(&expired).refusal();
    assert!(refusal.contains("CertificateExpired"), "{refusal}");
}

#[test]
fn till_that_leaves_the_issuing_ca_out_is_refused() {
    let device = device();
    let mut till = device.issue_till("1001");
    till.chain_pem.clone_from(&till.leaf_pem);
    let refusal = Till::new(&device).with(&till).refusal();
    assert!(refusal.contains("UnknownCA"), "{refusal}");
}

#[test]
fn each_alert_arrives_by_its_name_under_both_versions() {
    let device = device();
    let till = device.issue_till("1001");
    let alerts = [
        (Alert::AccessDenied, "AccessDenied"),
        (Alert::BadCertificate, "BadCertificate"),
        (Alert::CertificateExpired, "CertificateExpired"),
        (Alert::CertificateRevoked, "CertificateRevoked"),
        (Alert::CertificateUnknown, "CertificateUnknown"),
        (Alert::UnknownCa, "UnknownCA"),
    ];
    for (alert, expected) in alerts {
        device.set_faults(about_tills(ClientCertificate::RefuseWith(alert)));
        for version in [&TLS12, &TLS13] {
            let refusal = Till::new(&device).speaking(version).with(&till).refusal();
            assert!(refusal.contains(expected), "{alert:?}: {refusal}");
        }
    }
}

#[test]
fn alert_arrives_even_if_the_till_has_already_sent_its_request() {
    let device = device();
    let till = device.issue_till("1001");
    device.set_faults(about_tills(ClientCertificate::RefuseWith(Alert::CertificateRevoked)));
    for _ in 0..20 {
        let error = Till::new(&device).speaking(&TLS13).with(&till).post("{}").err().expect("no reply");
        assert!(error.to_string().contains("CertificateRevoked"), "{error}");
    }
}

#[test]
fn close_without_alert_is_a_bare_end_of_stream() {
    let device = device();
    let till = device.issue_till("1001");
    device.set_faults(about_tills(ClientCertificate::CloseWithoutAlert));
    for version in [&TLS12, &TLS13] {
        let refusal = Till::new(&device).speaking(version).with(&till).refusal();
        assert!(!refusal.contains("alert") && refusal != "no error", "{refusal}");
    }
    Till::new(&device).post(&pairing("1001", &device.setup_code())).expect("pairing needs no certificate");
}

#[test]
fn device_that_insists_refuses_a_till_without_certificate() {
    let device = Simulator::builder()
        .faults(about_tills(ClientCertificate::RequiredAlways))
        .start()
        .expect("a device");
    for version in [&TLS12, &TLS13] {
        let refusal = Till::new(&device).speaking(version).refusal();
        assert!(refusal.contains("CertificateRequired"), "{refusal}");
    }
    let till = device.issue_till("1001");
    assert_eq!(Till::new(&device).with(&till).post("{}").expect("a reply").status, 200);
}

#[test]
fn device_set_to_tls_only_serves_tills_without_certificate() {
    let device =
        Simulator::builder().faults(about_tills(ClientCertificate::NotRequested)).start().expect("a device");
    let reply = Till::new(&device).post(&common::lookup("r-1").to_string()).expect("a reply");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["message"], "Transaction not found");
}

#[test]
fn handshake_of_a_paired_till_is_on_record() {
    let device = device();
    let till = device.issue_till("1001");
    Till::new(&device).with(&till).post("{}").expect("a reply");
    let seen = device.events().into_iter().find_map(|event| match event {
        Event::Handshake { client_certificate: Some(pos_id), client_chain_len, resumed, .. } => {
            Some((pos_id, client_chain_len, resumed))
        }
        _ => None,
    });
    assert_eq!(seen, Some(("1001".to_owned(), 3, false)));
}

#[test]
fn hint_names_the_root_only_unless_switched() {
    let device = device();
    let issuing_and_root = Faults { certificate_hint: CertificateHint::IssuingAndRoot, ..Faults::default() };
    let empty = Faults { certificate_hint: CertificateHint::Empty, ..Faults::default() };
    for (faults, expected) in [
        (Faults::default(), vec!["Simulated Root CA"]),
        (issuing_and_root, vec!["Simulated Issuing CA", "Simulated Root CA"]),
        (empty, vec![]),
    ] {
        device.set_faults(faults);
        let hints = Arc::new(Hints::default());
        let till = Till::new(&device);
        let mut config = till.config();
        config.client_auth_cert_resolver = Arc::clone(&hints) as Arc<dyn ResolvesClientCert>;
        till.configured(&Arc::new(config)).connect().expect("a handshake");
        let hints = hints.0.lock().expect("no panic");
        assert_eq!(hints.len(), expected.len());
        for (hint, name) in hints.iter().zip(expected) {
            assert!(hint.windows(name.len()).any(|part| part == name.as_bytes()), "{name}");
        }
    }
}

/// A till that notes the hint and then has no certificate.
#[derive(Debug, Default)]
struct Hints(Mutex<Vec<Vec<u8>>>);

impl ResolvesClientCert for Hints {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().expect("no panic") = hints.iter().map(|hint| hint.to_vec()).collect();
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[test]
fn session_is_resumed_with_tickets_and_never_without() {
    for version in [&TLS12, &TLS13] {
        for (session_tickets, expected) in [(true, HandshakeKind::Resumed), (false, HandshakeKind::Full)] {
            let device = Simulator::builder()
                .faults(Faults { session_tickets, ..Faults::default() })
                .start()
                .expect("a device");
            let till = device.issue_till("1001");
            let config = Arc::new(Till::new(&device).speaking(version).with(&till).config());
            let till = Till::new(&device).configured(&config);
            till.post("{}").expect("a reply, and with it the ticket");
            let mut second = till.connect().expect("a stream");
            assert_eq!(second.conn.handshake_kind(), Some(expected), "{session_tickets}");
            assert_eq!(common::post_on(&mut second, "{}").expect("a reply").status, 200, "rights are kept");
        }
    }
}

#[test]
fn session_is_not_resumed_around_a_new_fault() {
    let device = device();
    let till = device.issue_till("1001");
    let config = Arc::new(Till::new(&device).with(&till).config());
    Till::new(&device).configured(&config).post("{}").expect("a reply, and with it the ticket");
    device.set_faults(about_tills(ClientCertificate::RefuseWith(Alert::CertificateRevoked)));
    let refusal = Till::new(&device).configured(&config).refusal();
    assert!(refusal.contains("CertificateRevoked"), "{refusal}");
}

#[test]
fn dropped_device_closes_its_connections_and_frees_its_port() {
    let device = device();
    let address = device.address();
    let mut stream = Till::new(&device).connect().expect("a stream");
    drop(device);
    assert!(stream.read(&mut [0; 1]).is_err(), "no orderly end when the power goes");
    std::net::TcpListener::bind(address).expect("a free port");
}
