//! Finding a device again whose address has changed: who on the subnet proves to be the one that is known.
//!
//! A device is known by its name, not by its address, and routers give addresses anew. So every address
//! that it could have is asked for its certificate, and the one whose certificate proves the name is the
//! device. Nothing is sent to anybody but the TLS handshake: no certificate of the till, no request.
//!
//! Told top to bottom: whose name is to be proven, which addresses are asked (`subnets`), and how they
//! are asked, some at a time (`round`, `attempt`).

mod attempt;
mod round;
mod subnets;

use crate::address::{Address, Scheme};
use crate::device::Device;
use crate::error::{Error, Kind, Sighting};
use crate::identity::Identity;
use crate::log;
use crate::status::Status;
use crate::transport::deadline::Deadline;
use crate::transport::{Target, dial};
use crate::trust::expectation::{Expectation, label_under};
use round::Round;
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use std::time::Duration;

/// How long an address may take to accept a connection. Of the 254 of a subnet, 64 at a time, silent ones
/// cost four times this. Systems send the first packet again after one second (Windows 7 and 8 after three),
/// so an answer to the second still counts.
const CONNECT_LIMIT: Duration = Duration::from_millis(1100);

/// Where a device is looked for. Can be used for any number of searches.
#[derive(Clone, Debug)]
pub struct Search {
    /// `None`: the machine's own subnet, which is looked up anew each time.
    addresses: Option<Vec<IpAddr>>,
    connect_limit: Duration,
}

impl Search {
    /// The most addresses that one search asks.
    pub const ADDRESSES_MAX: usize = 4096;

    /// The subnet that this machine would reach the device's configured address from: the 254 addresses
    /// that share its own first three numbers. Only private IPv4 addresses; for the loopback, and for
    /// addresses of the internet, the subnets have to be [named](Search::subnets).
    pub fn own_subnet() -> Search {
        Search { addresses: None, connect_limit: CONNECT_LIMIT }
    }

    /// The addresses in a list with commas: subnets such as `192.168.1.0/24`, and single addresses, IPv4 or
    /// IPv6. The first and the last address of a subnet belong to no machine and are left out.
    ///
    /// # Errors
    /// `Argument`, if there is anything else in it, or more than [`ADDRESSES_MAX`](Search::ADDRESSES_MAX)
    /// addresses.
    pub fn subnets(list: &str) -> Result<Search, Error> {
        Ok(Search { addresses: Some(subnets::parse(list)?), ..Search::own_subnet() })
    }

    /// How long each address may take to accept a connection. Default: 1.1 s, so that a /24 without any
    /// answer is through in 4.4 s.
    ///
    /// # Errors
    /// `Argument`, if it is zero or more than a day.
    pub fn connect_limit(mut self, limit: Duration) -> Result<Search, Error> {
        self.connect_limit = crate::device::checked_timeout(limit)?;
        Ok(self)
    }
}

