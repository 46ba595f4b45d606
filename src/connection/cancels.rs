//! Which `ErrorResponse` may be the answer to a `CancelRequest` (protocol.md section 6c).
//!
//! Neither names the other, so it can only be guessed, and the guess must err on one side: an error
//! that may answer a cancel never ends a payment. But a cancel that the device passed over in silence
//! must not make a plain refusal, hours later, look like its answer; so the guess has an end.

use super::message::Message;
use std::time::{Duration, Instant};

/// How long a device may take to answer a cancel. Also how long the operation's own reply is waited
/// for after such an answer.
pub(super) const AFTER_CANCEL: Duration = Duration::from_secs(60);

/// The same once an operation was aborted: by the cancel, which then has its answer, or by the
/// customer, and then the cancel's own answer is under way. Short, since an error that answers the next
/// request within it is not believed either.
const AFTER_ABORT: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Cancels {
    unanswered: u32,
    until: Option<Instant>,
}

impl Cancels {
    pub(super) fn sent(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
        self.until = Some(Instant::now() + AFTER_CANCEL);
    }

    /// Marks the message, if it may be the answer to a cancel.
    pub(super) fn arrived(&mut self, message: &mut Message) {
        let now = Instant::now();
        if self.until.is_none_or(|until| until <= now) {
            *self = Cancels::default();
        }
        if self.unanswered == 0 {
            return;
        }
        if message.is_error() {
            message.may_answer_cancel = true;
            self.unanswered -= 1;
        } else if message.is_aborted {
            self.until = self.until.map(|until| until.min(now + AFTER_ABORT));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrives(cancels: &mut Cancels, json: &str) -> bool {
        let mut message = Message::parse(json.into()).unwrap_or_else(|kind| panic!("{}", kind.message()));
        cancels.arrived(&mut message);
        message.may_answer_cancel
    }

    const ERROR: &str = r#"{"type":"ErrorResponse"}"#;
    const ABORTED: &str = r#"{"type":"PaymentResponse","processingDetails":{"status":"ABORTED"}}"#;

    #[test]
    fn each_cancel_explains_one_error() {
        let mut cancels = Cancels::default();
        assert!(!arrives(&mut cancels, ERROR));
        cancels.sent();
        cancels.sent();
        assert!(arrives(&mut cancels, ERROR));
        assert!(arrives(&mut cancels, ERROR));
        assert!(!arrives(&mut cancels, ERROR));
    }

    #[test]
    fn an_abort_by_the_customer_does_not_leave_the_cancels_answer_to_the_next_payment() {
        let mut cancels = Cancels::default();
        cancels.sent();
        arrives(&mut cancels, ABORTED);
        assert!(arrives(&mut cancels, ERROR));
    }

    #[test]
    fn a_cancel_that_was_passed_over_is_forgotten_in_time() {
        let mut cancels =
            Cancels { unanswered: 1, until: Instant::now().checked_sub(Duration::from_millis(1)) };
        assert!(!arrives(&mut cancels, ERROR));
    }
}
