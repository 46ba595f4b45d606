//! A device that talks without end: a cancel and a close get through, limits hold, and no message is lost. How fast is
//! measured in `benches/latency.rs`.

use crate::common::*;
use crate::connection::{exchange, open, requests_received, sale};
use poslatch::{Connection, DEFAULT_SILENCE, RequestState, Status};
use poslatch_simulator::{Event, Exchange, Faults, Simulator};
use serde_json::Value;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const CANCEL: &str = r#"{"type":"CancelRequest"}"#;

/// Status messages after which a flood is in full flow.
const FLOODED: usize = 200;

fn flooding() -> Simulator {
    simulator_with(Faults { hold_payment: true, status_flood: true, ..Faults::default() })
}

fn wait_for_cancel(simulator: &Simulator) {
    wait(simulator, "cancel", |event| {
        matches!(event, Event::MessageReceived { kind, .. } if kind == "CancelRequest").then_some(())
    });
}

/// Runs a payment and calls `flooded` once, on another thread, as soon as that many status messages have come.
fn in_a_flood<T: Send>(
    connection: &Connection,
    flooded: impl FnOnce() -> T + Send,
) -> (Result<String, poslatch::Error>, T) {
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let other = scope.spawn(move || {
            told.recv_timeout(PATIENCE).expect("a flood");
            flooded()
        });
        let mut count = 0;
        let result = connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut |_| {
            count += 1;
            if count == FLOODED {
                tell.send(()).expect("listened to");
            }
        });
        (result, other.join().expect("no panic"))
    })
}

#[test]
fn a_cancel_passes_a_flood_of_status_messages() {
    let simulator = flooding();
    let connection = open(&simulator, "wss");
    let (reply, _) = in_a_flood(&connection, || {
        connection.send(CANCEL).expect("sent");
        wait_for_cancel(&simulator);
    });
    let reply: Value = serde_json::from_str(&reply.expect("a reply")).expect("JSON");
    assert_eq!(reply["processingDetails"]["status"], "ABORTED", "{reply}");
    simulator.set_faults(Faults::default());
    let (reply, _) = exchange(&connection, &sale("A-2")).expect("the connection is as good as before");
    assert_eq!(reply["processingDetails"]["status"], "APPROVED", "{reply}");
}

#[test]
fn a_cancel_passes_while_the_till_takes_no_message() {
    let simulator = flooding();
    let connection = open(&simulator, "wss");
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let canceller = scope.spawn({
            let (simulator, connection) = (&simulator, &connection);
            move || {
                told.recv_timeout(PATIENCE).expect("a status message");
                connection.send(CANCEL).expect("sent");
                wait_for_cancel(simulator);
            }
        });
        let mut canceller = Some(canceller);
        let reply = connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut |_| {
            if let Some(canceller) = canceller.take() {
                tell.send(()).expect("listened to");
                // Meanwhile the flood backs up, down to the device.
                canceller.join().expect("no panic");
            }
        });
        assert!(reply.expect("a reply").contains("ABORTED"));
    });
}

#[test]
fn a_close_in_a_flood_wakes_the_exchange_and_whoever_receives() {
    let simulator = flooding();
    let connection = open(&simulator, "wss");
    thread::scope(|scope| {
        // What the exchange had no time to look at is handed out first.
        let receive_on = || loop {
            if let Err(error) = connection.receive(DEFAULT_SILENCE) {
                return error;
            }
        };
        let receivers: Vec<_> = (0..3).map(|_| scope.spawn(receive_on)).collect();
        let (result, ()) = in_a_flood(&connection, || connection.close());
        let error = failure(result, "closed");
        assert_eq!((error.status(), error.request_state()), (Status::Cancelled, RequestState::InDoubt));
        for receiver in receivers {
            let error = receiver.join().expect("no panic");
            assert_eq!(error.status(), Status::Closed, "{error:?}");
        }
    });
    assert_eq!(requests_received(&simulator), 1);
}

