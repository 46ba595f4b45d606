//! The device's settings and the interrupt, as C sees them.

use super::arguments::{bytes, give, object, object_mut, optional_text, release, text};
use super::constants::{
    POSLATCH_CHECK_ADDRESS, POSLATCH_CHECK_CHAIN_ONLY, POSLATCH_CHECK_DOMAIN, POSLATCH_CHECK_NAME,
    POSLATCH_TIMEOUT_CONNECT, POSLATCH_TIMEOUT_EXCHANGE, POSLATCH_TIMEOUT_PAIRING, poslatch_status,
};
use super::error::poslatch_error;
use crate::device::Device;
use crate::trust::RootCaChain;
use crate::{Error, IdentityCheck};
use std::ffi::c_char;
use std::path::Path;
use std::time::Duration;

/** A payment device as the till's settings describe it: where it is, who it has to be, whom to
 * trust. Holds no connection. Calls read it when they start, so it may be changed or freed while a
 * connection that was opened with it lives on. Setters must not run at the same time as any other
 * call on the same object; all other calls may. */
pub struct poslatch_device {
    pub(super) device: Device,
}

/// Makes the description of a device.
///
/// @param url "https://" or "wss://", then an IPv4 address, an IPv6 address in brackets or a name, and
///   the port that the device shows under Generate Code > Details (8443 if left out). UTF-8. With wss a
///   payment's status messages arrive while it runs, and it can be cancelled; https has neither.
/// @param[out] device Owned by the caller; freed with poslatch_device_free.
/// @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
/// @return POSLATCH_E_ARGUMENT if the URL has another form. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_new(
    url: *const c_char,
    device: *mut *mut poslatch_device,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands; so in each function of this file.
    fallible!(error, [device], {
        let url = unsafe { text("url", url)? };
        let made = poslatch_device { device: Device::builder(url).build()? };
        unsafe { give(device, made) };
        Ok(())
    })
}

/// Loads the Root CA chain that the merchant downloaded: PEM, or the JSON object with
/// "certificateChain". Its self-signed CAs become trust anchors, the others complete the chains of
/// devices that send only their own certificate. Needed before anything can be opened.
///
/// @param path File name in UTF-8.
/// @return POSLATCH_E_FILE, or POSLATCH_E_ROOT_CA_UNUSABLE with what is wrong in which block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_set_root_ca_file(
    device: *mut poslatch_device,
    path: *const c_char,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let device = unsafe { object_mut("device", device)? };
        let path = unsafe { text("path", path)? };
        device.device.set_roots(RootCaChain::read_file(Path::new(path))?);
        Ok(())
    })
}

/// Takes the Root CA chain from memory, in the forms of poslatch_device_set_root_ca_file.
///
/// @param pem The bytes; copied. Need not be terminated.
/// @param size Their number.
/// @return POSLATCH_E_ROOT_CA_UNUSABLE with what is wrong in which block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_set_root_ca_pem(
    device: *mut poslatch_device,
    pem: *const u8,
    size: usize,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let device = unsafe { object_mut("device", device)? };
        let pem = unsafe { bytes("pem", pem, size)? };
        device.device.set_roots(RootCaChain::parse(pem)?);
        Ok(())
    })
}

/// Expects exactly the device with this serial number; the same as poslatch_device_set_identity_check
/// with POSLATCH_CHECK_NAME. After pairing it is not needed: the identity remembers its device.
///
/// @param serial As the device's About screen shows it, or a whole DNS name. UTF-8; case does not
///   matter.
/// @return POSLATCH_E_ARGUMENT if it cannot be part of a host name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_set_serial(
    device: *mut poslatch_device,
    serial: *const c_char,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let device = unsafe { object_mut("device", device)? };
        let serial = unsafe { text("serial", serial)? };
        device.device.set_check(IdentityCheck::Name(serial.to_owned()))
    })
}

