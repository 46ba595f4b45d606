//! Who the device has to be: the identity check of a call, resolved to names.
//!
//! Settings speak of serials and domains; TLS speaks of server names. This file turns the one into
//! the other before anything is dialled, so that SNI, verification and error texts agree.

use crate::error::{Error, Kind};
use crate::x509::Certificate;
use rustls::pki_types::{DnsName, ServerName};

/// The domain under which devices are named `{serial}.cybs.seclib.io` (protocol.md section 4).
pub const DEFAULT_DOMAIN: &str = "cybs.seclib.io";

/// How a device proves that it is the right one, from strict to loose. There is no "anything".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityCheck {
    /// Exactly this device: a serial number (completed with the domain) or a whole DNS name.
    Name(String),
    /// Any single-label name under the device domain: "some device of the vendor". The default. If
    /// the URL's host is itself such a name, exactly that one.
    Domain,
    /// The certificate has to cover the host of the URL, as in ordinary HTTPS.
    Address,
    /// Any certificate under the Root CA chain. The chain belongs to a large company: this accepts
    /// many holders that are no payment devices.
    ChainOnly,
}

/// What a server certificate has to show, beyond chain, dates and usage.
#[derive(Clone, Debug)]
pub(crate) enum Expectation {
    /// This name, letter by letter: a wildcard stands for many devices.
    Exactly(ServerName<'static>),
    /// This host, as in ordinary HTTPS: a wildcard will do.
    Host(ServerName<'static>),
    AnyUnder(String),
    AnyName,
}

impl Expectation {
    pub(crate) fn new(
        check: &IdentityCheck,
        domain: &str,
        host: &ServerName<'static>,
    ) -> Result<Expectation, Error> {
        Ok(match check {
            IdentityCheck::Name(name) => Expectation::Exactly(device_name(name, domain)?.into()),
            IdentityCheck::Domain => match host {
                ServerName::DnsName(host) if label_under(host.as_ref(), domain).is_some() => {
                    Expectation::Exactly(ServerName::DnsName(host.clone()))
                }
                _ => Expectation::AnyUnder(domain.to_owned()),
            },
            IdentityCheck::Address => Expectation::Host(host.clone()),
            IdentityCheck::ChainOnly => Expectation::AnyName,
        })
    }

    /// What TLS is told to ask for. With no name to expect it is the URL's host, of which an IP
    /// address is never sent.
    pub(crate) fn server_name(&self, host: &ServerName<'static>) -> ServerName<'static> {
        match self {
            Expectation::Exactly(name) | Expectation::Host(name) => name.clone(),
            Expectation::AnyUnder(_) | Expectation::AnyName => host.clone(),
        }
    }

    /// The name that the certificate is verified against; `None` if no name is asked for.
    ///
    /// # Errors
    /// *Wrong device*, if the certificate holds no name that would do.
    pub(crate) fn name_to_verify(
        &self,
        certificate: &Certificate,
    ) -> Result<Option<ServerName<'static>>, Kind> {
        match self {
            Expectation::Exactly(ServerName::DnsName(name)) if !holds(certificate, name.as_ref()) => {
                Err(self.wrong_device(certificate))
            }
            Expectation::Exactly(name) | Expectation::Host(name) => Ok(Some(name.clone())),
            Expectation::AnyName => Ok(None),
            Expectation::AnyUnder(domain) => certificate
                .dns_names()
                .into_iter()
                .find(|name| label_under(name, domain).is_some())
                .and_then(|name| ServerName::try_from(name).ok())
                .map(Some)
                .ok_or_else(|| self.wrong_device(certificate)),
        }
    }

    /// Who is expected, as a message says it.
    pub(crate) fn words(&self) -> String {
        match self {
            Expectation::Exactly(name) | Expectation::Host(name) => format!("\"{}\"", name.to_str()),
            Expectation::AnyUnder(domain) => format!("a name under \"{domain}\""),
            Expectation::AnyName => "any name".into(),
        }
    }

    pub(crate) fn wrong_device(&self, certificate: &Certificate) -> Kind {
        let expected = self.words();
        let found = certificate.dns_names().iter().map(|name| crate::words::printable(name)).collect();
        Kind::WrongDevice { expected, found }
    }

    /// The name by which this device is known from now on, in lower case; `None` if its certificate
    /// holds none. Called with a certificate that has passed.
    pub(crate) fn name_of(&self, certificate: &Certificate) -> Option<String> {
        let verified = self.name_to_verify(certificate).ok()?;
        match verified {
            Some(ServerName::DnsName(name)) if holds(certificate, name.as_ref()) => {
                Some(name.as_ref().to_ascii_lowercase())
            }
            // A name outlives an address; both are vouched for by the same certificate. What only a
            // wildcard covers is not remembered, since it could not be told from others.
            verified => certificate
                .dns_names()
                .into_iter()
                .find(|name| !name.contains('*'))
                .map(|name| name.to_ascii_lowercase())
                .or_else(|| match verified {
                    Some(ServerName::IpAddress(ip)) => Some(std::net::IpAddr::from(ip).to_string()),
                    _ => None,
                }),
        }
    }
}

/// Whether the certificate holds this very name.
fn holds(certificate: &Certificate, name: &str) -> bool {
    certificate.dns_names().iter().any(|held| held.eq_ignore_ascii_case(name))
}

/// A serial number completed with the domain, or a whole name as it is; in lower case.
pub(crate) fn device_name(name: &str, domain: &str) -> Result<DnsName<'static>, Error> {
    let name = name.trim().to_ascii_lowercase();
    let full = if name.contains('.') { name } else { format!("{name}.{domain}") };
    DnsName::try_from(full)
        .map_err(|_| Error::argument("serial", "it has to be a device's serial number or a whole DNS name"))
}

/// The part of `name` before `.domain`, if it is a single label without wildcard.
pub(crate) fn label_under<'a>(name: &'a str, domain: &str) -> Option<&'a str> {
    let label_length = name.len().checked_sub(domain.len() + 1)?;
    let (label, rest) = (name.get(..label_length)?, name.get(label_length..)?);
    let under = rest.strip_prefix('.')?.eq_ignore_ascii_case(domain);
    (under && !label.is_empty() && !label.contains(['.', '*'])).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_single_labels_count_as_under_the_domain() {
        for (name, label) in [
            ("1850000123.cybs.seclib.io", Some("1850000123")),
            ("1850000123.CYBS.seclib.IO", Some("1850000123")),
            ("cybs.seclib.io", None),
            (".cybs.seclib.io", None),
            ("a.b.cybs.seclib.io", None),
            ("*.cybs.seclib.io", None),
            ("1850000123xcybs.seclib.io", None),
            ("evil-cybs.seclib.io", None),
            ("1850000123.cybs.seclib.io.evil", None),
            ("\u{e9}", None),
        ] {
            assert_eq!(label_under(name, DEFAULT_DOMAIN), label, "{name}");
        }
    }

    #[test]
    fn serials_and_names_become_names_in_lower_case() {
        for (given, name) in [
            ("1850000123", "1850000123.cybs.seclib.io"),
            (" N860W123 ", "n860w123.cybs.seclib.io"),
            ("Other.Example", "other.example"),
        ] {
            assert_eq!(device_name(given, DEFAULT_DOMAIN).expect(given).as_ref(), name);
        }
        for bad in ["", "a b", "a/b", "-.x"] {
            assert!(device_name(bad, DEFAULT_DOMAIN).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_url_that_names_the_device_tightens_the_domain_check() {
        let host = ServerName::try_from("1850000123.cybs.seclib.io").expect("name");
        let expectation = Expectation::new(&IdentityCheck::Domain, DEFAULT_DOMAIN, &host).expect("valid");
        assert!(matches!(expectation, Expectation::Exactly(name) if name == host));
    }
}
