//! The judgement over a key and its certificates, wherever they come from.
//!
//! A reply from a device is hostile until proven. Reading is tolerant (see `pem`); judging is not:
//! exactly one key, exactly one certificate that belongs to it, issuers found by name and
//! signature up to a root, every date checked, nothing left over. Each refusal names the block.

use super::key::PrivateKey;
use crate::error::utc;
use crate::pem::{Block, Label};
use crate::provider::provider;
use crate::x509::Certificate;
use rustls::pki_types::UnixTime;
use rustls::sign::SigningKey;
use std::sync::Arc;

/// Far more than any real chain, few enough that trying every signature costs nothing.
const CERTIFICATES_MAX: usize = 16;

/// A key and its chain that passed.
pub(crate) struct Judged {
    pub(crate) key: PrivateKey,
    pub(crate) signing_key: Arc<dyn SigningKey>,
    /// Leaf first, each issued by the next, the last one self-signed.
    pub(crate) chain: Vec<Certificate>,
}

/// Whether the dates of the certificates are part of the judgement.
#[derive(Clone, Copy)]
pub(crate) enum Dates {
    /// Expired or not yet valid is a refusal: what a device hands out has to be usable.
    Valid(UnixTime),
    /// An old identity file is read all the same.
    Any,
}

/// Judges the blocks of a reply or a file.
///
/// `known` are CA certificates that may complete the chain where its upper part was left out: the
/// Root CA chain of the device.
///
/// # Errors
/// A fragment for a message, never with content of a block.
pub(crate) fn judge(blocks: &[Block], known: &[Certificate], dates: Dates) -> Result<Judged, String> {
    let key_block = only_key(blocks)?;
    let certificates = certificates(blocks)?;

    let key = PrivateKey::from_der(key_block.block.label, &key_block.block.der)
        .map_err(|_| format!("{key_block} is not a private key"))?;
    let signing_key = key
        .signing_key()
        .map_err(|_| format!("{key_block} is a private key of a kind or size that TLS does not use"))?;
    let leaf = leaf_of(&certificates, signing_key.as_ref())?;

    let mut chain = vec![leaf];
    let mut rest: Vec<&Found> = certificates.iter().filter(|found| found.number != leaf.number).collect();
    let known: Vec<Found> =
        known.iter().map(|certificate| Found { number: 0, certificate: certificate.clone() }).collect();
    while let Some(last) = chain.last().filter(|last| !last.certificate.names_itself()) {
        let issuer = issuer_of(last, &rest, &known)?;
        rest.retain(|found| found.number != issuer.number);
        chain.push(issuer);
        if chain.len() > CERTIFICATES_MAX {
            return Err("its certificates issue one another in a circle".into());
        }
    }
    if let Some(extra) = rest.first() {
        return Err(format!("{extra} does not belong to the chain of the till's certificate"));
    }
    if leaf.certificate.names_itself() {
        return Err(format!("{leaf}, the till's certificate, is self-signed"));
    }
    if let Dates::Valid(now) = dates {
        chain.iter().try_for_each(|found| check_dates(found, now))?;
        verify_path(&chain, now)?;
    }
    let chain = chain.into_iter().map(|found| found.certificate.clone()).collect();
    Ok(Judged { key, signing_key, chain })
}

/// A block with its number, as messages name it.
struct Numbered<'a> {
    number: usize,
    block: &'a Block,
}

/// A certificate with the number of the block that it came from; 0 for one from the Root CA chain.
struct Found {
    number: usize,
    certificate: Certificate,
}

fn numbered(blocks: &[Block]) -> impl Iterator<Item = Numbered<'_>> {
    blocks.iter().enumerate().map(|(index, block)| Numbered { number: index + 1, block })
}

fn only_key(blocks: &[Block]) -> Result<Numbered<'_>, String> {
    let mut keys = numbered(blocks).filter(|found| {
        matches!(found.block.label, Label::RsaPrivateKey | Label::PrivateKey | Label::EcPrivateKey)
    });
    match (keys.next(), keys.next()) {
        (Some(key), None) => Ok(key),
        (Some(first), Some(second)) => {
            Err(format!("it holds two private keys (blocks {} and {})", first.number, second.number))
        }
        (None, _) => match numbered(blocks).find(|found| found.block.label == Label::EncryptedPrivateKey) {
            Some(encrypted) => Err(format!("{encrypted} is an encrypted private key")),
            None => Err("it holds no private key".into()),
        },
    }
}

