//! A certificate with the few facts that judging and telling need.
//!
//! Only facts are read here: names, dates, version, key. Whether a chain holds is never decided
//! by this file; signatures, usage and names are verified by webpki.

use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// `id-kp-serverAuth` (RFC 5280).
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");

/// A parsed X.509 certificate; cheap to read, owns its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    der: CertificateDer<'static>,
    /// The common name, or the whole subject where there is none.
    pub(crate) subject: String,
    /// The same of the issuer.
    pub(crate) issuer: String,
    /// Seconds since 1970.
    pub(crate) not_before: u64,
    /// Seconds since 1970.
    pub(crate) not_after: u64,
    /// Whether the X.509 version is 3; older ones have no extensions and are good for nothing here.
    pub(crate) is_v3: bool,
    /// Whether its basic constraints say CA.
    pub(crate) is_ca: bool,
    /// Whether its extended key usage leaves servers out; to tell it from the CAs above it, since webpki
    /// does not say which of them it refuses.
    pub(crate) leaves_servers_out: bool,
    subject_der: Vec<u8>,
    issuer_der: Vec<u8>,
    spki: SubjectPublicKeyInfoDer<'static>,
    /// Size of the key if it is an RSA key.
    pub(crate) rsa_bits: Option<usize>,
    /// Kind of the key if it is no RSA key.
    other_key: &'static str,
}

impl Certificate {
    /// # Errors
    /// Nothing but the fact that it is no certificate.
    pub(crate) fn parse(der: &[u8]) -> Result<Certificate, NotACertificate> {
        let parsed = CertificateInner::<Raw>::from_der(der).map_err(|_| NotACertificate)?;
        let tbs = parsed.tbs_certificate();
        let encoded = |name: &Name| name.to_der().map_err(|_| NotACertificate);
        let is_ca = matches!(tbs.get_extension::<BasicConstraints>(), Ok(Some((_, basic))) if basic.ca);
        let leaves_servers_out = matches!(
            tbs.get_extension::<ExtendedKeyUsage>(),
            Ok(Some((_, usage))) if !usage.0.contains(&SERVER_AUTH)
        );
        Ok(Certificate {
            subject: display(tbs.subject()),
            issuer: display(tbs.issuer()),
            not_before: tbs.validity().not_before.to_unix_duration().as_secs(),
            not_after: tbs.validity().not_after.to_unix_duration().as_secs(),
            is_v3: tbs.version() == Version::V3,
            is_ca,
            leaves_servers_out,
            subject_der: encoded(tbs.subject())?,
            issuer_der: encoded(tbs.issuer())?,
            spki: tbs.subject_public_key_info().to_der().map_err(|_| NotACertificate)?.into(),
            rsa_bits: rsa_bits(tbs.subject_public_key_info().subject_public_key.raw_bytes()),
            other_key: other_key(&tbs.subject_public_key_info().algorithm),
            der: CertificateDer::from(der.to_vec()),
        })
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(crate) fn public_key(&self) -> &SubjectPublicKeyInfoDer<'static> {
        &self.spki
    }

    /// The kind of key, as people say it: `RSA 2048`, `EC P-256`.
    pub(crate) fn key_kind(&self) -> String {
        match self.rsa_bits {
            Some(bits) => ["RSA ", &bits.to_string()].concat(),
            None => self.other_key.to_owned(),
        }
    }

    /// Same name as subject and issuer. Says nothing of the signature.
    pub(crate) fn names_itself(&self) -> bool {
        self.subject_der == self.issuer_der
    }

    /// Whether `issuer` carries the name that this certificate gives its issuer.
    pub(crate) fn names_as_issuer(&self, issuer: &Certificate) -> bool {
        self.issuer_der == issuer.subject_der
    }

    /// Whether the key of `issuer` made this certificate's signature, checked by webpki.
    pub(crate) fn is_signed_by(
        &self,
        issuer: &Certificate,
        algorithms: &[&dyn rustls::pki_types::SignatureVerificationAlgorithm],
    ) -> bool {
        let Some(signed) = Signed::split(&self.der) else { return false };
        let Ok(issuer) = webpki::EndEntityCert::try_from(&issuer.der) else { return false };
        algorithms
            .iter()
            .filter(|algorithm| algorithm.signature_alg_id().as_ref() == signed.algorithm)
            .any(|algorithm| issuer.verify_signature(*algorithm, signed.message, signed.signature).is_ok())
    }

    /// The DNS names of the subject alternative name, as webpki reads them.
    pub(crate) fn dns_names(&self) -> Vec<String> {
        webpki::EndEntityCert::try_from(&self.der)
            .map(|parsed| parsed.valid_dns_names().map(str::to_owned).collect())
            .unwrap_or_default()
    }

    pub(crate) fn has_expired(&self, now: UnixTime) -> bool {
        now.as_secs() > self.not_after
    }

    pub(crate) fn is_not_yet_valid(&self, now: UnixTime) -> bool {
        now.as_secs() < self.not_before
    }
}

/// The bytes are not an X.509 certificate.
#[derive(Debug)]
pub(crate) struct NotACertificate;

/// The three parts of a signed structure, as they stand in the bytes.
struct Signed<'a> {
    message: &'a [u8],
    /// Contents of the AlgorithmIdentifier, without tag and length: the form that webpki names it by.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    fn split(der: &'a [u8]) -> Option<Signed<'a>> {
        let mut reader = SliceReader::new(der).ok()?;
        reader
            .sequence(|inner| {
                let message = inner.tlv_bytes()?;
                let algorithm = AnyRef::decode(inner)?.value();
                let signature = BitStringRef::decode(inner)?.raw_bytes();
                Ok::<_, x509_cert::der::Error>(Signed { message, algorithm, signature })
            })
            .ok()
    }
}

/// Bits of the modulus in an `RSAPublicKey` (RFC 8017): two numbers, the modulus first. Keys of other
/// kinds are no such sequence.
fn rsa_bits(public_key: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(public_key).ok()?;
    let modulus = reader
        .sequence(|inner| {
            let modulus = UintRef::decode(inner)?;
            UintRef::decode(inner)?;
            Ok::<_, x509_cert::der::Error>(modulus)
        })
        .ok()?;
    let highest = modulus.as_bytes().first()?;
    Some(modulus.as_bytes().len() * 8 - usize::try_from(highest.leading_zeros()).ok()?)
}

/// Keys that are no RSA keys are told by their algorithm (RFC 8410) or, of elliptic curves, by the parameter
/// that says which (RFC 5480).
fn other_key(algorithm: &AlgorithmIdentifierOwned) -> &'static str {
    const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
    match (algorithm.oid.as_bytes(), algorithm.parameters.as_ref().map(|curve| curve.value())) {
        (ED25519, _) => "Ed25519",
        (_, Some(P256)) => "EC P-256",
        (_, Some(P384)) => "EC P-384",
        _ => "another kind of key",
    }
}

/// The same of a name that stands alone, such as a hint at issuers; `None` if it is none.
pub(crate) fn name_in(der: &[u8]) -> Option<String> {
    Name::from_der(der).ok().map(|name| display(&name))
}

/// The name by which people know the subject; printable and of bounded length.
fn display(name: &Name) -> String {
    // Not the whole name: writing it out would link a table of every attribute there is.
    let part = name
        .common_name()
        .ok()
        .flatten()
        .or_else(|| name.organization_unit().ok().flatten())
        .or_else(|| name.organization().ok().flatten());
    match part {
        Some(part) => crate::words::printable(&part.value()),
        None => "no name".into(),
    }
}
