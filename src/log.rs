//! What the library tells a log, all in one place, so that one look shows that nothing secret is in it.
//!
//! Records are facts for a support desk: who was reached, what kind of message went where, how long
//! it took. No content of a message, no key, no code, no passphrase; a test plants them and searches.
//!
//! Not through the `log` crate: its logger is one for the whole program, and what other crates send
//! there, when somebody listens, are whole messages. Not listening also lets the compiler leave all
//! of that out of the library.

use crate::error::{Error, Kind};
use crate::words::printable;
use std::cell::Cell;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How much a record matters. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(i32)]
pub enum LogLevel {
    /// Faults of the library itself.
    Error = 1,
    /// Failed calls, and what calls for action.
    Warn = 2,
    /// Connections and pairings.
    Info = 3,
    /// Types, sizes and times of messages.
    Debug = 4,
    /// Everything there is.
    Trace = 5,
}

type Sink = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// Where records go. The lock of the slot is held only to look or to change; the entry's own keeps it
/// from being called after it was replaced. So a slow sink holds up whoever replaces it, nobody else.
static SINK: RwLock<Option<Arc<Entry>>> = RwLock::new(None);

struct Entry {
    level: LogLevel,
    sink: RwLock<Option<Sink>>,
}

thread_local! {
    /// A record made while a record is handed out would wait for itself.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Hands log records of `level` and above to `sink`, in place of the former one. The library is silent
/// until then. Records hold facts and no secret; each is one line.
///
/// `sink` is called on whatever thread a record is made. What it calls of this library is not logged;
/// it must not wait for a thread that may be calling the library. When this returns, the former sink
/// is not running any more and will not be called again.
///
/// # Errors
/// `Busy`, if it is called from within a sink, which would wait for itself.
pub fn log_to(level: LogLevel, sink: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Result<(), Error> {
    replace(Some(Arc::new(Entry { level, sink: RwLock::new(Some(Box::new(sink))) })))
}

/// Makes the library silent again.
///
/// # Errors
/// As [`log_to`].
pub fn log_off() -> Result<(), Error> {
    replace(None)
}

fn replace(entry: Option<Arc<Entry>>) -> Result<(), Error> {
    if INSIDE.get() {
        return Err(Kind::Busy { what: "a log record is being handed out on this thread" }.into());
    }
    let former = std::mem::replace(&mut *SINK.write().unwrap_or_else(PoisonError::into_inner), entry);
    // Waits for calls that run. What the sink holds is dropped without any lock: it may be ours.
    let sink = former.and_then(|former| former.sink.write().unwrap_or_else(PoisonError::into_inner).take());
    drop(sink);
    Ok(())
}

fn record(level: LogLevel, line: fmt::Arguments<'_>) {
    /// Gives the thread its voice back, also when a sink panics.
    struct Outside;
    impl Drop for Outside {
        fn drop(&mut self) {
            INSIDE.set(false);
        }
    }
    let entry = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(entry) = entry.filter(|entry| level <= entry.level) else { return };
    if INSIDE.replace(true) {
        return;
    }
    let _outside = Outside;
    if let Some(sink) = &*entry.sink.read().unwrap_or_else(PoisonError::into_inner) {
        sink(level, &line.to_string());
    }
}

pub(crate) fn connected(address: &str, device_name: Option<&str>, tls_version: &str) {
    let device = device_name.unwrap_or("without a name");
    record(LogLevel::Info, format_args!("connected to {address}: device {device}, {tls_version}"));
}

pub(crate) fn paired(pos_id: &str, device_name: Option<&str>, not_after: &str) {
    let device = device_name.unwrap_or("without a name");
    let pos_id = printable(pos_id);
    record(LogLevel::Info, format_args!("paired posId \"{pos_id}\" with device {device}, until {not_after}"));
}

pub(crate) fn found(device_name: &str, address: &SocketAddr, moved: bool) {
    let where_it_was = if moved { "at a new address" } else { "where it was" };
    record(LogLevel::Info, format_args!("found device {device_name} {where_it_was}: {address}"));
}

pub(crate) fn failed(what: &str, error: &Error) {
    let (name, state) = (error.status().name(), error.request_state());
    let message = error.message_without_words();
    record(LogLevel::Warn, format_args!("{what} failed: {name}: {message} (request state {state:?})"));
}

pub(crate) fn exchanged(kind: &str, sent_bytes: usize, received_bytes: usize, took: Duration) {
    let (kind, took) = (printable(kind), took.as_millis());
    record(
        LogLevel::Debug,
        format_args!("{kind}: {sent_bytes} bytes sent, {received_bytes} bytes of reply after {took} ms"),
    );
}

/// The four records of a connection's state; a till may take them for a state callback. They are made
/// for connections, not for the calls that pair.
pub(crate) fn connection_open(address: &str) {
    record(LogLevel::Info, format_args!("connection to {address}: open"));
}

pub(crate) fn connection_lost(address: &str, reason: &str) {
    record(LogLevel::Info, format_args!("connection to {address}: lost: {reason}"));
}

pub(crate) fn connection_connecting(address: &str) {
    record(LogLevel::Info, format_args!("connection to {address}: connecting again"));
}

pub(crate) fn connection_closed(address: &str) {
    record(LogLevel::Info, format_args!("connection to {address}: closed by the till"));
}

/// The one record that calls for action; the documentation names it. `how` is the file's mode, or the
/// SIDs of those who may read it.
pub(crate) fn identity_file_is_open_to_others(path: &Path, how: &str) {
    let path = printable(&path.display().to_string());
    record(
        LogLevel::Warn,
        format_args!(
            "identity file \"{path}\" can be read by other users ({how}): take their rights away, and \
             pair again if somebody may have copied it"
        ),
    );
}

/// Only the number of lines: what stands in them could be anything.
pub(crate) fn journal_has_unreadable_lines(path: &Path, lines: usize) {
    let path = printable(&path.display().to_string());
    record(
        LogLevel::Warn,
        format_args!(
            "journal \"{path}\" has {lines} lines that cannot be read: a request that is in doubt may have stood \
             there, so compare the till's payments with the device's"
        ),
    );
}

pub(crate) fn journal_dropped_the_oldest(path: &Path, reference: &str, time: &str) {
    let path = printable(&path.display().to_string());
    let (reference, time) = (printable(reference), printable(time));
    record(
        LogLevel::Warn,
        format_args!(
            "journal \"{path}\" is full and drops its oldest request, \"{reference}\" of {time}: let the till \
             settle what is pending, and say so to the journal"
        ),
    );
}

pub(crate) fn journal_not_settled(error: &Error) {
    let message = error.message_without_words();
    record(
        LogLevel::Warn,
        format_args!(
            "a request that has ended stays in the journal, so the till will ask about it: {message}"
        ),
    );
}

pub(crate) fn journal_not_compacted(error: &Error) {
    let message = error.message();
    record(LogLevel::Warn, format_args!("the journal keeps growing: {message}"));
}
