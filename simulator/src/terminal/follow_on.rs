//! Operations that follow on a transaction: capture, incremental authorisation, refund, tip adjustment. Apart from those
//! that begin one: here the rules are about what is left of its money.

use super::asked::{Act, FollowOn, Refusal};
use super::fresh::{failure, no_internet};
use super::ledger::Ledger;
use super::receipt::Slip;
use super::telling::Telling;
use super::transaction::{Refund, Stamp, Status, TipAdjust, Transaction, Verdict};
use super::work::{Done, Pace, Step, Voice, Work, counted};
use crate::amount::Amount;
use crate::chance::Chance;
use crate::scenario::{Course, Effect};
use crate::{Display, FailureReply, Faults, IncrementalAmount, RefundStatus};
use std::time::{Duration, SystemTime};

/// Prepares it, if the transaction is in a state to be followed on.
pub(crate) fn prepare(
    asked: FollowOn,
    course: Course,
    ledger: &mut Ledger,
    chance: &mut Chance,
) -> Result<Work, Refusal> {
    let faults = &course.faults;
    let is_offline = ledger.is_offline;
    if is_offline {
        return Err(Refusal::new(
            "Not possible offline",
            "offline mode takes sales by card and nothing else",
        ));
    }
    if !faults.internet {
        return Err(no_internet());
    }
    let transaction = ledger.by_id(&asked.id, faults).ok_or_else(not_found)?;
    let amount = judge(&asked, transaction, faults)?;
    let screen = Display {
        operation: asked.act.title().to_owned(),
        amount: Some(amount.to_string()),
        currency: Some(transaction.asked.currency.clone()),
        reference: Some(transaction.asked.reference.clone()),
        ..Display::idle(is_offline)
    };
    let (new_id, stamp) = (chance.hex_id(), Stamp::new(chance));
    Ok(Work {
        screen,
        voice: Voice::Transaction,
        steps: counted(vec![Step::processing()], faults.status_messages),
        is_abortable: false,
        gives_up: false,
        pace: Pace::new(faults),
        pending: None,
        finish: Box::new(move |ledger, _| {
            let stated = asked.amount.map_or(amount, |(stated, _)| stated);
            let order = Order { act: asked.act, id: asked.id, asked: stated, amount, new_id, stamp };
            finish(order, &course, ledger)
        }),
    })
}

pub(crate) fn not_found() -> Refusal {
    Refusal::new("Transaction not found", "no transaction has this id")
}

/// What is to be done to the transaction of this id.
struct Order {
    act: Act,
    id: String,
    /// What the request says, if it says anything.
    asked: Amount,
    amount: Amount,
    new_id: String,
    stamp: Stamp,
}

/// Returns the amount that it is about.
fn judge(asked: &FollowOn, transaction: &Transaction, faults: &Faults) -> Result<Amount, Refusal> {
    let currency = &transaction.asked.currency;
    let amount = match &asked.amount {
        Some((_, other)) if other != currency => {
            return Err(Refusal::invalid(format!(
                "amountDetails.currency is {other}, that of the transaction {currency}"
            )));
        }
        Some((amount, _)) => Some(*amount),
        None => None,
    };
    match asked.act {
        Act::Capture => judge_capture(amount, transaction, faults),
        Act::Increment => judge_increment(amount, transaction, faults),
        Act::Refund => judge_refund(amount, transaction),
        Act::TipAdjust => judge_tip(amount, transaction, faults),
    }
}

fn judge_capture(
    amount: Option<Amount>,
    transaction: &Transaction,
    faults: &Faults,
) -> Result<Amount, Refusal> {
    let refuse = |description: String| Err(Refusal::new("Transaction cannot be captured", description));
    let Some(left) = transaction.capturable() else {
        return refuse("it is no approved pre-authorisation".to_owned());
    };
    if transaction.captured.is_some() && (left.is_zero() || !faults.repeated_capture) {
        return refuse("it has been captured already".to_owned());
    }
    match amount {
        Some(amount) if amount > left => refuse(format!(
            "amountDetails.amount {amount} is above what is left of the authorisation, {left}"
        )),
        Some(amount) => Ok(amount),
        None => Ok(left),
    }
}

/// Returns the new total.
fn judge_increment(
    amount: Option<Amount>,
    transaction: &Transaction,
    faults: &Faults,
) -> Result<Amount, Refusal> {
    let refuse = |description: String| Err(Refusal::new("Authorisation cannot be incremented", description));
    if transaction.capturable().is_none() || transaction.captured.is_some() {
        return refuse("it is no open pre-authorisation".to_owned());
    }
    let before = transaction.amount.unwrap_or(Amount::ZERO);
    let amount = amount.unwrap_or(Amount::ZERO);
    match faults.incremental_amount {
        IncrementalAmount::Increment => Ok(before.plus(amount)),
        IncrementalAmount::NewTotal if amount <= before => {
            refuse(format!("amountDetails.amount {amount} is not above what is authorised, {before}"))
        }
        IncrementalAmount::NewTotal => Ok(amount),
    }
}

