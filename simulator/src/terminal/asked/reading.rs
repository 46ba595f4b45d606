//! The requests as JSON, read field by field. Apart from what they ask for, because here every mistake that a till can make in
//! the form of a request is named.

use super::{Act, Asked, Category, FollowOn, Fresh, Kind, LookUp, Mode, Refusal, Side};
use crate::amount::{Amount, is_currency};
use crate::message::text;
use crate::terminal::form::Form;
use crate::terminal::paper::Paper;
use serde_json::{Map, Value};

pub(super) fn read(kind: &str, body: &Value) -> Result<Asked, Refusal> {
    Ok(match kind {
        "AccountVerificationRequest" => Asked::Fresh(account_verification(body)?),
        "CancelRequest" => Asked::Cancel,
        "CaptureRequest" => Asked::FollowOn(follow_on(Act::Capture, body)?),
        "CustomPrintRequest" => Asked::CustomPrint(Paper::read(body)?),
        "CustomScreenRequest" => Asked::CustomScreens(Form::read_all(body)?),
        "IncrementalAuthorizationRequest" => Asked::FollowOn(follow_on(Act::Increment, body)?),
        "LinkedRefundRequest" => Asked::FollowOn(follow_on(Act::Refund, body)?),
        "OfflineModeRequest" => Asked::OfflineMode {
            enabled: flag(body, "enabled")?.ok_or_else(|| Refusal::invalid("enabled is missing"))?,
        },
        "PaymentRequest" => Asked::Fresh(payment(body)?),
        "PrintReceiptRequest" => {
            let id = needed(body, "transactionId")?.to_owned();
            let side = match text(body, "receiptType") {
                Some("CUSTOMER") => Side::Customer,
                Some("MERCHANT") => Side::Merchant,
                _ => return Err(Refusal::invalid("receiptType is neither CUSTOMER nor MERCHANT")),
            };
            Asked::PrintReceipt { id, side }
        }
        "ReadCardRequest" => Asked::ReadCard,
        "StandaloneRefundRequest" => Asked::Fresh(stand_alone_credit(body)?),
        "TipAdjustRequest" => Asked::FollowOn(follow_on(Act::TipAdjust, body)?),
        "TokenRefundRequest" => Asked::Fresh(token_refund(body)?),
        "TransactionLookupRequest" => Asked::LookUp(look_up(body)?),
        "" => return Err(Refusal::invalid("class discriminator 'type' is missing")),
        unknown => return Err(unknown_type(unknown)),
    })
}

/// Whether an app of this version knows the request (section 7).
pub(in crate::terminal) fn check_version(kind: &str, body: &Value, app_minor: u32) -> Result<(), Refusal> {
    let since = |kind| SINCE.iter().find(|(known, _)| *known == kind).map_or(0, |(_, since)| *since);
    if app_minor < since(kind) {
        return Err(unknown_type(kind));
    }
    match text(body, "paymentMode") {
        Some("EBT") if app_minor < EBT_SINCE => Err(Refusal::invalid("paymentMode 'EBT' is not known")),
        _ => Ok(()),
    }
}

fn unknown_type(kind: &str) -> Refusal {
    Refusal::invalid(format!("type '{kind}' is not known"))
}

fn payment(body: &Value) -> Result<Fresh, Refusal> {
    let reference = reference(body)?;
    let mode = mode(body)?;
    let is_inquiry = matches!(mode, Mode::Ebt { .. }) && ebt_flag(body, "isBalanceInquiry")?;
    let (amount, currency) = amount(body, if is_inquiry { Zero::Needed } else { Zero::Refused })?;
    let cashback = cashback(body, &currency, mode)?;
    let captures = flag(body, "capture")?.unwrap_or(true);
    let (kind, tip_on_device) = match (text(body, "askForTip"), captures) {
        (None, _) if body.get("askForTip").is_some_and(|value| !value.is_null()) => {
            return Err(Refusal::invalid(WRONG_TIP));
        }
        (None, _) if is_inquiry => (Kind::BalanceInquiry, false),
        (None, true) => (Kind::Sale, false),
        (None, false) => (Kind::PreAuthorisation, false),
        (Some(_), _) if mode != Mode::Card => {
            return Err(Refusal::invalid("askForTip does not go with a paymentMode"));
        }
        (Some("ON_DEVICE"), true) => (Kind::Sale, true),
        (Some("ON_DEVICE"), false) => {
            return Err(Refusal::invalid("askForTip ON_DEVICE does not go with capture false"));
        }
        (Some("ON_RECEIPT"), false) => (Kind::SaleTipOnReceipt, false),
        (Some("ON_RECEIPT"), true) => {
            return Err(Refusal::invalid("askForTip ON_RECEIPT needs capture to be false"));
        }
        (Some(_), _) => return Err(Refusal::invalid(WRONG_TIP)),
    };
    if cashback.is_some() && kind != Kind::Sale {
        return Err(Refusal::invalid("amountDetails.cashbackAmount goes with a sale only"));
    }
    let mut echoed = Map::new();
    for block in ECHOED_BLOCKS {
        match body.get(*block) {
            None | Some(Value::Null) => {}
            Some(value) if value.is_object() => drop(echoed.insert((*block).to_owned(), value.clone())),
            Some(_) => return Err(Refusal::invalid(format!("{block} is not an object"))),
        }
    }
    for (pointer, name) in NUMBERS {
        if body.pointer(pointer).is_some_and(|value| !value.is_u64() && !value.is_null()) {
            return Err(Refusal::invalid(format!("{name} is not a whole number")));
        }
    }
    let amount = Some(amount);
    Ok(Fresh { kind, mode, reference, amount, currency, cashback, tip_on_device, instrument: None, echoed })
}

