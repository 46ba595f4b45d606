//! The library stays in the process once it has given out an object.
//!
//! A host that unloads a plug-in unloads its DLLs with it. A connection has a thread, and a dial that
//! was interrupted may have one for a while longer: their code would be gone under them. On Linux the
//! linker's `-z nodelete` says the same.

use std::ptr::null_mut;
use std::sync::Once;
use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

/// From here on `FreeLibrary` has no effect on the module that this code is in. Before the first
/// object it has: a program that only asks for the version can let go of a library that does not fit.
pub(super) fn stay_loaded() {
    static PINNED: Once = Once::new();
    PINNED.call_once(|| {
        let mut module = null_mut();
        let here: fn() = stay_loaded;
        // SAFETY: an address in this module, in place of a name, as the first flag says; and a place
        // for the handle. If it fails, the host has to keep us loaded, as with any other DLL.
        unsafe {
            GetModuleHandleExW(
                GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                here as *const u16,
                &mut module,
            )
        };
    });
}
