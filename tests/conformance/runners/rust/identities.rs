//! Pairing and identities, for the runner of Rust.

use super::answers::{Answer, failed, number, ok, text};
use super::objects::Objects;
use crate::words::Line;
use poslatch::Identity;
use std::time::SystemTime;

pub(super) fn pair(objects: &Objects, command: &Line) -> Answer {
    let device = objects.device(command)?;
    let identity = device
        .pair(text(command, "pos_id")?, text(command, "setup_code")?)
        .map_err(|error| failed(&error))?;
    objects.keep_identity(command, identity)?;
    ok()
}

pub(super) fn facts(objects: &Objects, command: &Line) -> Answer {
    let identity = objects.identity(command)?;
    Ok(Line::new("ok")
        .with("pos_id", identity.pos_id())
        .with("device_name", identity.device_name().unwrap_or_default())
        .with("serial", identity.serial().unwrap_or_default())
        .with("issuer", identity.issuer())
        .with("not_before", identity.not_before())
        .with("not_after", identity.not_after())
        .with("earliest_expiry", identity.earliest_expiry())
        .with("fingerprint", identity.fingerprint()))
}

pub(super) fn needs_renewal(objects: &Objects, command: &Line) -> Answer {
    let days = number(command, "days")?.unwrap_or_default();
    let needed = objects.identity(command)?.needs_renewal(SystemTime::now(), days);
    Ok(Line::new("ok").with("value", i32::from(needed)))
}

pub(super) fn cert_chain(objects: &Objects, command: &Line) -> Answer {
    Ok(Line::new("ok").with("pem", objects.identity(command)?.cert_chain_pem()))
}

pub(super) fn save(objects: &Objects, command: &Line) -> Answer {
    let identity = objects.identity(command)?;
    identity.save(text(command, "path")?, command.get("passphrase")).map_err(|error| failed(&error))?;
    ok()
}

pub(super) fn load(objects: &Objects, command: &Line) -> Answer {
    let identity = Identity::load(text(command, "path")?, command.get("passphrase"));
    objects.keep_identity(command, identity.map_err(|error| failed(&error))?)?;
    ok()
}

pub(super) fn export_pem(objects: &Objects, command: &Line) -> Answer {
    let pem = objects.identity(command)?.to_pem(command.get("passphrase"));
    Ok(Line::new("ok").with("pem", pem.map_err(|error| failed(&error))?.as_str()))
}

pub(super) fn from_pem(objects: &Objects, command: &Line) -> Answer {
    let identity = Identity::from_pem(text(command, "pem")?.as_bytes(), command.get("passphrase"));
    objects.keep_identity(command, identity.map_err(|error| failed(&error))?)?;
    ok()
}

pub(super) fn export_pkcs12(objects: &Objects, command: &Line) -> Answer {
    let pkcs12 = objects.identity(command)?.to_pkcs12(text(command, "passphrase")?);
    Ok(Line::new("ok").with("size", pkcs12.map_err(|error| failed(&error))?.len()))
}
