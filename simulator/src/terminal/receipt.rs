//! The two receipts of a transaction reply (section 6a). A file of its own because of its bulk: they are what makes
//! replies some kilobytes long, and nothing else depends on them.

use super::asked::{Kind, Side};
use super::transaction::{Stamp, Transaction};
use crate::amount::Amount;
use crate::card::{Entry, Presented};
use crate::clock;
use serde_json::{Map, Value, json};

/// What a receipt tells.
pub(crate) struct Slip<'a> {
    pub(crate) title: &'a str,
    pub(crate) identifier: &'a str,
    pub(crate) amount: Option<Amount>,
    pub(crate) tip: Option<Amount>,
    /// Whether the money goes to the customer: then the amount has a minus.
    pub(crate) gives_back: bool,
    pub(crate) currency: &'a str,
    pub(crate) status: &'a str,
    /// Nothing if no card was read.
    pub(crate) presented: Option<Presented>,
    pub(crate) stamp: &'a Stamp,
    /// What an EBT card has left.
    pub(crate) balance: Option<Amount>,
    pub(crate) asks_for_tip: bool,
    pub(crate) asks_for_signature: bool,
}

impl<'a> Slip<'a> {
    /// The slip of the transaction itself.
    pub(crate) fn of(transaction: &'a Transaction, status: &'a str) -> Self {
        let presented = transaction.presented;
        Self {
            title: transaction.asked.kind.title(),
            identifier: transaction.id(),
            amount: transaction.amount.map(|amount| transaction.asked.total(amount)),
            tip: transaction.tip,
            gives_back: matches!(transaction.asked.kind, Kind::StandAloneCredit | Kind::TokenRefund),
            currency: &transaction.asked.currency,
            status,
            presented,
            stamp: &transaction.stamp,
            balance: transaction.balance,
            asks_for_tip: transaction.tip_adjust.is_some(),
            asks_for_signature: presented.is_some_and(Presented::needs_signature),
        }
    }