fn certificates(blocks: &[Block]) -> Result<Vec<Found>, String> {
    let mut certificates: Vec<Found> = Vec::new();
    for Numbered { number, block } in numbered(blocks) {
        match block.label {
            Label::Certificate => {
                let certificate = Certificate::parse(&block.der)
                    .map_err(|_| format!("block {number} is not a certificate"))?;
                let found = Found { number, certificate };
                if !found.certificate.is_v3 {
                    return Err(format!("{found} is an X.509 v1 certificate; only version 3 can be used"));
                }
                // The same certificate twice says nothing new.
                if certificates.iter().all(|other| other.certificate.der() != found.certificate.der()) {
                    certificates.push(found);
                }
            }
            Label::EncryptedPrivateKey => return Err(format!("block {number} is an encrypted private key")),
            Label::Other => {
                return Err(format!("block {number} is neither a private key nor a certificate"));
            }
            Label::RsaPrivateKey | Label::PrivateKey | Label::EcPrivateKey => {}
        }
    }
    match certificates.len() {
        0 => Err("it holds no certificate".into()),
        1..=CERTIFICATES_MAX => Ok(certificates),
        many => Err(format!("it holds {many} certificates, more than {CERTIFICATES_MAX}")),
    }
}

fn leaf_of<'a>(certificates: &'a [Found], key: &dyn SigningKey) -> Result<&'a Found, String> {
    let public_key = key.public_key();
    let mut own = certificates
        .iter()
        .filter(|found| public_key.as_ref().is_some_and(|key| key == found.certificate.public_key()));
    match (own.next(), own.next()) {
        (Some(leaf), None) => Ok(leaf),
        (Some(first), Some(second)) => Err(format!("{first} and {second} both belong to the private key")),
        (None, _) => Err("none of its certificates belongs to its private key".into()),
    }
}

/// The certificate that issued `last`, by name and signature; what was sent goes before what is known.
fn issuer_of<'a>(last: &Found, sent: &[&'a Found], known: &'a [Found]) -> Result<&'a Found, String> {
    let algorithms = provider().signature_verification_algorithms.all;
    let named: Vec<&Found> = sent
        .iter()
        .copied()
        .chain(known)
        .filter(|found| last.certificate.names_as_issuer(&found.certificate))
        .collect();
    let Some(first) = named.first() else {
        return Err(format!(
            "{last} was issued by \"{}\", whose certificate is missing",
            last.certificate.issuer
        ));
    };
    named
        .iter()
        .copied()
        .find(|found| last.certificate.is_signed_by(&found.certificate, algorithms))
        .ok_or_else(|| format!("{last} is not signed by {first}, whose name it gives as its issuer"))
}

fn check_dates(found: &Found, now: UnixTime) -> Result<(), String> {
    let certificate = &found.certificate;
    let clock = utc(now.as_secs());
    if certificate.has_expired(now) {
        let end = utc(certificate.not_after);
        return Err(format!("{found} expired on {end}; this machine's clock says {clock}"));
    }
    if certificate.is_not_yet_valid(now) {
        let start = utc(certificate.not_before);
        return Err(format!("{found} is valid only from {start}; this machine's clock says {clock}"));
    }
    Ok(())
}

/// The last word is webpki's: basic constraints, path lengths, key usage and the rest.
fn verify_path(chain: &[&Found], now: UnixTime) -> Result<(), String> {
    let (Some((root, below)), Some(leaf)) = (chain.split_last(), chain.first()) else {
        return Err("it holds no certificate".into());
    };
    let refused = |error: webpki::Error| {
        format!("the chain of {leaf} does not hold: {}", crate::words::printable(&error.to_string()))
    };
    let anchor = webpki::anchor_from_trusted_cert(root.certificate.der()).map_err(refused)?;
    let intermediates: Vec<_> = below.iter().skip(1).map(|found| found.certificate.der().clone()).collect();
    let end_entity = webpki::EndEntityCert::try_from(leaf.certificate.der()).map_err(refused)?;
    let result = end_entity.verify_for_usage(
        provider().signature_verification_algorithms.all,
        std::slice::from_ref(&anchor),
        &intermediates,
        now,
        AnyUsage,
        None,
        None,
    );
    result.map(drop).map_err(refused)
}

/// What extended key usage the device puts in is not known (protocol.md section 2), and it is the
/// device that judges it.
struct AnyUsage;

impl webpki::ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: webpki::KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

impl std::fmt::Display for Numbered<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "block {}", self.number)
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number {
            0 => write!(f, "\"{}\" of the Root CA chain", self.certificate.subject),
            number => write!(f, "block {number} (\"{}\")", self.certificate.subject),
        }
    }
}
