//! Devices, their journals, the Root CA and the log, for the runner of Rust.

use super::answers::{Answer, failed, number, ok, refused, text};
use super::objects::{Objects, lock};
use crate::words::Line;
use poslatch::{CloudAuth, Device, IdentityCheck, Journal, LogLevel, RootCaFetch};
use std::time::Duration;

pub(super) fn make(objects: &Objects, command: &Line) -> Answer {
    let mut builder = Device::builder(text(command, "url")?);
    if let Some(path) = command.get("root_ca_file") {
        builder = builder.root_ca_file(path);
    }
    if let Some(pem) = command.get("root_ca_pem") {
        builder = builder.root_ca_pem(pem);
    }
    if let Some(serial) = command.get("serial") {
        builder = builder.serial(serial);
    }
    let name = command.get("check_name");
    match (number::<i32>(command, "check")?, name) {
        (None, _) => {}
        (Some(1), Some(name)) => builder = builder.identity_check(IdentityCheck::Name(name.to_owned())),
        (Some(2), None) => builder = builder.identity_check(IdentityCheck::Domain),
        (Some(2), Some(domain)) => builder = builder.identity_check(IdentityCheck::Domain).domain(domain),
        (Some(3), None) => builder = builder.identity_check(IdentityCheck::Address),
        (Some(4), None) => builder = builder.identity_check(IdentityCheck::ChainOnly),
        _ => return Err(refused("an enumeration of Rust has no such check")),
    }
    if let Some(ms) = number(command, "connect_ms")? {
        builder = builder.connect_timeout(Duration::from_millis(ms));
    }
    if let Some(ms) = number(command, "pairing_ms")? {
        builder = builder.pairing_timeout(Duration::from_millis(ms));
    }
    if let Some(ms) = number(command, "exchange_ms")? {
        builder = builder.exchange_limit(Duration::from_millis(ms));
    }
    if let Some(ms) = number(command, "ping_ms")? {
        builder =
            builder.keep_alive(Duration::from_millis(ms), number(command, "missed_max")?.unwrap_or_default());
    }
    if let Some(path) = command.get("journal") {
        builder = builder.journal(Journal::open(path).map_err(|error| failed(&error))?);
    }
    objects.keep_device(command, builder.build().map_err(|error| failed(&error))?)?;
    ok()
}

pub(super) fn interrupt(objects: &Objects, command: &Line) -> Answer {
    objects.device(command)?.interrupt();
    ok()
}

/// As JSON, as the C ABI gives it.
pub(super) fn journal_pending(objects: &Objects, command: &Line) -> Answer {
    let device = objects.device(command)?;
    let journal = device.journal().ok_or_else(|| refused("no journal was set"))?;
    let pending = journal.pending().map_err(|error| failed(&error))?;
    let entries: Vec<_> = pending
        .iter()
        .map(|request| serde_json::json!({ "reference": request.reference, "type": request.kind, "device": request.device }))
        .collect();
    Ok(Line::new("ok").with("json", serde_json::Value::from(entries)))
}

pub(super) fn journal_forget(objects: &Objects, command: &Line) -> Answer {
    let device = objects.device(command)?;
    let journal = device.journal().ok_or_else(|| refused("no journal was set"))?;
    journal.forget(text(command, "reference")?).map_err(|error| failed(&error))?;
    ok()
}

pub(super) fn probe(objects: &Objects, command: &Line) -> Answer {
    let identity = command.get("identity").map(|_| objects.identity(command)).transpose()?;
    let report =
        poslatch::probe(&*objects.device(command)?, identity.as_deref()).map_err(|error| failed(&error))?;
    Ok(Line::new("ok").with("json", report.to_json()))
}

pub(super) fn save_root_ca(command: &Line) -> Answer {
    poslatch::save_root_ca(text(command, "pem")?, text(command, "path")?).map_err(|error| failed(&error))?;
    ok()
}

pub(super) fn fetch_root_ca(command: &Line) -> Answer {
    let mut fetch = RootCaFetch::builder(
        text(command, "base_url")?,
        text(command, "merchant_id")?,
        text(command, "key_id")?,
        text(command, "shared_secret")?,
    );
    match number::<i32>(command, "auth")? {
        None | Some(1) => {}
        Some(2) => fetch = fetch.auth(CloudAuth::HttpSignature),
        Some(3) => fetch = fetch.auth(CloudAuth::HttpSignatureVDate),
        Some(_) => return Err(refused("an enumeration of Rust has no such authentication")),
    }
    if let Some(pem) = command.get("web_root_pem") {
        fetch = fetch.web_roots_pem(pem);
    }
    if let Some(ms) = number(command, "timeout_ms")? {
        fetch = fetch.timeout(Duration::from_millis(ms));
    }
    let pem = fetch.build().and_then(|fetch| fetch.fetch()).map_err(|error| failed(&error))?;
    Ok(Line::new("ok").with("pem", pem))
}

pub(super) fn log(objects: &Objects, command: &Line) -> Answer {
    let level = match number::<i32>(command, "level")? {
        Some(1) => LogLevel::Error,
        Some(2) => LogLevel::Warn,
        Some(3) => LogLevel::Info,
        Some(4) => LogLevel::Debug,
        Some(5) => LogLevel::Trace,
        _ => {
            poslatch::log_off().map_err(|error| failed(&error))?;
            return ok();
        }
    };
    let sink = objects.log_sink();
    let collect = move |_: LogLevel, record: &str| {
        let mut log = lock(&sink);
        log.push_str(record);
        log.push('\n');
    };
    poslatch::log_to(level, collect).map_err(|error| failed(&error))?;
    ok()
}
