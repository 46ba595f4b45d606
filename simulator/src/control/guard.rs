//! Who may ask: a page of another site must neither steer nor read a device, whatever name it has made this machine
//! answer to. All checks of that kind are here, before anything is looked up.

use super::refusal::Refusal;
use aws_lc_rs::constant_time;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{Method, Uri};
use std::net::{IpAddr, SocketAddr};

/// The checks of one listener.
pub(crate) struct Guard {
    bound: SocketAddr,
    token: Option<String>,
}

impl Guard {
    /// `token` is asked for if there is one.
    pub(crate) fn new(bound: SocketAddr, token: Option<String>) -> Self {
        Self { bound, token }
    }

    /// Judges a request by its head. Every one has to name this machine and bring the token; to the API it must not come
    /// from a page of somewhere else.
    pub(crate) fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = self.check_host(headers)?;
        // A link to the page is harmless wherever it stands. The API is not, not even for reading: images and scripts
        // of another site are fetched without an Origin, but browsers of today say where they stand.
        if uri.path() != "/" || *method != Method::GET {
            self.check_origin(&host, headers)?;
        }
        self.check_token(uri, headers)
    }

    /// The cookie that carries the token from now on, if the URL has brought it.
    pub(crate) fn cookie(&self, uri: &Uri) -> Option<String> {
        let token = self.token.as_deref()?;
        is_equal(token_of_url(uri)?, token)
            .then(|| format!("{}={token}; HttpOnly; SameSite=Strict; Path=/", self.cookie_name()))
    }

    /// A site that points its own name at this machine (DNS rebinding) is given away by the name.
    fn check_host(&self, headers: &HeaderMap) -> Result<Authority, Refusal> {
        let mut hosts = headers.get_all(HOST).iter();
        let named = hosts.next().and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        match named {
            Some(host) if hosts.next().is_none() && self.is_ours(host.host()) => Ok(host),
            _ => Err(Refusal::forbidden(
                "the Host header does not name this machine",
                "Use the address that the simulator printed at its start.",
            )),
        }
    }

    fn is_ours(&self, name: &str) -> bool {
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        match literal.parse::<IpAddr>() {
            // Bound to all addresses, it may be any, also one that is translated on the way. A rebound name is none.
            Ok(_) if self.bound.ip().is_unspecified() => true,
            Ok(address) => address.is_loopback() || address == self.bound.ip(),
            Err(_) => false,
        }
    }

    fn check_origin(&self, host: &Authority, headers: &HeaderMap) -> Result<(), Refusal> {
        let foreign = || {
            Err(Refusal::forbidden(
                "the request comes from a page of another site",
                "Use the simulator's own page, or a program that is no browser.",
            ))
        };
        let mut origins = headers.get_all(ORIGIN).iter();
        if let Some(origin) = origins.next() {
            let ours = format!("http://{host}");
            if origins.next().is_some() || !origin.as_bytes().eq_ignore_ascii_case(ours.as_bytes()) {
                return foreign();
            }
        }
        match headers.get(SEC_FETCH_SITE).map(|site| site.as_bytes()) {
            // "none" is a person who has typed the address.
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => foreign(),
        }
    }

    fn check_token(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = self.token.as_deref() else { return Ok(()) };
        let of_cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| *name == self.cookie_name())
            .map(|(_, value)| value);
        let of_header =
            headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let of_url = token_of_url(uri).filter(|_| uri.path() == "/");
        match of_cookies.chain(of_header).chain(of_url).any(|offered| is_equal(offered, token)) {
            true => Ok(()),
            false => Err(Refusal::token()),
        }
    }

    /// With the port, since browsers send cookies to every port of a host, and several devices may run.
    fn cookie_name(&self) -> String {
        format!("poslatch_screen_{}", self.bound.port())
    }
}

/// In a time that does not depend on how much of it is right.
fn is_equal(offered: &str, token: &str) -> bool {
    constant_time::verify_slices_are_equal(offered.as_bytes(), token.as_bytes()).is_ok()
}

fn token_of_url(uri: &Uri) -> Option<&str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(TOKEN_PARAMETER)?.strip_prefix('='))
}