fn judge_refund(amount: Option<Amount>, transaction: &Transaction) -> Result<Amount, Refusal> {
    let refuse = |description: String| Err(Refusal::new("Transaction cannot be refunded", description));
    match (transaction.refundable(), amount) {
        (None, _) => refuse(match transaction.status {
            Status::Approved => "nothing of it has been captured".to_owned(),
            status => format!("its status is {}", status.name()),
        }),
        (Some(left), _) if left.is_zero() => refuse("it has been refunded already".to_owned()),
        (Some(left), Some(amount)) if amount > left => {
            refuse(format!("amountDetails.amount {amount} is above what can be refunded, {left}"))
        }
        (Some(left), amount) => Ok(amount.unwrap_or(left)),
    }
}

fn judge_tip(amount: Option<Amount>, transaction: &Transaction, faults: &Faults) -> Result<Amount, Refusal> {
    let refuse = |description: &str| Err(Refusal::new("Tip cannot be adjusted", description));
    let is_late = SystemTime::now()
        .duration_since(transaction.stamp.submitted)
        .is_ok_and(|age| age > TIP_ADJUST_PERIOD);
    match transaction.tip_adjust {
        None => refuse("it was not asked to have a tip on its receipt"),
        Some(TipAdjust::Adjusted) if !faults.repeated_tip_adjust => refuse("tipAdjustStatus is ADJUSTED"),
        Some(TipAdjust::NotAdjustable) => refuse("tipAdjustStatus is NOT_ADJUSTABLE"),
        Some(_) if !transaction.refunds.is_empty() => refuse("it has been refunded"),
        Some(_) if is_late => refuse("it is older than 24 hours"),
        Some(_) => Ok(amount.unwrap_or(Amount::ZERO)),
    }
}

fn finish(order: Order, course: &Course, ledger: &mut Ledger) -> Done {
    let faults = &course.faults;
    let verdict = Verdict::new(course.effect);
    let status = verdict.status;
    let message = match verdict.remark {
        Some(remark) => remark.to_owned(),
        None => format!("{} {}", order.act.noun(), status.verb()),
    };
    let done = |reply, reference| Done {
        reply,
        message: message.clone(),
        outcome: status.name(),
        lines: Vec::new(),
        reference,
    };
    // One operation at a time: only a device that lost its memory meanwhile does not find it any more.
    let Some(transaction) = ledger.by_id(&order.id, faults) else {
        return done(not_found().reply(), None);
    };
    let comes_true = [Some(status), verdict.settles_as].contains(&Some(Status::Approved));
    let gives_back = transaction.ebt_category().filter(|_| comes_true && order.act == Act::Refund);
    apply(&order, verdict, comes_true, transaction);
    let by_error = status == Status::Declined
        && (course.effect == Effect::DeclineByError || faults.decline_reply == FailureReply::ErrorResponse);
    let reply = match by_error {
        true => failure(status, &message),
        false => tell(&order, status, &message, faults, transaction),
    };
    let reference = Some(transaction.asked.reference.clone());
    if let Some(category) = gives_back {
        ledger.give_back(category, order.amount);
    }
    done(reply, reference)
}

/// Does to the transaction what was asked for, as far as the issuer agrees.
fn apply(order: &Order, verdict: Verdict, comes_true: bool, transaction: &mut Transaction) {
    if order.act == Act::Refund {
        let is_void = transaction.refunds.is_empty() && transaction.refundable() == Some(order.amount);
        transaction.refunds.push(Refund {
            id: order.new_id.clone(),
            amount: order.amount,
            status: verdict.status,
            settles_as: verdict.settles_as,
            stamp: order.stamp.clone(),
            is_void,
        });
    }
    if !comes_true {
        return;
    }
    match order.act {
        Act::Capture => {
            let before = transaction.captured.unwrap_or(Amount::ZERO);
            transaction.captured = Some(before.plus(order.amount));
        }
        Act::Increment => {
            transaction.amount = Some(order.amount);
            transaction.ids.push(order.new_id.clone());
            transaction.stamp = order.stamp.clone();
        }
        Act::Refund => {}
        Act::TipAdjust => {
            let with_tip = transaction.amount.unwrap_or(Amount::ZERO);
            let base = with_tip.minus(transaction.tip.unwrap_or(Amount::ZERO)).unwrap_or(with_tip);
            transaction.tip = Some(order.amount);
            transaction.amount = Some(base.plus(order.amount));
            transaction.captured = transaction.amount;
            transaction.tip_adjust = Some(TipAdjust::Adjusted);
        }
    }
}

