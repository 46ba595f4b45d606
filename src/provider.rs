//! The cryptography that the library uses, named by the build and never by the process.
//!
//! rustls lets a process install a default provider; a till that embeds two Rust libraries would
//! then get whichever came first. So it is chosen here, once, by Cargo feature.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use std::sync::{Arc, LazyLock};

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(selected()));

/// The provider, shared by every connection.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    &PROVIDER
}

#[cfg(feature = "aws-lc-rs")]
fn selected() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
fn selected() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("poslatch needs a crypto provider: enable the feature `ring` (default) or `aws-lc-rs`");

/// The key in the form that signs. By reference, unlike `CryptoProvider::key_provider`, which takes the
/// bytes and drops them without wiping.
pub(crate) fn signing_key(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
    #[cfg(feature = "aws-lc-rs")]
    return rustls::crypto::aws_lc_rs::sign::any_supported_type(der);
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return rustls::crypto::ring::sign::any_supported_type(der);
}

/// Name of the provider, for the version string.
pub(crate) const NAME: &str = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "ring" };
