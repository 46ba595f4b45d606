//! The secure local connection between a till and its payment device.
//!
//! The device is the Visa Acceptance / Cybersource "Acceptance Devices" app in Local mode. A till
//! needs the merchant's Root CA chain, downloaded or [fetched](RootCaFetch); it [pairs](Device::pair)
//! once with the code on the device's screen, keeps the [`Identity`] that it gets, and from then on
//! [opens](Device::open_mtls) connections on which both sides have proven who they are.
//!
//! ```no_run
//! # fn main() -> Result<(), poslatch::Error> {
//! let device = poslatch::Device::builder("wss://192.168.1.50:8443/").root_ca_file("root-ca.pem").build()?;
//! let identity = device.pair("1001", "8QW1YS1D")?;
//! let connection = device.open_mtls(&identity)?;
//! let sale = r#"{"type":"PaymentRequest","merchantReferenceCode":"A-1",
//!                "amountDetails":{"amount":"1.00","currency":"EUR"}}"#;
//! let silence = poslatch::DEFAULT_SILENCE;
//! let reply = connection.exchange(sale, silence, &mut |status| println!("{status}"))?;
//! # Ok(()) }
//! ```
//!
//! This crate is what the C ABI in `include/poslatch.h` calls; both say the same things. Every error
//! carries a [`Status`], a [`Category`] to branch on, a message with the facts, an advice, and what
//! is known about the request ([`RequestState`]).
//!
//! The library is silent until [`log_to`] gives it somewhere to speak, and its records hold no secret.
//! A Rust program that installs a logger of the `log` crate should keep the target `tungstenite` below
//! `trace`: there that crate writes out whole messages, pairing and payments included.
//!
//! Everything blocks, has a limit, and can be interrupted from another thread. No device is ever sent
//! anything twice by itself, and there is no switch that turns verification off.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod address;
mod certificates;
mod connection;
mod device;
mod error;
#[doc(hidden)]
pub mod ffi;
mod find;
mod identity;
mod journal;
mod log;
mod pairing;
mod pem;
mod probe;
mod provider;
mod root_ca;
mod safe_file;
mod status;
mod transport;
mod trust;
mod words;
mod x509;

pub use certificates::{CertificateFacts, certificates};
pub use connection::{
    Connection, ConnectionState, DEFAULT_PATIENCE, DEFAULT_SILENCE, Message, MessageKind, REQUEST_BYTES_MAX,
    Recovery,
};
pub use device::{Device, DeviceBuilder};
pub use error::{Error, Sighting};
pub use find::{Found, Search, SearchProgress, find_device};
pub use identity::Identity;
pub use journal::{Journal, JournalEntry, JournalTicket, PendingRequest};
pub use log::{LogLevel, log_off, log_to};
pub use probe::{Report, Step, StepName, StepResult, probe};
pub use root_ca::{CloudAuth, RootCaFetch, RootCaFetchBuilder, save_root_ca};
pub use status::{Category, RequestState, Status};
pub use trust::expectation::{DEFAULT_DOMAIN, IdentityCheck};
