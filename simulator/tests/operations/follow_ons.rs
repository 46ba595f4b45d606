//! Captures, increments, refunds and tip adjustments: what is done with the money of a transaction, and what is not.

use crate::common::{Pair, lookup, payment};
use crate::{
    amounts, authorise, by_id, complaint, follow_on, payment_with, receipt_line, refund, status, told,
};
use poslatch_simulator::{Faults, RefundStatus};
use serde_json::{Value, json};

fn id(reply: &Value) -> &Value {
    &reply["transactionDetails"]["id"]
}

#[test]
fn capture_of_a_part_leaves_nothing_to_be_captured_and_only_that_part_to_be_refunded() {
    let pair = Pair::new();
    let authorised = authorise(&pair, "r-1", "50.00");
    let capture = |amount| follow_on("CaptureRequest", id(&authorised), amount);
    assert!(complaint(&pair.post(&capture(Some("50.01")))).contains("50.00"));
    let captured = pair.post(&capture(Some("30.00")));
    assert_eq!((&captured["type"], status(&captured)), (&json!("CaptureResponse"), "APPROVED"));
    assert_eq!(captured["message"], "Payment approved");
    assert_eq!(id(&captured), id(&authorised));
    assert_eq!(captured["transactionDetails"]["captured"], true);
    let expected = json!({
        "amount": "50.00", "currency": "USD", "capturedAmount": "30.00", "refundableAmount": "30.00",
    });
    assert_eq!(amounts(&captured), &expected);
    assert!(complaint(&pair.post(&capture(None))).contains("already"));
    assert!(complaint(&pair.post(&refund(&authorised, Some("30.01")))).contains("30.00"));
}

#[test]
fn capture_without_an_amount_takes_the_whole() {
    let pair = Pair::new();
    let authorised = authorise(&pair, "r-1", "50.00");
    let mut socket = pair.socket();
    socket.send(&follow_on("CaptureRequest", id(&authorised), None));
    let (messages, captured) = told(&mut socket, "CaptureResponse");
    assert_eq!(messages, ["Processing"]);
    assert_eq!(amounts(&captured)["capturedAmount"], "50.00");
    assert_eq!(amounts(&pair.post(&lookup("r-1")))["capturedAmount"], "50.00");
}

#[test]
fn sale_cannot_be_captured_again() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "5.00"));
    assert!(
        complaint(&pair.post(&follow_on("CaptureRequest", id(&paid), None))).contains("pre-authorisation")
    );
}

#[test]
fn increment_has_a_new_id_and_both_ids_find_it() {
    let pair = Pair::new();
    let authorised = authorise(&pair, "r-1", "50.00");
    let request = follow_on("IncrementalAuthorizationRequest", id(&authorised), Some("20.00"));
    let incremented = pair.post(&request);
    assert_eq!(incremented["type"], "IncrementalAuthorizationResponse");
    assert_ne!(id(&incremented), id(&authorised));
    let expected = json!({
        "amount": "20.00", "currency": "USD", "capturedAmount": "0.00", "refundableAmount": "0.00",
    });
    assert_eq!(amounts(&incremented), &expected, "the amount of the request");
    let card = &incremented["processingDetails"]["card"];
    assert_eq!((&card["maskedPan"], &card["expirationYear"]), (&json!("XXXXXXXXXXXX0119"), &json!("00")));
    assert_eq!(incremented["additionalInformation"].get("instrumentId"), None);
    for found in [id(&authorised), id(&incremented)] {
        let reply = pair.post(&by_id(found));
        assert_eq!((id(&reply), &amounts(&reply)["amount"]), (found, &json!("70.00")));
    }
    let captured = pair.post(&follow_on("CaptureRequest", id(&authorised), None));
    assert_eq!(amounts(&captured)["capturedAmount"], "70.00");
}

#[test]
fn refunds_are_listed_in_the_reply_that_bears_the_payment_s_id() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "10.00"));
    let first = pair.post(&refund(&paid, Some("4.00")));
    assert_eq!(
        (&first["type"], &first["message"]),
        (&json!("LinkedRefundResponse"), &json!("Refund approved"))
    );
    assert_eq!(id(&first), id(&paid));
    assert_eq!(amounts(&first)["refundableAmount"], "6.00");
    assert_eq!(amounts(&first)["amount"], "10.00");
    assert_eq!(receipt_line(&first, "TRANSACTION_TYPE"), "Refund");
    assert_eq!(receipt_line(&first, "AMOUNT_AND_CURRENCY"), "-4.00 USD");
    assert_eq!(amounts(&first)["capturedAmount"], "6.00", "refunds make it less");
    let second = pair.post(&refund(&paid, None));
    let operations = second["linkedOperations"].as_array().expect("a list");
    let told: Vec<_> = operations
        .iter()
        .map(|operation| [&operation["type"], &operation["amount"], &operation["status"]])
        .collect();
    assert_eq!(told, [["REFUND", "4.00", "APPROVED"], ["REFUND", "6.00", "APPROVED"]]);
    assert_ne!(operations[0]["id"], operations[1]["id"]);
    assert_eq!(amounts(&second)["refundableAmount"], "0.00");
    assert_eq!(pair.post(&lookup("r-1"))["linkedOperations"], second["linkedOperations"]);
}

