//! Errors as C sees them: an object that is read as often as wanted and freed once.

use super::arguments::{c_string, release};
use super::constants::{POSLATCH_OK, POSLATCH_REQUEST_NONE, poslatch_status};
use crate::{Error, Status};
use std::ffi::{CString, c_char};

/** Why a call failed. Owned by whoever received it through an "error" parameter; freed with
 * poslatch_error_free. Reading does not change it; any number of threads may. Holds no secret. */
pub struct poslatch_error {
    status: poslatch_status,
    category: i32,
    request_state: i32,
    http_status: i32,
    os_code: i32,
    message: CString,
    advice: CString,
}

impl poslatch_error {
    pub(super) fn new(error: &Error) -> poslatch_error {
        poslatch_error {
            status: error.status().code(),
            category: error.category() as i32,
            request_state: error.request_state() as i32,
            http_status: error.http_status().map_or(0, i32::from),
            os_code: error.os_code().unwrap_or_default(),
            message: c_string(&error.message()),
            advice: c_string(&error.advice()),
        }
    }
}

/// The status that the failed call returned; POSLATCH_OK if `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_status(error: *const poslatch_error) -> poslatch_status {
    // SAFETY: by the header NULL or a live object; so in each function of this file.
    infallible!(POSLATCH_OK, { unsafe { error.as_ref() }.map_or(POSLATCH_OK, |error| error.status) })
}

/// What to branch on: one of the POSLATCH_CATEGORY_ constants; 0 if `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_category(error: *const poslatch_error) -> i32 {
    // SAFETY: see above.
    infallible!(0, { unsafe { error.as_ref() }.map_or(0, |error| error.category) })
}

/// What happened, with the facts: one line of UTF-8, a lower-case fragment without full stop.
///
/// @return Valid until the error is freed; "" if `error` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_message(error: *const poslatch_error) -> *const c_char {
    // SAFETY: see above.
    infallible!(c"".as_ptr(), {
        unsafe { error.as_ref() }.map_or(c"".as_ptr(), |error| error.message.as_ptr())
    })
}

/// What to do now, in whole sentences for the person at the till or the support desk: one line of
/// UTF-8.
///
/// @return Valid until the error is freed; "" if `error` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_advice(error: *const poslatch_error) -> *const c_char {
    // SAFETY: see above.
    infallible!(c"".as_ptr(), {
        unsafe { error.as_ref() }.map_or(c"".as_ptr(), |error| error.advice.as_ptr())
    })
}

/// What is known about the request that the call carried: one of the POSLATCH_REQUEST_ constants.
///
/// After POSLATCH_REQUEST_IN_DOUBT a payment must not be repeated: look it up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_request_state(error: *const poslatch_error) -> i32 {
    // SAFETY: see above.
    infallible!(POSLATCH_REQUEST_NONE, {
        unsafe { error.as_ref() }.map_or(POSLATCH_REQUEST_NONE, |error| error.request_state)
    })
}

/// The HTTP status that the device answered with, where that is what failed; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_http_status(error: *const poslatch_error) -> i32 {
    // SAFETY: see above.
    infallible!(0, { unsafe { error.as_ref() }.map_or(0, |error| error.http_status) })
}

/// The operating system's error number (errno, or the one of Winsock), where there is one; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_os_code(error: *const poslatch_error) -> i32 {
    // SAFETY: see above.
    infallible!(0, { unsafe { error.as_ref() }.map_or(0, |error| error.os_code) })
}

/// Frees an error. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_error_free(error: *mut poslatch_error) {
    // SAFETY: by the header it came from a call of ours and is not used any more.
    infallible!((), { unsafe { release(error) } })
}

/// The name of a status, such as "WRONG_DEVICE": the constant without its prefix.
///
/// @return Static text; "OK" for POSLATCH_OK, "UNKNOWN" for a number that this library does not know.
#[unsafe(no_mangle)]
pub extern "C" fn poslatch_status_name(status: poslatch_status) -> *const c_char {
    infallible!(c"UNKNOWN".as_ptr(), { status_name(status).as_ptr() })
}

/// The names with their terminators, made once.
fn status_name(status: poslatch_status) -> &'static std::ffi::CStr {
    static NAMES: std::sync::LazyLock<Vec<(i32, CString)>> = std::sync::LazyLock::new(|| {
        Status::ALL.iter().map(|status| (status.code(), c_string(status.name()))).collect()
    });
    if status == POSLATCH_OK {
        return c"OK";
    }
    NAMES.iter().find(|(code, _)| *code == status).map_or(c"UNKNOWN", |(_, name)| name.as_c_str())
}
