//! The merchant's API key: whose it is, which one, and the secret that signs.

use crate::error::{Error, Kind};
use base64ct::{Base64Unpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Longer than any id that the vendor gives out; UUIDs have 36 characters.
const ID_BYTES_MAX: usize = 200;

/// A shared secret key for the vendor's REST interface. Without `Debug`, and wiped when dropped.
pub(super) struct ApiKey {
    pub(super) merchant_id: String,
    pub(super) key_id: String,
    secret: Zeroizing<Vec<u8>>,
}

impl ApiKey {
    /// # Errors
    /// `Argument`. The secret is never quoted.
    pub(super) fn new(merchant_id: &str, key_id: &str, shared_secret: &str) -> Result<ApiKey, Error> {
        Ok(ApiKey {
            merchant_id: id("merchant_id", merchant_id)?,
            key_id: id("key_id", key_id)?,
            secret: decode(shared_secret)?,
        })
    }

    /// HMAC-SHA256 with the decoded secret as its key.
    pub(super) fn sign(&self, message: &[u8]) -> Result<[u8; 32], Error> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)
            .map_err(|_| Kind::Internal { detail: "HMAC refuses the length of its key".into() })?;
        mac.update(message);
        Ok(mac.finalize().into_bytes().into())
    }
}

/// An id that can stand in a header between quotes: a line break in it would forge a header.
fn id(argument: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    let fits = (1..=ID_BYTES_MAX).contains(&text.len());
    if !fits || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        return Err(Error::argument(
            argument,
            "it has to be an id as the Business Center shows it: letters, digits and signs, no spaces",
        ));
    }
    Ok(text.to_owned())
}

fn decode(shared_secret: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let text = shared_secret.trim();
    let unpadded = text.strip_suffix("==").or(text.strip_suffix('=')).unwrap_or(text);
    // Into memory of ours, so that half a secret is wiped too when the other half is no base64.
    let mut secret = Zeroizing::new(vec![0; text.len()]);
    match Base64Unpadded::decode(unpadded, &mut secret).map(<[u8]>::len) {
        Ok(length) if length > 0 => {
            secret.truncate(length);
            Ok(secret)
        }
        _ => Err(Error::argument(
            "shared_secret",
            "it is not base64; copy it from the Business Center as it is, without the key id",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_no_base64_is_refused_and_not_quoted() {
        for bad in ["", "=", "c2VjcmV0!", "sec ret", "c2VjcmV0A"] {
            let error = ApiKey::new("m", "k", bad).err().unwrap_or_else(|| panic!("{bad:?} was taken"));
            assert!(error.message().contains("shared_secret"), "{error}");
            assert!(bad.len() < 2 || !format!("{error:?}").contains(bad), "{error:?}");
        }
        for good in ["c2VjcmV0", " c2VjcmV0cw==\n", "c2VjcmV0cw"] {
            assert!(ApiKey::new("m", "k", good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn ids_that_could_forge_a_header_are_refused() {
        for bad in ["", " ", "a b", "a\r\nHost: b", "a\"b", "a\\b", "\u{e9}", &"a".repeat(201)] {
            assert!(ApiKey::new(bad, "k", "c2VjcmV0").is_err(), "{bad:?}");
            assert!(ApiKey::new("m", bad, "c2VjcmV0").is_err(), "{bad:?}");
        }
    }
}
