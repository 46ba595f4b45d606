//! Pairing, and the chain that comes of it, as C sees them.

use super::arguments::{give, object, text};
use super::buffer::poslatch_buffer;
use super::constants::poslatch_status;
use super::device::poslatch_device;
use super::error::poslatch_error;
use super::identity::poslatch_identity;
use std::ffi::c_char;

/// Pairs the till with the device: sends posId and setup code, and gets an identity, which is the
/// till's private key with its certificates. Done once; keep the identity with poslatch_identity_save.
///
/// The code is sent only after the device has proven who it is. The device shows a new code every
/// 300 s, so have everything else ready before it is asked for. Blocks for at most the connect and the
/// pairing time-out together; poslatch_device_interrupt ends it earlier.
///
/// @param pos_id Your name for this till, unique in the shop. UTF-8; digits are safest, since some
///   versions of the app accept nothing else.
/// @param setup_code The eight characters on the device's screen; spaces around them are ignored.
/// @param[out] identity Owned by the caller; freed with poslatch_identity_free.
/// @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
/// @return POSLATCH_E_CODE_MALFORMED before anything is dialled; POSLATCH_E_WRONG_DEVICE,
///   POSLATCH_E_UNKNOWN_ISSUER and others of the category TRUST, with nothing sent;
///   POSLATCH_E_PAIRING_REJECTED with the device's words: ask for a new code;
///   POSLATCH_E_PAIRING_REPLY_LOST: take the code as spent and ask for a new one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_pair(
    device: *const poslatch_device,
    pos_id: *const c_char,
    setup_code: *const c_char,
    identity: *mut *mut poslatch_identity,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands.
    fallible!(request, error, [identity], {
        let device = unsafe { object("device", device)? };
        let pos_id = unsafe { text("pos_id", pos_id)? };
        let setup_code = unsafe { text("setup_code", setup_code)? };
        let paired = device.device.pair(pos_id, setup_code)?;
        unsafe { give(identity, poslatch_identity::new(paired)) };
        Ok(())
    })
}

/// The certificate chain of an identity as PEM text: the till's own certificate first, each followed
/// by its issuer, the root last. Holds no secret.
///
/// @param[out] pem Owned by the caller; freed with poslatch_buffer_free.
/// @return POSLATCH_E_ARGUMENT if `identity` or `pem` is NULL. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_get_cert_chain(
    identity: *const poslatch_identity,
    pem: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands.
    fallible!(error, [pem], {
        let identity = unsafe { object("identity", identity)? };
        let chain = identity.identity.cert_chain_pem();
        unsafe { give(pem, poslatch_buffer::new(chain.as_bytes())) };
        Ok(())
    })
}
