//! A payment as data: the request that asked for it, and the reply that reports it in the shape of section 6a. Apart from
//! [`crate::terminal`], which decides what happens, while this file only writes it down.

use crate::message::text;
use crate::{clock, pki, receipt};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::SystemTime;

/// A request that can be carried out.
pub(crate) struct Payment {
    request: Value,
    reference: String,
    amount: String,
    currency: String,
    id: String,
    submitted: SystemTime,
}

impl Payment {
    pub(crate) fn parse(request: &Value) -> Result<Self, String> {
        let reference = text(request, "merchantReferenceCode").unwrap_or_default();
        if !is_reference(reference) {
            return Err("merchantReferenceCode is missing or malformed".to_owned());
        }
        let amounts = request.get("amountDetails").unwrap_or(&Value::Null);
        let amount = text(amounts, "amount").unwrap_or_default();
        if Decimal::parse(amount).is_none() {
            return Err("amountDetails.amount is not a decimal text".to_owned());
        }
        let currency = text(amounts, "currency").unwrap_or_default();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("amountDetails.currency is not an ISO 4217 code".to_owned());
        }
        Ok(Self {
            request: request.clone(),
            reference: reference.to_owned(),
            amount: amount.to_owned(),
            currency: currency.to_owned(),
            id: hex_id(),
            submitted: SystemTime::now(),
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn amount(&self) -> &str {
        &self.amount
    }

    pub(crate) fn currency(&self) -> &str {
        &self.currency
    }

    pub(crate) fn reference(&self) -> &str {
        &self.reference
    }

    pub(crate) fn complete(self: &Arc<Self>, outcome: Outcome) -> Transaction {
        Transaction { payment: Arc::clone(self), outcome, request_id: hex_id() }
    }

    /// Amount plus cashback, as the cashback sample has it.
    fn total(&self) -> String {
        let cashback = self.cashback().and_then(Decimal::parse);
        match (Decimal::parse(&self.amount), cashback) {
            (Some(amount), Some(cashback)) => amount.plus(cashback).to_text(),
            _ => self.amount.clone(),
        }
    }

    fn cashback(&self) -> Option<&str> {
        text(self.request.get("amountDetails")?, "cashbackAmount")
    }
}

/// How a payment ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Aborted,
    Approved,
    Declined,
    Pending,
}

/// A payment and its outcome.
pub(crate) struct Transaction {
    payment: Arc<Payment>,
    outcome: Outcome,
    request_id: String,
}

impl Transaction {
    pub(crate) fn payment(&self) -> &Payment {
        &self.payment
    }

    /// Writes the reply, whose fields depend on its kind and on the outcome as the vendor's samples show (section 6a).
    pub(crate) fn reply(&self, kind: &str) -> Value {
        let (status, message) = match self.outcome {
            Outcome::Aborted => ("ABORTED", "Payment aborted"),
            Outcome::Approved => ("APPROVED", "Payment approved"),
            Outcome::Declined => ("DECLINED", "Payment declined"),
            Outcome::Pending => ("PENDING", "Payment running"),
        };
        let mut reply = json!({
            "type": kind,
            "transactionDetails": {
                "id": self.payment.id,
                "merchantReferenceCode": self.payment.reference,
                "submitTimeUtc": clock::submit_time(self.payment.submitted),
                "captured": self.captured(),
                "amountDetails": self.amounts(),
            },
            "processingDetails": self.processing(status),
        });
        if kind != "TransactionLookupResponse" {
            reply["message"] = message.into();
        }
        if let Outcome::Approved | Outcome::Declined = self.outcome {
            reply["additionalInformation"] = json!({ "requestId": self.request_id });
            reply["receipts"] = receipt::receipts(&receipt::Facts {
                identifier: &self.payment.id,
                amount: &self.payment.total(),
                currency: &self.payment.currency,
                status: message,
                submitted: self.payment.submitted,
            });
        }
        for block in ECHOED_BLOCKS {
            if let Some(value) = self.payment.request.get(*block) {
                reply[*block] = value.clone();
            }
        }
        reply
    }

    fn captured(&self) -> bool {
        let authorised_only = self.payment.request.get("capture") == Some(&Value::Bool(false));
        self.outcome == Outcome::Approved && !authorised_only
    }

    fn amounts(&self) -> Value {
        let Payment { amount, currency, .. } = &*self.payment;
        let mut amounts = Map::new();
        amounts.insert("amount".to_owned(), amount.as_str().into());
        amounts.insert("currency".to_owned(), currency.as_str().into());
        if let Some(cashback) = self.payment.cashback() {
            amounts.insert("cashbackAmount".to_owned(), cashback.into());
        }
        if self.captured() {
            amounts.insert("capturedAmount".to_owned(), self.payment.total().into());
            amounts.insert("refundableAmount".to_owned(), amount.as_str().into());
        }
        amounts.into()
    }

