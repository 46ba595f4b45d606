//! What the library tells a log, all in one place, so that one look shows that nothing secret is in it.
//!
//! Records are facts for a support desk: who was reached, what kind of message went where, how long
//! it took. No content of a message, no key, no code, no passphrase; a test plants them and searches.

use crate::error::Error;
use crate::words::printable;
use log::{debug, info, warn};
use std::path::Path;
use std::time::Duration;

/// The one target of all records, by which they are told from those of other crates.
pub(crate) const TARGET: &str = "poslatch";

pub(crate) fn connected(address: &str, device_name: Option<&str>, tls_version: &str) {
    let device = device_name.unwrap_or("without a name");
    info!(target: TARGET, "connected to {address}: device {device}, {tls_version}");
}

pub(crate) fn paired(pos_id: &str, device_name: Option<&str>, not_after: &str) {
    let device = device_name.unwrap_or("without a name");
    info!(target: TARGET, "paired posId \"{}\" with device {device}, until {not_after}", printable(pos_id));
}

pub(crate) fn failed(what: &str, error: &Error) {
    let (name, state) = (error.status().name(), error.request_state());
    warn!(target: TARGET, "{what} failed: {name}: {} (request state {state:?})", error.message());
}

pub(crate) fn exchanged(kind: &str, sent_bytes: usize, received_bytes: usize, took: Duration) {
    let (kind, took) = (printable(kind), took.as_millis());
    debug!(target: TARGET, "{kind}: {sent_bytes} bytes sent, {received_bytes} bytes of reply after {took} ms");
}

pub(crate) fn closed(reason: &str) {
    info!(target: TARGET, "connection closed: {reason}");
}

/// The one record that calls for action; the documentation names it.
pub(crate) fn identity_file_is_open_to_others(path: &Path, mode: u32) {
    warn!(
        target: TARGET,
        "identity file \"{}\" can be read by other users (mode {mode:o}): take their rights away, and pair \
         again if somebody may have copied it",
        printable(&path.display().to_string())
    );
}
