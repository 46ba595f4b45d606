//! The wall between C and Rust that every exported function stands behind.
//!
//! [`fallible!`] clears the outputs, runs the body, and turns an error or a panic into a status and
//! an optional error object. [`infallible!`] gives a neutral value instead. Without them a panic
//! would end the till's process, and an output would hold garbage after a failure.

use super::error::poslatch_error;
use crate::Error;
use crate::error::Kind;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Once;

/// Body of an exported function that returns a status.
///
/// `fallible!(error, [outputs...], { body })`: the body is a `Result<(), Error>`; each output is
/// checked for NULL and cleared before it runs.
macro_rules! fallible {
    ($error:expr, [$($output:ident),*], $body:block) => {
        $crate::ffi::boundary::run(
            $error,
            std::panic::AssertUnwindSafe(|| -> Result<(), $crate::Error> {
                $( unsafe { $crate::ffi::arguments::clear(stringify!($output), $output)?; } )*
                $body
            }),
        )
    };
}

/// Body of an exported function that cannot fail; `neutral` is its value if it panics.
macro_rules! infallible {
    ($neutral:expr, $body:block) => {
        $crate::ffi::boundary::contain(|| $body).unwrap_or($neutral)
    };
}

/// Runs the body of a fallible function.
pub(super) fn run(
    error: *mut *mut poslatch_error,
    body: impl FnOnce() -> Result<(), Error> + UnwindSafe,
) -> i32 {
    // SAFETY: by the header, `error` is NULL or points to a pointer that may be written.
    unsafe { super::arguments::clear_optional(error) };
    let result = contain(body).unwrap_or_else(|| {
        let place = PANIC_PLACE.take().unwrap_or_else(|| "an unknown place".into());
        Err(Kind::Internal { detail: format!("panic at {place}") }.into())
    });
    match result {
        Ok(()) => super::constants::POSLATCH_OK,
        Err(failure) => {
            let status = failure.status().code();
            // Making the error object must not unwind into C either.
            let object = contain(|| poslatch_error::new(&failure));
            if let (Some(object), false) = (object, error.is_null()) {
                // SAFETY: not NULL, so by the header it may be written.
                unsafe { super::arguments::give(error, object) };
            }
            status
        }
    }
}

/// The value of the body, or `None` if it panicked.
pub(super) fn contain<T>(body: impl FnOnce() -> T) -> Option<T> {
    quieten_own_panics();
    let outer = INSIDE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body)).ok();
    INSIDE.set(outer);
    result
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static PANIC_PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// A caught panic would still be printed to the till's standard error. Ours are recorded for the
/// error instead; those of others go where they went before.
fn quieten_own_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if INSIDE.try_with(Cell::get).unwrap_or(false) {
                // The place only: a panic's message could hold what was being handled.
                let place = panic.location().map(ToString::to_string);
                let _ = PANIC_PLACE.try_with(|slot| slot.set(place));
            } else if !std::thread::current().name().is_some_and(|name| name.starts_with("poslatch-")) {
                before(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn a_panic_becomes_an_internal_error_with_its_place_and_without_its_message() {
        let mut error = std::ptr::null_mut();
        let status = run(&mut error, || panic!("secret"));
        assert_eq!(status, crate::Status::Internal.code());
        let message = unsafe { CStr::from_ptr(super::super::error::poslatch_error_message(error)) };
        let message = message.to_str().expect("UTF-8");
        assert!(message.contains("boundary.rs") && !message.contains("secret"), "{message}");
        unsafe { super::super::error::poslatch_error_free(error) };
    }

    #[test]
    fn without_an_error_object_the_status_still_comes_back() {
        let status = run(std::ptr::null_mut(), || Err(Kind::Closed.into()));
        assert_eq!(status, crate::Status::Closed.code());
    }
}
