//! Exchanges over `https`: one POST each, on a connection that is kept alive.
//!
//! HTTP has no place for status messages or a cancel. A connection that the device has closed
//! between two requests is opened again before anything is sent; never in the middle of one.

use super::ConnectionState;
use super::dialler::Dialler;
use super::limits::Limits;
use super::message::{Message, Request};
use crate::error::{Error, Kind};
use crate::log;
use crate::status::RequestState;
use crate::transport::deadline::Deadline;
use crate::transport::https::{HttpReply, HttpsClient};
use crate::transport::tls::TlsStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) struct HttpLine {
    client: HttpsClient,
    dialler: Arc<Dialler>,
    /// Whether the last exchange broke the connection; one that breaks in between is not noticed.
    lost: AtomicBool,
}

impl HttpLine {
    pub(super) fn new(dialler: Arc<Dialler>, stream: TlsStream) -> HttpLine {
        let opener = dialler.clone();
        let reopen = move |deadline: Deadline| opener.again(deadline, Dialler::open);
        let deadline = Deadline::after(super::DEFAULT_SILENCE);
        let client = HttpsClient::new(&dialler.target().address, stream, deadline, Some(Box::new(reopen)));
        HttpLine { client, dialler, lost: AtomicBool::new(false) }
    }

    pub(super) fn exchange(&self, request: &Request<'_>, limits: Limits) -> Result<String, Error> {
        self.dialler.check_not_closed().map_err(|error| error.with_request_state(RequestState::NotSent))?;
        self.client.set_deadline(limits.next());
        // A close cuts the reply off wherever it is. That it was ours is the cause, not what the rest
        // looks like; the state of the request stays as it is.
        let explained = |error: Error| match self.dialler.is_closing() {
            true => Error::from(Kind::Cancelled).with_request_state(error.request_state()),
            false => limits.explain(error),
        };
        let result = self.client.post(request.json.as_bytes()).map_err(|error| {
            self.note_lost(&error);
            explained(error)
        });
        let reply = result?;
        self.lost.store(false, Ordering::Release);
        read(request, &reply).map_err(explained)
    }

    pub(super) fn state(&self) -> ConnectionState {
        match () {
            () if self.dialler.is_closing() => ConnectionState::Closed,
            () if self.dialler.is_connecting() => ConnectionState::Connecting,
            () if self.lost.load(Ordering::Acquire) => ConnectionState::Lost,
            () => ConnectionState::Open,
        }
    }

    fn note_lost(&self, error: &Error) {
        if !self.lost.swap(true, Ordering::AcqRel) && !self.dialler.is_closing() {
            log::connection_lost(&self.dialler.address(), &error.message_without_words());
        }
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
