//! The two lines that a person reads for each cause: what happened, and what to do now.
//!
//! All texts stand in this one file (those of the cloud in `cloud.rs`, of a search in `not_found.rs`) so that they can be read aloud, one
//! after the other. Messages
//! are lower-case fragments with the facts in quotes; advice is whole sentences for a shop's
//! support desk. Words that come from the device are shortened and stripped of control characters
//! where they are taken in, not here.

use super::kind::{Kind, OsError, Phase};
use super::not_found;
use crate::status::RequestState;
use std::time::Duration;
use x509_cert::der::DateTime;

/// A moment as people write it, `2026-11-24T16:28:13Z`; the number itself when it is out of range.
pub(crate) fn utc(unix_seconds: u64) -> String {
    DateTime::from_unix_duration(Duration::from_secs(unix_seconds))
        .map(|time| time.to_string())
        .unwrap_or_else(|_| format!("{unix_seconds} s after 1970"))
}

impl Kind {
    pub(crate) fn message(&self) -> String {
        match self {
            Kind::Argument { name, problem } => format!("argument \"{name}\": {problem}"),
            Kind::CodeMalformed { characters } => {
                format!("the setup code has {characters} characters instead of 8")
            }
            Kind::Closed => "the connection was closed".into(),
            Kind::GivenUp => "the connection was given up when an exchange on it ended in doubt".into(),
            Kind::Busy { what } => format!("the connection is busy: {what}"),
            Kind::RequestNotJson { problem } => format!("the request is not a device message: {problem}"),
            Kind::RequestTooLarge { size_bytes, limit_bytes } => {
                format!("the request has {size_bytes} bytes, more than the {limit_bytes} that are sent")
            }
            Kind::File { path, action, os } => format!("cannot {action} \"{path}\": {}", os.text),
            Kind::PassphraseNeeded => "the identity's key is encrypted and no passphrase was given".into(),
            Kind::PassphraseWrong => "the passphrase does not open the identity's key".into(),
            Kind::RootCaMissing => "no Root CA chain was given for the device".into(),
            Kind::RootCaUnusable { problem } => format!("the Root CA chain cannot be used: {problem}"),
            Kind::IdentityUnusable { problem } => format!("the identity cannot be used: {problem}"),

            Kind::NameNotResolved { host, os } => {
                format!("the name \"{host}\" was not resolved: {}", os.text)
            }
            Kind::Refused { address, .. } => format!("connection refused by {address}"),
            Kind::Unreachable { address, os } => format!("{address} cannot be reached: {}", os.text),
            Kind::ConnectTimeout { address, limit } => {
                format!("no connection to {address} within {}", duration(*limit))
            }
            Kind::PeerClosed { phase, os } => {
                format!("the device closed the connection {}{}", during(*phase), os_suffix(os))
            }
            Kind::WebSocketClosed { code, reason } if reason.is_empty() => {
                format!("the device closed the WebSocket with code {code}")
            }
            Kind::WebSocketClosed { code, reason } => {
                format!("the device closed the WebSocket with code {code}: \"{reason}\"")
            }
            Kind::ResponseTimeout { phase, limit } => {
                format!("the device stayed silent for {} {}", duration(*limit), during(*phase))
            }
            Kind::ExchangeTimeout { limit } => {
                format!("the device sent no final reply within {}", duration(*limit))
            }
            Kind::PeerSilent { quiet: Some(quiet) } => {
                format!("the device has answered nothing, not even pings, for {}", duration(*quiet))
            }
            Kind::PeerSilent { quiet: None } => {
                "the device's machine does not answer any more, by the operating system's own probes".into()
            }
            Kind::DeviceNotFound { name, tried, total, .. } => not_found::message(name, *tried, *total),

            Kind::NotTls { address } => format!("{address} answered, but not in TLS"),
            Kind::TlsVersion { detail } => {
                format!("no TLS version or cipher in common with the device ({detail})")
            }
            Kind::UnknownIssuer { subject, issuer } => format!(
                "the device's certificate \"{subject}\" was issued by \"{issuer}\", which does not lead to the given Root CA chain"
            ),
            Kind::DeviceCertificateExpired { not_after, now } => format!(
                "the device's certificate expired on {}; this machine's clock says {}",
                utc(*not_after),
                utc(*now)
            ),
            Kind::DeviceCertificateNotYetValid { not_before, now } => format!(
                "the device's certificate is valid only from {}; this machine's clock says {}",
                utc(*not_before),
                utc(*now)
            ),
            Kind::DeviceCertificateUnusable { problem } => {
                format!("the device's certificate cannot be used: {problem}")
            }
            Kind::WrongDevice { expected, found } => {
                format!("wrong device: expected {expected}, found {}", names(found))
            }
            Kind::TillCertificateRejected { alert: Some(alert) } => {
                format!("the device rejected the till's certificate (TLS alert {alert:?})")
            }
            Kind::TillCertificateRejected { alert: None } => {
                "the device rejected the till's certificate (connection closed without an alert)".into()
            }
            Kind::TillCertificateExpired { not_after, now } => format!(
                "the device rejected the till's certificate, which expired on {}; this machine's clock says {}",
                utc(*not_after),
                utc(*now)
            ),
            Kind::TillCertificateRequired { alert } => {
                format!(
                    "the device asks for a till certificate where none can be shown (TLS alert {alert:?})"
                )
            }
            Kind::TlsAlert { alert } => format!("the device ended the TLS handshake with alert {alert:?}"),
            Kind::TlsFailed { detail } => format!("TLS failed: {detail}"),

            Kind::PairingRejected { http_status, words, .. } => {
                format!("the device refused to pair{}{}", status_suffix(*http_status), words_suffix(words))
            }
            Kind::PairingReplyUnusable { problem } => {
                format!("the device's pairing reply cannot be used: {problem}")
            }
            Kind::PairingReplyLost { cause } => {
                format!("the setup code was sent, but no whole reply came back: {}", cause.message())
            }

            Kind::HttpStatus { status, words } => {
                format!("the device answered with HTTP status {status}{}", words_suffix(words))
            }
            Kind::WebSocketRefused { http_status } => {
                format!("the device refused the WebSocket with HTTP status {http_status}")
            }
            Kind::Cloud { host, tries, failure } => failure.message(host, *tries),

            Kind::ReplyTooLarge { limit_bytes } => {
                format!("the device sent more than the {limit_bytes} bytes that are accepted")
            }
            Kind::ReplyNotJson { problem } => format!("the device sent an unreadable message: {problem}"),
            Kind::ProtocolViolation { detail } => format!("the device broke the protocol: {detail}"),

            Kind::Cancelled => "the call was interrupted from another thread".into(),
            Kind::Internal { detail } => format!("internal error: {detail}"),
        }
    }

