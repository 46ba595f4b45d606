//! Log records as C sees them: none, until the till asks for them.

use super::arguments::c_string;
use super::constants::{
    POSLATCH_LOG_DEBUG, POSLATCH_LOG_ERROR, POSLATCH_LOG_INFO, POSLATCH_LOG_OFF, POSLATCH_LOG_TRACE,
    POSLATCH_LOG_WARN, poslatch_status,
};
use super::error::poslatch_error;
use crate::{Error, LogLevel, log_off, log_to};
use std::ffi::{c_char, c_void};

/** Called for each log record, on whatever thread the record is made. `message` is one line of UTF-8,
 * terminated, and valid during the call only; `level` is one of the POSLATCH_LOG_ constants. It must
 * not throw or leave by longjmp, and not wait for a thread that may be calling this library (a window's
 * thread, for one): the call that is being logged waits for it. What it calls of this library is not
 * logged. */
pub type poslatch_on_log =
    Option<unsafe extern "C" fn(user: *mut c_void, level: i32, message: *const c_char)>;

/// Sets where log records go, in place of the former callback. The library is silent until then, and
/// writes nothing to standard output or standard error by itself.
///
/// Records hold facts: addresses, names, types and sizes of messages, times. They hold no keys, no
/// setup codes, no passphrases, and no content of messages. With POSLATCH_LOG_WARN there is one that
/// calls for action: "identity file ... can be read by other users".
///
/// When this returns, the former callback is not running and will not be called again; so do not hold
/// a lock here that the callback takes. From any thread.
///
/// @param level One of the POSLATCH_LOG_ constants: records of this level and above.
/// @param on_log NULL for silence.
/// @param user Passed to on_log as it is; has to be usable from any thread.
/// @return POSLATCH_E_ARGUMENT if the level is none of the constants; POSLATCH_E_BUSY if called from
///   within a log callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_log_set(
    level: i32,
    on_log: poslatch_on_log,
    user: *mut c_void,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let level = match level {
            POSLATCH_LOG_OFF => None,
            POSLATCH_LOG_ERROR => Some(LogLevel::Error),
            POSLATCH_LOG_WARN => Some(LogLevel::Warn),
            POSLATCH_LOG_INFO => Some(LogLevel::Info),
            POSLATCH_LOG_DEBUG => Some(LogLevel::Debug),
            POSLATCH_LOG_TRACE => Some(LogLevel::Trace),
            _ => return Err(Error::argument("level", "it is none of the POSLATCH_LOG_ constants")),
        };
        match (level, on_log) {
            (Some(level), Some(call)) => {
                let sink = Sink { call, user };
                log_to(level, move |level, line| sink.tell(level, line))
            }
            _ => log_off(),
        }
    })
}

struct Sink {
    call: unsafe extern "C" fn(*mut c_void, i32, *const c_char),
    user: *mut c_void,
}

// SAFETY: the header demands of `user` that it can be used from any thread.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

impl Sink {
    fn tell(&self, level: LogLevel, line: &str) {
        let line = c_string(line);
        // SAFETY: a function of the till's, called as its type says, with text that lives until it
        // returns.
        unsafe { (self.call)(self.user, level as i32, line.as_ptr()) };
    }
}
