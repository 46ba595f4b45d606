//! The way back from an operation to the till that asked for it. A file of its own because an operation outlives its
//! connection: it writes into a queue, and whether anybody still reads it is not its business.

use crate::message::{detail, text};
use crate::{Exchange, Faults};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// What waits to be sent.
pub(crate) struct Outgoing {
    pub(crate) kind: String,
    pub(crate) detail: Option<String>,
    pub(crate) payload: Payload,
    /// Whether this is a final reply, the one that answers a POST.
    pub(crate) last: bool,
}

/// The content of a message, by kind of frame.
pub(crate) enum Payload {
    Binary(Vec<u8>),
    Text(String),
}

pub(crate) type Queue = mpsc::UnboundedSender<Outgoing>;

/// The line of one request: it knows what is to go wrong with its reply.
pub(crate) struct Line {
    queue: Queue,
    exchange: Exchange,
    carrier: Carrier,
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
    pub(crate) fn new(queue: Queue, faults: &Faults, carrier: Carrier) -> Self {
        let line = Self { queue, exchange: faults.exchange.clone(), carrier };
        if line.exchange == Exchange::UnknownTypeFirst {
            line.send(
                &json!({ "type": "FirmwareUpdateNotification", "message": "Update available" }),
                Final::No,
            );
        }
        line
    }

    pub(crate) fn carrier(&self) -> Carrier {
        self.carrier
    }

    pub(crate) fn status(&self, message: &Value) {
        self.send(message, Final::No);
    }

    pub(crate) fn finish(self, mut message: Value) {
        match &self.exchange {
            Exchange::BinaryFrame => {
                self.send_as(&message, Payload::Binary(message.to_string().into_bytes()))
            }
            Exchange::FinalTwice => {
                self.send(&message, Final::Yes);
                self.send(&message, Final::Yes);
            }
            Exchange::GarbageFrame => {
                self.send_as(&Value::Null, Payload::Text("<html>no JSON</html>".to_owned()))
            }
            Exchange::NoReply => {}
            Exchange::OversizedReply(size) => {
                message["developerDescription"] = "x".repeat(*size).into();
                self.send(&message, Final::Yes);
            }
            _ => self.send(&message, Final::Yes),
        }
    }

    fn send(&self, message: &Value, last: Final) {
        self.push(message, Payload::Text(message.to_string()), last);
    }

    fn send_as(&self, message: &Value, payload: Payload) {
        self.push(message, payload, Final::Yes);
    }

    fn push(&self, message: &Value, payload: Payload, last: Final) {
        // Nobody reads any more if the connection is gone; the operation goes on all the same (section 5).
        let _ = self.queue.send(Outgoing {
            kind: text(message, "type").unwrap_or_default().to_owned(),
            detail: detail(message),
            payload,
            last: matches!(last, Final::Yes),
        });
    }
}

#[derive(Clone, Copy)]
enum Final {
    No,
    Yes,
}
