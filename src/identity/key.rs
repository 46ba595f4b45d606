//! The till's private key, in one form, wiped when dropped.
//!
//! Devices send PKCS#1 (protocol.md section 2); files hold PKCS#8, encrypted or not. It is turned
//! into PKCS#8 once, when it comes in, so that nothing behind this file knows of several forms.

use super::pbes2;
use crate::pem::Label;
use crate::provider;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use pkcs8::der::{Decode, Encode, Reader, SliceReader, TagNumber};
use pkcs8::spki::AlgorithmIdentifierRef;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::SigningKey;
use std::sync::Arc;
use zeroize::Zeroizing;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

pub(crate) struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
}

/// The bytes are not a key of the form that their label says.
#[derive(Debug)]
pub(crate) struct NotAKey;

impl PrivateKey {
    pub(crate) fn from_der(label: Label, der: &[u8]) -> Result<PrivateKey, NotAKey> {
        let pkcs8 = match label {
            Label::PrivateKey => Zeroizing::new(der.to_vec()),
            Label::RsaPrivateKey => wrap(RSA_ENCRYPTION, AnyRef::NULL, der)?,
            Label::EcPrivateKey => wrap(EC_PUBLIC_KEY, AnyRef::from(&curve_of_sec1(der)?), der)?,
            _ => return Err(NotAKey),
        };
        Ok(PrivateKey { pkcs8 })
    }

    /// # Errors
    /// Also when the passphrase is right but what it opens is no key; the two cannot be told apart.
    pub(crate) fn decrypt(encrypted: &[u8], passphrase: &str) -> Result<PrivateKey, NotAKey> {
        let pkcs8 = pbes2::decrypt(encrypted, passphrase)?;
        // A wrong passphrase gets past the padding once in some two hundred times.
        PrivateKeyInfoRef::from_der(&pkcs8).map_err(|_| NotAKey)?;
        Ok(PrivateKey { pkcs8 })
    }

    pub(crate) fn encrypt(&self, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, NotAKey> {
        pbes2::encrypt(&self.pkcs8, passphrase)
    }

    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The key in the form that signs; fails for kinds and sizes that no TLS of today uses.
    pub(crate) fn signing_key(&self) -> Result<Arc<dyn SigningKey>, NotAKey> {
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.as_slice()));
        provider::signing_key(&der).map_err(|_| NotAKey)
    }
}

fn wrap(oid: ObjectIdentifier, parameters: AnyRef<'_>, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAKey> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters: Some(parameters) };
    let key = OctetStringRef::new(key).map_err(|_| NotAKey)?;
    PrivateKeyInfoRef::new(algorithm, key).to_der().map(Zeroizing::new).map_err(|_| NotAKey)
}

/// The named curve in `ECPrivateKey` (RFC 5915): version, key, then `[0] EXPLICIT` parameters.
fn curve_of_sec1(der: &[u8]) -> Result<ObjectIdentifier, NotAKey> {
    let mut reader = SliceReader::new(der).map_err(|_| NotAKey)?;
    reader
        .sequence(|inner| {
            inner.tlv_bytes()?;
            inner.tlv_bytes()?;
            let curve = ContextSpecific::decode_explicit(inner, TagNumber(0))?.map(|field| field.value);
            while !inner.is_finished() {
                inner.tlv_bytes()?;
            }
            Ok::<Option<ObjectIdentifier>, pkcs8::der::Error>(curve)
        })
        .ok()
        .flatten()
        .ok_or(NotAKey)
}
