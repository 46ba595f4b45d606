//! `docs/errors.md`: every status with a message and an advice as a shop would see them.
//!
//! The page is made from the texts themselves, so that reviewing it is reviewing the product, and a
//! test keeps it fresh. Only tests build this file.

use super::cloud::CloudFailure;
use super::kind::{Kind, OsError, Phase};
use super::not_found::Sighting;
use crate::status::{RequestState, Status};
use rustls::AlertDescription;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");

/// Set by `cargo xtask errors` to write the page instead of comparing it.
const WRITE: &str = "POSLATCH_WRITE_PAGES";

/// Tuesday, 24 November 2026, and a year around it.
const NOW: u64 = 1_795_532_400;
const YEAR: u64 = 365 * 86_400;

#[test]
fn the_errors_page_says_what_the_library_says() {
    let page = page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(PAGE, &page).expect("docs/errors.md can be written");
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert_eq!(found, page, "docs/errors.md is not fresh: run `cargo xtask errors` and read the difference");
}

#[test]
fn every_status_has_an_example() {
    let shown: Vec<Status> = examples().iter().map(|(kind, _)| kind.status()).collect();
    let missing: Vec<_> = Status::ALL.iter().filter(|status| !shown.contains(status)).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

#[test]
fn messages_are_one_lower_case_line_and_advice_is_sentences() {
    for (kind, request) in examples() {
        let (message, advice) = (kind.message(), kind.advice(request));
        assert!(!message.contains('\n') && !message.ends_with('.'), "{message}");
        assert!(!message.starts_with(|c: char| c.is_uppercase() && !message.starts_with("TLS")), "{message}");
        assert!(!advice.contains('\n') && advice.ends_with('.'), "{advice}");
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Errors\n\n\
         What the library says in each case, and what to do. Branch on the category, show message and advice,\n\
         log the name. The numbers never change. Names, addresses and dates below are examples.\n\n\
         After the request of a payment may have left, every error is **in doubt**, whatever its status, and\n\
         its advice is this:\n\n",
    );
    let in_doubt = Kind::PeerClosed { phase: Phase::Exchange, os: None };
    let _ = writeln!(page, "> {}\n", in_doubt.advice(RequestState::InDoubt));
    let _ = writeln!(page, "Made by `cargo xtask errors` from `src/error/text.rs`; do not edit.");
    for status in Status::ALL {
        let name = status.name();
        let _ = write!(page, "\n## {name} ({})\n\nCategory {:?}.\n", status.code(), status.category());
        for (kind, request) in examples().iter().filter(|(kind, _)| kind.status() == *status) {
            let _ = write!(page, "\n- `{}`  \n  {}\n", kind.message(), kind.advice(*request));
        }
    }
    page
}

/// One of every cause, in no order: the page sorts them by status.
fn examples() -> Vec<(Kind, RequestState)> {
    let address = SocketAddr::from(([192, 168, 1, 50], 8443));
    let shown = || address.to_string();
    let os = |code: i32, text: &str| OsError { code: Some(code), text: text.into() };
    let words = || Some("Invalid setup code".to_owned());
    let seconds = Duration::from_secs;
    let none = RequestState::None;
    let cloud = |failure| Kind::Cloud { host: "api.cybersource.com".into(), tries: 3, failure };
    let examples = vec![
        Kind::Argument {
            name: "url",
            problem: "it has to begin with https:// or wss://, in \"192.168.1.50\"".into(),
        },
        Kind::CodeMalformed { characters: 7 },
        Kind::Closed,
        Kind::GivenUp,
        Kind::Busy { what: "an exchange is running; only a CancelRequest may overtake it" },
        Kind::RequestNotJson { problem: "it has no string member \"type\"".into() },
        Kind::RequestTooLarge { size_bytes: 2_000_000, limit_bytes: 1_048_576 },
        Kind::File {
            path: "till.pem".into(),
            action: "read",
            os: os(2, "No such file or directory (os error 2)"),
        },
        Kind::PassphraseNeeded,
        Kind::PassphraseWrong,
        Kind::RootCaMissing,
        Kind::RootCaUnusable { problem: "block 1 (\"1850000123\") is not a CA certificate".into() },
        Kind::IdentityUnusable { problem: "block 4 (CERTIFICATE) is cut off".into() },
        Kind::NameNotResolved {
            host: "terminal-7".into(),
            os: os(0, "failed to lookup address information: Name or service not known"),
        },
        Kind::Refused { address, os: os(111, "Connection refused (os error 111)") },
        Kind::Unreachable { address, os: os(113, "No route to host (os error 113)") },
        Kind::ConnectTimeout { address: shown(), limit: seconds(10) },
        Kind::PeerClosed {
            phase: Phase::Handshake,
            os: Some(os(104, "Connection reset by peer (os error 104)")),
        },
        Kind::PeerClosed { phase: Phase::WebSocketUpgrade, os: None },
        Kind::WebSocketClosed { code: 1011, reason: "restarting".into() },
        Kind::ResponseTimeout { phase: Phase::Exchange, limit: seconds(180) },
        Kind::ExchangeTimeout { limit: seconds(600) },
        Kind::PeerSilent { quiet: Some(seconds(30)) },
        Kind::PeerSilent { quiet: None },
        Kind::DeviceNotFound {
            name: "1850000123.cybs.seclib.io".into(),
            tried: 254,
            total: 254,
            sightings: Vec::new(),
        },
        Kind::DeviceNotFound {
            name: "1850000123.cybs.seclib.io".into(),
            tried: 254,
            total: 254,
            sightings: vec![
                Sighting {
                    address: SocketAddr::from(([192, 168, 1, 57], 8443)),
                    status: Status::WrongDevice,
                    device_name: Some("1850000999.cybs.seclib.io".into()),
                    message: String::new(),
                },
                Sighting {
                    address: SocketAddr::from(([192, 168, 1, 58], 8443)),
                    status: Status::UnknownIssuer,
                    device_name: None,
                    message: Kind::UnknownIssuer {
                        subject: "1850000123".into(),
                        issuer: "Somebody's CA".into(),
                    }
                    .message(),
                },
            ],
        },
        Kind::NotTls { address: shown() },
        Kind::TlsVersion { detail: "TLS alert ProtocolVersion".into() },
        Kind::UnknownIssuer {
            subject: "1850000123".into(),
            issuer: "Visa Non-Prod EU-West-1 Issuing CA".into(),
        },
        Kind::DeviceCertificateExpired { not_after: NOW - YEAR, now: NOW },
        Kind::DeviceCertificateNotYetValid { not_before: NOW, now: NOW - YEAR },
        Kind::DeviceCertificateUnusable {
            problem: "it is not meant for servers (extended key usage)".into(),
        },
        Kind::WrongDevice {
            expected: "\"1850000123.cybs.seclib.io\"".into(),
            found: vec!["1850000999.cybs.seclib.io".into()],
        },
        Kind::TillCertificateRejected { alert: Some(AlertDescription::UnknownCA) },
        Kind::TillCertificateRejected { alert: None },
        Kind::TillCertificateExpired { not_after: NOW - YEAR, now: NOW },
        Kind::TillCertificateRequired { alert: AlertDescription::CertificateRequired },
        Kind::TlsAlert { alert: AlertDescription::InternalError },
        Kind::TlsFailed { detail: "cannot decrypt peer's message".into() },
        Kind::PairingRejected { http_status: Some(403), words: words(), pos_id_is_numeric: true },
        Kind::PairingRejected { http_status: Some(500), words: None, pos_id_is_numeric: false },
        Kind::PairingReplyUnusable { problem: "none of its certificates belongs to its private key".into() },
        cloud(CloudFailure::Authentication {
            status: 401,
            words: Some("Authentication Failed".into()),
            now: NOW,
        }),
        cloud(CloudFailure::HttpStatus { status: 412, words: None, retry_after_s: None }),
        cloud(CloudFailure::HttpStatus { status: 429, words: None, retry_after_s: Some(60) }),
        cloud(CloudFailure::Other(Box::new(Kind::NameNotResolved {
            host: "api.cybersource.com".into(),
            os: os(0, "failed to lookup address information: Name or service not known"),
        }))),
        Kind::HttpStatus { status: 503, words: None },
        Kind::WebSocketRefused { http_status: 403 },
        Kind::WebSocketRefused { http_status: 404 },
        Kind::ReplyTooLarge { limit_bytes: 1_048_576 },
        Kind::ReplyNotJson { problem: "not JSON at line 1, column 1".into() },
        Kind::ProtocolViolation { detail: "the HTTP headers are too large".into() },
        Kind::Cancelled,
        Kind::Internal { detail: "panic at src/connection.rs:100:5".into() },
    ];
    let lost = Kind::PeerClosed { phase: Phase::Exchange, os: None };
    let lost = (Kind::PairingReplyLost { cause: Box::new(lost) }, RequestState::InDoubt);
    examples.into_iter().map(|kind| (kind, none)).chain([lost]).collect()
}
