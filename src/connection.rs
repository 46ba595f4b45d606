//! The open connection: how it comes up, and what can be done on it.
//!
//! [`open`] reads top to bottom. Over `wss` the connection is a `duplex`: one thread takes in what
//! the device says, any thread may send. Over `https` each exchange is one request on a kept-alive
//! connection. Both end an exchange in one of three ways: a final reply, *not sent*, or *in doubt*.

mod cancels;
mod duplex;
mod http_line;
mod inbox;
mod message;

pub use message::{Message, MessageKind};

use crate::address::Scheme;
use crate::device::{Device, checked_timeout};
use crate::error::{Error, Kind};
use crate::identity::Identity;
use crate::log;
use crate::status::RequestState;
use crate::transport::deadline::Deadline;
use crate::transport::{tls, websocket};
use duplex::Duplex;
use http_line::HttpLine;
use message::{CANCEL_REQUEST, Request};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a device may stay silent in an exchange when the caller sets no other limit: the only
/// time that the vendor documents (protocol.md section 7).
pub const DEFAULT_SILENCE: Duration = Duration::from_secs(180);

/// An open connection to one device. Shared between threads by reference.
pub struct Connection {
    line: Line,
    exchanging: AtomicBool,
    server_name: Option<String>,
    tls_version: &'static str,
}

enum Line {
    WebSocket(Duplex),
    Https(HttpLine),
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
    if let Err(error) = &result {
        log::failed("opening", error);
    }
    result
}

fn open(device: &Device, identity: Option<&Identity>) -> Result<Connection, Error> {
    let target = device.target(identity)?;
    let interrupt = device.calls().begin();
    let deadline = Deadline::after(device.connect_timeout());

    let mut stream = tls::open(&target, deadline, &interrupt)?;
    let server_name = stream.device_name().map(str::to_owned);
    let tls_version = stream.version();
    let line = match target.address.scheme {
        Scheme::Wss => Line::WebSocket(Duplex::start(websocket::upgrade(&target.address, stream)?)?),
        Scheme::Https => {
            if identity.is_some() {
                stream.await_acceptance()?;
            }
            Line::Https(HttpLine::new(target, stream, device.connect_timeout(), interrupt.clone()))
        }
    };
    // From here on the connection is closed by its own means.
    device.calls().release(&interrupt);
    if interrupt.is_fired() {
        return Err(Kind::Cancelled.into());
    }
    Ok(Connection { line, exchanging: AtomicBool::new(false), server_name, tls_version })
}

impl Connection {
    /// Sends one request and waits for its final reply: the message of the matching type, or an
    /// `ErrorResponse`. Everything else that arrives meanwhile, status messages above all, goes to
    /// `on_status` on this thread, as the device's JSON.
    ///
    /// `silence` is how long the device may say nothing at all; each message starts it anew. One
    /// exchange at a time; another thread may [`send`](Connection::send) a `CancelRequest`
    /// meanwhile. Over `https` there are no status messages.
    ///
    /// # Errors
    /// Every error carries the request state. *Not sent*: `RequestNotJson`, `RequestTooLarge`,
    /// `Busy`, `Closed`. *In doubt*: `ResponseTimeout`, `PeerClosed`, `ReplyNotJson` and all others
    /// after the first byte may have left; the connection is then closed, and the request must not
    /// be repeated but looked up.
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
        let begun = Instant::now();
        let result = match &self.line {
            Line::WebSocket(duplex) => duplex.exchange(&request, silence, on_status),
            Line::Https(line) => line.exchange(&request, silence),
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
    /// Blocks only as long as the device does not take the bytes, at most 10 s.
    ///
    /// # Errors
    /// As [`exchange`](Connection::exchange).
    pub fn send(&self, message: &str) -> Result<(), Error> {
        let not_sent = |error: Error| error.with_request_state(RequestState::NotSent);
        let duplex = self.duplex().map_err(not_sent)?;
        let request = Request::parse(message).map_err(not_sent)?;
        // Held while the message leaves, so that no exchange can take the answer to it for its own.
        let _turn = match request.kind == CANCEL_REQUEST {
            true => None,
            false => Some(Turn::take(&self.exchanging).map_err(not_sent)?),
        };
        duplex.send(&request)
    }

    /// Waits for a message that belongs to no exchange. Needs `wss`.
    ///
    /// # Errors
    /// `ResponseTimeout` when none came in time; nothing is lost, call again. `PeerClosed` and the
    /// like once the connection is down and everything received was handed out.
    pub fn receive(&self, timeout: Duration) -> Result<Message, Error> {
        self.duplex()?.receive(checked_timeout(timeout)?)
    }

    /// Closes the connection. Calls that wait on it return at once: an exchange with `Cancelled` and
    /// *in doubt*. From any thread, as often as you like.
    pub fn close(&self) {
        match &self.line {
            Line::WebSocket(duplex) => duplex.close(),
            Line::Https(line) => line.close(),
        }
    }

    /// The verified name of the device, in lower case; `None` if its certificate holds none.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// `TLSv1.3` or `TLSv1.2`.
    pub fn tls_version(&self) -> &'static str {
        self.tls_version
    }

    /// Whether the connection is up, as far as is known without asking the device.
    pub fn is_open(&self) -> bool {
        match &self.line {
            Line::WebSocket(duplex) => duplex.is_open(),
            Line::Https(line) => line.is_open(),
        }
    }

    fn duplex(&self) -> Result<&Duplex, Error> {
        match &self.line {
            Line::WebSocket(duplex) => Ok(duplex),
            Line::Https(_) => Err(Error::argument(
                "connection",
                "it was opened with https://, which only exchanges; use a wss:// address to send and receive",
            )),
        }
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
            .field("server_name", &self.server_name)
            .field("tls_version", &self.tls_version)
            .finish_non_exhaustive()
    }
}
