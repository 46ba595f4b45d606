//! Finding out how a request in doubt has ended, by the look-up that the vendor documents for it
//! (protocol.md sections 0.8 and 8.7).

use super::limits::Limits;
use super::message::Request;
use crate::error::{Error, Kind};
use crate::status::{Category, RequestState};
use crate::transport::deadline::Deadline;
use serde_json::{Value, json};
use std::time::Duration;

/// What a device knows about a request whose reply was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// How it ended: the device's `TransactionLookupResponse`. Approved, declined, aborted or failed
    /// stands in `processingDetails.status`.
    Final(String),
    /// The device is still at it: its `TransactionLookupResponse`.
    Running(String),
    /// The device answers, but for the whole time knew of no such request, or could not say how it
    /// ended: its last answer, an `ErrorResponse` as a rule.
    Unknown(String),
}

/// How long a device may take to answer a look-up, which needs no customer.
const LOOKUP_SILENCE: Duration = Duration::from_secs(15);

/// What a look-up gets that is begun shortly before the patience is over.
const LOOKUP_MIN: Duration = Duration::from_secs(2);

/// Pause between two look-ups; the first ones are shorter.
const PAUSE_MAX: Duration = Duration::from_secs(2);
const PAUSE_FIRST: Duration = Duration::from_millis(250);

/// Asks until the end is known or `patience` is over. `ask` runs one exchange, `pause` lets time pass.
pub(super) fn recover(
    reference: &str,
    patience: Duration,
    mut ask: impl FnMut(&Request<'_>, Limits) -> Result<String, Error>,
    pause: impl Fn(Duration) -> Result<(), Error>,
) -> Result<Recovery, Error> {
    if reference.is_empty() {
        return Err(Error::argument("reference", "it is empty"));
    }
    let lookup = json!({
        "type": "TransactionLookupRequest",
        "idType": "MERCHANT_REFERENCE_CODE",
        "id": reference,
    });
    let lookup = lookup.to_string();
    let request = Request::parse(&lookup)?;
    // What is in doubt is the request that is looked for, whatever becomes of the look-ups.
    let in_doubt = |error: Error| error.with_request_state(RequestState::InDoubt);

    let deadline = Deadline::after(patience);
    let mut next_pause = PAUSE_FIRST;
    let mut last = Err(Error::from(Kind::ExchangeTimeout { limit: patience }));
    while let Some(remaining) = deadline.remaining() {
        // One that was begun gets its time: cut short, it would only take the place of a better answer.
        let whole = remaining.max(LOOKUP_MIN);
        last = match ask(&request, Limits::new(LOOKUP_SILENCE.min(whole), Some(whole))) {
            Ok(reply) => match judge(reply) {
                Recovery::Final(reply) => return Ok(Recovery::Final(reply)),
                // "Not found" shortly after a loss may only mean "not yet" (section 8.7).
                unfinished => Ok(unfinished),
            },
            Err(error) => match error.category() {
                Category::Network | Category::Device => Err(error),
                _ => return Err(in_doubt(error)),
            },
        };
        let Some(remaining) = deadline.remaining() else { break };
        pause(next_pause.min(remaining)).map_err(in_doubt)?;
        next_pause = (next_pause * 2).min(PAUSE_MAX);
    }
    last.map_err(in_doubt)
}

fn judge(reply: String) -> Recovery {
    match status_of(&reply).as_deref() {
        Some(status) if is_end(status) => Recovery::Final(reply),
        Some("PENDING" | "INITIALIZED") => Recovery::Running(reply),
        _ => Recovery::Unknown(reply),
    }
}

/// Where an operation stands, by a reply to it or by a look-up.
pub(super) fn status_of(reply: &str) -> Option<String> {
    let parsed: Value = serde_json::from_str(reply).ok()?;
    parsed.pointer("/processingDetails/status")?.as_str().map(str::to_owned)
}

/// An unknown status counts as not known, never as an end (section 6a).
pub(super) fn is_end(status: &str) -> bool {
    matches!(status, "APPROVED" | "ACCEPTED" | "DECLINED" | "ABORTED" | "ERROR")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;
    use crate::error::Phase;
    use std::cell::{Cell, RefCell};

    fn answer(status: &str) -> Result<String, Error> {
        Ok(format!(r#"{{"type":"TransactionLookupResponse","processingDetails":{{"status":"{status}"}}}}"#))
    }

    fn not_found() -> Result<String, Error> {
        Ok(r#"{"type":"ErrorResponse","message":"not found"}"#.into())
    }

    /// Plays the answers; the last one for ever. Tells how often was asked.
    fn play(patience: Duration, answers: Vec<Result<String, Error>>) -> (Result<Recovery, Error>, u32) {
        let asked = Cell::new(0);
        let answers = RefCell::new(answers.into_iter().peekable());
        let ask = |_: &Request<'_>, _: Limits| {
            asked.set(asked.get() + 1);
            let mut answers = answers.borrow_mut();
            let next = answers.next().expect("asked no more often than answers were given");
            if answers.peek().is_none() {
                *answers = vec![next.clone()].into_iter().peekable();
            }
            next
        };
        (recover("A-1", patience, ask, |_| Ok(())), asked.get())
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn not_found_shortly_after_a_loss_is_asked_again_until_the_end_is_known() {
        let lost = Err(Kind::PeerClosed { phase: Phase::Exchange, os: None }.into());
        let (result, asked) = play(
            LONG,
            vec![not_found(), lost, answer("PENDING"), answer("INCONCLUSIVE"), answer("DECLINED")],
        );
        assert!(matches!(result, Ok(Recovery::Final(reply)) if reply.contains("DECLINED")));
        assert_eq!(asked, 5);
    }

    #[test]
    fn a_look_up_that_is_begun_late_gets_its_time() {
        let ask = |_: &Request<'_>, limits: Limits| {
            assert!(limits.silence >= LOOKUP_MIN);
            answer("PENDING")
        };
        recover("A-1", Duration::from_millis(1), ask, |_| Ok(())).expect("an answer");
    }

    #[test]
    fn when_patience_is_over_the_last_answer_counts() {
        let short = Duration::from_millis(20);
        let (result, _) = play(short, vec![answer("PENDING"), not_found()]);
        assert!(matches!(result, Ok(Recovery::Unknown(reply)) if reply.contains("not found")));
        let (result, _) = play(short, vec![not_found(), answer("PENDING")]);
        assert!(matches!(result, Ok(Recovery::Running(_))));
        let (result, _) = play(short, vec![answer("SOMETHING NEW")]);
        assert!(matches!(result, Ok(Recovery::Unknown(_))));
    }

    #[test]
    fn a_wrong_device_ends_the_search_at_once_and_leaves_the_request_in_doubt() {
        let wrong = Kind::WrongDevice { expected: "a".into(), found: vec!["b".into()] };
        let (result, asked) = play(LONG, vec![Err(wrong.into())]);
        let error = result.expect_err("not found out");
        assert_eq!(
            (error.status(), error.request_state(), asked),
            (Status::WrongDevice, RequestState::InDoubt, 1)
        );
    }
}
