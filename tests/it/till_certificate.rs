//! The till's own certificate: what is sent of it, and what is heard when the device does not want it.

use crate::common::*;
use poslatch::Status;
use poslatch_simulator::{
    Alert, CertificateHint, ClientCertificate, Event, Faults, Pki, PosIdReuse, Simulator, TlsVersions,
};

#[test]
fn an_identity_of_another_device_is_not_tried() {
    let simulator = simulator();
    let identity = identity(&simulator, "1001");
    let device = builder(&simulator, "https").serial("1850000999").build().expect("valid");
    let error = failure(device.open_mtls(&identity), "other serial");
    assert_eq!(error.status(), Status::IdentityUnusable);
    assert!(error.message().contains("1850000123") && error.message().contains("1850000999"), "{error}");
}

#[test]
fn a_till_that_was_paired_again_uses_the_old_identity_until_the_new_one_is_there() {
    for scheme in SCHEMES {
        for (pos_id_reuse, old_still_opens) in [(PosIdReuse::BothValid, true), (PosIdReuse::Replace, false)] {
            let case = format!("{scheme} {pos_id_reuse:?}");
            let simulator = simulator_with(Faults { pos_id_reuse, ..Faults::default() });
            let device = device(&simulator, scheme);
            let old = device.pair("1001", &setup_code(&simulator)).expect("the first");
            failure(device.pair("1001", "WRONG123"), "a failed attempt");
            device.open_mtls(&old).expect("a failed attempt changes nothing");
            let new = device.pair("1001", &setup_code(&simulator)).expect("the second");
            device.open_mtls(&new).expect("the new one");
            match device.open_mtls(&old) {
                Ok(_) => assert!(old_still_opens, "{case}"),
                Err(error) => {
                    assert!(!old_still_opens, "{case}: {error:?}");
                    assert_eq!(error.status(), Status::TillCertificateRejected, "{case}");
                }
            }
        }
    }
}

#[test]
fn a_device_that_does_not_give_a_pos_id_twice_leaves_the_old_identity_as_it_is() {
    for (scheme, http_status) in [("https", Some(409)), ("wss", None)] {
        let simulator = simulator_with(Faults { pos_id_reuse: PosIdReuse::Reject, ..Faults::default() });
        let device = device(&simulator, scheme);
        let old = device.pair("1001", &setup_code(&simulator)).expect("the first");
        let error = failure(device.pair("1001", &setup_code(&simulator)), scheme);
        assert_eq!(
            (error.status(), error.http_status()),
            (Status::PairingRejected, http_status),
            "{scheme}: {error:?}"
        );
        device.open_mtls(&old).expect("still the old one");
    }
}

#[test]
fn leaf_and_intermediate_are_sent_whatever_issuers_the_device_hints_at() {
    for hint in [CertificateHint::RootOnly, CertificateHint::IssuingAndRoot, CertificateHint::Empty] {
        for tls_versions in [TlsVersions::Only12, TlsVersions::Only13] {
            let faults = Faults { certificate_hint: hint, tls_versions, ..Faults::default() };
            let simulator = simulator_with(faults);
            device(&simulator, "wss").open_mtls(&identity(&simulator, "1001")).expect("opens");
            let length = wait(&simulator, "handshake", |event| match event {
                Event::Handshake { client_chain_len, .. } => Some(*client_chain_len),
                _ => None,
            });
            assert_eq!(length, 2, "{hint:?} {tls_versions:?}");
        }
    }
}

#[test]
fn a_device_that_refuses_the_tills_certificate_is_known_before_open_returns() {
    for scheme in SCHEMES {
        for tls_versions in [TlsVersions::Only12, TlsVersions::Only13] {
            for (client_certificate, status, fact) in [
                (
                    ClientCertificate::RefuseWith(Alert::UnknownCa),
                    Status::TillCertificateRejected,
                    "UnknownCA",
                ),
                (
                    ClientCertificate::RefuseWith(Alert::CertificateRevoked),
                    Status::TillCertificateRejected,
                    "CertificateRevoked",
                ),
                (
                    ClientCertificate::RefuseWith(Alert::BadCertificate),
                    Status::TillCertificateRejected,
                    "BadCertificate",
                ),
                (
                    ClientCertificate::RefuseWith(Alert::AccessDenied),
                    Status::TillCertificateRejected,
                    "AccessDenied",
                ),
                (
                    ClientCertificate::RefuseWith(Alert::CertificateExpired),
                    Status::TillCertificateExpired,
                    "expired on",
                ),
                (
                    ClientCertificate::CloseWithoutAlert,
                    Status::TillCertificateRejected,
                    "closed without an alert",
                ),
                (
                    ClientCertificate::ResetWithoutAlert,
                    Status::TillCertificateRejected,
                    "closed without an alert",
                ),
            ] {
                let case = format!("{scheme} {tls_versions:?} {client_certificate:?}");
                let simulator =
                    simulator_with(Faults { client_certificate, tls_versions, ..Faults::default() });
                let result = device(&simulator, scheme).open_mtls(&identity(&simulator, "1001"));
                let error = failure(result, &case);
                assert_eq!(error.status(), status, "{case}: {error:?}");
                assert!(error.message().contains(fact), "{case}: {error:?}");
                assert!(error.advice().contains("air again"), "{case}: {error:?}");
            }
        }
    }
}

#[test]
fn an_identity_that_another_device_issued_is_rejected_by_the_device() {
    let pki = Pki::new_in_memory().expect("a PKI");
    let stranger = Simulator::builder().serial(SERIAL).pki(pki).start().expect("a simulator starts");
    let simulator = simulator();
    for scheme in SCHEMES {
        let error = failure(device(&simulator, scheme).open_mtls(&identity(&stranger, "1001")), scheme);
        assert_eq!(error.status(), Status::TillCertificateRejected, "{scheme}: {error:?}");
    }
}

#[test]
fn a_device_that_sends_no_session_ticket_is_believed_after_a_moment() {
    let simulator = simulator_with(Faults { session_tickets: false, ..Faults::default() });
    device(&simulator, "https").open_mtls(&identity(&simulator, "1001")).expect("opens");
}
