//! The certificate authority behind a device: a root, an issuing CA, and whatever they sign. The certificates are made
//! in the shape of section 3 and section 4 of `protocol.md`; oddities for tests are asked for by [`CertificateRequest`].

mod request;

pub use request::{CertificateRequest, KeyChoice, SignedBy, Usage};

use crate::raw_rsa::Rsa1024;
use crate::{Error, clock, keys, relic};
use pkcs8::LineEnding;
use pkcs8::der::pem;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber,
};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

/// A root CA, an issuing CA below it, and the key of one device. Clones share them.
#[derive(Clone)]
pub struct Pki {
    shared: Arc<Authorities>,
}

impl Pki {
    /// Makes a fresh PKI that shares nothing with any other.
    ///
    /// # Errors
    /// [`Error::Certificate`] if a key or certificate cannot be made.
    pub fn new_in_memory() -> Result<Self, Error> {
        let root_key = keys::take()?;
        let root = authority_params(Rank::Root, &root_key);
        let issuing_key = keys::take()?;
        let issuing = authority_params(Rank::Issuing, &root_key);
        let root_der = root.self_signed(&root_key)?.der().to_vec();
        let root = Issuer::new(root, root_key);
        let issuing_der = issuing.signed_by(&issuing_key, &root)?.der().to_vec();
        Ok(Self {
            shared: Arc::new(Authorities {
                root,
                root_der,
                issuing: Issuer::new(issuing, issuing_key),
                issuing_der,
                device_key: keys::take()?,
            }),
        })
    }

    /// Returns the PKI that all simulators of this process share unless told otherwise, since three keys take time.
    pub(crate) fn of_the_process() -> Result<Self, Error> {
        Self::shared_in(&OF_THE_PROCESS)
    }

    /// Returns the PKI that no till was ever told of, for [`crate::ServerCertificate::ForeignRoot`].
    pub(crate) fn foreign() -> Result<Self, Error> {
        Self::shared_in(&FOREIGN)
    }

    /// Returns the PKI that stands for those of the public web, for [`crate::Cloud`].
    pub(crate) fn web() -> Result<Self, Error> {
        Self::shared_in(&WEB)
    }

    fn shared_in(slot: &Mutex<Option<Self>>) -> Result<Self, Error> {
        let mut slot = crate::lock(slot);
        match &*slot {
            Some(pki) => Ok(pki.clone()),
            None => Ok(slot.insert(Self::new_in_memory()?).clone()),
        }
    }

    /// Puts a PKI together from what a state folder holds.
    pub(crate) fn from_parts(stored: StoredPki) -> Self {
        let root = authority_params(Rank::Root, &stored.root_key);
        let issuing = authority_params(Rank::Issuing, &stored.root_key);
        Self {
            shared: Arc::new(Authorities {
                root: Issuer::new(root, stored.root_key),
                root_der: stored.root_der,
                issuing: Issuer::new(issuing, stored.issuing_key),
                issuing_der: stored.issuing_der,
                device_key: stored.device_key,
            }),
        }
    }

    /// The three private keys as PKCS#8: root, issuing CA, device.
    pub(crate) fn keys_der(&self) -> [&[u8]; 3] {
        let Authorities { root, issuing, device_key, .. } = &*self.shared;
        [root.key().serialized_der(), issuing.key().serialized_der(), device_key.serialized_der()]
    }

    /// Returns the Root CA chain in the vendor's order, issuing CA first and root second (section 3).
    pub fn root_ca_chain_pem(&self) -> String {
        certificate_pem(&self.shared.issuing_der) + &certificate_pem(&self.shared.root_der)
    }

    /// Returns the root certificate as DER.
    pub fn root_der(&self) -> &[u8] {
        &self.shared.root_der
    }

    /// Returns the issuing CA's certificate as DER.
    pub fn issuing_der(&self) -> &[u8] {
        &self.shared.issuing_der
    }

    /// Issues a till's key and certificate as pairing does; no device is told of it.
    ///
    /// # Errors
    /// [`Error::Certificate`] if a key or certificate cannot be made.
    pub fn issue_till(&self, pos_id: &str) -> Result<Issued, Error> {
        self.issue(&CertificateRequest::till(pos_id))
    }

