//! The channel and its twin over POST (sections 5, 6 and 6c): payments, their cancellation, their traces afterwards, and
//! each way in which a reply can go astray.

mod common;

use common::{
    PATIENCE, Pair, Till, cancel, lookup, pairing, payment, post_on, wait_for_payment, wait_for_sent,
};
use poslatch_simulator::{DECLINED_AMOUNT, Event, Exchange, Faults};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};

fn kinds(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["type"].as_str()).collect()
}

fn is_hex_id(value: &Value) -> bool {
    value.as_str().is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[test]
fn payment_is_approved_after_its_status_messages() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "12.00"));
    let messages = socket.receive_until("PaymentResponse");
    assert_eq!(
        messages[0],
        json!({
            "type": "TransactionStatusResponse", "message": "Present card", "canBeAborted": true,
        })
    );
    assert_eq!(
        messages[1],
        json!({
            "type": "TransactionStatusResponse", "message": "Processing", "canBeAborted": false,
        })
    );
    let reply = &messages[2];
    assert_eq!(reply["processingDetails"]["status"], "APPROVED");
    let details = &reply["transactionDetails"];
    assert!(is_hex_id(&details["id"]), "{details}");
    assert_eq!(details["merchantReferenceCode"], "r-1");
    assert_eq!(details["amountDetails"]["amount"], "12.00");
    assert_eq!(details["captured"], true);
    assert!(details["submitTimeUtc"].as_str().is_some_and(|time| time.ends_with("+0000")), "{details}");
    let receipt = &reply["receipts"]["customerReceipt"];
    assert!(
        receipt["preformattedReceipt"].as_str().is_some_and(|text| text.contains("12.00 USD\n")),
        "{receipt}"
    );
    assert_eq!(receipt["receiptData"]["lines"]["STATUS_TEXT"]["value"], "Payment approved");
}

#[test]
fn payment_by_post_is_answered_by_its_final_reply_alone() {
    let pair = Pair::new();
    let till = Till::new(&pair.device).with(&pair.till);
    let mut stream = till.connect().expect("a stream");
    for reference in ["r-1", "r-2"] {
        let reply = post_on(&mut stream, &payment(reference, "1.00").to_string()).expect("kept alive");
        assert_eq!((reply.status, reply.content_type.as_str()), (200, "application/json"));
        assert_eq!(reply.json()["type"], "PaymentResponse");
    }
}

#[test]
fn payment_is_declined_by_amount_or_by_switch() {
    let pair = Pair::new();
    assert_eq!(pair.post(&payment("r-1", DECLINED_AMOUNT))["processingDetails"]["status"], "DECLINED");
    pair.device.set_faults(Faults { decline: true, ..Faults::default() });
    let reply = pair.post(&payment("r-2", "1.00"));
    assert_eq!(reply["processingDetails"]["status"], "DECLINED");
    assert_eq!(reply["transactionDetails"]["captured"], false);
}

#[test]
fn payment_can_be_looked_up_by_reference_and_by_id() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "1.00"));
    let found = pair.post(&lookup("r-1"));
    assert_eq!(found["type"], "TransactionLookupResponse");
    assert_eq!(found["transactionDetails"], paid["transactionDetails"]);
    let by_id = json!({
        "type": "TransactionLookupRequest", "idType": "TRANSACTION_ID", "id": paid["transactionDetails"]["id"],
    });
    assert_eq!(pair.post(&by_id)["transactionDetails"], paid["transactionDetails"]);
    assert_eq!(pair.post(&lookup("r-2"))["message"], "Transaction not found");
}

#[test]
fn cancelled_payment_answers_aborted_and_the_cancellation_has_no_reply() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive()["canBeAborted"], true);
    socket.send(&cancel());
    let reply = socket.receive();
    assert_eq!(
        (&reply["type"], &reply["processingDetails"]["status"]),
        (&json!("PaymentResponse"), &json!("ABORTED"))
    );
    assert_eq!(reply["transactionDetails"]["captured"], false);
    let receipt = &reply["receipts"]["customerReceipt"]["receiptData"]["lines"];
    assert_eq!(receipt["STATUS_TEXT"]["value"], "Payment aborted");
    socket.send(&lookup("r-1"));
    let next = socket.receive();
    assert_eq!(
        (&next["type"], &next["processingDetails"]["status"]),
        (&json!("TransactionLookupResponse"), &json!("ABORTED"),)
    );
}

#[test]
fn cancellation_by_post_is_answered_by_the_aborted_payment() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    let answered = pair.post(&cancel());
    assert_eq!(answered["processingDetails"]["status"], "ABORTED");
    assert_eq!(socket.receive(), answered);
}

