//! The two receipts of a transaction reply (section 6a). A file of its own because of its bulk: they are what makes
//! replies some kilobytes long, and nothing else depends on them.

use crate::clock;
use serde_json::{Map, Value, json};
use std::time::SystemTime;

/// What a receipt tells.
pub(crate) struct Facts<'a> {
    pub(crate) identifier: &'a str,
    pub(crate) amount: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) status: &'a str,
    pub(crate) submitted: SystemTime,
}

pub(crate) fn receipts(facts: &Facts<'_>) -> Value {
    json!({
        "merchantReceipt": receipt("Merchant receipt", facts),
        "customerReceipt": receipt("Customer receipt", facts),
    })
}

fn receipt(title: &str, facts: &Facts<'_>) -> Value {
    let stamp = clock::rfc3339(facts.submitted);
    let (date, time) = stamp.trim_end_matches('Z').split_once('T').unwrap_or_default();
    let amount = format!("{} {}", facts.amount, facts.currency);
    let lines = [
        ("MERCHANT_DETAILS_PUBLIC_NAME", "", "Simulated Shop"),
        ("MERCHANT_DETAILS_ADDRESS", "", "1 Loopback Lane"),
        ("MERCHANT_DETAILS_ZIP", "", "12701"),
        ("MERCHANT_DETAILS_CITY", "", "Localhost"),
        ("MERCHANT_DETAILS_COUNTRY", "", "US"),
        ("MERCHANT_DETAILS_CONTACT", "", "none"),
        ("MERCHANT_DETAILS_ADDITIONAL_INFORMATION", "", ""),
        ("RECEIPT_TYPE", "", title),
        ("TRANSACTION_TYPE", "", "Sale"),
        ("AMOUNT_AND_CURRENCY", "Amount", &amount),
        ("SUBJECT", "Subject", "-"),
        ("IDENTIFIER", "Identifier", facts.identifier),
        ("PAYMENT_DETAILS_SCHEME_OR_LABEL", "Card", "VISA"),
        ("PAYMENT_DETAILS_MASKED_ACCOUNT", "Account", "XXXXXXXXXXXX0119"),
        ("PAYMENT_DETAILS_EMV_APPLICATION_ID", "AID", "A0000000031010"),
        ("PAYMENT_DETAILS_SOURCE", "Entry", "Contactless"),
        ("PAYMENT_DETAILS_ACCOUNT_SEQUENCE_NUMBER", "PAN sequence", "01"),
        ("PAYMENT_DETAILS_CUSTOMER_VERIFICATION", "Verification", "None"),
        ("CLEARING_DETAILS_TRANSACTION_IDENTIFIER", "Transaction", "0001"),
        ("CLEARING_DETAILS_AUTHORIZATION_CODE", "Authorisation", "831000"),
        ("CLEARING_DETAILS_MERCHANT_IDENTIFIER", "Merchant", "simulated_merchant"),
        ("CLEARING_DETAILS_TERMINAL_ID", "Terminal", "00000001"),
        ("DATE", "Date", date),
        ("TIME", "Time", time),
        ("STATUS_TEXT", "", facts.status),
    ];
    let text: String = lines
        .iter()
        .filter(|(_, _, value)| !value.is_empty())
        .map(|(_, label, value)| format!("{label:<16}{value}\n"))
        .collect();
    let data: Map<String, Value> = lines
        .into_iter()
        .map(|(key, label, value)| (key.to_owned(), json!({ "label": label, "value": value })))
        .collect();
    json!({
        "preformattedReceipt": text,
        "receiptData": { "lines": data, "signatureLineRequired": false },
    })
}
