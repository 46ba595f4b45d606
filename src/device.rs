//! The device as the till's settings describe it: where it is, who it has to be, whom to trust.
//!
//! A [`Device`] is only settings and can be shared freely. The calls that read them, `pair` and
//! `open_mtls`, are in `pairing` and `connection`, where their stories are told.

use crate::address::Address;
use crate::error::{Error, Kind};
use crate::identity::Identity;
use crate::journal::Journal;
use crate::transport::Target;
use crate::transport::interrupt::RunningCalls;
use crate::trust::RootCaChain;
use crate::trust::expectation::{DEFAULT_DOMAIN, Expectation, IdentityCheck, device_name};
use rustls::pki_types::{DnsName, ServerName};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A payment device on the shop's network. Cloning is cheap; clones share running calls.
///
/// ```no_run
/// let device = poslatch::Device::builder("https://192.168.1.50:8443/")
///     .root_ca_file("root-ca.pem")
///     .serial("1850000123")
///     .build()?;
/// let identity = device.pair("1001", "8QW1YS1D")?;
/// identity.save("till.pem", None)?;
/// # Ok::<(), poslatch::Error>(())
/// ```
#[derive(Clone)]
pub struct Device {
    settings: Settings,
    calls: Arc<RunningCalls>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    address: Address,
    roots: Option<Arc<RootCaChain>>,
    check: IdentityCheck,
    domain: String,
    connect_timeout: Duration,
    pairing_timeout: Duration,
    exchange_limit: Option<Duration>,
    keep_alive: KeepAlive,
    journal: Option<Journal>,
}

/// How a quiet connection is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepAlive {
    /// Quiet time before a ping, and between pings; zero sends none.
    pub(crate) interval: Duration,
    /// Pings that may stay unanswered.
    pub(crate) missed_max: u32,
}

impl KeepAlive {
    /// A device that is gone is noticed after three intervals. Two pings may get lost in a Wi-Fi that
    /// changes its access point, which takes seconds, before a payment is put in doubt.
    pub(crate) const DEFAULT: KeepAlive = KeepAlive { interval: Duration::from_secs(10), missed_max: 2 };
}

impl Device {
    /// Begins the description of a device at `url`: `https://` or `wss://`, an IPv4 address, an IPv6
    /// address in brackets or a name, and the port that the device shows under Generate Code >
    /// Details (8443 if left out).
    pub fn builder(url: &str) -> DeviceBuilder {
        DeviceBuilder {
            url: url.to_owned(),
            roots: RootSource::Missing,
            check: IdentityCheck::Domain,
            domain: DEFAULT_DOMAIN.to_owned(),
            connect_timeout: Device::DEFAULT_CONNECT_TIMEOUT,
            pairing_timeout: Device::DEFAULT_PAIRING_TIMEOUT,
            exchange_limit: None,
            keep_alive: KeepAlive::DEFAULT,
            journal: None,
        }
    }

    /// Makes the calls to `pair`, `open_mtls`, `open_tls`, `probe` and [`find_device`](crate::find_device) that
    /// run now return `Cancelled`, within 200 ms. Later calls and open connections are not touched. From any
    /// thread.
    pub fn interrupt(&self) {
        self.calls.interrupt();
    }

    pub(crate) fn calls(&self) -> &RunningCalls {
        &self.calls
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.settings.connect_timeout
    }

    pub(crate) fn pairing_timeout(&self) -> Duration {
        self.settings.pairing_timeout
    }

    pub(crate) fn exchange_limit(&self) -> Option<Duration> {
        self.settings.exchange_limit
    }

    pub(crate) fn keep_alive(&self) -> KeepAlive {
        self.settings.keep_alive
    }

    /// The journal that this device's requests are written down in, if one was set.
    pub fn journal(&self) -> Option<&Journal> {
        self.settings.journal.as_ref()
    }

    /// What is to be dialled, and who has to answer: after pairing, the device that the identity
    /// remembers; before, whoever passes the identity check.
    pub(crate) fn target(&self, identity: Option<&Identity>) -> Result<Target, Error> {
        let roots = self.roots().ok_or(Kind::RootCaMissing)?;
        let expectation = self.expectation(identity)?;
        Ok(Target { address: self.address().clone(), roots, expectation, identity: identity.cloned() })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.settings.address
    }

