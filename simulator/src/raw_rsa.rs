//! RSA without a cryptographic library, for what none of them does any more: a signature over SHA-1, a key of 1024 bits.
//! Simulators only: slow, and nothing is done against side channels.

use crate::{Error, pki, relic};
use aws_lc_rs::digest::{self, Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use num_bigint::BigUint;
use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode, Encode};
use rcgen::{PKCS_RSA_SHA256, PublicKeyData};
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use std::sync::LazyLock;

/// The numbers of a private key that a signature needs.
pub(crate) struct RawKey {
    modulus: BigUint,
    private_exponent: BigUint,
}

impl RawKey {
    /// Reads a key as PKCS#8.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        let info = pkcs8::PrivateKeyInfoRef::try_from(der).map_err(unusable)?;
        let parts = relic::parts(info.private_key.as_bytes())?;
        // Version, modulus, public exponent, private exponent.
        let number = |index: usize| -> Result<BigUint, Error> {
            let der = parts.get(index).ok_or_else(|| unusable("an RSA key with too few numbers"))?;
            Ok(BigUint::from_bytes_be(UintRef::from_der(der).map_err(unusable)?.as_bytes()))
        };
        Ok(Self { modulus: number(1)?, private_exponent: number(3)? })
    }

    /// A key of a size that no library makes any more; the public exponent is 65537.
    fn generate_1024() -> Self {
        loop {
            let (p, q) = (prime(), prime());
            let order = (&p - 1_u8) * (&q - 1_u8);
            // None where 65537 divides the order, once in some ten thousand times.
            if let Some(private_exponent) = BigUint::from(65537_u32).modinv(&order) {
                return Self { modulus: p * q, private_exponent };
            }
        }
    }

    /// Signs as `sha1WithRSAEncryption` does.
    pub(crate) fn sign_sha1(&self, message: &[u8]) -> Vec<u8> {
        self.sign_pkcs1(message, &SHA1_FOR_LEGACY_USE_ONLY, &DIGEST_INFO_SHA1)
    }

    /// RFC 8017, section 8.2.1.
    fn sign_pkcs1(&self, message: &[u8], algorithm: &'static Algorithm, digest_info: &[u8]) -> Vec<u8> {
        let digest = digest::digest(algorithm, message);
        let padding = self.len().saturating_sub(3 + digest_info.len() + digest.as_ref().len());
        let mut block = vec![0, 1];
        block.resize(2 + padding, 0xFF);
        block.push(0);
        block.extend_from_slice(digest_info);
        block.extend_from_slice(digest.as_ref());
        self.raise(&block)
    }

    /// RFC 8017, section 8.1.1, with SHA-256 throughout and a salt of its length.
    fn sign_pss(&self, message: &[u8]) -> Vec<u8> {
        let digest = digest::digest(&SHA256, message);
        let salt = pki::random_bytes::<32>();
        let salted = [&[0; 8], digest.as_ref(), &salt].concat();
        let salted = digest::digest(&SHA256, &salted);
        let mut block = vec![0; self.len().saturating_sub(2 * 32 + 2)];
        block.push(1);
        block.extend_from_slice(&salt);
        let mask = (0..)
            .map(|counter: u32| [salted.as_ref(), &counter.to_be_bytes()].concat())
            .flat_map(|seed| digest::digest(&SHA256, &seed).as_ref().to_vec());
        for (byte, mask) in block.iter_mut().zip(mask) {
            *byte ^= mask;
        }
        // The modulus has its highest bit set, so the block must not.
        if let Some(first) = block.first_mut() {
            *first &= 0x7F;
        }
        block.extend_from_slice(salted.as_ref());
        block.push(0xBC);
        self.raise(&block)
    }

    fn raise(&self, block: &[u8]) -> Vec<u8> {
        let raised =
            BigUint::from_bytes_be(block).modpow(&self.private_exponent, &self.modulus).to_bytes_be();
        let mut signature = vec![0; self.len().saturating_sub(raised.len())];
        signature.extend_from_slice(&raised);
        signature
    }

    fn len(&self) -> usize {
        self.modulus.to_bytes_be().len()
    }
}

/// The one key of 1024 bits of this process, made when it is first needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rsa1024;

impl PublicKeyData for Rsa1024 {
    fn der_bytes(&self) -> &[u8] {
        &PUBLIC_1024
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Rsa1024 {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256]
            .into_iter()
            .find(|scheme| offered.contains(scheme))
            .map(|scheme| Box::new(Signer1024(scheme)) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

#[derive(Debug)]
struct Signer1024(SignatureScheme);

impl Signer for Signer1024 {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(match self.0 {
            SignatureScheme::RSA_PSS_SHA256 => KEY_1024.sign_pss(message),
            _ => KEY_1024.sign_pkcs1(message, &SHA256, &DIGEST_INFO_SHA256),
        })
    }

    fn scheme(&self) -> SignatureScheme {
        self.0
    }
}

fn unusable(reason: impl ToString) -> Error {
    Error::Certificate { reason: reason.to_string() }
}

static KEY_1024: LazyLock<RawKey> = LazyLock::new(RawKey::generate_1024);

/// `RSAPublicKey` of RFC 8017; the exponent is 65537.
static PUBLIC_1024: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let modulus = KEY_1024.modulus.to_bytes_be();
    let modulus = UintRef::new(&modulus).and_then(|modulus| modulus.to_der());
    relic::sequence(&[&modulus.unwrap_or_default(), &[2, 3, 1, 0, 1]]).unwrap_or_default()
});

/// A random prime of 512 bits whose two highest bits are set, so that the product of two has 1024.
fn prime() -> BigUint {
    let two = BigUint::from(2_u8);
    loop {
        let mut bytes = pki::random_bytes::<64>();
        bytes[0] |= 0xC0;
        bytes[63] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        // Small divisors first, since they are cheap; then Fermat, which errs so rarely on random
        // numbers that the signatures made with the key are test enough.
        let has_divisor = (3_u32..2000).step_by(2).any(|divisor| (&candidate % divisor) == BigUint::ZERO);
        if !has_divisor && two.modpow(&(&candidate - 1_u8), &candidate) == BigUint::from(1_u8) {
            return candidate;
        }
    }
}

const DIGEST_INFO_SHA1: [u8; 15] = *b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
const DIGEST_INFO_SHA256: [u8; 19] =
    *b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{
        RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    };

    #[test]
    fn signature_over_sha1_is_one_to_a_library() {
        let key = crate::keys::take().expect("a key");
        let signature = RawKey::from_pkcs8(key.serialized_der()).expect("a key").sign_sha1(b"message");
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key.der_bytes())
            .verify(b"message", &signature)
            .expect("a signature");
    }

    #[test]
    fn signature_with_pss_is_one_to_a_library() {
        let key = crate::keys::take().expect("a key");
        let signature = RawKey::from_pkcs8(key.serialized_der()).expect("a key").sign_pss(b"message");
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.der_bytes())
            .verify(b"message", &signature)
            .expect("a signature");
    }

    #[test]
    fn signature_of_1024_bits_is_one_to_a_library() {
        let signature = KEY_1024.sign_pkcs1(b"message", &SHA256, &DIGEST_INFO_SHA256);
        UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, Rsa1024.der_bytes())
            .verify(b"message", &signature)
            .expect("a signature");
    }
}
