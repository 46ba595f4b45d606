//! Finding a device whose address has changed, as C sees it.

use super::arguments::{give, object, optional_text};
use super::buffer::poslatch_buffer;
use super::constants::poslatch_status;
use super::device::poslatch_device;
use super::error::poslatch_error;
use super::identity::poslatch_identity;
use crate::{Search, SearchProgress, find_device};
use std::ffi::{c_char, c_void};
use std::ops::ControlFlow;

/** Called while a device is looked for, on the thread that called poslatch_find_device: first with
 * nothing tried, then whenever addresses were done with. Returns 0 to go on; anything else ends the
 * search with POSLATCH_E_CANCELLED. It must not free what the search uses, throw, or leave by longjmp.
 * `tried` of `total` addresses have been asked, whether they answered or not. */
pub type poslatch_on_progress =
    Option<unsafe extern "C" fn(user: *mut c_void, tried: u32, total: u32) -> i32>;

/// Finds a device again whose address has changed, by short TLS handshakes with every address that it
/// could have, on the port of the device's URL: first the address that the URL stands for, then those
/// nearest to it, IPv4 before IPv6. The device is the one whose certificate proves the name that is
/// looked for, exactly as in poslatch_open_mtls. The till shows no certificate, and nothing else is
/// sent: not to the device, not to anybody else.
///
/// 64 addresses are asked at a time, each for 1.1 s or, if it accepts a connection, 2 s more. Blocks
/// until the device is found or all were asked: 4.4 s for a subnet of 254 addresses where nobody
/// answers, at most 12.4 s for one where everybody does; before, for at most the connect time-out if the
/// URL holds a name that has to be resolved. poslatch_device_interrupt ends it earlier. Search only
/// networks that are yours, and only when the device does not answer at the address that you know.
///
/// @param device Where the device was. Its Root CA chain has to be set.
/// @param identity The identity that was paired with the device. NULL if there is none; then the serial
///   number that was set on the device (poslatch_device_set_serial) says who is looked for.
/// @param subnets Subnets and single addresses, with commas between: "192.168.1.0/24,192.168.2.17". At
///   most 4096 addresses. UTF-8. NULL: the 254 addresses that share their first three numbers with the
///   address from which this machine reaches the device's URL, if that is a private IPv4 address;
///   the loopback and addresses of the internet have to be given.
/// @param on_progress May be NULL.
/// @param user Passed to on_progress as it is. May be NULL.
/// @param[out] url Where the device is: its URL with the new address, such as
///   "wss://192.168.1.57:8443/", ready for poslatch_device_new. Owned by the caller; freed with
///   poslatch_buffer_free.
/// @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
/// @return POSLATCH_E_DEVICE_NOT_FOUND, whose advice names other devices that answered;
///   POSLATCH_E_ARGUMENT if neither identity nor serial number says who is looked for, or subnets will
///   not do; POSLATCH_E_NAME_NOT_RESOLVED, POSLATCH_E_CONNECT_TIMEOUT and POSLATCH_E_UNREACHABLE where
///   subnets is NULL; POSLATCH_E_ROOT_CA_UNUSABLE if no Root CA chain was set; POSLATCH_E_IDENTITY_UNUSABLE
///   if the serial number that was set is another device's than the identity's; POSLATCH_E_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_find_device(
    device: *const poslatch_device,
    identity: *const poslatch_identity,
    subnets: *const c_char,
    on_progress: poslatch_on_progress,
    user: *mut c_void,
    url: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands.
    fallible!(error, [url], {
        let device = unsafe { object("device", device)? };
        let identity = unsafe { identity.as_ref() }.map(|identity| &identity.identity);
        let search = match unsafe { optional_text("subnets", subnets)? } {
            Some(subnets) => Search::subnets(subnets)?,
            None => Search::own_subnet(),
        };
        let mut report = |progress: SearchProgress| {
            let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
            match on_progress {
                // SAFETY: a function of the caller's, called as its type says.
                Some(on_progress) => {
                    match unsafe { on_progress(user, count(progress.tried), count(progress.total)) } {
                        0 => ControlFlow::Continue(()),
                        _ => ControlFlow::Break(()),
                    }
                }
                None => ControlFlow::Continue(()),
            }
        };
        let found = find_device(&device.device, identity, &search, &mut report)?;
        unsafe { give(url, poslatch_buffer::new(found.url.as_bytes())) };
        Ok(())
    })
}
