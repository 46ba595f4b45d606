//! Operations without money (section 6b): prints, screens, card reads and offline mode. Together in one file, because each
//! is no more than its steps and its reply.

use super::asked::{Refusal, Side};
use super::follow_on::not_found;
use super::form::Form;
use super::fresh::{failure, message_of, no_internet};
use super::ledger::Ledger;
use super::paper::Paper;
use super::receipt::Slip;
use super::transaction::Status;
use super::work::{Done, End, Finish, Pace, Step, Voice, Work};
use crate::{Display, DisplayStep, FailureReply, Faults, Printer};
use serde_json::{Value, json};

pub(crate) fn print_receipt(
    id: &str,
    side: Side,
    ledger: &mut Ledger,
    faults: &Faults,
) -> Result<Work, Refusal> {
    let transaction = ledger.by_id(id, faults).ok_or_else(not_found)?;
    let message = message_of(transaction);
    let slip = match transaction.refunds.iter().find(|refund| refund.id == id) {
        None => Slip::of(transaction, &message),
        Some(refund) => {
            let title = if refund.is_void { "Void" } else { "Refund" };
            Slip::after(transaction, (title, true), (&refund.id, refund.amount, &refund.stamp), &message)
        }
    };
    let lines = slip.print(side);
    let step = Step::working("Printing receipt", DisplayStep::Printing);
    print("Receipt", step, lines, ("PrintReceiptResponse", "Receipt printed"), (ledger, faults))
}

pub(crate) fn custom_print(paper: Paper, ledger: &Ledger, faults: &Faults) -> Result<Work, Refusal> {
    let step = Step::working("Printing", DisplayStep::Printing);
    print("Custom print", step, paper.lines, ("CustomPrintResponse", "Printed"), (ledger, faults))
}

fn print(
    operation: &str,
    mut step: Step,
    lines: Vec<String>,
    (kind, message): (&'static str, &'static str),
    (ledger, faults): (&Ledger, &Faults),
) -> Result<Work, Refusal> {
    match faults.printer {
        Printer::NoPaper => return Err(Refusal::new("Out of paper", "the printer has no paper")),
        Printer::None => return Err(Refusal::new("No printer", "this device has no printer")),
        Printer::Ready => {}
    }
    step.lines.clone_from(&lines);
    let finish: Finish = Box::new(move |_, _| Done {
        reply: json!({ "type": kind, "message": message }),
        message: message.to_owned(),
        outcome: COMPLETED,
        lines,
        reference: None,
    });
    Ok(work(operation, vec![step], (ledger, faults), finish))
}

pub(crate) fn custom_screens(forms: Vec<Form>, ledger: &Ledger, faults: &Faults) -> Work {
    let step = |form: &Form| {
        let shows = if form.is_signature() { DisplayStep::Signature } else { DisplayStep::Form };
        Step { lines: form.lines().to_vec(), ..Step::waiting(form.title(), shows) }
    };
    let steps = forms.iter().map(step).collect();
    let abort_reply = faults.abort_reply;
    let finish: Finish = Box::new(move |_, end| {
        let told = |message: &str, outcome: &'static str, screens: Value| Done {
            reply: json!({
                "type": "CustomScreenResponse",
                "message": message,
                "customScreenDetails": { "status": outcome, "screens": screens },
            }),
            message: message.to_owned(),
            outcome,
            lines: Vec::new(),
            reference: None,
        };
        match (end, abort_reply) {
            (End::Done, _) => told("Screens completed", COMPLETED, forms.iter().map(Form::answer).collect()),
            (End::Cancelled, FailureReply::Response) => told("Screens aborted", ABORTED, json!([])),
            (End::Cancelled, FailureReply::ErrorResponse) => aborted(),
        }
    });
    work("Custom screen", steps, (ledger, faults), finish)
}

/// A loyalty card, which holds no account.
pub(crate) fn read_card(ledger: &Ledger, faults: &Faults) -> Work {
    let finish: Finish = Box::new(|_, end| match end {
        End::Cancelled => aborted(),
        End::Done => Done {
            reply: json!({
                "type": "ReadCardResponse",
                "message": "Card read",
                "cardDetails": {
                    "cardNumber": "6035710000000042",
                    "expiryMonth": 12,
                    "expiryYear": 2031,
                    "track1": "B6035710000000042^LOYALTY/SIMULATED^3112000",
                    "track2": "6035710000000042=3112000",
                },
            }),
            message: "Card read".to_owned(),
            outcome: COMPLETED,
            lines: Vec::new(),
            reference: None,
        },
    });
    work("Card read", vec![Step::waiting("Swipe card", DisplayStep::Card)], (ledger, faults), finish)
}

/// Leaving offline mode sends the batch, for which the internet must be back (section 6b).
pub(crate) fn offline_mode(enabled: bool, ledger: &Ledger, faults: &Faults) -> Result<Work, Refusal> {
    if !enabled && ledger.is_offline && !faults.internet {
        return Err(no_internet());
    }
    let message = if enabled { "Enabling offline mode" } else { "Submitting batch" };
    let finish: Finish = Box::new(move |ledger, _| {
        ledger.is_offline = enabled;
        let message = match enabled {
            true => "Offline mode enabled".to_owned(),
            false => format!("Offline mode disabled, transactions submitted: {}", ledger.submit_batch()),
        };
        Done {
            reply: json!({ "type": "OfflineModeResponse", "message": message }),
            message,
            outcome: COMPLETED,
            lines: Vec::new(),
            reference: None,
        }
    });
    let step = Step::working(message, DisplayStep::Processing);
    Ok(work("Offline mode", vec![step], (ledger, faults), finish))
}

fn work(operation: &str, steps: Vec<Step>, (ledger, faults): (&Ledger, &Faults), finish: Finish) -> Work {
    let is_abortable = steps.first().is_some_and(|step| step.is_abortable);
    Work {
        screen: Display {
            operation: operation.to_owned(),
            can_be_aborted: is_abortable,
            ..Display::idle(ledger.is_offline)
        },
        voice: Voice::Operation,
        steps,
        is_abortable,
        gives_up: false,
        pace: Pace { floods: false, ..Pace::new(faults) },
        pending: None,
        finish,
    }
}

fn aborted() -> Done {
    Done {
        reply: failure(Status::Aborted, ""),
        message: "Aborted".to_owned(),
        outcome: ABORTED,
        lines: Vec::new(),
        reference: None,
    }
}

/// Section 6b, for custom screens; the others have no status.
const COMPLETED: &str = "COMPLETED";

/// Ours: section 6b knows no other status than COMPLETED.
const ABORTED: &str = "ABORTED";
