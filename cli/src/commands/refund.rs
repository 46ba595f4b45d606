//! `poslatch refund`: money back, of an earlier payment or to a card that is presented.
//!
//! A refund of a payment carries no reference of its own, so when its reply is lost the look-up is for the payment,
//! whose linked operations then show the refund or do not.

use super::Context;
use super::pay::{Operation, parsed, told};
use crate::amount::Amount;
use crate::arguments::RefundArguments;
use crate::done::Done;
use crate::exchange::{self, Session};
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::reference;
use crate::screen::Tone;
use crate::till::{self, Till};
use crate::verdict::{Verdict, latest_refund};
use poslatch::{JournalEntry, RequestState};
use serde_json::{Value, json};
use std::time::Duration;

/// The type of a request that stands in the journal by its transaction.
pub(crate) const LINKED_REFUND: &str = "LinkedRefundRequest";

/// What is to be given back.
enum Wanted {
    /// Of a payment: all of it, or a part.
    Linked {
        transaction: String,
        part: Option<Amount>,
    },
    Standalone {
        amount: Amount,
        reference: String,
    },
}

pub(crate) fn run(arguments: &RefundArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let wanted = wanted(arguments)?;
    let till = Till::resolve(
        &arguments.device,
        &arguments.identity,
        arguments.exchange.journal.as_deref(),
        context,
    )?;
    let silence = till::silence(&arguments.exchange);
    match wanted {
        Wanted::Linked { transaction, part } => linked(&transaction, part.as_ref(), silence, &till, context),
        Wanted::Standalone { amount, reference } => standalone(&amount, &reference, silence, &till, context),
    }
}

fn wanted(arguments: &RefundArguments) -> Result<Wanted, Failure> {
    let usage = |message: &str| {
        Failure::usage(
            message,
            "Write `poslatch refund TRANSACTION`, `poslatch refund TRANSACTION AMOUNT CURRENCY`, or `poslatch refund \
             --standalone AMOUNT CURRENCY`.",
        )
    };
    let words: Vec<&str> = arguments.what.iter().map(String::as_str).collect();
    match (arguments.standalone, words.as_slice()) {
        (true, [amount, currency]) => Ok(Wanted::Standalone {
            amount: Amount::parse(amount, currency)?,
            reference: reference::given_or_new(arguments.reference.as_deref(), "refund")?,
        }),
        (true, _) => Err(usage("a stand-alone refund takes an amount and a currency")),
        (false, [transaction]) => {
            Ok(Wanted::Linked { transaction: transaction_id(transaction)?, part: None })
        }
        (false, [transaction, amount, currency]) => Ok(Wanted::Linked {
            transaction: transaction_id(transaction)?,
            part: Some(Amount::parse(amount, currency)?),
        }),
        (false, _) => Err(usage("the amount or its currency is missing")),
    }
}

/// Section 6a: 32 hexadecimal digits; other lengths are left to the device.
pub(crate) fn transaction_id(text: &str) -> Result<String, Failure> {
    let fits =
        (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    match fits {
        true => Ok(text.to_owned()),
        false => Err(Failure::usage(
            format!("\"{text}\" is not the number of a transaction"),
            "It has 32 digits and letters; `poslatch pay` and `poslatch lookup REFERENCE` print it.",
        )),
    }
}

fn linked(
    transaction: &str,
    part: Option<&Amount>,
    silence: Duration,
    till: &Till,
    context: &Context<'_>,
) -> Result<Done, Failure> {
    till.check_not_pending(transaction, &format!("--transaction {transaction}"))?;
    let how_much = part.map_or("all".to_owned(), ToString::to_string);
    context.screen.say(&format!("Refund of {how_much} of transaction {transaction}."));
    let session = Session::open(till, context)?;
    let mut request = json!({ "type": LINKED_REFUND, "transactionId": transaction });
    if let Some(part) = part {
        request["amountDetails"] = json!({ "amount": part.value, "currency": part.currency });
    }
    // The library writes down what has a reference. This has none, and a part could be given back twice.
    let entry = JournalEntry {
        reference: transaction,
        kind: LINKED_REFUND,
        device: session.device_name().unwrap_or_default(),
    };
    let ticket = till.journal.begin(&entry).map_err(Failure::of)?;
    let reply = session.exchange(&request.to_string(), silence, &mut |status| session.show_status(status));
    let verdict = reply.as_ref().map_or(Verdict::NotKnown, |reply| {
        Verdict::of_linked_refund(&parsed(reply), part.map(|part| part.value.as_str()))
    });
    let was_not_sent = reply.as_ref().is_err_and(|lost| lost.error.request_state() != RequestState::InDoubt);
    if verdict != Verdict::NotKnown || was_not_sent {
        // If it stays there, somebody looks once too often.
        let _ = ticket.finish();
    }
    match reply {
        Ok(reply) => {
            let reply = parsed(&reply);
            match verdict {
                Verdict::NotKnown => Ok(in_doubt(transaction, "the device does not say how it ended", till)),
                verdict => {
                    let amount = refunded(&reply);
                    let amount = amount.as_ref().or(part);
                    Ok(told("refund", verdict, amount, None, &reply, session.device_name())
                        .member("transaction", transaction))
                }
            }
        }
        Err(lost) if lost.error.request_state() == RequestState::InDoubt => {
            Ok(in_doubt(transaction, &failure::message(&lost.error), till)
                .member("error", Failure::of(lost.error).to_json()))
        }
        Err(lost) => Err(exchange::not_open(lost.error, till)),
    }
}

/// How much the device says that it gave back: of a payment that was refunded in part before, "all" is the rest.
fn refunded(reply: &Value) -> Option<Amount> {
    let value = exchange::text_at(latest_refund(reply)?, "/amount")?;
    let currency = exchange::text_at(reply, "/transactionDetails/amountDetails/currency")?;
    Some(Amount { value, currency })
}

fn in_doubt(transaction: &str, what_happened: &str, till: &Till) -> Done {
    let command = format!("poslatch lookup --transaction {transaction}{}", till.typed);
    Done::new(Exit::InDoubt, Tone::Bad, "IN DOUBT: the refund may have gone through. Do not repeat it.")
        .fact("transaction", transaction)
        .fact("what happened", what_happened)
        .member("outcome", Verdict::NotKnown.name())
        .member("transaction", transaction)
        .member("next", command.clone())
        .next(format!("{command}  (its exit code is that of the payment; the refund stands under \"last refund\", or none does)"))
        .next(format!("when you know how it ended: poslatch lookup --forget {transaction}{}", till.typed))
}

fn standalone(
    amount: &Amount,
    reference: &str,
    silence: Duration,
    till: &Till,
    context: &Context<'_>,
) -> Result<Done, Failure> {
    till.check_not_pending(reference, &format!("{reference} --patience 60"))?;
    context.screen.say(&format!("Refund of {amount} without a payment, reference {reference}."));
    let session = Session::open(till, context)?;
    let request = json!({
        "type": "StandaloneRefundRequest",
        "merchantReferenceCode": reference,
        "amountDetails": { "amount": amount.value, "currency": amount.currency },
    });
    let reply = session.exchange(&request.to_string(), silence, &mut |status| session.show_status(status));
    let operation = Operation { noun: "refund", reference, amount: Some(amount), till };
    operation.settle(reply, Duration::from_secs(10), &session, context)
}
