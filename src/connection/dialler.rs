//! How a connection comes up, the first time and each time after the device has dropped it.
//!
//! Each time the device is verified afresh: its chain, its dates, and that it is the very device that
//! answered the first time, whatever has its address now.

use super::backoff::Backoff;
use crate::error::{Error, Kind, Phase};
use crate::log;
use crate::status::Category;
use crate::transport::deadline::Deadline;
use crate::transport::interrupt::{Interrupt, lock};
use crate::transport::tls::{self, TlsStream};
use crate::transport::{Target, websocket};
use crate::trust::expectation::Expectation;
use rustls::pki_types::ServerName;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tungstenite::WebSocket;

pub(super) struct Dialler {
    target: Target,
    connect_timeout: Duration,
    /// Fired by `close`, and by the device's `interrupt` while the connection first comes up.
    closing: Arc<Interrupt>,
    backoff: Mutex<Backoff>,
    connecting: AtomicBool,
    /// Who answered the first time.
    device_name: OnceLock<Option<String>>,
    tls_version: Mutex<&'static str>,
}

impl Dialler {
    pub(super) fn new(target: Target, connect_timeout: Duration, closing: Arc<Interrupt>) -> Dialler {
        Dialler {
            target,
            connect_timeout,
            closing,
            backoff: Mutex::default(),
            connecting: AtomicBool::new(false),
            device_name: OnceLock::new(),
            tls_version: Mutex::default(),
        }
    }

    /// A stream on which the device has accepted the till's certificate.
    pub(super) fn open(&self, deadline: Deadline) -> Result<TlsStream, Error> {
        let mut stream = self.open_tls(deadline)?;
        if self.target.identity.is_some() {
            stream.await_acceptance()?;
        }
        Ok(stream)
    }

    /// The same, with a WebSocket on it.
    pub(super) fn open_websocket(&self, deadline: Deadline) -> Result<WebSocket<TlsStream>, Error> {
        let stream = self.open_tls(deadline)?;
        let socket = websocket::upgrade(&self.target.address, stream)?;
        // From here on the socket is shut down with a goodbye, by the one who reads it.
        self.closing.arm(|| {})?;
        Ok(socket)
    }

    fn open_tls(&self, deadline: Deadline) -> Result<TlsStream, Error> {
        let stream = tls::open(&self.pinned(), deadline, &self.closing)?;
        let found = stream.device_name().map(str::to_owned);
        match self.device_name.get_or_init(|| found.clone()) {
            // Nothing was sent to it yet.
            Some(first) if found.as_ref() != Some(first) => {
                return Err(Kind::WrongDevice {
                    expected: format!("\"{first}\""),
                    found: found.into_iter().collect(),
                }
                .into());
            }
            _ => {}
        }
        *lock(&self.tls_version) = stream.version();
        Ok(stream)
    }

    /// The target, narrowed down to the device that answered the first time.
    fn pinned(&self) -> Target {
        let mut target = self.target.clone();
        let name = self.device_name().and_then(|name| ServerName::try_from(name.to_owned()).ok());
        target.expectation = match (target.expectation, name) {
            // The address has to be covered, too; the name is compared afterwards.
            (host @ Expectation::Host(_), _) => host,
            (_, Some(name)) => Expectation::Exactly(name),
            (first, None) => first,
        };
        target
    }

    /// Opens once more, after a pause if the last attempts failed. One attempt: whether there is to be
    /// another is for the till to say.
    pub(super) fn again<T>(
        &self,
        deadline: Deadline,
        open: impl FnOnce(&Dialler, Deadline) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _connecting = Connecting::begin(&self.connecting);
        log::connection_connecting(&self.address());
        let pause = lock(&self.backoff).remaining(Instant::now());
        let pause = deadline.remaining().unwrap_or_default().min(pause);
        if !pause.is_zero() {
            self.closing.wait(pause)?;
        }
        let result = open(self, deadline.no_later_than(self.connect_timeout));
        let result = result.map_err(not_rejected_after_all);
        match &result {
            Err(error) if error.category() == Category::Network => {
                lock(&self.backoff).failed(Instant::now());
            }
            // A wrong device does not become the right one by waiting; the till is told at once.
            Ok(_) | Err(_) => lock(&self.backoff).succeeded(),
        }
        match &result {
            Ok(_) => log::connection_open(&self.address()),
            Err(error) => log::connection_lost(&self.address(), &error.message_without_words()),
        }
        result
    }

    pub(super) fn is_connecting(&self) -> bool {
        self.connecting.load(Ordering::Acquire)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_fired()
    }

    /// Ends what is being opened, and keeps anything from being opened again. Tells whether this was the
    /// first time.
    pub(super) fn close(&self) -> bool {
        self.closing.fire()
    }

    /// Lets the time pass, unless the connection is closed.
    pub(super) fn wait(&self, time: Duration) -> Result<(), Error> {
        self.closing.wait(time)
    }

    pub(super) fn address(&self) -> String {
        self.target.address.authority()
    }

    pub(super) fn device_name(&self) -> Option<&str> {
        self.device_name.get()?.as_deref()
    }

    pub(super) fn tls_version(&self) -> &'static str {
        *lock(&self.tls_version)
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// What a call on a closed connection is answered with.
    pub(super) fn check_not_closed(&self) -> Result<(), Error> {
        if self.is_closing() { Err(Kind::Closed.into()) } else { Ok(()) }
    }
}

/// A device that closes instead of answering looks as if it rejected the till's certificate. This one has
/// accepted it before on this connection, so it is more likely restarting: worth another try.
fn not_rejected_after_all(error: Error) -> Error {
    let state = error.request_state();
    let kind = match error.into_kind() {
        Kind::TillCertificateRejected { alert: None } => {
            Kind::PeerClosed { phase: Phase::Acceptance, os: None }
        }
        kind => kind,
    };
    Error::from(kind).with_request_state(state)
}

/// True while an attempt runs, also when it panics.
struct Connecting<'a>(&'a AtomicBool);

impl<'a> Connecting<'a> {
    fn begin(flag: &'a AtomicBool) -> Connecting<'a> {
        flag.store(true, Ordering::Release);
        Connecting(flag)
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
