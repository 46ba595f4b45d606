//! The record's entries: what a test may prove about a device. Apart from the journal that keeps them, because this is
//! the vocabulary of tests in other crates.

mod json;

use crate::Display;
use std::net::SocketAddr;
use std::time::SystemTime;

/// One thing that happened on the device, in the order in which it happened.
///
/// No entry holds a setup code or a key: records end up in test logs. Types, details, reasons and the posIds of pairing
/// requests are cut off at 300 characters, since any stranger can send 4 MiB of them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Decrypted application bytes arrived.
    ///
    /// Recorded at each read and once more, with the same total, before [`Event::Disconnected`]; so a connection on
    /// which not one byte arrived has exactly one such entry, with a total of 0.
    ApplicationBytes {
        /// Number of the connection.
        connection: u64,
        /// Bytes received so far on this connection, counted behind TLS.
        total: u64,
    },
    /// A close frame arrived.
    CloseReceived {
        /// Number of the connection.
        connection: u64,
        /// Its close code, if it had one.
        code: Option<u16>,
    },
    /// The screen shows a new setup code (section 2). The code itself is only given by `Simulator::setup_code`.
    CodeShown {
        /// Seconds until it lapses.
        valid_seconds: u64,
    },
    /// A TCP connection was accepted.
    Connected {
        /// Number of the connection, from 1.
        connection: u64,
        /// The other end.
        peer: SocketAddr,
    },
    /// The connection is closed and its last byte has been read.
    Disconnected {
        /// Number of the connection.
        connection: u64,
    },
    /// The device's screen shows something else than before. The steps of a status flood are not on record.
    DisplayChanged(Display),
    /// The TLS handshake succeeded as the device sees it.
    Handshake {
        /// Number of the connection.
        connection: u64,
        /// The server name that the till asked for.
        sni: Option<String>,
        /// `TLSv1.2` or `TLSv1.3`.
        tls_version: String,
        /// The posId of the till's certificate, if one was presented.
        client_certificate: Option<String>,
        /// How many certificates the till presented.
        client_chain_len: usize,
        /// Whether an earlier session was resumed.
        resumed: bool,
    },
    /// The TLS handshake failed, on either side.
    HandshakeFailed {
        /// Number of the connection.
        connection: u64,
        /// What the TLS library said.
        reason: String,
    },
    /// A request of the channel arrived (sections 5 and 6).
    MessageReceived {
        /// Number of the connection.
        connection: u64,
        /// Its `type`, empty if it has none.
        kind: String,
        /// Amount or reference, for people.
        detail: Option<String>,
    },
    /// A message of the channel was handed to the connection. Those of a status flood are not on record.
    MessageSent {
        /// Number of the connection.
        connection: u64,
        /// Its `type`, empty if it has none or is not JSON.
        kind: String,
        /// Status or message, for people.
        detail: Option<String>,
    },
    /// A till was issued a key and a certificate (section 2).
    Paired {
        /// Number of the connection; 0 if `Simulator::issue_till` was called.
        connection: u64,
        /// The posId of the till.
        pos_id: String,
        /// End of the certificate's validity.
        not_after: SystemTime,
    },
    /// A pairing request was judged (section 2).
    PairingRequested {
        /// Number of the connection.
        connection: u64,
        /// The posId of the request, empty if it has none.
        pos_id: String,
        /// Whether the code was right and the posId acceptable.
        accepted: bool,
    },
    /// A payment ended on the device, whether or not its till is still there to hear of it (section 5).
    PaymentEnded {
        /// Its `merchantReferenceCode`.
        reference: String,
        /// Its `processingDetails.status`, such as `APPROVED`.
        status: String,
    },
    /// A ping arrived; whether it was answered is a matter of [`crate::Faults::answer_pings`].
    PingReceived {
        /// Number of the connection.
        connection: u64,
    },
    /// No pong had come when the next ping was due, and the device gave the connection up.
    PongMissed {
        /// Number of the connection.
        connection: u64,
    },
    /// A pong arrived, in answer to a ping of the device. Those of a ping flood are not on record.
    PongReceived {
        /// Number of the connection.
        connection: u64,
    },
    /// A final reply is held back, and can be released now.
    ReplyHeld {
        /// Number of the connection that the request came from.
        connection: u64,
        /// Its `type`.
        kind: String,
    },
    /// A final reply found its connection gone.
    ReplyLost {
        /// Number of the connection that the request came from.
        connection: u64,
        /// Its `type`.
        kind: String,
    },
    /// A request was turned down.
    Refused {
        /// Number of the connection.
        connection: u64,
        /// The text that the till was given.
        reason: String,
    },
    /// A till was taken off the list, by [`crate::Simulator::revoke_till`] or because of [`crate::Faults::pos_id_reuse`].
    TillRevoked {
        /// The posId of the till.
        pos_id: String,
        /// SHA-256 of its certificate, in hexadecimal digits.
        fingerprint: String,
    },
    /// A WebSocket was opened (section 5).
    WebSocketOpened {
        /// Number of the connection.
        connection: u64,
    },
}

impl Event {
    /// Returns the number of the connection that the entry belongs to.
    pub fn connection(&self) -> Option<u64> {
        match self {
            Self::CodeShown { .. }
            | Self::DisplayChanged(_)
            | Self::PaymentEnded { .. }
            | Self::TillRevoked { .. } => None,
            Self::ApplicationBytes { connection, .. }
            | Self::CloseReceived { connection, .. }
            | Self::Connected { connection, .. }
            | Self::Disconnected { connection }
            | Self::Handshake { connection, .. }
            | Self::HandshakeFailed { connection, .. }
            | Self::MessageReceived { connection, .. }
            | Self::MessageSent { connection, .. }
            | Self::Paired { connection, .. }
            | Self::PairingRequested { connection, .. }
            | Self::PingReceived { connection }
            | Self::PongMissed { connection }
            | Self::PongReceived { connection }
            | Self::ReplyHeld { connection, .. }
            | Self::ReplyLost { connection, .. }
            | Self::Refused { connection, .. }
            | Self::WebSocketOpened { connection } => Some(*connection),
        }
    }
}
