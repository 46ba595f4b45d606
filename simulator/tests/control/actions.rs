//! What can be done to a device: everything that its handle can.

use crate::common::{Till, lookup, pairing, payment, wait_for_event, wait_for_payment};
use crate::{Bench, screen};
use poslatch_simulator::{Event, Exchange, Faults};
use serde_json::{Value, json};
use std::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[test]
fn till_that_pairs_with_the_shown_code_is_greeted_until_somebody_closes_it() {
    let Bench { pair, client } = Bench::new();
    client.act("/api/activation/close", &json!({}));
    assert_eq!(client.show("/api/state")["shown"], "idle");
    let code = client.act("/api/code", &json!({}));
    assert!(code["remainingMs"].as_u64().is_some_and(|left| left > 290_000 && left <= 300_000), "{code}");
    let state = client.show("/api/state");
    assert_eq!((&state["shown"], &state["code"]["code"]), (&json!("code"), &code["code"]));
    let reply = Till::new(&pair.device)
        .post(&pairing("till 2", code["code"].as_str().expect("a code")))
        .expect("a reply");
    assert_eq!(reply.status, 200);
    let state = client.show("/api/state");
    assert_eq!((&state["shown"], &state["activation"]["posId"]), (&json!("activated"), &json!("till 2")));
    assert_eq!(client.act("/api/activation/close", &json!({})), json!({ "closed": true }));
    assert_eq!(client.act("/api/activation/close", &json!({})), json!({ "closed": false }));
    assert_eq!(client.show("/api/state")["shown"], "idle");
}

#[test]
fn screen_with_the_code_is_left_and_the_code_stays_valid() {
    let Bench { pair, client } = Bench::new();
    let code = client.act("/api/code", &json!({}))["code"].as_str().expect("a code").to_owned();
    assert_eq!(client.act("/api/code/close", &json!({})), json!({ "closed": true }));
    assert_eq!(client.show("/api/state")["shown"], "idle");
    assert_eq!(pair.device.setup_code(), code);
}

#[test]
fn tills_are_listed_with_their_certificates_and_revoked_by_them() {
    let Bench { pair, client } = Bench::new();
    let second = client.act("/api/tills", &json!({ "posId": "1001" }));
    assert!(second["keyPem"].as_str().is_some_and(|key| key.starts_with("-----BEGIN RSA PRIVATE KEY")));
    let tills = client.show("/api/tills");
    let listed: Vec<_> = tills.as_array().expect("a list").iter().collect();
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[1]["posId"], &listed[1]["notAfter"]), (&json!("1001"), &second["notAfter"]));
    assert!(listed[0]["notBefore"].as_str() < listed[0]["notAfter"].as_str(), "{tills}");

    let revoked = client.act("/api/tills/revoke", &json!({ "fingerprint": listed[0]["fingerprint"] }));
    assert_eq!(revoked, json!({ "revoked": 1 }));
    let refusal = Till::new(&pair.device).with(&pair.till).refusal();
    assert!(refusal.contains("CertificateUnknown"), "{refusal}");
    wait_for_event(
        &pair.device,
        |event| matches!(event, Event::HandshakeFailed { reason, .. } if reason.ends_with("not on the list of the tills of this device")),
    );
    let pem = [&second["keyPem"], &second["chainPem"]].map(|pem| pem.as_str().expect("PEM")).concat();
    Till::new(&pair.device).with_reply(&pem).post("{}").expect("the other till stays");

    assert_eq!(client.act("/api/tills/revoke", &json!({ "posId": "1001" })), json!({ "revoked": 1 }));
    let again = client.post("/api/tills/revoke", &json!({ "posId": "1001" }));
    assert!(again.refusal(409).contains("no such till"));
    wait_for_event(&pair.device, |event| matches!(event, Event::TillRevoked { .. }));
}

