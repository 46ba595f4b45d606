//! `poslatch pay`: one payment, with its endings told apart.
//!
//! The reference is on the screen and in the journal before the request leaves, so whatever happens to this program,
//! somebody can ask how the payment ended.

use super::Context;
use crate::amount::Amount;
use crate::arguments::PayArguments;
use crate::done::Done;
use crate::exchange::{self, Lost, Session, text_at};
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::reference;
use crate::screen::Tone;
use crate::till::{self, Till};
use crate::verdict::{self, Verdict};
use poslatch::{Recovery, RequestState};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn run(arguments: &PayArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let amount = Amount::parse(&arguments.amount, &arguments.currency)?;
    let reference = reference::given_or_new(arguments.reference.as_deref(), "pay")?;
    let till = Till::resolve(
        &arguments.device,
        &arguments.identity,
        arguments.exchange.journal.as_deref(),
        context,
    )?;
    till.check_not_pending(&reference, &format!("{reference} --patience 60"))?;
    context.screen.say(&format!("Payment of {amount}, reference {reference}."));

    let session = Session::open(&till, context)?;
    let request = json!({
        "type": "PaymentRequest",
        "merchantReferenceCode": reference,
        "amountDetails": { "amount": amount.value, "currency": amount.currency },
    });
    let operation = Operation { noun: "payment", reference: &reference, amount: Some(&amount), till: &till };
    let silence = till::silence(&arguments.exchange);
    let reply = session.exchange(&request.to_string(), silence, &mut |status| session.show_status(status));
    let patience = Duration::from_secs(arguments.patience.into());
    operation.settle(reply, patience, &session, context)
}

/// An operation that carries a reference, and how it is told about.
pub(crate) struct Operation<'a> {
    /// What it is in sentences: "payment".
    pub(crate) noun: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) amount: Option<&'a Amount>,
    pub(crate) till: &'a Till,
}

impl Operation<'_> {
    /// The end of the operation: its reply, or what a look-up finds in its place.
    pub(crate) fn settle(
        &self,
        reply: Result<String, Lost>,
        patience: Duration,
        session: &Session<'_>,
        context: &Context<'_>,
    ) -> Result<Done, Failure> {
        let what_happened = match reply {
            Ok(reply) => {
                let reply = parsed(&reply);
                if verdict::is_error(&reply)
                    && !patience.is_zero()
                    && let Some(told) = self.known_all_the_same(&reply, session)
                {
                    return Ok(self.in_doubt(&Lost::told(told)));
                }
                if self.verdict(&reply) != Verdict::NotKnown {
                    return Ok(self.told(&reply, session.device_name()));
                }
                Lost::told(self.what_is_no_end(&reply))
            }
            Err(lost) if lost.error.request_state() != RequestState::InDoubt => {
                return Err(exchange::not_open(lost.error, self.till));
            }
            Err(Lost { error, given_up }) => {
                Trouble { told: failure::message(&error), given_up, error: Some(error) }
            }
        };
        if patience.is_zero() || what_happened.given_up {
            return Ok(self.in_doubt(&what_happened));
        }
        context.screen.say(&format!(
            "The reply is lost: {}.\nAsking the device how the {} ended, for up to {} s ...",
            what_happened.told,
            self.noun,
            patience.as_secs()
        ));
        match session.recover(self.reference, patience) {
            Ok(Recovery::Final(reply)) => {
                let reply = parsed(&reply);
                // Whatever it says of another amount, it says of another payment.
                if self.amount.is_some_and(|asked| verdict::is_another_amount(&reply, asked)) {
                    return Ok(self.in_doubt(&Lost::told(self.what_is_no_end(&reply))));
                }
                Ok(self.told(&reply, session.device_name()))
            }
            Ok(_) | Err(_) => Ok(self.in_doubt(&what_happened)),
        }
    }

    /// Whether the device, asked once, knows of money that moved under a reference that it has just refused. That of a
    /// reference used twice is such a refusal: whoever runs a command again after a crash would read "no" about a payment
    /// that went through. Which of the two it tells of is for a person to say.
    fn known_all_the_same(&self, refusal: &Value, session: &Session<'_>) -> Option<String> {
        // The first look-up gets its time, however short the patience.
        let known = match session.recover(self.reference, Duration::from_millis(1)) {
            Ok(Recovery::Final(found)) => {
                let found = parsed(&found);
                let has_moved = matches!(Verdict::of(&found), Verdict::Approved | Verdict::Accepted);
                has_moved.then_some(found)
            }
            Ok(Recovery::Running(found) | Recovery::Unknown(found)) => {
                Some(parsed(&found)).filter(|found| !verdict::is_error(found))
            }
            _ => None,
        }?;
        let status = text_at(&known, "/processingDetails/status").unwrap_or_else(|| "nothing".into());
        let words = exchange::words_of(&refusal.to_string()).unwrap_or_else(|| "no reason".into());
        Some(format!(
            "the device refuses it (\"{words}\") and yet says \"{status}\" of a transaction with this reference"
        ))
    }

    fn verdict(&self, reply: &Value) -> Verdict {
        match self.amount {
            Some(asked) => Verdict::of_amount(reply, asked),
            None => Verdict::of(reply),
        }
    }

    /// Why a reply does not count as an end.
    fn what_is_no_end(&self, reply: &Value) -> String {
        let status = text_at(reply, "/processingDetails/status").unwrap_or_else(|| "nothing".into());
        match Verdict::of(reply) {
            Verdict::NotKnown => format!("the device says \"{status}\", which is no end"),
            _ => {
                let told = |name: &str| text_at(reply, &format!("/transactionDetails/amountDetails/{name}"));
                let [amount, currency] = ["amount", "currency"].map(|name| told(name).unwrap_or_default());
                format!(
                    "the device says \"{status}\" of {amount} {currency}, which is not what was asked for"
                )
            }
        }
    }

    /// Where the reference stands. A reply that the library took for an end has struck it out of the journal.
    fn written_down(&self) -> String {
        let pending = self.till.journal.pending().unwrap_or_default();
        match pending.iter().any(|request| request.reference == self.reference) {
            true => self.till.journal.path().display().to_string(),
            false => "nowhere but here: note the reference".to_owned(),
        }
    }

    /// A known end.
    pub(crate) fn told(&self, reply: &Value, device_name: Option<&str>) -> Done {
        told(self.noun, self.verdict(reply), self.amount, Some(self.reference), reply, device_name)
    }

    /// No known end: the facts, what not to do, and what to run.
    fn in_doubt(&self, trouble: &Trouble) -> Done {
        let noun = self.noun;
        let of_amount = self.amount.map(|amount| format!(" of {amount}")).unwrap_or_default();
        let command = format!("poslatch lookup {} --patience 60{}", self.reference, self.till.typed);
        Done::new(
            Exit::InDoubt,
            Tone::Bad,
            format!("IN DOUBT: the {noun}{of_amount} may have gone through. Do not repeat it."),
        )
        .fact("reference", self.reference)
        .fact("what happened", trouble.told.clone())
        .fact("written down", self.written_down())
        .member("outcome", Verdict::NotKnown.name())
        .member("reference", self.reference)
        .member("amount", self.amount.map(|amount| amount.value.clone()))
        .member("currency", self.amount.map(|amount| amount.currency.clone()))
        .member("journal", self.till.journal.path().display().to_string())
        .member("next", command.clone())
        .member(
            "error",
            trouble.error.clone().map(|error| Failure::of(error).to_json()).unwrap_or(Value::Null),
        )
        .next(command)
        .next(format!(
            "if the device does not tell either, look at its list of transactions and in the Business Center before the \
             customer leaves; then poslatch lookup --forget {}{}",
            self.reference, self.till.typed
        ))
    }
}

