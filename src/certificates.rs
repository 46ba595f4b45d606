//! What a text of certificates holds, for people and programs that look at files: facts, and no judgement.
//!
//! A file of its own because it is the one place where certificates that nobody has verified are shown. Whether a chain
//! is good is said by the calls that use it.

use crate::error::{Error, Kind};
use crate::pem::{self, Label};
use crate::words::printable;
use crate::x509::Certificate;
use sha2::{Digest, Sha256};

/// What a certificate says of itself. Nothing of it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// The subject's common name, or its organisation where it has none.
    pub subject: String,
    /// The same of the issuer.
    pub issuer: String,
    /// Start of its life, in seconds since 1970 (UTC).
    pub not_before: u64,
    /// End of its life, in seconds since 1970 (UTC).
    pub not_after: u64,
    /// Whether its basic constraints say CA.
    pub is_ca: bool,
    /// Whether subject and issuer are the same name, as in a root.
    pub names_itself: bool,
    /// The DNS names of the subject alternative name.
    pub dns_names: Vec<String>,
    /// The kind of key, such as `RSA 2048`.
    pub key: String,
    /// SHA-256 of the certificate, 64 lower-case hexadecimal digits.
    pub fingerprint: String,
}

/// The facts of every certificate in a text, in its order: PEM in any form that the library takes, the JSON of the
/// vendor's API included. Keys and other blocks are passed over.
///
/// # Errors
/// `RootCaUnusable` if a block cannot be read, or none is a certificate. What is wrong is told by the number of the
/// block, never by its content.
pub fn certificates(text: impl AsRef<[u8]>) -> Result<Vec<CertificateFacts>, Error> {
    let unusable = |problem: String| Error::from(Kind::RootCaUnusable { problem });
    let blocks = pem::read(text.as_ref()).map_err(unusable)?;
    let mut found = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if block.label == Label::Certificate {
            let certificate = Certificate::parse(&block.der)
                .map_err(|_| unusable(format!("block {} is not a certificate", index + 1)))?;
            found.push(CertificateFacts::of(&certificate));
        }
    }
    if found.is_empty() {
        return Err(unusable("it holds no certificate".into()));
    }
    Ok(found)
}

impl CertificateFacts {
    fn of(certificate: &Certificate) -> CertificateFacts {
        let digest = Sha256::digest(certificate.der());
        CertificateFacts {
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            is_ca: certificate.is_ca,
            names_itself: certificate.names_itself(),
            dns_names: certificate.dns_names().iter().map(|name| printable(name)).collect(),
            key: certificate.key_kind(),
            fingerprint: crate::words::hex(&digest),
        }
    }
}
