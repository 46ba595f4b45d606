//! HTTP replies and their bodies. A file of its own because one fault needs a body that stops short of the length that
//! was announced, which no ready-made body does.

use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that announces one length and may deliver less.
pub(crate) struct Reply {
    data: Bytes,
    announced: u64,
    state: State,
}

enum State {
    Data,
    Flush,
    End,
}

impl Reply {
    pub(crate) fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    fn whole(data: Bytes) -> Self {
        Self { announced: data.len() as u64, data, state: State::Data }
    }

    fn cut(data: Bytes, sent: usize) -> Self {
        Self { announced: data.len() as u64, data: data.slice(..sent.min(data.len())), state: State::Data }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match self.state {
            State::Data if !self.data.is_empty() => {
                self.state = State::Flush;
                Poll::Ready(Some(Ok(Frame::data(self.data.clone()))))
            }
            State::Data | State::Flush if self.announced > self.data.len() as u64 => {
                // The server writes out what it has when a body makes it wait, and only then may the failure come.
                self.state = State::End;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            State::End => Poll::Ready(Some(Err(CutShort))),
            State::Data | State::Flush => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.announced == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

/// The reason why a body that was to be cut short ends.
#[derive(Debug)]
pub(crate) struct CutShort;

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut short on purpose")
    }
}

impl std::error::Error for CutShort {}

/// A reply in JSON.
pub(crate) fn json(status: u16, body: &Value) -> Response<Reply> {
    bytes(status, "application/json", body.to_string().into_bytes())
}

/// A reply of any kind.
pub(crate) fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Response<Reply> {
    response(status, content_type, Reply::whole(body.into()))
}

/// A reply that ends after `sent` bytes of its body.
pub(crate) fn truncated(status: u16, content_type: &str, body: Vec<u8>, sent: usize) -> Response<Reply> {
    response(status, content_type, Reply::cut(body.into(), sent))
}

fn response(status: u16, content_type: &str, body: Reply) -> Response<Reply> {
    let mut response = Response::new(body);
    // A fault may ask for what HTTP does not know; then it gets the nearest thing to it.
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}
