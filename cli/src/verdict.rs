//! How an operation ended, by its final reply (protocol.md section 6a). Decided by `processingDetails.status` alone,
//! never by the display text, and what is not plainly yes or no is not known.

use crate::amount::Amount;
use serde_json::Value;

/// What a final reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Approved,
    /// Taken by a device that is offline; the bank may still decline it.
    Accepted,
    Declined,
    Aborted,
    /// The device reports an error, in a reply or an `ErrorResponse`.
    Failed,
    /// Anything else, `INCONCLUSIVE` among it.
    NotKnown,
}

impl Verdict {
    /// Of a payment, a stand-alone refund or a look-up.
    pub(crate) fn of(reply: &Value) -> Verdict {
        if is_error(reply) {
            return Verdict::Failed;
        }
        Verdict::of_status(reply.pointer("/processingDetails/status"))
    }

    /// Of a refund of an earlier payment. Its reply is about the payment, status included; the refund itself is the
    /// latest of the linked operations. If that has another amount than was asked for, it is an older one, and nothing
    /// is known of ours.
    pub(crate) fn of_linked_refund(reply: &Value, amount: Option<&str>) -> Verdict {
        if is_error(reply) {
            return Verdict::Failed;
        }
        let Some(refund) = latest_refund(reply) else { return Verdict::of(reply) };
        let found = refund.get("amount").and_then(Value::as_str);
        match (amount, found) {
            (Some(asked), Some(found)) if !is_same_amount(asked, found) => Verdict::NotKnown,
            _ => Verdict::of_status(refund.get("status")),
        }
    }

    /// Of a payment of this amount: what was approved has to be what was asked for. Less is a partial approval, and under
    /// a reference that was used before the device may tell of another payment; both are for a person to look at.
    pub(crate) fn of_amount(reply: &Value, asked: &Amount) -> Verdict {
        match Verdict::of(reply) {
            Verdict::Approved | Verdict::Accepted if is_another_amount(reply, asked) => Verdict::NotKnown,
            verdict => verdict,
        }
    }

    fn of_status(status: Option<&Value>) -> Verdict {
        match status.and_then(Value::as_str) {
            Some("APPROVED") => Verdict::Approved,
            Some("ACCEPTED") => Verdict::Accepted,
            Some("DECLINED") => Verdict::Declined,
            Some("ABORTED") => Verdict::Aborted,
            Some("ERROR") => Verdict::Failed,
            _ => Verdict::NotKnown,
        }
    }

    /// The stable name in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verdict::Approved => "approved",
            Verdict::Accepted => "accepted",
            Verdict::Declined => "declined",
            Verdict::Aborted => "aborted",
            Verdict::Failed => "failed",
            Verdict::NotKnown => "in_doubt",
        }
    }
}

/// Whether a reply is about other money than was asked for. With a tip or cash back, which the customer may have chosen
/// on the device, it may well be more.
pub(crate) fn is_another_amount(reply: &Value, asked: &Amount) -> bool {
    let told = |name: &str| {
        reply.pointer(&format!("/transactionDetails/amountDetails/{name}")).and_then(Value::as_str)
    };
    let is_more_by_choice = ["includedTipAmount", "cashbackAmount"].iter().any(|name| told(name).is_some());
    told("currency").is_some_and(|currency| !currency.eq_ignore_ascii_case(&asked.currency))
        || told("amount").is_some_and(|amount| !is_same_amount(amount, &asked.value) && !is_more_by_choice)
}

/// `5`, `5.0` and `5.00` are the same money.
fn is_same_amount(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim_start_matches('0');
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text.to_owned(),
        }
    };
    plain(one) == plain(other)
}

pub(crate) fn is_error(reply: &Value) -> bool {
    reply.get("type").and_then(Value::as_str) == Some("ErrorResponse")
}

