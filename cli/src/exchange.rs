//! The conversation of every command that talks to the device: open, exchange, and ask again if the reply is lost.
//!
//! Told once, so that Ctrl-C means the same everywhere: before anything was sent it ends the command, the first one
//! afterwards asks the device to cancel and waits on, the second one gives up, and the end is in doubt.

use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::interrupts::Interrupts;
use crate::plain;
use crate::screen::Tone;
use crate::till::{self, Till};
use poslatch::{Connection, Error, Recovery, RequestState, Status};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CANCEL_REQUEST: &str = r#"{"type":"CancelRequest"}"#;

/// An open connection, with Ctrl-C caught.
pub(crate) struct Session<'a> {
    context: &'a Context<'a>,
    interrupts: Interrupts,
    connection: Connection,
}

/// Why an exchange has no final reply.
pub(crate) struct Lost {
    pub(crate) error: Error,
    /// The person at the keyboard does not want to wait any more.
    pub(crate) given_up: bool,
}

impl<'a> Session<'a> {
    /// Opens the connection as the till, and says with whom.
    pub(crate) fn open(till: &Till, context: &'a Context<'a>) -> Result<Session<'a>, Failure> {
        let interrupts = Interrupts::catch()?;
        let opened = interrupts.during(|| till.device.interrupt(), || till.device.open_mtls(&till.identity));
        let connection = opened.map_err(|error| not_open(error, till))?;
        // Pressed when there was nothing left to interrupt: it must not be as if nobody had pressed.
        if interrupts.was_pressed() {
            let stopped = Failure::usage(
                "stopped by Ctrl-C",
                "Nothing was sent. Run the command again when you are ready.",
            );
            return Err(stopped.ending(Exit::Connection));
        }
        context.screen.say(&format!(
            "Connected to {}, {}.",
            connection.server_name().unwrap_or("a device without a name"),
            connection.tls_version()
        ));
        Ok(Session { context, interrupts, connection })
    }

    /// Sends the request and waits for its final reply. `on_status` gets the device's JSON.
    pub(crate) fn exchange(
        &self,
        request: &str,
        silence: Duration,
        on_status: &mut dyn FnMut(&str),
    ) -> Result<String, Lost> {
        let asked_to_cancel = AtomicBool::new(false);
        let given_up = AtomicBool::new(false);
        let on_ctrl_c = || {
            if asked_to_cancel.swap(true, Ordering::SeqCst) {
                given_up.store(true, Ordering::SeqCst);
                self.connection.close();
            } else {
                self.cancel();
            }
        };
        self.interrupts
            .during(on_ctrl_c, || self.connection.exchange(request, silence, on_status))
            .map_err(|error| Lost { error, given_up: given_up.load(Ordering::SeqCst) })
    }

    fn cancel(&self) {
        let screen = self.context.screen;
        match self.connection.send(CANCEL_REQUEST) {
            Ok(()) => screen.say(
                "Cancel was sent; waiting for the device to say how it ended. Ctrl-C again gives up waiting.",
            ),
            Err(error) => screen.say(&format!(
                "Cancel could not be sent: {}. Cancel on the device. Ctrl-C again gives up waiting.",
                failure::message(&error)
            )),
        }
    }

    /// Asks the device how a request ended; Ctrl-C ends the asking.
    pub(crate) fn recover(&self, reference: &str, patience: Duration) -> Result<Recovery, Error> {
        self.interrupts.during(|| self.connection.close(), || self.connection.recover(reference, patience))
    }

    /// The device's verified name.
    pub(crate) fn device_name(&self) -> Option<&str> {
        self.connection.server_name()
    }

    /// Shows a status message as a cashier's display would.
    pub(crate) fn show_status(&self, json: &str) {
        if let Some(words) = words_of(json) {
            self.context.screen.say_loud(Tone::Plain, "Device: ", &words);
        }
    }
}

/// The display text of a message, on one line and fit for a terminal.
pub(crate) fn words_of(json: &str) -> Option<String> {
    let message: Value = serde_json::from_str(json).ok()?;
    ["message", "developerDescription"].iter().find_map(|name| text_at(&message, &format!("/{name}")))
}

/// A text in a reply, on one line, fit for a terminal and not longer than a screen bears; `None` if it is missing or
/// empty.
pub(crate) fn text_at(reply: &Value, pointer: &str) -> Option<String> {
    const CHARACTERS_MAX: usize = 400;
    let text = reply.pointer(pointer)?.as_str()?;
    let mut shown: String = text.chars().take(CHARACTERS_MAX).collect();
    if shown.len() < text.len() {
        shown += "...";
    }
    let printable = plain::line(&shown);
    let printable = printable.trim();
    (!printable.is_empty()).then(|| printable.to_owned())
}

/// The library's words, and the command that looks further.
pub(crate) fn not_open(error: Error, till: &Till) -> Failure {
    let next = match error.status() {
        Status::Cancelled | Status::Internal => None,
        Status::TillCertificateRejected
        | Status::TillCertificateExpired
        | Status::TillCertificateRequired => Some(format!(
            "poslatch pair --pos-id {} --replace{}",
            till::quoted(till.identity.pos_id()),
            till.typed_for_pairing
        )),
        _ => Some(format!("poslatch doctor{}", till.typed)),
    };
    let is_settled = error.request_state() != RequestState::InDoubt;
    let mut failure = Failure::of(error);
    if is_settled && !failure.advice.starts_with("Nothing was sent") {
        failure.advice = format!("Nothing was sent. {}", failure.advice);
    }
    match next {
        Some(next) => failure.next(next),
        None => failure,
    }
}
