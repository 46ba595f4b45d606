//! `poslatch lookup`: how a payment ended, asked of the device; and what a till that died left in its journal.

use super::Context;
use super::pay::{parsed, told};
use super::refund::{LINKED_REFUND, transaction_id};
use crate::arguments::LookupArguments;
use crate::done::Done;
use crate::exchange::{self, Session};
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::screen::Tone;
use crate::till::{IdentitySettings, Till, quoted};
use crate::verdict::{self, Verdict, latest_refund};
use poslatch::{Category, PendingRequest, Recovery};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn run(arguments: &LookupArguments, context: &Context<'_>) -> Result<Done, Failure> {
    if let Some(reference) = &arguments.forget {
        return forget(reference, arguments, context);
    }
    let transaction = arguments.transaction.as_deref().map(transaction_id).transpose()?;
    let till = Till::resolve(&arguments.device, &arguments.identity, arguments.journal.as_deref(), context)?;
    let patience = Duration::from_secs(arguments.patience.max(1).into());
    match (transaction, &arguments.reference) {
        (Some(transaction), _) => by_transaction(&transaction, patience, &till, context),
        (None, Some(reference)) => {
            let session = open(&till, context, &format!("how {reference} ended"))?;
            by_reference(reference, patience, &session, &till, context)
        }
        (None, None) => pending(patience, &till, context),
    }
}

/// Opens the connection; a script that reads "no connection, nothing in doubt" could pay again, so this is in doubt.
fn open<'a>(till: &Till, context: &'a Context<'a>, what: &str) -> Result<Session<'a>, Failure> {
    Session::open(till, context).map_err(|failure| still_not_known(failure, what))
}

fn still_not_known(failure: Failure, what: &str) -> Failure {
    let advice = failure.advice.replacen("Nothing was sent. ", "", 1);
    let advice = format!("It is still not known {what}: do not repeat it. {advice}");
    failure.ending(Exit::InDoubt).advising(advice)
}

fn by_reference(
    reference: &str,
    patience: Duration,
    session: &Session<'_>,
    till: &Till,
    context: &Context<'_>,
) -> Result<Done, Failure> {
    context.screen.say(&format!("Asking for {reference}, for up to {} s ...", patience.as_secs()));
    match session.recover(reference, patience) {
        Ok(Recovery::Final(reply)) => {
            let reply = parsed(&reply);
            let verdict = Verdict::of(&reply);
            Ok(told("transaction", verdict, None, Some(reference), &reply, session.device_name()))
        }
        Ok(Recovery::Running(reply)) => {
            let device_says = exchange::text_at(&parsed(&reply), "/processingDetails/status");
            Ok(not_known(reference, "the device is still at it", device_says, till))
        }
        Ok(Recovery::Unknown(reply)) => Ok(not_known(
            reference,
            "the device knows of no such transaction",
            exchange::words_of(&reply),
            till,
        )),
        Ok(_) => Ok(not_known(reference, "the device does not say", None, till)),
        Err(error) if matches!(error.category(), Category::Usage) => Err(Failure::of(error)),
        Err(error) => {
            let json = Failure::of(error.clone()).to_json();
            Ok(not_known(reference, &failure::message(&error), None, till).member("error", json))
        }
    }
}

fn not_known(reference: &str, found: &str, device_says: Option<String>, till: &Till) -> Done {
    let mut done = Done::new(Exit::InDoubt, Tone::Bad, format!("IN DOUBT: {reference}: {found}"))
        .both("it says", "device_says", device_says.as_deref())
        .member("outcome", Verdict::NotKnown.name())
        .member("reference", reference)
        .member("found", found)
        .next(format!("poslatch lookup {} --patience 60{}", quoted(reference), till.typed))
        .next(
            "if that finds nothing either, compare the device's list of transactions and the Business Center, and only \
             then call it unpaid",
        );
    if device_says.is_none() {
        done.facts.clear();
    }
    done
}

