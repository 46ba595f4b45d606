//! Exchanges over `wss`: one WebSocket after another, of which only the last is in use.
//!
//! A WebSocket that has ended, or that the device no longer answers on, is replaced before the next
//! request leaves; never after.

use super::ConnectionState;
use super::dialler::Dialler;
use super::duplex::{Duplex, OnStatus};
use super::limits::Limits;
use super::message::{CANCEL_REQUEST, Message, Request};
use crate::device::KeepAlive;
use crate::error::{Error, Kind};
use crate::status::RequestState;
use crate::transport::deadline::Deadline;
use crate::transport::interrupt::lock;
use crate::transport::tls::TlsStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tungstenite::WebSocket;

pub(super) struct WebSocketLine {
    dialler: Arc<Dialler>,
    keep_alive: KeepAlive,
    /// Replaced only by whoever has the turn to exchange or send.
    current: Mutex<Arc<Duplex>>,
}

impl WebSocketLine {
    pub(super) fn start(
        dialler: Arc<Dialler>,
        socket: WebSocket<TlsStream>,
        keep_alive: KeepAlive,
    ) -> Result<WebSocketLine, Error> {
        let current = Arc::new(Duplex::start(socket, keep_alive, dialler.address())?);
        Ok(WebSocketLine { dialler, keep_alive, current: Mutex::new(current) })
    }

    pub(super) fn exchange(
        &self,
        request: &Request<'_>,
        limits: Limits,
        on_status: Option<OnStatus<'_>>,
    ) -> Result<String, Error> {
        // Silence is for a device that has the request; to get that far has the connect time-out.
        let deadline = limits.whole().unwrap_or(Deadline::after(super::DEFAULT_SILENCE));
        self.ready(deadline)?.exchange(request, limits, on_status)
    }

    pub(super) fn send(&self, request: &Request<'_>) -> Result<(), Error> {
        // What a cancel is meant for runs on the present connection, or nowhere.
        let duplex = match request.kind == CANCEL_REQUEST {
            true => self.current(),
            false => self.ready(Deadline::after(super::DEFAULT_SILENCE))?,
        };
        duplex.send(request)
    }

    pub(super) fn receive(&self, timeout: Duration) -> Result<Message, Error> {
        self.current().receive(timeout)
    }

    pub(super) fn state(&self) -> ConnectionState {
        match () {
            () if self.dialler.is_closing() => ConnectionState::Closed,
            () if self.dialler.is_connecting() => ConnectionState::Connecting,
            () if self.current().is_open() => ConnectionState::Open,
            () => ConnectionState::Lost,
        }
    }

    /// After the dialler was closed, so that nothing comes up behind it.
    pub(super) fn close(&self) {
        self.current().close();
    }

    /// A connection that a request can be trusted to.
    ///
    /// # Errors
    /// *Not sent*, all of them.
    fn ready(&self, deadline: Deadline) -> Result<Arc<Duplex>, Error> {
        let current = self.current();
        let fresh = self.dialler.check_not_closed().and_then(|()| match current.is_there(deadline) {
            true => Ok(current),
            false => self.replace(&current, deadline),
        });
        fresh.map_err(|error| error.with_request_state(RequestState::NotSent))
    }

    fn replace(&self, former: &Duplex, deadline: Deadline) -> Result<Arc<Duplex>, Error> {
        let fresh = self.dialler.again(deadline, |dialler, deadline| {
            let socket = dialler.open_websocket(deadline)?;
            Duplex::start(socket, self.keep_alive, dialler.address()).map(Arc::new)
        })?;
        fresh.inherit(former);
        *lock(&self.current) = fresh.clone();
        // A close that came before the replacement was in its place has hit the former.
        if self.dialler.is_closing() {
            fresh.close();
            return Err(Kind::Cancelled.into());
        }
        Ok(fresh)
    }

    fn current(&self) -> Arc<Duplex> {
        lock(&self.current).clone()
    }
}