    pub(crate) fn advice(&self, request: RequestState) -> String {
        if request == RequestState::InDoubt && !matches!(self, Kind::PairingReplyLost { .. }) {
            return self.advice_in_doubt();
        }
        match self {
            Kind::Argument { .. } => "Correct the argument; the header poslatch.h says what it takes.",
            Kind::CodeMalformed { .. } => {
                "Type the eight characters exactly as the device shows them under Generate Code."
            }
            Kind::Closed => "Open a new connection.",
            Kind::GivenUp => {
                "Find out about the request that is in doubt (the recover function); that, like every exchange, connects again by itself."
            }
            Kind::Busy { .. } => {
                "Wait for the running call to return, or send a CancelRequest with the send function."
            }
            Kind::RequestNotJson { .. } => {
                "Send one JSON object with a string member \"type\", for example \"PaymentRequest\"."
            }
            Kind::RequestTooLarge { .. } => "Send less, for example a smaller image.",
            Kind::File { .. } => "Check that the path is right and that this user may use it.",
            Kind::PassphraseNeeded | Kind::PassphraseWrong => {
                "Give the passphrase that the identity was saved with; without it, pair again."
            }
            Kind::RootCaMissing => {
                "Download the Root CA chain in the Business Center (Acceptance Devices > Activation Codes) and give it to the library."
            }
            Kind::RootCaUnusable { .. } => {
                "Download the Root CA chain again in the Business Center (Acceptance Devices > Activation Codes), and use that file as it is."
            }
            Kind::IdentityUnusable { .. } => "Use the file that pairing saved, unchanged, or pair again.",

            Kind::NameNotResolved { .. } => {
                "Use the address that the device shows under Generate Code > Details, for example https://192.168.1.50:8443/."
            }
            Kind::Refused { .. } => {
                "Check that the payment app is open and its server started, and that address and port are those shown under Generate Code > Details."
            }
            Kind::Unreachable { .. } => {
                "Check that till and device are on the same network, and the address shown under Generate Code > Details."
            }
            Kind::ConnectTimeout { .. } => {
                "Check that the device is switched on, on the same network, and has the address shown under Generate Code > Details; then look for a firewall in between."
            }
            Kind::PeerClosed { .. } | Kind::WebSocketClosed { .. } => {
                "The device may still be starting its server: wait ten seconds and try again; then restart the payment app."
            }
            Kind::PeerSilent { .. } => {
                "Check that the device is switched on, awake and in reach of the Wi-Fi; the next exchange connects again by itself."
            }
            Kind::DeviceNotFound { sightings, .. } => return not_found::advice(sightings),
            Kind::ResponseTimeout { .. } | Kind::ExchangeTimeout { .. } => {
                "Check whether the device shows an error or is offline, then try again."
            }

            Kind::NotTls { .. } => {
                "Check the port: it is the one shown under Generate Code > Details (8443 unless changed)."
            }
            Kind::TlsVersion { .. } => {
                "Update the payment app: versions before 1.3.0 speak only outdated TLS. Check that the address is the device's."
            }
            Kind::UnknownIssuer { .. } => {
                "Use the Root CA chain of the same environment (test or production) as the device. If it is the right one, somebody else answers at this address: do not pair."
            }
            Kind::DeviceCertificateExpired { .. } => {
                "If this machine's clock is wrong, set it. Otherwise activate the device again to renew its certificate."
            }
            Kind::DeviceCertificateNotYetValid { .. } => "Set this machine's clock, then try again.",
            Kind::DeviceCertificateUnusable { .. } => {
                "Check that the address is the device's; if it is, activate the device again to renew its certificate."
            }
            Kind::WrongDevice { .. } => {
                "Check the address of the device, or pair again if the device was replaced."
            }
            Kind::TillCertificateRejected { alert: None } => {
                "The device may still be starting its server: wait ten seconds and try again. If it persists, pair again: the device no longer knows this till."
            }
            Kind::TillCertificateRejected { .. } => {
                "Pair again: the device no longer knows this till, or the identity belongs to another device."
            }
            Kind::TillCertificateExpired { .. } => {
                "If this machine's clock is right, pair again to get a new certificate; otherwise set the clock."
            }
            Kind::TillCertificateRequired { .. } => {
                "Open POS Setup > Generate Code on the device, which lets new tills in, and try again; for payments, pair first and open with the identity."
            }
            Kind::TlsAlert { .. } | Kind::TlsFailed { .. } => {
                "Check that the address is the device's, and restart the payment app; if it persists, send this message to support."
            }

            Kind::PairingRejected { http_status: Some(500), pos_id_is_numeric: false, .. } => {
                "Some app versions accept only digits as posId: use digits, ask the device for a new code, and pair again."
            }
            Kind::PairingRejected { .. } => {
                "Ask the device for a new code (Generate Code) and enter it before its time runs out."
            }
            Kind::PairingReplyUnusable { .. } => {
                "The code is spent: ask the device for a new one and pair again. If it happens again, send this message to support."
            }
            Kind::PairingReplyLost { .. } => {
                "Take the code as spent, even if the device still shows it: ask for a new one and pair again."
            }

            Kind::Cloud { failure, .. } => failure.advice(),

            Kind::HttpStatus { .. } => {
                "Check that the address is the device's and that the payment app is up to date."
            }
            Kind::WebSocketRefused { http_status: 401 | 403 } => {
                "Pair again: the device does not let this till in."
            }
            Kind::WebSocketRefused { .. } => {
                "Check that the address is the device's; the device may still be starting its server: wait ten seconds and try again."
            }
            Kind::ReplyTooLarge { .. } | Kind::ReplyNotJson { .. } | Kind::ProtocolViolation { .. } => {
                "Check that the address is the device's and that the payment app is up to date; if both are right, send this message to support."
            }

            Kind::Cancelled => "Nothing is wrong: the program asked for it.",
            Kind::Internal { .. } => {
                "This is a fault of the library: please report this message with the library's version."
            }
        }
        .into()
    }

