//! The control API: what it does to a device, what it tells of it, and to whom.

#[path = "../common/mod.rs"]
mod common;

mod actions;
mod client;
mod page;
mod record;
mod requests;
mod strangers;

use client::Client;
use common::Pair;
use poslatch_simulator::{Faults, Simulator};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// A device with a screen, a till that is paired with it, and a program that talks to the screen.
struct Bench {
    pair: Pair,
    client: Client,
}

impl Bench {
    fn new() -> Self {
        Self::with(Faults::default())
    }

    fn with(faults: Faults) -> Self {
        let (device, client) = screen();
        device.set_faults(Faults { step_pause: Duration::from_millis(1), ..faults });
        let till = device.issue_till("1001");
        Self { pair: Pair { device, till }, client }
    }
}

/// The same without a till, whose key takes longer to make than most tests take.
fn screen() -> (Simulator, Client) {
    let control = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let device = Simulator::builder().control(control).start().expect("a device");
    let client = Client::new(device.control_address().expect("a screen"));
    (device, client)
}