#[test]
fn cancellation_with_nothing_to_cancel_is_an_error() {
    let pair = Pair::new();
    assert_eq!(pair.post(&cancel())["type"], "ErrorResponse");
}

#[test]
fn cancellation_after_the_point_of_no_return_fails_and_the_payment_goes_through() {
    let pair = Pair::new();
    // The first step ends by the release, so only the second one takes this long: enough for a busy machine to cancel.
    let step_pause = Duration::from_secs(3);
    pair.device.set_faults(Faults { hold_payment: true, step_pause, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive()["canBeAborted"], true);
    pair.device.release_payment();
    assert_eq!(socket.receive()["canBeAborted"], false);
    socket.send(&cancel());
    assert_eq!(socket.receive()["message"], "Transaction cannot be aborted");
    assert_eq!(socket.receive()["processingDetails"]["status"], "APPROVED");
}

#[test]
fn held_payment_goes_on_when_it_is_released() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    wait_for_sent(&pair.device, "TransactionStatusResponse");
    pair.device.release_payment();
    let messages = socket.receive_until("PaymentResponse");
    assert_eq!(messages[2]["processingDetails"]["status"], "APPROVED");
}

#[test]
fn second_payment_meets_a_busy_terminal() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    socket.send(&payment("r-2", "1.00"));
    assert_eq!(socket.receive()["message"], "Terminal busy");
    pair.device.release_payment();
    let messages = socket.receive_until("PaymentResponse");
    assert_eq!(messages.last().expect("a reply")["transactionDetails"]["merchantReferenceCode"], "r-1");
}

#[test]
fn payment_goes_on_when_its_connection_is_lost() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    pair.device.reset_connections();
    assert!(socket.frame().is_err());
    assert_eq!(pair.post(&lookup("r-1"))["processingDetails"]["status"], "PENDING");
    pair.device.release_payment();
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
    let found = pair.post(&lookup("r-1"));
    assert_eq!(found["processingDetails"]["status"], "APPROVED");
}

#[test]
fn number_of_status_messages_follows_the_switch() {
    for count in [0, 1, 5] {
        let pair = Pair::with(Faults { status_messages: Some(count), ..Faults::default() });
        let mut socket = pair.socket();
        socket.send(&payment("r-1", "1.00"));
        assert_eq!(socket.receive_until("PaymentResponse").len(), count as usize + 1);
    }
}

#[test]
fn stored_receipt_is_printed() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "1.00"));
    let mut socket = pair.socket();
    let id = &paid["transactionDetails"]["id"];
    socket.send(&json!({ "type": "PrintReceiptRequest", "transactionId": id, "receiptType": "CUSTOMER" }));
    assert_eq!(
        kinds(&socket.receive_until("PrintReceiptResponse")),
        ["OperationStatusResponse", "PrintReceiptResponse",]
    );
    let unknown = json!({ "type": "PrintReceiptRequest", "transactionId": "0", "receiptType": "CUSTOMER" });
    assert_eq!(pair.post(&unknown)["message"], "Transaction not found");
}

#[test]
fn request_that_is_not_understood_is_an_error() {
    let pair = Pair::new();
    let no_type = json!({ "amountDetails": {} });
    let no_reference =
        json!({ "type": "PaymentRequest", "amountDetails": { "amount": "1.00", "currency": "USD" } });
    for request in [json!({}), no_type, json!({ "type": "CaptureRequest" }), no_reference, json!([])] {
        assert_eq!(pair.post(&request)["type"], "ErrorResponse", "{request}");
        let mut socket = pair.socket();
        socket.send(&request);
        assert_eq!(socket.receive()["type"], "ErrorResponse", "{request}");
    }
}

#[test]
fn post_without_certificate_is_refused_with_403() {
    let pair = Pair::new();
    let reply = Till::new(&pair.device).post(&payment("r-1", "1.00").to_string()).expect("a reply");
    assert_eq!((reply.status, &reply.json()["message"]), (403, &json!("client certificate required")));
}

#[test]
fn channel_without_certificate_is_closed_with_1008() {
    let pair = Pair::new();
    let mut socket = Till::new(&pair.device).websocket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive()["message"], "client certificate required");
    match socket.frame() {
        Ok(Message::Close(Some(frame))) => assert_eq!(frame.code, CloseCode::Policy),
        other => panic!("no close frame: {other:?}"),
    }
}

#[test]
fn channel_with_certificate_can_pair_again() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.0.send(Message::text(pairing("1002", &pair.device.setup_code()))).expect("sent");
    assert!(
        socket.frame().expect("a frame").to_text().expect("text").starts_with("-----BEGIN RSA PRIVATE KEY")
    );
}

