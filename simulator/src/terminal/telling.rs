//! The reply that reports a transaction, in the shape of section 6a with its traps: which fields are absent when is decided
//! here and only here. Apart from the transaction, because the same one is told in several ways.

use super::asked::Kind;
use super::receipt::{self, Slip};
use super::transaction::{Status, Transaction};
use crate::amount::Amount;
use crate::card::{self, Presented};
use crate::clock;
use serde_json::{Map, Value, json};

/// How a transaction is told.
pub(crate) struct Telling<'a> {
    /// The `type` of the reply.
    pub(crate) kind: &'a str,
    /// Absent in lookups.
    pub(crate) message: Option<&'a str>,
    pub(crate) status: Status,
    pub(crate) id: &'a str,
    pub(crate) request_id: &'a str,
    /// The amount and the card of an operation that followed on it, if they are its own.
    pub(crate) own: Option<(Amount, Presented)>,
    pub(crate) slip: Option<Slip<'a>>,
}

impl Telling<'_> {
    pub(crate) fn of(&self, transaction: &Transaction) -> Value {
        let asked = &transaction.asked;
        let mut details = json!({
            "id": self.id,
            "merchantReferenceCode": asked.reference,
            "submitTimeUtc": clock::submit_time(transaction.stamp.submitted),
            "amountDetails": self.amounts(transaction),
        });
        if let Some(captured) = transaction.is_captured() {
            details["captured"] = captured.into();
        }
        let presented = self.own.map(|(_, presented)| presented).or(transaction.presented);
        let (verification, entry, mut card) = presented.map_or_else(card::no_card, Presented::processing);
        if let Some(token) = &asked.instrument {
            card["maskedPan"] = masked(token).into();
        }
        let mut reply = json!({
            "type": self.kind,
            "transactionDetails": details,
            "processingDetails": {
                "status": self.status.name(),
                "verificationMethod": verification,
                "entryMode": entry,
                "card": card,
            },
        });
        if let Some(message) = self.message {
            reply["message"] = message.into();
        }
        if transaction.presented.is_some() {
            reply["additionalInformation"] = self.additional(transaction);
        }
        if let Some(slip) = &self.slip {
            reply["receipts"] = receipt::receipts(slip);
        }
        if let Some(tip_adjust) = transaction.tip_adjust {
            reply["tipAdjustStatus"] = tip_adjust.name().into();
        }
        // Stand-alone operations have no such list (section 6a); the others of the samples have an empty one.
        if transaction.is_captured().is_some() {
            reply["linkedOperations"] = refunds(transaction);
        }
        for (block, value) in &asked.echoed {
            reply[block] = value.clone();
        }
        reply
    }

    fn amounts(&self, transaction: &Transaction) -> Value {
        let asked = &transaction.asked;
        // Absent in stand-alone operations; in others that nothing was captured is told as an amount.
        let told = |amount: Option<Amount>| {
            transaction.is_captured().map(|_| amount.unwrap_or(Amount::none_of(&asked.currency)))
        };
        let figures = [
            ("amount", self.own.map(|(amount, _)| amount).or(transaction.amount)),
            ("capturedAmount", told(transaction.still_captured())),
            ("refundableAmount", told(transaction.refundable())),
            ("includedTipAmount", transaction.tip),
            ("cashbackAmount", asked.cashback),
        ];
        let mut amounts = Map::new();
        amounts.insert("currency".to_owned(), asked.currency.as_str().into());
        for (name, figure) in figures {
            if let Some(figure) = figure {
                amounts.insert(name.to_owned(), figure.to_string().into());
            }
        }
        amounts.into()
    }

    fn additional(&self, transaction: &Transaction) -> Value {
        let mut additional = json!({ "requestId": self.request_id });
        // The samples of credits have none, nor has that of an increment.
        let stands_alone = matches!(transaction.asked.kind, Kind::StandAloneCredit | Kind::TokenRefund);
        let is_original = !stands_alone && self.own.is_none();
        if let Some(instrument) = transaction.instrument.as_ref().filter(|_| is_original) {
            additional["instrumentId"] = instrument.as_str().into();
        }
        additional
    }
}

