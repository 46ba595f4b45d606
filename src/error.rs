//! What a failed call says: status, facts, and what to do about it.
//!
//! Callers see an opaque [`Error`]; inside is a [`Kind`] that holds facts, never sentences. The
//! sentences are in `error/text.rs`, all in one place, because reading them is reading the product.

mod cloud;
mod kind;
mod not_found;
#[cfg(test)]
mod page;
mod text;

pub(crate) use cloud::CloudFailure;
pub(crate) use kind::{Kind, OsError, Phase};
pub use not_found::Sighting;
pub(crate) use text::utc;

use crate::status::{Category, RequestState, Status};
use std::fmt;

/// Why a call failed, with the facts, the advice, and what is known about the request.
///
/// No secret ever stands in it: no key, no setup code, no passphrase, no API secret, no message body.
#[derive(Clone)]
pub struct Error {
    kind: Box<Kind>,
    request_state: RequestState,
}

impl Error {
    /// The stable status; the C ABI returns its number.
    pub fn status(&self) -> Status {
        self.kind.status()
    }

    /// The few cases that a till branches on.
    pub fn category(&self) -> Category {
        self.status().category()
    }

    /// One line: what happened, with the facts. A lower-case fragment without full stop.
    pub fn message(&self) -> String {
        self.kind.message()
    }

    /// One line: what to do now, in whole sentences.
    pub fn advice(&self) -> String {
        self.kind.advice(self.request_state)
    }

    /// Whether the request that the call carried may have reached the device.
    pub fn request_state(&self) -> RequestState {
        self.request_state
    }

    /// The HTTP status that the device or the cloud answered with, where that is what failed.
    pub fn http_status(&self) -> Option<u16> {
        self.kind.http_status()
    }

    /// The operating system's error number, where there is one.
    pub fn os_code(&self) -> Option<i32> {
        self.kind.os_code()
    }

    /// Who else answered, where a device was looked for and not found; else empty.
    pub fn sightings(&self) -> &[Sighting] {
        match &*self.kind {
            Kind::DeviceNotFound { sightings, .. } => sightings,
            _ => &[],
        }
    }

    pub(crate) fn with_request_state(mut self, state: RequestState) -> Error {
        self.request_state = state;
        self
    }

    /// The message without what the device said: that could be anything, a message's content included.
    pub(crate) fn message_without_words(&self) -> String {
        self.kind.without_words().message()
    }

    /// The cause alone, where the caller knows more about the request.
    pub(crate) fn into_kind(self) -> Kind {
        *self.kind
    }

    pub(crate) fn argument(name: &'static str, problem: impl Into<String>) -> Error {
        Kind::Argument { name, problem: problem.into() }.into()
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Error {
        Error { kind: Box::new(kind), request_state: RequestState::None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.status())
            .field("message", &self.message())
            .field("advice", &self.advice())
            .field("request_state", &self.request_state)
            .finish()
    }
}

impl std::error::Error for Error {}
