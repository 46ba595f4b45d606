//! Whom the cloud believes: the two kinds of credentials of sections 3a and 3b, and the verdict on them. What is common
//! to both is here; each kind has a file of its own.

use super::{http_signature, jwt};
use crate::lock;
use aws_lc_rs::hmac;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use hyper::http::request;
use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// The kind of credentials in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthKind {
    /// An HTTP Signature and an `Authorization` header.
    Both,
    /// A `Signature` header (section 3a).
    HttpSignature,
    /// An `Authorization` header with a bearer token (section 3b).
    Jwt,
    /// None at all.
    None,
    /// An `Authorization` header of another scheme.
    Unknown,
}

/// What the cloud thinks of the credentials of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every check passed.
    Accepted,
    /// One did not; the later ones were not made.
    Refused {
        /// The check.
        check: AuthCheck,
        /// What was wrong, for people. It quotes no signature, token or secret.
        reason: String,
    },
}

/// A check of the credentials, about in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthCheck {
    /// Exactly one kind of credentials that the cloud knows.
    Presence,
    /// Credentials that can be read: three parts of base64url and JSON, or the four parameters.
    Form,
    /// `HS256`, or `HmacSHA256`.
    Algorithm,
    /// `kid`, or `keyid`.
    KeyId,
    /// `typ`.
    TokenType,
    /// One of the three header lists of section 3a.
    HeaderList,
    /// No digest, since there is no body: neither header nor claims.
    Digest,
    /// The `Host` header is there.
    Host,
    /// The date header is there, in the form of RFC 1123; after the signature: it lies in the window.
    Date,
    /// The signature itself.
    Signature,
    /// `iat`.
    IssuedAt,
    /// `exp`: no more than 120 s after `iat`, and not passed.
    Expiry,
    /// `iss`.
    Issuer,
    /// `jti`: a UUID of version 4.
    TokenId,
    /// `request-host`: equal to the `Host` header.
    RequestHost,
    /// `request-method`: in lower case.
    RequestMethod,
    /// `request-resource-path`.
    RequestPath,
    /// `v-c-jwt-version`: the text `2`.
    TokenVersion,
    /// `v-c-merchant-id`, as a claim or as a header.
    MerchantId,
    /// `jti`: never seen before.
    TokenReplayed,
}

/// A check that did not pass.
pub(super) struct Failed {
    check: AuthCheck,
    reason: String,
}

impl Failed {
    pub(super) fn new(check: AuthCheck, reason: impl Into<String>) -> Self {
        Self { check, reason: reason.into() }
    }

    /// A value that is another than it should be. Both are quoted, so neither may be a secret.
    pub(super) fn other(
        check: AuthCheck,
        what: &str,
        found: impl fmt::Debug,
        expected: impl fmt::Debug,
    ) -> Self {
        Self::new(check, format!("{what} is {found:?}, expected {expected:?}"))
    }
}

/// What the cloud knows of its one customer.
pub(super) struct Credentials {
    pub(super) merchant: String,
    pub(super) key_id: String,
    pub(super) date_window: Duration,
    key: hmac::Key,
    wrong_key: hmac::Key,
    tokens_seen: Mutex<HashSet<String>>,
}

/// What a request is judged by.
pub(super) struct Judge<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) key: &'a hmac::Key,
    /// Seconds since 1970, by the cloud's clock.
    pub(super) now: i64,
    pub(super) request: &'a request::Parts,
}

impl Credentials {
    pub(super) fn new(merchant: String, key_id: String, secret: &[u8], date_window: Duration) -> Self {
        let wrong = [secret, b"another"].concat();
        Self {
            merchant,
            key_id,
            date_window,
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
            wrong_key: hmac::Key::new(hmac::HMAC_SHA256, &wrong),
            tokens_seen: Mutex::default(),
        }
    }