    /// After a request may have left, the cause matters less than not charging twice.
    fn advice_in_doubt(&self) -> String {
        "Do not repeat the request: it may have gone through. Look it up by its merchantReferenceCode first \
         (the recover function, or a TransactionLookupRequest)."
            .into()
    }
}

fn during(phase: Phase) -> &'static str {
    match phase {
        Phase::Handshake => "during the TLS handshake",
        Phase::WebSocketUpgrade => "while the WebSocket was being opened",
        Phase::Acceptance => "before it accepted the till's certificate",
        Phase::Exchange => "before its reply was complete",
    }
}

pub(super) fn duration(limit: Duration) -> String {
    if limit.subsec_millis() == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{} ms", limit.as_millis())
    }
}

pub(super) fn names(found: &[String]) -> String {
    if found.is_empty() {
        return "a certificate without any name".into();
    }
    // A certificate has room for thousands.
    const NAMES_MAX: usize = 4;
    let mut names =
        found.iter().take(NAMES_MAX).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = found.len().checked_sub(NAMES_MAX) {
        names.push_str(&format!(" and {more} more"));
    }
    names
}

fn os_suffix(os: &Option<OsError>) -> String {
    os.as_ref().map(|os| format!(" ({})", os.text)).unwrap_or_default()
}

fn status_suffix(http_status: Option<u16>) -> String {
    http_status.map(|status| format!(" with HTTP status {status}")).unwrap_or_default()
}

pub(super) fn words_suffix(words: &Option<String>) -> String {
    words.as_ref().map(|words| format!(": \"{words}\"")).unwrap_or_default()
}
