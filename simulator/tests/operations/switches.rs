//! Each switch that answers an open question of section 9 the one way or the other.

use crate::common::{Pair, cancel, lookup, payment, wait_for_payment};
use crate::{amounts, authorise, complaint, follow_on, payment_with, refund, status};
use poslatch_simulator::{
    DuplicateLookup, DuplicateReference, FailureReply, Faults, IncrementalAmount, SecondRequest,
};
use serde_json::json;

#[test]
fn decline_arrives_as_a_reply_or_as_an_error() {
    let pair = Pair::new();
    assert_eq!(pair.post(&payment("r-1", "66.66"))["type"], "PaymentResponse");
    pair.device.set_faults(Faults { decline_reply: FailureReply::ErrorResponse, ..Faults::default() });
    assert_eq!(pair.post(&payment("r-2", "66.66"))["message"], "Payment declined");
    assert_eq!(wait_for_payment(&pair.device, "r-2"), "DECLINED");
    assert_eq!(status(&pair.post(&lookup("r-2"))), "DECLINED", "a lookup knows it all the same");
}

#[test]
fn aborted_payment_may_arrive_as_an_error() {
    let faults = Faults { hold_payment: true, abort_reply: FailureReply::ErrorResponse, ..Faults::default() };
    let pair = Pair::with(faults);
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    socket.send(&cancel());
    assert_eq!(socket.receive()["message"], "Transaction was aborted");
    assert_eq!(status(&pair.post(&lookup("r-1"))), "ABORTED");
}

