//! The switches of the cloud: each way in which it may differ from a healthy one. A file of its own, because this is the
//! list that a tester reads.

/// How the cloud behaves. A change takes effect for the next request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloudFaults {
    /// Answers an accepted request with HTTP 200, `application/json` and these bytes.
    Body(Vec<u8>),
    /// Its clock is this many seconds fast, or slow if negative; so it looks as if the client's were slow or fast.
    ClockSkew(i64),
    /// Closes the connection in place of a reply to this many requests, then is as `Normal`.
    CloseBeforeReply {
        /// Number of requests.
        times: u32,
    },
    /// As section 3 describes it.
    Normal,
    /// Sends an accepted request to `{base URL}/moved/...` by HTTP 302, where nothing is but HTTP 401 and 404.
    Redirect,
    /// Answers this many requests with HTTP 500, whoever asks, then is as `Normal`.
    ServerError {
        /// Number of requests.
        times: u32,
    },
    /// Takes its time over the reply to an accepted request: [`crate::CloudBuilder::slow_pause`].
    Slow,
    /// Answers an accepted request with HTTP 412, reason `organization.not.boarded.partner` (section 3).
    Status412,
    /// Answers this many requests with HTTP 429, whoever asks, then is as `Normal`.
    TooMany {
        /// Seconds in the header `Retry-After`; no such header if absent.
        retry_after: Option<u32>,
        /// Number of requests.
        times: u32,
    },
    /// Knows another secret under the key's id: every request gets HTTP 401.
    WrongKey,
}
