//! Exchanges on an open connection: replies, status messages, cancel, close, and what is in doubt.

use crate::common::*;
use poslatch::{Connection, ConnectionState, DEFAULT_SILENCE, Error, MessageKind, RequestState, Status};
use poslatch_simulator::{Event, Exchange, Faults, Simulator};
use serde_json::{Value, json};
use std::sync::mpsc;
use std::time::Duration;

pub(crate) fn open(simulator: &Simulator, scheme: &str) -> Connection {
    device(simulator, scheme).open_mtls(&identity(simulator, "1001")).expect("opens")
}

pub(crate) fn sale(reference: &str) -> String {
    json!({
        "type": "PaymentRequest",
        "merchantReferenceCode": reference,
        "amountDetails": { "amount": "12.50", "currency": "EUR" }
    })
    .to_string()
}

pub(crate) fn exchange(connection: &Connection, request: &str) -> Result<(Value, Vec<Value>), Error> {
    let mut statuses = Vec::new();
    let reply = connection.exchange(request, DEFAULT_SILENCE, &mut |status| {
        statuses.push(serde_json::from_str(status).expect("JSON"));
    })?;
    Ok((serde_json::from_str(&reply).expect("JSON"), statuses))
}

pub(crate) fn requests_received(simulator: &Simulator) -> usize {
    let is_request =
        |event: &&Event| matches!(event, Event::MessageReceived { kind, .. } if kind == "PaymentRequest");
    simulator.events().iter().filter(is_request).count()
}

#[test]
fn a_payment_streams_status_messages_and_ends_approved() {
    let simulator = simulator();
    let connection = open(&simulator, "wss");
    let (reply, statuses) = exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(reply["type"], "PaymentResponse");
    assert_eq!(reply["processingDetails"]["status"], "APPROVED");
    assert_eq!(reply["transactionDetails"]["merchantReferenceCode"], "A-1");
    assert!(!statuses.is_empty());
    assert!(statuses.iter().all(|status| status["type"] == "TransactionStatusResponse"), "{statuses:?}");
}

#[test]
fn https_gives_the_final_reply_alone_and_keeps_the_connection() {
    let simulator = simulator();
    let connection = open(&simulator, "https");
    for reference in ["A-1", "A-2", "A-3"] {
        let (reply, statuses) = exchange(&connection, &sale(reference)).expect("a reply");
        assert_eq!(reply["processingDetails"]["status"], "APPROVED");
        assert!(statuses.is_empty());
    }
    let handshakes =
        simulator.events().iter().filter(|event| matches!(event, Event::Handshake { .. })).count();
    assert_eq!(handshakes, 1);
}

#[test]
fn what_the_device_has_closed_while_idle_is_opened_again_before_sending() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let connection = open(&simulator, scheme);
        exchange(&connection, &sale("A-1")).expect("the first");
        simulator.close_connections();
        wait(&simulator, "close", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
        if scheme == "wss" {
            // Returns once the till has seen the end.
            failure(connection.receive(PATIENCE), "closed while idle");
            assert_eq!(connection.state(), ConnectionState::Lost);
        }
        exchange(&connection, &sale("A-2")).expect("the second");
        assert_eq!(requests_received(&simulator), 2);
        assert_eq!(connection.state(), ConnectionState::Open);
    }
}