fn tell(
    order: &Order,
    status: Status,
    message: &str,
    faults: &Faults,
    transaction: &Transaction,
) -> serde_json::Value {
    let title = match transaction.refunds.last() {
        Some(refund) if order.act == Act::Refund && refund.is_void => "Void",
        _ => order.act.title(),
    };
    let identifier = if order.act == Act::Refund { &order.new_id } else { transaction.id() };
    let slip = Slip::after(
        transaction,
        (title, order.act == Act::Refund),
        (identifier, order.amount, &order.stamp),
        message,
    );
    // The vendor's sample of an increment has the amount of the request, and a card of which only the number is known.
    let own = transaction
        .presented
        .filter(|_| order.act == Act::Increment)
        .map(|presented| (order.asked, presented.carried()));
    // Section 6a: everything in the reply to a refund is the payment's, but for the linked operations.
    let shown = match (order.act, faults.refund_status) {
        (Act::Refund, RefundStatus::OfPayment) => transaction.status,
        _ => status,
    };
    Telling {
        kind: order.act.reply(),
        message: Some(message),
        status: shown,
        id: transaction.id(),
        request_id: &order.stamp.request_id,
        own,
        slip: Some(slip),
    }
    .of(transaction)
}

/// Section 6: "within 24 h".
const TIP_ADJUST_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::super::transaction::tests::{approved, ended, sale};
    use super::*;

    fn authorised(amount: &str) -> Transaction {
        let mut request = sale(amount);
        request["capture"] = false.into();
        approved(&request)
    }

    fn amount(text: &str) -> Option<Amount> {
        Amount::parse(text)
    }

    fn complaint(judged: Result<Amount, Refusal>) -> String {
        judged.err().map_or_else(String::new, |refusal| refusal.reply()["developerDescription"].to_string())
    }

    fn act(transaction: &mut Transaction, act: Act, of: &str) {
        let order = Order {
            act,
            id: String::new(),
            asked: Amount::ZERO,
            amount: Amount::parse(of).expect("an amount"),
            new_id: "new".to_owned(),
            stamp: transaction.stamp.clone(),
        };
        apply(&order, Verdict::new(Effect::Approve), true, transaction);
    }

    #[test]
    fn capture_takes_all_or_a_part_but_never_more() {
        let (mut transaction, faults) = (authorised("10.00"), Faults::default());
        assert_eq!(judge_capture(None, &transaction, &faults).ok(), amount("10.00"));
        assert_eq!(judge_capture(amount("4"), &transaction, &faults).ok(), amount("4"));
        assert!(complaint(judge_capture(amount("10.01"), &transaction, &faults)).contains("10.00"));
        act(&mut transaction, Act::Capture, "4.00");
        assert!(complaint(judge_capture(amount("1.00"), &transaction, &faults)).contains("already"));
        let faults = Faults { repeated_capture: true, ..faults };
        assert_eq!(judge_capture(None, &transaction, &faults).ok(), amount("6.00"));
        assert!(complaint(judge_capture(amount("6.01"), &transaction, &faults)).contains("6.00"));
    }

    #[test]
    fn sale_cannot_be_captured_and_an_authorisation_not_refunded() {
        let faults = Faults::default();
        assert!(
            complaint(judge_capture(None, &approved(&sale("1.00")), &faults)).contains("pre-authorisation")
        );
        assert!(complaint(judge_refund(None, &authorised("1.00"))).contains("captured"));
        let declined = ended(&sale("1.00"), Verdict::new(Effect::Decline));
        assert!(complaint(judge_refund(None, &declined)).contains("DECLINED"));
    }

    #[test]
    fn refunds_add_up_to_the_payment_and_no_further() {
        let mut transaction = approved(&sale("10.00"));
        assert_eq!(judge_refund(None, &transaction).ok(), amount("10"));
        act(&mut transaction, Act::Refund, "4.00");
        assert!(!transaction.refunds[0].is_void);
        assert!(complaint(judge_refund(amount("6.01"), &transaction)).contains("6.00"));
        assert_eq!(judge_refund(None, &transaction).ok(), amount("6.00"));
        act(&mut transaction, Act::Refund, "6.00");
        assert!(complaint(judge_refund(None, &transaction)).contains("already"));
    }

    #[test]
    fn refund_of_the_whole_is_a_void() {
        let mut transaction = approved(&sale("10.00"));
        act(&mut transaction, Act::Refund, "10.00");
        assert!(transaction.refunds[0].is_void);
    }

    #[test]
    fn increment_means_what_the_switch_says() {
        let transaction = authorised("10.00");
        let total = |incremental_amount, text| {
            let faults = Faults { incremental_amount, ..Faults::default() };
            judge_increment(amount(text), &transaction, &faults)
        };
        assert_eq!(total(IncrementalAmount::Increment, "5.00").ok(), amount("15.00"));
        assert_eq!(total(IncrementalAmount::NewTotal, "15.00").ok(), amount("15.00"));
        assert!(complaint(total(IncrementalAmount::NewTotal, "5.00")).contains("10.00"));
    }

    #[test]
    fn tip_is_added_once_and_replaced_if_so_switched() {
        let mut request = sale("30.00");
        request["capture"] = false.into();
        request["askForTip"] = "ON_RECEIPT".into();
        let (mut transaction, faults) = (approved(&request), Faults::default());
        assert_eq!(judge_tip(amount("5.00"), &transaction, &faults).ok(), amount("5.00"));
        act(&mut transaction, Act::TipAdjust, "5.00");
        assert_eq!((transaction.amount, transaction.captured), (amount("35"), amount("35")));
        assert!(complaint(judge_tip(amount("6.00"), &transaction, &faults)).contains("ADJUSTED"));
        let faults = Faults { repeated_tip_adjust: true, ..faults };
        assert_eq!(judge_tip(amount("6.00"), &transaction, &faults).ok(), amount("6.00"));
        act(&mut transaction, Act::TipAdjust, "6.00");
        assert_eq!(transaction.amount, amount("36.00"));
    }

    #[test]
    fn no_order_of_requests_creates_money() {
        let faults = Faults { repeated_capture: true, repeated_tip_adjust: true, ..Faults::default() };
        for seed in 0..200 {
            let mut chance = Chance::new(Some(seed));
            let mut transaction = match chance.below(3) {
                0 => authorised("50.00"),
                1 => approved(&sale("50.00")),
                _ => {
                    let mut request = sale("50.00");
                    request["capture"] = false.into();
                    request["askForTip"] = "ON_RECEIPT".into();
                    approved(&request)
                }
            };
            for _ in 0..30 {
                let act =
                    [Act::Capture, Act::Increment, Act::Refund, Act::TipAdjust][chance.below(4) as usize];
                let amount = Amount::parse(&format!("{}.{:02}", chance.below(40), chance.below(100)))
                    .filter(|_| chance.below(5) > 0)
                    .map(|amount| (amount, "USD".to_owned()));
                let asked = FollowOn { act, id: String::new(), amount };
                let Ok(amount) = judge(&asked, &transaction, &faults) else { continue };
                let order = Order {
                    act,
                    id: String::new(),
                    asked: amount,
                    amount,
                    new_id: chance.hex_id(),
                    stamp: transaction.stamp.clone(),
                };
                let effects = [Effect::Approve, Effect::Decline, Effect::Inconclusive];
                let verdict = Verdict::new(effects[chance.below(3) as usize]);
                let comes_true = verdict.status != Status::Declined;
                apply(&order, verdict, comes_true, &mut transaction);
                if chance.below(2) == 0 {
                    transaction.learn();
                }
                let authorised = transaction.amount.expect("an amount");
                let captured = transaction.captured.unwrap_or(Amount::ZERO);
                let refunded = transaction
                    .refunds
                    .iter()
                    .filter(|refund| refund.status != Status::Declined)
                    .fold(Amount::ZERO, |sum, refund| sum.plus(refund.amount));
                assert!(captured <= authorised, "seed {seed}: captured {captured} of {authorised}");
                let left = transaction.refundable().unwrap_or(Amount::ZERO);
                assert_eq!(
                    transaction.still_captured().unwrap_or(Amount::ZERO),
                    left,
                    "seed {seed}: no cash back"
                );
                assert_eq!(refunded.plus(left), captured, "seed {seed}: {refunded} refunded, {left} left");
            }
        }
    }

    #[test]
    fn tip_is_late_after_a_day() {
        let mut request = sale("30.00");
        request["capture"] = false.into();
        request["askForTip"] = "ON_RECEIPT".into();
        let mut transaction = approved(&request);
        transaction.stamp.submitted -= TIP_ADJUST_PERIOD + Duration::from_secs(1);
        assert!(complaint(judge_tip(amount("5.00"), &transaction, &Faults::default())).contains("24 hours"));
        assert!(
            complaint(judge_tip(amount("5.00"), &authorised("1.00"), &Faults::default())).contains("receipt")
        );
    }

    #[test]
    fn other_currency_than_the_transaction_s_is_refused() {
        let asked = FollowOn {
            act: Act::Refund,
            id: String::new(),
            amount: amount("1.00").map(|amount| (amount, "EUR".to_owned())),
        };
        let refusal = judge(&asked, &approved(&sale("1.00")), &Faults::default());
        assert!(complaint(refusal).contains("USD"));
    }
}
