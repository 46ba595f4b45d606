//! The probe: what is wrong between this till and that device, told step by step.
//!
//! [`walk`] reads top to bottom, the way a connection comes up: the settings, the network, TLS, who the
//! device is, whether it lets the till in. Everything that device and network do is a step of the report;
//! an error is only what the caller did. The calls that open and pair stop at the first failure and say
//! one thing; the probe looks on as far as it safely can, so that one visit to the shop is enough.
//!
//! Three connections at most. The first two only look (`transport/tls/look.rs`): their handshake never
//! completes, so even an untrusted chain can be shown and nothing is sent to a server that has not passed.
//! The third is opened as `open_mtls` opens it, and only if everything before it has passed. No payment, no
//! pairing request, no code and no JSON message is ever sent; the device sees connections, a WebSocket and
//! a ping.

mod channel;
mod facts;
mod http_date;
mod local;
mod network;
mod report;
mod screen;
mod trust;

pub use report::{Report, Step, StepName, StepResult};

use crate::device::Device;
use crate::error::{Error, utc};
use crate::identity::Identity;
use crate::transport::interrupt::Interrupt;
use report::End;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Looks at everything between this till and the device, and reports it step by step with its cure.
///
/// Sends no payment, no pairing request and no code, and keeps nothing. With `identity`, what
/// [`open_mtls`](Device::open_mtls) does is tried as that till, to the opening of the WebSocket and one ping;
/// without, as a till that wants to pair. A device or a network that is not as it should be is a step of the
/// report, and so is a Root CA chain that was not given.
///
/// Blocks for at most three connect time-outs (resolving a name, the first connection, the third) and 4 s
/// (the second, the ping). The connections come one after the other. Not while a payment is on its way: what the device sends on the
/// probe's WebSocket is counted, and lost.
///
/// ```no_run
/// let device = poslatch::Device::builder("wss://192.168.1.50:8443/").root_ca_file("root-ca.pem").build()?;
/// let identity = poslatch::Identity::load("till.pem", None)?;
/// println!("{}", poslatch::probe(&device, Some(&identity))?);
/// # Ok::<(), poslatch::Error>(())
/// ```
///
/// # Errors
/// `Cancelled` after [`interrupt`](Device::interrupt); nothing else.
pub fn probe(device: &Device, identity: Option<&Identity>) -> Result<Report, Error> {
    let now = now();
    let mut report = Report::new(device.address().url(), now);
    let visit = Visit { device, now, interrupt: device.calls().begin() };
    match walk(&visit, identity, &mut report) {
        Err(End::Cancelled(error)) => Err(error),
        Ok(()) | Err(End::Failed) => {
            report.complete();
            Ok(report)
        }
    }
}

/// What all steps know.
struct Visit<'a> {
    device: &'a Device,
    /// This machine's clock when the probe began, in seconds since 1970.
    now: u64,
    interrupt: Arc<Interrupt>,
}

fn walk(visit: &Visit<'_>, identity: Option<&Identity>, report: &mut Report) -> Result<(), End> {
    local::address(visit, report);
    local::machine(visit, report);
    let who = local::identity(visit, identity, report)?;

    let candidates = network::resolve(visit, report)?;
    network::route(&candidates, report);
    let line = network::connect(visit, &candidates, report)?;

    let sight = network::look(visit, &who, &candidates, line, report)?;
    let target = trust::judge(visit, who, &sight, report)?;

    // From here on the device is known to be the right one.
    let stream = channel::open(visit, &target, &sight, report)?;
    channel::websocket(visit, &target, stream, report)
}

/// A day as people write it, `2026-11-24`.
fn day(unix_seconds: u64) -> String {
    let mut time = utc(unix_seconds);
    time.truncate(10);
    time
}

/// Seconds since 1970; a clock before that was never set.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or_default()
}
