//! The errors of the simulator's own API; a file of its own because a device's misbehaviour is never among them.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Why a simulator or a certificate could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A certificate or key could not be made.
    Certificate {
        /// What the certificate generator said.
        reason: String,
    },
    /// The address could not be listened on.
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The shared secret of the cloud is not base64.
    Secret,
    /// A scenario file says what is not known.
    Scenario {
        /// What is wrong, and what there is.
        reason: String,
    },
    /// The serial number cannot be the first label of a DNS name.
    Serial {
        /// The serial number as given.
        serial: String,
    },
    /// A file of the state folder could not be read or written.
    State {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the state folder does not hold what it should.
    StateUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A switch or its value does not exist.
    Switch {
        /// What is wrong, and what there is.
        reason: String,
    },
    /// The device's thread or event loop could not be started.
    Thread(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { reason } => write!(f, "certificate cannot be made: {reason}"),
            Self::Listen { address, source } => write!(f, "cannot listen on {address}: {source}"),
            Self::Scenario { reason } => write!(f, "cannot play the scenario: {reason}"),
            Self::Secret => f.write_str("shared secret is not base64"),
            Self::Serial { serial } => write!(f, "serial number \"{serial}\" cannot be part of a DNS name"),
            Self::State { path, source } => write!(f, "state file \"{}\": {source}", path.display()),
            Self::StateUnusable { path, reason } => write!(f, "state file \"{}\": {reason}", path.display()),
            Self::Switch { reason } => write!(f, "cannot set the switch: {reason}"),
            Self::Thread(source) => write!(f, "cannot start the device's thread: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::State { source, .. } | Self::Thread(source) => Some(source),
            Self::Certificate { .. }
            | Self::Scenario { .. }
            | Self::Secret
            | Self::Serial { .. }
            | Self::StateUnusable { .. }
            | Self::Switch { .. } => None,
        }
    }
}

impl From<rcgen::Error> for Error {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate { reason: error.to_string() }
    }
}

/// The record did not come to hold what was waited for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Timeout<E = crate::Event> {
    /// How long was waited.
    pub waited: Duration,
    /// The record as it was at the end, for the failure message of the test.
    pub events: Vec<E>,
}

impl<E: fmt::Debug> fmt::Display for Timeout<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not seen within {:?}; on record is {:#?}", self.waited, self.events)
    }
}

impl<E: fmt::Debug> std::error::Error for Timeout<E> {}