    /// Issues any certificate.
    ///
    /// # Errors
    /// [`Error::Certificate`] if a name cannot be part of a certificate, or a key cannot be made.
    pub fn issue(&self, request: &CertificateRequest) -> Result<Issued, Error> {
        let Authorities { root, root_der, issuing, issuing_der, device_key } = &*self.shared;
        let fresh;
        let key = match request.key {
            KeyChoice::Device => device_key,
            KeyChoice::EcP256 => {
                fresh = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
                &fresh
            }
            KeyChoice::Fresh => {
                fresh = keys::take()?;
                &fresh
            }
        };
        let params = request.params()?;
        let (leaf, issuers) = match request.signed_by {
            SignedBy::Issuing => {
                (params.signed_by(key, issuing)?, vec![issuing_der.clone(), root_der.clone()])
            }
            SignedBy::Root => (params.signed_by(key, root)?, vec![root_der.clone()]),
            SignedBy::Itself => (params.self_signed(key)?, Vec::new()),
            SignedBy::CaFor(usage) => {
                let (ca_key, ca) = (keys::take()?, authority_params(Rank::Below(usage), root.key()));
                let ca_der = ca.signed_by(&ca_key, issuing)?.der().to_vec();
                let leaf = params.signed_by(key, &Issuer::new(ca, ca_key))?;
                (leaf, vec![ca_der, issuing_der.clone(), root_der.clone()])
            }
        };
        let leaf_der = leaf.der().to_vec();
        let chain_der: Vec<_> = std::iter::once(leaf_der.clone()).chain(issuers).collect();
        Ok(Issued {
            key_pem_pkcs1: bare_key_pem(key)?,
            key_pem_pkcs8: to_pem("PRIVATE KEY", key.serialized_der()),
            key_pkcs8_der: key.serialize_der(),
            leaf_pem: certificate_pem(&leaf_der),
            leaf_der,
            chain_pem: chain_der.iter().map(|der| certificate_pem(der)).collect(),
            chain_der,
            not_before: clock::whole_seconds(request.not_before),
            not_after: clock::whole_seconds(request.not_after),
        })
    }
}

/// The PKIs that a device has had, oldest first. Only ever grows, so that whoever holds one keeps it.
pub(crate) struct Generations {
    pki: Pki,
    next: OnceLock<Box<Self>>,
}

impl Generations {
    pub(crate) fn new(first: Pki) -> Self {
        Self { pki: first, next: OnceLock::new() }
    }

    /// The one that the device uses.
    pub(crate) fn newest(&self) -> &Pki {
        self.all().last().unwrap_or(&self.pki)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Pki> {
        std::iter::successors(Some(self), |generation| generation.next.get().map(Box::as_ref))
            .map(|generation| &generation.pki)
    }

    pub(crate) fn push(&self, pki: Pki) {
        match self.next.get() {
            Some(next) => next.push(pki),
            None => {
                if let Err(late) = self.next.set(Box::new(Self::new(pki))) {
                    self.push(late.pki);
                }
            }
        }
    }
}

/// What no generator makes: the certificates of another age, for devices that show one. Leaf, issuing CA, root.
impl Pki {
    /// Issues to a key of 1024 bits, [`Rsa1024`].
    pub(crate) fn issue_rsa_1024(&self, request: &CertificateRequest) -> Result<Vec<Vec<u8>>, Error> {
        let leaf = request.params()?.signed_by(&Rsa1024, &self.shared.issuing)?.der().to_vec();
        Ok(self.below_issuing(leaf))
    }

    /// Issues with a signature over SHA-1, to the device's key.
    pub(crate) fn issue_sha1(&self, request: &CertificateRequest) -> Result<Vec<Vec<u8>>, Error> {
        let Authorities { issuing, device_key, .. } = &*self.shared;
        let leaf = request.params()?.signed_by(device_key, issuing)?;
        Ok(self.below_issuing(relic::with_sha1(leaf.der(), issuing.key())?))
    }

    /// Issues a certificate of version 1, to the device's key.
    pub(crate) fn issue_version_1(&self, request: &CertificateRequest) -> Result<Vec<Vec<u8>>, Error> {
        let Authorities { issuing, device_key, .. } = &*self.shared;
        let leaf = request.params()?.signed_by(device_key, issuing)?;
        Ok(self.below_issuing(relic::version_1(leaf.der(), issuing.key())?))
    }

    /// The device's key as PKCS#8.
    pub(crate) fn device_key_der(&self) -> &[u8] {
        self.shared.device_key.serialized_der()
    }

    fn below_issuing(&self, leaf_der: Vec<u8>) -> Vec<Vec<u8>> {
        vec![leaf_der, self.shared.issuing_der.clone(), self.shared.root_der.clone()]
    }
}

impl fmt::Debug for Pki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pki").finish_non_exhaustive()
    }
}