    /// Judges a request by a clock that is `skew` seconds fast, and by another secret if `knows_key` is false.
    pub(super) fn judge(&self, request: &request::Parts, skew: i64, knows_key: bool) -> (AuthKind, Verdict) {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let judge = Judge {
            credentials: self,
            key: if knows_key { &self.key } else { &self.wrong_key },
            now: i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX).saturating_add(skew),
            request,
        };
        let kind = kind(&request.headers);
        let checked = match kind {
            AuthKind::HttpSignature => http_signature::check(&judge),
            AuthKind::Jwt => jwt::check(&judge),
            AuthKind::Both => Err(Failed::new(AuthCheck::Presence, "both kinds of credentials at once")),
            AuthKind::None => Err(Failed::new(AuthCheck::Presence, "no credentials")),
            AuthKind::Unknown => Err(Failed::new(AuthCheck::Presence, "no bearer token")),
        };
        let verdict = match checked {
            Ok(()) => Verdict::Accepted,
            Err(Failed { check, reason }) => Verdict::Refused { check, reason },
        };
        (kind, verdict)
    }

    /// Notes the token, and returns whether it is a new one.
    pub(super) fn note_token(&self, id: &str) -> bool {
        lock(&self.tokens_seen).insert(id.to_ascii_lowercase())
    }
}

impl Judge<'_> {
    pub(super) fn check_signature(&self, signed: &str, signature: &[u8]) -> Result<(), Failed> {
        hmac::verify(self.key, signed.as_bytes(), signature).map_err(|_| {
            Failed::new(AuthCheck::Signature, "not made with the secret of this key over this request")
        })
    }

    /// A header that has to be there, once.
    pub(super) fn header(&self, name: &str, check: AuthCheck) -> Result<&str, Failed> {
        let mut values = self.request.headers.get_all(name).iter();
        match (values.next().map(|value| value.to_str()), values.next()) {
            (Some(Ok(value)), None) => Ok(value),
            (None, _) => Err(Failed::new(check, format!("no header {name}"))),
            (Some(Err(_)), None) => Err(Failed::new(check, format!("header {name} is not plain text"))),
            (Some(_), Some(_)) => Err(Failed::new(check, format!("header {name} twice"))),
        }
    }

    pub(super) fn host(&self) -> Result<&str, Failed> {
        self.header(HOST.as_str(), AuthCheck::Host)
    }

    /// Path and query.
    pub(super) fn path(&self) -> &str {
        self.request.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    pub(super) fn method(&self) -> String {
        self.request.method.as_str().to_ascii_lowercase()
    }
}

fn kind(headers: &HeaderMap) -> AuthKind {
    match (headers.get(AUTHORIZATION), headers.contains_key(http_signature::SIGNATURE)) {
        (None, false) => AuthKind::None,
        (None, true) => AuthKind::HttpSignature,
        (Some(_), true) => AuthKind::Both,
        (Some(value), false) if value.as_bytes().starts_with(jwt::BEARER.as_bytes()) => AuthKind::Jwt,
        (Some(_), false) => AuthKind::Unknown,
    }
}

#[cfg(test)]
impl Credentials {
    /// Judges a GET for the vectors' path with these headers, at the vectors' time.
    pub(super) fn judge_vector(&self, headers: &[(&str, &str)], now: i64) -> Result<(), (AuthCheck, String)> {
        use super::vectors;
        let mut request = hyper::Request::get(vectors::PATH);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request").into_parts().0;
        let judge = Judge { credentials: self, key: &self.key, now, request: &request };
        let checked = match kind(&request.headers) {
            AuthKind::Jwt => jwt::check(&judge),
            _ => http_signature::check(&judge),
        };
        checked.map_err(|Failed { check, reason }| (check, reason))
    }

    pub(super) fn of_vectors() -> Self {
        use super::vectors;
        let secret: Vec<u8> =
            <base64ct::Base64 as base64ct::Encoding>::decode_vec(vectors::SECRET).expect("base64");
        let (merchant, key_id) = (vectors::MERCHANT.to_owned(), vectors::KEY_ID.to_owned());
        Self::new(merchant, key_id, &secret, Duration::from_secs(300))
    }
}
