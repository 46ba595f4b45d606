//! The screen for programs: one JSON object per line, flushed at once. Names are stable; new fields may come.

use super::{Screen, Start};
use poslatch_simulator::{Event, Simulator};
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
            "screenUrl": start.device.control_url(),
        }))
    }

    fn event(&mut self, device: &Simulator, event: &Event) -> io::Result<()> {
        let mut value = event.to_json();
        if let Event::CodeShown { .. } = event {
            let code = device.setup_code();
            // Two changes in quick succession: the second line would only repeat the first.
            if code == self.last_code {
                return Ok(());
            }
            // The record leaves the code out, because records end up in logs; here a parent waits for it.
            value["code"] = code.clone().into();
            value["validSeconds"] = (device.setup_code_remaining().as_secs_f64().ceil() as u64).into();
            self.last_code = code;
        }
        self.line(&value)
    }

    fn tick(&mut self, _device: &Simulator) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}
