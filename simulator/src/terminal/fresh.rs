//! Operations that begin a transaction: sales of every kind, credits, account verifications, balance inquiries. Apart from
//! those that follow on one, which need no card and no reference.

use super::asked::{Fresh, Kind, Mode, Refusal};
use super::ledger::Ledger;
use super::receipt::Slip;
use super::telling::Telling;
use super::transaction::{Status, Transaction, Verdict, presented};
use super::work::{Done, End, Pace, Step, Voice, Work, counted};
use crate::card::Presented;
use crate::chance::Chance;
use crate::message::error_response;
use crate::scenario::{Course, Effect};
use crate::{Display, DisplayStep, DuplicateReference, FailureReply, Faults};
use serde_json::Value;

/// Prepares it, if the device is in a state to do it.
pub(crate) fn prepare(
    asked: Fresh,
    course: Course,
    ledger: &mut Ledger,
    chance: &mut Chance,
) -> Result<Work, Refusal> {
    let faults = &course.faults;
    check(&asked, faults, ledger)?;
    let stored = match &asked.instrument {
        None => None,
        Some(token) => Some(ledger.card(token).ok_or_else(|| {
            Refusal::new("Instrument not found", "instrumentId is none that this device gave out")
        })?),
    };
    let presented = presented(&asked, &course, stored);
    let mut transaction = Transaction::begin(asked, &course, chance);
    if faults.token_service {
        transaction.instrument = Some(ledger.token(presented.card, chance));
    }
    let verdict = Verdict::new(course.effect);
    let verdict = if ledger.is_offline { verdict.offline() } else { verdict };
    let asked = &transaction.asked;
    let (mut steps, gives_up) = steps(asked, presented, course.effect);
    steps = counted(steps, faults.status_messages);
    if gives_up {
        steps.truncate(steps.iter().position(|step| !step.is_abortable).unwrap_or(steps.len()));
    }
    let is_abortable = asked.kind != Kind::TokenRefund;
    let screen = Display {
        operation: asked.kind.title().to_owned(),
        amount: asked.amount.map(|amount| asked.total(amount).to_string()),
        currency: Some(asked.currency.clone()),
        reference: Some(asked.reference.clone()),
        can_be_aborted: is_abortable,
        ..Display::idle(ledger.is_offline)
    };
    Ok(Work {
        screen,
        voice: Voice::Transaction,
        steps,
        is_abortable,
        gives_up,
        pace: Pace::new(faults),
        pending: Some(transaction.clone()),
        finish: Box::new(move |ledger, end| finish(transaction, (verdict, presented), &course, ledger, end)),
    })
}

/// The reply to a lookup.
pub(crate) fn found(transaction: &Transaction, asked_id: Option<&str>) -> Value {
    let own_id = asked_id.filter(|asked| transaction.ids.iter().any(|id| id == asked));
    let message = message_of(transaction);
    Telling {
        kind: "TransactionLookupResponse",
        message: None,
        status: transaction.status,
        id: own_id.unwrap_or(transaction.id()),
        request_id: &transaction.stamp.request_id,
        own: None,
        slip: (transaction.status != Status::Pending).then(|| Slip::of(transaction, &message)),
    }
    .of(transaction)
}

/// `Payment approved`, or what else there is to say.
pub(crate) fn message_of(transaction: &Transaction) -> String {
    match transaction.remark {
        Some(remark) => remark.to_owned(),
        None => format!("{} {}", transaction.asked.kind.noun(), transaction.status.verb()),
    }
}

fn check(asked: &Fresh, faults: &Faults, ledger: &Ledger) -> Result<(), Refusal> {
    if faults.strict_references && looks_personal(&asked.reference) {
        return Err(Refusal::invalid(
            "merchantReferenceCode looks like a telephone or social security number",
        ));
    }
    if faults.duplicate_reference == DuplicateReference::Refuse && ledger.knows(&asked.reference) {
        return Err(Refusal::new("Duplicate reference", "merchantReferenceCode was used before"));
    }
    if asked.kind == Kind::StandAloneCredit && !faults.stand_alone_credits {
        return Err(Refusal::new(
            "Operation not allowed",
            "stand-alone credits are disabled for this merchant",
        ));
    }
    let is_plain_sale = asked.kind == Kind::Sale && asked.mode == Mode::Card && asked.cashback.is_none();
    match (ledger.is_offline, faults.internet) {
        (true, _) if !is_plain_sale => {
            Err(Refusal::new("Not possible offline", "offline mode takes sales by card and nothing else"))
        }
        (false, false) => Err(no_internet()),
        _ => Ok(()),
    }
}

/// Whether a reference has the shape of a US telephone number or social security number (section 6).
fn looks_personal(reference: &str) -> bool {
    let groups: Vec<_> = reference.split('-').map(str::len).collect();
    reference.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && matches!(groups[..], [10] | [3, 3, 4] | [9] | [3, 2, 4])
}

