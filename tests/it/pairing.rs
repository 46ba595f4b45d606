//! Pairing with a healthy device, and with one that says no or says nothing.

use crate::common::*;
use poslatch::{Category, Error, RequestState, Status};
use poslatch_simulator::{ClientCertificate, Event, Exchange, Faults, FrameKind, PairingReply, Simulator};
use std::time::Duration;

#[test]
fn pairing_gives_an_identity_of_this_device_over_https_and_wss() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let identity = device(&simulator, scheme).pair("1001", &setup_code(&simulator)).expect(scheme);

        assert_eq!(identity.pos_id(), "1001");
        assert_eq!(identity.device_name(), Some(DEVICE_NAME));
        assert_eq!(identity.fingerprint().len(), 64);
        assert!(identity.not_before() < identity.not_after());
        assert_eq!(identity.cert_chain_pem().matches("BEGIN CERTIFICATE").count(), 3);
        assert!(!identity.cert_chain_pem().contains("KEY"));
        wait(&simulator, "pairing", |event| {
            matches!(event, Event::Paired { pos_id, .. } if pos_id == "1001").then_some(())
        });
    }
}

#[test]
fn a_reply_in_a_binary_frame_is_as_good() {
    let faults = Faults { pairing_frame: FrameKind::Binary, ..Faults::default() };
    let simulator = simulator_with(faults);
    device(&simulator, "wss").pair("1001", &setup_code(&simulator)).expect("pairs");
}

#[test]
fn spaces_around_the_code_are_ignored() {
    let simulator = simulator();
    let typed = format!("  {}\n", setup_code(&simulator));
    device(&simulator, "https").pair("1001", &typed).expect("pairs");
}

#[test]
fn a_code_of_the_wrong_length_is_refused_before_anything_is_dialled() {
    let simulator = simulator();
    for (code, message) in [
        ("", "the setup code has 0 characters instead of 8"),
        ("8QW1YS1", "the setup code has 7 characters instead of 8"),
        ("8QW1YS1DX", "the setup code has 9 characters instead of 8"),
    ] {
        let error = failure(device(&simulator, "https").pair("1001", code), code);
        assert_eq!(error.status(), Status::CodeMalformed);
        assert_eq!(error.message(), message);
        assert_eq!(error.request_state(), RequestState::NotSent);
    }
    assert!(!simulator.events().iter().any(|event| matches!(event, Event::Connected { .. })));
}

#[test]
fn a_pos_id_that_cannot_be_one_is_refused_before_anything_is_dialled() {
    let simulator = simulator();
    for pos_id in ["", "  ", "a\nb", &"9".repeat(257)] {
        let error = failure(device(&simulator, "https").pair(pos_id, &setup_code(&simulator)), pos_id);
        assert_eq!(error.status(), Status::Argument);
    }
    assert!(!simulator.events().iter().any(|event| matches!(event, Event::Connected { .. })));
}

#[test]
fn a_wrong_code_is_a_rejection_in_the_devices_words() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let error = failure(device(&simulator, scheme).pair("1001", "WRONG123"), scheme);
        assert_eq!(error.status(), Status::PairingRejected, "{scheme}: {error:?}");
        assert_eq!(error.category(), Category::Device);
        let words = "\"Invalid setup code; the code is wrong, expired or already used\"";
        assert!(error.message().contains(words), "{scheme}: {error:?}");
        assert!(error.advice().contains("new code"), "{error:?}");
        assert_eq!(error.http_status(), (scheme == "https").then_some(403));
    }
}

#[test]
fn used_and_renewed_codes_are_rejected() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let device = device(&simulator, scheme);
        let used = setup_code(&simulator);
        device.pair("1001", &used).expect("the first time");
        let renewed = renewed_setup_code(&simulator);
        renewed_setup_code(&simulator);
        for code in [used, renewed] {
            is_refused_as_wrong(&failure(device.pair("1002", &code), "old code"), scheme);
        }
    }
}

#[test]
fn a_code_that_the_screen_has_replaced_in_the_meantime_is_rejected() {
    for scheme in SCHEMES {
        let interval = Duration::from_millis(50);
        let simulator =
            Simulator::builder().serial(SERIAL).code_interval(interval).start().expect("a simulator starts");
        let lapsed = setup_code(&simulator);
        let shown =
            |events: &[Event]| events.iter().filter(|event| matches!(event, Event::CodeShown { .. })).count();
        let before = shown(&simulator.events());
        simulator.wait_for(|events| (shown(events) > before).then_some(()), PATIENCE).expect("another code");
        is_refused_as_wrong(&failure(device(&simulator, scheme).pair("1001", &lapsed), scheme), scheme);
    }
}

fn is_refused_as_wrong(error: &Error, scheme: &str) {
    assert_eq!(error.status(), Status::PairingRejected, "{scheme}: {error:?}");
    assert!(error.message().contains("wrong, expired or already used"), "{scheme}: {error:?}");
    assert!(error.advice().contains("new code"), "{scheme}: {error:?}");
}