fn stand_alone_credit(body: &Value) -> Result<Fresh, Refusal> {
    let (reference, mode) = (reference(body)?, mode(body)?);
    let (amount, currency) = amount(body, Zero::Refused)?;
    Ok(Fresh { amount: Some(amount), ..plain(Kind::StandAloneCredit, mode, reference, currency) })
}

fn token_refund(body: &Value) -> Result<Fresh, Refusal> {
    let instrument = Some(needed(body, "instrumentId")?.to_owned());
    let reference = reference(body)?;
    let (amount, currency) = amount(body, Zero::Refused)?;
    Ok(Fresh {
        amount: Some(amount),
        instrument,
        ..plain(Kind::TokenRefund, Mode::Card, reference, currency)
    })
}

/// The amount that the MOTO page lists is of no use to it.
fn account_verification(body: &Value) -> Result<Fresh, Refusal> {
    let (reference, mode) = (reference(body)?, mode(body)?);
    if matches!(mode, Mode::Ebt { .. }) {
        return Err(Refusal::invalid("paymentMode EBT does not go with an account verification"));
    }
    let currency = currency(body.get("amountDetails").unwrap_or(&Value::Null))?;
    Ok(plain(Kind::AccountVerification, mode, reference, currency))
}

fn plain(kind: Kind, mode: Mode, reference: String, currency: String) -> Fresh {
    Fresh {
        kind,
        mode,
        reference,
        amount: None,
        currency,
        cashback: None,
        tip_on_device: false,
        instrument: None,
        echoed: Map::new(),
    }
}

fn follow_on(act: Act, body: &Value) -> Result<FollowOn, Refusal> {
    let id = needed(body, "transactionId")?.to_owned();
    let whole_by_default = matches!(act, Act::Capture | Act::Refund);
    let amount = match body.get("amountDetails") {
        None | Some(Value::Null) if whole_by_default => None,
        _ => Some(amount(body, if act == Act::TipAdjust { Zero::Allowed } else { Zero::Refused })?),
    };
    Ok(FollowOn { act, id, amount })
}

fn look_up(body: &Value) -> Result<LookUp, Refusal> {
    let (id_type, id) = (needed(body, "idType")?, needed(body, "id")?.to_owned());
    match id_type {
        "MERCHANT_REFERENCE_CODE" => Ok(LookUp::Reference(id)),
        "TRANSACTION_ID" => Ok(LookUp::Id(id)),
        _ => Err(Refusal::invalid("idType is neither TRANSACTION_ID nor MERCHANT_REFERENCE_CODE")),
    }
}

/// Section 6: at most 50 characters of letters, digits, `_` and `-`.
fn reference(body: &Value) -> Result<String, Refusal> {
    let reference = text(body, "merchantReferenceCode").unwrap_or_default();
    let well_formed = (1..=50).contains(&reference.len())
        && reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    match well_formed {
        true => Ok(reference.to_owned()),
        false => Err(Refusal::invalid("merchantReferenceCode is missing or malformed")),
    }
}

/// Whether an amount of nothing makes sense.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zero {
    Allowed,
    Needed,
    Refused,
}

