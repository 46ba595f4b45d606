//! Fetching the Root CA chain from the vendor's cloud, told top to bottom.
//!
//! The other way to get the chain is a download by hand in the Business Center; this one needs the
//! merchant's API credentials (protocol.md section 3). The cloud is an ordinary web server, verified
//! against the roots of the web by the host name of its URL, over the same way to dial that leads to
//! devices. Asking changes nothing there, so failures that may pass are tried again.

mod key;
mod signing;

use crate::address::Address;
use crate::device::checked_timeout;
use crate::error::{CloudFailure, Error, Kind};
use crate::pem::{self, Label};
use crate::provider::provider;
use crate::safe_file::{self, Readers};
use crate::status::Category;
use crate::transport::deadline::Deadline;
use crate::transport::https::{HttpReply, HttpsClient};
use crate::transport::interrupt::{Interrupt, RunningCalls};
use crate::transport::{Target, tls};
use crate::trust::RootCaChain;
use crate::trust::expectation::Expectation;
use crate::words;
use key::ApiKey;
use rustls::pki_types::UnixTime;
use signing::Question;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Where the chain is, below the base URL (protocol.md section 3).
const PATH: &str = "/dms/v2/devices/certificates/rootca";

/// Long enough for three tries over a poor line.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Resolving, connecting and TLS of one try: a dead address must not use up what the others need.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// More would only delay the message that something is wrong.
const TRIES_MAX: u32 = 3;

/// The pause before the second try; before the third it is four times as long.
const PAUSE: Duration = Duration::from_millis(250);

/// How the request proves whose it is (protocol.md sections 3a and 3b).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
pub enum CloudAuth {
    /// A JSON Web Token, HS256. The default.
    #[default]
    Jwt = 1,
    /// HTTP Signature over the `Date` header. The vendor ends it in September 2026.
    HttpSignature = 2,
    /// HTTP Signature over the `v-c-date` header, for machines behind a proxy that changes `Date`. The
    /// vendor ends it in September 2026.
    HttpSignatureVDate = 3,
}

/// A request for the Root CA chain of one environment. Cloning is cheap; clones share running calls.
///
/// ```no_run
/// use poslatch::RootCaFetch;
/// let (merchant_id, key_id, shared_secret) = ("merchant", "08c94330-...", "yBJxy6Ljk...=");
/// RootCaFetch::builder(RootCaFetch::CYBERSOURCE_TEST, merchant_id, key_id, shared_secret)
///     .build()?
///     .fetch_to_file("root-ca-test.pem")?;
/// # Ok::<(), poslatch::Error>(())
/// ```
#[derive(Clone)]
pub struct RootCaFetch {
    address: Address,
    key: Arc<ApiKey>,
    auth: CloudAuth,
    web_roots: Arc<RootCaChain>,
    timeout: Duration,
    calls: Arc<RunningCalls>,
}

impl RootCaFetch {
    /// Base URL of the test environment of Cybersource.
    pub const CYBERSOURCE_TEST: &'static str = "https://apitest.cybersource.com";
    /// Base URL of the production environment of Cybersource.
    pub const CYBERSOURCE_PRODUCTION: &'static str = "https://api.cybersource.com";
    /// Base URL of the test environment of Visa Acceptance.
    pub const VISA_ACCEPTANCE_TEST: &'static str = "https://apitest.visaacceptance.com";
    /// Base URL of the production environment of Visa Acceptance.
    pub const VISA_ACCEPTANCE_PRODUCTION: &'static str = "https://api.visaacceptance.com";

    /// Begins a request to an environment, which is one of the constants above or another `https` URL
    /// under which the vendor's paths are found.
    ///
    /// `merchant_id` is the organisation or merchant that owns the key; `key_id` and `shared_secret`
    /// (base64, as the Business Center shows it) are a *REST shared secret key*.
    pub fn builder(
        base_url: &str,
        merchant_id: &str,
        key_id: &str,
        shared_secret: &str,
    ) -> RootCaFetchBuilder {
        RootCaFetchBuilder {
            base_url: base_url.to_owned(),
            merchant_id: merchant_id.to_owned(),
            key_id: key_id.to_owned(),
            shared_secret: Zeroizing::new(shared_secret.to_owned()),
            auth: CloudAuth::default(),
            web_roots: None,
            timeout: TIMEOUT,
        }
    }

    /// Fetches the chain, checks that it can be used as one, and returns it as PEM text, in the order
    /// in which it came. Connections that fail, HTTP 429 and HTTP 5xx are tried again, three times in
    /// all, before the time-out.
    ///
    /// # Errors
    /// `CloudAuthentication` when the credentials are not accepted; `HttpStatus`; `RootCaUnusable` when
    /// what came is no chain; network and trust errors; `Cancelled` after
    /// [`interrupt`](RootCaFetch::interrupt).
    pub fn fetch(&self) -> Result<String, Error> {
        let interrupt = self.calls.begin();
        let deadline = Deadline::after(self.timeout);
        let mut tries = 1;
        loop {
            let failure = match self.ask(deadline, &interrupt).and_then(judge) {
                Ok(chain) => return Ok(chain),
                Err(failure) => failure,
            };
            let pause = pause_after(&failure, tries)
                .filter(|pause| tries < TRIES_MAX && deadline.remaining().is_some_and(|left| left > *pause));
            match pause {
                Some(pause) => interrupt.wait(pause)?,
                None => return Err(failure.at(self.host(), tries)),
            }
            tries += 1;
        }
    }

    /// Fetches the chain as [`fetch`](RootCaFetch::fetch) does and saves it. A file that is there is
    /// replaced only after the new one is complete and safe on disk.
    ///
    /// # Errors
    /// Those of `fetch`, and `File`.
    pub fn fetch_to_file(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        save_root_ca(self.fetch()?, path)
    }

