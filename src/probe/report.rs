//! What a probe found, step by step: for programs as JSON, for people as a screen of text.
//!
//! Apart from the steps themselves, because names, results and members are what others rely on; they are
//! listed in `docs/probe.md`, and only ever added to.

use super::facts::Facts;
use crate::error::{Error, Kind, utc};
use crate::status::{RequestState, Status};
use serde_json::{Map, Value};

/// Declares [`StepName`] once, in the order in which a report tells the steps.
macro_rules! steps {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal; )+) => {
        /// One thing that a probe looks at. More may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum StepName {
            $( $(#[$doc])* $variant, )+
        }

        impl StepName {
            /// Every step there is, in the order of a report.
            pub const ALL: &'static [StepName] = &[ $( StepName::$variant, )+ ];

            /// The stable name, as it stands in the JSON.
            pub fn name(self) -> &'static str {
                match self { $( StepName::$variant => $name, )+ }
            }
        }
    };
}

steps! {
    /// The address of the device, taken apart.
    Address = "address";
    /// This machine: its clock, locale, and the library's version.
    Machine = "machine";
    /// The till's identity: its dates, and whose it is.
    Identity = "identity";
    /// The host name, resolved.
    Name = "name";
    /// The way through the network, as far as this machine knows it.
    Route = "route";
    /// The TCP connection.
    Tcp = "tcp";
    /// Whether the other side speaks TLS at all.
    Tls = "tls";
    /// Version and cipher of TLS.
    Handshake = "handshake";
    /// The certificates that the device shows, and whether its own is of any use.
    Chain = "chain";
    /// Whether they lead to the given Root CA chain.
    RootCa = "root_ca";
    /// Whether it is the expected device.
    DeviceName = "device_name";
    /// This machine's clock against the certificates' dates, and the device's clock.
    Clock = "clock";
    /// Whether the device asks for the till's certificate, and accepts it.
    ClientCertificate = "client_certificate";
    /// The WebSocket.
    WebSocket = "websocket";
    /// How long the device takes to answer a ping.
    Ping = "ping";
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepResult {
    /// There was no occasion, since an earlier step failed or the settings have none.
    NotRun,
    /// As it should be.
    Ok,
    /// Payments work, but somebody should look at this.
    Warning,
    /// This keeps the till from talking to the device.
    Failed,
}

impl StepResult {
    /// The stable name, as it stands in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            StepResult::NotRun => "not_run",
            StepResult::Ok => "ok",
            StepResult::Warning => "warning",
            StepResult::Failed => "failed",
        }
    }
}

/// One step of a report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// Which step it is.
    pub name: StepName,
    /// How it went.
    pub result: StepResult,
    /// What was found, with the facts: a lower-case fragment without full stop.
    pub finding: String,
    /// What to do now, in whole sentences; for warnings and failures.
    pub advice: Option<String>,
    /// The status that a call like `open_mtls` fails with for the same cause.
    pub status: Option<Status>,
    /// The facts by their stable names, listed in `docs/probe.md`.
    pub facts: Map<String, Value>,
}

/// What [`probe`](crate::probe()) found. Its `Display` is one line for each step with its cure, at most 24
/// lines of 100 columns.
#[derive(Clone, Debug)]
pub struct Report {
    url: String,
    time: u64,
    steps: Vec<Step>,
}

/// Why the walk through the steps ends early.
pub(super) enum End {
    /// A step failed, and is on record.
    Failed,
    /// The caller interrupted.
    Cancelled(Error),
}

impl Report {
    pub(super) fn new(url: String, time: u64) -> Report {
        Report { url, time, steps: Vec::new() }
    }

    /// All steps there are, in the order of [`StepName::ALL`]; those that did not run among them.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The worst result: `Ok` if the till can talk to this device.
    pub fn verdict(&self) -> StepResult {
        self.steps.iter().map(|step| step.result).max().unwrap_or(StepResult::NotRun)
    }

    /// The step to mend first: the first that failed, or else the first with a warning.
    pub fn cause(&self) -> Option<&Step> {
        let worst = self.verdict();
        self.steps.iter().find(|step| step.result == worst && worst >= StepResult::Warning)
    }

