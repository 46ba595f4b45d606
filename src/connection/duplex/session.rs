//! TLS and WebSocket without a socket: bytes in, messages out, and the other way round.
//!
//! A TLS stream cannot be split between threads, so its state and the WebSocket's are kept here as a
//! pure state machine, which is locked only while it computes and never while bytes move.

use crate::connection::message::{Message, Request};
use crate::connection::open_sends::OpenSends;
use crate::error::{Kind, Phase};
use crate::transport::tls::TlsStream;
use crate::transport::websocket::{closed, explain};
use std::io;
use std::time::Instant;
use tungstenite::WebSocket;

pub(super) struct Session {
    socket: WebSocket<TlsStream>,
    /// What has to be written to the socket, in this order.
    pub(super) outgoing: Vec<u8>,
    /// Kept under the lock that orders what is sent and what arrives, and across exchanges: the answer to
    /// a late cancel may meet the next one.
    pub(super) sends: OpenSends,
}

/// What some bytes held.
#[derive(Default)]
pub(super) struct Arrived {
    pub(super) messages: Vec<Message>,
    /// An answer to a ping was among them.
    pub(super) pong: bool,
    /// The end of the connection, if they bring it.
    pub(super) end: Option<Kind>,
}

impl Session {
    pub(super) fn new(socket: WebSocket<TlsStream>) -> Session {
        Session { socket, outgoing: Vec::new(), sends: OpenSends::default() }
    }

    pub(super) fn send(&mut self, request: &Request<'_>) -> Result<(), Kind> {
        self.put(tungstenite::Message::text(request.json))
    }

    pub(super) fn ping(&mut self) -> Result<(), Kind> {
        self.put(tungstenite::Message::Ping(tungstenite::Bytes::new()))
    }

    fn put(&mut self, message: tungstenite::Message) -> Result<(), Kind> {
        self.socket.send(message).map_err(|error| explain(error, Phase::Exchange))?;
        self.socket.get_mut().take_output(&mut self.outgoing);
        Ok(())
    }

    pub(super) fn take_in(&mut self, bytes: &[u8]) -> Arrived {
        let mut arrived = Arrived::default();
        let mut rest = bytes;
        // In turns: TLS takes no more while it holds a record's worth that nobody has read.
        arrived.end = loop {
            let fed = self.socket.get_mut().feed(&mut rest);
            if let Err(kind) = self.read_all(&mut arrived).and(fed) {
                break Some(kind);
            }
            if rest.is_empty() {
                break None;
            }
        };
        self.socket.get_mut().take_output(&mut self.outgoing);
        let now = Instant::now();
        arrived.messages.iter_mut().for_each(|message| self.sends.arrived(message, now));
        arrived
    }

    fn read_all(&mut self, arrived: &mut Arrived) -> Result<(), Kind> {
        loop {
            match self.socket.read() {
                Ok(tungstenite::Message::Text(text)) => {
                    arrived.messages.push(Message::parse(text.as_str().to_owned())?);
                }
                Ok(tungstenite::Message::Binary(_)) => {
                    return Err(Kind::ReplyNotJson { problem: "it is binary".into() });
                }
                Ok(tungstenite::Message::Close(frame)) => {
                    // The answer to the close; it need not arrive.
                    let _ = self.socket.flush();
                    return Err(closed(frame));
                }
                Ok(tungstenite::Message::Pong(_)) => arrived.pong = true,
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(());
                }
                Err(error) => return Err(explain(error, Phase::Exchange)),
            }
        }
    }

    pub(super) fn close(&mut self) {
        // Only fills the buffer; fails when the device has closed already.
        let _ = self.socket.close(None).and_then(|()| self.socket.flush());
        self.socket.get_mut().take_output(&mut self.outgoing);
    }
}
