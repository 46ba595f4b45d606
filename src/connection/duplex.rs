//! A WebSocket that is read and written at the same time, with one thread of its own.
//!
//! The reader thread waits on the socket without any lock and feeds what it gets to the [`Session`]; a
//! sender turns its message into bytes there, then writes them. A device that does not read can
//! therefore hold up whoever has something to write, for at most 10 s, but never `close`.
//!
//! Only the reader ends the connection for a reason of the device's: whoever fails at writing shuts
//! the socket down and leaves the rest to it, because what the device said before must not be lost,
//! least of all the reply to a payment.

mod session;

use super::inbox::{Inbox, Nothing, Queue};
use super::limits::Limits;
use super::message::{Message, Request};
use super::open_sends::ANSWER_TIME;
use super::pulse::{Due, Pulse};
use crate::device::KeepAlive;
use crate::error::{Error, Kind, OsError, Phase};
use crate::log;
use crate::status::RequestState;
use crate::transport::deadline::Deadline;
use crate::transport::interrupt::lock;
use crate::transport::socket::{self, comes_again, hang_up};
use crate::transport::tls::TlsStream;
use session::Session;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tungstenite::WebSocket;

/// Bytes that the reader takes from the socket at a time: one TLS record at its largest.
const READ_BYTES: usize = 17 * 1024;

/// Stack of the reader, which may run the till's log callback, in a virtual machine perhaps.
const STACK_BYTES: usize = 512 * 1024;

/// How long a device may refuse to take bytes before the connection counts as dead.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long `close` tries to say goodbye. Waiters are awake by then.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(20);

/// Who was heard this lately is taken to be there; others are asked before money is at stake.
const FRESH: Duration = Duration::from_secs(2);

/// How long a device may take to answer when it is asked whether it is still there.
const PROBE_LIMIT: Duration = Duration::from_secs(2);

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
    pulse: Pulse,
    /// Why this connection is about to end: what this side shut the socket down for, of which the reader
    /// sees only the end, or what the device has just said.
    failure: Mutex<Option<Kind>>,
    address: String,
}

impl Duplex {
    pub(super) fn start(
        mut socket: WebSocket<TlsStream>,
        keep_alive: KeepAlive,
        address: String,
    ) -> Result<Duplex, Error> {
        let internal = |detail: String| Error::from(Kind::Internal { detail });
        let tcp =
            socket.get_mut().detach().ok_or_else(|| internal("the stream has no socket any more".into()))?;
        let patience = Some(keep_alive.interval).filter(|interval| !interval.is_zero());
        tcp.set_read_timeout(patience).map_err(|error| internal(error.to_string()))?;
        let shared = Arc::new(Shared {
            tcp,
            session: Mutex::new(Session::new(socket)),
            writing: Mutex::new(()),
            inbox: Inbox::default(),
            pulse: Pulse::new(keep_alive),
            failure: Mutex::new(None),
            address,
        });
        // What came along with the answer to the upgrade: a greeting, or a close that says why.
        if let Some(kind) = shared.take_in(&[]) {
            return Err(kind.into());
        }
        let reading = shared.clone();
        let reader = thread::Builder::new()
            .name("poslatch-read".into())
            .stack_size(STACK_BYTES)
            .spawn(move || reading.read_until_the_end(patience))
            .map_err(|error| internal(format!("no thread to read on: {error}")))?;
        Ok(Duplex { shared, reader: Some(reader) })
    }

    /// Whether a request may be trusted to this connection. Asks the device, if it has not been heard
    /// lately; at most 2 s.
    pub(super) fn is_there(&self, deadline: Deadline) -> bool {
        let shared = &self.shared;
        if shared.ending().is_some() {
            return false;
        }
        if shared.pulse.is_fresh(FRESH) {
            return true;
        }
        let beats = shared.pulse.beats();
        shared.ping();
        if shared.pulse.wait(beats, deadline.no_later_than(PROBE_LIMIT)) {
            return true;
        }
        shared.fail(Kind::PeerSilent { quiet: Some(PROBE_LIMIT) });
        false
    }