/// The name of the URL's parameter that holds the token.
pub(crate) const TOKEN_PARAMETER: &str = "token";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn judge(guard: &Guard, uri: &str, headers: &[(&'static str, &str)]) -> Result<(), u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        let uri = uri.parse().expect("a URI");
        guard.check(&Method::GET, &uri, &map).map_err(|refusal| refusal.status.as_u16())
    }

    fn bound_to(address: &str) -> Guard {
        Guard::new(address.parse().expect("an address"), None)
    }

    #[test]
    fn only_names_of_this_machine_are_answered_to() {
        let loopback = bound_to("127.0.0.1:8080");
        for host in ["localhost:8080", "LOCALHOST", "127.0.0.1:8080", "[::1]:8080", "127.0.0.2"] {
            assert_eq!(judge(&loopback, "/", &[("host", host)]), Ok(()), "{host}");
        }
        for host in
            ["evil.example:8080", "localhost.evil.example", "192.168.1.20", "127.0.0.1.evil.example", ""]
        {
            assert_eq!(judge(&loopback, "/", &[("host", host)]), Err(403), "{host}");
        }
        assert_eq!(judge(&loopback, "/", &[]), Err(403));
        assert_eq!(judge(&loopback, "/", &[("host", "localhost"), ("host", "evil.example")]), Err(403));
    }

    #[test]
    fn bound_address_is_answered_to_and_so_is_any_number_if_all_are_bound() {
        let one = bound_to("192.168.1.20:80");
        assert_eq!(judge(&one, "/", &[("host", "192.168.1.20")]), Ok(()));
        assert_eq!(judge(&one, "/", &[("host", "192.168.1.21")]), Err(403));
        let all = bound_to("0.0.0.0:80");
        assert_eq!(judge(&all, "/", &[("host", "192.168.1.21:9000")]), Ok(()));
        assert_eq!(judge(&all, "/", &[("host", "evil.example")]), Err(403));
    }

    #[test]
    fn page_of_another_site_is_refused_by_its_origin_or_where_it_stands() {
        let guard = bound_to("127.0.0.1:8080");
        let api = |name, value| judge(&guard, "/api/state", &[("host", "127.0.0.1:8080"), (name, value)]);
        assert_eq!(api("origin", "http://127.0.0.1:8080"), Ok(()));
        assert_eq!(api("sec-fetch-site", "same-origin"), Ok(()));
        assert_eq!(api("sec-fetch-site", "none"), Ok(()));
        for origin in [
            "http://evil.example",
            "null",
            "http://127.0.0.1:8081",
            "https://127.0.0.1:8080",
            "http://localhost:8080",
        ] {
            assert_eq!(api("origin", origin), Err(403), "{origin}");
        }
        assert_eq!(api("sec-fetch-site", "cross-site"), Err(403));
        assert_eq!(api("sec-fetch-site", "same-site"), Err(403));
        let link = [("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")];
        assert_eq!(judge(&guard, "/", &link), Ok(()));
    }

    #[test]
    fn token_is_taken_from_cookie_and_header_and_from_the_url_of_the_page_alone() {
        let guard = Guard::new("192.168.1.20:80".parse().expect("an address"), Some("0123abcd".to_owned()));
        let with = |uri, name, value| judge(&guard, uri, &[("host", "192.168.1.20"), (name, value)]);
        assert_eq!(with("/api/state", "cookie", "other=1; poslatch_screen_80=0123abcd"), Ok(()));
        assert_eq!(with("/api/state", "authorization", "Bearer 0123abcd"), Ok(()));
        assert_eq!(with("/?token=0123abcd", "accept", "*/*"), Ok(()));
        assert_eq!(with("/api/state?token=0123abcd", "accept", "*/*"), Err(401));
        assert_eq!(with("/", "cookie", "poslatch_screen_81=0123abcd"), Err(401));
        assert_eq!(with("/", "authorization", "Bearer 0123abce"), Err(401));
        assert_eq!(with("/?token=", "accept", "*/*"), Err(401));
    }

    #[test]
    fn cookie_is_set_for_the_right_token_only_and_no_script_can_read_it() {
        let guard = Guard::new("192.168.1.20:80".parse().expect("an address"), Some("0123abcd".to_owned()));
        let cookie = guard.cookie(&Uri::from_static("/?token=0123abcd")).expect("a cookie");
        assert_eq!(cookie, "poslatch_screen_80=0123abcd; HttpOnly; SameSite=Strict; Path=/");
        assert_eq!(guard.cookie(&Uri::from_static("/?token=0123abce")), None);
        assert_eq!(bound_to("127.0.0.1:80").cookie(&Uri::from_static("/?token=")), None);
    }
}