pub(crate) fn no_internet() -> Refusal {
    Refusal::new("No internet connection", "the device does not reach its backend")
}

/// What happens between customer and device, and whether it is the device or the customer who gives up.
fn steps(asked: &Fresh, presented: Presented, effect: Effect) -> (Vec<Step>, bool) {
    let mut steps = Vec::new();
    if asked.tip_on_device {
        steps.push(Step::waiting("Select tip", DisplayStep::Tip));
    }
    match (asked.mode, asked.kind) {
        (_, Kind::TokenRefund) => return (vec![Step::processing()], false),
        (Mode::Moto | Mode::Ebt { is_voucher: true, .. }, _) => {
            steps.push(Step::waiting("Enter card number", DisplayStep::Keying));
        }
        (Mode::Ebt { .. }, _) => {
            steps.push(Step::waiting("Swipe EBT card", DisplayStep::Card));
            steps.push(Step::waiting("Enter PIN", DisplayStep::Pin));
        }
        (Mode::Card, _) => {
            steps.push(Step::waiting("Present card", DisplayStep::Card));
            match effect {
                Effect::Fallback => {
                    steps.push(Step::waiting("Chip cannot be read, swipe card", DisplayStep::Card));
                }
                Effect::Pin => steps.push(Step::waiting("Enter PIN", DisplayStep::Pin)),
                Effect::WrongPin => {
                    steps.push(Step::waiting("Enter PIN", DisplayStep::Pin));
                    steps.push(Step::waiting("Wrong PIN, try again", DisplayStep::Pin));
                }
                _ => {}
            }
        }
    }
    steps.push(Step::processing());
    if presented.needs_signature() {
        steps.push(Step::working("Please sign", DisplayStep::Signature));
    }
    (steps, matches!(effect, Effect::Abort | Effect::NoCard))
}

fn finish(
    mut transaction: Transaction,
    (verdict, presented): (Verdict, Presented),
    course: &Course,
    ledger: &mut Ledger,
    end: End,
) -> Done {
    let faults = &course.faults;
    let verdict = match end {
        End::Cancelled => Verdict { status: Status::Aborted, settles_as: None, remark: None },
        End::Done => draw(&transaction, verdict, ledger),
    };
    transaction.end(verdict, Some(presented), faults.adjustable_tips);
    transaction.balance = transaction
        .ebt_category()
        .filter(|_| transaction.status == Status::Approved)
        .map(|category| ledger.balance(category));
    let message = message_of(&transaction);
    let status = transaction.status;
    let by_error = match status {
        Status::Aborted => faults.abort_reply == FailureReply::ErrorResponse,
        Status::Declined => {
            course.effect == Effect::DeclineByError || faults.decline_reply == FailureReply::ErrorResponse
        }
        _ => false,
    };
    let reply = match by_error {
        true => failure(status, &message),
        false => Telling {
            kind: transaction.asked.kind.reply(),
            message: Some(&message),
            status,
            id: transaction.id(),
            request_id: &transaction.stamp.request_id,
            own: None,
            slip: Some(Slip::of(&transaction, &message)),
        }
        .of(&transaction),
    };
    let reference = Some(transaction.asked.reference.clone());
    ledger.enter(transaction);
    Done { reply, message, outcome: status.name(), lines: Vec::new(), reference }
}

/// The `ErrorResponse` in place of a reply that says no.
pub(crate) fn failure(status: Status, message: &str) -> Value {
    match status {
        // The one text that was seen on a real device (section 6c).
        Status::Aborted => error_response("Transaction was aborted", "cancelled before it was carried out"),
        _ => error_response(message, "the issuer said no"),
    }
}

/// Draws on the account of an EBT card, or finds that there is not enough on it.
fn draw(transaction: &Transaction, verdict: Verdict, ledger: &mut Ledger) -> Verdict {
    let Some((category, amount)) = transaction.ebt_category().zip(transaction.amount) else { return verdict };
    if verdict.status != Status::Approved || transaction.asked.kind == Kind::BalanceInquiry {
        return verdict;
    }
    let total = transaction.asked.total(amount);
    if transaction.asked.kind == Kind::StandAloneCredit {
        ledger.give_back(category, total);
    } else if total > ledger.balance(category) {
        return Verdict { status: Status::Declined, settles_as: None, remark: Some("Insufficient funds") };
    } else {
        ledger.spend(category, total);
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::looks_personal;

    #[test]
    fn reference_in_the_shape_of_a_telephone_or_social_security_number_is_told() {
        for personal in ["2125550123", "212-555-0123", "078051120", "078-05-1120"] {
            assert!(looks_personal(personal), "{personal}");
        }
        for harmless in ["20261129-0001", "r-1", "12345678", "212_555_0123", "07805112x", ""] {
            assert!(!looks_personal(harmless), "{harmless}");
        }
    }
}
