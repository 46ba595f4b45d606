//! What every test needs: a device, a till that is set up for it, and a way to ask what arrived.

use poslatch::{Device, DeviceBuilder, Error, Identity, LogLevel};
use poslatch_simulator::{CertificateRequest, Event, Faults, ServerCertificate, SignedBy, Simulator};
use std::path::PathBuf;
use std::time::Duration;

/// Far longer than anything takes; reached only when a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const SERIAL: &str = "1850000123";
pub(crate) const DEVICE_NAME: &str = "1850000123.cybs.seclib.io";

/// The two ways to reach a device.
pub(crate) const SCHEMES: [&str; 2] = ["https", "wss"];

pub(crate) fn simulator() -> Simulator {
    simulator_with(Faults::default())
}

pub(crate) fn simulator_with(faults: Faults) -> Simulator {
    static TELL: std::sync::Once = std::sync::Once::new();
    if std::env::var_os(PLANTED).is_some() {
        TELL.call_once(|| {
            poslatch::log_to(LogLevel::Trace, |level, line| println!("{level:?} {line}"))
                .expect("not in a sink")
        });
    }
    Simulator::builder().serial(SERIAL).faults(faults).start().expect("a simulator starts")
}

/// The till's settings for this device, with nothing about its identity but the Root CA chain.
pub(crate) fn builder(simulator: &Simulator, scheme: &str) -> DeviceBuilder {
    Device::builder(&format!("{scheme}://{}/", simulator.address()))
        .root_ca_pem(simulator.root_ca_chain_pem())
}

pub(crate) fn device(simulator: &Simulator, scheme: &str) -> Device {
    builder(simulator, scheme).build().expect("the settings are right")
}

/// A certificate that nobody vouches for, of somebody who wants to flood and forge what tills say of it: as
/// many and as long names as the handshake takes, with control characters and a turned direction.
pub(crate) fn hostile_certificate() -> ServerCertificate {
    let request = CertificateRequest {
        common_name: "\u{1b}[2J\r\nok\t\u{202e}device ".repeat(300),
        names: (0..1000).map(|number| format!("{number}.{DEVICE_NAME}")).collect(),
        signed_by: SignedBy::Itself,
        ..CertificateRequest::server(DEVICE_NAME)
    };
    let issued = simulator().pki().issue(&request).expect("issued");
    ServerCertificate::Custom { chain_der: issued.chain_der, key_der: issued.key_pkcs8_der }
}

/// An identity that the device knows, without the work of pairing.
pub(crate) fn identity(simulator: &Simulator, pos_id: &str) -> Identity {
    let issued = simulator.issue_till(pos_id);
    key_lines(&issued.key_pem_pkcs8).into_iter().map(plant).for_each(drop);
    let text = format!(
        "poslatch identity 1\nposId: {pos_id}\nDevice: {}\n{}{}",
        simulator.device_name(),
        issued.key_pem_pkcs8,
        issued.chain_pem
    );
    Identity::from_pem(text.as_bytes(), None).expect("an identity of the device's making")
}

/// The code on the device's screen, planted.
pub(crate) fn setup_code(simulator: &Simulator) -> String {
    plant(simulator.setup_code())
}

/// A new code on the device's screen, planted.
pub(crate) fn renewed_setup_code(simulator: &Simulator) -> String {
    plant(simulator.renew_setup_code())
}

/// Where the canary test wants secrets written down, when it runs the other tests to search what they
/// tell.
pub(crate) const PLANTED: &str = "POSLATCH_TEST_PLANTED";

/// Writes a secret down for the canary test, if that is who runs this.
pub(crate) fn plant(secret: String) -> String {
    if let Some(path) = std::env::var_os(PLANTED) {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("writable");
        // In one write, since tests run side by side.
        std::io::Write::write_all(&mut file, format!("{secret}\n").as_bytes()).expect("written");
    }
    if std::env::var_os(TELL_ALL).is_some() {
        println!("{secret}");
    }
    secret
}

/// Set where the canary test wants secrets told, to show that it finds them.
pub(crate) const TELL_ALL: &str = "POSLATCH_TEST_TELL_ALL";

/// The lines of a PEM key that are unlikely to stand anywhere else.
pub(crate) fn key_lines(pem: &str) -> Vec<String> {
    let is_key = |line: &&str| line.len() == 64 && !line.starts_with('-');
    let key = pem.split("-----BEGIN CERTIFICATE").next().unwrap_or_default();
    key.lines().filter(is_key).map(str::to_owned).collect()
}

/// Everything an error says.
pub(crate) fn told(error: &Error) -> String {
    format!("{error} {error:?} {} {}\n", error.message(), error.advice())
}

/// Waits for the first event that `pick` likes.
pub(crate) fn wait<T>(simulator: &Simulator, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
    match simulator.wait_for(|events| events.iter().find_map(&pick), PATIENCE) {
        Ok(found) => found,
        Err(timeout) => panic!("no {what}: {timeout:?}"),
    }
}

/// How many application bytes the device had received on its connections, once all are closed.
pub(crate) fn application_bytes(simulator: &Simulator) -> u64 {
    let closed = |events: &[Event]| {
        let connected = events.iter().filter(|event| matches!(event, Event::Connected { .. })).count();
        let gone = events.iter().filter(|event| matches!(event, Event::Disconnected { .. })).count();
        (connected > 0 && connected == gone).then_some(())
    };
    simulator.wait_for(closed, PATIENCE).expect("every connection ends");
    let mut totals = std::collections::HashMap::new();
    for event in simulator.events() {
        if let Event::ApplicationBytes { connection, total } = event {
            totals.insert(connection, total);
        }
    }
    totals.values().copied().sum()
}

/// The error of a call that must not succeed, with its story for the message of a failing test.
pub(crate) fn failure<T>(result: Result<T, Error>, case: &str) -> Error {
    match result {
        Ok(_) => panic!("{case}: succeeded, but has to fail"),
        Err(error) => {
            if std::env::var_os(PLANTED).is_some() {
                println!("{}", told(&error));
            }
            error
        }
    }
}

/// A folder of the test's own, removed with all that is in it.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("poslatch-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder { path }
    }

    /// Names of the files in it.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).expect("there");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
