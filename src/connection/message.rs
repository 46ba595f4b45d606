//! What the JSON messages of the Local-mode channel mean to an exchange (protocol.md section 5).
//!
//! Only `type` and the merchant reference are looked at. Everything else is the till's affair and is
//! passed on as it came, including types that nobody has heard of.

use crate::error::{Error, Kind};
use serde_json::Value;

/// Largest request that is sent. Custom screens and images stay far below.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Answered by the operation that it cancels, so it never begins an exchange (section 6c).
pub(super) const CANCEL_REQUEST: &str = "CancelRequest";

const ERROR_RESPONSE: &str = "ErrorResponse";

/// A message from the device.
#[derive(Clone, Debug)]
pub struct Message {
    /// What kind of message it is, by its `type`.
    pub kind: MessageKind,
    /// The device's JSON, unchanged.
    pub json: String,
    name: String,
    reference: Option<String>,
}

/// Kinds of messages, as far as they matter to the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
pub enum MessageKind {
    /// `TransactionStatusResponse` or `OperationStatusResponse`: progress.
    Status = 1,
    /// Another `...Response`, `ErrorResponse` included: ends an operation.
    Reply = 2,
    /// A type that the vendor does not document.
    Other = 3,
}

/// A request that is fit to be sent.
pub(super) struct Request<'a> {
    pub(super) json: &'a str,
    pub(super) kind: String,
    reference: Option<String>,
}

impl<'a> Request<'a> {
    pub(super) fn parse(json: &'a str) -> Result<Request<'a>, Error> {
        let wrong = |problem: &str| Error::from(Kind::RequestNotJson { problem: problem.into() });
        if json.len() > REQUEST_BYTES_MAX {
            return Err(
                Kind::RequestTooLarge { size_bytes: json.len(), limit_bytes: REQUEST_BYTES_MAX }.into()
            );
        }
        let value: Value = serde_json::from_str(json).map_err(|error| {
            wrong(&format!("not JSON at line {}, column {}", error.line(), error.column()))
        })?;
        if !value.is_object() {
            return Err(wrong("not a JSON object"));
        }
        match type_of(&value) {
            // The device fails on a missing type with words that help nobody (section 5).
            None => Err(wrong("it has no string member \"type\"")),
            Some(kind) => {
                let reference = string_at(&value, "/merchantReferenceCode");
                Ok(Request { json, kind, reference })
            }
        }
    }

    /// Whether `message` is the final reply to this request.
    ///
    /// `cancel_pending`: a CancelRequest was sent during this exchange, and an `ErrorResponse` may be
    /// the answer to that one. The operation then still ends by its own reply (section 6c).
    pub(super) fn is_answered_by(&self, message: &Message, cancel_pending: bool) -> bool {
        if message.name == ERROR_RESPONSE {
            return !cancel_pending;
        }
        let operation = self.kind.strip_suffix("Request").unwrap_or(&self.kind);
        let matches = message.name.strip_suffix("Response") == Some(operation);
        // There are no request ids. A reply that names another payment is a late one.
        let of_another = match (&self.reference, &message.reference) {
            (Some(asked), Some(told)) => asked != told,
            _ => false,
        };
        matches && !of_another
    }
}

impl Message {
    pub(super) fn parse(json: String) -> Result<Message, Kind> {
        let wrong = |problem: &str| Kind::ReplyNotJson { problem: problem.into() };
        // The parser's own words could quote card data: only the place is told.
        let value: Value = serde_json::from_str(&json).map_err(|error| {
            wrong(&format!("not JSON at line {}, column {}", error.line(), error.column()))
        })?;
        let name = type_of(&value).ok_or_else(|| wrong("it has no string member \"type\""))?;
        let kind = match name.as_str() {
            "TransactionStatusResponse" | "OperationStatusResponse" => MessageKind::Status,
            name if name.ends_with("Response") => MessageKind::Reply,
            _ => MessageKind::Other,
        };
        let reference = string_at(&value, "/transactionDetails/merchantReferenceCode");
        Ok(Message { kind, json, name, reference })
    }

    /// Whether this can be the device's word on a CancelRequest that failed.
    pub(super) fn is_error(&self) -> bool {
        self.name == ERROR_RESPONSE
    }
}

fn type_of(value: &Value) -> Option<String> {
    string_at(value, "/type").filter(|kind| !kind.is_empty())
}

fn string_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    fn message(json: &str) -> Message {
        Message::parse(json.into()).unwrap_or_else(|kind| panic!("{json}: {}", kind.message()))
    }

    #[test]
    fn only_the_matching_reply_or_an_error_ends_an_exchange() {
        let sale = r#"{"type":"PaymentRequest","merchantReferenceCode":"A-1"}"#;
        let request = Request::parse(sale).expect("valid");
        for (json, ends) in [
            (r#"{"type":"PaymentResponse"}"#, true),
            (r#"{"type":"PaymentResponse","transactionDetails":{"merchantReferenceCode":"A-1"}}"#, true),
            (r#"{"type":"PaymentResponse","transactionDetails":{"merchantReferenceCode":"A-0"}}"#, false),
            (r#"{"type":"ErrorResponse"}"#, true),
            (r#"{"type":"TransactionStatusResponse"}"#, false),
            (r#"{"type":"CaptureResponse"}"#, false),
            (r#"{"type":"Greeting"}"#, false),
        ] {
            assert_eq!(request.is_answered_by(&message(json), false), ends, "{json}");
        }
    }

    #[test]
    fn an_error_after_a_cancel_does_not_end_the_payment() {
        let request = Request::parse(r#"{"type":"PaymentRequest"}"#).expect("valid");
        assert!(!request.is_answered_by(&message(r#"{"type":"ErrorResponse"}"#), true));
        assert!(request.is_answered_by(&message(r#"{"type":"PaymentResponse"}"#), true));
    }

    #[test]
    fn requests_that_no_device_understands_are_refused() {
        let large = format!(r#"{{"type":"X","data":"{}"}}"#, "x".repeat(REQUEST_BYTES_MAX));
        for (json, status) in [
            ("", Status::RequestNotJson),
            ("[]", Status::RequestNotJson),
            ("{}", Status::RequestNotJson),
            (r#"{"type":7}"#, Status::RequestNotJson),
            (r#"{"type":""}"#, Status::RequestNotJson),
            (r#"{"type":"X"} x"#, Status::RequestNotJson),
            (&large, Status::RequestTooLarge),
        ] {
            assert_eq!(Request::parse(json).err().map(|error| error.status()), Some(status), "{json:.40}");
        }
    }
}
