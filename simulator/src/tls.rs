//! The TLS side of a device: its certificate, the versions it speaks, its memory of sessions (section 4). Apart from
//! [`crate::verifier`], which judges the other side.

use crate::device::Device;
use crate::pki::DAY;
use crate::verifier::{TillVerifier, TrustedIssuers};
use crate::{
    CertificateRequest, ClientCertificate, Error, Faults, Pki, ServerCertificate, ServerChain, TlsVersions,
    Usage,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache, StoresServerSessions};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
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
    pub(crate) fn new(pki: &Pki, device_name: &str, faults: &Faults) -> Self {
        let sessions: Arc<dyn StoresServerSessions> = match faults.session_tickets {
            true => ServerSessionMemoryCache::new(SESSIONS_MAX),
            false => Arc::new(NoServerSessionStorage {}),
        };
        Self {
            certificate: certified_key(pki, device_name, faults).map(Arc::new),
            issuers: TrustedIssuers::new(pki, &provider()).map_err(|error| error.to_string()),
            sessions,
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
        TlsVersions::Only13 => vec![&TLS13],
    }
}

fn certified_key(pki: &Pki, device_name: &str, faults: &Faults) -> Result<CertifiedKey, String> {
    let (chain_der, key_der) = match &faults.server_certificate {
        ServerCertificate::Custom { chain_der, key_der } => {
            let key = PrivateKeyDer::try_from(key_der.clone()).map_err(str::to_owned)?;
            (chain_der.clone(), key)
        }
        described => {
            let issued = issue(pki, device_name, described).map_err(|error| error.to_string())?;
            let mut chain_der = issued.chain_der;
            if faults.server_chain == ServerChain::LeafOnly {
                chain_der.truncate(1);
            }
            (chain_der, PrivatePkcs8KeyDer::from(issued.key_pkcs8_der).into())
        }
    };
    let key = aws_lc_rs::sign::any_supported_type(&key_der).map_err(|error| error.to_string())?;
    // Not `from_der`, which refuses a key that does not fit the certificate: a device may be that broken.
    Ok(CertifiedKey::new(chain_der.into_iter().map(CertificateDer::from).collect(), key))
}

fn issue(pki: &Pki, device_name: &str, described: &ServerCertificate) -> Result<crate::Issued, Error> {
    let now = SystemTime::now();
    let mut request = CertificateRequest::server(device_name);
    let mut issuer = pki.clone();
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
        ServerCertificate::WrongName(name) => {
            request.common_name = name.clone();
            request.names = vec![name.clone()];
        }
    }
    issuer.issue(&request)
}

/// More than the connections of any test.
const SESSIONS_MAX: usize = 256;
