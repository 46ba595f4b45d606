//! Devices and networks that misbehave in ways that no payment may suffer from: late and stray replies, closes with a
//! code, frames of every shape, and a network that is slow.

use crate::common::*;
use crate::connection::{exchange, open, requests_received, sale};
use poslatch::{Connection, ConnectionState, DEFAULT_SILENCE, Error, RequestState, Status};
use poslatch_simulator::{Event, Exchange, FaultProxy, Faults, Leg, Pace, Plan, Simulator};
use std::thread;
use std::time::Duration;

/// A WebSocket frame as a server sends it: not masked.
fn frame(first_byte: u8, payload: &str) -> Vec<u8> {
    let mut frame = vec![first_byte, 126];
    frame.extend_from_slice(&u16::try_from(payload.len()).expect("short").to_be_bytes());
    frame.extend_from_slice(payload.as_bytes());
    frame
}

const TEXT: u8 = 0x01;
const CONTINUATION: u8 = 0x00;
const BINARY: u8 = 0x02;
const FINAL: u8 = 0x80;
const RESERVED_BIT: u8 = 0x40;

/// Pays at a device that holds the payment; once a status message shows that it runs, the device says these bytes.
fn pay_and_hear(simulator: &Simulator, connection: &Connection, bytes: &[u8]) -> Result<String, Error> {
    let mut said = false;
    connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut |_| {
        if !std::mem::replace(&mut said, true) {
            assert_eq!(simulator.send_raw(bytes), 1);
        }
    })
}

fn holding() -> Simulator {
    simulator_with(Faults { hold_payment: true, ..Faults::default() })
}

#[test]
fn a_reply_in_fragments_is_as_good_as_whole() {
    let reply = r#"{"type":"PaymentResponse","message":"caf\u00e9","transactionDetails":{"merchantReferenceCode":"A-1"}}"#;
    let (head, tail) = reply.split_at(30);
    let (middle, end) = tail.split_at(20);
    // A ping may come between fragments.
    let ping = [FINAL | 0x09, 0];
    let parts =
        [frame(TEXT, head), ping.to_vec(), frame(CONTINUATION, middle), frame(FINAL | CONTINUATION, end)];
    let simulator = holding();
    let connection = open(&simulator, "wss");
    assert_eq!(pay_and_hear(&simulator, &connection, &parts.concat()).expect("a reply"), reply);
}

#[test]
fn frames_that_no_device_should_send_put_the_payment_in_doubt_and_no_more() {
    let much = "x".repeat(60_000);
    let endless: Vec<u8> =
        (0..20).flat_map(|part| frame(if part == 0 { TEXT } else { CONTINUATION }, &much)).collect();
    let gigantic = [&[FINAL | TEXT, 127][..], &(1_u64 << 62).to_be_bytes()].concat();
    for (name, bytes, status) in [
        ("no JSON", frame(FINAL | TEXT, "<html>"), Status::ReplyNotJson),
        ("no type", frame(FINAL | TEXT, "{}"), Status::ReplyNotJson),
        ("binary", frame(FINAL | BINARY, "{}"), Status::ReplyNotJson),
        ("too large in fragments", endless, Status::ReplyTooLarge),
        ("too large in one", gigantic, Status::ReplyTooLarge),
        ("a reserved bit", frame(FINAL | RESERVED_BIT | TEXT, "{}"), Status::ProtocolViolation),
        ("a continuation of nothing", frame(FINAL | CONTINUATION, "{}"), Status::ProtocolViolation),
        ("not UTF-8", vec![FINAL | TEXT, 2, 0xc3, 0x28], Status::ProtocolViolation),
    ] {
        let simulator = holding();
        let connection = open(&simulator, "wss");
        let error = failure(pay_and_hear(&simulator, &connection, &bytes), name);
        assert_eq!(
            (error.status(), error.request_state()),
            (status, RequestState::InDoubt),
            "{name}: {error:?}"
        );
        simulator.release_payment();
        simulator.set_faults(Faults::default());
        let found = connection.recover("A-1", PATIENCE).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(matches!(found, poslatch::Recovery::Final(_)), "{name}: {found:?}");
        assert_eq!(requests_received(&simulator), 1, "{name}");
    }
}

