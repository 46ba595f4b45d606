//! The probe, as C sees it.

use super::arguments::{give, object};
use super::buffer::poslatch_buffer;
use super::constants::poslatch_status;
use super::device::poslatch_device;
use super::error::poslatch_error;
use super::identity::poslatch_identity;

/// Looks at everything between this till and the device: address, identity, name, route, TCP, TLS, the
/// certificates (also untrusted ones), the device's name, the clocks, whether it accepts the till, WebSocket
/// and ping. For a support desk; docs/probe.md lists what is told.
///
/// Sends no payment, no pairing request and no code, and nothing at all to a server that has not passed;
/// keeps nothing. What device and network do is a step of the report, not an error. At most three
/// connections, one after the other. Blocks for at most three connect time-outs and 4 s;
/// poslatch_device_interrupt ends it earlier. Not while a payment is on its way: what the device sends to the
/// probe is lost.
///
/// @param device Needs no Root CA chain; that there is none is then a step of the report.
/// @param identity As which till, as poslatch_open_mtls would be called. NULL: as one that wants to pair.
/// @param[out] report JSON, UTF-8; owned by the caller, freed with poslatch_buffer_free. An object with
///   "schema" ("poslatch-probe/1"), "address", "time" (UTC, as 2026-11-24T16:28:13Z), "verdict" ("ok",
///   "warning" or "failed"), "cause" (the name of the step to mend first, or null), "screen" (the report for
///   people, at most 24 lines of 100 columns) and "steps": an array of objects with "name", "result" ("ok",
///   "warning", "failed" or "not_run"), "finding" (one line), "advice" (one line, or null), "status" and
///   "status_name" (what a call would fail with, or null) and "facts", an object. Members and steps are only
///   ever added. The names of the steps, in their order: address, machine, identity, name, route, tcp, tls,
///   handshake, chain, root_ca, device_name, clock, client_certificate, websocket, ping.
/// @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
/// @return POSLATCH_E_CANCELLED after poslatch_device_interrupt; POSLATCH_E_ARGUMENT if `device` or `report`
///   is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_probe(
    device: *const poslatch_device,
    identity: *const poslatch_identity,
    report: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands; the identity may be NULL.
    fallible!(error, [report], {
        let device = unsafe { object("device", device)? };
        let identity = unsafe { identity.as_ref() }.map(|identity| &identity.identity);
        let found = crate::probe(&device.device, identity)?;
        unsafe { give(report, poslatch_buffer::new(found.to_json().as_bytes())) };
        Ok(())
    })
}
