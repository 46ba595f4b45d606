//! The device of the measurement, in a process of its own, so that its memory is not counted as the library's.

use crate::Failure;
use poslatch::{Device, Identity};
use poslatch_simulator::{Faults, Simulator};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// A running device process; it ends with this value.
pub(crate) struct DeviceProcess {
    child: Child,
    facts: Value,
}

impl DeviceProcess {
    pub(crate) fn start() -> Result<DeviceProcess, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("device").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(DeviceProcess { child, facts: serde_json::from_str(&line)? })
    }

    /// A till's settings, and an identity that it paired for.
    pub(crate) fn pair(&self, scheme: &str) -> Result<(Device, Identity), Failure> {
        let fact = |name: &str| self.facts[name].as_str().ok_or("the device tells no facts");
        let url = format!("{scheme}://{}/", fact("address")?);
        let device = Device::builder(&url).root_ca_pem(fact("rootCa")?).build()?;
        let identity = device.pair("1001", fact("code")?)?;
        Ok((device, identity))
    }
}

impl Drop for DeviceProcess {
    fn drop(&mut self) {
        // The end of its input is the end of the device.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The device process: lives until its input ends.
pub(crate) fn run() -> Result<(), Failure> {
    let faults = Faults { step_pause: Duration::ZERO, ..Faults::default() };
    let simulator = Simulator::builder().faults(faults).start()?;
    let facts = json!({
        "address": simulator.address().to_string(),
        "rootCa": simulator.root_ca_chain_pem(),
        "code": simulator.setup_code(),
    });
    println!("{facts}");
    std::io::stdout().flush()?;

    let (alive, ended) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(alive);
    });
    // Its record would grow without end.
    while ended.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
        simulator.forget_events();
    }
    Ok(())
}
