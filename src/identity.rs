//! The till's identity: its key, its chain, and the device that it belongs to.
//!
//! An identity is made by pairing or read back from a file, and is judged the same way in both
//! cases before it exists, so whoever holds one can use it. It cannot be changed; cloning shares it.

mod file;
pub(crate) mod judge;
mod key;
mod pbes2;
mod pkcs12;

use crate::error::{Error, Kind};
use crate::pem::{self, Label};
use crate::x509::Certificate;
use judge::Judged;
use rustls::client::ResolvesClientCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// What a till shows to prove who it is, and the device that it was paired with.
///
/// Clones share one identity. The private key is wiped from memory with the last of them.
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

struct Inner {
    pos_id: String,
    device_name: Option<String>,
    judged: Judged,
    resolver: Arc<dyn ResolvesClientCert>,
    fingerprint: String,
}

impl Identity {
    pub(crate) fn new(pos_id: String, device_name: Option<String>, judged: Judged) -> Identity {
        // The root is known to whoever can verify the chain; sending it is only weight.
        let to_send = judged
            .chain
            .iter()
            .enumerate()
            .filter(|(position, certificate)| *position == 0 || !certificate.names_itself())
            .map(|(_, certificate)| certificate.der().clone())
            .collect();
        let certified = CertifiedKey::new(to_send, judged.signing_key.clone());
        let fingerprint = judged
            .chain
            .first()
            .map(|leaf| crate::words::hex(&Sha256::digest(leaf.der())))
            .unwrap_or_default();
        let resolver = Arc::new(SingleCertAndKey::from(certified));
        Identity { inner: Arc::new(Inner { pos_id, device_name, judged, resolver, fingerprint }) }
    }

    /// Reads an identity from a file that [`save`](Identity::save) wrote.
    ///
    /// # Errors
    /// `File`, `Passphrase` (missing or wrong), `IdentityUnusable` (with what is wrong where). An
    /// expired identity is read: its facts are of use.
    pub fn load(path: impl AsRef<Path>, passphrase: Option<&str>) -> Result<Identity, Error> {
        file::load(path.as_ref(), passphrase)
    }

    /// Writes the identity to one PEM file that only this user can read (Unix: mode 0600; Windows: an
    /// access list of its own), replacing an older file only once the new one is safe on disk.
    /// What a killed save left beside it is removed by the next one. With a passphrase the key is
    /// encrypted (PBES2, PBKDF2-SHA256, AES-256).
    ///
    /// # Errors
    /// `Argument` (empty passphrase), `File`.
    pub fn save(&self, path: impl AsRef<Path>, passphrase: Option<&str>) -> Result<(), Error> {
        file::save(self, path.as_ref(), passphrase)
    }

    /// Reads an identity from the text that [`to_pem`](Identity::to_pem) gives.
    ///
    /// # Errors
    /// `Passphrase` (missing or wrong), `IdentityUnusable`.
    pub fn from_pem(pem: &[u8], passphrase: Option<&str>) -> Result<Identity, Error> {
        file::parse(pem, passphrase)
    }

    /// The identity as the text that [`save`](Identity::save) writes, for tills that keep keys
    /// elsewhere. Holds the private key; wiped when dropped.
    ///
    /// # Errors
    /// `Argument` (empty passphrase).
    pub fn to_pem(&self, passphrase: Option<&str>) -> Result<Zeroizing<String>, Error> {
        file::text(self, passphrase)
    }

    /// The identity as PKCS#12, for programs that take no PEM: .NET Framework, Java 8, OpenSSL and
    /// whatever is newer read it. Its name in their stores is the posId.
    ///
    /// What all of them read is encryption of the nineties (Triple DES, SHA-1): choose a passphrase
    /// that nobody can guess, and remove the file once it was imported. Java takes a passphrase of ASCII
    /// characters only.
    ///
    /// # Errors
    /// `Argument` (empty passphrase).
    pub fn to_pkcs12(&self, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        if passphrase.is_empty() {
            return Err(Error::argument("passphrase", "it is empty; PKCS#12 is read only with one"));
        }
        let unwritten = |_| Kind::Internal { detail: "the PKCS#12 form could not be written".into() }.into();
        pkcs12::write(self, passphrase).map_err(unwritten)
    }

    /// The certificate chain as PEM, the till's own certificate first, the root last. Holds no secret.
    pub fn cert_chain_pem(&self) -> String {
        self.inner
            .judged
            .chain
            .iter()
            .map(|certificate| pem::write(Label::Certificate, certificate.der()).to_string())
            .collect()
    }

    /// The posId under which the till was paired.
    pub fn pos_id(&self) -> &str {
        &self.inner.pos_id
    }

    /// The name of the device that the till was paired with, in lower case, such as
    /// `1850000123.cybs.seclib.io`; `None` if the device's certificate held no name.
    pub fn device_name(&self) -> Option<&str> {
        self.inner.device_name.as_deref()
    }

    /// The serial number of the device: the first label of its name, such as `1850000123`; `None` if
    /// the device is known by no name, a bare host name or an address.
    pub fn serial(&self) -> Option<&str> {
        self.device_name().and_then(serial_of)
    }

    /// Who issued the till's certificate: the issuer's common name, or its organisation where it has none.
    pub fn issuer(&self) -> &str {
        self.inner.judged.chain.first().map(|leaf| leaf.issuer.as_str()).unwrap_or_default()
    }

