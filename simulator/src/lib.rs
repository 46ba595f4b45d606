//! A payment device without hardware: real TLS, real certificates, faults on demand.
//!
//! It stands in for the Acceptance Devices app in Local mode, as `protocol.md` describes it, and shares no protocol
//! code with the library that is tested against it: a shared mistake would hide itself. The API is synchronous; each
//! [`Simulator`] has a thread of its own, listens on port 0 of the loopback by default, and is gone when dropped.
//!
//! ```
//! use poslatch_simulator::{Event, Faults, Simulator};
//! use std::time::Duration;
//!
//! let device = Simulator::builder().serial("1850000123").start()?;
//! assert_eq!(device.device_name(), "1850000123.cybs.seclib.io");
//!
//! // Pair with `device.address()` and `device.setup_code()`, or take the short cut:
//! let till = device.issue_till("1001");
//! assert!(till.key_pem_pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
//!
//! // Faults take effect for the next connection or request.
//! device.set_faults(Faults { decline: true, ..Faults::default() });
//!
//! // Every step is on record; waiting for one costs no polling.
//! let shown = device.wait_for(
//!     |events| events.iter().find(|event| matches!(event, Event::CodeShown { .. })).cloned(),
//!     Duration::from_secs(5),
//! );
//! assert!(shown.is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What can go wrong, by place:
//!
//! - [`Faults`] lists the switches: each way in which a device may differ from a healthy one, from its certificate to the
//!   reply that it does not send.
//! - [`Scenario`] decides what becomes of which payment: a file of rules, with an amount for each thing that can happen.
//! - Methods of [`Simulator`] do something now, to what is running: reset, close or freeze connections, send what nobody
//!   asked for, release what was held, hang, disappear and come back.
//! - [`FaultProxy`] is the network between till and device: it cuts, resets, stalls and slows at any byte of either
//!   direction. What the device made of such a connection tells [`Simulator::wait_for_story`].
//! - The same from outside: [`Builder::control`] serves the device's screen to a browser, and to scripts an API that can
//!   do all of this, `docs/simulator-control.md`.
//! - [`Cloud`] stands in for the vendor's cloud, which gives out the Root CA of the devices.

mod amount;
mod builder;
mod card;
mod chance;
mod channels;
mod clock;
mod cloud;
mod code;
mod connection;
mod control;
mod device;
mod display;
mod error;
mod event;
mod fault_proxy;
mod faults;
mod frames;
mod http;
mod journal;
mod keys;
mod line;
mod message;
mod pairing;
mod pki;
mod plain;
mod port;
mod quirks;
mod raw_rsa;
mod relic;
mod reply;
mod scenario;
mod server;
mod simulator;
mod state;
mod terminal;
mod tills;
mod tls;
mod tls11;
mod verifier;
mod websocket;
mod wire;

pub use builder::Builder;
pub use clock::rfc3339;
pub use cloud::{AuthCheck, AuthKind, Cloud, CloudBuilder, CloudEvent, CloudFaults, Verdict};
pub use display::{Display, DisplayStep};
pub use error::{Error, Timeout};
pub use event::Event;
pub use fault_proxy::{
    Break, BreakKind, Direction, FaultProxy, Leg, LegState, Pace, Passage, PassageEnd, Plan,
};
pub use faults::{
    Alert, CertificateHint, Choice, ClientCertificate, DuplicateLookup, DuplicateReference, Exchange,
    FailureReply, Faults, FrameKind, IncrementalAmount, PairingReply, PosIdReuse, Printer, RefundStatus,
    SecondRequest, ServerCertificate, ServerChain, Shape, Switch, TlsVersions,
};
pub use pki::{CertificateRequest, Issued, KeyChoice, Pki, SignedBy, Usage};
pub use scenario::Scenario;
pub use simulator::{Memory, Simulator};
pub use terminal::DECLINED_AMOUNT;
pub use tills::Till;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks without regard to poison: a test that panicked while it looked at the record must not take the device down.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
