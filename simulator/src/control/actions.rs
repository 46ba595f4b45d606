//! What the routes do: each a few lines around one method of the handle that tests hold.

use super::body::Body;
use super::desk::{Desk, Screen};
use super::refusal::Refusal;
use super::snapshot;
use crate::server::Presence;
use crate::{Error, Faults, Scenario, rfc3339};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::{Value, json};

type Done = Result<Value, Refusal>;

pub(super) fn renew_code(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    desk.simulator.renew_setup_code();
    desk.show(Screen::Code);
    Ok(snapshot::code(desk))
}

pub(super) fn close_code(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    Ok(json!({ "closed": desk.leave(|screen| *screen == Screen::Code) }))
}

pub(super) fn close_activation(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    Ok(json!({ "closed": desk.leave(|screen| matches!(screen, Screen::Activated { .. })) }))
}

pub(super) fn issue_till(desk: &Desk, body: Body) -> Done {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Till {
        pos_id: String,
    }
    let Till { pos_id } = body.parse()?;
    if pos_id.is_empty() {
        return Err(Refusal::bad_request("posId is empty", "Send the posId of the till."));
    }
    let issued = desk.simulator.device.pair(0, &pos_id).map_err(failed)?;
    Ok(json!({
        "posId": pos_id,
        "keyPem": issued.key_pem_pkcs1,
        "chainPem": issued.chain_pem,
        "notBefore": rfc3339(issued.not_before),
        "notAfter": rfc3339(issued.not_after),
    }))
}

pub(super) fn revoke_tills(desk: &Desk, body: Body) -> Done {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Which {
        fingerprint: Option<String>,
        pos_id: Option<String>,
    }
    let count = match body.parse()? {
        Which { fingerprint: Some(fingerprint), pos_id: None } => {
            desk.simulator.revoke(|till| till.fingerprint.eq_ignore_ascii_case(&fingerprint))
        }
        Which { fingerprint: None, pos_id: Some(pos_id) } => {
            desk.simulator.revoke(|till| till.pos_id == pos_id)
        }
        _ => return Err(one_of("fingerprint", "posId")),
    };
    match count.map_err(failed)? {
        0 => Err(Refusal::conflict("no such till is on the list", "GET /api/tills lists them.")),
        count => Ok(json!({ "revoked": count })),
    }
}

pub(super) fn patch_faults(desk: &Desk, body: Body) -> Done {
    let members = body.members();
    match desk.simulator.device.patch_faults(|faults| faults.patched(&members)) {
        Ok(faults) => Ok(faults.to_json()),
        Err(Error::Switch { reason }) => {
            Err(Refusal::bad_request(reason, "GET /api/switches describes every switch and its values."))
        }
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn reset_faults(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    desk.simulator.set_faults(Faults::default());
    Ok(desk.simulator.faults().to_json())
}

pub(super) fn set_scenario(desk: &Desk, body: Body) -> Done {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Which {
        name: Option<String>,
        toml: Option<String>,
    }
    let scenario = match body.parse()? {
        Which { name: Some(name), toml: None } => Scenario::shipped(&name).ok_or_else(|| {
            Refusal::bad_request(
                format!("no scenario of the name {name:?} comes with the simulator"),
                "GET /api/scenario names those that do; one of your own goes into toml.",
            )
        })?,
        Which { name: None, toml: Some(toml) } => Scenario::from_toml(&toml).map_err(|error| {
            Refusal::bad_request(error.to_string(), "docs/simulator.md explains the format.")
        })?,
        _ => return Err(one_of("name", "toml")),
    };
    desk.simulator.set_scenario(scenario);
    Ok(snapshot::scenario(desk))
}

pub(super) fn cancel_on_device(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    Ok(json!({ "cancelled": desk.simulator.cancel_on_device() }))
}

pub(super) fn dismiss_display(desk: &Desk, body: Body) -> Done {
    done(body, || desk.simulator.dismiss_display())
}

pub(super) fn release_payment(desk: &Desk, body: Body) -> Done {
    done(body, || desk.simulator.release_payment())
}

pub(super) fn forget_payments(desk: &Desk, body: Body) -> Done {
    done(body, || desk.simulator.forget_payments())
}

pub(super) fn release_replies(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    Ok(json!({ "released": desk.simulator.release_replies() }))
}

pub(super) fn send(desk: &Desk, body: Body) -> Done {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Message {
        text: Option<String>,
        base64: Option<String>,
    }
    let channels = match body.parse()? {
        Message { text: Some(text), base64: None } => desk.simulator.send_unsolicited(&text),
        Message { text: None, base64: Some(base64) } => match Base64::decode_vec(&base64) {
            Ok(bytes) => desk.simulator.send_raw(&bytes),
            Err(_) => {
                return Err(Refusal::bad_request(
                    "base64 is none",
                    "Send the bytes in base64, with its padding.",
                ));
            }
        },
        _ => return Err(one_of("text", "base64")),
    };
    Ok(json!({ "channels": channels }))
}

pub(super) fn close_channels(desk: &Desk, body: Body) -> Done {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Close {
        code: u16,
    }
    let Close { code } = body.parse()?;
    Ok(json!({ "channels": desk.simulator.close_channels(code) }))
}

pub(super) fn close_connections(desk: &Desk, body: Body) -> Done {
    done(body, || desk.simulator.close_connections())
}

pub(super) fn reset_connections(desk: &Desk, body: Body) -> Done {
    done(body, || desk.simulator.reset_connections())
}

pub(super) fn freeze_connections(desk: &Desk, body: Body) -> Done {
    done(body, || desk.simulator.freeze_connections())
}

pub(super) fn disappear(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    turn(desk, Presence::Gone)
}

pub(super) fn hang(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    turn(desk, Presence::Hung)
}

pub(super) fn come_back(desk: &Desk, body: Body) -> Done {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "snake_case")]
    enum Memory {
        #[default]
        Kept,
        Lost,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Back {
        #[serde(default)]
        memory: Memory,
    }
    let Back { memory } = body.parse()?;
    if matches!(memory, Memory::Lost) {
        desk.simulator.forget_payments();
    }
    turn(desk, Presence::Back)
}

pub(super) fn rotate_root(desk: &Desk, body: Body) -> Done {
    let Nothing {} = body.parse()?;
    let chain = desk.simulator.try_rotate_root().map_err(failed)?;
    Ok(json!({ "rootCaPem": chain }))
}

pub(super) fn forget_events(desk: &Desk, body: Body) -> Done {
    done(body, || desk.simulator.forget_events())
}

/// A body without members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn done(body: Body, act: impl FnOnce()) -> Done {
    let Nothing {} = body.parse()?;
    act();
    Ok(json!({}))
}

fn turn(desk: &Desk, presence: Presence) -> Done {
    desk.simulator.try_turn(presence).map_err(failed)?;
    Ok(json!({}))
}

fn failed(error: Error) -> Refusal {
    Refusal::failed(error.to_string())
}

fn one_of(one: &str, other: &str) -> Refusal {
    Refusal::bad_request(
        format!("the body has neither {one} nor {other}, or both"),
        format!("Send either {one} or {other}."),
    )
}