fn amount(body: &Value, zero: Zero) -> Result<(Amount, String), Refusal> {
    let details = body.get("amountDetails").unwrap_or(&Value::Null);
    let amount = text(details, "amount").and_then(Amount::parse);
    let amount = amount.ok_or_else(|| Refusal::invalid("amountDetails.amount is not a decimal text"))?;
    let currency = currency(details)?;
    if !amount.fits(&currency) {
        return Err(Refusal::invalid(format!("amountDetails.amount is finer than {currency} can be")));
    }
    match (zero, amount.is_zero()) {
        (Zero::Refused, true) => Err(Refusal::invalid("amountDetails.amount is zero")),
        (Zero::Needed, false) => {
            Err(Refusal::invalid("amountDetails.amount of a balance inquiry is not zero"))
        }
        _ => Ok((amount, currency)),
    }
}

fn currency(details: &Value) -> Result<String, Refusal> {
    match text(details, "currency") {
        Some(currency) if is_currency(currency) => Ok(currency.to_owned()),
        _ => Err(Refusal::invalid("amountDetails.currency is not an ISO 4217 code")),
    }
}

fn cashback(body: &Value, currency: &str, mode: Mode) -> Result<Option<Amount>, Refusal> {
    let Some(written) = body.pointer("/amountDetails/cashbackAmount").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let cashback = written.as_str().and_then(Amount::parse).filter(|amount| amount.fits(currency));
    let cashback =
        cashback.ok_or_else(|| Refusal::invalid("amountDetails.cashbackAmount is not a decimal text"))?;
    match mode {
        Mode::Card | Mode::Ebt { category: Category::Cash, .. } => Ok(Some(cashback)),
        Mode::Ebt { category: Category::Food, .. } => {
            Err(Refusal::invalid("ebtDetails.category FOOD gives no cash back"))
        }
        Mode::Moto => Err(Refusal::invalid("paymentMode MOTO gives no cash back")),
    }
}

fn mode(body: &Value) -> Result<Mode, Refusal> {
    match body.get("paymentMode") {
        None | Some(Value::Null) => Ok(Mode::Card),
        Some(mode) => match mode.as_str() {
            Some("EBT") => {
                let details = body.get("ebtDetails").unwrap_or(&Value::Null);
                let category = match text(details, "category") {
                    Some("CASH") => Category::Cash,
                    Some("FOOD") => Category::Food,
                    _ => return Err(Refusal::invalid("ebtDetails.category is neither FOOD nor CASH")),
                };
                Ok(Mode::Ebt { category, is_voucher: ebt_flag(body, "isVoucher")? })
            }
            Some("MOTO") => Ok(Mode::Moto),
            _ => Err(Refusal::invalid("paymentMode is neither MOTO nor EBT")),
        },
    }
}

fn ebt_flag(body: &Value, name: &str) -> Result<bool, Refusal> {
    Ok(flag(body.get("ebtDetails").unwrap_or(&Value::Null), name)?.unwrap_or(false))
}

/// A missing flag and null are the same.
pub(in crate::terminal) fn flag(object: &Value, name: &str) -> Result<Option<bool>, Refusal> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Refusal::invalid(format!("{name} is neither true nor false"))),
    }
}

fn needed<'a>(object: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    text(object, name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Refusal::invalid(format!("{name} is missing")))
}

/// Section 6: optional blocks that come back in the reply.
const ECHOED_BLOCKS: &[&str] = &["installmentDetails", "lodgingDetails", "merchantDetails", "taxDetails"];

/// Fields of theirs that are numbers, where nearly everything else is text: a mistake that tills make.
const NUMBERS: &[(&str, &str)] = &[
    ("/installmentDetails/numberOfInstallments", "installmentDetails.numberOfInstallments"),
    ("/taxDetails/salesSlipNumber", "taxDetails.salesSlipNumber"),
    ("/lodgingDetails/duration", "lodgingDetails.duration"),
    ("/lodgingDetails/numberOfGuests", "lodgingDetails.numberOfGuests"),
    ("/lodgingDetails/numberOfRoomsBooked", "lodgingDetails.numberOfRoomsBooked"),
];

/// The minor version of the app that brought a request (section 7).
const SINCE: &[(&str, u32)] = &[
    ("CustomPrintRequest", 21),
    ("CustomScreenRequest", 21),
    ("OfflineModeRequest", 18),
    ("PrintReceiptRequest", 9),
    ("ReadCardRequest", 17),
];

/// The one that brought EBT (section 7).
const EBT_SINCE: u32 = 17;

