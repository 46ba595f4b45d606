//! A device that was not found: who answered instead, and what is said. Apart from the other texts, because
//! the advice is made from those who were met.

use crate::status::{Category, Status};
use std::net::SocketAddr;

/// Somebody who accepted a connection and is not the device that was looked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sighting {
    /// Where.
    pub address: SocketAddr,
    /// Why it is not the device. `WrongDevice`: it shows the genuine certificate of another one.
    /// `UnknownIssuer`: whatever name it shows, nobody vouches for it. `NotTls`, `TlsVersion`,
    /// `PeerClosed`, `ConnectTimeout` and others: most likely some other machine.
    pub status: Status,
    /// The name in a genuine certificate of another device, in lower case: one in the same domain as the
    /// name that is looked for. `None` for everybody else, whatever they claim.
    pub device_name: Option<String>,
    /// The same as one line with the facts, like [`Error::message`](crate::Error::message).
    pub message: String,
}

impl Sighting {
    /// The serial number of another device: the first label of its name.
    pub fn serial(&self) -> Option<&str> {
        self.device_name.as_deref()?.split('.').next()
    }
}

/// Strangers that the advice speaks of; of a subnet full of them, the first will do.
const SIGHTINGS_MAX: usize = 3;

pub(super) fn message(name: &str, tried: usize, total: usize) -> String {
    if tried < total {
        return format!("\"{name}\" was not found: the time was over after {tried} of {total} addresses");
    }
    format!("\"{name}\" was not found at any of {total} addresses")
}

pub(super) fn advice(sightings: &[Sighting]) -> String {
    let mut advice = String::new();
    // Another device first: it may be the replacement, or the one that was meant.
    let devices = sightings.iter().filter(|sighting| sighting.device_name.is_some());
    // Then whoever could be taken for a device; ordinary machines that listen on the same port could not.
    let strangers = sightings.iter().filter(|sighting| {
        sighting.status.category() == Category::Trust
            && sighting.device_name.is_none()
            && sighting.status != Status::NotTls
    });
    for sighting in devices.chain(strangers).take(SIGHTINGS_MAX) {
        let address = sighting.address;
        advice.push_str(&match sighting.serial() {
            Some(serial) => format!("Another device, {serial}, answers at {address}. "),
            None => format!("At {address}: {}. ", sighting.message),
        });
    }
    advice.push_str(
        "Check that the device is switched on, on this network, and its payment app open; the address that it \
         has now stands under Generate Code > Details.",
    );
    advice
}
