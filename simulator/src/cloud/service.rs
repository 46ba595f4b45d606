//! What the cloud answers: judge the credentials, see what the switches say, put it on record, reply. Apart from
//! [`super::server`], which carries requests here.

use super::auth::{AuthKind, Credentials, Verdict};
use super::{CloudEvent, CloudFaults};
use crate::journal::Journal;
use crate::lock;
use crate::reply::{self, Reply};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::http::request;
use hyper::{Method, Request, Response};
use serde_json::{Value, json};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What all connections of a cloud share.
pub(super) struct Endpoint {
    pub(super) journal: Journal<CloudEvent>,
    credentials: Credentials,
    base_url: String,
    slow_pause: Duration,
    settings: Mutex<Settings>,
}

struct Settings {
    chain: String,
    faults: CloudFaults,
    /// How many requests the faults have had their way with.
    spoilt: u32,
}

/// What a cloud is made of.
pub(super) struct Parts {
    pub(super) credentials: Credentials,
    pub(super) journal: Journal<CloudEvent>,
    pub(super) base_url: String,
    pub(super) chain: String,
    pub(super) faults: CloudFaults,
    pub(super) slow_pause: Duration,
}

impl Endpoint {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { credentials, journal, base_url, chain, faults, slow_pause } = parts;
        let settings = Mutex::new(Settings { chain, faults, spoilt: 0 });
        Self { journal, credentials, base_url, slow_pause, settings }
    }

    pub(super) fn faults(&self) -> CloudFaults {
        lock(&self.settings).faults.clone()
    }

    pub(super) fn set_faults(&self, faults: CloudFaults) {
        let mut settings = lock(&self.settings);
        settings.faults = faults;
        settings.spoilt = 0;
    }

    pub(super) fn set_chain(&self, chain: String) {
        lock(&self.settings).chain = chain;
    }

    async fn answer(&self, connection: u64, request: Request<Incoming>) -> Answered {
        let at = Instant::now();
        let (request, _no_body) = request.into_parts();
        let faults = self.faults_of_one_request();
        let skew = if let CloudFaults::ClockSkew(seconds) = faults { seconds } else { 0 };
        let (auth, verdict) = self.credentials.judge(&request, skew, faults != CloudFaults::WrongKey);
        let reply = self.reply(&request, &verdict, &faults);
        self.journal.record(received(connection, at, &request, auth, &verdict, reply.as_ref()));
        if faults == CloudFaults::Slow && verdict == Verdict::Accepted {
            tokio::time::sleep(self.slow_pause).await;
        }
        reply.ok_or(HungUp)
    }

    /// The faults for this request; those that have a number of times count it.
    fn faults_of_one_request(&self) -> CloudFaults {
        let mut settings = lock(&self.settings);
        if let CloudFaults::CloseBeforeReply { times }
        | CloudFaults::ServerError { times }
        | CloudFaults::TooMany { times, .. } = settings.faults
        {
            if settings.spoilt >= times {
                return CloudFaults::Normal;
            }
            settings.spoilt += 1;
        }
        settings.faults.clone()
    }

    fn reply(
        &self,
        request: &request::Parts,
        verdict: &Verdict,
        faults: &CloudFaults,
    ) -> Option<Response<Reply>> {
        // What stands in front of the endpoint does not look at credentials.
        match faults {
            CloudFaults::CloseBeforeReply { .. } => return None,
            CloudFaults::ServerError { .. } => return Some(failure(500, "Internal Server Error")),
            CloudFaults::TooMany { retry_after, .. } => {
                let response = failure(429, "Too Many Requests");
                return Some(match retry_after {
                    Some(seconds) => with_header(response, RETRY_AFTER, &seconds.to_string()),
                    None => response,
                });
            }
            _ => {}
        }
        let path = request.uri.path();
        Some(match (verdict, faults) {
            (Verdict::Refused { .. }, _) => failure(401, "Authentication Failed"),
            _ if path != ROOT_CA_PATH => failure(404, "Not Found"),
            _ if request.method != Method::GET => failure(405, "Method Not Allowed"),
            (_, CloudFaults::Body(body)) => reply::bytes(200, "application/json", body.clone()),
            (_, CloudFaults::Redirect) => {
                let elsewhere = format!("{}/moved{path}", self.base_url);
                with_header(failure(302, "Found"), LOCATION, &elsewhere)
            }
            (_, CloudFaults::Status412) => reply::json(412, &not_boarded()),
            _ => reply::json(200, &json!({ "certificateChain": lock(&self.settings).chain })),
        })
    }
}

fn received(
    connection: u64,
    at: Instant,
    request: &request::Parts,
    auth: AuthKind,
    verdict: &Verdict,
    reply: Option<&Response<Reply>>,
) -> CloudEvent {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    CloudEvent::Request {
        connection,
        at,
        method: request.method.to_string(),
        path: request.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        host: host.map(str::to_owned),
        auth,
        verdict: verdict.clone(),
        header_names: request.headers.keys().map(ToString::to_string).collect(),
        status: reply.map(|reply| reply.status().as_u16()),
    }
}

/// The form that the vendor gives to errors of its gateway.
fn failure(status: u16, message: &str) -> Response<Reply> {
    reply::json(status, &json!({ "response": { "rmsg": message } }))
}

/// Section 3 names the reason; the rest is ours.
fn not_boarded() -> Value {
    json!({
        "reason": "organization.not.boarded.partner",
        "message": "The organization is not boarded to the partner",
    })
}

fn with_header(mut response: Response<Reply>, name: HeaderName, value: &str) -> Response<Reply> {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Answers the requests of one connection.
pub(super) struct Service {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) connection: u64,
}

type Answered = Result<Response<Reply>, HungUp>;

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Reply>;
    type Error = HungUp;
    type Future = Pin<Box<dyn Future<Output = Answered> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (endpoint, connection) = (Arc::clone(&self.endpoint), self.connection);
        Box::pin(async move { endpoint.answer(connection, request).await })
    }
}

/// The service's wish to end the connection without a reply.
#[derive(Debug)]
pub(super) struct HungUp;

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hung up on purpose")
    }
}

impl std::error::Error for HungUp {}

/// Section 3.
const ROOT_CA_PATH: &str = "/dms/v2/devices/certificates/rootca";