    /// What arrives and is not the reply goes to `on_status`, or is kept for `receive` if there is none.
    ///
    /// # Errors
    /// *Not sent* if the request did not get as far as the socket, else *in doubt*; the connection has
    /// then ended.
    pub(super) fn exchange(
        &self,
        request: &Request<'_>,
        limits: Limits,
        mut on_status: Option<OnStatus<'_>>,
    ) -> Result<String, Error> {
        let shared = &self.shared;
        let _exchange = shared.inbox.begin_exchange();
        let _exchanging = Exchanging::begin(shared);
        if limits.are_over() {
            return Err(Error::from(limits.ran_out()).with_request_state(RequestState::NotSent));
        }
        match shared.send(request, Sender::Exchange, limits.next().no_later_than(WRITE_TIMEOUT)) {
            Err(error) if error.request_state() == RequestState::NotSent => return Err(error),
            // If it arrived all the same, its reply may have, too.
            Ok(()) | Err(_) => {}
        }
        let unfinished = Unfinished(shared);
        let mut limits = limits;
        let in_doubt = |kind: Kind| Error::from(kind).with_request_state(RequestState::InDoubt);
        loop {
            // However much the device says, and however slowly the till listens: an end is an end. Only the
            // reply still counts.
            if limits.are_over() || shared.inbox.is_closed() {
                let reply = shared.inbox.find_answer(|message| request.is_answered_by(message));
                let kind = if shared.inbox.is_closed() { Kind::Cancelled } else { limits.ran_out() };
                let reply = reply.ok_or_else(|| in_doubt(kind))?;
                std::mem::forget(unfinished);
                return Ok(reply.json);
            }
            match shared.inbox.take(Queue::Answers, limits.next()) {
                Ok(message) if request.is_answered_by(&message) => {
                    std::mem::forget(unfinished);
                    return Ok(message.json);
                }
                Ok(message) => {
                    // Either a cancel failed, and the payment's own reply is still to come; or this is how
                    // the device says that the payment was aborted (section 6c). It cannot be told, so the
                    // reply gets its time, but not a cashier's whole patience.
                    if message.may_answer_another {
                        limits = limits.no_longer_silent_than(ANSWER_TIME);
                    }
                    match &mut on_status {
                        Some(on_status) => on_status(&message.json),
                        None => shared.inbox.keep(message),
                    }
                }
                Err(Nothing::TimedOut) => return Err(in_doubt(limits.ran_out())),
                Err(Nothing::Ended(kind)) => return Err(in_doubt(under_way(kind))),
            }
        }
    }

