//! Replies of the control API, and the headers that every one of them has. Apart from the replies of the device, which may
//! be wrong on purpose.

use super::refusal::Refusal;
use futures_util::Stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde_json::Value;
use std::convert::Infallible;

pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

pub(crate) fn json(value: &Value) -> Answer {
    text("application/json", format!("{value}\n"))
}

pub(crate) fn refusal(refusal: &Refusal) -> Answer {
    let mut answer = json(&refusal.to_json());
    *answer.status_mut() = refusal.status;
    if let Some(allow) = refusal.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
        answer.headers_mut().insert(ALLOW, allow);
    }
    answer
}

pub(crate) fn text(content_type: &'static str, text: impl Into<Bytes>) -> Answer {
    with_headers(content_type, Full::new(text.into()).boxed_unsync())
}

/// A body that goes on for as long as the browser listens.
pub(crate) fn stream(
    content_type: &'static str,
    chunks: impl Stream<Item = Bytes> + Send + 'static,
) -> Answer {
    use futures_util::StreamExt as _;
    let frames = chunks.map(|chunk| Ok(Frame::data(chunk)));
    with_headers(content_type, StreamBody::new(frames).boxed_unsync())
}

fn with_headers(content_type: &'static str, body: UnsyncBoxBody<Bytes, Infallible>) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::OK;
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A setup code or a till's key must stay in no cache and no log of another site; nothing of this may be framed. No
/// header of CORS is among them: nobody else is to read this.
const HEADERS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];
