//! Pairing over both doors (section 2): what a right request brings, what a wrong one is told, and each way in which a
//! reply can go astray.

mod common;

use common::{PATIENCE, Till, certificates, labels, pairing};
use poslatch_simulator::{Event, Faults, FrameKind, PairingReply, PosIdReuse, Simulator};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_tungstenite::tungstenite::{self, Message};

fn device() -> Simulator {
    Simulator::builder().start().expect("a device")
}

fn with(faults: Faults) -> Simulator {
    Simulator::builder().faults(faults).start().expect("a device")
}

fn replying(pairing_reply: PairingReply) -> Simulator {
    with(Faults { pairing_reply, ..Faults::default() })
}

#[test]
fn right_code_brings_key_leaf_issuing_ca_and_root() {
    let device = device();
    let reply = Till::new(&device).post(&pairing("1001", &device.setup_code())).expect("a reply");
    assert_eq!((reply.status, reply.content_type.as_str()), (200, "text/plain"));
    assert_eq!(labels(&reply.body), ["RSA PRIVATE KEY", "CERTIFICATE", "CERTIFICATE", "CERTIFICATE"]);
    let chain = certificates(&reply.body);
    assert_eq!(chain[1].as_ref(), device.pki().issuing_der());
    assert_eq!(chain[2].as_ref(), device.pki().root_der());
    assert!(Till::new(&device).with_reply(&reply.body).post("{}").is_ok(), "the new identity is accepted");
}

#[test]
fn stranger_cannot_fill_the_record_with_long_texts() {
    let device = device();
    let long = "9".repeat(1 << 20);
    let reply = Till::new(&device).post(&pairing(&long, "WRONG123")).expect("a reply");
    assert_eq!(reply.status, 403);
    let request = serde_json::json!({ "type": long, "message": long }).to_string();
    assert_eq!(Till::new(&device).post(&request).expect("a reply").status, 403);
    let mut socket = Till::new(&device).with(&device.issue_till("1001")).websocket();
    socket.0.send(Message::text(request)).expect("sent");
    assert!(socket.receive()["developerDescription"].as_str().is_some_and(|told| told.contains(&long)));
    let printed = format!("{:?}", device.events());
    assert!(printed.contains("999…"), "{printed}");
    assert!(printed.len() < 20_000, "{} bytes", printed.len());
}

#[test]
fn pairing_is_on_record_without_its_secrets() {
    let device = device();
    let code = device.setup_code();
    let reply = Till::new(&device).post(&pairing("1001", &code)).expect("a reply");
    let events = device.events();
    let not_after = events.iter().find_map(|event| match event {
        Event::Paired { pos_id, not_after, .. } if pos_id == "1001" => Some(*not_after),
        _ => None,
    });
    assert!(not_after.expect("paired") > SystemTime::now() + Duration::from_secs(700 * 24 * 60 * 60));
    let printed = format!("{events:?}");
    assert!(!printed.contains(&code) && !printed.contains(&reply.body[40..80]), "{printed}");
}

#[test]
fn each_pairing_has_its_own_key() {
    let device = device();
    let pair = || Till::new(&device).post(&pairing("1001", &device.setup_code())).expect("a reply").body;
    let (first, second) = (pair(), pair());
    assert_ne!(first.split("-----END").next(), second.split("-----END").next());
}

#[test]
fn channel_pairs_too_and_stays_open() {
    let device = device();
    let mut socket = Till::new(&device).websocket();
    socket.0.send(Message::text(pairing("1001", "WRONG123"))).expect("sent");
    assert_eq!(socket.receive()["message"], "Invalid setup code");
    socket.0.send(Message::text(pairing("1001", &device.setup_code()))).expect("sent");
    let frame = socket.frame().expect("a frame");
    assert_eq!(labels(frame.to_text().expect("text")).len(), 4);
    socket.0.send(Message::text(pairing("1002", &device.setup_code()))).expect("sent");
    assert!(socket.frame().expect("a second pairing").is_text());
}

#[test]
fn wrong_code_is_refused_with_403() {
    let device = device();
    let reply = Till::new(&device).post(&pairing("1001", "WRONG123")).expect("a reply");
    assert_eq!((reply.status, reply.content_type.as_str()), (403, "application/json"));
    let reply = reply.json();
    assert_eq!((&reply["type"], &reply["message"]), (&json!("ErrorResponse"), &json!("Invalid setup code")));
    assert!(reply["developerDescription"].is_string());
}