fn by_transaction(
    transaction: &str,
    patience: Duration,
    till: &Till,
    context: &Context<'_>,
) -> Result<Done, Failure> {
    let what = format!("how {transaction} ended, nor whether it was given back");
    let session = open(till, context, &what)?;
    let request =
        json!({ "type": "TransactionLookupRequest", "idType": "TRANSACTION_ID", "id": transaction });
    let reply = session.exchange(&request.to_string(), patience, &mut |_| {});
    let reply = reply.map_err(|lost| still_not_known(exchange::not_open(lost.error, till), &what))?;
    let reply = parsed(&reply);
    if verdict::is_error(&reply) {
        // It is the question that failed. Of the transaction, nothing is known.
        let device_says = exchange::words_of(&reply.to_string());
        return Ok(Done::new(
            Exit::InDoubt,
            Tone::Bad,
            format!("IN DOUBT: {transaction}: the device does not say"),
        )
        .both("it says", "device_says", device_says.as_deref())
        .member("outcome", Verdict::NotKnown.name())
        .member("transaction", transaction)
        .member("reply", reply)
        .next("compare the number with the device's list of transactions and the Business Center"));
    }
    let verdict = Verdict::of(&reply);
    let done = told("transaction", verdict, None, None, &reply, session.device_name());
    let refund = latest_refund(&reply).map(|refund| {
        let text = |name: &str| exchange::text_at(refund, &format!("/{name}")).unwrap_or_default();
        format!("{}, {}, {}", text("amount"), text("status"), text("submitTimeUtc"))
    });
    let done = done.member("last_refund", refund.clone());
    Ok(done.fact("last refund", refund.as_deref().unwrap_or("none")))
}

/// Every request in the journal, the oldest first. The exit code is the worst of them: not known before no before yes.
fn pending(patience: Duration, till: &Till, context: &Context<'_>) -> Result<Done, Failure> {
    let requests = till.journal.pending().map_err(Failure::of)?;
    if requests.is_empty() {
        let path = till.journal.path().display().to_string();
        return Ok(Done::new(Exit::Done, Tone::Good, format!("Nothing is pending in {path}"))
            .member("requests", Value::Array(Vec::new())));
    }
    let session = open(till, context, "how the requests in the journal ended")?;
    let mut all = Done::new(Exit::Done, Tone::Plain, format!("Pending: {}", requests.len()));
    let mut members = Vec::new();
    for request in requests {
        let done = match request.kind == LINKED_REFUND || of_another_device(&request, &session) {
            true if request.kind == LINKED_REFUND => Done {
                next: vec![format!(
                    "poslatch lookup --transaction {0}{1}  (does it show the refund?); then poslatch lookup --forget {0}{1}",
                    quoted(&request.reference),
                    till.typed
                )],
                ..not_known(&request.reference, "a refund is looked up by its payment", None, till)
            },
            true => Done {
                next: vec![format!("ask {} about {}, by its --url", request.device, request.reference)],
                ..not_known(&request.reference, "it was sent to another device", None, till)
            },
            false => by_reference(&request.reference, patience, &session, till, context)?,
        };
        let word = done.headline.split(':').next().unwrap_or_default().to_owned();
        all = all.fact(&request.reference, format!("{word} ({}, sent {})", request.kind, request.time));
        if done.exit.code() > all.exit.code() {
            all.exit = done.exit;
        }
        for sentence in done.next {
            if !all.next.contains(&sentence) {
                all.next.push(sentence);
            }
        }
        members.push(Value::Object(done.json));
    }
    Ok(all.member("requests", Value::Array(members)))
}

/// Two devices can know different payments by one reference, so none is asked about what the other was sent. Where a
/// name is not known on both sides, the journal's belongs to this identity all the same.
fn of_another_device(request: &PendingRequest, session: &Session<'_>) -> bool {
    let is_name = |device: &str| !device.is_empty() && !device.contains(':');
    session
        .device_name()
        .is_some_and(|name| is_name(&request.device) && !request.device.eq_ignore_ascii_case(name))
}

fn forget(reference: &str, arguments: &LookupArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let identity = IdentitySettings::resolve(&arguments.identity, context);
    let journal = identity.journal(arguments.journal.as_deref(), context)?;
    let was_there = journal.forget(reference).map_err(Failure::of)?;
    let path = journal.path().display();
    let told = match was_there {
        true => format!("Forgotten: {reference} is struck out of {path}"),
        false => format!("Nothing to forget: {reference} is not in {path}"),
    };
    Ok(Done::new(Exit::Done, Tone::Plain, told).member("reference", reference).member("was_there", was_there))
}
