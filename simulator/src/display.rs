//! What the device's own screen shows: the one view of an operation that a person has. A file of its own, because the
//! screen is read by programs that know nothing of the protocol, and outlives the operation that it tells of.

use crate::journal::Journal;
use crate::{Event, lock};
use serde::Serialize;
use std::sync::Mutex;

/// What stands on the device's screen at a moment. The default is the idle screen.
///
/// It holds no card data and no secret. As JSON the names are in camelCase: `canBeAborted`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Display {
    /// The operation in words, such as `Sale`; empty on the idle screen.
    pub operation: String,
    /// Its amount as a decimal text such as `12.00`, if it has one.
    pub amount: Option<String>,
    /// The amount's ISO 4217 code.
    pub currency: Option<String>,
    /// The operation's `merchantReferenceCode`, or the `transactionId` that it follows on.
    pub reference: Option<String>,
    /// What a person is expected to do or wait for. Unlike the message, it is the same in every language.
    pub step: DisplayStep,
    /// The sentence on the screen, such as `Present card`.
    pub message: String,
    /// Whether Cancel on the device does anything now.
    pub can_be_aborted: bool,
    /// How the operation ended, such as `APPROVED`: its `processingDetails.status`, for an operation without one
    /// `COMPLETED` or `ABORTED`, and `ERROR` if an `ErrorResponse` was its end.
    ///
    /// It stays until the next operation begins or somebody dismisses it.
    pub outcome: Option<String>,
    /// What the operation's printout or custom screen says, line by line, if it has one.
    pub lines: Vec<String>,
    /// Whether the device is in offline mode. This outlives every operation.
    pub offline: bool,
}

/// What a screen asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum DisplayStep {
    /// A card is to be presented.
    Card,
    /// The operation has ended; [`Display::outcome`] tells how.
    Ended,
    /// A custom screen of the till is to be filled in.
    Form,
    /// Nothing runs.
    #[default]
    Idle,
    /// Card data is to be keyed in.
    Keying,
    /// The PIN is to be entered.
    Pin,
    /// Something is being printed.
    Printing,
    /// Nobody has to do anything.
    Processing,
    /// The customer's signature is to be given.
    Signature,
    /// The customer chooses a tip.
    Tip,
}

/// The screen that a device has.
#[derive(Default)]
pub(crate) struct Panel {
    shown: Mutex<Display>,
}

impl Panel {
    pub(crate) fn current(&self) -> Display {
        lock(&self.shown).clone()
    }

    /// Changes what is shown; what comes out unchanged is not on record.
    pub(crate) fn change(&self, journal: &Journal, change: impl FnOnce(&mut Display)) {
        let mut shown = lock(&self.shown);
        let before = shown.clone();
        change(&mut shown);
        if *shown != before {
            // Under the lock, so that the last entry is what is shown.
            journal.record(Event::DisplayChanged(shown.clone()));
        }
    }

    /// Goes back to the idle screen if an operation has ended.
    pub(crate) fn dismiss(&self, journal: &Journal) {
        self.change(journal, |shown| {
            if shown.step == DisplayStep::Ended {
                *shown = Display::idle(shown.offline);
            }
        });
    }
}

impl Display {
    /// The idle screen, which tells of offline mode, too.
    pub(crate) fn idle(offline: bool) -> Self {
        Self { offline, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_operation_that_has_ended_is_dismissed() {
        let (panel, journal) = (Panel::default(), Journal::new(None));
        panel.change(&journal, |shown| shown.step = DisplayStep::Card);
        panel.dismiss(&journal);
        assert_eq!(panel.current().step, DisplayStep::Card);
        panel.change(&journal, |shown| {
            shown.step = DisplayStep::Ended;
            shown.offline = true;
        });
        panel.dismiss(&journal);
        assert_eq!(panel.current(), Display::idle(true));
    }

    #[test]
    fn screen_that_stays_the_same_is_not_on_record() {
        let (panel, journal) = (Panel::default(), Journal::new(None));
        panel.change(&journal, |shown| shown.message = String::new());
        assert!(journal.events().is_empty());
    }

    #[test]
    fn names_are_in_camel_case() {
        let json = serde_json::to_value(Display::default()).expect("JSON");
        assert_eq!(json["canBeAborted"], false);
        assert_eq!(json["step"], "idle");
    }
}