    pub(crate) fn roots(&self) -> Option<Arc<RootCaChain>> {
        self.settings.roots.clone()
    }

    pub(crate) fn expectation(&self, identity: Option<&Identity>) -> Result<Expectation, Error> {
        let settings = &self.settings;
        match identity.and_then(Identity::device_name) {
            Some(name) => Ok(Expectation::Exactly(self.remembered(name)?)),
            None => Expectation::new(&settings.check, &settings.domain, &settings.address.host),
        }
    }

    fn remembered(&self, name: &str) -> Result<ServerName<'static>, Error> {
        let unusable = |problem: String| Error::from(Kind::IdentityUnusable { problem });
        let remembered = ServerName::try_from(name.to_owned())
            .map_err(|_| unusable("the name of its device is not a host name".into()))?;
        if let IdentityCheck::Name(expected) = &self.settings.check {
            let expected = ServerName::DnsName(device_name(expected, &self.settings.domain)?);
            if expected != remembered {
                return Err(unusable(format!(
                    "it was paired with \"{name}\", but the device is set to \"{}\"",
                    expected.to_str()
                )));
            }
        }
        Ok(remembered)
    }
}

/// One setter for each setting; every one of them checks what it is given.
impl Device {
    pub(crate) fn set_roots(&mut self, roots: RootCaChain) {
        self.settings.roots = Some(Arc::new(roots));
    }

    pub(crate) fn set_check(&mut self, check: IdentityCheck) -> Result<(), Error> {
        if let IdentityCheck::Name(name) = &check {
            device_name(name, &self.settings.domain)?;
        }
        self.settings.check = check;
        Ok(())
    }

    pub(crate) fn set_domain(&mut self, domain: &str) -> Result<(), Error> {
        let domain = domain.trim().trim_start_matches('.').to_ascii_lowercase();
        DnsName::try_from(domain.as_str())
            .map_err(|_| Error::argument("domain", "it has to be a DNS name such as cybs.seclib.io"))?;
        self.settings.domain = domain;
        Ok(())
    }

    pub(crate) fn set_connect_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        self.settings.connect_timeout = checked_timeout(timeout)?;
        Ok(())
    }

    pub(crate) fn set_pairing_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        self.settings.pairing_timeout = checked_timeout(timeout)?;
        Ok(())
    }

    pub(crate) fn set_exchange_limit(&mut self, limit: Option<Duration>) -> Result<(), Error> {
        self.settings.exchange_limit = limit.map(checked_timeout).transpose()?;
        Ok(())
    }

    pub(crate) fn set_keep_alive(&mut self, interval: Duration, missed_max: u32) -> Result<(), Error> {
        if !interval.is_zero() {
            checked_timeout(interval)?;
        }
        if missed_max == 0 {
            return Err(Error::argument("missed_max", "it has to be at least 1"));
        }
        self.settings.keep_alive = KeepAlive { interval, missed_max };
        Ok(())
    }

    pub(crate) fn set_journal(&mut self, journal: Option<Journal>) {
        self.settings.journal = journal;
    }

    /// Long enough for a device that wakes up on a poor Wi-Fi, short enough for a waiting cashier.
    pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

    /// The device makes an RSA key while the till waits; on a slow phone that takes seconds.
    pub(crate) const DEFAULT_PAIRING_TIMEOUT: Duration = Duration::from_secs(30);
}

/// A day is more than anybody waits for, and keeps sums of times from overflowing.
pub(crate) fn checked_timeout(timeout: Duration) -> Result<Duration, Error> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    if timeout.is_zero() || timeout > LONGEST {
        return Err(Error::argument("timeout", "it has to be more than nothing and at most a day"));
    }
    Ok(timeout)
}

/// The description of a [`Device`] before it is checked.
pub struct DeviceBuilder {
    url: String,
    roots: RootSource,
    check: IdentityCheck,
    domain: String,
    connect_timeout: Duration,
    pairing_timeout: Duration,
    exchange_limit: Option<Duration>,
    keep_alive: KeepAlive,
    journal: Option<Journal>,
}

