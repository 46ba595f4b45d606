//! What comes in from C, checked once and turned into Rust's types; and what goes out.
//!
//! All dereferencing of foreign pointers is here. The callers' duty is the header's: a pointer is
//! NULL or valid, text is terminated, and nothing is freed while a call uses it.

use crate::Error;
use std::ffi::{CStr, CString, c_char};

/// NUL-terminated UTF-8, borrowed for the call.
pub(super) unsafe fn text<'a>(name: &'static str, pointer: *const c_char) -> Result<&'a str, Error> {
    if pointer.is_null() {
        return Err(Error::argument(name, "it is NULL"));
    }
    // SAFETY: not NULL, so by the header a terminated string that outlives the call.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Error::argument(name, "it is not UTF-8"))
}

/// The same where NULL means "none".
pub(super) unsafe fn optional_text<'a>(
    name: &'static str,
    pointer: *const c_char,
) -> Result<Option<&'a str>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: as for `text`.
    unsafe { text(name, pointer) }.map(Some)
}

/// Bytes with their size, borrowed for the call; (NULL, 0) is empty.
pub(super) unsafe fn bytes<'a>(
    name: &'static str,
    pointer: *const u8,
    size: usize,
) -> Result<&'a [u8], Error> {
    if size == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Error::argument(name, "it is NULL, but its size is not 0"));
    }
    if isize::try_from(size).is_err() {
        return Err(Error::argument(name, "its size is larger than memory"));
    }
    // SAFETY: not NULL, and by the header `size` readable bytes that nobody changes during the call.
    Ok(unsafe { std::slice::from_raw_parts(pointer, size) })
}

/// UTF-8 with its size, borrowed for the call.
pub(super) unsafe fn sized_text<'a>(
    name: &'static str,
    pointer: *const c_char,
    size: usize,
) -> Result<&'a str, Error> {
    // SAFETY: as for `bytes`.
    let bytes = unsafe { bytes(name, pointer.cast(), size)? };
    std::str::from_utf8(bytes).map_err(|_| Error::argument(name, "it is not UTF-8"))
}

/// An object of ours, borrowed for the call.
pub(super) unsafe fn object<'a, T>(name: &'static str, pointer: *const T) -> Result<&'a T, Error> {
    // SAFETY: by the header NULL, or an object that one of our functions gave out and nobody freed.
    unsafe { pointer.as_ref() }.ok_or_else(|| Error::argument(name, "it is NULL"))
}

/// The same for a setter; by the header no other call uses the object meanwhile.
pub(super) unsafe fn object_mut<'a, T>(name: &'static str, pointer: *mut T) -> Result<&'a mut T, Error> {
    // SAFETY: as for `object`, and not shared during the call.
    unsafe { pointer.as_mut() }.ok_or_else(|| Error::argument(name, "it is NULL"))
}

/// Empties an output, so that it holds NULL unless the call succeeds.
pub(super) unsafe fn clear<T: Output>(name: &'static str, output: *mut T) -> Result<(), Error> {
    if output.is_null() {
        return Err(Error::argument(name, "it is NULL, so there is nowhere to put the result"));
    }
    // SAFETY: not NULL, so by the header it may be written. Its old content is not read.
    unsafe { output.write(T::EMPTY) };
    Ok(())
}

/// The same for an output that need not be there.
pub(super) unsafe fn clear_optional<T: Output>(output: *mut T) {
    if !output.is_null() {
        // SAFETY: as for `clear`.
        unsafe { output.write(T::EMPTY) };
    }
}

/// Hands an object to the caller, who frees it with the matching function.
pub(super) unsafe fn give<T>(output: *mut *mut T, object: T) {
    #[cfg(windows)]
    super::pinned::stay_loaded();
    // SAFETY: the caller has cleared this output, so it is not NULL and may be written.
    unsafe { output.write(Box::into_raw(Box::new(object))) };
}

/// Takes an object back and drops it; NULL is nothing.
pub(super) unsafe fn release<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: by the header it came from `give` and is not used any more.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// What an output holds when there is no result.
pub(super) trait Output {
    const EMPTY: Self;
}

impl<T> Output for *mut T {
    const EMPTY: Self = std::ptr::null_mut();
}

impl Output for i32 {
    const EMPTY: Self = 0;
}

/// Text for an accessor. Our texts hold no NUL; should one, the text ends there.
pub(super) fn c_string(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}
