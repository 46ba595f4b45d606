//! An address: the `https://` or `wss://` URL of a device, or of the vendor's cloud, taken apart once.
//!
//! Where the device is reached says nothing about who it is: the address is dialled, the identity
//! check decides. That is why host and expected name are different types in different files.

use crate::error::Error;
use rustls::pki_types::{IpAddr, ServerName};

/// What a URL may look like, by what stands behind it.
struct Form {
    /// The argument that errors are about.
    argument: &'static str,
    schemes: &'static str,
    has_websocket: bool,
    default_port: u16,
}

const DEVICE: Form = Form {
    argument: "url",
    schemes: "https:// or wss://",
    has_websocket: true,
    // protocol.md section 0.
    default_port: 8443,
};

const WEB_SERVER: Form =
    Form { argument: "base_url", schemes: "https://", has_websocket: false, default_port: 443 };

/// How requests travel once TLS stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Https,
    Wss,
}

/// A parsed URL.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    pub(crate) host: ServerName<'static>,
    pub(crate) port: u16,
    pub(crate) path: String,
}

impl Address {
    /// The URL of a device.
    pub(crate) fn parse(url: &str) -> Result<Address, Error> {
        Address::parse_as(url, &DEVICE)
    }

    /// The URL of an ordinary web server: `https` only, port 443 if it names none.
    pub(crate) fn parse_web(url: &str) -> Result<Address, Error> {
        Address::parse_as(url, &WEB_SERVER)
    }

    fn parse_as(url: &str, form: &Form) -> Result<Address, Error> {
        let fail =
            |problem: &str| Err(Error::argument(form.argument, format!("{problem}, in \"{}\"", shown(url))));
        let wrong_scheme = || fail(&format!("it has to begin with {}", form.schemes));

        let Some((scheme, rest)) = url.trim().split_once("://") else {
            return wrong_scheme();
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "wss" if form.has_websocket => Scheme::Wss,
            "http" | "ws" => {
                return fail(&format!("the connection has to be encrypted: use {}", form.schemes));
            }
            _ => return wrong_scheme(),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        if path.contains(['?', '#']) || authority.contains(['?', '#', '@']) {
            return fail("user names, queries and fragments have no meaning here");
        }
        if !path.chars().all(|c| c.is_ascii_graphic()) {
            return fail("the path holds a character that a URL cannot hold");
        }

        let (host, port) = match split_port(authority) {
            Some(split) => split,
            None => return fail("brackets around an IPv6 address are not closed"),
        };
        let port = match port {
            None => form.default_port,
            Some(digits) => match digits.parse::<u16>() {
                Ok(port) if port != 0 && digits.bytes().all(|b| b.is_ascii_digit()) => port,
                _ => return fail("the port has to be a number from 1 to 65535"),
            },
        };
        let Some(host) = parse_host(host) else {
            return fail("the host has to be an IPv4 address, an IPv6 address in brackets, or a name");
        };
        Ok(Address { scheme, host, port, path: path.into() })
    }

    /// The URL, as it was understood.
    pub(crate) fn url(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Https => "https://",
            Scheme::Wss => "wss://",
        };
        [scheme, &self.authority(), &self.path].concat()
    }

    /// `host:port` as it stands in a URL, brackets included.
    pub(crate) fn authority(&self) -> String {
        match &self.host {
            ServerName::IpAddress(IpAddr::V6(ip)) => {
                format!("[{}]:{}", std::net::Ipv6Addr::from(*ip), self.port)
            }
            host => format!("{}:{}", host.to_str(), self.port),
        }
    }
}

/// Splits `host`, `host:port`, `[v6]` and `[v6]:port`; `None` when a bracket stays open.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let (host, after) = authority.split_at(authority.find(']')? + 1);
        return Some((host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) }));
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

fn parse_host(host: &str) -> Option<ServerName<'static>> {
    if let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Some(ServerName::from(std::net::IpAddr::V6(inside.parse().ok()?)));
    }
    let name = ServerName::try_from(host.to_owned()).ok()?;
    // "192.168.1.500" is a legal DNS name, but nobody means one.
    let looks_like_ip = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match name {
        ServerName::DnsName(_) if looks_like_ip => None,
        name => Some(name),
    }
}

/// What may be repeated of a URL in an error: short, printable, and no user name or password.
fn shown(url: &str) -> String {
    let url = match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://...{}", url.get(..scheme).unwrap_or_default(), url.get(at..).unwrap_or_default())
        }
        _ => url.to_owned(),
    };
    url.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    #[test]
    fn urls_of_every_form_are_understood() {
        for (url, authority, path) in [
            ("https://192.168.1.50:8443/", "192.168.1.50:8443", "/"),
            ("wss://192.168.1.50", "192.168.1.50:8443", "/"),
            (" HTTPS://till-7.shop.example:9000/pos ", "till-7.shop.example:9000", "/pos"),
            ("wss://[fe80::1]:443/", "[fe80::1]:443", "/"),
            ("https://[::1]", "[::1]:8443", "/"),
            ("https://1850000123.cybs.seclib.io/", "1850000123.cybs.seclib.io:8443", "/"),
        ] {
            let address = Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!((address.authority().as_str(), address.path.as_str()), (authority, path), "{url}");
        }
    }

    #[test]
    fn urls_that_cannot_be_dialled_say_why() {
        for (url, problem) in [
            ("", "begin with https"),
            ("192.168.1.50:8443", "begin with https"),
            ("ftp://h/", "begin with https"),
            ("http://192.168.1.50/", "has to be encrypted"),
            ("https://", "the host has to be"),
            ("https://192.168.1.500/", "the host has to be"),
            ("https://host:0/", "the port has to be"),
            ("https://host:+80/", "the port has to be"),
            ("https://host:70000/", "the port has to be"),
            ("https://[::1/", "brackets"),
            ("https://[::1]8443/", "brackets"),
            ("https://me:secret@host/", "user names"),
            ("https://host/?a=b", "queries"),
        ] {
            let error = Address::parse(url).expect_err(url);
            assert_eq!(error.status(), Status::Argument, "{url}");
            assert!(error.message().contains(problem), "{url}: {error}");
            assert!(!error.message().contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_cloud_is_reached_by_https_on_the_port_of_the_web() {
        let address = Address::parse_web("https://apitest.cybersource.com").expect("valid");
        assert_eq!(
            (address.authority().as_str(), address.path.as_str()),
            ("apitest.cybersource.com:443", "/")
        );
        for bad in
            ["wss://apitest.cybersource.com", "http://apitest.cybersource.com", "apitest.cybersource.com"]
        {
            let error = Address::parse_web(bad).expect_err(bad);
            assert!(error.message().contains("base_url") && !error.message().contains("or wss"), "{error}");
        }
    }
}
