//! The wall between C and Rust that every exported function stands behind.
//!
//! [`fallible!`] clears the outputs, runs the body, and turns an error or a panic into a status and
//! an optional error object. [`infallible!`] gives a neutral value instead. Without them a panic
//! would end the till's process, and an output would hold garbage after a failure.

use super::error::poslatch_error;
use crate::error::Kind;
use crate::{Category, Error, RequestState};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Once;

/// Body of an exported function that returns a status.
///
/// `fallible!(error, [outputs...], { body })`: the body is a `Result<(), Error>`; each output is
/// checked for NULL and cleared before it runs.
///
/// `fallible!(request, error, ...)` is for functions that carry a request: what fails before it can
/// have left says so, and a panic leaves it in doubt.
macro_rules! fallible {
    (request, $error:expr, [$($output:ident),*], $body:block) => {
        fallible!(@ $crate::ffi::boundary::Carries::Request, $error, [$($output),*], $body)
    };
    ($error:expr, [$($output:ident),*], $body:block) => {
        fallible!(@ $crate::ffi::boundary::Carries::Nothing, $error, [$($output),*], $body)
    };
    (@ $carries:expr, $error:expr, [$($output:ident),*], $body:block) => {
        $crate::ffi::boundary::run(
            $carries,
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

/// Whether a function carries a request whose fate matters.
#[derive(Clone, Copy)]
pub(super) enum Carries {
    Nothing,
    Request,
}

/// Runs the body of a fallible function.
pub(super) fn run(
    carries: Carries,
    error: *mut *mut poslatch_error,
    body: impl FnOnce() -> Result<(), Error> + UnwindSafe,
) -> i32 {
    // SAFETY: by the header, `error` is NULL or points to a pointer that may be written.
    unsafe { super::arguments::clear_optional(error) };
    let result = contain(body).unwrap_or_else(|| {
        let place = PANIC_PLACE.take().unwrap_or_else(|| "an unknown place".into());
        let failure = Error::from(Kind::Internal { detail: format!("panic at {place}") });
        Err(match carries {
            Carries::Nothing => failure,
            Carries::Request => failure.with_request_state(RequestState::InDoubt),
        })
    });
    match result {
        Ok(()) => super::constants::POSLATCH_OK,
        Err(mut failure) => {
            // The body's own arguments, checked before anything is sent.
            let is_usage = failure.category() == Category::Usage;
            if matches!(carries, Carries::Request)
                && is_usage
                && failure.request_state() == RequestState::None
            {
                failure = failure.with_request_state(RequestState::NotSent);
            }
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
        let status = run(Carries::Request, &mut error, || panic!("secret"));
        assert_eq!(status, crate::Status::Internal.code());
        let message = unsafe { CStr::from_ptr(super::super::error::poslatch_error_message(error)) };
        let message = message.to_str().expect("UTF-8");
        assert!(message.contains("boundary.rs") && !message.contains("secret"), "{message}");
        let state = unsafe { super::super::error::poslatch_error_request_state(error) };
        assert_eq!(state, RequestState::InDoubt as i32);
        unsafe { super::super::error::poslatch_error_free(error) };
    }

    #[test]
    fn without_an_error_object_the_status_still_comes_back() {
        let status = run(Carries::Nothing, std::ptr::null_mut(), || Err(Kind::Closed.into()));
        assert_eq!(status, crate::Status::Closed.code());
    }
}