/// Times are written so that the later one is the greater text.
pub(crate) fn latest_refund(reply: &Value) -> Option<&Value> {
    let time = |operation: &Value| {
        operation.get("submitTimeUtc").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    reply
        .get("linkedOperations")?
        .as_array()?
        .iter()
        .filter(|operation| operation.get("type").and_then(Value::as_str) == Some("REFUND"))
        .max_by_key(|operation| time(operation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_plainly_yes_or_no_is_not_known() {
        for (status, verdict) in [
            (json!("APPROVED"), Verdict::Approved),
            (json!("ACCEPTED"), Verdict::Accepted),
            (json!("DECLINED"), Verdict::Declined),
            (json!("ABORTED"), Verdict::Aborted),
            (json!("ERROR"), Verdict::Failed),
            (json!("INCONCLUSIVE"), Verdict::NotKnown),
            (json!("PENDING"), Verdict::NotKnown),
            (json!("approved"), Verdict::NotKnown),
            (json!(1), Verdict::NotKnown),
            (Value::Null, Verdict::NotKnown),
        ] {
            let reply = json!({ "message": "Payment approved", "processingDetails": { "status": status } });
            assert_eq!(Verdict::of(&reply), verdict, "{reply}");
        }
    }

    #[test]
    fn what_was_approved_has_to_be_what_was_asked_for() {
        let asked = Amount::parse("12.50", "EUR").expect("an amount");
        let reply = |status: &str, amounts: Value| {
            json!({
                "type": "PaymentResponse",
                "transactionDetails": { "amountDetails": amounts },
                "processingDetails": { "status": status },
            })
        };
        for (status, amounts, verdict) in [
            ("APPROVED", json!({ "amount": "12.5", "currency": "EUR" }), Verdict::Approved),
            ("APPROVED", json!({ "amount": "012.500", "currency": "eur" }), Verdict::Approved),
            ("APPROVED", json!({}), Verdict::Approved),
            ("APPROVED", json!({ "amount": "10.00", "currency": "EUR" }), Verdict::NotKnown),
            ("ACCEPTED", json!({ "amount": "12.50", "currency": "USD" }), Verdict::NotKnown),
            (
                "APPROVED",
                json!({ "amount": "13.75", "currency": "EUR", "includedTipAmount": "1.25" }),
                Verdict::Approved,
            ),
            ("DECLINED", json!({ "amount": "10.00", "currency": "EUR" }), Verdict::Declined),
        ] {
            assert_eq!(
                Verdict::of_amount(&reply(status, amounts.clone()), &asked),
                verdict,
                "{status} {amounts}"
            );
        }
    }

    #[test]
    fn a_refund_is_judged_by_its_own_status_and_not_by_that_of_its_payment() {
        let refund = |time: &str, status: &str| json!({ "type": "REFUND", "amount": "1.00", "status": status, "submitTimeUtc": time });
        let reply = json!({
            "type": "LinkedRefundResponse",
            "processingDetails": { "status": "APPROVED" },
            "linkedOperations": [
                refund("2026-11-24T16:28:13+0000", "DECLINED"),
                refund("2026-11-23T16:28:13+0000", "APPROVED"),
            ],
        });
        assert_eq!(Verdict::of_linked_refund(&reply, None), Verdict::Declined);
        assert_eq!(Verdict::of_linked_refund(&reply, Some("1")), Verdict::Declined);
        assert_eq!(Verdict::of(&reply), Verdict::Approved);
    }

    #[test]
    fn an_older_refund_of_another_amount_does_not_pass_for_the_one_that_was_asked_for() {
        let reply = json!({
            "type": "LinkedRefundResponse",
            "processingDetails": { "status": "APPROVED" },
            "linkedOperations": [{ "type": "REFUND", "amount": "5.00", "status": "APPROVED" }],
        });
        assert_eq!(Verdict::of_linked_refund(&reply, Some("7.50")), Verdict::NotKnown);
        assert_eq!(Verdict::of_linked_refund(&reply, Some("5.0")), Verdict::Approved);
    }
}