    /// Makes the calls that run now return `Cancelled`, within 200 ms. Later calls are not touched. From
    /// any thread.
    pub fn interrupt(&self) {
        self.calls.interrupt();
    }

    /// One try: the server is verified before the request leaves.
    fn ask(&self, deadline: Deadline, interrupt: &Arc<Interrupt>) -> Result<HttpReply, CloudFailure> {
        let target = Target {
            address: self.address.clone(),
            roots: self.web_roots.clone(),
            expectation: Expectation::Host(self.address.host.clone()),
            identity: None,
        };
        let stream = tls::open(&target, deadline.no_later_than(CONNECT_TIMEOUT), interrupt)?;
        // Signed afresh for each try: a token that was seen may be refused the second time.
        let host = self.host();
        let question = Question { host: &host, path: &self.address.path };
        let headers =
            signing::headers(self.auth, &self.key, &question, UnixTime::now().as_secs(), random()?)?;
        Ok(HttpsClient::new(&self.address, stream, deadline, None).get(&headers)?)
    }

    /// The host as it stands in `Host` and in what is signed: with a port only if it is an unusual one.
    fn host(&self) -> String {
        let authority = self.address.authority();
        authority.strip_suffix(":443").map(str::to_owned).unwrap_or(authority)
    }
}

/// The chain in the reply, or what the cloud's refusal means.
fn judge(reply: HttpReply) -> Result<String, CloudFailure> {
    match reply.status {
        200 => Ok(text_of(&RootCaChain::parse(&reply.body)?)),
        status @ (401 | 403) => Err(CloudFailure::Authentication {
            status,
            words: words::of_cloud(&reply.body),
            now: UnixTime::now().as_secs(),
        }),
        status => Err(CloudFailure::HttpStatus {
            status,
            words: words::of_cloud(&reply.body),
            retry_after_s: reply.retry_after_s,
        }),
    }
}

fn text_of(chain: &RootCaChain) -> String {
    let pem = |certificate: &crate::x509::Certificate| {
        pem::write(Label::Certificate, certificate.der()).as_str().to_owned()
    };
    chain.certificates().iter().map(pem).collect()
}

/// Saves a Root CA chain, in any form that a device's settings take it in, as PEM text. It is checked
/// first, and a file that is there is replaced only after the new one is complete and safe on disk.
///
/// # Errors
/// `RootCaUnusable`, and then nothing is written; `File`.
pub fn save_root_ca(chain: impl AsRef<[u8]>, path: impl AsRef<Path>) -> Result<(), Error> {
    let text = text_of(&RootCaChain::parse(chain.as_ref())?);
    safe_file::replace(path.as_ref(), text.as_bytes(), Readers::Everybody)
}

/// How long to wait before the next try; `None` if another try would only fail again.
fn pause_after(failure: &CloudFailure, tries: u32) -> Option<Duration> {
    let pause = PAUSE * 4_u32.pow(tries - 1);
    match failure {
        CloudFailure::HttpStatus { status: 429 | 500..=599, retry_after_s, .. } => {
            Some(retry_after_s.map_or(pause, Duration::from_secs))
        }
        CloudFailure::Other(kind) if kind.status().category() == Category::Network => Some(pause),
        _ => None,
    }
}

/// A web root that cannot be used: the advice for the vendor's chain would send its reader astray.
fn not_the_vendors(error: Error) -> Error {
    match error.into_kind() {
        Kind::RootCaUnusable { problem } => Error::argument("web_root_pem", problem),
        kind => kind.into(),
    }
}

fn random() -> Result<[u8; 16], Error> {
    let mut bytes = [0; 16];
    match provider().secure_random.fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Kind::Internal { detail: "the system gives no random bytes".into() }.into()),
    }
}

/// The description of a [`RootCaFetch`] before it is checked.
pub struct RootCaFetchBuilder {
    base_url: String,
    merchant_id: String,
    key_id: String,
    shared_secret: Zeroizing<String>,
    auth: CloudAuth,
    web_roots: Option<Vec<u8>>,
    timeout: Duration,
}

impl RootCaFetchBuilder {
    /// How the request proves whose it is. Default: [`CloudAuth::Jwt`].
    pub fn auth(mut self, auth: CloudAuth) -> Self {
        self.auth = auth;
        self
    }

    /// Trusts the root certificates in this PEM text, and no others, to vouch for the cloud: for a
    /// network whose firewall inspects TLS, or for a test server. Default: the public roots of the web,
    /// as Mozilla lists them (Cargo feature `web-roots`).
    pub fn web_roots_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.web_roots = Some(pem.as_ref().to_owned());
        self
    }

    /// Limit for the whole call, tries and pauses included. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Checks everything. Opens nothing.
    ///
    /// # Errors
    /// `Argument`.
    pub fn build(self) -> Result<RootCaFetch, Error> {
        let mut address = Address::parse_web(&self.base_url)?;
        address.path = format!("{}{PATH}", address.path.trim_end_matches('/'));
        let web_roots = match &self.web_roots {
            Some(pem) => RootCaChain::parse(pem).map_err(not_the_vendors)?,
            None => RootCaChain::of_the_web()?,
        };
        Ok(RootCaFetch {
            address,
            key: Arc::new(ApiKey::new(&self.merchant_id, &self.key_id, &self.shared_secret)?),
            auth: self.auth,
            web_roots: Arc::new(web_roots),
            timeout: checked_timeout(self.timeout)?,
            calls: Arc::default(),
        })
    }
}

impl std::fmt::Debug for RootCaFetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RootCaFetch")
            .field("host", &self.host())
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}