#[test]
fn the_code_is_struck_out_when_the_device_repeats_it() {
    let body = br#"{"type":"ErrorResponse","message":"Code SECRET12 is wrong"}"#;
    let reply =
        PairingReply::Status { code: 403, content_type: "application/json".into(), body: body.to_vec() };
    let simulator = simulator_with(Faults { pairing_reply: reply, ..Faults::default() });
    let error = failure(device(&simulator, "https").pair("1001", "SECRET12"), "echo");
    // A wrong code is refused before the reply is played, so the words may be the simulator's own.
    assert_eq!(error.status(), Status::PairingRejected);
    assert!(!format!("{error:?}").contains("SECRET12"), "{error:?}");

    let code = setup_code(&simulator);
    let body = format!(r#"{{"type":"ErrorResponse","message":"Code {code} is wrong"}}"#);
    let reply =
        PairingReply::Status { code: 403, content_type: "application/json".into(), body: body.into_bytes() };
    simulator.set_faults(Faults { pairing_reply: reply, ..Faults::default() });
    let error = failure(device(&simulator, "https").pair("1001", &code), "echo");
    assert!(error.message().contains("Code ******** is wrong"), "{error:?}");
}

#[test]
fn a_pos_id_with_letters_that_meets_http_500_is_advised_to_use_digits() {
    let simulator = simulator_with(Faults { numeric_pos_id_only: true, ..Faults::default() });
    let error = failure(device(&simulator, "https").pair("till-7", &setup_code(&simulator)), "letters");
    assert_eq!(error.status(), Status::PairingRejected);
    assert_eq!(error.http_status(), Some(500));
    assert!(error.advice().contains("use digits"), "{error:?}");
    device(&simulator, "https").pair("7", &setup_code(&simulator)).expect("digits");
}

#[test]
fn after_a_lost_reply_the_code_has_to_be_taken_as_spent() {
    for scheme in SCHEMES {
        for reply in [PairingReply::CloseBeforeReply, PairingReply::Truncated(700)] {
            let simulator = simulator_with(Faults { pairing_reply: reply.clone(), ..Faults::default() });
            let case = format!("{scheme} {reply:?}");
            let error = failure(device(&simulator, scheme).pair("1001", &setup_code(&simulator)), &case);
            if scheme == "wss" && matches!(reply, PairingReply::Truncated(_)) {
                // A frame that is whole, with a text that is not.
                assert_eq!(error.status(), Status::PairingReplyUnusable, "{case}: {error:?}");
                continue;
            }
            assert_eq!(error.status(), Status::PairingReplyLost, "{case}: {error:?}");
            assert_eq!(error.request_state(), RequestState::InDoubt, "{case}");
            assert!(error.advice().contains("spent"), "{case}: {error:?}");
        }
    }
}

#[test]
fn a_device_that_never_answers_is_given_up_after_the_pairing_timeout() {
    for scheme in SCHEMES {
        let simulator = simulator_with(Faults { pairing_reply: PairingReply::Never, ..Faults::default() });
        let device =
            builder(&simulator, scheme).pairing_timeout(Duration::from_millis(100)).build().expect("valid");
        let error = failure(device.pair("1001", &setup_code(&simulator)), scheme);
        assert_eq!(error.status(), Status::PairingReplyLost, "{scheme}: {error:?}");
        assert!(error.message().contains("stayed silent for 100 ms"), "{scheme}: {error:?}");
    }
}

#[test]
fn an_interrupted_pairing_returns_cancelled_and_says_that_the_code_is_spent() {
    for scheme in SCHEMES {
        let simulator = simulator_with(Faults { pairing_reply: PairingReply::Never, ..Faults::default() });
        let device = device(&simulator, scheme);
        let (till, code) = (device.clone(), setup_code(&simulator));
        let call = std::thread::spawn(move || till.pair("1001", &code));
        wait(&simulator, "request", |event| matches!(event, Event::PairingRequested { .. }).then_some(()));
        device.interrupt();
        let error = failure(call.join().expect("no panic"), scheme);
        assert_eq!(error.status(), Status::Cancelled, "{scheme}: {error:?}");
        assert_eq!(error.request_state(), RequestState::InDoubt, "{scheme}");
        assert!(error.advice().contains("spent"), "{scheme}: {error:?}");
    }
}

#[test]
fn a_device_that_demands_a_certificate_for_pairing_is_named() {
    for scheme in SCHEMES {
        let faults = Faults { client_certificate: ClientCertificate::RequiredAlways, ..Faults::default() };
        let simulator = simulator_with(faults);
        let error = failure(device(&simulator, scheme).pair("1001", &setup_code(&simulator)), scheme);
        assert_eq!(error.status(), Status::TillCertificateRequired, "{scheme}: {error:?}");
    }
}

#[test]
fn a_refused_websocket_is_named_with_its_http_status() {
    let simulator = simulator_with(Faults { websocket_refused: Some(503), ..Faults::default() });
    let error = failure(device(&simulator, "wss").pair("1001", &setup_code(&simulator)), "503");
    assert_eq!(error.status(), Status::HttpStatus);
    assert_eq!(error.http_status(), Some(503));
    assert_eq!(error.request_state(), RequestState::NotSent);
}

#[test]
fn what_pairing_gave_opens_mutual_tls() {
    for scheme in SCHEMES {
        let simulator = simulator_with(Faults { exchange: Exchange::Normal, ..Faults::default() });
        let device = device(&simulator, scheme);
        let identity = device.pair("1001", &setup_code(&simulator)).expect("pairs");
        let connection = device.open_mtls(&identity).expect("opens");
        assert_eq!(connection.server_name(), Some(DEVICE_NAME));
        assert_eq!(connection.tls_version(), "TLSv1.3");
        let shown = wait(&simulator, "handshake with certificate", |event| match event {
            Event::Handshake { client_certificate: Some(pos_id), client_chain_len, .. } => {
                Some((pos_id.clone(), *client_chain_len))
            }
            _ => None,
        });
        assert_eq!(shown, ("1001".to_owned(), 2), "leaf and intermediate, not the root");
    }
}
