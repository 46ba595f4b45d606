//! A WebSocket that is read and written at the same time, with one thread of its own.
//!
//! A TLS stream cannot be split, so its state and the WebSocket's are kept as a pure state machine
//! that is never locked while bytes move: the reader thread waits on the socket without any lock
//! and feeds what it gets; a sender turns its message into bytes, then writes them. A device that
//! does not read can therefore hold up whoever has something to write, for at most 10 s, but never
//! `close`.

use super::cancels::{AFTER_CANCEL, Cancels};
use super::inbox::{Inbox, Nothing, Queue};
use super::message::{CANCEL_REQUEST, Message, Request};
use crate::error::{Error, Kind, OsError, Phase};
use crate::log;
use crate::status::RequestState;
use crate::transport::deadline::Deadline;
use crate::transport::interrupt::lock;
use crate::transport::tls::TlsStream;
use crate::transport::websocket::{closed, explain};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tungstenite::WebSocket;

/// Bytes that the reader takes from the socket at a time: one TLS record at its largest.
const READ_BYTES: usize = 17 * 1024;

/// How long a device may refuse to take bytes before the connection counts as dead.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long `close` tries to say goodbye. Waiters are awake by then.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(20);

pub(super) struct Duplex {
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

struct Shared {
    tcp: Arc<TcpStream>,
    session: Mutex<Session>,
    /// Held by whoever writes to the socket, so that bytes leave in their order.
    writing: Mutex<()>,
    inbox: Inbox,
}

/// TLS and WebSocket without a socket: bytes in, messages out, and the other way round.
struct Session {
    socket: WebSocket<TlsStream>,
    outgoing: Vec<u8>,
    /// Counted under the lock that orders what is sent and what arrives, and across exchanges: the
    /// answer to a late cancel may meet the next one.
    cancels: Cancels,
}

impl Duplex {
    pub(super) fn start(mut socket: WebSocket<TlsStream>) -> Result<Duplex, Error> {
        let internal = |detail: String| Error::from(Kind::Internal { detail });
        let tcp =
            socket.get_mut().detach().ok_or_else(|| internal("the stream has no socket any more".into()))?;
        tcp.set_read_timeout(None).map_err(|error| internal(error.to_string()))?;
        let shared = Arc::new(Shared {
            tcp,
            session: Mutex::new(Session { socket, outgoing: Vec::new(), cancels: Cancels::default() }),
            writing: Mutex::new(()),
            inbox: Inbox::default(),
        });
        // What came along with the answer to the upgrade: a greeting, or a close that says why.
        if let Some(kind) = shared.take_in(&[]) {
            return Err(kind.into());
        }
        let reading = shared.clone();
        let reader = thread::Builder::new()
            .name("poslatch-read".into())
            .spawn(move || reading.read_until_the_end())
            .map_err(|error| internal(format!("no thread to read on: {error}")))?;
        Ok(Duplex { shared, reader: Some(reader) })
    }

    pub(super) fn exchange(
        &self,
        request: &Request<'_>,
        silence: Duration,
        on_status: &mut dyn FnMut(&str),
    ) -> Result<String, Error> {
        let shared = &self.shared;
        let _exchange = shared.inbox.begin_exchange();
        shared.send(request, Deadline::after(WRITE_TIMEOUT.min(silence)))?;
        let unfinished = Unfinished(shared);
        let mut silence = silence;
        loop {
            let deadline = Deadline::after(silence);
            match shared.inbox.take(Queue::Answers, deadline) {
                Ok(message) if request.is_answered_by(&message) => {
                    std::mem::forget(unfinished);
                    return Ok(message.json);
                }
                Ok(message) => {
                    // Either the cancel failed, and the payment's own reply is still to come; or this
                    // is how the device says that the payment was aborted (section 6c). It cannot be
                    // told, so the reply gets its time, but not a cashier's whole patience.
                    silence = match message.may_answer_cancel {
                        true => silence.min(AFTER_CANCEL),
                        false => silence,
                    };
                    on_status(&message.json);
                }
                Err(nothing) => {
                    let kind = match nothing {
                        Nothing::TimedOut => Kind::ResponseTimeout { phase: Phase::Exchange, limit: silence },
                        Nothing::Ended(kind) => under_way(kind),
                    };
                    return Err(Error::from(kind).with_request_state(RequestState::InDoubt));
                }
            }
        }
    }

