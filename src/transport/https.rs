//! HTTPS requests over a verified stream: HTTP by ureq, everything below it by us.
//!
//! ureq is given a connector that hands out our [`TlsStream`], and nothing else: no resolver, no
//! proxy from the environment, no redirects, no cookies, no decompression, bounded headers and
//! body. Deadlines and interrupts work in the stream. Whether a byte of the request may have left
//! is recorded at the one place where bytes leave.

mod buffers;

use super::deadline::Deadline;
use super::tls::{SharedDeadline, TlsStream};
use super::{REPLY_BYTES_MAX, carry, cause_of, interrupt::lock};
use crate::address::Address;
use crate::error::{Error, Kind, Phase};
use crate::status::RequestState;
use buffers::WipedBuffers;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use zeroize::Zeroizing;

/// Largest header block that is read; the device's are a few hundred bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Opens the next stream, after the device has closed an idle one.
pub(crate) type Reopen = Box<dyn Fn(Deadline) -> Result<TlsStream, Error> + Send + Sync>;

/// Makes requests to one server, over one connection at a time.
pub(crate) struct HttpsClient {
    agent: ureq::Agent,
    uri: String,
    line: Arc<Line>,
}

/// A complete answer. The body may hold a key.
pub(crate) struct HttpReply {
    pub(crate) status: u16,
    /// What `Retry-After` says in seconds; its other form, a date, is not read.
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// A request header, by its name.
pub(crate) type Header = (&'static str, Zeroizing<String>);

/// What client and connector share.
struct Line {
    ready: Mutex<Option<TlsStream>>,
    reopen: Option<Reopen>,
    /// Why the connector failed; ureq's own errors have no room for it.
    failure: Mutex<Option<Error>>,
    /// Whether a byte of the present request may have left.
    sent: AtomicBool,
    deadline: Mutex<Deadline>,
    /// Where the deadline takes effect: in the stream that ureq holds now.
    effect: Mutex<Option<SharedDeadline>>,
}

impl HttpsClient {
    /// A client that begins with `stream`. Without `reopen` it is good for one connection.
    pub(crate) fn new(
        address: &Address,
        stream: TlsStream,
        deadline: Deadline,
        reopen: Option<Reopen>,
    ) -> HttpsClient {
        let config = Config::builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(HEADER_BYTES_MAX)
            .max_idle_age(std::time::Duration::MAX)
            .max_idle_connections(1)
            .user_agent(concat!("poslatch/", env!("CARGO_PKG_VERSION")))
            .build();
        let line = Arc::new(Line {
            ready: Mutex::new(Some(stream)),
            reopen,
            failure: Mutex::new(None),
            sent: AtomicBool::new(false),
            deadline: Mutex::new(deadline),
            effect: Mutex::new(None),
        });
        HttpsClient {
            agent: ureq::Agent::with_parts(config, LineConnector(line.clone()), NoResolver),
            uri: format!("https://{}{}", address.authority(), address.path),
            line,
        }
    }

    /// Sets when the next request, its reply and a reconnect before it have to be over.
    pub(crate) fn set_deadline(&self, deadline: Deadline) {
        *lock(&self.line.deadline) = deadline;
        if let Some(effect) = &*lock(&self.line.effect) {
            effect.set(deadline);
        }
    }

    /// Posts a JSON body and reads the whole answer, whatever its HTTP status.
    ///
    /// # Errors
    /// With the request state: *not sent* as long as no byte of the request was handed to TLS.
    pub(crate) fn post(&self, json: &[u8]) -> Result<HttpReply, Error> {
        self.run(|agent, uri| agent.post(uri).header("Content-Type", "application/json").send(json)).map_err(
            |error| {
                let sent = self.line.sent.load(Ordering::SeqCst);
                error.with_request_state(if sent { RequestState::InDoubt } else { RequestState::NotSent })
            },
        )
    }

    /// Asks for what the URL names, without a body, and reads the whole answer, whatever its HTTP
    /// status. It changes nothing on the server, so errors carry no request state.
    pub(crate) fn get(&self, headers: &[Header]) -> Result<HttpReply, Error> {
        self.run(|agent, uri| {
            headers.iter().fold(agent.get(uri), |get, (name, value)| get.header(*name, value.as_str())).call()
        })
    }

    fn run(
        &self,
        request: impl FnOnce(&ureq::Agent, &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<HttpReply, Error> {
        self.line.sent.store(false, Ordering::SeqCst);
        *lock(&self.line.failure) = None;
        request(&self.agent, &self.uri)
            .and_then(read_whole)
            .map_err(|error| lock(&self.line.failure).take().unwrap_or_else(|| explain(error).into()))
    }
}

fn read_whole(mut response: ureq::http::Response<ureq::Body>) -> Result<HttpReply, ureq::Error> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get("Retry-After").and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| text.trim().parse().ok());
    let limit = u64::try_from(REPLY_BYTES_MAX).unwrap_or(u64::MAX);
    // Room for any key-bearing reply at once: a vector that grows leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(32 * 1024));
    response.body_mut().with_config().limit(limit).reader().read_to_end(&mut body)?;
    Ok(HttpReply { status, retry_after_s, body })
}

fn explain(error: ureq::Error) -> Kind {
    let violation = |detail: String| Kind::ProtocolViolation { detail: crate::words::printable(&detail) };
    match error {
        ureq::Error::BodyExceedsLimit(_) => Kind::ReplyTooLarge { limit_bytes: REPLY_BYTES_MAX },
        ureq::Error::LargeResponseHeader(..) => violation("the HTTP headers are too large".into()),
        // The body reader wraps ureq's own errors once more.
        ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>())
        {
            Some(ureq::Error::BodyExceedsLimit(_)) => Kind::ReplyTooLarge { limit_bytes: REPLY_BYTES_MAX },
            Some(ureq::Error::Io(inner)) => cause_of(inner, Phase::Exchange),
            Some(inner) => violation(inner.to_string()),
            None => cause_of(&error, Phase::Exchange),
        },
        other => violation(other.to_string()),
    }
}

struct LineConnector(Arc<Line>);

impl Connector for LineConnector {
    type Out = LineTransport;

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<LineTransport>, ureq::Error> {
        let ready = lock(&self.0.ready).take();
        let mut stream = match (ready, &self.0.reopen) {
            (Some(stream), None) => stream,
            (ready, Some(reopen)) => {
                // Hours may lie between the opening and the first request; ureq checks only its own.
                match ready.and_then(|mut stream| stream.is_open().then_some(stream)) {
                    Some(stream) => stream,
                    None => reopen(*lock(&self.0.deadline)).map_err(|error| {
                        *lock(&self.0.failure) = Some(error);
                        ureq::Error::ConnectionFailed
                    })?,
                }
            }
            (None, None) => return Err(ureq::Error::ConnectionFailed),
        };
        stream.set_phase(Phase::Exchange);
        let effect = stream.shared_deadline();
        if let Some(effect) = &effect {
            effect.set(*lock(&self.0.deadline));
        }
        *lock(&self.0.effect) = effect;
        Ok(Some(LineTransport { stream, buffers: WipedBuffers::new(), line: self.0.clone() }))
    }
}

/// ureq's view of the stream.
struct LineTransport {
    stream: TlsStream,
    buffers: WipedBuffers,
    line: Arc<Line>,
}

impl Transport for LineTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.check_deadline()?;
        self.line.sent.store(true, Ordering::SeqCst);
        let output = self.buffers.output_of(amount);
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let size = match self.buffers.free_input() {
            // A line of headers or chunk sizes that fills the whole buffer is no HTTP of ours.
            [] => {
                let kind = Kind::ProtocolViolation { detail: "a line of its HTTP is too long".into() };
                return Err(carry(io::ErrorKind::InvalidData, kind).into());
            }
            free => self.stream.read(free)?,
        };
        self.buffers.input_appended(size);
        Ok(size > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// The connector knows where to go.
struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut unused = self.empty();
        unused.push(SocketAddr::from(([0, 0, 0, 0], 0)));
        Ok(unused)
    }
}

impl fmt::Debug for LineConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LineConnector")
    }
}

impl fmt::Debug for LineTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LineTransport")
    }
}

impl fmt::Debug for NoResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoResolver")
    }
}
