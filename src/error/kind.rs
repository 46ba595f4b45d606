//! The facts behind an error, one variant for each cause that can be told apart.
//!
//! Apart from the texts, so that the code that fails only has to name what it knows.

use super::cloud::CloudFailure;
use super::not_found::Sighting;
use crate::status::Status;
use rustls::AlertDescription;
use std::net::SocketAddr;
use std::time::Duration;

/// The part of a call's work during which something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// TLS handshake.
    Handshake,
    /// Opening of the WebSocket on a finished TLS connection.
    WebSocketUpgrade,
    /// Waiting until the device has judged the till's certificate.
    Acceptance,
    /// Request and reply.
    Exchange,
}

/// A cause, with the facts that the texts need. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Argument {
        name: &'static str,
        problem: String,
    },
    CodeMalformed {
        characters: usize,
    },
    Closed,
    /// Given up by this side, because an exchange on it ended in doubt.
    GivenUp,
    Busy {
        what: &'static str,
    },
    RequestNotJson {
        problem: String,
    },
    RequestTooLarge {
        size_bytes: usize,
        limit_bytes: usize,
    },
    File {
        path: String,
        action: &'static str,
        os: OsError,
    },
    PassphraseNeeded,
    PassphraseWrong,
    RootCaMissing,
    RootCaUnusable {
        problem: String,
    },
    IdentityUnusable {
        problem: String,
    },

    NameNotResolved {
        host: String,
        os: OsError,
    },
    Refused {
        address: SocketAddr,
        os: OsError,
    },
    Unreachable {
        address: SocketAddr,
        os: OsError,
    },
    ConnectTimeout {
        address: String,
        limit: Duration,
    },
    PeerClosed {
        phase: Phase,
        os: Option<OsError>,
    },
    WebSocketClosed {
        code: u16,
        reason: String,
    },
    ResponseTimeout {
        phase: Phase,
        limit: Duration,
    },
    /// No final reply within the absolute limit, however much the device said.
    ExchangeTimeout {
        limit: Duration,
    },
    /// It leaves pings unanswered; by the till's own, or by those of the operating system.
    PeerSilent {
        quiet: Option<Duration>,
    },
    /// Of `total` addresses, fewer were asked if the time was over.
    DeviceNotFound {
        name: String,
        tried: usize,
        total: usize,
        sightings: Vec<Sighting>,
    },

    NotTls {
        address: String,
    },
    TlsVersion {
        detail: String,
    },
    UnknownIssuer {
        subject: String,
        issuer: String,
    },
    DeviceCertificateExpired {
        not_after: u64,
        now: u64,
    },
    DeviceCertificateNotYetValid {
        not_before: u64,
        now: u64,
    },
    DeviceCertificateUnusable {
        problem: String,
    },
    WrongDevice {
        expected: String,
        found: Vec<String>,
    },
    TillCertificateRejected {
        alert: Option<AlertDescription>,
    },
    TillCertificateExpired {
        not_after: u64,
        now: u64,
    },
    TillCertificateRequired {
        alert: AlertDescription,
    },
    TlsAlert {
        alert: AlertDescription,
    },
    TlsFailed {
        detail: String,
    },

    PairingRejected {
        http_status: Option<u16>,
        words: Option<String>,
        pos_id_is_numeric: bool,
    },
    PairingReplyUnusable {
        problem: String,
    },
    PairingReplyLost {
        cause: Box<Kind>,
    },

    Cloud {
        host: String,
        tries: u32,
        failure: CloudFailure,
    },

    HttpStatus {
        status: u16,
        words: Option<String>,
    },
    WebSocketRefused {
        http_status: u16,
    },
    ReplyTooLarge {
        limit_bytes: usize,
    },
    ReplyNotJson {
        problem: String,
    },
    ProtocolViolation {
        detail: String,
    },

    Cancelled,
    Internal {
        detail: String,
    },
}

/// What the operating system said, kept in a form that can be copied.
#[derive(Clone, Debug)]
pub(crate) struct OsError {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

impl From<&std::io::Error> for OsError {
    fn from(error: &std::io::Error) -> OsError {
        OsError { code: error.raw_os_error(), text: error.to_string() }
    }
}

impl Kind {
    pub(crate) fn file(path: &std::path::Path, action: &'static str, error: &std::io::Error) -> Kind {
        Kind::File { path: path.display().to_string(), action, os: error.into() }
    }