#[test]
fn second_request_waits_its_turn_if_so_switched() {
    let pair =
        Pair::with(Faults { hold_payment: true, second_request: SecondRequest::Queue, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive()["message"], "Present card");
    socket.send(&payment("r-2", "2.00"));
    socket.send(&lookup("r-2"));
    assert_eq!(socket.receive()["message"], "Transaction not found", "it has not begun");
    pair.device.release_payment();
    let first = socket.receive_until("PaymentResponse").pop().expect("a reply");
    assert_eq!(first["transactionDetails"]["merchantReferenceCode"], "r-1");
    assert_eq!(socket.receive()["message"], "Present card");
    pair.device.release_payment();
    let second = socket.receive_until("PaymentResponse").pop().expect("a reply");
    assert_eq!(second["transactionDetails"]["merchantReferenceCode"], "r-2");
}

#[test]
fn request_that_waited_may_turn_out_to_be_wrong_and_the_next_has_its_turn() {
    let pair =
        Pair::with(Faults { hold_payment: true, second_request: SecondRequest::Queue, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    socket.send(&refund(&json!({ "transactionDetails": { "id": "00" } }), None));
    socket.send(&payment("r-2", "2.00"));
    // Behind both of them, so that they have arrived.
    socket.send(&lookup("r-1"));
    assert_eq!(status(&socket.receive()), "PENDING");
    pair.device.release_payment();
    let mut messages = socket.receive_until("ErrorResponse");
    assert_eq!(messages.pop().expect("an error")["message"], "Transaction not found");
    assert_eq!(socket.receive()["message"], "Present card");
}

#[test]
fn hundred_requests_may_wait_and_no_more() {
    let pair =
        Pair::with(Faults { hold_payment: true, second_request: SecondRequest::Queue, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-0", "1.00"));
    assert_eq!(socket.receive()["message"], "Present card");
    for number in 1..102 {
        socket.send(&payment(&format!("r-{number}"), "1.00"));
    }
    assert_eq!(socket.receive()["message"], "Terminal busy");
}

#[test]
fn second_request_replaces_the_first_if_so_switched() {
    let pair = Pair::with(Faults {
        hold_payment: true,
        second_request: SecondRequest::Replace,
        ..Faults::default()
    });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    socket.send(&payment("r-2", "2.00"));
    let first = socket.receive();
    assert_eq!(
        (&first["transactionDetails"]["merchantReferenceCode"], status(&first)),
        (&json!("r-1"), "ABORTED")
    );
    pair.device.release_payment();
    let mut messages = socket.receive_until("PaymentResponse");
    assert_eq!(messages.pop().expect("a reply")["transactionDetails"]["merchantReferenceCode"], "r-2");
}

#[test]
fn reference_that_was_used_before_is_accepted_or_refused() {
    let pair = Pair::new();
    pair.post(&payment("r-1", "1.00"));
    assert_eq!(status(&pair.post(&payment("r-1", "2.00"))), "APPROVED");
    assert_eq!(amounts(&pair.post(&lookup("r-1")))["amount"], "2.00");
    pair.device.set_faults(Faults {
        duplicate_reference: DuplicateReference::Refuse,
        duplicate_lookup: DuplicateLookup::First,
        ..Faults::default()
    });
    assert_eq!(pair.post(&payment("r-1", "3.00"))["message"], "Duplicate reference");
    assert_eq!(amounts(&pair.post(&lookup("r-1")))["amount"], "1.00");
}

#[test]
fn amount_of_an_increment_is_the_new_total_if_so_switched() {
    let pair = Pair::with(Faults { incremental_amount: IncrementalAmount::NewTotal, ..Faults::default() });
    let authorised = authorise(&pair, "r-1", "50.00");
    let id = &authorised["transactionDetails"]["id"];
    let increment = |amount| follow_on("IncrementalAuthorizationRequest", id, Some(amount));
    assert!(complaint(&pair.post(&increment("20.00"))).contains("50.00"));
    assert_eq!(amounts(&pair.post(&increment("70.00")))["amount"], "70.00");
    assert_eq!(amounts(&pair.post(&lookup("r-1")))["amount"], "70.00");
}

#[test]
fn id_of_before_the_increment_is_forgotten_if_so_switched() {
    let pair = Pair::with(Faults { old_id_after_incremental: false, ..Faults::default() });
    let authorised = authorise(&pair, "r-1", "50.00");
    let id = &authorised["transactionDetails"]["id"];
    let incremented = pair.post(&follow_on("IncrementalAuthorizationRequest", id, Some("20.00")));
    assert_eq!(pair.post(&follow_on("CaptureRequest", id, None))["message"], "Transaction not found");
    let new_id = &incremented["transactionDetails"]["id"];
    assert_eq!(pair.post(&follow_on("CaptureRequest", new_id, None))["type"], "CaptureResponse");
}

#[test]
fn rest_of_an_authorisation_can_be_captured_if_so_switched() {
    let pair = Pair::with(Faults { repeated_capture: true, ..Faults::default() });
    let authorised = authorise(&pair, "r-1", "50.00");
    let id = &authorised["transactionDetails"]["id"];
    pair.post(&follow_on("CaptureRequest", id, Some("20.00")));
    let rest = pair.post(&follow_on("CaptureRequest", id, None));
    assert_eq!(amounts(&rest)["capturedAmount"], "50.00");
    assert!(complaint(&pair.post(&follow_on("CaptureRequest", id, None))).contains("already"));
}

#[test]
fn merchant_may_lack_what_others_have() {
    let pair = Pair::with(Faults {
        adjustable_tips: false,
        stand_alone_credits: false,
        token_service: false,
        ..Faults::default()
    });
    let on_receipt = json!({ "capture": false, "askForTip": "ON_RECEIPT" });
    let paid = pair.post(&payment_with("r-1", "30.00", &on_receipt));
    assert_eq!(paid["tipAdjustStatus"], "NOT_ADJUSTABLE");
    assert_eq!(paid["additionalInformation"].get("instrumentId"), None);
    let adjust = follow_on("TipAdjustRequest", &paid["transactionDetails"]["id"], Some("3.00"));
    assert!(complaint(&pair.post(&adjust)).contains("NOT_ADJUSTABLE"));
    let mut credit = payment("r-2", "1.00");
    credit["type"] = "StandaloneRefundRequest".into();
    assert!(complaint(&pair.post(&credit)).contains("stand-alone"));
}

#[test]
fn reference_that_looks_personal_is_refused_if_so_switched() {
    let pair = Pair::new();
    assert_eq!(status(&pair.post(&payment("212-555-0123", "1.00"))), "APPROVED");
    pair.device.set_faults(Faults { strict_references: true, ..Faults::default() });
    assert!(complaint(&pair.post(&payment("212-555-0123", "1.00"))).contains("merchantReferenceCode"));
}

#[test]
fn replies_of_other_apps_have_nulls_and_new_fields() {
    let pair = Pair::with(Faults { null_for_absent: true, unknown_fields: true, ..Faults::default() });
    let reply = pair.post(&payment("r-1", "1.00"));
    assert_eq!(status(&reply), "APPROVED");
    assert_eq!(reply.get("tipAdjustStatus"), Some(&json!(null)));
    assert_eq!(amounts(&reply).get("cashbackAmount"), Some(&json!(null)));
    assert!(reply["transactionDetails"]["fieldOfTomorrow"].is_object());
    assert_eq!(pair.post(&lookup("r-1")).get("message"), Some(&json!(null)));
}

#[test]
fn old_app_does_not_know_what_came_later() {
    let pair = Pair::with(Faults { app_minor: 8, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive().get("canBeAborted"), None);
    socket.receive_until("PaymentResponse");
    assert!(complaint(&pair.post(&json!({ "type": "ReadCardRequest" }))).contains("ReadCardRequest"));
    pair.device.set_faults(Faults { app_minor: 17, ..Faults::default() });
    assert_eq!(pair.post(&json!({ "type": "ReadCardRequest" }))["type"], "ReadCardResponse");
    let offline = json!({ "type": "OfflineModeRequest", "enabled": true });
    assert!(complaint(&pair.post(&offline)).contains("OfflineModeRequest"));
}

#[test]
fn messages_of_old_apps_lack_what_newer_ones_have() {
    let pair = Pair::with(Faults {
        status_without_can_be_aborted: true,
        bare_error_responses: true,
        ..Faults::default()
    });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive(), json!({ "type": "TransactionStatusResponse", "message": "Present card" }));
    socket.receive_until("PaymentResponse");
    socket.send(&cancel());
    assert_eq!(socket.receive(), json!({ "type": "ErrorResponse" }));
}
