//! What only the linker can write into the shared library: the name under which programs ask for it, and that it stays.

use std::env;
use std::fs;

/// Where the ABI's major version stands, for this and for everything else.
const CONSTANTS: &str = "src/ffi/constants.rs";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={CONSTANTS}");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|found| found == value);
    // Windows knows a library by its file, and Apple's linker calls these things otherwise.
    if !is("CARGO_CFG_TARGET_FAMILY", "unix") || is("CARGO_CFG_TARGET_VENDOR", "apple") {
        return;
    }
    // Libraries of different majors can lie in one folder, and no program starts with one that it was not linked for.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libposlatch.so.{}", abi_major());
    // A helper thread may outlive the call that it dialled for, and destructors of thread-locals the thread: a dlclose
    // would take the code from under them.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}

fn abi_major() -> u32 {
    let source = fs::read_to_string(CONSTANTS).unwrap_or_else(|error| panic!("{CONSTANTS}: {error}"));
    source
        .lines()
        .find_map(|line| {
            line.strip_prefix("pub const POSLATCH_ABI_MAJOR: u32 = ")?.strip_suffix(';')?.parse().ok()
        })
        .unwrap_or_else(|| panic!("{CONSTANTS} has no POSLATCH_ABI_MAJOR"))
}