/// A key with its certificate and chain.
#[derive(Clone)]
pub struct Issued {
    /// The key as `RSA PRIVATE KEY`, the form that pairing delivers; `EC PRIVATE KEY` if the key is one.
    pub key_pem_pkcs1: String,
    /// The key as `PRIVATE KEY`.
    pub key_pem_pkcs8: String,
    /// The key as DER of PKCS#8.
    pub key_pkcs8_der: Vec<u8>,
    /// The leaf certificate.
    pub leaf_pem: String,
    /// The leaf certificate as DER.
    pub leaf_der: Vec<u8>,
    /// Leaf, issuing CA, root, as far as they had a part in it.
    pub chain_pem: String,
    /// The same certificates as DER.
    pub chain_der: Vec<Vec<u8>>,
    /// Begin of validity, to the second.
    pub not_before: SystemTime,
    /// End of validity, to the second.
    pub not_after: SystemTime,
}

impl fmt::Debug for Issued {
    /// Leaves the key out: a failing test prints what it compares.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("leaf_pem", &self.leaf_pem)
            .field("chain_len", &self.chain_der.len())
            .field("not_after", &clock::rfc3339(self.not_after))
            .finish_non_exhaustive()
    }
}

struct Authorities {
    root: Issuer<'static, KeyPair>,
    root_der: Vec<u8>,
    issuing: Issuer<'static, KeyPair>,
    issuing_der: Vec<u8>,
    device_key: KeyPair,
}

/// What a state folder holds of a PKI.
pub(crate) struct StoredPki {
    pub(crate) root_key: KeyPair,
    pub(crate) root_der: Vec<u8>,
    pub(crate) issuing_key: KeyPair,
    pub(crate) issuing_der: Vec<u8>,
    pub(crate) device_key: KeyPair,
}

#[derive(Clone, Copy)]
enum Rank {
    Root,
    Issuing,
    /// Below the issuing CA, for this usage only.
    Below(Usage),
}

/// The CA certificates of section 3, with dates that keep their distance from today.
///
/// The subject carries a mark taken from the root's key. Two PKIs with equal names would make a verifier report a bad
/// signature where a real stranger gives "unknown issuer".
fn authority_params(rank: Rank, root_key: &KeyPair) -> CertificateParams {
    let now = SystemTime::now();
    let mark = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, root_key.der_bytes());
    let mark: String = mark.as_ref().iter().take(4).map(|byte| format!("{byte:02X}")).collect();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, format!("Simulated PKI {mark}"));
    params.serial_number = Some(random_serial_number());
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_after = (now + 14 * YEAR).into();
    match rank {
        Rank::Root => {
            params.distinguished_name.push(DnType::CommonName, "Simulated Root CA");
            params.not_before = (now - 5 * YEAR).into();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        Rank::Issuing => {
            params.distinguished_name.push(DnType::CommonName, "Simulated Issuing CA");
            params.not_before = (now - 4 * YEAR).into();
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
            params.use_authority_key_identifier_extension = true;
            params.extended_key_usages = [Usage::Client, Usage::Server].map(Usage::purposes).concat();
        }
        Rank::Below(usage) => {
            params.distinguished_name.push(DnType::CommonName, "Simulated Lower CA");
            params.not_before = (now - 3 * YEAR).into();
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.use_authority_key_identifier_extension = true;
            params.extended_key_usages = usage.purposes();
        }
    }
    params
}

/// Unwraps PKCS#8, since the device sends the bare key (section 2).
fn bare_key_pem(key: &KeyPair) -> Result<String, Error> {
    let info = pkcs8::PrivateKeyInfoRef::try_from(key.serialized_der())
        .map_err(|error| Error::Certificate { reason: error.to_string() })?;
    let label = match key.algorithm() == &PKCS_ECDSA_P256_SHA256 {
        true => "EC PRIVATE KEY",
        false => "RSA PRIVATE KEY",
    };
    Ok(to_pem(label, info.private_key.as_bytes()))
}

fn certificate_pem(der: &[u8]) -> String {
    to_pem("CERTIFICATE", der)
}

pub(crate) fn to_pem(label: &str, der: &[u8]) -> String {
    // Only a malformed label or a length beyond the address space can fail, and neither occurs here.
    pem::encode_string(label, LineEnding::LF, der).unwrap_or_default()
}

fn random_serial_number() -> SerialNumber {
    SerialNumber::from_slice(&random_bytes::<16>())
}

/// Random bytes of the cryptographic kind.
///
/// # Panics
/// If the system's random source fails, which nothing on a network can bring about.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's random source works");
    bytes
}

static OF_THE_PROCESS: Mutex<Option<Pki>> = Mutex::new(None);
static FOREIGN: Mutex<Option<Pki>> = Mutex::new(None);
static WEB: Mutex<Option<Pki>> = Mutex::new(None);

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
