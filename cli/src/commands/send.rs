//! `poslatch send`: a request in the device's own words, for everything that has no command of its own.

use super::Context;
use super::pay::parsed;
use crate::arguments::SendArguments;
use crate::done::Done;
use crate::exchange::{self, Session};
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::plain;
use crate::screen::Tone;
use crate::till::{self, Till};
use crate::verdict::{self, Verdict};
use poslatch::{REQUEST_BYTES_MAX, RequestState};
use serde_json::Value;
use std::io::{self, Read};

/// Replies that say whether money moved, whatever of them is missing (protocol.md section 6a).
const MONEY: &[&str] = &[
    "CaptureResponse",
    "IncrementalAuthorizationResponse",
    "LinkedRefundResponse",
    "PaymentResponse",
    "StandaloneRefundResponse",
    "TokenRefundResponse",
];

pub(crate) fn run(arguments: &SendArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let request = read(&arguments.file)?;
    let parsed_request: Value = serde_json::from_str(&request).map_err(|error| {
        Failure::usage(
            format!("the request is not JSON at line {}, column {}", error.line(), error.column()),
            "Send one JSON object with a string member \"type\", for example \"PaymentRequest\". Nothing was sent.",
        )
    })?;
    let till = Till::resolve(
        &arguments.device,
        &arguments.identity,
        arguments.exchange.journal.as_deref(),
        context,
    )?;
    if let Some(reference) = parsed_request.get("merchantReferenceCode").and_then(Value::as_str) {
        till.check_not_pending(reference, &format!("{} --patience 60", till::quoted(reference)))?;
    }
    let session = Session::open(&till, context)?;
    let screen = context.screen;
    let reply =
        session.exchange(&request, till::silence(&arguments.exchange), &mut |status| screen.say_json(status));
    match reply {
        Ok(reply) => {
            let value = parsed(&reply);
            let mut done = Done::text(format!("{}\n", plain::json(&reply))).member("reply", value.clone());
            done.exit = judged(&value);
            Ok(done)
        }
        Err(lost) if lost.error.request_state() == RequestState::InDoubt => {
            let told = failure::message(&lost.error);
            let mut done = Done::new(
                Exit::InDoubt,
                Tone::Bad,
                "IN DOUBT: the request may have been carried out. Do not repeat it.",
            )
            .fact("what happened", told)
            .member("reply", Value::Null)
            .member("error", Failure::of(lost.error).to_json());
            if let Some(command) = look_up(&parsed_request, &till) {
                done = done.member("next", command.clone()).next(command);
            }
            Ok(done)
        }
        Err(lost) => Err(exchange::not_open(lost.error, &till)),
    }
}

fn read(file: &str) -> Result<String, Failure> {
    // One byte more, so that the library says that it is too large.
    let limit = REQUEST_BYTES_MAX as u64 + 1;
    let mut text = String::new();
    let result = match file {
        "-" => io::stdin().take(limit).read_to_string(&mut text),
        path => std::fs::File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)),
    };
    result.map(|_| text).map_err(|error| {
        let file = if file == "-" { "standard input" } else { file };
        Failure::usage(
            format!("cannot read the request from \"{file}\": {error}"),
            "Check that the path is right, that this user may read it, and that it is UTF-8.",
        )
    })
}

/// A reply that has no outcome, as that of a print, is a done; one about a transaction has to say it.
fn judged(reply: &Value) -> Exit {
    if verdict::is_error(reply) {
        return Exit::SaidNo;
    }
    let is_about_money =
        ["transactionDetails", "processingDetails"].iter().any(|name| reply.get(name).is_some())
            || MONEY.contains(&reply.get("type").and_then(Value::as_str).unwrap_or_default());
    if !is_about_money {
        return Exit::Done;
    }
    let verdict = match reply.get("type").and_then(Value::as_str) {
        Some("LinkedRefundResponse") => Verdict::of_linked_refund(reply, None),
        _ => Verdict::of(reply),
    };
    match verdict {
        Verdict::Approved | Verdict::Accepted => Exit::Done,
        Verdict::Declined | Verdict::Aborted | Verdict::Failed => Exit::SaidNo,
        Verdict::NotKnown => Exit::InDoubt,
    }
}

/// The command that finds out, if the request says what to ask for.
fn look_up(request: &Value, till: &Till) -> Option<String> {
    let what = match exchange::text_at(request, "/merchantReferenceCode") {
        Some(reference) => format!("{} --patience 60", till::quoted(&reference)),
        None => format!("--transaction {}", till::quoted(&exchange::text_at(request, "/transactionId")?)),
    };
    Some(format!("poslatch lookup {what}{}", till.typed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reply_about_money_that_tells_no_outcome_is_in_doubt_and_that_of_a_print_is_done() {
        for (reply, exit) in [
            (json!({ "type": "PrintResponse", "message": "Printed" }), Exit::Done),
            (json!({ "type": "ErrorResponse", "message": "No paper" }), Exit::SaidNo),
            (json!({ "type": "PaymentResponse", "message": "Payment approved" }), Exit::InDoubt),
            (json!({ "type": "PaymentResponse", "processingDetails": { "status": 1 } }), Exit::InDoubt),
            (json!({ "type": "TipAdjustResponse", "transactionDetails": {} }), Exit::InDoubt),
            (json!({ "type": "PaymentResponse", "processingDetails": { "status": "APPROVED" } }), Exit::Done),
        ] {
            assert_eq!(judged(&reply), exit, "{reply}");
        }
    }

    #[test]
    fn refund_is_judged_by_its_own_status() {
        let reply = json!({
            "type": "LinkedRefundResponse",
            "processingDetails": { "status": "APPROVED" },
            "linkedOperations": [{ "type": "REFUND", "amount": "1.00", "status": "DECLINED" }],
        });
        assert_eq!(judged(&reply), Exit::SaidNo);
    }
}
