//! The identity as PKCS#12 (RFC 7292), for programs that take no PEM: .NET, Java, Windows.
//!
//! Written with Triple DES and SHA-1, which is what .NET Framework, Windows 7, Java 8 and OpenSSL 3
//! all read; AES came to them in different years. So the passphrase protects the way from here to the
//! other program, no more. Written by hand, since the crates for it bring a reader, RC2 and the whole
//! of CMS along; only the cipher is added to what identity files need anyway. Never read: our own
//! form is the PEM file.

use super::Identity;
use crate::provider::provider;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use des::TdesEde3;
use hmac::{Hmac, KeyInit, Mac};
use pkcs8::der::asn1::{AnyRef, Null, ObjectIdentifier};
use pkcs8::der::{self, Encode, Tag, TagNumber};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
/// pbeWithSHAAnd3-KeyTripleDES-CBC
const SHA1_TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// For each of key, certificates and MAC. .NET refuses files with an uncommonly high count (KB5025823,
/// which calls 2,000 to 10,000 common; dotnet/runtime limits this encryption to 600,000).
const ROUNDS: u32 = 50_000;

/// The salt's size in what OpenSSL and Java write is 8 to 20 bytes.
const SALT_SIZE_BYTES: usize = 16;

/// A step failed that only fails for want of memory or randomness.
pub(super) struct CannotWrite;

/// Writes key and chain; the posId is the name under which stores list them.
pub(super) fn write(identity: &Identity, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, CannotWrite> {
    let passphrase = Passphrase::new(passphrase);
    let judged = identity.judged();
    let leaf = judged.chain.first().ok_or(CannotWrite)?;
    let attributes = attributes(identity.pos_id(), &Sha1::digest(leaf.der()))?;

    let (algorithm, encrypted_key) = encrypt(judged.key.pkcs8(), &passphrase)?;
    let shrouded = tlv(Tag::Sequence, &[&algorithm, &tlv(Tag::OctetString, &[&encrypted_key])?])?;
    let key_bag = bag(SHROUDED_KEY_BAG, &shrouded, &attributes)?;

    let mut certificate_bags = Vec::new();
    for (position, certificate) in judged.chain.iter().enumerate() {
        // What belongs to the key says so; the issuers are found by name.
        let attributes = if position == 0 { attributes.as_slice() } else { &[] };
        let value = tlv(Tag::OctetString, &[certificate.der()])?;
        let value = tlv(Tag::Sequence, &[&X509_CERTIFICATE.to_der()?, &tlv(context(0), &[&value])?])?;
        certificate_bags.extend(bag(CERTIFICATE_BAG, &value, attributes)?);
    }

    let certificates = encrypted_content(&tlv(Tag::Sequence, &[&certificate_bags])?, &passphrase)?;
    let key = content(&tlv(Tag::Sequence, &[&key_bag])?)?;
    let safe = tlv(Tag::Sequence, &[&certificates, &key])?;
    let mac = mac(&safe, &passphrase)?;
    let version: u8 = 3;
    tlv(Tag::Sequence, &[&version.to_der()?, &content(&safe)?, &mac]).map(Zeroizing::new)
}

/// `SafeBag`; the attributes are a whole SET or nothing.
fn bag(kind: ObjectIdentifier, value: &[u8], attributes: &[u8]) -> Result<Vec<u8>, CannotWrite> {
    tlv(Tag::Sequence, &[&kind.to_der()?, &tlv(context(0), &[value])?, attributes])
}

/// The name that people see, and the mark by which certificate and key find each other.
fn attributes(name: &str, key_id: &[u8]) -> Result<Vec<u8>, CannotWrite> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut attributes = [
        attribute(FRIENDLY_NAME, &tlv(Tag::BmpString, &[&name])?)?,
        attribute(LOCAL_KEY_ID, &tlv(Tag::OctetString, &[key_id])?)?,
    ];
    // DER wants the members of a SET in the order of their bytes.
    attributes.sort();
    tlv(Tag::Set, &[&attributes.concat()])
}

fn attribute(kind: ObjectIdentifier, value: &[u8]) -> Result<Vec<u8>, CannotWrite> {
    tlv(Tag::Sequence, &[&kind.to_der()?, &tlv(Tag::Set, &[value])?])
}

/// `ContentInfo` that holds bytes as they are.
fn content(bytes: &[u8]) -> Result<Vec<u8>, CannotWrite> {
    let bytes = tlv(Tag::OctetString, &[bytes])?;
    tlv(Tag::Sequence, &[&DATA.to_der()?, &tlv(context(0), &[&bytes])?])
}

