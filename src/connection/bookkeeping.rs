//! What an exchange writes into the journal, and when it strikes it out.
//!
//! The entry is safe on the disk before the request leaves. It goes when the end is known or when it is
//! certain that nothing left; every other way out leaves it there.

use super::dialler::Dialler;
use super::message::Request;
use crate::error::Error;
use crate::journal::{Journal, JournalEntry, JournalTicket};
use crate::log;
use crate::status::RequestState;

/// The journal of a connection, if it keeps one.
pub(super) struct Books(Option<Journal>);

/// The entry of a request, if it has one.
pub(super) struct Entry(Option<JournalTicket>);

impl Books {
    pub(super) fn new(journal: Option<&Journal>) -> Books {
        Books(journal.cloned())
    }

    /// # Errors
    /// `File`, `Argument`: then the request must not be sent.
    pub(super) fn sending(&self, request: &Request<'_>, dialler: &Dialler) -> Result<Entry, Error> {
        let (Some(journal), Some(reference)) = (&self.0, &request.reference) else { return Ok(Entry(None)) };
        let address = dialler.address();
        let device = dialler.device_name().unwrap_or(&address);
        journal
            .begin(&JournalEntry { reference, kind: &request.kind, device })
            .map(|ticket| Entry(Some(ticket)))
    }

    /// The end of a request has come in another way than as the reply to its exchange.
    pub(super) fn ended(&self, reference: &str) {
        if let Some(Err(error)) = self.0.as_ref().map(|journal| journal.settle(reference, None)) {
            log::journal_not_settled(&error);
        }
    }
}

impl Entry {
    /// The exchange is over: with a reply, or as this error says.
    pub(super) fn settle(self, error: Option<&Error>) {
        if error.is_none_or(|error| error.request_state() == RequestState::NotSent) {
            self.strike_out();
        }
    }

    /// The request was handed over, or not, as this error says.
    pub(super) fn settle_if_not_sent(self, error: Option<&Error>) {
        if error.is_some_and(|error| error.request_state() == RequestState::NotSent) {
            self.strike_out();
        }
    }

    fn strike_out(self) {
        if let Some(Err(error)) = self.0.map(JournalTicket::finish) {
            log::journal_not_settled(&error);
        }
    }
}
