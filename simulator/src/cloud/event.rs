//! The entries of the cloud's record. Apart from the device's, because the two have nothing to do with each other.

use super::auth::{AuthKind, Verdict};
use std::time::Instant;

/// One thing that happened in the cloud, in the order in which it happened.
///
/// No entry holds a signature, a token or a secret: records end up in test logs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CloudEvent {
    /// A TCP connection was accepted.
    Connected {
        /// Number of the connection, from 1.
        connection: u64,
    },
    /// The connection is closed.
    Disconnected {
        /// Number of the connection.
        connection: u64,
    },
    /// The TLS handshake failed, on either side.
    HandshakeFailed {
        /// Number of the connection.
        connection: u64,
        /// What the TLS library said.
        reason: String,
    },
    /// A request arrived and was judged; recorded before the reply goes out.
    Request {
        /// Number of the connection.
        connection: u64,
        /// When it arrived.
        at: Instant,
        /// The method.
        method: String,
        /// The path, with the query if there is one.
        path: String,
        /// The `Host` header.
        host: Option<String>,
        /// The kind of credentials in it.
        auth: AuthKind,
        /// What the cloud thinks of the credentials, whatever a switch makes of the reply.
        verdict: Verdict,
        /// The names of its headers, in lower case.
        header_names: Vec<String>,
        /// HTTP status of the reply; none if the connection is closed instead.
        status: Option<u16>,
    },
}

impl CloudEvent {
    /// Returns the number of the connection that the entry belongs to.
    pub fn connection(&self) -> u64 {
        match self {
            Self::Connected { connection }
            | Self::Disconnected { connection }
            | Self::HandshakeFailed { connection, .. }
            | Self::Request { connection, .. } => *connection,
        }
    }
}
