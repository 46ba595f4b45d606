//! The TLS side of a device: its certificate, the versions it speaks, its memory of sessions (section 4). Apart from
//! [`crate::verifier`], which judges the other side.

use crate::device::Device;
use crate::pki::{DAY, Generations};
use crate::raw_rsa::Rsa1024;
use crate::verifier::{TillVerifier, TrustedIssuers};
use crate::{
    CertificateRequest, ClientCertificate, Error, Faults, Pki, ServerCertificate, ServerChain, TlsVersions,
    Usage,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache, StoresServerSessions};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

/// What the connections share for as long as the faults that concern TLS do not change.
pub(crate) struct TlsMaterial {
    certificate: Result<Arc<CertifiedKey>, String>,
    issuers: Result<TrustedIssuers, String>,
    sessions: Arc<dyn StoresServerSessions>,
}

impl TlsMaterial {
    /// Faults may ask for what cannot be done, such as a custom key that is none: then handshakes fail and say so.
    pub(crate) fn new(pkis: &Generations, device_name: &str, faults: &Faults) -> Self {
        let newest = pkis.newest();
        let issuers = match faults.accept_tills_of_old_roots {
            true => TrustedIssuers::new(pkis.all(), &provider()),
            false => TrustedIssuers::new(std::iter::once(newest), &provider()),
        };
        Self {
            certificate: certified_key(newest, device_name, faults).map(Arc::new),
            issuers: issuers.map_err(|error| error.to_string()),
            sessions: session_storage(faults),
        }
    }

    /// The same without any memory of sessions.
    pub(crate) fn forgetful(&self, faults: &Faults) -> Self {
        Self {
            certificate: self.certificate.clone(),
            issuers: self.issuers.clone(),
            sessions: session_storage(faults),
        }
    }

    /// Makes the configuration of one connection; `muted` silences it when the verifier says so.
    pub(crate) fn server_config(
        &self,
        device: &Arc<Device>,
        faults: &Faults,
        muted: Arc<AtomicBool>,
    ) -> Result<ServerConfig, String> {
        let certificate = self.certificate.clone()?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions(faults.tls_versions))
            .map_err(|error| error.to_string())?;
        let builder = match faults.client_certificate {
            ClientCertificate::NotRequested => builder.with_no_client_auth(),
            policy => builder.with_client_cert_verifier(Arc::new(TillVerifier::new(
                Arc::clone(device),
                self.issuers.clone()?,
                policy,
                faults.certificate_hint,
                muted,
            ))),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certificate)));
        config.session_storage = Arc::clone(&self.sessions);
        // Two is what most servers send, and what the TLS library does by itself.
        config.send_tls13_tickets = if faults.session_tickets { 2 } else { 0 };
        Ok(config)
    }
}

/// Makes the configuration of a server of the web: a certificate for these names, and no interest in the client's.
pub(crate) fn web_server_config(pki: &Pki, names: &[&str]) -> Result<ServerConfig, Error> {
    let request = CertificateRequest {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..CertificateRequest::server(names.first().copied().unwrap_or_default())
    };
    let issued = pki.issue(&request)?;
    let chain = as_sent(issued.chain_der, ServerChain::WithoutRoot)?;
    let unusable = |error: rustls::Error| Error::Certificate { reason: error.to_string() };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(
            chain.into_iter().map(CertificateDer::from).collect(),
            PrivatePkcs8KeyDer::from(issued.key_pkcs8_der).into(),
        )
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn session_storage(faults: &Faults) -> Arc<dyn StoresServerSessions> {
    match faults.session_tickets {
        true => ServerSessionMemoryCache::new(SESSIONS_MAX),
        false => Arc::new(NoServerSessionStorage {}),
    }
}

/// The provider is named, never the default of the process: the library under test brings another.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

fn versions(versions: TlsVersions) -> Vec<&'static SupportedProtocolVersion> {
    match versions {
        TlsVersions::Both => vec![&TLS13, &TLS12],
        TlsVersions::Only12 => vec![&TLS12],
        // Not asked: such a connection never gets as far as this library.
        TlsVersions::Only11 | TlsVersions::Only11Hello => Vec::new(),
        TlsVersions::Only13 => vec![&TLS13],
    }
}

