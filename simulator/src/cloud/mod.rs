//! The vendor's cloud, as far as a till needs it: the one endpoint that gives out the Root CA of the devices (section 3).
//! The handle that tests hold is here; what it answers is in [`service`], whom it believes in [`auth`].

mod auth;
mod event;
mod faults;
mod http_signature;
mod jwt;
mod server;
mod service;
#[cfg(test)]
mod vectors;

pub use auth::{AuthCheck, AuthKind, Verdict};
pub use event::CloudEvent;
pub use faults::CloudFaults;

use crate::journal::Journal;
use crate::pki::to_pem;
use crate::simulator::listen;
use crate::{Error, Pki, Timeout, tls};
use auth::Credentials;
use base64ct::{Base64, Encoding};
use service::Endpoint;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::runtime;
use tokio::sync::oneshot;

/// A running cloud. Dropping it closes every connection, ends its thread and waits for that.
///
/// It answers `GET /dms/v2/devices/certificates/rootca` over HTTPS, under a PKI of its own that stands for the public
/// ones of the web. Its certificate is for `apitest.cybersource.com`, `localhost` and `127.0.0.1`.
///
/// ```
/// use poslatch_simulator::Cloud;
///
/// let cloud = Cloud::builder()
///     .merchant("my_merchant")
///     .key("08c94330-f618-42a3-b09d-e1e43be5efda", "c2VjcmV0IG9mIHRoZSB0ZXN0")
///     .chain("-----BEGIN CERTIFICATE-----\n...")
///     .start()?;
/// assert!(cloud.base_url().starts_with("https://localhost:"));
/// assert!(cloud.web_root_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Cloud {
    endpoint: Arc<Endpoint>,
    address: SocketAddr,
    web_root_pem: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Cloud {
    /// Begins the description of a cloud.
    pub fn builder() -> CloudBuilder {
        CloudBuilder {
            merchant: DEFAULT_MERCHANT.to_owned(),
            key_id: DEFAULT_KEY_ID.to_owned(),
            secret_base64: DEFAULT_SECRET.to_owned(),
            chain: None,
            faults: CloudFaults::Normal,
            date_window: DATE_WINDOW,
            slow_pause: SLOW_PAUSE,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }

    /// Returns the address that the cloud listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `https://localhost:{port}`, to which the path is to be added.
    pub fn base_url(&self) -> String {
        base_url(self.address)
    }

    /// Returns the root that stands for those of the public web; the client has to trust it for this cloud.
    pub fn web_root_pem(&self) -> &str {
        &self.web_root_pem
    }

    /// Returns the switches as they are.
    pub fn faults(&self) -> CloudFaults {
        self.endpoint.faults()
    }

    /// Turns the switches; takes effect for the next request. Counts of requests start anew.
    pub fn set_faults(&self, faults: CloudFaults) {
        self.endpoint.set_faults(faults);
    }

    /// Gives out this chain from the next request on.
    pub fn set_chain(&self, pem: impl Into<String>) {
        self.endpoint.set_chain(pem.into());
    }

    /// Returns the record so far.
    pub fn events(&self) -> Vec<CloudEvent> {
        self.endpoint.journal.events()
    }

    /// Waits until `find` finds something in the record; it is asked now and after each new entry.
    ///
    /// # Errors
    /// [`Timeout`], which holds the record, if it found nothing in time.
    pub fn wait_for<T>(
        &self,
        find: impl FnMut(&[CloudEvent]) -> Option<T>,
        timeout: Duration,
    ) -> Result<T, Timeout<CloudEvent>> {
        self.endpoint.journal.wait_for(find, timeout)
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic on the cloud's thread has been printed already, and must not become an abort here.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The description of a cloud that is to be started.
pub struct CloudBuilder {
    merchant: String,
    key_id: String,
    secret_base64: String,
    chain: Option<String>,
    faults: CloudFaults,
    date_window: Duration,
    slow_pause: Duration,
    listen: SocketAddr,
}

impl CloudBuilder {
    /// Sets the chain that is given out. Default: that of the PKI which the simulators of the process share.
    ///
    /// The text is not looked at: it may be no chain at all.
    pub fn chain(mut self, pem: impl Into<String>) -> Self {
        self.chain = Some(pem.into());
        self
    }

    /// Sets how far the date of an HTTP Signature, or the `iat` of a token, may lie off. Default: 300 s.
    ///
    /// Section 3a does not know it. An `iat` in the past is not bound by it but by `exp`.
    pub fn date_window(mut self, window: Duration) -> Self {
        self.date_window = window;
        self
    }

    /// Sets the switches. Default: `Normal`.
    pub fn faults(mut self, faults: CloudFaults) -> Self {
        self.faults = faults;
        self
    }

    /// Sets the key that requests have to be signed with: its id, and the shared secret as base64.
    pub fn key(mut self, id: impl Into<String>, secret_base64: impl Into<String>) -> Self {
        self.key_id = id.into();
        self.secret_base64 = secret_base64.into();
        self
    }

    /// Sets the address to listen on. Default: `127.0.0.1:0`, a free port of the loopback.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets the merchant that owns the key. Default: `poslatch_test`.
    pub fn merchant(mut self, id: impl Into<String>) -> Self {
        self.merchant = id.into();
        self
    }

    /// Sets how long [`CloudFaults::Slow`] takes. Default: 5 s.
    pub fn slow_pause(mut self, pause: Duration) -> Self {
        self.slow_pause = pause;
        self
    }

    /// Starts the cloud; it listens when this returns.
    ///
    /// # Errors
    /// [`Error::Secret`] and [`Error::Listen`] for settings that cannot be followed, [`Error::Certificate`] and
    /// [`Error::Thread`] for a system that cannot do it.
    pub fn start(self) -> Result<Cloud, Error> {
        let secret = Base64::decode_vec(&self.secret_base64).map_err(|_| Error::Secret)?;
        let chain = match self.chain {
            Some(chain) => chain,
            None => Pki::of_the_process()?.root_ca_chain_pem(),
        };
        let web = Pki::web()?;
        let config = tls::web_server_config(&web, &["apitest.cybersource.com", "localhost", "127.0.0.1"])?;
        let (listener, address) = listen(self.listen)?;
        let endpoint = Arc::new(Endpoint::new(service::Parts {
            credentials: Credentials::new(self.merchant, self.key_id, &secret, self.date_window),
            journal: Journal::new(None),
            base_url: base_url(address),
            chain,
            faults: self.faults,
            slow_pause: self.slow_pause,
        }));
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Arc::clone(&endpoint);
        let thread = thread::Builder::new()
            .name("cloud".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    tokio::select! {
                        () = server::run(served, listener, Arc::new(config)) => {}
                        _ = stopped => {}
                    }
                });
            })
            .map_err(Error::Thread)?;
        let web_root_pem = to_pem("CERTIFICATE", web.root_der());
        Ok(Cloud { endpoint, address, web_root_pem, stop: Some(stop), thread: Some(thread) })
    }
}

impl fmt::Debug for CloudBuilder {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudBuilder")
            .field("merchant", &self.merchant)
            .field("key_id", &self.key_id)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

fn base_url(address: SocketAddr) -> String {
    format!("https://localhost:{}", address.port())
}

const DEFAULT_MERCHANT: &str = "poslatch_test";
const DEFAULT_KEY_ID: &str = "00000000-0000-4000-8000-000000000000";
const DEFAULT_SECRET: &str = "cG9zbGF0Y2ggdGVzdCBzZWNyZXQ=";

/// Section 3a does not know it; five minutes are what such services commonly allow.
const DATE_WINDOW: Duration = Duration::from_secs(300);

const SLOW_PAUSE: Duration = Duration::from_secs(5);
