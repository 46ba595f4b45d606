//! Fetching the Root CA chain from the vendor's cloud and keeping it, as C sees it.

use super::arguments::{bytes, give, optional_text, text};
use super::buffer::poslatch_buffer;
use super::constants::{
    POSLATCH_AUTH_HTTP_SIGNATURE, POSLATCH_AUTH_HTTP_SIGNATURE_V_DATE, POSLATCH_AUTH_JWT, poslatch_status,
};
use super::error::poslatch_error;
use crate::{CloudAuth, Error, RootCaFetch, save_root_ca};
use std::ffi::c_char;
use std::time::Duration;

/// Fetches the Root CA chain from the vendor's cloud, with the merchant's API credentials: in place of
/// the download in the Business Center. Do it once for each environment and keep the result, with
/// poslatch_save_root_ca or in a place of your own; it is no secret, and what
/// poslatch_device_set_root_ca_pem takes.
///
/// The cloud is verified like any web server before anything is sent. Failed connections, HTTP 429 and
/// HTTP 5xx are tried again, three times in all. Blocks for at most the time-out, and cannot be
/// interrupted: there is no object to do it with, so choose a time-out that you can wait for.
///
/// @param base_url Of the environment, since test and production have different chains:
///   `https://apitest.cybersource.com` or `https://api.cybersource.com` (Cybersource, test and
///   production), `https://apitest.visaacceptance.com` or `https://api.visaacceptance.com` (Visa
///   Acceptance), or any https URL under which the vendor's paths are found.
/// @param merchant_id The organisation or merchant that owns the key.
/// @param key_id The id of a REST shared secret key.
/// @param shared_secret The key itself, in base64 as the Business Center shows it. Not kept.
/// @param auth One of the POSLATCH_AUTH_ constants; POSLATCH_AUTH_JWT unless you have a reason.
/// @param web_root_pem Root certificates to trust in place of the public ones of the web, as PEM text;
///   NULL: the public ones.
/// @param timeout_ms Limit for the whole call; 0: 30000 ms.
/// @param[out] pem The chain as PEM text. Owned by the caller; freed with poslatch_buffer_free.
/// @return POSLATCH_E_CLOUD_AUTHENTICATION if the credentials are not accepted, which a wrong clock of
///   this machine can cause as well; POSLATCH_E_HTTP_STATUS; POSLATCH_E_ROOT_CA_UNUSABLE if what came is
///   no chain; and those of the categories NETWORK and TRUST.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_fetch_root_ca(
    base_url: *const c_char,
    merchant_id: *const c_char,
    key_id: *const c_char,
    shared_secret: *const c_char,
    auth: i32,
    web_root_pem: *const c_char,
    timeout_ms: u32,
    pem: *mut *mut poslatch_buffer,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    // SAFETY: pointers are as the header demands; so in each function of this file.
    fallible!(error, [pem], {
        let base_url = unsafe { text("base_url", base_url)? };
        let merchant_id = unsafe { text("merchant_id", merchant_id)? };
        let key_id = unsafe { text("key_id", key_id)? };
        let shared_secret = unsafe { text("shared_secret", shared_secret)? };
        let auth = match auth {
            POSLATCH_AUTH_JWT => CloudAuth::Jwt,
            POSLATCH_AUTH_HTTP_SIGNATURE => CloudAuth::HttpSignature,
            POSLATCH_AUTH_HTTP_SIGNATURE_V_DATE => CloudAuth::HttpSignatureVDate,
            _ => return Err(Error::argument("auth", "it is none of the POSLATCH_AUTH_ constants")),
        };
        let mut fetch = RootCaFetch::builder(base_url, merchant_id, key_id, shared_secret).auth(auth);
        if let Some(web_root_pem) = unsafe { optional_text("web_root_pem", web_root_pem)? } {
            fetch = fetch.web_roots_pem(web_root_pem);
        }
        if timeout_ms != 0 {
            fetch = fetch.timeout(Duration::from_millis(timeout_ms.into()));
        }
        let chain = fetch.build()?.fetch()?;
        unsafe { give(pem, poslatch_buffer::new(chain.as_bytes())) };
        Ok(())
    })
}

/// Saves a Root CA chain, which poslatch_fetch_root_ca gave or which was downloaded, as a file of PEM
/// text for poslatch_device_set_root_ca_file. The chain is checked first. An older file is replaced
/// only when the new one is safe on disk: a process that is killed leaves the old file or the new one,
/// whole.
///
/// @param pem The chain, in any form that poslatch_device_set_root_ca_pem takes. Need not be terminated.
/// @param size Its size in bytes.
/// @param path File name in UTF-8. A symbolic link there is replaced, not followed. Others may read the
///   file, since it is no secret; choose a folder where only the till can write.
/// @return POSLATCH_E_ROOT_CA_UNUSABLE if it is no chain, and then nothing is written; POSLATCH_E_FILE.
///   Blocks for the disk.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poslatch_save_root_ca(
    pem: *const u8,
    size: usize,
    path: *const c_char,
    error: *mut *mut poslatch_error,
) -> poslatch_status {
    fallible!(error, [], {
        let pem = unsafe { bytes("pem", pem, size)? };
        save_root_ca(pem, unsafe { text("path", path)? })
    })
}