    pub(crate) fn status(&self) -> Status {
        match self {
            Kind::Argument { .. } => Status::Argument,
            Kind::CodeMalformed { .. } => Status::CodeMalformed,
            Kind::Closed => Status::Closed,
            Kind::Busy { .. } => Status::Busy,
            Kind::RequestNotJson { .. } => Status::RequestNotJson,
            Kind::RequestTooLarge { .. } => Status::RequestTooLarge,
            Kind::File { .. } => Status::File,
            Kind::PassphraseNeeded | Kind::PassphraseWrong => Status::Passphrase,
            Kind::RootCaMissing | Kind::RootCaUnusable { .. } => Status::RootCaUnusable,
            Kind::IdentityUnusable { .. } => Status::IdentityUnusable,
            Kind::NameNotResolved { .. } => Status::NameNotResolved,
            Kind::Refused { .. } => Status::Refused,
            Kind::Unreachable { .. } => Status::Unreachable,
            Kind::ConnectTimeout { .. } => Status::ConnectTimeout,
            // Lost, as if the device had closed it; CLOSED is for good.
            Kind::PeerClosed { .. } | Kind::WebSocketClosed { .. } | Kind::GivenUp => Status::PeerClosed,
            Kind::ResponseTimeout { .. } | Kind::ExchangeTimeout { .. } => Status::ResponseTimeout,
            Kind::PeerSilent { .. } => Status::PeerSilent,
            Kind::DeviceNotFound { .. } => Status::DeviceNotFound,
            Kind::NotTls { .. } => Status::NotTls,
            Kind::TlsVersion { .. } => Status::TlsVersion,
            Kind::UnknownIssuer { .. } => Status::UnknownIssuer,
            Kind::DeviceCertificateExpired { .. } => Status::DeviceCertificateExpired,
            Kind::DeviceCertificateNotYetValid { .. } => Status::DeviceCertificateNotYetValid,
            Kind::DeviceCertificateUnusable { .. } => Status::DeviceCertificateUnusable,
            Kind::WrongDevice { .. } => Status::WrongDevice,
            Kind::TillCertificateRejected { .. } => Status::TillCertificateRejected,
            Kind::TillCertificateExpired { .. } => Status::TillCertificateExpired,
            Kind::TillCertificateRequired { .. } => Status::TillCertificateRequired,
            Kind::TlsAlert { .. } | Kind::TlsFailed { .. } => Status::TlsFailed,
            Kind::PairingRejected { .. } => Status::PairingRejected,
            Kind::PairingReplyUnusable { .. } => Status::PairingReplyUnusable,
            // Whoever interrupts a call waits for this status; the text still speaks of the code.
            Kind::PairingReplyLost { cause } if matches!(**cause, Kind::Cancelled) => Status::Cancelled,
            Kind::PairingReplyLost { .. } => Status::PairingReplyLost,
            Kind::Cloud { failure, .. } => failure.status(),
            Kind::HttpStatus { .. } | Kind::WebSocketRefused { .. } => Status::HttpStatus,
            Kind::ReplyTooLarge { .. } => Status::ReplyTooLarge,
            Kind::ReplyNotJson { .. } => Status::ReplyNotJson,
            Kind::ProtocolViolation { .. } => Status::ProtocolViolation,
            Kind::Cancelled => Status::Cancelled,
            Kind::Internal { .. } => Status::Internal,
        }
    }

    /// The same cause without the device's own words.
    pub(crate) fn without_words(&self) -> Kind {
        let mut kind = self.clone();
        match &mut kind {
            Kind::PairingRejected { words, .. } | Kind::HttpStatus { words, .. } => *words = None,
            Kind::WebSocketClosed { reason, .. } => reason.clear(),
            Kind::PairingReplyLost { cause } => **cause = cause.without_words(),
            Kind::Cloud { failure, .. } => failure.forget_words(),
            _ => {}
        }
        kind
    }

    pub(crate) fn http_status(&self) -> Option<u16> {
        match self {
            Kind::PairingRejected { http_status, .. } => *http_status,
            Kind::HttpStatus { status, .. } => Some(*status),
            Kind::WebSocketRefused { http_status } => Some(*http_status),
            Kind::PairingReplyLost { cause } => cause.http_status(),
            Kind::Cloud { failure, .. } => failure.http_status(),
            _ => None,
        }
    }

    pub(crate) fn os_code(&self) -> Option<i32> {
        match self {
            Kind::File { os, .. }
            | Kind::NameNotResolved { os, .. }
            | Kind::Refused { os, .. }
            | Kind::Unreachable { os, .. } => os.code,
            Kind::PeerClosed { os, .. } => os.as_ref().and_then(|os| os.code),
            Kind::PairingReplyLost { cause } => cause.os_code(),
            Kind::Cloud { failure, .. } => failure.os_code(),
            _ => None,
        }
    }
}