#[test]
fn a_decline_and_an_error_are_replies_not_failures() {
    for scheme in SCHEMES {
        let simulator = simulator_with(Faults { decline: true, ..Faults::default() });
        let connection = open(&simulator, scheme);
        let (reply, _) = exchange(&connection, &sale("A-1")).expect("a reply");
        assert_eq!(reply["processingDetails"]["status"], "DECLINED");
        let (reply, _) = exchange(&connection, r#"{"type":"UnheardOfRequest"}"#).expect("a reply");
        assert_eq!(reply["type"], "ErrorResponse");
    }
}

#[test]
fn a_payment_is_looked_up_and_its_receipt_printed() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let connection = open(&simulator, scheme);
        let (paid, _) = exchange(&connection, &sale("A-1")).expect("paid");
        let lookup = json!({"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"A-1"});
        let (found, _) = exchange(&connection, &lookup.to_string()).expect("found");
        assert_eq!(found["type"], "TransactionLookupResponse");
        assert_eq!(found["transactionDetails"]["id"], paid["transactionDetails"]["id"]);
        let print = json!({
            "type": "PrintReceiptRequest",
            "transactionId": paid["transactionDetails"]["id"],
            "receiptType": "CUSTOMER"
        });
        let (printed, _) = exchange(&connection, &print.to_string()).expect("printed");
        assert_eq!(printed["type"], "PrintReceiptResponse");
    }
}

#[test]
fn a_cancel_from_another_thread_ends_the_payment_as_aborted() {
    let simulator = simulator_with(Faults { hold_payment: true, ..Faults::default() });
    let connection = open(&simulator, "wss");
    let (abortable, told) = mpsc::channel();
    let reply = std::thread::scope(|scope| {
        let connection = &connection;
        scope.spawn(move || {
            told.recv_timeout(PATIENCE).expect("an abortable status");
            connection.send(r#"{"type":"CancelRequest"}"#).expect("sent");
        });
        connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut |status| {
            if status.contains(r#""canBeAborted":true"#) {
                abortable.send(()).expect("listened to");
            }
        })
    });
    let reply: Value = serde_json::from_str(&reply.expect("a reply")).expect("JSON");
    assert_eq!(reply["type"], "PaymentResponse");
    assert_eq!(reply["processingDetails"]["status"], "ABORTED");
}

#[test]
fn only_a_cancel_may_overtake_a_running_exchange() {
    let simulator = simulator_with(Faults { hold_payment: true, ..Faults::default() });
    let connection = open(&simulator, "wss");
    std::thread::scope(|scope| {
        let payment = scope.spawn(|| exchange(&connection, &sale("A-1")));
        wait(&simulator, "held payment", |event| {
            matches!(event, Event::MessageSent { kind, .. } if kind == "TransactionStatusResponse")
                .then_some(())
        });
        for result in [exchange(&connection, &sale("A-2")).map(drop), connection.send(&sale("A-2"))] {
            let error = failure(result, "second");
            assert_eq!((error.status(), error.request_state()), (Status::Busy, RequestState::NotSent));
        }
        simulator.release_payment();
        let (reply, _) = payment.join().expect("no panic").expect("a reply");
        assert_eq!(reply["processingDetails"]["status"], "APPROVED");
    });
    assert_eq!(requests_received(&simulator), 1);
}

#[test]
fn closing_wakes_an_exchange_which_is_then_in_doubt() {
    for scheme in SCHEMES {
        let simulator = simulator_with(Faults { hold_payment: true, ..Faults::default() });
        let connection = open(&simulator, scheme);
        let error = std::thread::scope(|scope| {
            let payment = scope.spawn(|| exchange(&connection, &sale("A-1")));
            wait(&simulator, "request", |event| {
                matches!(event, Event::MessageReceived { kind, .. } if kind == "PaymentRequest").then_some(())
            });
            connection.close();
            failure(payment.join().expect("no panic"), scheme)
        });
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::Cancelled, RequestState::InDoubt),
            "{scheme}"
        );
        assert!(error.advice().contains("Look it up"), "{scheme}: {error:?}");

        connection.close();
        assert_eq!(connection.state(), ConnectionState::Closed);
        let error = failure(exchange(&connection, &sale("A-2")), "after close");
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::Closed, RequestState::NotSent),
            "{scheme}"
        );
        simulator.release_payment();
    }
}

#[test]
fn a_request_that_is_no_device_message_is_not_sent() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let connection = open(&simulator, scheme);
        for (request, status) in [
            ("", Status::RequestNotJson),
            ("{\"type\":", Status::RequestNotJson),
            ("{}", Status::RequestNotJson),
            (r#"{"type":"CancelRequest"}"#, Status::Argument),
        ] {
            let error = failure(exchange(&connection, request), request);
            assert_eq!((error.status(), error.request_state()), (status, RequestState::NotSent), "{request}");
        }
        exchange(&connection, &sale("A-1")).expect("the connection is as good as before");
    }
}

#[test]
fn whatever_goes_wrong_after_sending_is_in_doubt_and_sent_once() {
    for (scheme, fault, status) in [
        ("wss", Exchange::CloseAfterRequest, Status::PeerClosed),
        ("wss", Exchange::ResetAfterRequest, Status::PeerClosed),
        ("wss", Exchange::GarbageFrame, Status::ReplyNotJson),
        ("wss", Exchange::BinaryFrame, Status::ReplyNotJson),
        ("wss", Exchange::OversizedReply(2_000_000), Status::ReplyTooLarge),
        ("https", Exchange::CloseAfterRequest, Status::PeerClosed),
        ("https", Exchange::ResetAfterRequest, Status::PeerClosed),
        ("https", Exchange::HttpStatus(503), Status::HttpStatus),
        ("https", Exchange::OversizedReply(2_000_000), Status::ReplyTooLarge),
    ] {
        let case = format!("{scheme} {fault:?}");
        let simulator = simulator_with(Faults { exchange: fault, ..Faults::default() });
        let connection = open(&simulator, scheme);
        let error = failure(exchange(&connection, &sale("A-1")), &case);
        assert_eq!(error.status(), status, "{case}: {error:?}");
        assert_eq!(error.request_state(), RequestState::InDoubt, "{case}");
        assert!(error.advice().starts_with("Do not repeat the request"), "{case}: {error:?}");
        assert_eq!(requests_received(&simulator), 1, "{case}");
    }
}

