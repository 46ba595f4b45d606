//! What the JSON messages of the Local-mode channel mean to an exchange (protocol.md section 5).
//!
//! Only `type` and the merchant reference are looked at. Everything else is the till's affair and is
//! passed on as it came, including types that nobody has heard of.

use crate::error::{Error, Kind};
use serde_json::Value;

/// Size of the largest request that is sent, in bytes. Custom screens and images stay far below.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;

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
    /// Whom the message is about, as far as it says.
    pub(super) reference: Option<String>,
    transaction_id: Option<String>,
    /// An operation has ended as ABORTED; a look-up only tells of an older one.
    pub(super) is_aborted: bool,
    /// An `ErrorResponse` that may be the answer to something that was sent by hand.
    pub(super) may_answer_another: bool,
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
    /// The merchantReferenceCode that it carries.
    pub(super) reference: Option<String>,
    about: About,
}

/// What a reply has to be about to be the answer. There are no request ids, so this is what tells a
/// late or repeated reply from the one that is waited for. A reply that does not say passes.
enum About {
    Reference(String),
    Transaction(String),
    NotKnown,
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
            Some(kind) => Ok(Request {
                json,
                reference: string_at(&value, "/merchantReferenceCode").filter(|code| !code.is_empty()),
                about: About::of(&kind, &value),
                kind,
            }),
        }
    }

    /// Whether `message` is the final reply to this request.
    ///
    /// An `ErrorResponse` that may be the answer to a message sent by hand is not: the operation then
    /// still ends by its own reply (section 6c).
    pub(super) fn is_answered_by(&self, message: &Message) -> bool {
        if message.name == ERROR_RESPONSE {
            return !message.may_answer_another;
        }
        message.is_reply_to(&self.kind) && self.about.fits(message)
    }
}

impl About {
    /// Only where the documents say what the reply repeats (section 6a): a refund's reply carries the
    /// original payment's id, an incremental authorisation's a new one.
    fn of(kind: &str, request: &Value) -> About {
        let (member, make): (_, fn(String) -> About) = match kind {
            "PaymentRequest"
            | "StandaloneRefundRequest"
            | "TokenRefundRequest"
            | "AccountVerificationRequest" => ("/merchantReferenceCode", About::Reference),
            "CaptureRequest" | "LinkedRefundRequest" => ("/transactionId", About::Transaction),
            "TransactionLookupRequest" => match string_at(request, "/idType").as_deref() {
                Some("MERCHANT_REFERENCE_CODE") => ("/id", About::Reference),
                Some("TRANSACTION_ID") => ("/id", About::Transaction),
                _ => return About::NotKnown,
            },
            _ => return About::NotKnown,
        };
        string_at(request, member).filter(|id| !id.is_empty()).map_or(About::NotKnown, make)
    }

    fn fits(&self, reply: &Message) -> bool {
        let (asked, told) = match self {
            About::Reference(asked) => (asked, &reply.reference),
            About::Transaction(asked) => (asked, &reply.transaction_id),
            About::NotKnown => return true,
        };
        told.as_ref().is_none_or(|told| told == asked)
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
        Ok(Message {
            kind,
            json,
            reference: string_at(&value, "/transactionDetails/merchantReferenceCode"),
            transaction_id: string_at(&value, "/transactionDetails/id"),
            is_aborted: name != "TransactionLookupResponse"
                && string_at(&value, "/processingDetails/status").as_deref() == Some("ABORTED"),
            may_answer_another: false,
            name,
        })
    }

    pub(super) fn is_error(&self) -> bool {
        self.name == ERROR_RESPONSE
    }

    /// `Payment` for a `PaymentResponse`.
    pub(super) fn operation(&self) -> Option<&str> {
        self.name.strip_suffix("Response")
    }

    /// Whether it is the reply to a request of this type.
    pub(super) fn is_reply_to(&self, kind: &str) -> bool {
        let operation = kind.strip_suffix("Request").unwrap_or(kind);
        self.operation() == Some(operation)
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
            assert_eq!(request.is_answered_by(&message(json)), ends, "{json}");
        }
    }

    #[test]
    fn a_reply_about_another_transaction_is_no_answer() {
        let told = r#""transactionDetails":{"id":"1f","merchantReferenceCode":"A-1"}}"#;
        for (request, reply, ends) in [
            (
                r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"A-1"}"#,
                "TransactionLookup",
                true,
            ),
            (
                r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"A-2"}"#,
                "TransactionLookup",
                false,
            ),
            (
                r#"{"type":"TransactionLookupRequest","idType":"TRANSACTION_ID","id":"1f"}"#,
                "TransactionLookup",
                true,
            ),
            (
                r#"{"type":"TransactionLookupRequest","idType":"TRANSACTION_ID","id":"2f"}"#,
                "TransactionLookup",
                false,
            ),
            (r#"{"type":"CaptureRequest","transactionId":"1f"}"#, "Capture", true),
            (r#"{"type":"CaptureRequest","transactionId":"2f"}"#, "Capture", false),
            (
                r#"{"type":"LinkedRefundRequest","transactionId":"1f","merchantReferenceCode":"R-1"}"#,
                "LinkedRefund",
                true,
            ),
            (
                r#"{"type":"IncrementalAuthorizationRequest","transactionId":"0f"}"#,
                "IncrementalAuthorization",
                true,
            ),
        ] {
            let reply = message(&format!(r#"{{"type":"{reply}Response",{told}"#));
            assert_eq!(Request::parse(request).expect("valid").is_answered_by(&reply), ends, "{request}");
        }
    }

    #[test]
    fn an_error_that_may_answer_a_cancel_does_not_end_the_payment() {
        let request = Request::parse(r#"{"type":"PaymentRequest"}"#).expect("valid");
        let mut error = message(r#"{"type":"ErrorResponse"}"#);
        error.may_answer_another = true;
        assert!(!request.is_answered_by(&error));
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
