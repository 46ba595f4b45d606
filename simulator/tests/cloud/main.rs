//! The cloud's Root CA endpoint (section 3): what a right request of either kind brings, which check a wrong one fails,
//! and each switch. The client is our own: rustls, HTTP by hand, and signing code that shares nothing with the cloud's.

mod client;
mod credentials;
mod endpoint;
mod signing;
#[path = "../../src/cloud/vectors.rs"]
mod vectors;

use poslatch_simulator::{AuthKind, Cloud, CloudBuilder, CloudEvent, CloudFaults, Verdict};
use std::time::{Duration, Instant};
use vectors::{KEY_ID, MERCHANT, SECRET};

const PATIENCE: Duration = Duration::from_secs(20);
const CHAIN: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn builder() -> CloudBuilder {
    Cloud::builder().merchant(MERCHANT).key(KEY_ID, SECRET).chain(CHAIN)
}

fn cloud() -> Cloud {
    builder().start().expect("a cloud")
}

fn with(faults: CloudFaults) -> Cloud {
    builder().faults(faults).start().expect("a cloud")
}

/// What is on record of a request.
struct Seen {
    at: Instant,
    method: String,
    path: String,
    host: Option<String>,
    auth: AuthKind,
    verdict: Verdict,
    header_names: Vec<String>,
    status: Option<u16>,
}

fn requests(cloud: &Cloud) -> Vec<Seen> {
    let seen = |event| match event {
        CloudEvent::Request { at, method, path, host, auth, verdict, header_names, status, .. } => {
            Some(Seen { at, method, path, host, auth, verdict, header_names, status })
        }
        _ => None,
    };
    cloud.events().into_iter().filter_map(seen).collect()
}

fn is_request(event: &CloudEvent) -> bool {
    matches!(event, CloudEvent::Request { .. })
}
