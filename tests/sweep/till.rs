//! The till of a run: makes the call of its scenario and tells how it ended. A success counts only if it is whole.

use crate::case::{Act, Scenario};
use poslatch::{Connection, Device, Error, Identity};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a till needs to know of its device.
pub(crate) struct Till {
    pub(crate) roots: String,
    pub(crate) code: String,
    pub(crate) identity: Identity,
    /// What `identity` was made from, which is also how the device answers to a pairing.
    pub(crate) fingerprint: String,
}

/// How long the library may take over each part of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    /// For the answer to a pairing request; for each silence of an exchange.
    pub(crate) answer: Duration,
}

/// How a call ended.
pub(crate) struct Told {
    /// Where it ended: an exchange may fail while it is opened.
    pub(crate) step: Act,
    pub(crate) result: Result<(), Error>,
    /// Why a success is none.
    pub(crate) untrue: Option<String>,
    pub(crate) took: Duration,
}

impl Till {
    /// The device as this till is set up for it.
    pub(crate) fn device(&self, scheme: &str, address: SocketAddr, limits: Limits) -> Device {
        Device::builder(&format!("{scheme}://{address}/"))
            .root_ca_pem(&self.roots)
            .connect_timeout(limits.connect)
            .pairing_timeout(limits.answer)
            .build()
            .expect("the settings are right")
    }

    /// Makes the call; `between` is called when a connection is open, before anything is exchanged on it.
    pub(crate) fn call(
        &self,
        scenario: Scenario,
        device: &Device,
        limits: Limits,
        reference: &str,
        between: &mut dyn FnMut(),
    ) -> Told {
        let begun = Instant::now();
        let mut step = scenario.act;
        let mut untrue = None;
        let result = match scenario.act {
            Act::Pair => device.pair(POS_ID, &self.code).map(|identity| untrue = self.is_not_ours(&identity)),
            Act::Open => device.open_mtls(&self.identity).map(drop),
            Act::Exchange => match device.open_mtls(&self.identity) {
                Err(error) => {
                    step = Act::Open;
                    Err(error)
                }
                Ok(connection) => {
                    between();
                    pay(&connection, scenario, limits.answer, reference).map(|problem| untrue = problem)
                }
            },
        };
        Told { step, result, untrue, took: begun.elapsed() }
    }

    fn is_not_ours(&self, identity: &Identity) -> Option<String> {
        let as_issued = identity.fingerprint() == self.fingerprint
            && identity.cert_chain_pem() == self.identity.cert_chain_pem()
            && identity.device_name() == self.identity.device_name()
            && identity.pos_id() == POS_ID;
        (!as_issued).then(|| format!("an identity that is not the one issued: {identity:?}"))
    }
}

/// Makes a payment; returns what is wrong with a reply that came.
fn pay(
    connection: &Connection,
    scenario: Scenario,
    silence: Duration,
    reference: &str,
) -> Result<Option<String>, Error> {
    let request = json!({
        "type": "PaymentRequest",
        "merchantReferenceCode": reference,
        "amountDetails": { "amount": "12.50", "currency": "EUR" }
    });
    let mut statuses = Vec::new();
    let reply = connection.exchange(&request.to_string(), silence, &mut |status| {
        statuses.push(serde_json::from_str::<Value>(status).unwrap_or_default());
    })?;
    let reply: Value = serde_json::from_str(&reply).unwrap_or_default();
    let is_final = reply["type"] == "PaymentResponse"
        && reply["transactionDetails"]["merchantReferenceCode"] == reference
        && reply["processingDetails"]["status"] == "APPROVED";
    // Over https there is no place for them (protocol.md section 5).
    let expected = if scenario.scheme == "wss" { 2 } else { 0 };
    let are_statuses = statuses.len() == expected
        && statuses.iter().all(|status| status["type"] == "TransactionStatusResponse");
    Ok((!is_final || !are_statuses).then(|| format!("not the reply: {reply}, after {statuses:?}")))
}

pub(crate) const POS_ID: &str = "1001";
