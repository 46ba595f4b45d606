//! Certificates of another age, which no generator makes: taken apart, changed, and signed again by the issuing CA. Apart
//! from [`crate::pki`], because only here a certificate is seen as the nested lengths that it is.

use crate::Error;
use crate::raw_rsa::RawKey;
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{Decode, Encode, Reader, SliceReader, Tag};
use rcgen::{KeyPair, SigningKey};

/// Makes a certificate one of version 1: no version, no extensions.
pub(crate) fn version_1(certificate: &[u8], issuer: &KeyPair) -> Result<Vec<u8>, Error> {
    let outer = parts(certificate)?;
    let [to_be_signed, algorithm, _] = outer[..] else { return Err(unusable("not three parts")) };
    let kept: Vec<_> = parts(to_be_signed)?
        .into_iter()
        .filter(|part| !part.starts_with(&[VERSION]) && !part.starts_with(&[EXTENSIONS]))
        .collect();
    let to_be_signed = sequence(&kept)?;
    let signature = bit_string(&issuer.sign(&to_be_signed)?)?;
    sequence(&[&to_be_signed, algorithm, &signature])
}

/// Signs a certificate again with `sha1WithRSAEncryption`.
pub(crate) fn with_sha1(certificate: &[u8], issuer: &KeyPair) -> Result<Vec<u8>, Error> {
    let outer = parts(certificate)?;
    let [to_be_signed, algorithm, _] = outer[..] else { return Err(unusable("not three parts")) };
    let changed: Vec<_> = parts(to_be_signed)?
        .into_iter()
        .map(|part| if part == algorithm { &SHA1_WITH_RSA[..] } else { part })
        .collect();
    let to_be_signed = sequence(&changed)?;
    let signature = RawKey::from_pkcs8(issuer.serialized_der())?.sign_sha1(&to_be_signed);
    sequence(&[&to_be_signed, &SHA1_WITH_RSA, &bit_string(&signature)?])
}

/// The elements of a sequence, each with its tag and length.
pub(crate) fn parts(sequence: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let content = AnyRef::from_der(sequence).map_err(unusable)?.value();
    let mut reader = SliceReader::new(content).map_err(unusable)?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(reader.tlv_bytes().map_err(unusable)?);
    }
    Ok(parts)
}

/// The sequence of these elements.
pub(crate) fn sequence(parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    AnyRef::new(Tag::Sequence, &parts.concat()).and_then(|any| any.to_der()).map_err(unusable)
}

fn bit_string(bits: &[u8]) -> Result<Vec<u8>, Error> {
    let content = [&[0], bits].concat();
    AnyRef::new(Tag::BitString, &content).and_then(|any| any.to_der()).map_err(unusable)
}

fn unusable(reason: impl ToString) -> Error {
    Error::Certificate { reason: reason.to_string() }
}

/// Tags of the two parts of a certificate that version 1 does not know.
const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;

/// `AlgorithmIdentifier` of 1.2.840.113549.1.1.5.
const SHA1_WITH_RSA: [u8; 15] = *b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";
