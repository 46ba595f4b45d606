//! The body of a request: bounded, announced as JSON, and of the shape that its route wants.

use super::READ_LIMIT;
use super::refusal::Refusal;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A JSON object.
pub(crate) struct Body(Map<String, Value>);

impl Body {
    /// Reads it. A body of no bytes is an object without members.
    pub(crate) async fn read(headers: &HeaderMap, body: Incoming) -> Result<Self, Refusal> {
        // A form of another site cannot announce this; together with the check of Origin that is two walls.
        let announced = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = announced.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::content_type());
        }
        let limited = Limited::new(body, BODY_BYTES_MAX);
        let bytes = match tokio::time::timeout(READ_LIMIT, limited.collect()).await {
            Ok(Ok(collected)) => collected.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return Err(Refusal::too_large(BODY_BYTES_MAX));
            }
            Ok(Err(_)) | Err(_) => return Err(Refusal::slow()),
        };
        if bytes.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(members) => Ok(Self(members)),
            Err(error) => Err(Refusal::bad_request(
                format!("the body is no JSON object: {error}"),
                "Send one, such as {}.",
            )),
        }
    }

    /// The object as the route wants it.
    pub(crate) fn parse<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        serde_json::from_value(Value::Object(self.0)).map_err(|error| {
            Refusal::bad_request(
                format!("the body is not what this path wants: {error}"),
                "GET /api lists what each path wants.",
            )
        })
    }

    /// The object as it is.
    pub(crate) fn members(self) -> Map<String, Value> {
        self.0
    }
}

/// As much as a message to send may be long; our own figure.
const BODY_BYTES_MAX: usize = 1024 * 1024;