    pub(super) fn send(&self, request: &Request<'_>) -> Result<(), Error> {
        self.shared.send(request, Sender::ByHand, Deadline::after(WRITE_TIMEOUT))?;
        // Another thread may have taken the bytes along and failed with them.
        match self.shared.ending() {
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
        self.shared.ending().is_none()
    }

    /// Takes over what a former connection received and nobody has asked for.
    pub(super) fn inherit(&self, former: &Duplex) {
        self.shared.inbox.inherit(&former.shared.inbox);
    }

    pub(super) fn close(&self) {
        // Waiters first, manners second.
        if self.shared.inbox.end(Kind::Closed) {
            self.shared.say_goodbye();
        }
        self.shared.shut_down(Kind::Closed);
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
    fn send(&self, request: &Request<'_>, sender: Sender, deadline: Deadline) -> Result<(), Error> {
        let not_sent = |kind: Kind| Error::from(kind).with_request_state(RequestState::NotSent);
        {
            let mut session = lock(&self.session);
            if let Some(kind) = self.ending() {
                return Err(not_sent(kind));
            }
            session.send(request).map_err(not_sent)?;
            if let Sender::ByHand = sender {
                session.sends.sent(&request.kind, Instant::now());
            }
        }
        self.write_outgoing(deadline).map_err(|error| {
            // The reader knows better if the device said why.
            let kind = self.ending().unwrap_or_else(|| write_failure(&error));
            self.fail(kind.clone());
            Error::from(under_way(kind)).with_request_state(RequestState::InDoubt)
        })
    }

    fn ping(&self) {
        if lock(&self.session).ping().is_ok() {
            self.write_left_over(Deadline::after(WRITE_TIMEOUT));
        }
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
                return self.fail(write_failure(&error));
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

    fn read_until_the_end(&self, patience: Option<Duration>) {
        let _awake = WakeOnPanic(self);
        // The first ping, to learn early whether this device answers them.
        if self.pulse.due(Instant::now()) == Due::Ping {
            self.ping();
        }
        let kind = self.read_on(patience);
        self.shut_down(kind);
    }

    /// Reads until there is nothing more to read, and tells why.
    fn read_on(&self, patience: Option<Duration>) -> Kind {
        let socket_failed = |error: &io::Error| {
            let os = Some(OsError::from(error));
            match error.kind() {
                io::ErrorKind::TimedOut => Kind::PeerSilent { quiet: None },
                _ => Kind::PeerClosed { phase: Phase::Exchange, os },
            }
        };
        let mut buffer = vec![0; READ_BYTES];
        let mut patience_now = patience;
        loop {
            let size = match socket::read(&self.tcp, &mut buffer) {
                Ok(0) => {
                    return self.failed().unwrap_or(Kind::PeerClosed { phase: Phase::Exchange, os: None });
                }
                Ok(size) => size,
                // Without a time-out of ours it is the system's, which has given the device up.
                Err(error) if error.kind() == io::ErrorKind::TimedOut && patience_now.is_none() => {
                    return self.failed().unwrap_or_else(|| socket_failed(&error));
                }
                Err(error) if comes_again(&error) => {
                    if let Some(kind) = self.failed() {
                        return kind;
                    }
                    // Nothing there to read: only now may silence be judged.
                    patience_now = match self.pulse.due(Instant::now()) {
                        Due::Nothing(rest) => rest,
                        Due::Ping => {
                            self.ping();
                            patience
                        }
                        Due::Silent(quiet) => return Kind::PeerSilent { quiet: Some(whole_seconds(quiet)) },
                    };
                    if let Err(error) = self.tcp.set_read_timeout(patience_now) {
                        return self.failed().unwrap_or_else(|| socket_failed(&error));
                    }
                    continue;
                }
                Err(error) => return self.failed().unwrap_or_else(|| socket_failed(&error)),
            };
            if let Some(kind) = self.take_in(buffer.get(..size).unwrap_or_default()) {
                return kind;
            }
            if self.inbox.is_closed() {
                return Kind::Closed;
            }
        }
    }

    /// Hands out what these bytes hold, and writes what they call for: pongs, the answer to a close,
    /// alerts. Returns the end of the connection, if they bring it.
    fn take_in(&self, bytes: &[u8]) -> Option<Kind> {
        let arrived = lock(&self.session).take_in(bytes);
        // A goodbye is no sign of life.
        if !bytes.is_empty() && arrived.end.is_none() {
            self.pulse.heard(Instant::now(), arrived.pong);
        }
        if let Some(kind) = &arrived.end {
            // Before anything else, so that no request is trusted to this connection any more.
            lock(&self.failure).get_or_insert_with(|| kind.clone());
        }
        arrived.messages.into_iter().for_each(|message| self.inbox.put(message));
        self.write_left_over(Deadline::after(WRITE_TIMEOUT));
        arrived.end
    }

    fn say_goodbye(&self) {
        if let Ok(mut session) = self.session.try_lock() {
            session.close();
        }
        // As far as the socket takes it now; a device that does not read misses nothing.
        self.write_left_over(Deadline::after(GOODBYE_TIMEOUT));
    }

    /// Why this side has given up, if it has.
    fn failed(&self) -> Option<Kind> {
        lock(&self.failure).clone()
    }

    /// Why nothing more can be sent, if that is so.
    fn ending(&self) -> Option<Kind> {
        self.inbox.ended().or_else(|| self.failed())
    }

    /// Gives the socket up, and leaves it to the reader to hand out what has come and to end.
    fn fail(&self, kind: Kind) {
        lock(&self.failure).get_or_insert(kind);
        // Wakes the reader and any writer.
        hang_up(&self.tcp);
    }

    fn shut_down(&self, kind: Kind) {
        let reason = kind.without_words().message();
        let is_first = self.inbox.end(kind);
        self.pulse.end();
        hang_up(&self.tcp);
        // Last, since the till's log may take its time.
        if is_first {
            log::connection_lost(&self.address, &reason);
        }
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
        // Whoever has ended it before shuts it down, after a goodbye if it was this side.
        if self.0.inbox.ended().is_none() {
            self.0.shut_down(Kind::GivenUp);
        }
    }
}

/// Takes the status messages of an exchange.
pub(super) type OnStatus<'a> = &'a mut dyn FnMut(&str);

/// On whose behalf a message leaves.
#[derive(Clone, Copy)]
enum Sender {
    Exchange,
    /// Its answer is not waited for here, and may meet an exchange.
    ByHand,
}

/// Lasts as long as an exchange, for what was sent by hand in it.
struct Exchanging<'a>(&'a Shared);

impl<'a> Exchanging<'a> {
    fn begin(shared: &'a Shared) -> Exchanging<'a> {
        lock(&shared.session).sends.exchange_begins();
        Exchanging(shared)
    }
}

impl Drop for Exchanging<'_> {
    fn drop(&mut self) {
        lock(&self.0.session).sends.exchange_ends(Instant::now());
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

/// Nobody reads milliseconds of a silence.
fn whole_seconds(time: Duration) -> Duration {
    if time < Duration::from_secs(1) { time } else { Duration::from_secs(time.as_secs()) }
}

/// Writes all bytes before the deadline, however slowly they are taken.
fn write_until(mut tcp: &TcpStream, mut bytes: &[u8], deadline: Deadline) -> io::Result<()> {
    while !bytes.is_empty() {
        tcp.set_write_timeout(Some(deadline.remaining().ok_or(io::ErrorKind::TimedOut)?))?;
        match tcp.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(size) => bytes = bytes.get(size..).unwrap_or_default(),
            Err(error) if comes_again(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
