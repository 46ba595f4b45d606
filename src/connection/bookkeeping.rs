//! What an exchange writes into the journal, and when it strikes it out.
//!
//! The entry is safe on the disk before the request leaves. It goes when the end is known or when it is
//! certain that nothing left; every other way out leaves it there, a reply that tells no end included.

use super::dialler::Dialler;
use super::message::{CANCEL_REQUEST, Message, MessageKind, Request};
use super::recovery::{is_end, status_of};
use crate::error::Error;
use crate::journal::{Journal, JournalEntry, JournalTicket};
use crate::log;
use crate::status::RequestState;
use serde_json::Value;

/// The journal of a connection, if it keeps one.
pub(super) struct Books(Option<Journal>);

/// The entry of a request, if it has one.
pub(super) struct Entry(Option<JournalTicket>);

impl Books {
    pub(super) fn new(journal: Option<&Journal>) -> Books {
        Books(journal.cloned())
    }

    /// # Errors
    /// `File`, `Argument`, `Cancelled`: then the request must not be sent.
    pub(super) fn sending(&self, request: &Request<'_>, dialler: &Dialler) -> Result<Entry, Error> {
        let (Some(journal), Some(reference)) = (&self.0, &request.reference) else { return Ok(Entry(None)) };
        // It has no end of its own, and must not wait.
        if request.kind == CANCEL_REQUEST {
            return Ok(Entry(None));
        }
        let address = dialler.address();
        let device = dialler.device_name().unwrap_or(&address);
        let entry = JournalEntry { reference, kind: &request.kind, device };
        journal.begin_unless(&entry, &|| dialler.is_closing()).map(|ticket| Entry(Some(ticket)))
    }

    /// The end of requests of this reference is known; of all, or of those of one type.
    pub(super) fn settled(&self, reference: &str, kind: Option<&str>) {
        if let Some(Err(error)) = self.0.as_ref().map(|journal| journal.settle(reference, kind)) {
            log::journal_not_settled(&error);
        }
    }

    /// A message that belongs to no exchange: perhaps the end of what was sent by hand, or of what was
    /// looked up.
    pub(super) fn received(&self, message: &Message) {
        let (MessageKind::Reply, Some(reference)) = (message.kind, &message.reference) else { return };
        if self.0.is_none() {
            return;
        }
        match message.operation() {
            // One that tells no status knows of nothing.
            Some("TransactionLookup") if status_of(&message.json).is_some_and(|status| is_end(&status)) => {
                self.settled(reference, None);
            }
            Some("TransactionLookup") | None => {}
            // The reply to a capture or a refund carries the reference of the payment that it is about.
            Some(operation) if tells_an_end(&message.json) => {
                self.settled(reference, Some(&format!("{operation}Request")));
            }
            Some(_) => {}
        }
    }
}

impl Entry {
    /// The exchange is over.
    pub(super) fn settle(self, result: &Result<String, Error>) {
        let is_known = match result {
            Ok(reply) => tells_an_end(reply),
            Err(error) => error.request_state() == RequestState::NotSent,
        };
        if is_known {
            self.strike_out();
        }
    }

    /// The request was handed over, or not, as this error says.
    pub(super) fn settle_if_not_sent(self, error: Option<&Error>) {
        if error.is_some_and(|error| error.request_state() == RequestState::NotSent) {
            self.strike_out();
        }
    }

    fn strike_out(self) {
        if let Some(Err(error)) = self.0.map(JournalTicket::finish) {
            log::journal_not_settled(&error);
        }
    }
}

/// Whether a final reply says how it ended. An `ErrorResponse` does, and so does that of an operation which
/// knows no status; INCONCLUSIVE and words that nobody knows do not, nor does a reply about a transaction
/// whose status is missing or no text (protocol.md section 6a).
fn tells_an_end(reply: &str) -> bool {
    match status_of(reply) {
        Some(status) => is_end(&status),
        None => !lacks_its_status(reply),
    }
}

fn lacks_its_status(reply: &str) -> bool {
    const WITH_STATUS: &[&str] = &[
        "AccountVerificationResponse",
        "PaymentResponse",
        "StandaloneRefundResponse",
        "TokenRefundResponse",
    ];
    let Ok(reply) = serde_json::from_str::<Value>(reply) else { return true };
    let kind = reply.get("type").and_then(Value::as_str).unwrap_or_default();
    WITH_STATUS.contains(&kind) || reply.get("processingDetails").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_about_money_is_an_end_only_if_it_says_so() {
        for (reply, is_an_end) in [
            (r#"{"type":"PaymentResponse","processingDetails":{"status":"DECLINED"}}"#, true),
            (r#"{"type":"PaymentResponse","processingDetails":{"status":"INCONCLUSIVE"}}"#, false),
            (r#"{"type":"PaymentResponse","processingDetails":{"status":7}}"#, false),
            (r#"{"type":"PaymentResponse","processingDetails":{}}"#, false),
            (r#"{"type":"PaymentResponse","message":"Payment approved"}"#, false),
            (r#"{"type":"NewResponse","processingDetails":{"status":null}}"#, false),
            (r#"{"type":"PrintResponse","message":"Printed"}"#, true),
            (r#"{"type":"ErrorResponse","message":"busy"}"#, true),
        ] {
            assert_eq!(tells_an_end(reply), is_an_end, "{reply}");
        }
    }
}
