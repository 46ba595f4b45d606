//! A running simulator program: started on a free port of the loopback, read line by line, gone on drop.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::scratch::Scratch;
use serde_json::Value;
use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// The serial number of every simulated device here; `doctor` and the documentation use the same one.
pub(crate) const SERIAL: &str = "1850000123";

/// Long enough for a debug build on a loaded CI machine to make its RSA keys.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long to wait for an event that the device must already have caused.
const EVENT_LIMIT: Duration = Duration::from_secs(10);

/// A simulated device in a process of its own.
pub(crate) struct Simulator {
    child: Child,
    events: Receiver<Value>,
    /// What was reported so far. Waiting for an event looks here first, so nothing is missed.
    seen: RefCell<Vec<Value>>,
    address: String,
    device_name: String,
    root_ca_file: PathBuf,
}

impl Simulator {
    /// Starts a device whose keys and Root CA live in `scratch` under `name`; its other words go to the log.
    pub(crate) fn start(
        project: &Project,
        scratch: &Scratch,
        name: &str,
        log: &mut Log,
    ) -> Result<Simulator> {
        Simulator::start_with(project, scratch, name, &[], log)
    }

    /// The same, playing a scenario, which is the text of a file such as `simulator/scenarios/default.toml`.
    pub(crate) fn playing(
        scenario: &str,
        project: &Project,
        scratch: &Scratch,
        name: &str,
        log: &mut Log,
    ) -> Result<Simulator> {
        let file = scratch.join(format!("{name}-scenario.toml"));
        fs::write(&file, scenario)?;
        Simulator::start_with(project, scratch, name, &["--scenario".as_ref(), file.as_os_str()], log)
    }

    fn start_with(
        project: &Project,
        scratch: &Scratch,
        name: &str,
        options: &[&OsStr],
        log: &mut Log,
    ) -> Result<Simulator> {
        let root_ca_file = scratch.join(format!("{name}-root-ca.pem"));
        let run = Run::new(project.simulator())
            .args(["--listen", "127.0.0.1:0", "--serial", SERIAL, "--json", "--until-eof"])
            // Nobody looks at it here, and many devices run side by side.
            .args(["--screen", "off", "--state"])
            .arg(scratch.join(name))
            .arg("--root-ca-out")
            .arg(&root_ca_file)
            .args(options);
        log.say(&format!("$ {run}"))?;
        let mut command = run.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log.sink()?);
        let mut child = command.spawn().map_err(|error| run.cannot_start(&error))?;
        let events = read_events(child.stdout.take().ok_or("the simulator has no standard output")?);
        // From here on the child is ended by the drop of this value, whatever happens.
        let mut simulator = Simulator {
            child,
            events,
            seen: RefCell::default(),
            address: String::new(),
            device_name: String::new(),
            root_ca_file,
        };
        let ready = simulator
            .wait_within(START_LIMIT, |event| event["event"] == "ready")
            .ok_or("the simulator did not report that it is ready")?;
        simulator.address = text(&ready, "address")?;
        simulator.device_name = text(&ready, "deviceName")?;
        Ok(simulator)
    }

    /// The device's URL with this scheme, `https` or `wss`.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/", self.address)
    }

    pub(crate) fn device_name(&self) -> &str {
        &self.device_name
    }

    pub(crate) fn root_ca_file(&self) -> &Path {
        &self.root_ca_file
    }

    /// The setup code that the device shows now: the newest one that was reported.
    pub(crate) fn setup_code(&self) -> Result<String> {
        self.wait(|event| event["event"] == "code").ok_or("the simulator shows no setup code")?;
        self.take_in();
        let seen = self.seen.borrow();
        let newest = seen.iter().rev().find(|event| event["event"] == "code").ok_or("no code")?;
        text(newest, "code")
    }

    /// The first event of the whole run that fits, waiting a moment for it if need be: what the device reports and what
    /// a till reports come through different pipes.
    pub(crate) fn wait(&self, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        self.wait_within(EVENT_LIMIT, fits)
    }

    /// How many of the events so far fit.
    pub(crate) fn count(&self, fits: impl Fn(&Value) -> bool) -> usize {
        self.take_in();
        self.seen.borrow().iter().filter(|event| fits(event)).count()
    }

    /// Ends the device at once, in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
    }

    /// All that was reported so far, for a log.
    pub(crate) fn record(&self) -> String {
        self.take_in();
        self.seen.borrow().iter().map(|event| format!("{event}\n")).collect()
    }

    fn wait_within(&self, limit: Duration, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        if let Some(event) = self.seen.borrow().iter().find(|event| fits(event)) {
            return Some(event.clone());
        }
        let deadline = Instant::now() + limit;
        loop {
            let event = self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
            self.seen.borrow_mut().push(event.clone());
            if fits(&event) {
                return Some(event);
            }
        }
    }

    fn take_in(&self) {
        self.seen.borrow_mut().extend(self.events.try_iter());
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // End of its input is the polite way; the end of its output says that it has gone.
        drop(self.child.stdin.take());
        if self.wait_within(EVENT_LIMIT, |event| event["event"] == END).is_none() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Our own event, which follows the last line of the simulator.
const END: &str = "end of output";

fn read_events(stdout: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(stdout).lines().map_while(std::io::Result::ok);
        let events = lines.filter_map(|line| serde_json::from_str(&line).ok());
        for event in events.chain([serde_json::json!({ "event": END })]) {
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

fn text(event: &Value, member: &str) -> Result<String> {
    let text = event[member]
        .as_str()
        .ok_or_else(|| format!("the simulator's event has no \"{member}\": {event}"))?;
    Ok(text.to_owned())
}
