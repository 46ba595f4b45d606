//! Whom the till trusts to name devices: the vendor's Root CA chain, read once and kept.
//!
//! The download is a chain, not a root (protocol.md section 3): its self-signed CA certificates
//! become trust anchors, the others are kept to complete the chains of devices that send only their
//! own certificate (apps before 1.6.0, section 4). What is no CA is refused loudly, since a device
//! certificate pasted here would otherwise become an anchor without anyone noticing.

pub(crate) mod expectation;
pub(crate) mod verifier;

use crate::error::{Error, Kind};
use crate::pem::{self, Label};
use crate::x509::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::path::Path;

/// Largest input that is read as a Root CA chain. The vendor's is about 3 kB; a hundred
/// certificates fit.
const SIZE_BYTES_MAX: usize = 256 * 1024;

/// The parsed Root CA chain of one environment (test and production have different ones).
#[derive(Debug)]
pub(crate) struct RootCaChain {
    anchors: RootCertStore,
    intermediates: Vec<CertificateDer<'static>>,
    certificates: Vec<Certificate>,
}

impl RootCaChain {
    /// Reads PEM text, or the JSON object with `certificateChain` that the vendor's API answers with.
    pub(crate) fn parse(input: &[u8]) -> Result<RootCaChain, Error> {
        let unusable = |problem: String| Error::from(Kind::RootCaUnusable { problem });

        if input.len() > SIZE_BYTES_MAX {
            return Err(unusable(format!("it has {} bytes, more than {SIZE_BYTES_MAX}", input.len())));
        }
        let blocks = pem::read(input).map_err(unusable)?;
        let mut chain = RootCaChain {
            anchors: RootCertStore::empty(),
            intermediates: Vec::new(),
            certificates: Vec::new(),
        };
        for (index, block) in blocks.iter().enumerate() {
            match block.label {
                Label::Certificate => {
                    chain
                        .add(&block.der)
                        .map_err(|problem| unusable(format!("block {} {problem}", index + 1)))?;
                }
                Label::Other => {}
                _ => {
                    return Err(unusable(format!(
                        "block {} is a private key, which never belongs in a Root CA chain",
                        index + 1
                    )));
                }
            }
        }
        if chain.certificates.is_empty() {
            return Err(unusable("it holds no certificate".into()));
        }
        if chain.anchors.is_empty() {
            return Err(unusable("it holds no self-signed root certificate, only issuing CAs".into()));
        }
        Ok(chain)
    }

    /// The roots of the public web, for servers of the vendor's cloud. No device is ever judged by them.
    ///
    /// # Errors
    /// `Argument`, in a build without the feature `web-roots`.
    pub(crate) fn of_the_web() -> Result<RootCaChain, Error> {
        #[cfg(feature = "web-roots")]
        return Ok(RootCaChain {
            anchors: webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            intermediates: Vec::new(),
            certificates: Vec::new(),
        });
        #[cfg(not(feature = "web-roots"))]
        return Err(Error::argument("web_root_pem", "this build holds no web roots, so it has to be given"));
    }

    /// Reads a file as [`RootCaChain::parse`] does.
    pub(crate) fn read_file(path: &Path) -> Result<RootCaChain, Error> {
        let input = std::fs::read(path).map_err(|error| Kind::file(path, "read", &error))?;
        RootCaChain::parse(&input)
    }

    fn add(&mut self, der: &[u8]) -> Result<(), String> {
        let certificate = Certificate::parse(der).map_err(|_| "is not a certificate".to_owned())?;
        let subject = &certificate.subject;
        if !certificate.is_v3 {
            return Err(format!("(\"{subject}\") is an X.509 v1 certificate, which cannot be a CA"));
        }
        if !certificate.is_ca {
            return Err(format!("(\"{subject}\") is not a CA certificate"));
        }
        if certificate.names_itself() {
            self.anchors
                .add(certificate.der().clone())
                .map_err(|error| format!("(\"{subject}\") cannot be a trust anchor: {error}"))?;
        } else {
            self.intermediates.push(certificate.der().clone());
        }
        self.certificates.push(certificate);
        Ok(())
    }

    /// A chain that trusts nobody, for the probe of a device without one.
    pub(crate) fn of_nobody() -> RootCaChain {
        RootCaChain { anchors: RootCertStore::empty(), intermediates: Vec::new(), certificates: Vec::new() }
    }

    pub(crate) fn anchors(&self) -> &RootCertStore {
        &self.anchors
    }

    /// CA certificates that are not anchors, to complete a device's chain with.
    pub(crate) fn intermediates(&self) -> &[CertificateDer<'static>] {
        &self.intermediates
    }

    /// All CA certificates, in the order of the input.
    pub(crate) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}