    /// Start of the certificate's life, in seconds since 1970 (UTC).
    pub fn not_before(&self) -> u64 {
        self.leaf(|leaf| leaf.not_before)
    }

    /// End of the certificate's life, in seconds since 1970 (UTC).
    pub fn not_after(&self) -> u64 {
        self.leaf(|leaf| leaf.not_after)
    }

    /// When the first certificate of the chain ends, in seconds since 1970 (UTC): from then on the
    /// identity is refused, even where the till's own certificate would last longer.
    pub fn earliest_expiry(&self) -> u64 {
        self.inner.judged.chain.iter().map(|certificate| certificate.not_after).min().unwrap_or_default()
    }

    /// Whether it is time to pair again: two thirds of the certificate's life have gone, or fewer than
    /// `days` days are left until [`earliest_expiry`](Identity::earliest_expiry), or none.
    pub fn needs_renewal(&self, now: SystemTime, days: u32) -> bool {
        let life = Life {
            not_before: self.not_before(),
            not_after: self.not_after(),
            earliest_expiry: self.earliest_expiry(),
        };
        // A clock before 1970 was never set; it says nothing of the identity.
        life.needs_renewal(now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs(), days)
    }

    /// SHA-256 of the till's certificate, 64 lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.inner.fingerprint
    }

    /// Shows the certificate in a handshake, whatever issuers the device hints at.
    pub(crate) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        self.inner.resolver.clone()
    }

    fn leaf(&self, fact: impl Fn(&Certificate) -> u64) -> u64 {
        self.inner.judged.chain.first().map(fact).unwrap_or_default()
    }

    fn judged(&self) -> &Judged {
        &self.inner.judged
    }
}

/// The dates that say how far an identity's life has gone, in seconds since 1970.
struct Life {
    not_before: u64,
    not_after: u64,
    earliest_expiry: u64,
}

impl Life {
    fn needs_renewal(&self, now: u64, days: u32) -> bool {
        const DAY_SECONDS: u64 = 24 * 60 * 60;
        let whole = self.not_after.saturating_sub(self.not_before);
        let gone = now.saturating_sub(self.not_before);
        let margin = u64::from(days) * DAY_SECONDS;
        gone.saturating_mul(3) >= whole.saturating_mul(2) || now.saturating_add(margin) > self.earliest_expiry
    }
}

/// The part of a device's name that tells it from others: `{serial}.cybs.seclib.io`.
fn serial_of(device_name: &str) -> Option<&str> {
    if device_name.parse::<IpAddr>().is_ok() {
        return None;
    }
    device_name.split_once('.').map(|(serial, _)| serial)
}

/// Checks a posId before it is sent or kept: what the device makes of it is the device's affair
/// (protocol.md section 2), but it has to fit on one line.
pub(crate) fn check_pos_id(pos_id: &str) -> Result<(), Error> {
    const LENGTH_MAX: usize = 256;
    if pos_id.trim().is_empty() {
        return Err(Error::argument("pos_id", "it is empty; use digits that are unique in the shop"));
    }
    if pos_id.len() > LENGTH_MAX || pos_id.chars().any(char::is_control) {
        return Err(Error::argument("pos_id", "it is longer than 256 bytes or holds control characters"));
    }
    // It is a line of the identity file, where PEM begins with dashes.
    if pos_id != pos_id.trim() || pos_id.contains("-----") {
        return Err(Error::argument(
            "pos_id",
            "it begins or ends with a blank, or holds five dashes in a row",
        ));
    }
    Ok(())
}

fn unusable(problem: impl Into<String>) -> Error {
    Kind::IdentityUnusable { problem: problem.into() }.into()
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("pos_id", &self.pos_id())
            .field("device_name", &self.device_name())
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_is_due_after_two_thirds_or_with_too_few_days_left_or_none() {
        const DAY: u64 = 86_400;
        let own = Life { not_before: 100 * DAY, not_after: 400 * DAY, earliest_expiry: 400 * DAY };
        let issuer_ends_first = Life { earliest_expiry: 200 * DAY, ..own };
        for (life, now, days, due) in [
            (&own, 0, 0, false),
            (&own, 0, 399, false),
            (&own, 300 * DAY - 1, 0, false),
            (&own, 300 * DAY, 0, true),
            (&own, 290 * DAY, 110, false),
            (&own, 290 * DAY + 1, 110, true),
            (&own, 401 * DAY, 0, true),
            (&own, 0, u32::MAX, true),
            (&own, u64::MAX, 0, true),
            (&issuer_ends_first, 200 * DAY, 0, false),
            (&issuer_ends_first, 200 * DAY + 1, 0, true),
            (&issuer_ends_first, 171 * DAY, 30, true),
        ] {
            assert_eq!(life.needs_renewal(now, days), due, "second {now}, {days} days");
        }
    }

    #[test]
    fn a_serial_is_the_first_label_of_a_name_and_no_part_of_an_address() {
        for (name, serial) in [
            ("1850000123.cybs.seclib.io", Some("1850000123")),
            ("till-7.shop.example", Some("till-7")),
            ("localhost", None),
            ("192.168.1.50", None),
            ("fe80::1", None),
            ("", None),
        ] {
            assert_eq!(serial_of(name), serial, "{name}");
        }
    }
}