#[test]
fn garbage_while_idle_costs_the_connection_and_not_the_next_payment() {
    let simulator = simulator();
    let connection = open(&simulator, "wss");
    exchange(&connection, &sale("A-1")).expect("a reply");
    simulator.send_unsolicited("<html>");
    let error = failure(connection.receive(PATIENCE), "garbage");
    assert_eq!(error.status(), Status::ReplyNotJson, "{error:?}");
    assert_eq!(connection.state(), ConnectionState::Lost);
    exchange(&connection, &sale("A-2")).expect("on a new connection");
    assert_eq!(requests_received(&simulator), 2);
}

#[test]
fn a_close_in_mid_payment_is_told_with_its_code() {
    for code in [1008, 1011, 4000] {
        let faults = Faults { exchange: Exchange::CloseWith(code), ..Faults::default() };
        let simulator = simulator_with(faults);
        let connection = open(&simulator, "wss");
        let error = failure(exchange(&connection, &sale("A-1")), "closed");
        assert_eq!((error.status(), error.request_state()), (Status::PeerClosed, RequestState::InDoubt));
        assert!(error.message().contains(&code.to_string()), "{error}");
    }
}

#[test]
fn a_late_reply_is_waited_for() {
    for scheme in SCHEMES {
        let simulator = simulator_with(Faults { exchange: Exchange::HeldReply, ..Faults::default() });
        let connection = open(&simulator, scheme);
        thread::scope(|scope| {
            scope.spawn(|| {
                wait(&simulator, "held", |event| matches!(event, Event::ReplyHeld { .. }).then_some(()));
                assert_eq!(simulator.release_replies(), 1);
            });
            let (reply, _) = exchange(&connection, &sale("A-1")).expect("late, not lost");
            assert_eq!(reply["processingDetails"]["status"], "APPROVED", "{scheme}");
        });
    }
}

#[test]
fn a_reply_that_comes_on_a_later_connection_answers_nothing_else_and_is_kept() {
    let faults = Faults { exchange: Exchange::HeldReply, redirect_lost_replies: true, ..Faults::default() };
    let simulator = simulator_with(faults);
    let connection = open(&simulator, "wss");
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            wait(&simulator, "held", |event| matches!(event, Event::ReplyHeld { .. }).then_some(()));
            simulator.reset_connections();
        });
        failure(exchange(&connection, &sale("A-1")), "reset")
    });
    assert_eq!(error.request_state(), RequestState::InDoubt, "{error:?}");
    simulator.set_faults(Faults { redirect_lost_replies: true, hold_payment: true, ..Faults::default() });
    let mut released = false;
    let reply = connection.exchange(&sale("A-2"), DEFAULT_SILENCE, &mut |message| {
        if !std::mem::replace(&mut released, true) {
            assert_eq!(simulator.release_replies(), 1);
        }
        // The stray reply is told like everything else that is not the answer.
        if message.contains("A-1") {
            simulator.release_payment();
        }
    });
    assert!(reply.expect("its own reply").contains("A-2"));
}

#[test]
fn a_slow_network_of_single_bytes_changes_nothing() {
    for (scheme, pace) in [
        ("https", Pace::SingleBytes),
        ("wss", Pace::SingleBytes),
        ("https", Pace::Delayed(Duration::from_millis(5))),
        ("wss", Pace::BytesPerSecond(50_000)),
    ] {
        let leg = Leg::default().at_pace(pace);
        let simulator = simulator();
        let plan = Plan { to_device: leg, to_till: leg };
        let network = FaultProxy::start(simulator.address(), plan).expect("a network");
        let device = poslatch::Device::builder(&format!("{scheme}://{}/", network.address()))
            .root_ca_pem(simulator.root_ca_chain_pem())
            .build()
            .expect("valid");
        let identity = device.pair("1001", &setup_code(&simulator)).expect("pairs");
        let connection = device.open_mtls(&identity).expect("opens");
        let (reply, _) = exchange(&connection, &sale("A-1")).expect("a reply");
        assert_eq!(reply["processingDetails"]["status"], "APPROVED", "{scheme} {pace:?}");
    }
}
