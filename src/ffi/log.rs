//! Log records as C sees them: none, until the till asks for them.
//!
//! The library speaks through the `log` crate, whose logger is one for the process. In the shared
//! library that process-wide logger is the library's own, so setting it touches nobody else.

use super::arguments::c_string;
use super::constants::{
    POSLATCH_LOG_DEBUG, POSLATCH_LOG_ERROR, POSLATCH_LOG_INFO, POSLATCH_LOG_OFF, POSLATCH_LOG_TRACE,
    POSLATCH_LOG_WARN, poslatch_status,
};
use super::error::poslatch_error;
use crate::Error;
use log::{LevelFilter, Log, Metadata, Record};
use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::sync::{PoisonError, RwLock};

/** Called for each log record, on whatever thread the record is made. `message` is one line of UTF-8,
 * terminated, and valid during the call only; `level` is one of the POSLATCH_LOG_ constants. It must
 * not throw or leave by longjmp. What it calls of this library is not logged. */
pub type poslatch_on_log =
    Option<unsafe extern "C" fn(user: *mut c_void, level: i32, message: *const c_char)>;

/// Sets where log records go, in place of the former callback. The library is silent until then, and
/// writes nothing to standard output or standard error by itself.
///
/// Records hold facts: addresses, names, types and sizes of messages, times. They hold no keys, no
/// setup codes, no passphrases, and no content of messages. With POSLATCH_LOG_WARN there is one that
/// calls for action: "identity file ... can be read by other users".
///
/// When this returns, the former callback is not running and will not be called again. Do not call it
/// from within a log callback. From any thread.
///
/// @param level One of the POSLATCH_LOG_ constants: records of this level and above.
/// @param on_log NULL for silence.
/// @param user Passed to on_log as it is; has to be usable from any thread.
/// @return POSLATCH_E_ARGUMENT if the level is none of the constants.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_log_set(
    level: i32,
    on_log: poslatch_on_log,
    user: *mut c_void,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let filter = match level {
            POSLATCH_LOG_OFF => LevelFilter::Off,
            POSLATCH_LOG_ERROR => LevelFilter::Error,
            POSLATCH_LOG_WARN => LevelFilter::Warn,
            POSLATCH_LOG_INFO => LevelFilter::Info,
            POSLATCH_LOG_DEBUG => LevelFilter::Debug,
            POSLATCH_LOG_TRACE => LevelFilter::Trace,
            _ => return Err(Error::argument("level", "it is none of the POSLATCH_LOG_ constants")),
        };
        let sink = on_log.map(|call| Sink { call, user });
        let filter = if sink.is_some() { filter } else { LevelFilter::Off };
        *LOGGER.sink.write().unwrap_or_else(PoisonError::into_inner) = sink;
        // Fails when it is set already: by an earlier call, or by a Rust program that has a logger of
        // its own and links this crate; then the records go there.
        let _ = log::set_logger(&LOGGER);
        log::set_max_level(filter);
        Ok(())
    })
}

static LOGGER: CLogger = CLogger { sink: RwLock::new(None) };

struct CLogger {
    sink: RwLock<Option<Sink>>,
}

struct Sink {
    call: unsafe extern "C" fn(*mut c_void, i32, *const c_char),
    user: *mut c_void,
}

// SAFETY: the header demands of `user` that it can be used from any thread.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

thread_local! {
    /// A record made while a record is handed out would come here again.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl Log for CLogger {
    /// Only our own records: other crates write out what they send and receive.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == crate::journal::TARGET
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) || INSIDE.replace(true) {
            return;
        }
        if let Some(sink) = &*self.sink.read().unwrap_or_else(PoisonError::into_inner) {
            let message = c_string(&record.args().to_string());
            // SAFETY: a function of the till's, called as its type says, with text that lives until
            // it returns.
            unsafe { (sink.call)(sink.user, record.level() as i32, message.as_ptr()) };
        }
        INSIDE.set(false);
    }

    fn flush(&self) {}
}
