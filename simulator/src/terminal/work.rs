//! An operation as a sequence of steps, whatever it does: what the screen and the till are told on the way, where it can be
//! cancelled, what is done in the end. Apart from the terminal, which knows who asked and whose turn it is.

use super::ledger::Ledger;
use super::transaction::Transaction;
use crate::message::{operation_status, transaction_status};
use crate::{Display, DisplayStep, Faults};
use serde_json::Value;
use std::time::Duration;

/// An operation that can begin.
pub(crate) struct Work {
    /// The screen as it begins.
    pub(crate) screen: Display,
    pub(crate) voice: Voice,
    pub(crate) steps: Vec<Step>,
    /// Whether it can be cancelled before its first step, and stays there if so switched.
    pub(crate) is_abortable: bool,
    /// Whether it ends by itself where it could last be cancelled.
    pub(crate) gives_up: bool,
    pub(crate) pace: Pace,
    /// What a lookup finds meanwhile.
    pub(crate) pending: Option<Transaction>,
    pub(crate) finish: Finish,
}

/// The last act of an operation.
pub(crate) type Finish = Box<dyn FnOnce(&mut Ledger, End) -> Done + Send>;

/// How far an operation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Cancelled,
    Done,
}

/// What is left of an operation that has ended.
pub(crate) struct Done {
    pub(crate) reply: Value,
    /// What the screen says of it.
    pub(crate) message: String,
    /// Its status, or a word for one.
    pub(crate) outcome: &'static str,
    /// What was printed.
    pub(crate) lines: Vec<String>,
    /// The reference of a transaction, for the record.
    pub(crate) reference: Option<String>,
}

/// Which kind of status message tells of it (section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    Operation,
    Transaction,
}

impl Voice {
    pub(crate) fn status(self, step: &Step) -> Value {
        match self {
            Self::Operation => operation_status(&step.message),
            Self::Transaction => transaction_status(&step.message, step.is_abortable),
        }
    }
}

/// A step of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) message: String,
    pub(crate) shows: DisplayStep,
    pub(crate) is_abortable: bool,
    /// What stands on the screen beside the message.
    pub(crate) lines: Vec<String>,
}

impl Step {
    /// One at which a person is waited for, and may think better of it.
    pub(crate) fn waiting(message: impl Into<String>, shows: DisplayStep) -> Self {
        Self { message: message.into(), shows, is_abortable: true, lines: Vec::new() }
    }

    /// One from which there is no way back.
    pub(crate) fn working(message: impl Into<String>, shows: DisplayStep) -> Self {
        Self { is_abortable: false, ..Self::waiting(message, shows) }
    }

    pub(crate) fn processing() -> Self {
        Self::working("Processing", DisplayStep::Processing)
    }
}

/// Makes it so many steps, if a switch wants it.
pub(crate) fn counted(steps: Vec<Step>, wanted: Option<u32>) -> Vec<Step> {
    let (Some(wanted), Some(first), Some(last)) = (wanted, steps.first(), steps.last()) else { return steps };
    let middle = Step {
        message: if first.is_abortable { "Reading card" } else { "Processing" }.to_owned(),
        shows: DisplayStep::Processing,
        lines: Vec::new(),
        ..first.clone()
    };
    (0..wanted)
        .map(|number| match number {
            0 => first.clone(),
            _ if number + 1 == wanted => last.clone(),
            _ => middle.clone(),
        })
        .collect()
}

/// How fast it goes, as the switches stood when it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) pause: Duration,
    pub(crate) holds: bool,
    pub(crate) floods: bool,
}

impl Pace {
    pub(crate) fn new(faults: &Faults) -> Self {
        Self { pause: faults.step_pause, holds: faults.hold_payment, floods: faults.status_flood }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(wanted: Option<u32>) -> Vec<String> {
        let steps = vec![
            Step::waiting("Present card", DisplayStep::Card),
            Step::waiting("Enter PIN", DisplayStep::Pin),
            Step::processing(),
        ];
        counted(steps, wanted).into_iter().map(|step| step.message).collect()
    }

    #[test]
    fn number_of_steps_follows_the_switch() {
        assert_eq!(messages(None), ["Present card", "Enter PIN", "Processing"]);
        assert_eq!(messages(Some(0)), [""; 0]);
        assert_eq!(messages(Some(1)), ["Present card"]);
        assert_eq!(messages(Some(4)), ["Present card", "Reading card", "Reading card", "Processing"]);
    }
}