impl Default for Search {
    fn default() -> Search {
        Search::own_subnet()
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchProgress {
    /// Addresses that have been asked, answered or not.
    pub tried: usize,
    /// Addresses there are to ask.
    pub total: usize,
}

/// A device that was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// Where it is: the device's URL with this address in place of the host, such as
    /// `wss://192.168.1.57:8443/`. Ready for [`Device::builder`].
    pub url: String,
    /// The same address and port.
    pub address: SocketAddr,
    /// The name that its certificate proves, in lower case.
    pub device_name: String,
    /// Whether it is at another address than the device's settings say.
    pub moved: bool,
    /// Who else answered before it was found.
    pub sightings: Vec<Sighting>,
}

/// Looks for the device whose address has changed, by short TLS handshakes with every address that it
/// could have, on the port of the device's URL: first the address that the URL stands for, then those
/// nearest to it.
///
/// Who has to be found is the device that `identity` was paired with, or else the one that the settings
/// name ([`serial`](crate::DeviceBuilder::serial)). It has to prove its name under the Root CA chain
/// exactly as in [`open_mtls`](Device::open_mtls); the till shows no certificate, and nothing else is
/// sent. Whoever proves nothing, or another name, is no find but a [`Sighting`].
///
/// 64 addresses are asked at a time. Blocks until the device is found or every address was asked, for a
/// silent /24 4.4 s, and runs `progress` on the calling thread whenever addresses were done with, first
/// with none; `Break` ends the search. Starts no thread, unless a host name in the URL has to be resolved.
///
/// # Errors
/// `Argument` (neither identity nor serial names a device; subnets have to be named), `RootCaUnusable`,
/// `NameNotResolved` (the URL's host, if the own subnet is asked for), `DeviceNotFound` with
/// [`sightings`](Error::sightings), `Cancelled` after [`interrupt`](Device::interrupt) or `Break`.
pub fn find_device(
    device: &Device,
    identity: Option<&Identity>,
    search: &Search,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Found, Error> {
    let result = look_for(device, identity, search, progress);
    match &result {
        Ok(found) => log::found(&found.device_name, &found.address, found.moved),
        Err(error) => log::failed("finding the device", error),
    }
    result
}

fn look_for(
    device: &Device,
    identity: Option<&Identity>,
    search: &Search,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Found, Error> {
    let (target, name) = known_device(device, identity)?;
    let interrupt = device.calls().begin();
    let resolved = dial::resolve(&target.address, Deadline::after(device.connect_timeout()), &interrupt);
    let configured = match resolved {
        // With subnets given, a name that nobody knows any more is no reason not to look there.
        Err(error) if search.addresses.is_some() && error.status() != Status::Cancelled => Vec::new(),
        resolved => resolved?.iter().map(SocketAddr::ip).collect(),
    };
    let addresses = match &search.addresses {
        Some(addresses) => subnets::in_order(&configured, addresses),
        None => subnets::in_order(&configured, &subnets::own(&configured)?),
    };
    let mut round = Round::new(&target, &name, addresses, search.connect_limit)?;
    let found = round.run(&interrupt, progress)?;
    let Round { progress: SearchProgress { tried, total }, sightings, .. } = round;
    match found {
        Some(address) => Ok(Found {
            url: url(&target.address, address),
            address,
            device_name: name,
            moved: !configured.contains(&address.ip()),
            sightings,
        }),
        None => Err(Kind::DeviceNotFound { name, tried, total, sightings }.into()),
    }
}

/// Who has to be found, with the name. Nothing looser than a name will do: any device would pass.
fn known_device(device: &Device, identity: Option<&Identity>) -> Result<(Target, String), Error> {
    let mut target = device.target(identity)?;
    // Asking who is there is no reason to show who asks.
    target.identity = None;
    match &target.expectation {
        Expectation::Exactly(ServerName::DnsName(name)) => {
            let name = name.as_ref().to_ascii_lowercase();
            Ok((target, name))
        }
        _ => Err(Error::argument(
            "identity",
            "neither it nor the device's settings name the device that is looked for: give the identity that was \
             paired with it, or set its serial number",
        )),
    }
}

/// Who was met at an address. The name of another device counts only from a genuine certificate, and if it is
/// in the same domain as the name that is looked for.
fn sighting(address: SocketAddr, kind: &Kind, domain: &str) -> Sighting {
    let is_device = |name: &&String| label_under(name, domain).is_some();
    let device_name = match kind {
        Kind::WrongDevice { found, .. } => found.iter().find(is_device).map(|name| name.to_ascii_lowercase()),
        _ => None,
    };
    Sighting { address, status: kind.status(), device_name, message: kind.message() }
}

/// The device's URL at another address.
fn url(configured: &Address, address: SocketAddr) -> String {
    let scheme = match configured.scheme {
        Scheme::Https => "https",
        Scheme::Wss => "wss",
    };
    format!("{scheme}://{address}{}", configured.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_find_keeps_all_but_the_host() {
        let at = |ip: &str| SocketAddr::new(ip.parse().expect(ip), 9000);
        for (configured, ip, expected) in [
            ("wss://192.168.1.50:9000", "192.168.1.57", "wss://192.168.1.57:9000/"),
            ("https://terminal-7:9000/pos", "192.168.1.57", "https://192.168.1.57:9000/pos"),
            ("wss://192.168.1.50:9000/", "fd00::7", "wss://[fd00::7]:9000/"),
        ] {
            let found = url(&Address::parse(configured).expect(configured), at(ip));
            assert_eq!(found, expected);
            assert!(Address::parse(&found).is_ok(), "{found}");
        }
    }
}
