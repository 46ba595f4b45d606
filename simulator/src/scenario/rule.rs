//! One rule of a scenario: which requests it means, and what becomes of them. Apart from the file as a whole, because this
//! is what the author of a scenario looks up.

use crate::amount::Amount;
use crate::card::Card;
use crate::faults::forms;
use crate::{Exchange, Faults};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// A `[[payment]]` of a scenario file. All of its conditions must hold; the first rule that applies counts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rule {
    /// What it is good for, for people.
    note: String,

    /// Exactly this amount, however it is written: `"66.66"`.
    #[serde(deserialize_with = "some_amount")]
    amount: Option<Amount>,
    /// An amount that ends so in the minor unit of its currency: 5 means 1.05 as well as 20.05.
    cents: Option<u8>,
    /// More than this amount.
    #[serde(deserialize_with = "some_amount")]
    above: Option<Amount>,
    operation: Option<Operation>,
    /// Pattern for the `merchantReferenceCode`, in which `*` stands for any text.
    reference: Option<String>,
    /// Only each so-manieth request that all of the above is true for.
    every: Option<u32>,
    /// Only so many of a hundred, by chance.
    percent: Option<u8>,

    pub(super) effect: Effect,
    pub(super) card: Option<Card>,
    /// What the customer adds if asked on the device.
    #[serde(deserialize_with = "some_amount")]
    pub(super) tip: Option<Amount>,
    exchange: Option<Exchange>,
    #[serde(rename = "step_pause_ms", deserialize_with = "forms::some_milliseconds::deserialize")]
    step_pause: Option<Duration>,
    hold: bool,
}

impl Rule {
    /// Says what is wrong with it that its types do not.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self { cents: Some(100..), .. } => Err("cents is above 99".to_owned()),
            Self { every: Some(0), .. } => Err("every is 0: use 1 for each request".to_owned()),
            Self { percent: Some(101..), .. } => Err("percent is above 100".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether the request is of the kind that the rule is for, chance and turn apart.
    pub(super) fn means(&self, request: &Looks<'_>) -> bool {
        let amount = |holds: &dyn Fn(Amount, &str) -> bool| {
            request.amount.is_some_and(|(amount, currency)| holds(amount, currency))
        };
        self.operation.is_none_or(|operation| operation == request.operation)
            && self.amount.is_none_or(|wanted| amount(&|amount, _| amount == wanted))
            && self.above.is_none_or(|limit| amount(&|amount, _| amount > limit))
            && self.cents.is_none_or(|cents| {
                amount(&|amount, currency| amount.minor_units(currency) % 100 == u64::from(cents))
            })
            && self
                .reference
                .as_deref()
                .is_none_or(|pattern| request.reference.is_some_and(|name| fits(pattern, name)))
    }

    pub(super) fn every(&self) -> u32 {
        self.every.unwrap_or(1)
    }

    pub(super) fn percent(&self) -> Option<u8> {
        self.percent
    }

    /// Turns the switches that the rule turns. What a tester has turned by hand stays as it is.
    pub(super) fn turn(&self, faults: &mut Faults) {
        if let (Exchange::Normal, Some(exchange)) = (&faults.exchange, &self.exchange) {
            faults.exchange = exchange.clone();
        }
        faults.step_pause = self.step_pause.unwrap_or(faults.step_pause);
        faults.hold_payment |= self.hold;
    }

    /// The amount that it is for, if it is for one and says what happens.
    pub(super) fn test_amount(&self) -> Option<(String, String)> {
        (!self.note.is_empty()).then_some((self.amount?.to_string(), self.note.clone()))
    }
}

/// What a rule looks at.
pub(crate) struct Looks<'a> {
    pub(crate) operation: Operation,
    pub(crate) amount: Option<(Amount, &'a str)>,
    pub(crate) reference: Option<&'a str>,
}

/// The operations that a rule can be for (section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// `AccountVerificationRequest`.
    AccountVerification,
    /// `CaptureRequest`.
    Capture,
    /// `PaymentRequest` with a `cashbackAmount`.
    Cashback,
    /// Whatever has `paymentMode` EBT, the balance inquiry included.
    Ebt,
    /// `IncrementalAuthorizationRequest`.
    IncrementalAuthorisation,
    /// `PaymentRequest` with `paymentMode` MOTO.
    Moto,
    /// `PaymentRequest` with `capture` false, on-receipt tips included.
    PreAuthorisation,
    /// `LinkedRefundRequest`.
    Refund,
    /// Any other `PaymentRequest`.
    Sale,
    /// `StandaloneRefundRequest`.
    StandAloneCredit,
    /// `TipAdjustRequest`.
    TipAdjust,
    /// `TokenRefundRequest`.
    TokenRefund,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// The customer presses Cancel on the device: `ABORTED`. Approved if the operation needs no card.
    Abort,
    /// It is approved, contactless and without more ado.
    #[default]
    Approve,
    /// It is declined; [`Faults::decline_reply`] says how the till hears of it.
    Decline,
    /// It is declined, and the till hears of it by an `ErrorResponse`.
    DeclineByError,
    /// It fails: status `ERROR`.
    Error,
    /// The chip cannot be read; the card is swiped, and its holder signs. Approved.
    Fallback,
    /// Status `INCONCLUSIVE`; the next lookup says `APPROVED`.
    Inconclusive,
    /// Status `INCONCLUSIVE`; the next lookup says `DECLINED`.
    InconclusiveDeclined,
    /// Nobody presents a card, until the device gives up: `ABORTED`. Approved if the operation needs no card.
    NoCard,
    /// The card is inserted and the PIN is asked for. Approved.
    Pin,
    /// The issuer wants a call: declined, with a message that says so.
    Referral,
    /// The holder signs. Approved.
    Signature,
    /// A status that no till has ever heard of: `REVIEW_PENDING`.
    UnheardOf,
    /// The PIN is wrong at first, then right. Approved.
    WrongPin,
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    // Each place where the rest may begin.
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(tail, &rest[at..]))
}

