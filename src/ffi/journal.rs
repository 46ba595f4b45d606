//! The journal of requests whose end the till does not know, as C sees it.

use super::arguments::{give, object, object_mut, optional_text, text};
use super::buffer::poslatch_buffer;
use super::constants::poslatch_status;
use super::device::poslatch_device;
use super::error::poslatch_error;
use crate::{Error, Journal};
use std::ffi::c_char;

/// Writes each request with a merchantReferenceCode down in a file before it is sent, and strikes it out
/// at its final reply. A till that died in between finds what it does not know with
/// poslatch_device_journal_pending, and asks the device with poslatch_connection_recover.
///
/// Any number of devices, threads and processes of one user may share a file. It holds reference, type,
/// device and time; no amounts and no card data. It is made for its owner only, stays small, and an empty
/// file named PATH.lock stays beside it. A request that cannot be written down is not sent. Connections
/// that are open keep what they were opened with.
///
/// @param path The file, which is made if it is not there; its folder must exist. UTF-8. NULL ends the
///   writing.
/// @return POSLATCH_E_FILE if it cannot be read and written, or is something else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_set_journal(
    device: *mut poslatch_device,
    path: *const c_char,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands; so in each function of this file.
    fallible!(error, [], {
        let device = unsafe { object_mut("device", device)? };
        let path = unsafe { optional_text("path", path)? };
        device.device.set_journal(path.map(Journal::open).transpose()?);
        Ok(())
    })
}

/// What stands in the device's journal: the requests whose end the till does not know, the oldest
/// first. While exchanges run, theirs are among them.
///
/// @param[out] json A JSON array of objects with the strings "reference", "type", "device" and "time"
///   (UTC, as 2026-11-24T16:28:13Z); owned by the caller, freed with poslatch_buffer_free.
/// @return POSLATCH_E_ARGUMENT if no journal was set; POSLATCH_E_FILE if it cannot be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_journal_pending(
    device: *const poslatch_device,
    json: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [json], {
        let pending = unsafe { journal(device)? }.pending()?;
        let entries = pending.iter().map(|entry| {
            serde_json::json!({
                "reference": entry.reference,
                "type": entry.kind,
                "device": entry.device,
                "time": entry.time,
            })
        });
        let text = serde_json::Value::Array(entries.collect()).to_string();
        unsafe { give(json, poslatch_buffer::new(text.as_bytes())) };
        Ok(())
    })
}

/// Strikes every request with this reference out of the device's journal: the till knows how it ended.
/// One that poslatch_connection_recover finds final is struck out already.
///
/// @param reference A merchantReferenceCode, in UTF-8. One that does not stand there is no error.
/// @return POSLATCH_E_ARGUMENT if no journal was set; POSLATCH_E_FILE if it cannot be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_journal_forget(
    device: *const poslatch_device,
    reference: *const c_char,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let journal = unsafe { journal(device)? };
        let reference = unsafe { text("reference", reference)? };
        journal.forget(reference)?;
        Ok(())
    })
}

unsafe fn journal<'a>(device: *const poslatch_device) -> Result<&'a Journal, Error> {
    let device = unsafe { object("device", device)? };
    let problem = "it has no journal; set one with poslatch_device_set_journal";
    device.device.journal().ok_or_else(|| Error::argument("device", problem))
}