#[test]
fn a_close_while_the_till_takes_no_message_does_not_wait_for_it() {
    let simulator = flooding();
    let connection = open(&simulator, "wss");
    let mut is_closed = false;
    let result = connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut |_| {
        if !is_closed {
            // From the callback itself, while the reader may be held back by the messages behind this one.
            connection.close();
            is_closed = true;
        }
    });
    let error = failure(result, "closed");
    assert_eq!((error.status(), error.request_state()), (Status::Cancelled, RequestState::InDoubt));
}

#[test]
fn the_absolute_limit_ends_an_exchange_that_the_device_keeps_alive() {
    for (scheme, faults) in [
        ("wss", Faults { hold_payment: true, status_flood: true, ..Faults::default() }),
        ("https", Faults { exchange: Exchange::NoReply, ..Faults::default() }),
    ] {
        let simulator = simulator_with(faults);
        let device =
            builder(&simulator, scheme).exchange_limit(Duration::from_millis(300)).build().expect("valid");
        let connection = device.open_mtls(&identity(&simulator, "1001")).expect("opens");
        let mut statuses = 0;
        let result = connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut |_| statuses += 1);
        let error = failure(result, scheme);
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::ResponseTimeout, RequestState::InDoubt),
            "{scheme}"
        );
        assert_eq!(error.message(), "the device sent no final reply within 300 ms", "{scheme}");
        assert_eq!(statuses > 0, scheme == "wss", "{scheme}");
        assert_eq!(requests_received(&simulator), 1, "{scheme}");
    }
}

#[test]
fn a_long_row_of_status_messages_arrives_whole() {
    let faults = Faults { status_messages: Some(500), step_pause: Duration::ZERO, ..Faults::default() };
    let simulator = simulator_with(faults);
    let connection = open(&simulator, "wss");
    let (reply, statuses) = exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(reply["processingDetails"]["status"], "APPROVED");
    assert_eq!(statuses.len(), 500);
    let messages: Vec<_> = statuses.iter().filter_map(|status| status["message"].as_str()).collect();
    assert_eq!((messages[0], messages[499]), ("Present card", "Processing"));
}

#[test]
fn a_flood_of_pings_does_not_disturb_an_exchange() {
    let simulator = simulator_with(Faults { ping_flood: true, ..Faults::default() });
    let connection = open(&simulator, "wss");
    for reference in ["A-1", "A-2"] {
        let (reply, _) = exchange(&connection, &sale(reference)).expect("a reply");
        assert_eq!(reply["transactionDetails"]["merchantReferenceCode"], reference);
    }
}

#[test]
fn an_absolute_limit_and_a_close_hold_although_the_till_is_slow_to_listen() {
    let simulator = flooding();
    let device =
        builder(&simulator, "wss").exchange_limit(Duration::from_millis(300)).build().expect("valid");
    let connection = device.open_mtls(&identity(&simulator, "1001")).expect("opens");
    let begun = Instant::now();
    let slow = &mut |_: &str| {
        assert!(begun.elapsed() < PATIENCE, "it never ends");
        thread::sleep(Duration::from_millis(2));
    };
    let error = failure(connection.exchange(&sale("A-1"), DEFAULT_SILENCE, slow), "limit");
    assert_eq!((error.status(), error.request_state()), (Status::ResponseTimeout, RequestState::InDoubt));
    assert!(error.message().contains("300 ms"), "{error}");

    let simulator = flooding();
    let connection = open(&simulator, "wss");
    let (mut before, mut after) = (0, 0);
    let closes = &mut |_: &str| {
        before += 1;
        match before {
            ..FLOODED => {}
            FLOODED => connection.close(),
            _ => after += 1,
        }
    };
    let error = failure(connection.exchange(&sale("A-2"), DEFAULT_SILENCE, closes), "closed");
    assert_eq!((error.status(), error.request_state()), (Status::Cancelled, RequestState::InDoubt));
    assert_eq!(after, 0, "messages that waited are not handed out any more");
}