#[test]
fn used_code_is_refused_and_a_new_one_shown() {
    let device = device();
    let code = device.setup_code();
    assert_eq!(Till::new(&device).post(&pairing("1001", &code)).expect("a reply").status, 200);
    assert_eq!(Till::new(&device).post(&pairing("1001", &code)).expect("a reply").status, 403);
    assert_ne!(device.setup_code(), code);
}

#[test]
fn used_code_serves_again_if_so_switched() {
    let device = with(Faults { single_use_code: false, ..Faults::default() });
    let code = device.setup_code();
    for _ in 0..2 {
        assert_eq!(Till::new(&device).post(&pairing("1001", &code)).expect("a reply").status, 200);
    }
}

#[test]
fn expired_code_is_refused() {
    let device = Simulator::builder().code_interval(Duration::from_millis(50)).start().expect("a device");
    let code = device.setup_code();
    let shown_before = device.events().len();
    device
        .wait_for(
            |events| events[shown_before..].iter().find(|e| matches!(e, Event::CodeShown { .. })).map(drop),
            PATIENCE,
        )
        .expect("a new code by itself");
    assert_eq!(Till::new(&device).post(&pairing("1001", &code)).expect("a reply").status, 403);
}

#[test]
fn renewed_code_makes_the_old_one_stale() {
    let device = device();
    let old = device.setup_code();
    let new = device.renew_setup_code();
    assert_eq!(Till::new(&device).post(&pairing("1001", &old)).expect("a reply").status, 403);
    assert_eq!(Till::new(&device).post(&pairing("1001", &new)).expect("a reply").status, 200);
}

#[test]
fn malformed_request_is_refused_with_400() {
    let device = device();
    let code = device.setup_code();
    let missing = json!({ "setupCode": code }).to_string();
    let number = json!({ "posId": 1, "setupCode": code }).to_string();
    for body in ["", "{", "[]", "{}", &missing, &number] {
        let reply = Till::new(&device).post(body).expect("a reply");
        assert_eq!((reply.status, &reply.json()["type"]), (400, &json!("ErrorResponse")), "{body}");
    }
    assert_eq!(device.setup_code(), code, "none of them used the code up");
}

#[test]
fn pos_id_with_letters_gets_500_only_if_so_switched() {
    let device = device();
    assert_eq!(
        Till::new(&device).post(&pairing("till-A", &device.setup_code())).expect("a reply").status,
        200
    );
    device.set_faults(Faults { numeric_pos_id_only: true, ..Faults::default() });
    let code = device.setup_code();
    assert_eq!(Till::new(&device).post(&pairing("till-A", &code)).expect("a reply").status, 500);
    assert_eq!(Till::new(&device).post(&pairing("1001", &code)).expect("a reply").status, 200);
}

#[test]
fn replaced_reply_arrives_as_given_and_uses_the_code_up() {
    let reply =
        PairingReply::Status { code: 503, content_type: "text/html".into(), body: b"<p>later".to_vec() };
    let device = replying(reply);
    let code = device.setup_code();
    let reply = Till::new(&device).post(&pairing("1001", &code)).expect("a reply");
    assert_eq!(
        (reply.status, reply.content_type.as_str(), reply.body.as_str()),
        (503, "text/html", "<p>later")
    );
    assert_ne!(device.setup_code(), code);

    device.set_faults(Faults { pairing_reply: PairingReply::Body(b"hello".to_vec()), ..Faults::default() });
    let reply = Till::new(&device).post(&pairing("1001", &device.setup_code())).expect("a reply");
    assert_eq!((reply.status, reply.body.as_str()), (200, "hello"));
}

#[test]
fn lost_reply_leaves_a_paired_till_behind() {
    let device = replying(PairingReply::CloseBeforeReply);
    let lost = Till::new(&device).post(&pairing("1001", &device.setup_code()));
    assert!(lost.is_err());
    assert!(device.events().iter().any(|event| matches!(event, Event::Paired { .. })));

    let mut socket = Till::new(&device).websocket();
    socket.0.send(Message::text(pairing("1001", &device.setup_code()))).expect("sent");
    assert!(socket.frame().is_err());
}

