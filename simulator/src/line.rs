//! The way back from an operation to the till that asked for it. A file of its own because an operation outlives its
//! connection: it writes into a queue, and whether anybody still reads it is not its business.

use crate::device::{Device, Ending};
use crate::message::{detail, for_record, text};
use crate::quirks::Quirks;
use crate::{Event, Exchange, Faults};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::Message;

/// What a connection is told to say.
pub(crate) enum Said {
    /// The channel is closed with this code and reason.
    Close(u16, String),
    /// The connection ends.
    End(Ending),
    /// A frame that is not on record.
    Frame(Message),
    /// A message of an operation.
    Message(Outgoing),
    /// Bytes in place of a frame.
    Raw(Vec<u8>),
}

/// A message that waits to be sent.
pub(crate) struct Outgoing {
    pub(crate) kind: String,
    pub(crate) detail: Option<String>,
    pub(crate) payload: Payload,
    /// Whether this is a final reply, the one that answers a POST.
    pub(crate) last: bool,
    /// Its place in the queue, if places are limited; such messages are too many for the record.
    pub(crate) place: Option<OwnedSemaphorePermit>,
}

/// The content of a message, by kind of frame.
pub(crate) enum Payload {
    Binary(Vec<u8>),
    Text(String),
}

pub(crate) type Queue = mpsc::UnboundedSender<Said>;

/// The line of one request: it knows what is to go wrong with its reply.
pub(crate) struct Line {
    device: Arc<Device>,
    connection: u64,
    queue: Queue,
    exchange: Exchange,
    redirects: bool,
    quirks: Quirks,
    carrier: Carrier,
    places: Arc<Semaphore>,
}

/// What carries the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A POST, which must have a reply of its own.
    Post,
    /// The channel, where an operation's reply stands for that of its cancellation, too (section 6c).
    WebSocket,
}

impl Line {
    pub(crate) fn new(
        device: &Arc<Device>,
        connection: u64,
        queue: Queue,
        faults: &Faults,
        carrier: Carrier,
    ) -> Self {
        let line = Self {
            device: Arc::clone(device),
            connection,
            queue,
            exchange: faults.exchange.clone(),
            redirects: faults.redirect_lost_replies,
            quirks: Quirks::new(faults),
            carrier,
            places: Arc::new(Semaphore::new(PLACES)),
        };
        if line.exchange == Exchange::UnknownTypeFirst {
            line.status(&json!({ "type": "FirmwareUpdateNotification", "message": "Update available" }));
        }
        line
    }

    pub(crate) fn carrier(&self) -> Carrier {
        self.carrier
    }

    pub(crate) fn status(&self, message: &Value) {
        // Nobody reads any more if the connection is gone; the operation goes on all the same (section 5).
        let message = self.quirks.applied_to(message.clone());
        let _ = self.queue.send(Said::Message(outgoing(&message, text_of(&message))));
    }

    /// Waits until one more message of a flood finds a place: a flood comes as fast as it is taken, and no faster.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Sends a message of a flood; returns whether there is anybody to be flooded.
    pub(crate) fn flood(&self, message: &Value, place: Option<OwnedSemaphorePermit>) -> bool {
        let message = self.quirks.applied_to(message.clone());
        self.queue.send(Said::Message(Outgoing { place, ..outgoing(&message, text_of(&message)) })).is_ok()
    }

    pub(crate) fn finish(self, message: Value) {
        let mut message = self.quirks.applied_to(message);
        match self.exchange.clone() {
            Exchange::BinaryFrame => {
                let payload = Payload::Binary(message.to_string().into_bytes());
                self.reply(&message, payload);
            }
            Exchange::FinalTwice => {
                self.reply(&message, text_of(&message));
                self.reply(&message, text_of(&message));
            }
            Exchange::GarbageFrame => {
                self.reply(&Value::Null, Payload::Text("<html>no JSON</html>".to_owned()));
            }
            Exchange::HeldReply => {
                let device = Arc::clone(&self.device);
                let (connection, kind) = (self.connection, kind_of(&message));
                device.channels.hold(Box::new(move || self.reply(&message, text_of(&message))));
                // Recorded last, so that whoever has seen it can release the reply.
                device.journal.record(Event::ReplyHeld { connection, kind });
            }
            Exchange::LateReply(pause) => {
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    self.reply(&message, text_of(&message));
                });
            }
            Exchange::NoReply => {}
            Exchange::OversizedReply(size) => {
                message["developerDescription"] = "x".repeat(size).into();
                self.reply(&message, text_of(&message));
            }
            _ => self.reply(&message, text_of(&message)),
        }
    }

    fn reply(&self, message: &Value, payload: Payload) {
        let reply = Outgoing { last: true, ..outgoing(message, payload) };
        let Err(error) = self.queue.send(Said::Message(reply)) else { return };
        // The connection is gone (section 5).
        let Said::Message(reply) = error.0 else { return };
        self.device
            .journal
            .record(Event::ReplyLost { connection: self.connection, kind: reply.kind.clone() });
        if self.redirects && self.carrier == Carrier::WebSocket {
            self.device.channels.redirect(reply);
        }
    }
}

/// A message that no operation asked for.
pub(crate) fn unsolicited(text: &str) -> Said {
    let message = serde_json::from_str(text).unwrap_or(Value::Null);
    Said::Message(outgoing(&message, Payload::Text(text.to_owned())))
}

fn outgoing(message: &Value, payload: Payload) -> Outgoing {
    Outgoing { kind: kind_of(message), detail: detail(message), payload, last: false, place: None }
}

fn text_of(message: &Value) -> Payload {
    Payload::Text(message.to_string())
}

fn kind_of(message: &Value) -> String {
    for_record(text(message, "type").unwrap_or_default())
}

/// Enough to keep the connection busy, little enough for a cancellation's reply not to wait behind them.
const PLACES: usize = 16;
