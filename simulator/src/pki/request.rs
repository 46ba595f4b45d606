//! What a certificate is asked to say. Apart from [`crate::pki`], which signs it.

use super::{DAY, random_serial_number};
use crate::Error;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use std::time::SystemTime;

/// What a certificate should say.
#[derive(Debug, Clone)]
pub struct CertificateRequest {
    /// Common name of the subject.
    pub common_name: String,
    /// Subject alternative names; those that are IP addresses become address entries. May be empty.
    pub names: Vec<String>,
    /// What the certificate is fit for.
    pub usage: Usage,
    /// Start of validity.
    pub not_before: SystemTime,
    /// End of validity.
    pub not_after: SystemTime,
    /// Who signs.
    pub signed_by: SignedBy,
    /// The key that is certified.
    pub key: KeyChoice,
}

impl CertificateRequest {
    /// Describes the certificate of a device: one DNS name, the device's key, valid for two years (section 4).
    pub fn server(name: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            usage: Usage::Server,
            key: KeyChoice::Device,
            ..Self::till(name)
        }
    }

    /// Describes the certificate of a till: its posId as common name, a key of its own, valid for two years (section 2).
    pub fn till(pos_id: &str) -> Self {
        let now = SystemTime::now();
        Self {
            common_name: pos_id.to_owned(),
            names: Vec::new(),
            usage: Usage::Client,
            not_before: now - DAY,
            not_after: now + 729 * DAY,
            signed_by: SignedBy::Issuing,
            key: KeyChoice::Fresh,
        }
    }

    pub(super) fn params(&self) -> Result<CertificateParams, Error> {
        let mut params = CertificateParams::new(self.names.clone())?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        params.not_before = self.not_before.into();
        params.not_after = self.not_after.into();
        params.serial_number = Some(random_serial_number());
        params.use_authority_key_identifier_extension = !matches!(self.signed_by, SignedBy::Itself);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = self.usage.purposes();
        Ok(params)
    }
}

/// What a certificate is fit for, as its extended key usage says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// No extended key usage: anything.
    Any,
    /// TLS clients.
    Client,
    /// Signing of programs: neither clients nor servers.
    Code,
    /// TLS servers.
    Server,
}

impl Usage {
    pub(super) fn purposes(self) -> Vec<ExtendedKeyUsagePurpose> {
        match self {
            Usage::Any => Vec::new(),
            Usage::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Usage::Code => vec![ExtendedKeyUsagePurpose::CodeSigning],
            Usage::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
        }
    }
}

/// Who signs a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// A CA of its own, below the issuing CA and made for certificates of this usage only.
    CaFor(Usage),
    /// The issuing CA.
    Issuing,
    /// Nobody but its own key.
    Itself,
    /// The root, without the issuing CA in between.
    Root,
}

/// The key that is certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChoice {
    /// The device's key.
    Device,
    /// A fresh key on the curve P-256.
    EcP256,
    /// A fresh RSA key of 2048 bits.
    Fresh,
}
