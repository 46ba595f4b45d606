//! The open connection: how it comes up, and what can be done on it.
//!
//! [`open`] reads top to bottom. Over `wss` the connection is a line of WebSockets, each with one
//! thread that takes in what the device says, while any thread may send. Over `https` each exchange is
//! one request on a kept-alive connection. Both connect again by themselves before a request leaves,
//! never after, and end an exchange in one of three ways: a final reply, *not sent*, or *in doubt*.

mod backoff;
mod bookkeeping;
mod dialler;
mod duplex;
mod http_line;
mod inbox;
mod limits;
mod message;
mod open_sends;
mod pulse;
mod recovery;
mod websocket_line;

pub use message::{Message, MessageKind, REQUEST_BYTES_MAX};
pub use recovery::Recovery;

use crate::address::Scheme;
use crate::device::{Device, checked_timeout};
use crate::error::{Error, Kind};
use crate::identity::Identity;
use crate::log;
use crate::status::{RequestState, Status};
use crate::transport::deadline::Deadline;
use bookkeeping::Books;
use dialler::Dialler;
use duplex::OnStatus;
use http_line::HttpLine;
use limits::Limits;
use message::{CANCEL_REQUEST, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use websocket_line::WebSocketLine;

/// How long a device may stay silent in an exchange when the caller sets no other limit: the only
/// time that the vendor documents (protocol.md section 7).
pub const DEFAULT_SILENCE: Duration = Duration::from_secs(180);

/// How long [`Connection::recover`] asks when the caller sets no other limit.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// An open connection to one device. Shared between threads by reference.
///
/// It outlives the sockets under it: what the device or the network has dropped is opened again by the
/// next exchange, before anything is sent. Only [`close`](Connection::close) is for good.
pub struct Connection {
    line: Line,
    dialler: Arc<Dialler>,
    exchanging: AtomicBool,
    exchange_limit: Option<Duration>,
    books: Books,
}

enum Line {
    WebSocket(WebSocketLine),
    Https(HttpLine),
}

/// What is known about a connection without asking the device. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
pub enum ConnectionState {
    /// Closed by the till; for good.
    Closed = 0,
    /// Open. Over `https`, as far as the last exchange told.
    Open = 1,
    /// Dropped by the device or the network, or given up after an exchange in doubt. The next exchange
    /// connects again.
    Lost = 2,
    /// An exchange is connecting again.
    Connecting = 3,
}

impl Device {
    /// Opens a mutual-TLS connection as `identity`, to exactly the device that it was paired with.
    ///
    /// Blocks for at most the connect time-out. Returns only once the device has accepted the till's
    /// certificate.
    ///
    /// # Errors
    /// Network and trust errors, among them `WrongDevice` and `TillCertificateRejected`;
    /// `Cancelled` after [`interrupt`](Device::interrupt).
    pub fn open_mtls(&self, identity: &Identity) -> Result<Connection, Error> {
        logged(open(self, Some(identity)))
    }

    /// Opens a connection without a till certificate, for a device whose Security setting is TLS
    /// (protocol.md section 1). The device is verified exactly as otherwise.
    ///
    /// # Errors
    /// As [`open_mtls`](Device::open_mtls).
    pub fn open_tls(&self) -> Result<Connection, Error> {
        logged(open(self, None))
    }
}

fn logged(result: Result<Connection, Error>) -> Result<Connection, Error> {
    match &result {
        Ok(connection) => log::connection_open(&connection.dialler.address()),
        Err(error) => log::failed("opening", error),
    }
    result
}

fn open(device: &Device, identity: Option<&Identity>) -> Result<Connection, Error> {
    let target = device.target(identity)?;
    let scheme = target.address.scheme;
    let interrupt = device.calls().begin();
    let deadline = Deadline::after(device.connect_timeout());
    let dialler = Arc::new(Dialler::new(target, device.connect_timeout(), interrupt.clone()));

    let line = match scheme {
        Scheme::Wss => {
            let socket = dialler.open_websocket(deadline)?;
            Line::WebSocket(WebSocketLine::start(dialler.clone(), socket, device.keep_alive())?)
        }
        Scheme::Https => Line::Https(HttpLine::new(dialler.clone(), dialler.open(deadline)?)),
    };
    // From here on the connection is closed by its own means.
    device.calls().release(&interrupt);
    if interrupt.is_fired() {
        return Err(Kind::Cancelled.into());
    }
    Ok(Connection {
        line,
        dialler,
        exchanging: AtomicBool::new(false),
        exchange_limit: device.exchange_limit(),
        books: Books::new(device.journal()),
    })
}

impl Connection {
    /// Sends one request and waits for its final reply: the message of the matching type, or an
    /// `ErrorResponse`. Everything else that arrives meanwhile, status messages above all, goes to
    /// `on_status` on this thread, as the device's JSON.
    ///
    /// `silence` is how long the device may say nothing at all; each message starts it anew. An absolute
    /// limit can be set for the [device](crate::DeviceBuilder::exchange_limit). What was dropped since
    /// the last exchange is opened again first, within the connect time-out. One
    /// exchange at a time; another thread may [`send`](Connection::send) a `CancelRequest`
    /// meanwhile. Over `https` there are no status messages.
    ///
    /// # Errors
    /// Every error carries the request state. *Not sent*: `RequestNotJson`, `RequestTooLarge`,
    /// `Busy`, `Closed`, and all errors of connecting again. *In doubt*: `ResponseTimeout`,
    /// `PeerClosed`, `PeerSilent`, `ReplyNotJson` and all others after the first byte may have left; the
    /// request must then not be repeated but [looked up](Connection::recover).
    pub fn exchange(
        &self,
        request: &str,
        silence: Duration,
        on_status: &mut dyn FnMut(&str),
    ) -> Result<String, Error> {
        let not_sent = |error: Error| error.with_request_state(RequestState::NotSent);
        let silence = checked_timeout(silence).map_err(not_sent)?;
        let request = Request::parse(request).map_err(not_sent)?;
        if request.kind == CANCEL_REQUEST {
            let problem = "a CancelRequest is answered by the operation it cancels: use the send function";
            return Err(not_sent(Error::argument("json", problem)));
        }
        let _turn = Turn::take(&self.exchanging).map_err(not_sent)?;
        self.dialler.check_not_closed().map_err(not_sent)?;
        let entry = self.books.sending(&request, &self.dialler).map_err(not_sent)?;
        let result = self.run(&request, Limits::new(silence, self.exchange_limit), Some(on_status));
        entry.settle(&result);
        result
    }

    /// Finds out how a request has ended whose reply was lost, by its merchantReferenceCode: asks the
    /// device again and again, connecting anew where need be, until it tells an end or `patience` is
    /// over; a look-up that has begun gets 2 s more. Sends nothing but look-ups. Ends at the first answer that is an end, and strikes the request
    /// out of the [journal](crate::DeviceBuilder::journal).
    ///
    /// A device that knows nothing of a request shortly after the loss may still be at work on it, so
    /// "not found" is believed only when it still stands after `patience`
    /// ([`DEFAULT_PATIENCE`] is a fair choice).
    ///
    /// Blocks; [`close`](Connection::close) ends it. It is an exchange: no other can run meanwhile.
    ///
    /// # Errors
    /// The last failure, when no answer came; trust errors and `Cancelled` at once. The request looked
    /// for is then still *in doubt*. `Busy`, `Closed`.
    pub fn recover(&self, reference: &str, patience: Duration) -> Result<Recovery, Error> {
        let patience = checked_timeout(patience)?;
        let in_doubt = |error: Error| error.with_request_state(RequestState::InDoubt);
        self.dialler.check_not_closed().map_err(in_doubt)?;
        let _turn = Turn::take(&self.exchanging).map_err(in_doubt)?;
        // What is not the answer is kept for `receive`.
        let ask = |request: &Request<'_>, limits: Limits| self.run(request, limits, None);
        let found = recovery::recover(reference, patience, ask, |time| self.dialler.wait(time));
        // Closed between two look-ups is closed under way.
        let found = found.map_err(|error| match error.status() {
            Status::Closed => Error::from(Kind::Cancelled).with_request_state(error.request_state()),
            _ => error,
        })?;
        if let Recovery::Final(_) = &found {
            self.books.settled(reference, None);
        }
        Ok(found)
    }

    /// One exchange by whoever has the turn.
    fn run(
        &self,
        request: &Request<'_>,
        limits: Limits,
        on_status: Option<OnStatus<'_>>,
    ) -> Result<String, Error> {
        let begun = Instant::now();
        let result = match &self.line {
            Line::WebSocket(line) => line.exchange(request, limits, on_status),
            Line::Https(line) => line.exchange(request, limits),
        };
        match &result {
            Ok(reply) => {
                log::exchanged(&request.kind, request.json.len(), reply.len(), begun.elapsed());
            }
            Err(error) => log::failed("exchange", error),
        }
        result
    }

    /// Sends one message and does not wait for an answer. While an exchange runs, only
    /// `CancelRequest` is let through. Needs `wss`.
    ///
    /// A cancel blocks only as long as the device does not take the bytes, at most 10 s; any other message
    /// may connect again first, like an exchange. An `ErrorResponse` to it names nobody: while it is
    /// unanswered, an exchange does not take one for its own end.
    ///
    /// # Errors
    /// As [`exchange`](Connection::exchange).
    pub fn send(&self, message: &str) -> Result<(), Error> {
        let not_sent = |error: Error| error.with_request_state(RequestState::NotSent);
        let line = self.websocket().map_err(not_sent)?;
        let request = Request::parse(message).map_err(not_sent)?;
        // Held while the message leaves: an exchange must not begin in the middle of it.
        let _turn = match request.kind == CANCEL_REQUEST {
            true => None,
            false => Some(Turn::take(&self.exchanging).map_err(not_sent)?),
        };
        let entry = self.books.sending(&request, &self.dialler).map_err(not_sent)?;
        let result = line.send(&request);
        // Sent is not ended: the reply that `receive` hands out strikes it out.
        entry.settle_if_not_sent(result.as_ref().err());
        result
    }

    /// Waits for a message that belongs to no exchange. Needs `wss`.
    ///
    /// # Errors
    /// `ResponseTimeout` when none came in time; nothing is lost, call again. `PeerClosed` and the
    /// like once the connection is down and everything received was handed out.
    pub fn receive(&self, timeout: Duration) -> Result<Message, Error> {
        let message = self.websocket()?.receive(checked_timeout(timeout)?)?;
        self.books.received(&message);
        Ok(message)
    }

    /// Closes the connection for good. Calls that wait on it return at once: an exchange with `Cancelled` and
    /// *in doubt*. From any thread, as often as you like.
    pub fn close(&self) {
        let is_first = self.dialler.close();
        match &self.line {
            Line::WebSocket(line) => line.close(),
            // What is under way was ended with the dialler's switch.
            Line::Https(_) => {}
        }
        // Last, since the till's log may take its time.
        if is_first {
            log::connection_closed(&self.dialler.address());
        }
    }

    /// The verified name of the device, in lower case; `None` if its certificate holds none.
    pub fn server_name(&self) -> Option<&str> {
        self.dialler.device_name()
    }

    /// `TLSv1.3` or `TLSv1.2`; after a reconnect, the new one.
    pub fn tls_version(&self) -> &'static str {
        self.dialler.tls_version()
    }

    /// Told from what is known, without asking the device.
    pub fn state(&self) -> ConnectionState {
        match &self.line {
            Line::WebSocket(line) => line.state(),
            Line::Https(line) => line.state(),
        }
    }

    fn websocket(&self) -> Result<&WebSocketLine, Error> {
        match &self.line {
            Line::WebSocket(line) => Ok(line),
            Line::Https(_) => Err(Error::argument(
                "connection",
                "it was opened with https://, which only exchanges; use a wss:// address to send and receive",
            )),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

/// The right to run the one exchange; given back when dropped.
struct Turn<'a>(&'a AtomicBool);

impl<'a> Turn<'a> {
    fn take(exchanging: &'a AtomicBool) -> Result<Turn<'a>, Error> {
        if exchanging.swap(true, Ordering::AcqRel) {
            return Err(
                Kind::Busy { what: "an exchange is running; only a CancelRequest may overtake it" }.into()
            );
        }
        Ok(Turn(exchanging))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("address", &self.dialler.address())
            .field("server_name", &self.server_name())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