    pub(super) fn send(&self, request: &Request<'_>) -> Result<(), Error> {
        self.shared.send(request, Deadline::after(WRITE_TIMEOUT))?;
        // Another thread may have taken the bytes along and failed with them.
        match self.shared.inbox.ended() {
            Some(kind) => Err(Error::from(under_way(kind)).with_request_state(RequestState::InDoubt)),
            None => Ok(()),
        }
    }

    pub(super) fn receive(&self, timeout: Duration) -> Result<Message, Error> {
        self.shared.inbox.take(Queue::Unsolicited, Deadline::after(timeout)).map_err(|nothing| {
            match nothing {
                Nothing::TimedOut => Kind::ResponseTimeout { phase: Phase::Exchange, limit: timeout },
                Nothing::Ended(kind) => kind,
            }
            .into()
        })
    }

    pub(super) fn is_open(&self) -> bool {
        self.shared.inbox.ended().is_none()
    }

    pub(super) fn close(&self) {
        // Waiters first; manners second; the till's log, which may take its time, last.
        let is_first = self.shared.inbox.end(Kind::Closed);
        if is_first {
            self.shared.say_goodbye();
        }
        self.shared.shut_down(Kind::Closed);
        if is_first {
            log::closed("by the till");
        }
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        self.close();
        let reader = self.reader.take();
        // Freed from a log callback on the reader's own thread: it ends by itself.
        if let Some(reader) = reader.filter(|reader| reader.thread().id() != thread::current().id()) {
            // A panic there has ended the inbox already; there is nobody to tell.
            let _ = reader.join();
        }
    }
}

impl Shared {
    /// # Errors
    /// *Not sent* before the message was turned into bytes, *in doubt* after.
    fn send(&self, request: &Request<'_>, deadline: Deadline) -> Result<(), Error> {
        let not_sent = |kind: Kind| Error::from(kind).with_request_state(RequestState::NotSent);
        {
            let mut session = lock(&self.session);
            if let Some(kind) = self.inbox.ended() {
                return Err(not_sent(kind));
            }
            session.send(request).map_err(not_sent)?;
        }
        self.write_outgoing(deadline).map_err(|error| {
            // The reader knows better if the device said why.
            let kind = self.inbox.ended().unwrap_or_else(|| write_failure(&error));
            self.shut_down(kind.clone());
            Error::from(under_way(kind)).with_request_state(RequestState::InDoubt)
        })
    }

    /// Writes what is waiting, after whoever is writing now.
    fn write_outgoing(&self, deadline: Deadline) -> io::Result<()> {
        {
            let _turn = lock(&self.writing);
            self.drain(deadline)?;
        }
        self.write_left_over(deadline);
        Ok(())
    }

    /// Writes what is waiting, unless somebody writes now: then that one does it. Nobody waits for
    /// these bytes, so a failure only ends the connection.
    fn write_left_over(&self, deadline: Deadline) {
        // Whoever found the lock taken has left its bytes; look again after giving it back.
        while !lock(&self.session).outgoing.is_empty() {
            let drained = match self.writing.try_lock() {
                Ok(_turn) => self.drain(deadline),
                Err(_) => return,
            };
            if let Err(error) = drained {
                return self.shut_down(write_failure(&error));
            }
        }
    }

    fn drain(&self, deadline: Deadline) -> io::Result<()> {
        loop {
            let bytes = std::mem::take(&mut lock(&self.session).outgoing);
            if bytes.is_empty() {
                return Ok(());
            }
            write_until(&self.tcp, &bytes, deadline)?;
        }
    }

    fn read_until_the_end(&self) {
        let _awake = WakeOnPanic(self);
        let mut buffer = vec![0; READ_BYTES];
        let kind = loop {
            let size = match (&*self.tcp).read(&mut buffer) {
                Ok(0) => break Kind::PeerClosed { phase: Phase::Exchange, os: None },
                Ok(size) => size,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    break Kind::PeerClosed { phase: Phase::Exchange, os: Some(OsError::from(&error)) };
                }
            };
            if let Some(kind) = self.take_in(buffer.get(..size).unwrap_or_default()) {
                break kind;
            }
        };
        self.shut_down(kind);
    }

    /// Hands out what these bytes hold, and writes what they call for: pongs, the answer to a close,
    /// alerts. Returns the end of the connection, if they bring it.
    fn take_in(&self, bytes: &[u8]) -> Option<Kind> {
        let (messages, end) = lock(&self.session).take_in(bytes);
        messages.into_iter().for_each(|message| self.inbox.put(message));
        self.write_left_over(Deadline::after(WRITE_TIMEOUT));
        end
    }

