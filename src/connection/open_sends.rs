//! Which `ErrorResponse` may be the answer to something else than the exchange that runs.
//!
//! It names nobody (protocol.md section 5). What was sent by hand, a `CancelRequest` above all (section
//! 6c), may be answered by one, so it can only be guessed; and the guess must err on one side: an error
//! that may answer another message never ends a payment. But a message that the device passed over in
//! silence must not make a plain refusal, hours later, look like its answer; so the guess has an end.

use super::message::{CANCEL_REQUEST, Message};
use std::time::{Duration, Instant};

/// How long a device may take to answer what was sent by hand, once no exchange runs any more that it
/// may be busy with. Also how long the operation's own reply is waited for after such an answer.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(60);

/// The same for a cancel once an operation was aborted: by the cancel, which then has its answer, or by
/// the customer, and then the cancel's own answer is under way. Short, since an error that answers the
/// next request within it is not believed either.
const AFTER_ABORT: Duration = Duration::from_secs(2);

/// A till that sends more without waiting has lost the thread itself.
const OPEN_MAX: usize = 16;

#[derive(Default)]
pub(super) struct OpenSends {
    open: Vec<Open>,
    exchanging: bool,
}

/// A message sent by hand whose answer has not been seen.
struct Open {
    kind: String,
    /// When it is forgotten; not before the exchange has ended in which it was sent.
    until: Option<Instant>,
}

impl OpenSends {
    pub(super) fn exchange_begins(&mut self) {
        self.exchanging = true;
    }

    pub(super) fn exchange_ends(&mut self, now: Instant) {
        self.exchanging = false;
        for open in &mut self.open {
            open.until.get_or_insert(now + ANSWER_TIME);
        }
    }

    pub(super) fn sent(&mut self, kind: &str, now: Instant) {
        if self.open.len() >= OPEN_MAX {
            self.open.remove(0);
        }
        let until = if self.exchanging { None } else { Some(now + ANSWER_TIME) };
        self.open.push(Open { kind: kind.to_owned(), until });
    }

    /// Marks the message, if it may be the answer to another one than the exchange's.
    pub(super) fn arrived(&mut self, message: &mut Message, now: Instant) {
        self.open.retain(|open| open.until.is_none_or(|until| now < until));
        if message.is_error() {
            if !self.open.is_empty() {
                message.may_answer_another = true;
                self.open.remove(0);
            }
            return;
        }
        if let Some(answered) = self.open.iter().position(|open| message.is_reply_to(&open.kind)) {
            self.open.remove(answered);
        }
        if message.is_aborted {
            let soon = now + AFTER_ABORT;
            for cancel in self.open.iter_mut().filter(|open| open.kind == CANCEL_REQUEST) {
                cancel.until = Some(cancel.until.map_or(soon, |until| until.min(soon)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrives(sends: &mut OpenSends, json: &str, now: Instant) -> bool {
        let mut message = Message::parse(json.into()).unwrap_or_else(|kind| panic!("{}", kind.message()));
        sends.arrived(&mut message, now);
        message.may_answer_another
    }

    const ERROR: &str = r#"{"type":"ErrorResponse"}"#;
    const ABORTED: &str = r#"{"type":"PaymentResponse","processingDetails":{"status":"ABORTED"}}"#;
    const PRINTED: &str = r#"{"type":"CustomPrintResponse"}"#;

    #[test]
    fn each_cancel_explains_one_error() {
        let (mut sends, now) = (OpenSends::default(), Instant::now());
        assert!(!arrives(&mut sends, ERROR, now));
        sends.sent(CANCEL_REQUEST, now);
        sends.sent(CANCEL_REQUEST, now);
        assert!(arrives(&mut sends, ERROR, now));
        assert!(arrives(&mut sends, ERROR, now));
        assert!(!arrives(&mut sends, ERROR, now));
    }

    #[test]
    fn while_the_exchange_runs_in_which_it_was_sent_a_cancel_is_not_forgotten() {
        let (mut sends, now) = (OpenSends::default(), Instant::now());
        sends.exchange_begins();
        sends.sent(CANCEL_REQUEST, now);
        assert!(arrives(&mut sends, ERROR, now + ANSWER_TIME * 100));
    }

    #[test]
    fn an_abort_by_the_customer_does_not_leave_the_cancels_answer_to_the_next_payment() {
        let (mut sends, now) = (OpenSends::default(), Instant::now());
        sends.exchange_begins();
        sends.sent(CANCEL_REQUEST, now);
        arrives(&mut sends, ABORTED, now);
        sends.exchange_ends(now);
        assert!(arrives(&mut sends, ERROR, now + AFTER_ABORT / 2));
        sends.sent(CANCEL_REQUEST, now);
        arrives(&mut sends, ABORTED, now);
        assert!(!arrives(&mut sends, ERROR, now + AFTER_ABORT));
    }

    #[test]
    fn a_message_that_was_passed_over_is_forgotten_in_time() {
        let (mut sends, now) = (OpenSends::default(), Instant::now());
        sends.exchange_begins();
        sends.sent(CANCEL_REQUEST, now);
        sends.exchange_ends(now);
        assert!(!arrives(&mut sends, ERROR, now + ANSWER_TIME));
    }

    #[test]
    fn what_was_sent_by_hand_explains_an_error_until_it_is_answered() {
        let (mut sends, now) = (OpenSends::default(), Instant::now());
        sends.sent("CustomPrintRequest", now);
        sends.exchange_begins();
        assert!(arrives(&mut sends, ERROR, now), "the printer may be out of paper");
        sends.sent("CustomPrintRequest", now);
        arrives(&mut sends, PRINTED, now);
        assert!(!arrives(&mut sends, ERROR, now));
    }
}
