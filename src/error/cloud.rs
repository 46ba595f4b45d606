//! What went wrong in the vendor's cloud, and the two lines for it.
//!
//! The causes are mostly those of a device, but the words and above all the advice are not: nobody
//! restarts a payment app because a firewall inspects the web. So the cloud's sentences stand here,
//! beside those of the devices in `text.rs`.

use super::kind::{Kind, Phase};
use super::text::{duration, utc, words_suffix};
use super::{Error, Status};

/// Why one try to fetch something from the cloud failed.
#[derive(Clone, Debug)]
pub(crate) enum CloudFailure {
    /// It does not accept the API credentials. `now` is this machine's clock, which they depend on.
    Authentication {
        status: u16,
        words: Option<String>,
        now: u64,
    },
    HttpStatus {
        status: u16,
        words: Option<String>,
        retry_after_s: Option<u64>,
    },
    /// Before or below HTTP, or in what was fetched.
    Other(Box<Kind>),
}

impl From<Error> for CloudFailure {
    fn from(error: Error) -> CloudFailure {
        CloudFailure::Other(Box::new(error.into_kind()))
    }
}

impl CloudFailure {
    /// The error of the whole call, after so many tries.
    pub(crate) fn at(self, host: String, tries: u32) -> Error {
        match self {
            // These are not about the cloud.
            CloudFailure::Other(kind) if matches!(*kind, Kind::Cancelled | Kind::Internal { .. }) => {
                (*kind).into()
            }
            failure => Kind::Cloud { host, tries, failure }.into(),
        }
    }

    pub(super) fn status(&self) -> Status {
        match self {
            CloudFailure::Authentication { .. } => Status::CloudAuthentication,
            CloudFailure::HttpStatus { .. } => Status::HttpStatus,
            CloudFailure::Other(kind) => kind.status(),
        }
    }

    pub(super) fn forget_words(&mut self) {
        match self {
            CloudFailure::Authentication { words, .. } | CloudFailure::HttpStatus { words, .. } => {
                *words = None
            }
            CloudFailure::Other(kind) => **kind = kind.without_words(),
        }
    }

    pub(super) fn http_status(&self) -> Option<u16> {
        match self {
            CloudFailure::Authentication { status, .. } | CloudFailure::HttpStatus { status, .. } => {
                Some(*status)
            }
            CloudFailure::Other(_) => None,
        }
    }

    pub(super) fn os_code(&self) -> Option<i32> {
        match self {
            CloudFailure::Other(kind) => kind.os_code(),
            _ => None,
        }
    }

    pub(super) fn message(&self, host: &str, tries: u32) -> String {
        let tries = if tries > 1 { format!(" ({tries} tries)") } else { String::new() };
        format!("the Root CA chain was not fetched from \"{host}\": {}{tries}", self.what())
    }

    fn what(&self) -> String {
        match self {
            CloudFailure::Authentication { status, words, now } => format!(
                "the credentials are not accepted (HTTP status {status}{}); this machine's clock says {}",
                words_suffix(words),
                utc(*now)
            ),
            CloudFailure::HttpStatus { status, words, retry_after_s } => {
                let wait = retry_after_s.map(|s| format!(", to be tried again after {s} s"));
                format!(
                    "it answered with HTTP status {status}{}{}",
                    words_suffix(words),
                    wait.unwrap_or_default()
                )
            }
            CloudFailure::Other(kind) => what_failed(kind),
        }
    }

    pub(super) fn advice(&self) -> &'static str {
        match self {
            CloudFailure::Authentication { .. } => {
                "Check merchant id, key id and shared secret: they belong together, and to one environment (test or production). Then compare this machine's clock with the right time, and set it if it is off by a minute or more."
            }
            CloudFailure::HttpStatus { status: 412, .. } => {
                "Check the merchant id: it has to be the organisation that owns the key and is set up for Acceptance Devices; with the key of a portfolio, that is the portfolio's id."
            }
            CloudFailure::HttpStatus { status: 429, .. } => {
                "Wait for some minutes, then try again; fetch the chain once and keep it, instead of at every start."
            }
            CloudFailure::HttpStatus { status: 500..=599, .. } => {
                "The cloud has a problem of its own: try again later, or download the Root CA chain in the Business Center (Acceptance Devices > Activation Codes)."
            }
            CloudFailure::HttpStatus { .. } => {
                "Check the base URL: it is the vendor's API, such as https://apitest.cybersource.com, without a path."
            }
            CloudFailure::Other(kind) => what_to_do(kind),
        }
    }
}

/// Where a device's words would be wrong, the cloud's.
fn what_failed(kind: &Kind) -> String {
    match kind {
        Kind::PeerClosed { phase, .. } => format!(
            "the connection was closed {}",
            match phase {
                Phase::Exchange => "before the reply was complete",
                _ => "during the TLS handshake",
            }
        ),
        Kind::PeerSilent { .. } => "the other side does not answer any more".into(),
        Kind::ResponseTimeout { limit, .. } => format!("no reply within {}", duration(*limit)),
        Kind::TlsVersion { detail } => format!("no TLS version or cipher in common ({detail})"),
        Kind::UnknownIssuer { subject, issuer } => format!(
            "its certificate \"{subject}\" was issued by \"{issuer}\", which does not lead to a trusted web root"
        ),
        Kind::DeviceCertificateExpired { not_after, now } => {
            format!("its certificate expired on {}; this machine's clock says {}", utc(*not_after), utc(*now))
        }
        Kind::DeviceCertificateNotYetValid { not_before, now } => format!(
            "its certificate is valid only from {}; this machine's clock says {}",
            utc(*not_before),
            utc(*now)
        ),
        Kind::DeviceCertificateUnusable { problem } => format!("its certificate cannot be used: {problem}"),
        Kind::WrongDevice { expected, found } => {
            format!("its certificate is not for {expected}, but for {}", super::text::names(found))
        }
        Kind::TillCertificateRequired { alert } | Kind::TlsAlert { alert } => {
            format!("the TLS handshake was ended with alert {alert:?}")
        }
        Kind::RootCaUnusable { problem } => format!("what came is no usable chain: {problem}"),
        Kind::ReplyTooLarge { limit_bytes } => {
            format!("the reply has more than the {limit_bytes} bytes that are accepted")
        }
        Kind::ProtocolViolation { detail } => format!("the reply is no proper HTTP: {detail}"),
        kind => kind.message(),
    }
}

fn what_to_do(kind: &Kind) -> &'static str {
    match kind {
        Kind::NameNotResolved { .. }
        | Kind::Refused { .. }
        | Kind::Unreachable { .. }
        | Kind::ConnectTimeout { .. }
        | Kind::PeerClosed { .. }
        | Kind::PeerSilent { .. }
        | Kind::ResponseTimeout { .. } => {
            "Check the base URL and that this machine may reach the internet on its port (443), without a proxy; or download the Root CA chain in the Business Center (Acceptance Devices > Activation Codes) on another machine."
        }
        Kind::UnknownIssuer { .. } => {
            "Somebody on the way answers with a certificate of their own, often a firewall that inspects TLS: have it let this host through, or give its root certificate as web root."
        }
        Kind::DeviceCertificateExpired { .. } | Kind::DeviceCertificateNotYetValid { .. } => {
            "Set this machine's clock, then try again."
        }
        Kind::RootCaUnusable { .. } | Kind::ReplyTooLarge { .. } => {
            "Check the base URL; or download the Root CA chain in the Business Center (Acceptance Devices > Activation Codes)."
        }
        _ => {
            "Check the base URL, and that nothing on the way, such as a firewall that inspects TLS, answers in its place."
        }
    }
}