#[test]
fn silence_ends_an_exchange_in_doubt_and_gives_the_connection_up() {
    for scheme in SCHEMES {
        let faults = Faults { exchange: Exchange::NoReply, status_messages: Some(0), ..Faults::default() };
        let simulator = simulator_with(faults);
        let connection = open(&simulator, scheme);
        let result = connection.exchange(&sale("A-1"), Duration::from_millis(100), &mut |_| {});
        let error = failure(result, scheme);
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::ResponseTimeout, RequestState::InDoubt),
            "{scheme}"
        );
        assert_eq!(connection.state(), ConnectionState::Lost, "{scheme}");
    }
}

#[test]
fn unknown_messages_are_passed_on_and_do_not_end_the_exchange() {
    let simulator = simulator_with(Faults { exchange: Exchange::UnknownTypeFirst, ..Faults::default() });
    let connection = open(&simulator, "wss");
    let (reply, others) = exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(reply["type"], "PaymentResponse");
    let is_status = |message: &Value| message["type"] == "TransactionStatusResponse";
    assert!(others.iter().any(|message| !is_status(message)), "{others:?}");
}

#[test]
fn a_late_reply_answers_no_other_request_and_is_not_lost() {
    let simulator = simulator_with(Faults { exchange: Exchange::FinalTwice, ..Faults::default() });
    let connection = open(&simulator, "wss");
    exchange(&connection, &sale("A-1")).expect("a reply");
    simulator.set_faults(Faults::default());
    let (second, others) = exchange(&connection, &sale("A-2")).expect("a reply");
    assert_eq!(second["transactionDetails"]["merchantReferenceCode"], "A-2");

    // It came before the second exchange began, or while it ran.
    let is_late = |message: &Value| message["transactionDetails"]["merchantReferenceCode"] == "A-1";
    if !others.iter().any(is_late) {
        let late = connection.receive(PATIENCE).expect("the late one");
        assert_eq!(late.kind, MessageKind::Reply);
        assert!(is_late(&serde_json::from_str(&late.json).expect("JSON")), "{}", late.json);
    }
}

#[test]
fn sending_and_receiving_by_hand_works_over_wss_only() {
    let simulator = simulator();
    let connection = open(&simulator, "wss");
    connection.send(&sale("A-1")).expect("sent");
    let last = loop {
        let message = connection.receive(PATIENCE).expect("a message");
        if message.kind == MessageKind::Reply {
            break message;
        }
    };
    assert!(last.json.contains("APPROVED"), "{}", last.json);
    let error = failure(connection.receive(Duration::from_millis(20)), "nothing more");
    assert_eq!(error.status(), Status::ResponseTimeout);
    assert_eq!(connection.state(), ConnectionState::Open, "a time-out of receive loses nothing");

    let connection = open(&simulator, "https");
    for error in [
        failure(connection.send(&sale("A-2")), "send"),
        failure(connection.receive(PATIENCE).map(drop), "receive"),
    ] {
        assert_eq!(error.status(), Status::Argument);
        assert!(error.message().contains("wss://"), "{error}");
    }
}

#[test]
fn pings_are_answered_while_nobody_calls() {
    let faults = Faults { ping_interval: Some(Duration::from_millis(20)), ..Faults::default() };
    let simulator = simulator_with(faults);
    let connection = open(&simulator, "wss");
    let pongs = |events: &[Event]| {
        let count = events.iter().filter(|event| matches!(event, Event::PongReceived { .. })).count();
        (count >= 3).then_some(())
    };
    simulator.wait_for(pongs, PATIENCE).expect("three pongs");
    assert_eq!(connection.state(), ConnectionState::Open);
}

#[test]
fn a_device_that_goes_away_is_told_to_whoever_waits() {
    let simulator = simulator();
    let connection = open(&simulator, "wss");
    let error = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| connection.receive(PATIENCE));
        simulator.reset_connections();
        failure(waiting.join().expect("no panic"), "reset")
    });
    assert_eq!(error.status(), Status::PeerClosed, "{error:?}");
    assert_eq!(connection.state(), ConnectionState::Lost);
}

#[test]
fn without_a_certificate_a_payment_is_refused() {
    let simulator = simulator();
    let connection = device(&simulator, "https").open_tls().expect("TLS alone is granted");
    let error = failure(exchange(&connection, &sale("A-1")), "https");
    assert_eq!((error.status(), error.http_status()), (Status::HttpStatus, Some(403)), "{error:?}");

    let connection = device(&simulator, "wss").open_tls().expect("TLS alone is granted");
    let (reply, _) = exchange(&connection, &sale("A-1")).expect("a refusal is a reply");
    assert_eq!(reply["type"], "ErrorResponse");
    assert!(!simulator.events().iter().any(|event| matches!(event, Event::PaymentEnded { .. })));
}
