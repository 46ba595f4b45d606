//! The operations of section 6 as a till meets them, over TLS: replies, receipts, money, switches, scenarios. One program,
//! because each subject needs the same till; one file for each.

#[path = "../common/mod.rs"]
mod common;

mod device_work;
mod follow_ons;
mod manual;
mod offline;
mod payments;
mod scenarios;
mod switches;

use common::{Pair, Socket};
use serde_json::{Value, json};

/// A payment with more fields than the usual ones.
fn payment_with(reference: &str, amount: &str, more: &Value) -> Value {
    let mut request = common::payment(reference, amount);
    for (field, value) in more.as_object().expect("an object") {
        match field.as_str() {
            "cashbackAmount" => request["amountDetails"][field] = value.clone(),
            _ => request[field] = value.clone(),
        }
    }
    request
}

/// A request that follows on a transaction; without an amount it means the whole.
fn follow_on(kind: &str, id: &Value, amount: Option<&str>) -> Value {
    let mut request = json!({ "type": kind, "transactionId": id });
    if let Some(amount) = amount {
        request["amountDetails"] = json!({ "amount": amount, "currency": "USD" });
    }
    request
}

fn refund(paid: &Value, amount: Option<&str>) -> Value {
    follow_on("LinkedRefundRequest", &paid["transactionDetails"]["id"], amount)
}

fn authorise(pair: &Pair, reference: &str, amount: &str) -> Value {
    pair.post(&payment_with(reference, amount, &json!({ "capture": false })))
}

fn by_id(id: &Value) -> Value {
    json!({ "type": "TransactionLookupRequest", "idType": "TRANSACTION_ID", "id": id })
}

fn status(reply: &Value) -> &str {
    reply["processingDetails"]["status"].as_str().unwrap_or_default()
}

fn amounts(reply: &Value) -> &Value {
    &reply["transactionDetails"]["amountDetails"]
}

fn receipt_line<'a>(reply: &'a Value, key: &str) -> &'a str {
    let line = &reply["receipts"]["merchantReceipt"]["receiptData"]["lines"][key]["value"];
    line.as_str().unwrap_or_default()
}

/// The complaint of an `ErrorResponse`.
fn complaint(reply: &Value) -> &str {
    assert_eq!(reply["type"], "ErrorResponse", "{reply}");
    reply["developerDescription"].as_str().unwrap_or_default()
}

/// The messages of the status replies before this final one, and the reply.
fn told(socket: &mut Socket, kind: &str) -> (Vec<String>, Value) {
    let mut messages = socket.receive_until(kind);
    let reply = messages.pop().expect("a final reply");
    let texts = messages.iter().map(|message| message["message"].as_str().unwrap_or_default().to_owned());
    (texts.collect(), reply)
}

/// Everything in a JSON value but its times, in text.
fn timeless(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(timeless).collect(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| {
                !matches!(name.as_str(), "submitTimeUtc" | "preformattedReceipt" | "DATE" | "TIME")
            })
            .map(|(name, value)| (name.clone(), timeless(value)))
            .collect(),
        other => other.clone(),
    }
}
