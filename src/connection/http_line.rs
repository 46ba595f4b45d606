//! Exchanges over HTTPS: one POST each, on a connection that is kept alive.
//!
//! HTTP has no place for status messages or a cancel. A connection that the device has closed
//! between two requests is opened again before anything is sent; never in the middle of one.

use super::message::{Message, Request};
use crate::error::{Error, Kind};
use crate::status::RequestState;
use crate::transport::Target;
use crate::transport::deadline::Deadline;
use crate::transport::https::{HttpReply, HttpsClient};
use crate::transport::interrupt::Interrupt;
use crate::transport::tls::{self, TlsStream};
use std::sync::Arc;
use std::time::Duration;

pub(super) struct HttpLine {
    client: HttpsClient,
    interrupt: Arc<Interrupt>,
}

impl HttpLine {
    pub(super) fn new(
        target: Target,
        stream: TlsStream,
        connect_timeout: Duration,
        interrupt: Arc<Interrupt>,
    ) -> HttpLine {
        let address = target.address.clone();
        let reopen_interrupt = interrupt.clone();
        let reopen = move |deadline: Deadline| {
            let deadline = deadline.no_later_than(connect_timeout);
            let mut stream = tls::open(&target, deadline, &reopen_interrupt)?;
            if target.identity.is_some() {
                stream.await_acceptance()?;
            }
            Ok(stream)
        };
        let deadline = Deadline::after(super::DEFAULT_SILENCE);
        let client = HttpsClient::new(&address, stream, deadline, Some(Box::new(reopen)));
        HttpLine { client, interrupt }
    }

    pub(super) fn exchange(&self, request: &Request<'_>, silence: Duration) -> Result<String, Error> {
        if self.interrupt.is_fired() {
            return Err(Error::from(Kind::Closed).with_request_state(RequestState::NotSent));
        }
        self.client.set_deadline(Deadline::after(silence));
        // A close cuts the reply off wherever it is. That it was ours is the cause, not what the rest
        // looks like; the state of the request stays as it is.
        let cancelled = |error: Error| match self.interrupt.is_fired() {
            true => Error::from(Kind::Cancelled).with_request_state(error.request_state()),
            false => error,
        };
        let result = self.client.post(request.json.as_bytes());
        result.and_then(|reply| read(request, &reply)).map_err(cancelled)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.interrupt.is_fired()
    }

    pub(super) fn close(&self) {
        self.interrupt.fire();
    }
}

/// The message in an answer, if it is the one that was waited for.
fn read(request: &Request<'_>, reply: &HttpReply) -> Result<String, Error> {
    let in_doubt = |kind: Kind| Error::from(kind).with_request_state(RequestState::InDoubt);
    if reply.status != 200 {
        let words = crate::words::of_device(&reply.body);
        return Err(in_doubt(Kind::HttpStatus { status: reply.status, words }));
    }
    let json = String::from_utf8(reply.body.to_vec())
        .map_err(|_| in_doubt(Kind::ReplyNotJson { problem: "it is not UTF-8".into() }))?;
    let message = Message::parse(json).map_err(in_doubt)?;
    if !request.is_answered_by(&message) {
        let problem = "it is a reply to another request".into();
        return Err(in_doubt(Kind::ReplyNotJson { problem }));
    }
    Ok(message.json)
}