enum RootSource {
    Missing,
    File(PathBuf),
    Pem(Vec<u8>),
}

impl DeviceBuilder {
    /// The Root CA chain, in the file that the merchant downloaded: PEM, or JSON with
    /// `certificateChain` (protocol.md section 3). Without a chain, nothing can be opened.
    pub fn root_ca_file(mut self, path: impl AsRef<Path>) -> Self {
        self.roots = RootSource::File(path.as_ref().to_owned());
        self
    }

    /// The Root CA chain, as the bytes of such a file.
    pub fn root_ca_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots = RootSource::Pem(pem.as_ref().to_owned());
        self
    }

    /// Expects exactly the device with this serial number, as its About screen shows it. The same as
    /// [`IdentityCheck::Name`].
    pub fn serial(self, serial: &str) -> Self {
        self.identity_check(IdentityCheck::Name(serial.to_owned()))
    }

    /// How the device proves that it is the right one when no identity remembers it yet. Default:
    /// [`IdentityCheck::Domain`].
    pub fn identity_check(mut self, check: IdentityCheck) -> Self {
        self.check = check;
        self
    }

    /// The domain under which devices are named by their serial numbers. Default:
    /// `cybs.seclib.io`.
    pub fn domain(mut self, domain: &str) -> Self {
        self.domain = domain.to_owned();
        self
    }

    /// Limit for resolving, connecting, TLS and the WebSocket together. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Limit for the device's reply to a pairing request. Default: 30 s.
    pub fn pairing_timeout(mut self, timeout: Duration) -> Self {
        self.pairing_timeout = timeout;
        self
    }

    /// Limit for a whole exchange, however much the device says meanwhile. Default: none, since a
    /// customer may take any time that the device allows.
    pub fn exchange_limit(mut self, limit: Duration) -> Self {
        self.exchange_limit = Some(limit);
        self
    }

    /// How a quiet `wss` connection is watched: a ping after each `interval` of silence, and the device
    /// is taken to be gone after `missed_max` pings without an answer and one more interval. A zero
    /// interval sends no pings. Default: 10 s and 2, so that a device that is gone is noticed after
    /// 30 s.
    ///
    /// A device that has never answered a ping is not held to it; the operating system's own probes
    /// then notice after 30 s that its machine is gone.
    pub fn keep_alive(mut self, interval: Duration, missed_max: u32) -> Self {
        self.keep_alive = KeepAlive { interval, missed_max };
        self
    }

    /// Writes each request with a merchantReferenceCode down before it is sent, and strikes it out at its
    /// final reply, so that a till that died in between finds out what to [recover]. Default: none.
    ///
    /// [recover]: crate::Connection::recover
    pub fn journal(mut self, journal: Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Checks everything and makes the device. Opens nothing but the Root CA file.
    ///
    /// # Errors
    /// `Argument`, `File`, `RootCaUnusable`.
    pub fn build(self) -> Result<Device, Error> {
        let mut device = Device {
            settings: Settings {
                address: Address::parse(&self.url)?,
                roots: None,
                check: IdentityCheck::Domain,
                domain: DEFAULT_DOMAIN.to_owned(),
                connect_timeout: Device::DEFAULT_CONNECT_TIMEOUT,
                pairing_timeout: Device::DEFAULT_PAIRING_TIMEOUT,
                exchange_limit: None,
                keep_alive: KeepAlive::DEFAULT,
                journal: None,
            },
            calls: Arc::default(),
        };
        match self.roots {
            RootSource::Missing => {}
            RootSource::File(path) => device.set_roots(RootCaChain::read_file(&path)?),
            RootSource::Pem(pem) => device.set_roots(RootCaChain::parse(&pem)?),
        }
        device.set_domain(&self.domain)?;
        device.set_check(self.check)?;
        device.set_connect_timeout(self.connect_timeout)?;
        device.set_pairing_timeout(self.pairing_timeout)?;
        device.set_exchange_limit(self.exchange_limit)?;
        device.set_journal(self.journal);
        device.set_keep_alive(self.keep_alive.interval, self.keep_alive.missed_max)?;
        Ok(device)
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("address", &self.settings.address.authority())
            .field("check", &self.settings.check)
            .finish_non_exhaustive()
    }
}