/// A token in place of a card number: the first six and the last four are shown.
fn masked(token: &str) -> String {
    let count = token.chars().count();
    let shown = |at: usize| at < 6 || at + 4 >= count;
    token.chars().enumerate().map(|(at, letter)| if shown(at) { letter } else { 'X' }).collect()
}

fn refunds(transaction: &Transaction) -> Value {
    let operation = |refund: &super::transaction::Refund| {
        json!({
            "id": refund.id,
            "type": "REFUND",
            "amount": refund.amount.to_string(),
            "status": refund.status.name(),
            "submitTimeUtc": clock::submit_time(refund.stamp.submitted),
        })
    };
    transaction.refunds.iter().map(operation).collect()
}

#[cfg(test)]
mod tests {
    use super::super::transaction::Verdict;
    use super::super::transaction::tests::{approved, ended, sale};
    use super::*;
    use crate::scenario::Effect;

    fn told(transaction: &Transaction) -> Value {
        let telling = Telling {
            kind: "PaymentResponse",
            message: Some("Payment approved"),
            status: transaction.status,
            id: transaction.id(),
            request_id: &transaction.stamp.request_id,
            own: None,
            slip: None,
        };
        telling.of(transaction)
    }

    #[test]
    fn pre_authorisation_is_approved_but_not_captured() {
        let mut request = sale("1.00");
        request["capture"] = false.into();
        let reply = told(&approved(&request));
        assert_eq!(reply["processingDetails"]["status"], "APPROVED");
        assert_eq!(reply["transactionDetails"]["captured"], false);
        let amounts = &reply["transactionDetails"]["amountDetails"];
        let expected = json!({ "amount": "1.00", "currency": "USD", "capturedAmount": "0.00", "refundableAmount": "0.00" });
        assert_eq!(amounts, &expected);
        assert_eq!(reply["linkedOperations"], json!([]));
    }

    #[test]
    fn stand_alone_credit_has_neither_captured_nor_refundable_amounts() {
        let mut request = sale("1.00");
        request["type"] = "StandaloneRefundRequest".into();
        let details = &told(&approved(&request))["transactionDetails"];
        assert_eq!(details.get("captured"), None);
        assert_eq!(details["amountDetails"], json!({ "amount": "1.00", "currency": "USD" }));
    }

    #[test]
    fn account_verification_has_no_amount() {
        let mut request = sale("1.00");
        request["type"] = "AccountVerificationRequest".into();
        let details = &told(&approved(&request))["transactionDetails"];
        assert_eq!(details["amountDetails"], json!({ "currency": "USD" }));
    }

    #[test]
    fn tip_on_the_receipt_has_a_captured_amount_without_being_captured() {
        let mut request = sale("30.00");
        request["capture"] = false.into();
        request["askForTip"] = "ON_RECEIPT".into();
        let reply = told(&approved(&request));
        assert_eq!(reply["transactionDetails"]["captured"], false);
        assert_eq!(reply["transactionDetails"]["amountDetails"]["capturedAmount"], "30.00");
        assert_eq!(reply["tipAdjustStatus"], "ADJUSTABLE");
    }

    #[test]
    fn aborted_payment_tells_of_no_card_and_no_request() {
        let aborted = Verdict { status: Status::Aborted, settles_as: None, remark: None };
        let reply = told(&ended(&sale("1.00"), aborted));
        assert_eq!(reply.get("additionalInformation"), None);
        let card = &reply["processingDetails"]["card"];
        assert_eq!((&card["maskedPan"], &card["expirationMonth"]), (&json!(""), &json!("00")));
        assert_eq!(card.get("countryCode"), None);
        assert_eq!(reply["transactionDetails"]["captured"], false);
    }

    #[test]
    fn blocks_of_the_request_come_back() {
        let mut request = sale("1.00");
        request["taxDetails"] = json!({ "taxId": "7", "salesSlipNumber": 12 });
        let reply = told(&ended(&request, Verdict::new(Effect::Decline)));
        assert_eq!(reply["taxDetails"], json!({ "taxId": "7", "salesSlipNumber": 12 }));
    }
}
