//! What is said when a device was not found: apart from the other texts, because its advice is made from
//! whoever answered instead.

use crate::find::Sighting;
use crate::status::{Category, Status};

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