#[test]
fn truncated_reply_ends_where_it_was_told_to() {
    use std::io::{Read, Write};
    let device = replying(PairingReply::Truncated(100));
    let mut stream = Till::new(&device).connect().expect("a stream");
    let body = pairing("1001", &device.setup_code());
    write!(stream, "POST / HTTP/1.1\r\nHost: d\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .expect("sent");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("an orderly close");
    let reply = String::from_utf8(reply).expect("text");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body.len(), 100, "{head}");
    assert!(!head.contains("content-length: 100"), "the whole length was announced: {head}");

    let mut socket = Till::new(&device).websocket();
    socket.0.send(Message::text(pairing("1001", &device.setup_code()))).expect("sent");
    assert_eq!(socket.frame().expect("a frame").len(), 100);
    assert!(socket.frame().is_err());
}

#[test]
fn binary_frame_carries_the_reply_if_so_switched() {
    let device = with(Faults { pairing_frame: FrameKind::Binary, ..Faults::default() });
    let mut socket = Till::new(&device).websocket();
    socket.0.send(Message::text(pairing("1001", &device.setup_code()))).expect("sent");
    let frame = socket.frame().expect("a frame");
    assert!(frame.is_binary());
    assert_eq!(labels(frame.to_text().expect("text")).len(), 4);
}

#[test]
fn pairing_reply_that_never_comes_keeps_the_connection_open() {
    let device = replying(PairingReply::Never);
    let mut socket = Till::new(&device).websocket();
    socket.0.send(Message::text(pairing("1001", &device.setup_code()))).expect("sent");
    let paired = |events: &[Event]| events.iter().find(|e| matches!(e, Event::Paired { .. })).map(drop);
    device.wait_for(paired, PATIENCE).expect("paired all the same");
    socket.0.send(Message::Ping("still there?".into())).expect("sent");
    assert!(matches!(socket.frame(), Ok(Message::Pong(_))));
}

#[test]
fn refused_upgrade_has_the_status_that_was_asked_for() {
    let device = with(Faults { websocket_refused: Some(503), ..Faults::default() });
    let stream = Till::new(&device).connect().expect("a stream");
    let refused =
        tungstenite::client(format!("wss://{}/", device.device_name()), stream).expect_err("no upgrade");
    assert!(refused.to_string().contains("503"), "{refused}");
}

#[test]
fn pos_id_may_be_used_again_unless_switched() {
    let device = device();
    let pair = || Till::new(&device).post(&pairing("1001", &device.setup_code())).expect("a reply");
    let accepted = |reply: &str| Till::new(&device).with_reply(reply).post("{}").is_ok();
    let (first, second) = (pair().body, pair().body);
    assert!(accepted(&first) && accepted(&second), "both are valid");

    device.set_faults(Faults { pos_id_reuse: PosIdReuse::Reject, ..Faults::default() });
    let code = device.setup_code();
    let reply = pair();
    assert_eq!((reply.status, reply.json()["message"].as_str()), (409, Some("posId already in use")));
    assert_eq!(device.setup_code(), code, "the code is still good");
    assert!(accepted(&first) && accepted(&second));
    assert_eq!(Till::new(&device).post(&pairing("1001", "WRONG123")).expect("a reply").status, 403);
    assert_eq!(Till::new(&device).post(&pairing("1002", &code)).expect("a reply").status, 200);

    device.set_faults(Faults { pos_id_reuse: PosIdReuse::Replace, ..Faults::default() });
    let third = pair().body;
    assert!(accepted(&third));
    for replaced in [&first, &second] {
        let refusal = Till::new(&device).with_reply(replaced).refusal();
        assert!(refusal.contains("CertificateUnknown"), "{refusal}");
    }
}

#[test]
fn replaced_till_does_not_come_back_by_its_session() {
    let device = with(Faults { pos_id_reuse: PosIdReuse::Replace, ..Faults::default() });
    let old = device.issue_till("1001");
    let config = Arc::new(Till::new(&device).with(&old).config());
    Till::new(&device).configured(&config).post("{}").expect("a reply, and with it the ticket");
    device.issue_till("1001");
    let refusal = Till::new(&device).configured(&config).refusal();
    assert!(refusal.contains("CertificateUnknown"), "{refusal}");
}