#[test]
fn revoked_till_does_not_come_back_by_its_session() {
    let Bench { pair, client } = Bench::new();
    let config = std::sync::Arc::new(Till::new(&pair.device).with(&pair.till).config());
    let till = || Till::new(&pair.device).configured(&config);
    for _ in 0..2 {
        till().post(&lookup("r-1").to_string()).expect("a till of the device");
    }
    client.act("/api/tills/revoke", &json!({ "posId": "1001" }));
    assert!(till().post(&lookup("r-1").to_string()).is_err());
}

#[test]
fn faults_are_patched_by_name_and_reset() {
    let Bench { pair, client } = Bench::new();
    let patched = client
        .patch("/api/faults", &json!({ "decline": true, "exchange": { "late_reply_ms": 5 } }))
        .expect(200);
    assert_eq!(patched, client.show("/api/faults"));
    assert_eq!(pair.device.faults().exchange, Exchange::LateReply(std::time::Duration::from_millis(5)));
    let turned = client.show("/api/state")["turned"].clone();
    assert_eq!(turned["exchange"], json!({ "late_reply_ms": 5 }));
    assert_eq!(
        pair.post(&payment("r-1", "1.00"))["processingDetails"]["status"],
        "DECLINED",
        "the next payment is declined"
    );
    let refused = client.patch("/api/faults", &json!({ "decline": false, "exchnge": "normal" }));
    assert!(refused.refusal(400).contains("exchnge"));
    assert!(pair.device.faults().decline, "a patch that is refused changes nothing");
    assert_eq!(client.act("/api/faults/reset", &json!({})), Faults::default().to_json());
    assert_eq!(pair.device.faults(), Faults::default());
}

#[test]
fn switches_that_are_turned_at_the_same_time_do_not_turn_each_other_back() {
    let (_device, client) = screen();
    // One of them concerns TLS, whose material is made anew meanwhile.
    let turn = |name: &str, values: [Value; 2]| {
        for value in values.iter().cycle().take(40) {
            assert_eq!(client.patch("/api/faults", &json!({ name: value })).status, 200);
            assert_eq!(client.show("/api/faults")[name], *value, "{name}");
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| turn("tls_versions", [json!("only12"), json!("both")]));
        scope.spawn(|| turn("status_messages", [json!(1), json!(2)]));
        scope.spawn(|| turn("printer", [json!("none"), json!("ready")]));
    });
}

#[test]
fn scenario_is_chosen_by_name_or_given_as_text() {
    let Bench { pair, client } = Bench::new();
    let before = client.show("/api/scenario");
    let shipped = before["shipped"].as_array().expect("a list");
    assert!(shipped.contains(&json!("default")), "{before}");
    for name in shipped {
        let played = client.act("/api/scenario", &json!({ "name": name }));
        assert_eq!(played["title"], client.show("/api/state")["scenario"]);
    }
    let own = "title = \"Mine\"\n[switches]\nstep_pause_ms = 0\n[[payment]]\namount = \"13.13\"\neffect = \"decline\"";
    assert_eq!(client.act("/api/scenario", &json!({ "toml": own }))["title"], "Mine");
    assert_eq!(pair.post(&payment("r-1", "13.13"))["processingDetails"]["status"], "DECLINED");
    assert!(client.post("/api/scenario", &json!({ "name": "no such" })).refusal(400).contains("no such"));
    assert!(client.post("/api/scenario", &json!({ "toml": "sead = 1" })).refusal(400).contains("sead"));
}

#[test]
fn held_payment_is_shown_and_cancelled_on_the_device() {
    let Bench { pair, client } = Bench::with(Faults { hold_payment: true, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "12.00"));
    assert_eq!(socket.receive()["message"], "Present card");
    let state = client.show("/api/state");
    assert_eq!((&state["shown"], &state["display"]["amount"]), (&json!("operation"), &json!("12.00")));
    assert_eq!(client.act("/api/display/cancel", &json!({})), json!({ "cancelled": true }));
    assert_eq!(socket.receive()["processingDetails"]["status"], "ABORTED");
    assert_eq!(client.act("/api/display/cancel", &json!({})), json!({ "cancelled": false }));
    assert_eq!(client.show("/api/state")["display"]["outcome"], "ABORTED");
    client.act("/api/display/dismiss", &json!({}));
    assert_eq!(client.show("/api/state")["display"]["outcome"], Value::Null);
}