/// Sets how the device has to prove that it is the right one when no identity remembers it: at the
/// first pairing, and in poslatch_open_tls. There is no check that accepts anything.
///
/// @param check One of the POSLATCH_CHECK_ constants. Default: POSLATCH_CHECK_DOMAIN.
/// @param name For POSLATCH_CHECK_NAME the serial number or DNS name; for POSLATCH_CHECK_DOMAIN the
///   domain under which devices are named, or NULL to keep it (default "cybs.seclib.io"); NULL for the
///   others. UTF-8.
/// @return POSLATCH_E_ARGUMENT if check or name will not do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_set_identity_check(
    device: *mut poslatch_device,
    check: i32,
    name: *const c_char,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let device = unsafe { object_mut("device", device)? };
        let name = unsafe { optional_text("name", name)? };
        match (check, name) {
            (POSLATCH_CHECK_NAME, Some(name)) => {
                device.device.set_check(IdentityCheck::Name(name.to_owned()))
            }
            (POSLATCH_CHECK_DOMAIN, None) => device.device.set_check(IdentityCheck::Domain),
            (POSLATCH_CHECK_DOMAIN, Some(domain)) => {
                device.device.set_domain(domain)?;
                device.device.set_check(IdentityCheck::Domain)
            }
            (POSLATCH_CHECK_ADDRESS, None) => device.device.set_check(IdentityCheck::Address),
            (POSLATCH_CHECK_CHAIN_ONLY, None) => device.device.set_check(IdentityCheck::ChainOnly),
            (POSLATCH_CHECK_NAME, None) => {
                Err(Error::argument("name", "it is NULL, but this check needs one"))
            }
            (POSLATCH_CHECK_ADDRESS | POSLATCH_CHECK_CHAIN_ONLY, Some(_)) => {
                Err(Error::argument("name", "this check takes none; give NULL"))
            }
            _ => Err(Error::argument("check", "it is none of the POSLATCH_CHECK_ constants")),
        }
    })
}

/// Sets a time-out.
///
/// @param which One of the POSLATCH_TIMEOUT_ constants.
/// @param ms Milliseconds, at most a day; 0 means the default. Connections that are open keep what they
///   were opened with.
/// @return POSLATCH_E_ARGUMENT if either will not do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_set_timeout_ms(
    device: *mut poslatch_device,
    which: i32,
    ms: u32,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let device = unsafe { object_mut("device", device)? };
        let timeout = |default| if ms == 0 { default } else { Duration::from_millis(u64::from(ms)) };
        match which {
            POSLATCH_TIMEOUT_CONNECT => {
                device.device.set_connect_timeout(timeout(Device::DEFAULT_CONNECT_TIMEOUT))
            }
            POSLATCH_TIMEOUT_PAIRING => {
                device.device.set_pairing_timeout(timeout(Device::DEFAULT_PAIRING_TIMEOUT))
            }
            POSLATCH_TIMEOUT_EXCHANGE => {
                let limit = (ms != 0).then(|| Duration::from_millis(u64::from(ms)));
                device.device.set_exchange_limit(limit)
            }
            _ => Err(Error::argument("which", "it is none of the POSLATCH_TIMEOUT_ constants")),
        }
    })
}

/// Sets how a quiet wss connection is watched: a ping after each ping_ms of silence, and the device is
/// taken to be gone after missed_max pings without an answer and one more ping_ms. By default, a device
/// that is gone is noticed after 30 s.
///
/// A device that has never answered a ping is not held to it; the operating system's own probes then
/// notice after 30 s that its machine is gone. Connections that are open keep what they were opened
/// with.
///
/// @param ping_ms Milliseconds, at most a day; 0 sends no pings.
/// @param missed_max At least 1.
/// @return POSLATCH_E_ARGUMENT if either will not do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_set_keep_alive(
    device: *mut poslatch_device,
    ping_ms: u32,
    missed_max: u32,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let device = unsafe { object_mut("device", device)? };
        device.device.set_keep_alive(Duration::from_millis(u64::from(ping_ms)), missed_max)
    })
}

/// Makes the calls of poslatch_pair, poslatch_open_mtls, poslatch_open_tls, poslatch_probe and
/// poslatch_find_device that run on this device now return POSLATCH_E_CANCELLED, within 200 ms. Later calls
/// and open connections are not touched. From any thread, as often as you like. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_interrupt(device: *const poslatch_device) {
    infallible!((), {
        if let Ok(device) = unsafe { object("device", device) } {
            device.device.interrupt();
        }
    })
}

/// Frees the description. No call may be using it; connections opened with it live on. NULL is
/// allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_device_free(device: *mut poslatch_device) {
    infallible!((), { unsafe { release(device) } })
}