/// `ContentInfo` with `EncryptedData`.
fn encrypted_content(plain: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, CannotWrite> {
    let (algorithm, encrypted) = encrypt(plain, passphrase)?;
    // Implicit, so the tag takes the place of the octet string's.
    let tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
    let info = tlv(Tag::Sequence, &[&DATA.to_der()?, &algorithm, &tlv(tag, &[&encrypted])?])?;
    let version: u8 = 0;
    let data = tlv(Tag::Sequence, &[&version.to_der()?, &info])?;
    tlv(Tag::Sequence, &[&ENCRYPTED_DATA.to_der()?, &tlv(context(0), &[&data])?])
}

/// `MacData` over the content of the safe.
fn mac(safe: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, CannotWrite> {
    let salt = random()?;
    let key = passphrase.derive(Purpose::Mac, &salt, MAC_KEY_SIZE_BYTES, ROUNDS);
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).map_err(|_| CannotWrite)?;
    mac.update(safe);
    let value = tlv(Tag::OctetString, &[&mac.finalize().into_bytes()])?;
    let algorithm = tlv(Tag::Sequence, &[&SHA1.to_der()?, &Null.to_der()?])?;
    let digest = tlv(Tag::Sequence, &[&algorithm, &value])?;
    tlv(Tag::Sequence, &[&digest, &tlv(Tag::OctetString, &[&salt])?, &ROUNDS.to_der()?])
}

/// The algorithm with its parameters, and the encrypted bytes.
fn encrypt(plain: &[u8], passphrase: &Passphrase) -> Result<(Vec<u8>, Vec<u8>), CannotWrite> {
    let salt = random()?;
    let key = passphrase.derive(Purpose::Key, &salt, CIPHER_KEY_SIZE_BYTES, ROUNDS);
    let iv = passphrase.derive(Purpose::Iv, &salt, CIPHER_BLOCK_SIZE_BYTES, ROUNDS);
    let cipher = cbc::Encryptor::<TdesEde3>::new_from_slices(&key, &iv).map_err(|_| CannotWrite)?;
    // Padding fills up the last block, or is a whole one.
    let mut buffer = Zeroizing::new(vec![0; plain.len() + CIPHER_BLOCK_SIZE_BYTES]);
    buffer.get_mut(..plain.len()).ok_or(CannotWrite)?.copy_from_slice(plain);
    let encrypted =
        cipher.encrypt_padded::<Pkcs7>(&mut buffer, plain.len()).map_err(|_| CannotWrite)?.to_vec();
    let parameters = tlv(Tag::Sequence, &[&tlv(Tag::OctetString, &[&salt])?, &ROUNDS.to_der()?])?;
    Ok((tlv(Tag::Sequence, &[&SHA1_TRIPLE_DES.to_der()?, &parameters])?, encrypted))
}

fn random() -> Result<[u8; SALT_SIZE_BYTES], CannotWrite> {
    let mut salt = [0; SALT_SIZE_BYTES];
    provider().secure_random.fill(&mut salt).map_err(|_| CannotWrite)?;
    Ok(salt)
}

/// What a derived key is for (RFC 7292, appendix B.3).
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

const CIPHER_KEY_SIZE_BYTES: usize = 24;
const CIPHER_BLOCK_SIZE_BYTES: usize = 8;
const MAC_KEY_SIZE_BYTES: usize = 20;

/// A passphrase as PKCS#12 has it: UTF-16, big end first, with a terminator that counts.
struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    fn new(text: &str) -> Passphrase {
        // Reserved at once: a vector that grows leaves copies behind. UTF-16 has at most one unit for
        // each byte of UTF-8.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        bytes.extend(text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
        Passphrase(bytes)
    }

    /// The derivation of RFC 7292, appendix B.2, with SHA-1.
    fn derive(&self, purpose: Purpose, salt: &[u8], size: usize, rounds: u32) -> Zeroizing<Vec<u8>> {
        const BLOCK_SIZE_BYTES: usize = 64;
        let filled = |bytes: &[u8]| bytes.len().next_multiple_of(BLOCK_SIZE_BYTES);
        let diversifier = [purpose as u8; BLOCK_SIZE_BYTES];
        let mut input = Zeroizing::new(Vec::with_capacity(filled(salt) + filled(&self.0)));
        input.extend(salt.iter().cycle().take(filled(salt)));
        input.extend(self.0.iter().cycle().take(filled(&self.0)));

        let mut derived = Zeroizing::new(Vec::with_capacity(size + MAC_KEY_SIZE_BYTES));
        while derived.len() < size {
            let mut hash = Sha1::new().chain_update(diversifier).chain_update(&*input).finalize();
            for _ in 1..rounds {
                hash = Sha1::digest(hash);
            }
            derived.extend_from_slice(&hash);
            let addend: Zeroizing<Vec<u8>> =
                Zeroizing::new(hash.iter().copied().cycle().take(BLOCK_SIZE_BYTES).collect());
            for block in input.chunks_exact_mut(BLOCK_SIZE_BYTES) {
                add(block, &addend);
            }
        }
        derived.truncate(size);
        derived
    }
}

/// Adds two numbers of one size, big end first, and one; what overflows is dropped.
fn add(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (digit, other) in number.iter_mut().zip(addend).rev() {
        let [high, low] = (u16::from(*digit) + u16::from(*other) + carry).to_be_bytes();
        *digit = low;
        carry = u16::from(high);
    }
}

/// A tag over its parts. No secret passes through here in the clear.
fn tlv(tag: Tag, parts: &[&[u8]]) -> Result<Vec<u8>, CannotWrite> {
    let content = parts.concat();
    Ok(AnyRef::new(tag, &content)?.to_der()?)
}

/// `[number] EXPLICIT`
fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

impl From<der::Error> for CannotWrite {
    fn from(_: der::Error) -> CannotWrite {
        CannotWrite
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl kdf ... PKCS12KDF` of OpenSSL 3.0 computes them; also vectors of its test suite ("smeg").
    #[test]
    fn keys_are_derived_as_others_derive_them() {
        let passphrase = Passphrase::new("smeg");
        for (purpose, salt, size, derived) in [
            (Purpose::Key, "0a58cf64530d823f", 24, "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"),
            (Purpose::Iv, "0a58cf64530d823f", 8, "79993dfe048d3b76"),
            (Purpose::Mac, "3d83c0e4546ac140", 20, "8d967d88f6caa9d714800ab3d48051d63f73a312"),
        ] {
            let salt = unhex(salt);
            let found = passphrase.derive(purpose, &salt, size, 1);
            assert_eq!(*found, unhex(derived), "{}", purpose as u8);
        }
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).expect("a digit") as u8;
        text.as_bytes()
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |sum, byte| sum << 4 | digit(byte)))
            .collect()
    }
}