fn some_amount<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Amount>, D::Error> {
    let text = String::deserialize(from)?;
    match Amount::parse(&text) {
        Some(amount) => Ok(Some(amount)),
        None => Err(D::Error::custom(format!("\"{text}\" is not a decimal amount such as \"12.50\""))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        toml::from_str(text).expect("a rule")
    }

    fn sale<'a>(amount: &str, currency: &'a str, reference: &'a str) -> Looks<'a> {
        Looks {
            operation: Operation::Sale,
            amount: Amount::parse(amount).map(|amount| (amount, currency)),
            reference: Some(reference),
        }
    }

    #[test]
    fn every_condition_has_to_hold() {
        let rule = rule("amount = \"1.00\"\noperation = \"sale\"\nreference = \"a-*\"");
        assert!(rule.means(&sale("1", "USD", "a-1")));
        assert!(!rule.means(&sale("1.01", "USD", "a-1")));
        assert!(!rule.means(&sale("1", "USD", "b-1")));
        assert!(!rule.means(&Looks { operation: Operation::Moto, ..sale("1", "USD", "a-1") }));
    }

    #[test]
    fn cents_are_those_of_the_currency() {
        let rule = rule("cents = 66");
        assert!(rule.means(&sale("1.66", "USD", "r")) && rule.means(&sale("166", "JPY", "r")));
        assert!(!rule.means(&sale("66", "USD", "r")) && !rule.means(&sale("1.660", "KWD", "r")));
        assert!(!rule.means(&Looks { amount: None, ..sale("1", "USD", "r") }), "nothing to look at");
    }

    #[test]
    fn limit_itself_is_not_above_the_limit() {
        let rule = rule("above = \"50\"");
        assert!(rule.means(&sale("50.01", "USD", "r")) && !rule.means(&sale("50.00", "USD", "r")));
    }

    #[test]
    fn star_stands_for_any_text() {
        for (pattern, text) in [("*", ""), ("a*", "a"), ("*z", "a-z"), ("a*b*c", "axxbxbxc"), ("a", "a")] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("*z", "za"), ("a*b*c", "acb"), ("", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn rule_that_could_never_apply_is_refused() {
        assert!(rule("cents = 100").check().is_err());
        assert!(rule("every = 0").check().is_err());
        assert!(rule("percent = 101").check().is_err());
        assert!(rule("cents = 99\nevery = 1\npercent = 100").check().is_ok());
    }

    #[test]
    fn switch_that_a_tester_has_turned_is_left_alone() {
        let mut faults = Faults { exchange: Exchange::FinalTwice, ..Faults::default() };
        rule("exchange = \"no_reply\"\nstep_pause_ms = 7\nhold = true").turn(&mut faults);
        assert_eq!(faults.exchange, Exchange::FinalTwice);
        assert_eq!(faults.step_pause, Duration::from_millis(7));
        assert!(faults.hold_payment);
    }
}