    fn processing(&self, status: &str) -> Value {
        match self.outcome {
            Outcome::Aborted | Outcome::Pending => json!({
                "status": status,
                "verificationMethod": "UNKNOWN",
                "entryMode": "UNKNOWN",
                "card": { "type": "UNKNOWN", "maskedPan": "", "expirationMonth": "00", "expirationYear": "00" },
            }),
            Outcome::Approved | Outcome::Declined => json!({
                "status": status,
                "verificationMethod": "NONE",
                "entryMode": "NFC_ICC",
                "card": {
                    "type": "VISA",
                    "maskedPan": "XXXXXXXXXXXX0119",
                    "expirationMonth": "12",
                    "expirationYear": "2031",
                    "countryCode": "840",
                },
            }),
        }
    }
}

/// A decimal number as money needs it: exact.
#[derive(Clone, Copy)]
struct Decimal {
    units: u64,
    places: u32,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        let well_formed = !whole.is_empty()
            && (!fraction.is_empty() || !text.contains('.'))
            && digits.len() <= AMOUNT_DIGITS_MAX
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        match well_formed {
            true => Some(Self { units: digits.parse().ok()?, places: fraction.len() as u32 }),
            false => None,
        }
    }

    fn plus(self, other: Self) -> Self {
        let places = self.places.max(other.places);
        // Twelve digits, scaled by at most twelve more places, overflow nothing only in 128 bits.
        let scaled = |number: Self| u128::from(number.units) * 10_u128.pow(places - number.places);
        let units = scaled(self) + scaled(other);
        Self { units: u64::try_from(units).unwrap_or(u64::MAX), places }
    }

    fn to_text(self) -> String {
        let digits = format!("{:0width$}", self.units, width = self.places as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.places as usize);
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

/// Section 6: at most 50 characters of letters, digits, `_` and `-`.
fn is_reference(reference: &str) -> bool {
    (1..=50).contains(&reference.len())
        && reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Section 6a: ids are 32 hexadecimal digits.
fn hex_id() -> String {
    pki::random_bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Section 6: optional blocks that come back in the reply.
const ECHOED_BLOCKS: &[&str] = &["installmentDetails", "lodgingDetails", "merchantDetails", "taxDetails"];

/// The length of a decimal amount in ISO 8583.
const AMOUNT_DIGITS_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(amount: &str) -> Value {
        json!({ "merchantReferenceCode": "r-1", "amountDetails": { "amount": amount, "currency": "USD" } })
    }

    fn approved(request: &Value) -> Transaction {
        Arc::new(Payment::parse(request).expect("valid")).complete(Outcome::Approved)
    }

    #[test]
    fn amount_that_is_no_decimal_text_is_refused() {
        for amount in ["", ".", "1.", ".5", "1,00", "-1.00", "1e3", "1234567890123"] {
            assert!(Payment::parse(&request(amount)).is_err(), "{amount:?}");
        }
        assert!(
            Payment::parse(&json!({ "merchantReferenceCode": "r", "amountDetails": { "amount": 1 } }))
                .is_err()
        );
    }

    #[test]
    fn cashback_is_captured_but_not_refundable() {
        let mut request = request("20");
        request["amountDetails"]["cashbackAmount"] = "5.50".into();
        let reply = approved(&request).reply("PaymentResponse");
        assert_eq!(reply["transactionDetails"]["amountDetails"]["capturedAmount"], "25.50");
        assert_eq!(reply["transactionDetails"]["amountDetails"]["refundableAmount"], "20");
    }

    #[test]
    fn lookup_reply_has_no_message() {
        let transaction = approved(&request("1.00"));
        assert_eq!(transaction.reply("TransactionLookupResponse").get("message"), None);
        assert_eq!(transaction.reply("PaymentResponse")["message"], "Payment approved");
    }

    #[test]
    fn pre_authorisation_is_approved_but_not_captured() {
        let mut request = request("1.00");
        request["capture"] = false.into();
        let reply = approved(&request).reply("PaymentResponse");
        assert_eq!(reply["processingDetails"]["status"], "APPROVED");
        assert_eq!(reply["transactionDetails"]["captured"], false);
        assert_eq!(reply["transactionDetails"]["amountDetails"].get("capturedAmount"), None);
    }
}
