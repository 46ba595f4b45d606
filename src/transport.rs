//! The way from an address to a verified TLS stream, and the two protocols that run over it.
//!
//! One way to dial for everybody: `dial` (resolve and connect) under `tls` (handshake, verification)
//! under `https` or `websocket`. All of a call's steps share one [`Deadline`] and one [`Interrupt`],
//! because a cashier does not care which step the time was lost in.

pub(crate) mod deadline;
pub(crate) mod dial;
pub(crate) mod https;
pub(crate) mod interrupt;
pub(crate) mod socket;
mod tcp_options;
pub(crate) mod tls;
pub(crate) mod websocket;

use crate::address::Address;
use crate::error::{Kind, OsError};
use crate::identity::Identity;
use crate::trust::RootCaChain;
use crate::trust::expectation::Expectation;
use std::io;
use std::sync::Arc;

/// Largest reply that is taken in: receipts are about 10 kB, signature images some 100 kB
/// (protocol.md section 5); no limit is documented.
pub(crate) const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// Whom to call, who it has to be, and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: Address,
    pub(crate) roots: Arc<RootCaChain>,
    pub(crate) expectation: Expectation,
    /// The certificate to show; `None` when pairing, or when the device is set to TLS only.
    pub(crate) identity: Option<Identity>,
}

/// A [`Kind`] on its way through libraries that only know `io::Error`.
#[derive(Debug)]
struct Carried(Kind);

/// Wraps a cause so that it survives ureq and tungstenite; `io_kind` is what those act on.
fn carry(io_kind: io::ErrorKind, kind: Kind) -> io::Error {
    io::Error::new(io_kind, Carried(kind))
}

/// The cause inside an error that went through [`carry`]; for others, what can be said of them.
fn cause_of(error: &io::Error, phase: crate::error::Phase) -> Kind {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Carried>()) {
        Some(carried) => carried.0.clone(),
        None => Kind::PeerClosed { phase, os: Some(OsError::from(error)) },
    }
}

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message())
    }
}

impl std::error::Error for Carried {}
