//! The screen for programs: one JSON object per line, flushed at once. Names are stable; new fields may come.

use super::{Screen, Start};
use poslatch_simulator::{Event, Simulator, rfc3339};
use serde_json::{Value, json};
use std::io::{self, Write};

pub(crate) struct Json<W> {
    out: W,
    last_code: String,
}

impl<W: Write> Json<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, last_code: String::new() }
    }

    fn line(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.out, "{value}")?;
        self.out.flush()
    }
}

impl<W: Write> Screen for Json<W> {
    fn ready(&mut self, start: &Start<'_>) -> io::Result<()> {
        self.line(&json!({
            "event": "ready",
            "address": start.device.address().to_string(),
            "serial": start.device.serial(),
            "deviceName": start.device.device_name(),
            "rootCaFile": start.root_ca_file,
        }))
    }

    fn event(&mut self, device: &Simulator, event: &Event) -> io::Result<()> {
        let value = match event {
            Event::CodeShown { .. } => {
                let code = device.setup_code();
                // Two changes in quick succession: the second line would only repeat the first.
                if code == self.last_code {
                    return Ok(());
                }
                let seconds = device.setup_code_remaining().as_secs_f64().ceil() as u64;
                let value = json!({ "event": "code", "code": code, "validSeconds": seconds });
                self.last_code = code;
                value
            }
            Event::Handshake { connection, sni, tls_version, client_certificate, resumed, .. } => json!({
                "event": "handshake",
                "connection": connection,
                "sni": sni,
                "tlsVersion": tls_version,
                "posId": client_certificate,
                "resumed": resumed,
            }),
            Event::HandshakeFailed { connection, reason } | Event::Refused { connection, reason } => {
                json!({ "event": "refused", "connection": connection, "reason": reason })
            }
            Event::MessageReceived { connection, kind, detail } => message("in", *connection, kind, detail),
            Event::MessageSent { connection, kind, detail } => message("out", *connection, kind, detail),
            Event::Paired { connection, pos_id, not_after } => json!({
                "event": "paired",
                "connection": connection,
                "posId": pos_id,
                "notAfter": rfc3339(*not_after),
            }),
            _ => return Ok(()),
        };
        self.line(&value)
    }

    fn tick(&mut self, _device: &Simulator) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn message(direction: &str, connection: u64, kind: &str, detail: &Option<String>) -> Value {
    json!({ "event": "message", "direction": direction, "connection": connection, "type": kind, "detail": detail })
}
