//! HTTPS on the device's port: pairing (section 2), the same requests as on the channel, and the upgrade to it
//! (section 5). Apart from [`crate::websocket`], which takes over after the upgrade.

use crate::connection::Rights;
use crate::device::{Device, Ending};
use crate::line::{Carrier, Line, Payload, Said};
use crate::message::{self, Request, error_response};
use crate::pairing::{self, Answer};
use crate::reply::{self, Reply};
use crate::terminal::{Errand, Terminal};
use crate::websocket::{CERTIFICATE_REQUIRED, CERTIFICATE_REQUIRED_DESCRIPTION, MESSAGE_MAX};
use crate::{Event, Exchange, lock};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Response, StatusCode};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Where the service leaves the upgrade for the connection to pick up.
pub(crate) type UpgradeSlot = Arc<Mutex<Option<OnUpgrade>>>;

/// Answers the requests of one connection.
#[derive(Clone)]
pub(crate) struct Service {
    device: Arc<Device>,
    connection: u64,
    rights: Rights,
    upgrade: UpgradeSlot,
    ending: Arc<Mutex<Ending>>,
}

type Answered = Result<Response<Reply>, HungUp>;

impl hyper::service::Service<hyper::Request<Incoming>> for Service {
    type Response = Response<Reply>;
    type Error = HungUp;
    type Future = Pin<Box<dyn Future<Output = Answered> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { service.answer(request).await })
    }
}

impl Service {
    pub(crate) fn new(
        device: Arc<Device>,
        connection: u64,
        rights: Rights,
        upgrade: UpgradeSlot,
        ending: Arc<Mutex<Ending>>,
    ) -> Self {
        Self { device, connection, rights, upgrade, ending }
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> Answered {
        if let Some(key) = websocket_key(request.headers()) {
            let accept = derive_accept_key(key.as_bytes());
            return Ok(self.open_websocket(request, &accept));
        }
        if request.method() != Method::POST || request.uri().path() != "/" {
            return Ok(self.turn_away_stray(&request));
        }
        let Ok(body) = Limited::new(request.into_body(), MESSAGE_MAX).collect().await else {
            return Ok(self.refuse(413, "Request too large", "the limit is 4 MiB"));
        };
        // Before anything goes on record: whoever sees the request there and turns a switch means the next one.
        let faults = self.device.faults();
        match (message::read(&body.to_bytes()), self.rights) {
            (Request::Pairing(request), _) => {
                self.answer_pairing(pairing::judge(&self.device, self.connection, &request, &faults).await)
                    .await
            }
            (Request::Channel { kind, body }, Rights::Pairing) if kind.is_empty() => {
                self.answer_pairing(pairing::judge(&self.device, self.connection, &body, &faults).await).await
            }
            (Request::Unreadable(reason), Rights::Pairing) => {
                self.answer_pairing(pairing::unreadable(&self.device, self.connection, &reason)).await
            }
            (Request::Unreadable(reason), Rights::Everything) => {
                Ok(self.refuse(200, "Invalid request", &reason))
            }
            (Request::Channel { kind, body }, rights) => {
                let errand = Errand::new(&self.device, &kind, &body, faults);
                let (kind, detail) = (message::for_record(&kind), message::detail(&body));
                let connection = self.connection;
                self.device.journal.record(Event::MessageReceived { connection, kind, detail });
                match rights {
                    Rights::Everything => self.exchange(errand).await,
                    Rights::Pairing => {
                        Ok(self.refuse(403, CERTIFICATE_REQUIRED, CERTIFICATE_REQUIRED_DESCRIPTION))
                    }
                }
            }
        }
    }

    /// The upgrade is open to tills without certificate, since they may pair over WSS.
    fn open_websocket(&self, mut request: hyper::Request<Incoming>, accept: &str) -> Response<Reply> {
        if let Some(status) = self.device.faults().websocket_refused {
            return self.refuse(status, "WebSocket refused", "asked for by the simulator's switches");
        }
        if request.uri().path() != "/" {
            return self.refuse(404, "Not found", "the path is /");
        }
        *lock(&self.upgrade) = Some(hyper::upgrade::on(&mut request));
        let mut response = Response::new(Reply::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(accept) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        response
    }

    fn turn_away_stray(&self, request: &hyper::Request<Incoming>) -> Response<Reply> {
        match self.rights {
            Rights::Pairing => self.refuse(403, CERTIFICATE_REQUIRED, CERTIFICATE_REQUIRED_DESCRIPTION),
            Rights::Everything if request.uri().path() != "/" => {
                self.refuse(404, "Not found", "the path is /")
            }
            Rights::Everything => self.refuse(405, "Method not allowed", "the method is POST"),
        }
    }

    async fn answer_pairing(&self, answer: Answer) -> Answered {
        match answer {
            Answer::Close => self.hang_up(Ending::Orderly),
            Answer::Never => std::future::pending().await,
            Answer::Refused { status, body } => Ok(reply::json(status, &body)),
            Answer::Reply { status, content_type, body, sent } => {
                Ok(reply::truncated(status, &content_type, body, sent))
            }
        }
    }

    async fn exchange(&self, errand: Errand) -> Answered {
        let exchange = errand.faults().exchange.clone();
        if let Exchange::HttpStatus(status) = exchange {
            return Ok(self.refuse(status, "Refused", "asked for by the simulator's switches"));
        }
        let (queue, mut outgoing) = mpsc::unbounded_channel();
        let line = Line::new(&self.device, self.connection, queue, errand.faults(), Carrier::Post);
        Terminal::carry_out(&self.device, errand, line);
        match exchange {
            Exchange::CloseAfterRequest => return self.hang_up(Ending::Orderly),
            Exchange::ResetAfterRequest => return self.hang_up(Ending::Reset),
            _ => {}
        }
        while let Some(said) = outgoing.recv().await {
            // Status messages have no place in the one reply of a POST.
            if let Said::Message(message) = said
                && message.last
            {
                let (kind, detail) = (message.kind, message.detail);
                self.device.journal.record(Event::MessageSent { connection: self.connection, kind, detail });
                let body = match message.payload {
                    Payload::Binary(bytes) => bytes,
                    Payload::Text(text) => text.into_bytes(),
                };
                return Ok(reply::bytes(200, "application/json", body));
            }
        }
        // The line was given up without a final reply, which is what was asked for.
        std::future::pending().await
    }

    fn refuse(&self, status: u16, message: &str, description: &str) -> Response<Reply> {
        let reason = message::for_record(&format!("{message}: {description}"));
        self.device.journal.record(Event::Refused { connection: self.connection, reason });
        reply::json(status, &error_response(message, description))
    }

    fn hang_up(&self, ending: Ending) -> Answered {
        *lock(&self.ending) = ending;
        Err(HungUp)
    }
}

/// The service's wish to end the connection without a reply.
#[derive(Debug)]
pub(crate) struct HungUp;

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hung up on purpose")
    }
}

impl std::error::Error for HungUp {}

fn websocket_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let upgrade = headers.get(UPGRADE)?.to_str().ok()?;
    upgrade.eq_ignore_ascii_case("websocket").then(|| headers.get(SEC_WEBSOCKET_KEY).cloned()).flatten()
}