    fn say_goodbye(&self) {
        if let Ok(mut session) = self.session.try_lock() {
            session.close();
        }
        // As far as the socket takes it now; a device that does not read misses nothing.
        self.write_left_over(Deadline::after(GOODBYE_TIMEOUT));
    }

    fn shut_down(&self, kind: Kind) {
        let reason = kind.without_words().message();
        let is_first = self.inbox.end(kind);
        // Wakes the reader and any writer; fails only when the socket is gone already.
        let _ = self.tcp.shutdown(Shutdown::Both);
        // Last, since the till's log may take its time.
        if is_first {
            log::closed(&reason);
        }
    }
}

impl Session {
    fn send(&mut self, request: &Request<'_>) -> Result<(), Kind> {
        self.socket
            .send(tungstenite::Message::text(request.json))
            .map_err(|error| explain(error, Phase::Exchange))?;
        self.socket.get_mut().take_output(&mut self.outgoing);
        if request.kind == CANCEL_REQUEST {
            self.cancels.sent();
        }
        Ok(())
    }

    /// Messages in these bytes, and the end of the connection if they bring it.
    fn take_in(&mut self, bytes: &[u8]) -> (Vec<Message>, Option<Kind>) {
        let mut messages = Vec::new();
        let mut rest = bytes;
        // In turns: TLS takes no more while it holds a record's worth that nobody has read.
        let end = loop {
            let fed = self.socket.get_mut().feed(&mut rest);
            if let Err(kind) = self.read_all(&mut messages).and(fed) {
                break Some(kind);
            }
            if rest.is_empty() {
                break None;
            }
        };
        self.socket.get_mut().take_output(&mut self.outgoing);
        messages.iter_mut().for_each(|message| self.cancels.arrived(message));
        (messages, end)
    }

    fn read_all(&mut self, messages: &mut Vec<Message>) -> Result<(), Kind> {
        loop {
            match self.socket.read() {
                Ok(tungstenite::Message::Text(text)) => {
                    messages.push(Message::parse(text.as_str().to_owned())?);
                }
                Ok(tungstenite::Message::Binary(_)) => {
                    return Err(Kind::ReplyNotJson { problem: "it is binary".into() });
                }
                Ok(tungstenite::Message::Close(frame)) => {
                    // The answer to the close; it need not arrive.
                    let _ = self.socket.flush();
                    return Err(closed(frame));
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(());
                }
                Err(error) => return Err(explain(error, Phase::Exchange)),
            }
        }
    }

    fn close(&mut self) {
        // Only fills the buffer; fails when the device has closed already.
        let _ = self.socket.close(None).and_then(|()| self.socket.flush());
        self.socket.get_mut().take_output(&mut self.outgoing);
    }
}

/// The end of the connection for a call that was under way: closed by this side means cancelled.
fn under_way(kind: Kind) -> Kind {
    match kind {
        Kind::Closed => Kind::Cancelled,
        kind => kind,
    }
}

/// An exchange whose request has left and whose reply has not come, also when the till's callback
/// panics. A reply that comes after it must not be taken for the answer to a later request.
struct Unfinished<'a>(&'a Shared);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.shut_down(Kind::Closed);
    }
}

/// Whoever waits must not wait for a thread that is gone. After an ordinary end there is nothing left
/// to do: the first reason stays.
struct WakeOnPanic<'a>(&'a Shared);

impl Drop for WakeOnPanic<'_> {
    fn drop(&mut self) {
        self.0.shut_down(Kind::Internal { detail: "the reading thread panicked".into() });
    }
}

fn write_failure(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::TimedOut => Kind::ResponseTimeout { phase: Phase::Exchange, limit: WRITE_TIMEOUT },
        _ => Kind::PeerClosed { phase: Phase::Exchange, os: Some(error.into()) },
    }
}

/// Writes all bytes before the deadline, however slowly they are taken.
fn write_until(mut tcp: &TcpStream, mut bytes: &[u8], deadline: Deadline) -> io::Result<()> {
    while !bytes.is_empty() {
        tcp.set_write_timeout(Some(deadline.remaining().ok_or(io::ErrorKind::TimedOut)?))?;
        match tcp.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(size) => bytes = bytes.get(size..).unwrap_or_default(),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                _ => return Err(error),
            },
        }
    }
    Ok(())
}
