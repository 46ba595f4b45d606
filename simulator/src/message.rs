//! The JSON that comes in and the two messages that every part of the device sends. A file of its own because HTTPS and
//! WSS carry the same requests (section 2 and section 5), told apart here and only here.

use serde_json::{Value, json};

/// What a till may send.
pub(crate) enum Request {
    /// A request of the channel; its `type` is empty if it has none.
    Channel { kind: String, body: Value },
    /// The posId and setup code of section 2, which have no `type`.
    Pairing(Value),
    /// Not a JSON object.
    Unreadable(String),
}

pub(crate) fn read(bytes: &[u8]) -> Request {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(body) if body.is_object() => {
            let kind = text(&body, "type").unwrap_or_default().to_owned();
            let pairs = body.get("posId").is_some() || body.get("setupCode").is_some();
            match kind.is_empty() && pairs {
                true => Request::Pairing(body),
                false => Request::Channel { kind, body },
            }
        }
        Ok(_) => Request::Unreadable("not a JSON object".to_owned()),
        // The text itself is left out: it may hold a setup code.
        Err(error) => {
            Request::Unreadable(format!("not JSON: line {}, column {}", error.line(), error.column()))
        }
    }
}

/// Returns a field's text, if the field is there and is text.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str()
}

/// The answer to everything that cannot be done (section 5).
pub(crate) fn error_response(message: &str, developer_description: &str) -> Value {
    json!({
        "type": "ErrorResponse",
        "message": message,
        "developerDescription": developer_description,
    })
}

/// The progress of a payment (section 5).
pub(crate) fn transaction_status(message: &str, can_be_aborted: bool) -> Value {
    json!({
        "type": "TransactionStatusResponse",
        "message": message,
        "canBeAborted": can_be_aborted,
    })
}

/// The progress of anything else (section 5).
pub(crate) fn operation_status(message: &str) -> Value {
    json!({ "type": "OperationStatusResponse", "message": message })
}

/// The text as it goes on record: what a stranger has made as long as a message may be is cut off, because the record
/// keeps many of them.
pub(crate) fn for_record(text: &str) -> String {
    match text.char_indices().nth(RECORDED_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Amount, status or text of a message: what a person watching the device wants to see, and no card data.
pub(crate) fn detail(message: &Value) -> Option<String> {
    told_in_short(message).map(|detail| for_record(&detail))
}

fn told_in_short(message: &Value) -> Option<String> {
    let status = message.pointer("/processingDetails/status").and_then(Value::as_str);
    let amounts =
        message.pointer("/transactionDetails/amountDetails").or_else(|| message.get("amountDetails"));
    let amount = amounts
        .and_then(|amounts| Some(format!("{} {}", text(amounts, "amount")?, text(amounts, "currency")?)));
    match (status, amount) {
        (Some(status), Some(amount)) => Some(format!("{status} {amount}")),
        (Some(status), None) => Some(status.to_owned()),
        (None, Some(amount)) => Some(amount),
        (None, None) => text(message, "message").or_else(|| text(message, "id")).map(str::to_owned),
    }
}

/// In characters; our own figure, a line or two for whoever reads it.
const RECORDED_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_stranger_goes_on_record_cut_off() {
        assert_eq!(for_record("PaymentRequest"), "PaymentRequest");
        assert_eq!(for_record(&"é".repeat(RECORDED_MAX)), "é".repeat(RECORDED_MAX));
        assert_eq!(for_record(&"é".repeat(4096)), "é".repeat(RECORDED_MAX) + "…");
        let long = json!({ "type": "ErrorResponse", "message": "x".repeat(1 << 20) });
        assert!(detail(&long).is_some_and(|detail| detail.chars().count() == RECORDED_MAX + 1));
    }

    #[test]
    fn request_without_type_is_pairing_only_if_it_has_one_of_its_fields() {
        assert!(matches!(read(br#"{"posId":"1"}"#), Request::Pairing(_)));
        assert!(matches!(read(br#"{"amount":"1"}"#), Request::Channel { kind, .. } if kind.is_empty()));
        assert!(matches!(read(br#"{"type":"PaymentRequest","posId":"1"}"#), Request::Channel { .. }));
    }

    #[test]
    fn unreadable_request_is_not_quoted() {
        let Request::Unreadable(reason) = read(br#"{"posId":"1","setupCode":"SECRET12"#) else {
            panic!("half an object was read");
        };
        assert!(!reason.contains("SECRET12"), "{reason}");
    }
}