    /// The report as JSON, `"schema": "poslatch-probe/1"`; `docs/probe.md` lists its members.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        text(&mut json, "schema", Some("poslatch-probe/1"));
        text(&mut json, "address", Some(&self.url));
        text(&mut json, "time", Some(&utc(self.time)));
        text(&mut json, "verdict", Some(self.verdict().name()));
        text(&mut json, "cause", self.cause().map(|step| step.name.name()));
        text(&mut json, "screen", Some(&self.to_string()));
        json.push_str("\"steps\":[");
        for (number, step) in self.steps.iter().enumerate() {
            json.push_str(if number == 0 { "{" } else { ",{" });
            step.write(&mut json);
        }
        json.push_str("]}");
        json
    }

    pub(super) fn ok(&mut self, name: StepName, finding: String, facts: Facts) {
        self.put(name, StepResult::Ok, finding, None, None, facts);
    }

    pub(super) fn not_run(&mut self, name: StepName, finding: &str, facts: Facts) {
        self.put(name, StepResult::NotRun, finding.to_owned(), None, None, facts);
    }

    pub(super) fn warn(&mut self, name: StepName, finding: String, advice: &str, facts: Facts) {
        self.put(name, StepResult::Warning, finding, Some(advice.to_owned()), None, facts);
    }

    /// A warning in the words of the error that has the same cause.
    pub(super) fn warn_as(&mut self, name: StepName, kind: &Kind, finding: String, facts: Facts) {
        let advice = kind.advice(RequestState::None);
        self.put(name, StepResult::Warning, finding, Some(advice), Some(kind.status()), facts);
    }

    /// A failure in the words of the error that has the same cause.
    pub(super) fn fail(&mut self, name: StepName, kind: &Kind, facts: Facts) -> End {
        self.fail_saying(name, kind, kind.message(), facts)
    }

    /// The same with a finding that knows more; the advice is the error's.
    pub(super) fn fail_saying(&mut self, name: StepName, kind: &Kind, finding: String, facts: Facts) -> End {
        if matches!(kind, Kind::Cancelled) {
            return End::Cancelled(Kind::Cancelled.into());
        }
        let advice = kind.advice(RequestState::None);
        self.put(name, StepResult::Failed, finding, Some(advice), Some(kind.status()), facts);
        End::Failed
    }

    pub(super) fn step_mut(&mut self, name: StepName) -> Option<&mut Step> {
        self.steps.iter_mut().find(|step| step.name == name)
    }

    /// Takes a step off the record, for another verdict; gives its facts.
    pub(super) fn take(&mut self, name: StepName) -> Option<Map<String, Value>> {
        let at = self.steps.iter().position(|step| step.name == name)?;
        Some(self.steps.remove(at).facts)
    }

    fn put(
        &mut self,
        name: StepName,
        result: StepResult,
        finding: String,
        advice: Option<String>,
        status: Option<Status>,
        facts: Facts,
    ) {
        let facts = facts.into_map();
        // In the order of a report, whatever the order in which they ran.
        let at = self.steps.iter().position(|step| step.name > name).unwrap_or(self.steps.len());
        self.steps.insert(at, Step { name, result, finding, advice, status, facts });
    }

    /// Adds what did not run.
    pub(super) fn complete(&mut self) {
        for name in StepName::ALL {
            if self.step_mut(*name).is_none() {
                self.not_run(*name, "not tried, since an earlier step failed", Facts::new());
            }
        }
    }
}

impl Step {
    /// As JSON, but for the opening brace.
    fn write(&self, json: &mut String) {
        text(json, "name", Some(self.name.name()));
        text(json, "result", Some(self.result.name()));
        text(json, "finding", Some(&self.finding));
        text(json, "advice", self.advice.as_deref());
        text(json, "status_name", self.status.map(Status::name));
        let status = self.status.map_or(Value::Null, |status| status.code().into());
        member(json, "status", &status);
        json.push_str("\"facts\":{");
        for (name, fact) in &self.facts {
            member(json, name, fact);
        }
        // The comma of the last member.
        if json.ends_with(',') {
            json.pop();
        }
        json.push_str("}}");
    }
}

/// Adds a member that is a text or null, and a comma.
fn text(json: &mut String, name: &str, text: Option<&str>) {
    member(json, name, &text.map_or(Value::Null, Value::from));
}

/// Written by hand, in the order in which people read it; the names need no escaping.
fn member(json: &mut String, name: &str, value: &Value) {
    json.push('"');
    json.push_str(name);
    json.push_str("\":");
    json.push_str(&value.to_string());
    json.push(',');
}
