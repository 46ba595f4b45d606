//! Connections, for the runner of Rust.

use super::answers::{Answer, failed, number, ok, refused, text};
use super::objects::Objects;
use crate::words::Line;
use poslatch::{DEFAULT_PATIENCE, DEFAULT_SILENCE, Recovery};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

pub(super) fn open(objects: &Objects, command: &Line) -> Answer {
    let device = objects.device(command)?;
    let opened = match command.verb.as_str() {
        "open_tls" => device.open_tls(),
        _ => device.open_mtls(&*objects.identity(command)?),
    };
    objects.keep_connection(command, opened.map_err(|error| failed(&error))?)?;
    ok()
}

pub(super) fn exchange(objects: &Objects, command: &Line) -> Answer {
    let connection = objects.connection(command)?;
    let json = text(command, "json")?;
    let silence = number(command, "silence_ms")?.map_or(DEFAULT_SILENCE, Duration::from_millis);
    let mut statuses: Vec<String> = Vec::new();
    let mut on_status = |status: &str| {
        statuses.push(status.to_owned());
        if statuses.len() > 1 {
            return;
        }
        match command.get("on_status") {
            // A panic of a till's own code, without the noise of the hook.
            Some("throw") => resume_unwind(Box::new(command.get("text").unwrap_or_default().to_owned())),
            Some("close") => connection.close(),
            Some("send") => drop(connection.send(command.get("message").unwrap_or_default())),
            _ => {}
        }
    };
    let ended = catch_unwind(AssertUnwindSafe(|| connection.exchange(json, silence, &mut on_status)));
    let answer = match ended {
        Ok(Ok(reply)) => Line::new("ok").with("reply", reply),
        Ok(Err(error)) => failed(&error),
        Err(thrown) => match thrown.downcast::<String>() {
            Ok(text) => Line::new("thrown").with("text", text),
            Err(_) => return Err(refused("the library has panicked")),
        },
    };
    Ok(answer.with("statuses", statuses.join("\n")))
}

pub(super) fn send(objects: &Objects, command: &Line) -> Answer {
    objects.connection(command)?.send(text(command, "json")?).map_err(|error| failed(&error))?;
    ok()
}

pub(super) fn receive(objects: &Objects, command: &Line) -> Answer {
    let timeout = number(command, "timeout_ms")?.map_or(DEFAULT_SILENCE, Duration::from_millis);
    let message = objects.connection(command)?.receive(timeout).map_err(|error| failed(&error))?;
    Ok(Line::new("ok").with("kind", message.kind as i32).with("message", message.json))
}

pub(super) fn recover(objects: &Objects, command: &Line) -> Answer {
    let patience = number(command, "patience_ms")?.map_or(DEFAULT_PATIENCE, Duration::from_millis);
    let recovery = objects
        .connection(command)?
        .recover(text(command, "reference")?, patience)
        .map_err(|error| failed(&error))?;
    let (outcome, reply) = match recovery {
        Recovery::Final(reply) => (1, reply),
        Recovery::Running(reply) => (2, reply),
        Recovery::Unknown(reply) => (3, reply),
        _ => return Err(refused("this runner knows of no further outcome")),
    };
    Ok(Line::new("ok").with("outcome", outcome).with("reply", reply))
}

pub(super) fn facts(objects: &Objects, command: &Line) -> Answer {
    let connection = objects.connection(command)?;
    Ok(Line::new("ok")
        .with("state", connection.state() as i32)
        .with("server_name", connection.server_name().unwrap_or_default())
        .with("tls_version", connection.tls_version()))
}

pub(super) fn close(objects: &Objects, command: &Line) -> Answer {
    objects.connection(command)?.close();
    ok()
}