fn certified_key(pki: &Pki, device_name: &str, faults: &Faults) -> Result<CertifiedKey, String> {
    let (chain_der, key) = match &faults.server_certificate {
        ServerCertificate::Custom { chain_der, key_der } => {
            let key = PrivateKeyDer::try_from(key_der.clone()).map_err(str::to_owned)?;
            (chain_der.clone(), signing_key(&key)?)
        }
        described => {
            let (issued, key) = issue(pki, device_name, described).map_err(|error| error.to_string())?;
            let chain_der = as_sent(issued, faults.server_chain).map_err(|error| error.to_string())?;
            let key = match key {
                ServerKey::Rsa1024 => Arc::new(Rsa1024),
                ServerKey::OfDevice(der) => signing_key(&PrivatePkcs8KeyDer::from(der).into())?,
            };
            (chain_der, key)
        }
    };
    // Not `from_der`, which refuses a key that does not fit the certificate: a device may be that broken.
    Ok(CertifiedKey::new(chain_der.into_iter().map(CertificateDer::from).collect(), key))
}

fn signing_key(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, String> {
    aws_lc_rs::sign::any_supported_type(der).map_err(|error| error.to_string())
}

/// Takes leaf, issuing CA, root, and returns what goes out.
fn as_sent(mut chain_der: Vec<Vec<u8>>, wanted: ServerChain) -> Result<Vec<Vec<u8>>, Error> {
    match wanted {
        ServerChain::ExtraCertificates => chain_der.push(Pki::foreign()?.issuing_der().to_vec()),
        ServerChain::Full => {}
        ServerChain::LeafOnly => chain_der.truncate(1),
        ServerChain::Reversed => {
            if let Some((_leaf, issuers)) = chain_der.split_first_mut() {
                issuers.reverse();
            }
        }
        ServerChain::WithoutRoot => chain_der.truncate(2),
    }
    Ok(chain_der)
}

/// The key behind the device's certificate.
enum ServerKey {
    OfDevice(Vec<u8>),
    Rsa1024,
}

/// Issues leaf, issuing CA, root.
fn issue(
    pki: &Pki,
    device_name: &str,
    described: &ServerCertificate,
) -> Result<(Vec<Vec<u8>>, ServerKey), Error> {
    let now = SystemTime::now();
    let mut request = CertificateRequest::server(device_name);
    let mut issuer = pki.clone();
    let of_device = |pki: &Pki| ServerKey::OfDevice(pki.device_key_der().to_vec());
    match described {
        ServerCertificate::ClientAuthOnly => request.usage = Usage::Client,
        ServerCertificate::Expired => {
            request.not_before = now - 366 * DAY;
            request.not_after = now - DAY;
        }
        ServerCertificate::ForeignRoot => issuer = Pki::foreign()?,
        ServerCertificate::NoSan => request.names.clear(),
        ServerCertificate::Normal | ServerCertificate::Custom { .. } => {}
        ServerCertificate::NotYetValid => request.not_before = now + DAY,
        ServerCertificate::Rsa1024 => return Ok((pki.issue_rsa_1024(&request)?, ServerKey::Rsa1024)),
        ServerCertificate::Sha1 => return Ok((pki.issue_sha1(&request)?, of_device(pki))),
        ServerCertificate::V1 => return Ok((pki.issue_version_1(&request)?, of_device(pki))),
        ServerCertificate::WrongName(name) => {
            request.common_name = name.clone();
            request.names = vec![name.clone()];
        }
    }
    Ok((issuer.issue(&request)?.chain_der, of_device(&issuer)))
}

/// More than the connections of any test.
const SESSIONS_MAX: usize = 256;
