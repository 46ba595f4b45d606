//! Why a request of the control API is turned down: a status, the cause, and what to do next. A file of its own because
//! these sentences are what the writer of a script sees of the API on a bad day.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

/// A refusal, which becomes a JSON reply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) cause: String,
    pub(crate) next_step: String,
    /// The methods that there are, for the header `Allow`.
    pub(crate) allow: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, cause: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { status, cause: cause.into(), next_step: next_step.into(), allow: None }
    }

    pub(crate) fn bad_request(cause: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, cause, next_step)
    }

    pub(crate) fn conflict(cause: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, cause, next_step)
    }

    pub(crate) fn content_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is not announced as JSON",
            "Send the header \"Content-Type: application/json\".",
        )
    }

    pub(crate) fn failed(cause: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            cause,
            "Look at what the simulator has printed; start it again if it does not recover.",
        )
    }

    pub(crate) fn forbidden(cause: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, cause, next_step)
    }

    pub(crate) fn method(method: &Method, path: &str, allowed: &[&str]) -> Self {
        let allow = allowed.join(", ");
        let refusal = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{path} does not know the method {method}"),
            format!("Use {}.", allowed.join(" or ")),
        );
        Self { allow: Some(allow), ..refusal }
    }

    pub(crate) fn path(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("there is no {path:?}"),
            "GET /api lists every path with its methods.",
        )
    }

    pub(crate) fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the body did not come", "Send the whole body at once.")
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {limit} bytes"),
            "Send a smaller one.",
        )
    }

    pub(crate) fn token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong",
            "Open the URL that the simulator printed at its start, or send its token as \"Authorization: Bearer TOKEN\".",
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "error": self.cause, "nextStep": self.next_step })
    }
}
