//! The identity, on disk and in facts, as C sees it.

use super::arguments::{bytes, c_string, give, object, optional_text, release, text};
use super::buffer::poslatch_buffer;
use super::constants::poslatch_status;
use super::error::poslatch_error;
use crate::Identity;
use std::ffi::{CString, c_char};

/** The till's identity: its private key, its certificate chain, and the name of the device that it
 * was paired with. Cannot be changed, so any number of threads may use it. The key is wiped from
 * memory when the identity and all connections that use it are freed. */
pub struct poslatch_identity {
    pub(super) identity: Identity,
    pos_id: CString,
    device_name: CString,
    fingerprint: CString,
}

impl poslatch_identity {
    pub(super) fn new(identity: Identity) -> poslatch_identity {
        poslatch_identity {
            pos_id: c_string(identity.pos_id()),
            device_name: c_string(identity.device_name().unwrap_or_default()),
            fingerprint: c_string(identity.fingerprint()),
            identity,
        }
    }
}

/// Writes the identity to one PEM file that only this user can read (Unix: mode 0600). An older file
/// is replaced only when the new one is safe on disk. openssl and curl read the file as it is.
///
/// @param path File name in UTF-8. A symbolic link there is replaced, not followed.
/// @param passphrase Encrypts the private key (PBES2, AES-256); UTF-8. NULL: not encrypted.
/// @return POSLATCH_E_FILE, POSLATCH_E_ARGUMENT. Blocks for the disk, and about a second on a slow
///   machine for the passphrase.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_save(
    identity: *const poslatch_identity,
    path: *const c_char,
    passphrase: *const c_char,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands; so in each function of this file.
    fallible!(error, [], {
        let identity = unsafe { object("identity", identity)? };
        let path = unsafe { text("path", path)? };
        let passphrase = unsafe { optional_text("passphrase", passphrase)? };
        identity.identity.save(path, passphrase)
    })
}

/// Reads an identity from a file that poslatch_identity_save wrote. An expired one is read too: its
/// facts are of use.
///
/// @param path File name in UTF-8.
/// @param passphrase The one that it was saved with; NULL if without.
/// @param[out] identity Owned by the caller; freed with poslatch_identity_free.
/// @return POSLATCH_E_FILE, POSLATCH_E_PASSPHRASE, POSLATCH_E_IDENTITY_UNUSABLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_load(
    path: *const c_char,
    passphrase: *const c_char,
    identity: *mut *mut poslatch_identity,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [identity], {
        let path = unsafe { text("path", path)? };
        let passphrase = unsafe { optional_text("passphrase", passphrase)? };
        let loaded = Identity::load(path, passphrase)?;
        unsafe { give(identity, poslatch_identity::new(loaded)) };
        Ok(())
    })
}

/// Gives the identity out as the text that poslatch_identity_save writes, for tills that keep their
/// keys elsewhere. It holds the private key.
///
/// @param passphrase Encrypts the private key; NULL: not encrypted.
/// @param[out] pem Owned by the caller; freed, and wiped, with poslatch_buffer_free.
/// @return POSLATCH_E_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_export_pem(
    identity: *const poslatch_identity,
    passphrase: *const c_char,
    pem: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [pem], {
        let identity = unsafe { object("identity", identity)? };
        let passphrase = unsafe { optional_text("passphrase", passphrase)? };
        let exported = identity.identity.to_pem(passphrase)?;
        unsafe { give(pem, poslatch_buffer::new(exported.as_bytes())) };
        Ok(())
    })
}

/// Reads an identity from the text that poslatch_identity_export_pem gave.
///
/// @param pem The bytes; copied. Need not be terminated.
/// @param size Their number.
/// @param passphrase The one that it was exported with; NULL if without.
/// @param[out] identity Owned by the caller; freed with poslatch_identity_free.
/// @return POSLATCH_E_PASSPHRASE, POSLATCH_E_IDENTITY_UNUSABLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_from_pem(
    pem: *const u8,
    size: usize,
    passphrase: *const c_char,
    identity: *mut *mut poslatch_identity,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [identity], {
        let pem = unsafe { bytes("pem", pem, size)? };
        let passphrase = unsafe { optional_text("passphrase", passphrase)? };
        let read = Identity::from_pem(pem, passphrase)?;
        unsafe { give(identity, poslatch_identity::new(read)) };
        Ok(())
    })
}

/// The posId under which the till was paired. UTF-8.
///
/// @return Valid until the identity is freed; "" if `identity` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_pos_id(identity: *const poslatch_identity) -> *const c_char {
    infallible!(c"".as_ptr(), {
        unsafe { identity.as_ref() }.map_or(c"".as_ptr(), |identity| identity.pos_id.as_ptr())
    })
}

/// The name of the device that the till was paired with, in lower case, such as
/// "1850000123.cybs.seclib.io". Only that device can be opened with the identity.
///
/// @return Valid until the identity is freed; "" if the device's certificate held no name, or
///   `identity` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_device_name(identity: *const poslatch_identity) -> *const c_char {
    infallible!(c"".as_ptr(), {
        unsafe { identity.as_ref() }.map_or(c"".as_ptr(), |identity| identity.device_name.as_ptr())
    })
}

/// Start of the till certificate's life, in seconds since 1970 (UTC); 0 if `identity` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_not_before(identity: *const poslatch_identity) -> i64 {
    infallible!(0, {
        unsafe { identity.as_ref() }.map_or(0, |identity| seconds(identity.identity.not_before()))
    })
}

/// End of the till certificate's life, in seconds since 1970 (UTC); 0 if `identity` is NULL. There is
/// no renewal but pairing again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_not_after(identity: *const poslatch_identity) -> i64 {
    infallible!(0, {
        unsafe { identity.as_ref() }.map_or(0, |identity| seconds(identity.identity.not_after()))
    })
}

/// SHA-256 of the till's certificate: 64 lower-case hexadecimal digits.
///
/// @return Valid until the identity is freed; "" if `identity` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_fingerprint(identity: *const poslatch_identity) -> *const c_char {
    infallible!(c"".as_ptr(), {
        unsafe { identity.as_ref() }.map_or(c"".as_ptr(), |identity| identity.fingerprint.as_ptr())
    })
}

/// Frees an identity. Connections opened with it live on. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_free(identity: *mut poslatch_identity) {
    infallible!((), { unsafe { release(identity) } })
}

fn seconds(unix: u64) -> i64 {
    i64::try_from(unix).unwrap_or(i64::MAX)
}
