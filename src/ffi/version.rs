//! Which library this is, and whether it fits the header that a program was built with.

use super::arguments::c_string;
use super::constants::{
    POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR, POSLATCH_E_ARGUMENT, POSLATCH_OK, poslatch_status,
};
use std::ffi::{CString, c_char};
use std::sync::LazyLock;

/// The library's version and crypto provider, such as "poslatch 0.1.0 (ring)". Static text.
#[unsafe(no_mangle)]
pub extern "C" fn poslatch_version_string() -> *const c_char {
    static VERSION: LazyLock<CString> = LazyLock::new(|| {
        c_string(&format!("poslatch {} ({})", env!("CARGO_PKG_VERSION"), crate::provider::NAME))
    });
    infallible!(c"".as_ptr(), { VERSION.as_ptr() })
}

/// The library's ABI version: major * 65536 + minor.
#[unsafe(no_mangle)]
pub extern "C" fn poslatch_abi_version() -> u32 {
    infallible!(0, { POSLATCH_ABI_MAJOR << 16 | POSLATCH_ABI_MINOR })
}

/// Tells whether this library fits a program that was built with the given ABI version. A wrapper
/// calls it first, with POSLATCH_ABI_MAJOR and POSLATCH_ABI_MINOR of its header.
///
/// @return POSLATCH_OK, or POSLATCH_E_ARGUMENT if the library is too old or of another major version.
#[unsafe(no_mangle)]
pub extern "C" fn poslatch_abi_check(major: u32, minor: u32) -> poslatch_status {
    infallible!(POSLATCH_E_ARGUMENT, {
        if major == POSLATCH_ABI_MAJOR && minor <= POSLATCH_ABI_MINOR {
            POSLATCH_OK
        } else {
            POSLATCH_E_ARGUMENT
        }
    })
}