    /// The slip of something that followed on it.
    pub(crate) fn after(
        transaction: &'a Transaction,
        (title, gives_back): (&'a str, bool),
        (identifier, amount, stamp): (&'a str, Amount, &'a Stamp),
        status: &'a str,
    ) -> Self {
        let slip = Self::of(transaction, status);
        Self {
            title,
            identifier,
            amount: Some(amount),
            tip: None,
            gives_back,
            stamp,
            balance: None,
            asks_for_tip: false,
            asks_for_signature: false,
            presented: slip.presented.map(Presented::carried),
            ..slip
        }
    }

    /// What comes out of the printer.
    pub(crate) fn print(&self, side: Side) -> Vec<String> {
        plain(&self.lines(side), self).lines().map(str::to_owned).collect()
    }

    fn lines(&self, side: Side) -> Vec<Line> {
        let stamp = clock::rfc3339(self.stamp.submitted);
        let (date, time) = stamp.trim_end_matches('Z').split_once('T').unwrap_or_default();
        let sign = if self.gives_back { "-" } else { "" };
        let amount =
            self.amount.map_or_else(String::new, |amount| format!("{sign}{amount} {}", self.currency));
        // No field is known for a balance (section 6a); the subject is the one line that is free.
        let subject = match (self.balance, self.tip) {
            (Some(balance), _) => format!("Balance {balance} {}", self.currency),
            (None, Some(tip)) => format!("Tip {tip} {} included", self.currency),
            (None, None) => "-".to_owned(),
        };
        let copy = match side {
            Side::Customer => "Customer receipt",
            Side::Merchant => "Merchant receipt",
        };
        let line = |key, label, value: &str| Line { key, label, value: value.to_owned() };
        let mut lines = vec![
            line("MERCHANT_DETAILS_PUBLIC_NAME", "", "Simulated Shop"),
            line("MERCHANT_DETAILS_ADDRESS", "", "1 Loopback Lane"),
            line("MERCHANT_DETAILS_ZIP", "", "12701"),
            line("MERCHANT_DETAILS_CITY", "", "Localhost"),
            line("MERCHANT_DETAILS_COUNTRY", "", "US"),
            line("MERCHANT_DETAILS_CONTACT", "", "none"),
            line("MERCHANT_DETAILS_ADDITIONAL_INFORMATION", "", ""),
            line("RECEIPT_TYPE", "", copy),
            line("TRANSACTION_TYPE", "", self.title),
            line("AMOUNT_AND_CURRENCY", "Amount", &amount),
            line("SUBJECT", "Subject", &subject),
            line("IDENTIFIER", "Identifier", self.identifier),
        ];
        if let Some(presented) = self.presented {
            lines.extend(card_lines(presented));
        }
        lines.extend([
            line("CLEARING_DETAILS_TRANSACTION_IDENTIFIER", "Transaction", &self.stamp.number),
            line("CLEARING_DETAILS_AUTHORIZATION_CODE", "Authorisation", &self.stamp.approval),
            line("CLEARING_DETAILS_MERCHANT_IDENTIFIER", "Merchant", "simulated_merchant"),
            line("CLEARING_DETAILS_TERMINAL_ID", "Terminal", "00000001"),
            line("DATE", "Date", date),
            line("TIME", "Time", time),
            line("STATUS_TEXT", "", self.status),
        ]);
        lines
    }
}

/// What a receipt says of the card. Lines that a chip would fill are missing without one, as in the vendor's samples.
fn card_lines(presented: Presented) -> Vec<Line> {
    let card = presented.card;
    let line = |key, label, value: &str| Line { key, label, value: value.to_owned() };
    let mut lines = vec![
        line("PAYMENT_DETAILS_SCHEME_OR_LABEL", "Card", card.label()),
        line("PAYMENT_DETAILS_MASKED_ACCOUNT", "Account", card.masked_pan()),
        line("PAYMENT_DETAILS_SOURCE", "Entry", presented.entry.label()),
    ];
    let application_id = presented.application_id();
    if !application_id.is_empty() {
        lines.push(line("PAYMENT_DETAILS_EMV_APPLICATION_ID", "AID", application_id));
        lines.push(line("PAYMENT_DETAILS_ACCOUNT_SEQUENCE_NUMBER", "PAN sequence", "01"));
    }
    if presented.entry != Entry::Carried {
        let verification = presented.verification.label();
        lines.push(line("PAYMENT_DETAILS_CUSTOMER_VERIFICATION", "Verification", verification));
    }
    lines
}

struct Line {
    key: &'static str,
    label: &'static str,
    value: String,
}

pub(crate) fn receipts(slip: &Slip<'_>) -> Value {
    json!({
        "merchantReceipt": receipt(slip, Side::Merchant),
        "customerReceipt": receipt(slip, Side::Customer),
    })
}

fn receipt(slip: &Slip<'_>, side: Side) -> Value {
    let lines = slip.lines(side);
    let text = plain(&lines, slip);
    let data: Map<String, Value> = lines
        .into_iter()
        .map(|line| (line.key.to_owned(), json!({ "label": line.label, "value": line.value })))
        .collect();
    let mut data = json!({ "lines": data, "signatureLineRequired": slip.asks_for_signature });
    if slip.asks_for_tip {
        data["tipLineRequired"] = true.into();
        data["totalLineRequired"] = true.into();
    }
    json!({ "preformattedReceipt": text, "receiptData": data })
}

fn plain(lines: &[Line], slip: &Slip<'_>) -> String {
    let mut text: String = lines
        .iter()
        .filter(|line| !line.value.is_empty())
        .map(|line| format!("{:<16}{}\n", line.label, line.value))
        .collect();
    let blanks =
        [(slip.asks_for_tip, "Tip"), (slip.asks_for_tip, "Total"), (slip.asks_for_signature, "Signature")];
    for (_, label) in blanks.into_iter().filter(|(wanted, _)| *wanted) {
        text.push_str(&format!("{label:<16}________________\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::transaction::tests::{approved, sale};
    use super::*;

    #[test]
    fn receipt_for_a_tip_has_lines_to_fill_in() {
        let mut request = sale("30.00");
        request["capture"] = false.into();
        request["askForTip"] = "ON_RECEIPT".into();
        let transaction = approved(&request);
        let slip = Slip::of(&transaction, "Payment approved");
        let receipts = receipts(&slip);
        let receipt = &receipts["merchantReceipt"];
        assert_eq!(receipt["receiptData"]["tipLineRequired"], true);
        let text = receipt["preformattedReceipt"].as_str().expect("text");
        assert!(text.contains("Tip             ____") && text.contains("Total           ____"), "{text}");
    }

    #[test]
    fn receipt_of_a_plain_sale_asks_for_nothing() {
        let transaction = approved(&sale("30.00"));
        let slip = Slip::of(&transaction, "Payment approved");
        let data = &receipts(&slip)["customerReceipt"]["receiptData"];
        assert_eq!(data["signatureLineRequired"], false);
        assert_eq!((data.get("tipLineRequired"), data.get("totalLineRequired")), (None, None));
    }
}