#[test]
fn held_payment_is_released_and_forgotten() {
    let Bench { pair, client } = Bench::with(Faults { hold_payment: true, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "12.00"));
    socket.receive();
    client.act("/api/payments/release", &json!({}));
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
    client.act("/api/payments/forget", &json!({}));
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
}

#[test]
fn held_replies_are_counted_and_released() {
    let Bench { pair, client } = Bench::with(Faults { exchange: Exchange::HeldReply, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&lookup("r-1"));
    wait_for_event(&pair.device, |event| matches!(event, Event::ReplyHeld { .. }));
    let state = client.show("/api/state");
    assert_eq!((&state["channels"], &state["heldReplies"]), (&json!(1), &json!(1)));
    assert_eq!(client.act("/api/replies/release", &json!({})), json!({ "released": 1 }));
    assert_eq!(socket.receive()["message"], "Transaction not found");
}

#[test]
fn channels_are_told_what_nobody_asked_for_and_closed() {
    let Bench { pair, client } = Bench::new();
    let mut socket = pair.socket();
    wait_for_event(&pair.device, |event| matches!(event, Event::WebSocketOpened { .. }));
    let text = json!({ "text": "{\"type\":\"Surprise\"}" });
    assert_eq!(client.act("/api/messages", &text), json!({ "channels": 1 }));
    assert_eq!(socket.receive()["type"], "Surprise");
    // A text frame of two bytes: "{}".
    assert_eq!(client.act("/api/messages", &json!({ "base64": "gQJ7fQ==" })), json!({ "channels": 1 }));
    assert_eq!(socket.receive(), json!({}));
    assert_eq!(client.act("/api/channels/close", &json!({ "code": 4001 })), json!({ "channels": 1 }));
    match socket.frame() {
        Ok(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 4001),
        other => panic!("{other:?}"),
    }
    let neither = client.post("/api/messages", &json!({ "text": "a", "base64": "YQ==" }));
    assert!(neither.refusal(400).contains("base64"));
}

#[test]
fn connections_are_closed_reset_and_frozen() {
    let Bench { pair, client } = Bench::new();
    for path in ["/api/connections/close", "/api/connections/reset"] {
        let mut socket = pair.socket();
        client.act(path, &json!({}));
        socket.frame().expect_err("the connection has ended");
    }
    let mut socket = pair.socket();
    client.act("/api/connections/freeze", &json!({}));
    client.act("/api/connections/reset", &json!({}));
    socket.frame().expect_err("the connection has ended, now that it is no longer frozen");
}

#[test]
fn device_that_is_gone_or_hangs_is_brought_back_over_the_same_screen() {
    let Bench { pair, client } = Bench::new();
    pair.post(&payment("r-1", "1.00"));
    client.act("/api/device/disappear", &json!({}));
    assert_eq!(client.show("/api/state")["presence"], "gone");
    TcpStream::connect(pair.device.address()).expect_err("the port refuses");
    client.act("/api/device/come-back", &json!({}));
    assert_eq!(pair.post(&lookup("r-1"))["type"], "TransactionLookupResponse");
    client.act("/api/device/hang", &json!({}));
    assert_eq!(client.show("/api/state")["presence"], "hung");
    client.act("/api/device/come-back", &json!({ "memory": "lost" }));
    assert_eq!(client.show("/api/state")["presence"], "present");
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
}

#[test]
fn root_is_rotated_and_can_be_downloaded() {
    let Bench { pair, client } = Bench::new();
    let before = client.get("/api/root-ca.pem");
    assert_eq!(before.body, pair.device.root_ca_chain_pem());
    let rotated = client.act("/api/root-ca/rotate", &json!({}));
    assert_ne!(rotated["rootCaPem"], before.body.as_str());
    assert_eq!(client.get("/api/root-ca.pem").body, rotated["rootCaPem"].as_str().expect("PEM"));
}