/// Why there is no known end yet.
struct Trouble {
    told: String,
    given_up: bool,
    error: Option<poslatch::Error>,
}

impl Lost {
    fn told(told: String) -> Trouble {
        Trouble { told, given_up: false, error: None }
    }
}

/// A known end of a payment or refund.
pub(crate) fn told(
    noun: &str,
    verdict: Verdict,
    amount: Option<&Amount>,
    reference: Option<&str>,
    reply: &Value,
    device_name: Option<&str>,
) -> Done {
    let (exit, tone, word) = match verdict {
        Verdict::Approved => (Exit::Done, Tone::Good, "APPROVED"),
        Verdict::Accepted => (Exit::Done, Tone::Good, "ACCEPTED"),
        Verdict::Declined => (Exit::SaidNo, Tone::Bad, "DECLINED"),
        Verdict::Aborted => (Exit::SaidNo, Tone::Bad, "CANCELLED"),
        Verdict::Failed => (Exit::SaidNo, Tone::Bad, "REFUSED"),
        Verdict::NotKnown => (Exit::InDoubt, Tone::Bad, "IN DOUBT"),
    };
    let found = |pointer: &str| text_at(reply, pointer);
    let amount_text = amount.map(ToString::to_string).or_else(|| {
        Some(format!(
            "{} {}",
            found("/transactionDetails/amountDetails/amount")?,
            found("/transactionDetails/amountDetails/currency")?
        ))
    });
    let amount_text = amount_text.map(|amount| format!(" of {amount}")).unwrap_or_default();
    let reference =
        reference.map(str::to_owned).or_else(|| found("/transactionDetails/merchantReferenceCode"));
    let transaction = found("/transactionDetails/id");
    let card = [found("/processingDetails/card/type"), found("/processingDetails/card/maskedPan")];
    let card = match card {
        [kind, Some(number)] => Some(format!("{} {number}", kind.unwrap_or_default()).trim().to_owned()),
        _ => None,
    };
    let words = match verdict {
        Verdict::Failed => exchange::words_of(&reply.to_string()),
        _ => found("/message"),
    };
    let details = verdict::is_error(reply).then(|| found("/developerDescription")).flatten();
    let mut done = Done::new(exit, tone, format!("{word}: the {noun}{amount_text}"))
        .both("reference", "reference", reference.as_deref())
        .both("transaction", "transaction", transaction.as_deref())
        .both("card", "card", card.as_deref())
        .both("device", "device_name", device_name)
        .both("it says", "device_says", words.as_deref())
        .both("details", "device_details", details.as_deref())
        .member("outcome", verdict.name())
        .member(
            "amount",
            amount
                .map(|amount| amount.value.clone())
                .or_else(|| found("/transactionDetails/amountDetails/amount")),
        )
        .member(
            "currency",
            amount
                .map(|amount| amount.currency.clone())
                .or_else(|| found("/transactionDetails/amountDetails/currency")),
        )
        .member("reply", reply.clone());
    if let Some(time) = found("/transactionDetails/submitTimeUtc") {
        done = done.fact("time", time);
    }
    if verdict == Verdict::Accepted {
        done = done
            .next("the device is offline: the bank may still decline this when the device is online again");
    }
    done
}

/// The library has found it to be a JSON object.
pub(crate) fn parsed(reply: &str) -> Value {
    serde_json::from_str(reply).unwrap_or(Value::Null)
}