#[test]
fn second_refund_of_the_whole_is_refused() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "10.00"));
    assert_eq!(receipt_line(&pair.post(&refund(&paid, None)), "TRANSACTION_TYPE"), "Void");
    assert!(complaint(&pair.post(&refund(&paid, None))).contains("refunded already"));
    assert!(complaint(&pair.post(&refund(&paid, Some("0.01")))).contains("refunded already"));
    let found = pair.post(&lookup("r-1"));
    assert_eq!(found["linkedOperations"].as_array().map(Vec::len), Some(1));
}

#[test]
fn refund_above_what_is_left_or_of_nothing_is_refused() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "10.00"));
    pair.post(&refund(&paid, Some("4.00")));
    assert!(complaint(&pair.post(&refund(&paid, Some("6.01")))).contains("6.00"));
    assert!(complaint(&pair.post(&refund(&paid, Some("0.00")))).contains("zero"));
    let mut euro = refund(&paid, Some("1.00"));
    euro["amountDetails"]["currency"] = "EUR".into();
    assert!(complaint(&pair.post(&euro)).contains("USD"));
    let declined = pair.post(&payment("r-2", "66.66"));
    assert!(complaint(&pair.post(&refund(&declined, None))).contains("DECLINED"));
    let unknown = json!({ "transactionDetails": { "id": "00" } });
    assert_eq!(pair.post(&refund(&unknown, None))["message"], "Transaction not found");
}

#[test]
fn refund_that_is_declined_hides_behind_the_payment_s_status() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "100.00"));
    let declined = pair.post(&refund(&paid, Some("66.66")));
    assert_eq!((status(&declined), &declined["message"]), ("APPROVED", &json!("Refund declined")));
    assert_eq!(declined["linkedOperations"][0]["status"], "DECLINED");
    assert_eq!(amounts(&declined)["refundableAmount"], "100.00");
    pair.device.set_faults(Faults { refund_status: RefundStatus::OfRefund, ..Faults::default() });
    assert_eq!(status(&pair.post(&refund(&paid, Some("66.66")))), "DECLINED");
}

#[test]
fn inconclusive_refund_counts_as_the_lookup_will_say() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "100.00"));
    let unclear = pair.post(&refund(&paid, Some("66.41")));
    assert_eq!(unclear["linkedOperations"][0]["status"], "INCONCLUSIVE");
    let found = pair.post(&lookup("r-1"));
    assert_eq!(found["linkedOperations"][0]["status"], "DECLINED");
    assert_eq!(amounts(&found)["refundableAmount"], "100.00");
    pair.post(&refund(&paid, Some("66.40")));
    let found = pair.post(&lookup("r-1"));
    assert_eq!(found["linkedOperations"][1]["status"], "APPROVED");
    assert_eq!(amounts(&found)["refundableAmount"], "33.60");
}

#[test]
fn tip_on_the_receipt_is_adjusted_once() {
    let pair = Pair::new();
    let paid =
        pair.post(&payment_with("r-1", "30.00", &json!({ "capture": false, "askForTip": "ON_RECEIPT" })));
    assert_eq!(paid["tipAdjustStatus"], "ADJUSTABLE");
    assert_eq!(paid["transactionDetails"]["captured"], false);
    assert_eq!(amounts(&paid)["capturedAmount"], "30.00");
    assert_eq!(paid["receipts"]["merchantReceipt"]["receiptData"]["tipLineRequired"], true);
    let adjust = follow_on("TipAdjustRequest", id(&paid), Some("4.50"));
    let adjusted = pair.post(&adjust);
    assert_eq!((&adjusted["type"], status(&adjusted)), (&json!("TipAdjustResponse"), "APPROVED"));
    assert_eq!(adjusted["tipAdjustStatus"], "ADJUSTED");
    let expected = json!({
        "amount": "34.50", "currency": "USD", "includedTipAmount": "4.50",
        "capturedAmount": "34.50", "refundableAmount": "34.50",
    });
    assert_eq!(amounts(&adjusted), &expected);
    assert!(complaint(&pair.post(&adjust)).contains("ADJUSTED"));
    assert_eq!(amounts(&pair.post(&lookup("r-1"))), &expected);
}

#[test]
fn tip_of_a_sale_that_did_not_ask_for_one_cannot_be_adjusted() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "30.00"));
    let adjust = follow_on("TipAdjustRequest", id(&paid), Some("4.50"));
    assert!(complaint(&pair.post(&adjust)).contains("receipt"));
}
