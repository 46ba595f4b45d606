//! A place to make runs at, one after the other: a device, a network before it, and a till. Each worker has its own, so
//! that what its device has on record is of its present run alone.

use crate::case::Case;
use crate::till::{Limits, POS_ID, Till, Told};
use poslatch::{Device, Identity};
use poslatch_simulator::{
    BreakKind, Event, FaultProxy, Faults, Leg, PairingReply, Passage, Plan, Simulator, Timeout,
};
use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

pub(crate) struct Bench {
    device: Simulator,
    network: FaultProxy,
    till: Till,
    /// The device through this network, as it was set up for earlier runs: that is a good part of a short one.
    settings: HashMap<(&'static str, Limits), Device>,
    connections: u64,
    runs: u64,
    name: String,
}

/// A run, with all that is known of it from both ends.
pub(crate) struct Run {
    pub(crate) told: Told,
    pub(crate) limits: Limits,
    /// The till's connections, in their order. Only the first one is broken.
    pub(crate) passages: Vec<Passage>,
    /// What the device has on record of them; complete, since all of them have ended.
    pub(crate) record: Vec<Event>,
    /// Bytes that had passed to the device and to the till when a connection was open for an exchange.
    pub(crate) opened_after: Option<[u64; 2]>,
}

impl Bench {
    pub(crate) fn new(name: String) -> Result<Bench, String> {
        let device = Simulator::builder().code_interval(CODE_INTERVAL).start().map_err(text)?;
        let issued = device.issue_till(POS_ID);
        let file = format!(
            "poslatch identity 1\nposId: {POS_ID}\nDevice: {}\n{}{}",
            device.device_name(),
            issued.key_pem_pkcs8,
            issued.chain_pem
        );
        let identity = Identity::from_pem(file.as_bytes(), None).map_err(text)?;
        device.set_faults(Faults {
            // The very bytes of a real pairing, since a fresh RSA key for each run would take days.
            pairing_reply: PairingReply::Body((issued.key_pem_pkcs1 + &issued.chain_pem).into_bytes()),
            single_use_code: false,
            step_pause: Duration::ZERO,
            ..Faults::default()
        });
        let till = Till {
            roots: device.root_ca_chain_pem(),
            code: device.setup_code(),
            fingerprint: identity.fingerprint().to_owned(),
            identity,
        };
        let network = FaultProxy::start(device.address(), Plan::default()).map_err(text)?;
        Ok(Bench { device, network, till, settings: HashMap::new(), connections: 0, runs: 0, name })
    }

    /// Makes a run. A stall has its effect only if it comes before the time-out, so on a loaded machine it may take a
    /// second attempt with more time.
    pub(crate) fn run(&mut self, case: &Case) -> Result<Run, String> {
        let plan = Plan::on(case.direction, Leg::broken(case.kind, case.after_bytes));
        if case.kind != BreakKind::Stall {
            return self.attempt(case, plan, AMPLE);
        }
        let mut factor = 1;
        loop {
            let run = self.attempt(case, plan, Limits { connect: STALL * factor, answer: STALL * factor })?;
            let was_reached = run.passages.first().is_some_and(Passage::is_broken);
            if was_reached || run.told.result.is_ok() || factor == STALL_FACTOR_MAX {
                return Ok(run);
            }
            factor *= 10;
        }
    }

    /// Makes a run on a network without faults.
    pub(crate) fn healthy(&mut self, case: &Case) -> Result<Run, String> {
        self.attempt(case, Plan::default(), AMPLE)
    }

    fn attempt(&mut self, case: &Case, plan: Plan, limits: Limits) -> Result<Run, String> {
        if self.runs % RUNS_PER_NETWORK == RUNS_PER_NETWORK - 1 {
            self.renew_network()?;
        }
        self.runs += 1;
        self.device.forget_events();
        self.network.queue_plan(plan);

        let reference = format!("{}-{}", self.name, self.runs);
        let (network, first) = (&self.network, self.connections + 1);
        let scheme = case.scenario.scheme;
        let device = self
            .settings
            .entry((scheme, limits))
            .or_insert_with(|| self.till.device(scheme, network.address(), limits));
        let mut opened_after = None;
        let told = self.till.call(case.scenario, device, limits, &reference, &mut || {
            let passages = network.passages();
            opened_after = passages
                .iter()
                .find(|passage| passage.number == first)
                .map(|passage| [passage.to_device.forwarded, passage.to_till.forwarded]);
        });

        let mut passages = Vec::new();
        let mut record = Vec::new();
        for number in first..=self.network.passages().len() as u64 {
            let passage =
                self.network.wait_until_ended(number, PATIENCE).map_err(waited("end of a passage"))?;
            if let Some(peer) = passage.seen_by_device {
                record.extend(
                    self.device.wait_for_story(peer, PATIENCE).map_err(waited("end of a connection"))?,
                );
            }
            passages.push(passage);
        }
        self.connections += passages.len() as u64;
        if passages.is_empty() {
            // The plan is still queued, and must not meet another run.
            self.renew_network()?;
        }
        record.extend(self.payments(&reference, &record)?);
        Ok(Run { told, limits, passages, record, opened_after })
    }

    /// The payments that ended under this reference. The terminal does one at a time, so none may outlast its run.
    fn payments(&self, reference: &str, record: &[Event]) -> Result<Vec<Event>, String> {
        let is_request =
            |event: &&Event| matches!(event, Event::MessageReceived { kind, .. } if kind == "PaymentRequest");
        let expected = record.iter().filter(is_request).count();
        let ended = |events: &[Event]| {
            let is_ours = |event: &&Event| matches!(event, Event::PaymentEnded { reference: of, .. } if of == reference);
            let ended: Vec<_> = events.iter().filter(is_ours).cloned().collect();
            (ended.len() >= expected).then_some(ended)
        };
        self.device.wait_for(ended, PATIENCE).map_err(waited("end of a payment"))
    }

    fn renew_network(&mut self) -> Result<(), String> {
        self.network = FaultProxy::start(self.device.address(), Plan::default()).map_err(text)?;
        self.settings.clear();
        self.connections = 0;
        Ok(())
    }
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}

fn waited<E: Debug>(what: &'static str) -> impl Fn(Timeout<E>) -> String {
    move |timeout| format!("no {what}: {timeout:?}")
}

/// For what is over as soon as the network breaks.
const AMPLE: Limits = Limits { connect: PATIENCE, answer: PATIENCE };

/// A stall costs its whole time-out, so it is short.
const STALL: Duration = Duration::from_millis(150);

/// The longest attempt has a hundred times as much.
const STALL_FACTOR_MAX: u32 = 100;

/// A network remembers each of its connections, and is asked for all of them.
const RUNS_PER_NETWORK: u64 = 100;

/// Longer than any sweep, since a renewed code would be refused.
const CODE_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Far longer than anything takes; reached only when a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