const WRONG_TIP: &str = "askForTip is neither ON_DEVICE nor ON_RECEIPT";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Operation;
    use serde_json::json;

    /// What is wrong with a valid sale after this change.
    fn complaint(pointer: &str, value: Value) -> String {
        let mut body = json!({
            "merchantReferenceCode": "r-1",
            "amountDetails": { "amount": "1.00", "currency": "USD" },
            "taxDetails": {},
            "ebtDetails": {},
        });
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("the parent")[field] = value;
        match Asked::read("PaymentRequest", &body) {
            Ok(_) => String::new(),
            Err(refusal) => refusal.description,
        }
    }

    #[test]
    fn complaint_names_the_field() {
        for (pointer, value, named) in [
            ("/merchantReferenceCode", json!("a b"), "merchantReferenceCode"),
            ("/merchantReferenceCode", json!("x".repeat(51)), "merchantReferenceCode"),
            ("/amountDetails", Value::Null, "amountDetails.amount"),
            ("/amountDetails/amount", json!(1), "amountDetails.amount"),
            ("/amountDetails/amount", json!("1,00"), "amountDetails.amount"),
            ("/amountDetails/amount", json!("0.00"), "zero"),
            ("/amountDetails/amount", json!("1.005"), "finer than USD"),
            ("/amountDetails/currency", json!("usd"), "amountDetails.currency"),
            ("/amountDetails/cashbackAmount", json!(5), "amountDetails.cashbackAmount"),
            ("/askForTip", json!("ON_TABLE"), "askForTip"),
            ("/askForTip", json!(true), "askForTip"),
            ("/askForTip", json!("ON_RECEIPT"), "capture"),
            ("/capture", json!("false"), "capture"),
            ("/paymentMode", json!("CASH"), "paymentMode"),
            ("/paymentMode", json!("EBT"), "ebtDetails.category"),
            ("/merchantDetails", json!("a"), "merchantDetails"),
            ("/taxDetails/salesSlipNumber", json!("12"), "taxDetails.salesSlipNumber"),
        ] {
            let complaint = complaint(pointer, value);
            assert!(complaint.contains(named), "{pointer}: {complaint:?}");
        }
    }

    #[test]
    fn app_knows_what_its_version_brought_and_no_more() {
        let body = json!({ "paymentMode": "EBT" });
        for (kind, since) in SINCE.iter().copied().chain([("PaymentRequest", EBT_SINCE)]) {
            assert!(check_version(kind, &body, since.max(EBT_SINCE)).is_ok(), "{kind}");
            assert!(check_version(kind, &body, since - 1).is_err(), "{kind}");
        }
        assert!(check_version("PaymentRequest", &json!({}), 1).is_ok());
    }

    #[test]
    fn null_is_as_good_as_absent() {
        for field in [
            "/capture",
            "/askForTip",
            "/paymentMode",
            "/merchantDetails",
            "/amountDetails/cashbackAmount",
            "/taxDetails/salesSlipNumber",
        ] {
            assert_eq!(complaint(field, Value::Null), "", "{field}");
        }
    }

    #[test]
    fn scenario_is_told_apart_what_differs() {
        let operation = |kind: &str, more: Value| {
            let mut body = json!({
                "merchantReferenceCode": "r-1", "transactionId": "t", "instrumentId": "i",
                "amountDetails": { "amount": "1.00", "currency": "USD" },
            });
            for (key, value) in more.as_object().expect("an object") {
                body[key] = value.clone();
            }
            let asked = Asked::read(kind, &body).expect("valid");
            asked.looks().expect("about money").operation
        };
        let none = || json!({});
        assert_eq!(operation("PaymentRequest", none()), Operation::Sale);
        assert_eq!(operation("PaymentRequest", json!({ "capture": false })), Operation::PreAuthorisation);
        assert_eq!(operation("PaymentRequest", json!({ "paymentMode": "MOTO" })), Operation::Moto);
        let ebt = json!({ "paymentMode": "EBT", "ebtDetails": { "category": "FOOD" } });
        assert_eq!(operation("PaymentRequest", ebt.clone()), Operation::Ebt);
        assert_eq!(operation("StandaloneRefundRequest", ebt), Operation::Ebt);
        assert_eq!(operation("StandaloneRefundRequest", none()), Operation::StandAloneCredit);
        assert_eq!(operation("TokenRefundRequest", none()), Operation::TokenRefund);
        assert_eq!(operation("AccountVerificationRequest", none()), Operation::AccountVerification);
        assert_eq!(operation("LinkedRefundRequest", none()), Operation::Refund);
        let cashback =
            json!({ "amountDetails": { "amount": "1", "currency": "USD", "cashbackAmount": "5" } });
        assert_eq!(operation("PaymentRequest", cashback), Operation::Cashback);
    }
}
