//! The state of the device as one JSON object: what the page draws, and what a script looks at. One file, because its
//! names are a promise.

use super::desk::{Desk, Screen};
use crate::server::Presence;
use crate::{Scenario, Till, rfc3339};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn state(desk: &Desk) -> Value {
    let simulator = &desk.simulator;
    let device = &simulator.device;
    let address = simulator.address();
    let screen = desk.screen();
    let display = simulator.display();
    let shown = match (&screen, display.operation.is_empty()) {
        (Screen::Idle, true) => "idle",
        (Screen::Code, true) => "code",
        (Screen::Activated { .. }, true) => "activated",
        // An operation covers everything else.
        _ => "operation",
    };
    let activation = match screen {
        Screen::Activated { pos_id, not_after } => {
            json!({ "posId": pos_id, "notAfter": rfc3339(not_after) })
        }
        Screen::Code | Screen::Idle => Value::Null,
    };
    let (channels, held_replies) = device.channels.counts();
    json!({
        "instance": desk.instance,
        "version": env!("CARGO_PKG_VERSION"),
        "serial": simulator.serial(),
        "deviceName": simulator.device_name(),
        "address": { "ip": address.ip().to_string(), "port": address.port() },
        "https": format!("https://{address}/"),
        "wss": format!("wss://{address}/"),
        "presence": match device.presence() {
            Presence::Back => "present",
            Presence::Gone => "gone",
            Presence::Hung => "hung",
        },
        "shown": shown,
        "code": code(desk),
        "activation": activation,
        "display": display,
        "tills": tills(desk),
        "scenario": simulator.scenario().title(),
        "turned": simulator.faults().turned(),
        "channels": channels,
        "heldReplies": held_replies,
        "latestEvent": device.journal.latest(),
    })
}

pub(crate) fn scenario(desk: &Desk) -> Value {
    let scenario = desk.simulator.scenario();
    let amount = |(amount, note): (String, String)| json!({ "amount": amount, "note": note });
    json!({
        "title": scenario.title(),
        "testAmounts": scenario.test_amounts().into_iter().map(amount).collect::<Value>(),
        "shipped": Scenario::shipped_names().collect::<Vec<_>>(),
    })
}

pub(crate) fn code(desk: &Desk) -> Value {
    let device = &desk.simulator.device;
    let (code, remaining) = device.code.current(&device.journal);
    json!({
        "code": code,
        "remainingMs": milliseconds(remaining),
        "intervalMs": milliseconds(device.code.interval()),
    })
}

pub(crate) fn tills(desk: &Desk) -> Value {
    let till = |till: Till| {
        json!({
            "posId": till.pos_id,
            "notBefore": till.not_before.map(rfc3339),
            "notAfter": till.not_after.map(rfc3339),
            "fingerprint": till.fingerprint,
        })
    };
    desk.simulator.tills().into_iter().map(till).collect()
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
