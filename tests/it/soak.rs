//! What many exchanges and many connections cost a till: no memory that stays, at most one thread and one descriptor
//! for each connection, and nothing once they are gone.
//!
//! `cargo bench --bench soak` measures the same at full length and prints figures. Each test is a till in a process of
//! its own, since the device and other tests take memory too; Linux only, whose `/proc` it reads.

use crate::common::*;
use crate::footprint::Footprint;
use poslatch::{Connection, DEFAULT_SILENCE, Device, Identity};
use poslatch_simulator::Faults;
use std::time::Duration;

const VARIABLES: [&str; 4] = ["POSLATCH_SOAK_SCHEME", "POSLATCH_URL", "POSLATCH_ROOTS", "POSLATCH_CODE"];

/// Runs the test of this name once more for each scheme, at the same time, in processes that find the device by their
/// environment.
fn in_a_process_of_its_own(test: &str) {
    std::thread::scope(|scope| {
        for scheme in SCHEMES {
            scope.spawn(move || run(test, scheme));
        }
    });
}

fn run(test: &str, scheme: &str) {
    let simulator = simulator_with(Faults { step_pause: Duration::ZERO, ..Faults::default() });
    let values = [
        scheme.to_owned(),
        format!("{scheme}://{}/", simulator.address()),
        simulator.root_ca_chain_pem(),
        setup_code(&simulator),
    ];
    let child = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "--nocapture", test])
        .envs(VARIABLES.into_iter().zip(values))
        .output()
        .expect("runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success() && said.contains("1 passed"), "{scheme}: {said}");
    println!("{scheme}: {said}");
}

/// A till that is ready to open connections, alone in its process.
struct Till {
    device: Device,
    identity: Identity,
    /// Before it had done anything.
    idle: Footprint,
    /// What a connection may cost it.
    threads_each: u64,
}

/// The till, if this is such a process.
fn till() -> Option<Till> {
    let [Ok(scheme), Ok(url), Ok(roots), Ok(code)] = VARIABLES.map(std::env::var) else { return None };
    let idle = now();
    let device = Device::builder(&url).root_ca_pem(roots).build().expect("valid");
    let identity = device.pair("1001", &code).expect("pairs");
    Some(Till { device, identity, idle, threads_each: u64::from(scheme == "wss") })
}

fn pay(connection: &Connection) {
    let request = r#"{"type":"PaymentRequest","merchantReferenceCode":"A-1","amountDetails":{"amount":"12.50","currency":"EUR"}}"#;
    let reply = connection.exchange(request, DEFAULT_SILENCE, &mut |_| {}).expect("a reply");
    assert!(reply.contains("APPROVED"), "{reply}");
}

fn now() -> Footprint {
    Footprint::now().expect("readable")
}

/// Waits until the footprint is as it should be, and returns it: threads that dialled are not waited for by `open_mtls`
/// and take a moment to go, of which the system gives no sign.
fn wait_until(what: &str, is_right: impl Fn(Footprint) -> bool) -> Footprint {
    for _ in 0..PATIENCE.as_millis() {
        let now = now();
        if is_right(now) {
            return now;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("{what}: {:?}", now());
}

#[test]
fn thousands_of_exchanges_leave_nothing_in_memory() {
    const WARM_UP: usize = 300;
    const COUNT: usize = 2_000;
    // 130 bytes that each exchange left behind would reach this; what was measured is 16 KiB for all of them.
    const GROWTH_MAX_KIB: u64 = 256;

    let Some(Till { device, identity, idle, threads_each }) = till() else {
        return in_a_process_of_its_own("soak::thousands_of_exchanges_leave_nothing_in_memory");
    };
    let connection = device.open_mtls(&identity).expect("opens");
    (0..WARM_UP).for_each(|_| pay(&connection));
    let before = wait_until("only the reader is left", |now| now.threads == idle.threads + threads_each);
    (0..COUNT).for_each(|_| pay(&connection));
    let after = now();
    println!("{before:?} {after:?}");
    assert!(after.rss_kib < before.rss_kib + GROWTH_MAX_KIB, "{before:?} {after:?}");
    assert_eq!((after.threads, after.descriptors), (before.threads, before.descriptors));
}

#[test]
fn a_hundred_connections_cost_a_descriptor_each_and_at_most_a_thread_and_leave_nothing() {
    const COUNT: u64 = 100;
    // Measured are 100 KiB, in an optimised build 80.
    const EACH_MAX_KIB: u64 = 256;

    let Some(Till { device, identity, idle, threads_each }) = till() else {
        return in_a_process_of_its_own(
            "soak::a_hundred_connections_cost_a_descriptor_each_and_at_most_a_thread_and_leave_nothing",
        );
    };
    // What is made once for a process is not the first connection's.
    pay(&device.open_mtls(&identity).expect("opens"));
    let is_idle = |now: Footprint| (now.threads, now.descriptors) == (idle.threads, idle.descriptors);
    let none = wait_until("the first connection is gone", is_idle);

    let open: Vec<Connection> =
        (0..COUNT).map(|_| device.open_mtls(&identity).expect("opens")).inspect(pay).collect();
    let all = wait_until("only readers are left", |now| now.threads == none.threads + COUNT * threads_each);
    println!("{none:?} {all:?}");
    assert_eq!(all.descriptors, none.descriptors + COUNT, "{none:?} {all:?}");
    assert!(all.rss_kib < none.rss_kib + COUNT * EACH_MAX_KIB, "{none:?} {all:?}");

    drop(open);
    // Joined and closed when dropped: no waiting.
    let closed = now();
    assert_eq!((closed.threads, closed.descriptors), (none.threads, none.descriptors), "{none:?} {closed:?}");
}
