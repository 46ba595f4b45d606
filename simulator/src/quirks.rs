//! How messages of other apps differ from those that the simulator writes: fields that are missing, null or new. Apart from
//! what writes them, because a quirk is the same for every message.

use crate::Faults;
use crate::message::text;
use serde_json::{Value, json};

/// The quirks of a device, as its switches stood when the request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quirks {
    no_can_be_aborted: bool,
    bare_errors: bool,
    nulls: bool,
    news: bool,
}

impl Quirks {
    pub(crate) fn new(faults: &Faults) -> Self {
        Self {
            no_can_be_aborted: faults.status_without_can_be_aborted || faults.app_minor < 9,
            bare_errors: faults.bare_error_responses,
            nulls: faults.null_for_absent,
            news: faults.unknown_fields,
        }
    }

    /// The message as this device sends it.
    pub(crate) fn applied_to(self, mut message: Value) -> Value {
        if self.bare_errors && text(&message, "type") == Some("ErrorResponse") {
            return json!({ "type": "ErrorResponse" });
        }
        if self.nulls && message.get("transactionDetails").is_some() {
            fill(
                &mut message,
                &["additionalInformation", "linkedOperations", "message", "receipts", "tipAdjustStatus"],
            );
            for (parent, fields) in ABSENT_AT_TIMES {
                if let Some(parent) = message.pointer_mut(parent).filter(|parent| parent.is_object()) {
                    fill(parent, fields);
                }
            }
        }
        if let (true, Some(fields)) = (self.no_can_be_aborted, message.as_object_mut()) {
            fields.remove("canBeAborted");
        }
        if self.news {
            for parent in ["", "/transactionDetails", "/processingDetails", "/processingDetails/card"] {
                if let Some(parent) = message.pointer_mut(parent).filter(|parent| parent.is_object()) {
                    parent["fieldOfTomorrow"] = json!({ "since": "1.99.0", "values": [1, null, "x"] });
                }
            }
        }
        message
    }
}

fn fill(parent: &mut Value, fields: &[&str]) {
    for field in fields {
        if parent.get(field).is_none() {
            parent[*field] = Value::Null;
        }
    }
}

/// The fields of a transaction reply that section 6a marks as absent at times, by the object that they belong to.
const ABSENT_AT_TIMES: &[(&str, &[&str])] = &[
    (
        "/transactionDetails/amountDetails",
        &["amount", "capturedAmount", "cashbackAmount", "includedTipAmount", "refundableAmount"],
    ),
    ("/transactionDetails", &["captured"]),
    ("/processingDetails/card", &["countryCode"]),
    ("/additionalInformation", &["instrumentId"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn reply() -> Value {
        json!({
            "type": "PaymentResponse",
            "transactionDetails": { "id": "1", "amountDetails": { "amount": "1.00" } },
            "processingDetails": { "card": { "type": "VISA", "countryCode": "840" } },
        })
    }

    fn with(turn: impl FnOnce(&mut Faults), message: Value) -> Value {
        let mut faults = Faults::default();
        turn(&mut faults);
        Quirks::new(&faults).applied_to(message)
    }

    #[test]
    fn healthy_device_has_no_quirks() {
        assert_eq!(with(|_| {}, reply()), reply());
    }

    #[test]
    fn null_stands_for_what_is_absent_and_only_for_that() {
        let reply = with(|faults| faults.null_for_absent = true, reply());
        let amounts = &reply["transactionDetails"]["amountDetails"];
        assert_eq!(
            (&amounts["amount"], amounts.get("refundableAmount")),
            (&json!("1.00"), Some(&Value::Null))
        );
        assert_eq!(reply["processingDetails"]["card"]["countryCode"], "840");
        for field in ["message", "receipts", "linkedOperations"] {
            assert_eq!(reply.get(field), Some(&Value::Null), "{field}");
        }
        let status = json!({ "type": "OperationStatusResponse", "message": "Printing" });
        assert_eq!(with(|faults| faults.null_for_absent = true, status.clone()), status);
    }

    #[test]
    fn new_fields_come_at_every_level() {
        let reply = with(|faults| faults.unknown_fields = true, reply());
        assert!(reply["fieldOfTomorrow"].is_object());
        assert!(reply["processingDetails"]["card"]["fieldOfTomorrow"].is_object());
    }
}