#[test]
fn reply_that_is_withheld_leaves_a_payment_that_can_be_looked_up() {
    let pair =
        Pair::with(Faults { exchange: Exchange::NoReply, status_messages: Some(0), ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    let received =
        |events: &[Event]| events.iter().find(|e| matches!(e, Event::MessageReceived { .. })).map(drop);
    pair.device.wait_for(received, PATIENCE).expect("the request");
    pair.device.set_faults(Faults::default());
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
    let found = pair.post(&lookup("r-1"));
    assert_eq!(found["processingDetails"]["status"], "APPROVED");
}

#[test]
fn connection_closed_after_the_request_leaves_a_payment_behind() {
    for exchange in [Exchange::CloseAfterRequest, Exchange::ResetAfterRequest] {
        let pair = Pair::failing(exchange.clone());
        let mut socket = pair.socket();
        socket.send(&payment("r-1", "1.00"));
        assert!(socket.frame().is_err(), "{exchange:?}");
        let lost = Till::new(&pair.device).with(&pair.till).post(&lookup("r-1").to_string());
        assert!(lost.is_err(), "{exchange:?}");
        pair.device.set_faults(Faults::default());
        assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
        let found = pair.post(&lookup("r-1"));
        assert_eq!(found["processingDetails"]["status"], "APPROVED");
    }
}

#[test]
fn reset_is_a_reset_and_close_is_not() {
    for (exchange, is_reset) in [(Exchange::CloseAfterRequest, false), (Exchange::ResetAfterRequest, true)] {
        let pair = Pair::failing(exchange.clone());
        let mut socket = pair.socket();
        socket.send(&cancel());
        let error = socket.frame().expect_err("the end");
        let reset =
            matches!(&error, tungstenite::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionReset);
        assert_eq!(reset, is_reset, "{exchange:?}: {error:?}");
    }
}

#[test]
fn odd_replies_are_as_odd_as_they_say() {
    let answer = |exchange| {
        let pair = Pair::failing(exchange);
        let mut socket = pair.socket();
        socket.send(&lookup("r-1"));
        (socket.frame().expect("a frame"), socket, pair)
    };
    let (garbage, ..) = answer(Exchange::GarbageFrame);
    assert!(serde_json::from_str::<Value>(garbage.to_text().expect("text")).is_err());
    let (binary, ..) = answer(Exchange::BinaryFrame);
    assert!(binary.is_binary());
    let (large, ..) = answer(Exchange::OversizedReply(100_000));
    assert!(large.len() >= 100_000);
    let (error, ..) = answer(Exchange::ErrorResponse("Amount too large".into()));
    assert!(error.to_text().expect("text").contains("Amount too large"));
    let (first, mut socket, _pair) = answer(Exchange::FinalTwice);
    assert_eq!(socket.frame().expect("the twin"), first);
    let (unknown, mut socket, _pair) = answer(Exchange::UnknownTypeFirst);
    assert!(unknown.to_text().expect("text").contains("FirmwareUpdateNotification"));
    assert_eq!(socket.receive()["message"], "Transaction not found");
}

#[test]
fn refused_post_has_the_status_that_was_asked_for_and_carries_nothing_out() {
    let pair = Pair::failing(Exchange::HttpStatus(502));
    let till = Till::new(&pair.device).with(&pair.till);
    assert_eq!(till.post(&payment("r-1", "1.00").to_string()).expect("a reply").status, 502);
    pair.device.set_faults(Faults::default());
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
}

#[test]
fn device_pings_if_so_switched_and_hears_the_pong() {
    let pair = Pair::with(Faults { ping_interval: Some(Duration::from_millis(10)), ..Faults::default() });
    let mut socket = pair.socket();
    assert!(matches!(socket.frame(), Ok(Message::Ping(_))));
    socket.0.flush().expect("the pong goes out");
    let heard = |events: &[Event]| events.iter().find(|e| matches!(e, Event::PongReceived { .. })).map(drop);
    pair.device.wait_for(heard, PATIENCE).expect("a pong");
}

#[test]
fn frozen_connection_is_silent_and_a_new_one_works() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    pair.device.freeze_connections();
    socket.0.get_ref().sock.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    socket.send(&lookup("r-1"));
    assert!(matches!(socket.frame(), Err(tungstenite::Error::Io(_))));
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
}

#[test]
fn connections_closed_in_good_order_end_with_a_closure_alert() {
    let pair = Pair::new();
    let mut stream = Till::new(&pair.device).with(&pair.till).connect().expect("a stream");
    post_on(&mut stream, "{}").expect("a reply, so the connection is served");
    pair.device.close_connections();
    assert_eq!(std::io::Read::read(&mut stream, &mut [0; 1]).expect("no error"), 0);
}
