//! The identity, on disk and in facts, as C sees it.

use super::arguments::{bytes, c_string, give, object, optional_text, release, text};
use super::buffer::poslatch_buffer;
use super::constants::poslatch_status;
use super::error::poslatch_error;
use crate::Identity;
use std::ffi::{CString, c_char};
use std::time::SystemTime;

/** The till's identity: its private key, its certificate chain, and the name of the device that it
 * was paired with. Cannot be changed, so any number of threads may use it. The key is wiped from
 * memory when the identity and all connections that use it are freed. */
pub struct poslatch_identity {
    pub(super) identity: Identity,
    pos_id: CString,
    device_name: CString,
    serial: CString,
    issuer: CString,
    fingerprint: CString,
}

impl poslatch_identity {
    pub(super) fn new(identity: Identity) -> poslatch_identity {
        poslatch_identity {
            pos_id: c_string(identity.pos_id()),
            device_name: c_string(identity.device_name().unwrap_or_default()),
            serial: c_string(identity.serial().unwrap_or_default()),
            issuer: c_string(identity.issuer()),
            fingerprint: c_string(identity.fingerprint()),
            identity,
        }
    }
}

/// Writes the identity to one PEM file that only this user can read (Unix: mode 0600; Windows: an
/// access list that holds this user alone and inherits nothing). An older file is replaced only when
/// the new one is safe on disk: a process that is killed leaves the old file or the new one, whole, and
/// perhaps a hidden ".NAME.PROCESS-NUMBER.new" beside it, which the next save removes. openssl and curl
/// read the file as it is.
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

/// Gives the identity out as PKCS#12 (.p12, .pfx), for programs that take no PEM: .NET Framework,
/// Java 8, OpenSSL and whatever is newer read it. Its name in their stores is the posId. It holds the
/// private key.
///
/// What all of them read is encryption of the nineties (Triple DES, SHA-1): choose a passphrase that
/// nobody can guess, and remove the file once it was imported. poslatch itself does not read PKCS#12;
/// keep the identity with poslatch_identity_save.
///
/// @param passphrase Encrypts key and certificates; UTF-8, not empty. Java takes ASCII only.
/// @param[out] pkcs12 Owned by the caller; freed, and wiped, with poslatch_buffer_free.
/// @return POSLATCH_E_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_export_pkcs12(
    identity: *const poslatch_identity,
    passphrase: *const c_char,
    pkcs12: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [pkcs12], {
        let identity = unsafe { object("identity", identity)? };
        let passphrase = unsafe { text("passphrase", passphrase)? };
        let exported = identity.identity.to_pkcs12(passphrase)?;
        unsafe { give(pkcs12, poslatch_buffer::new(&exported)) };
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

/// The serial number of the device that the till was paired with: the first label of its name, such as
/// "1850000123".
///
/// @return Valid until the identity is freed; "" if the device is known by an address, a bare host name
///   or not at all, or `identity` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_serial(identity: *const poslatch_identity) -> *const c_char {
    infallible!(c"".as_ptr(), {
        unsafe { identity.as_ref() }.map_or(c"".as_ptr(), |identity| identity.serial.as_ptr())
    })
}

/// Who issued the till's certificate: the issuer's common name, or its organisation where it has none.
/// UTF-8.
///
/// @return Valid until the identity is freed; "" if `identity` is NULL. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_issuer(identity: *const poslatch_identity) -> *const c_char {
    infallible!(c"".as_ptr(), {
        unsafe { identity.as_ref() }.map_or(c"".as_ptr(), |identity| identity.issuer.as_ptr())
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

/// When the first certificate of the till's chain ends, in seconds since 1970 (UTC); 0 if `identity` is
/// NULL. From then on the device refuses the till, even where the till's own certificate lasts longer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_earliest_expiry(identity: *const poslatch_identity) -> i64 {
    infallible!(0, {
        unsafe { identity.as_ref() }.map_or(0, |identity| seconds(identity.identity.earliest_expiry()))
    })
}

/// Whether it is time to pair again, by this machine's clock: two thirds of the till certificate's life
/// have gone, or the chain has expired or will within `days` days. A till that asks at each start, with
/// the longest time that it may stay unattended, is never surprised.
///
/// @param days 0 is allowed: then it is two thirds of the life, or the end.
/// @return 1 if it is time, 0 if not, or `identity` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_identity_needs_renewal(
    identity: *const poslatch_identity,
    days: u32,
) -> i32 {
    infallible!(0, {
        unsafe { identity.as_ref() }
            .map_or(0, |identity| i32::from(identity.identity.needs_renewal(SystemTime::now(), days)))
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
