//! The screen for people: what the device would show, one sentence per line, and on a terminal a countdown for the code.

use super::{Screen, Start};
use poslatch_simulator::{Event, Simulator, rfc3339};
use std::env;
use std::io::{self, Write};

pub(crate) struct Human<W> {
    out: W,
    countdown: Countdown,
    last_code: String,
}

/// Whether the last line is redrawn each second.
#[derive(PartialEq, Eq)]
enum Countdown {
    /// The output is not a terminal, or one that cannot redraw.
    Off,
    /// It is on the last line now.
    Drawn,
    /// It will be drawn at the next tick.
    Due,
}

impl<W: Write> Human<W> {
    pub(crate) fn new(out: W, is_terminal: bool) -> Self {
        let redraws = is_terminal && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let countdown = if redraws { Countdown::Due } else { Countdown::Off };
        Self { out, countdown, last_code: String::new() }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        self.wipe_countdown()?;
        // The till chose part of this text; it must not be able to steer the terminal.
        let harmless = text.replace(char::is_control, "\u{fffd}");
        writeln!(self.out, "{harmless}")?;
        self.out.flush()
    }

    fn wipe_countdown(&mut self) -> io::Result<()> {
        if self.countdown == Countdown::Drawn {
            write!(self.out, "{WIPE}")?;
            self.countdown = Countdown::Due;
        }
        Ok(())
    }
}

impl<W: Write> Screen for Human<W> {
    fn ready(&mut self, start: &Start<'_>) -> io::Result<()> {
        let Start { device, root_ca_file, state } = start;
        let address = device.address();
        self.line("Simulated payment device")?;
        self.line(&format!("  address      https://{address}/  wss://{address}/"))?;
        self.line(&format!("  serial       {}", device.serial()))?;
        self.line(&format!("  device name  {}", device.device_name()))?;
        self.line(&format!(
            "  root CA      {}",
            root_ca_file.unwrap_or("not written; --root-ca-out FILE does that")
        ))?;
        if let Some(url) = device.control_url() {
            self.line(&format!("  screen       {url}"))?;
        }
        match state {
            Some(folder) => self.line(&format!("  state        {}", folder.display())),
            None => self.line("  state        in memory; --state DIR keeps it"),
        }
    }

    fn event(&mut self, device: &Simulator, event: &Event) -> io::Result<()> {
        match event {
            Event::CodeShown { valid_seconds } => {
                let code = device.setup_code();
                if code == self.last_code {
                    return Ok(());
                }
                self.line(&format!("Setup code {code}, valid for {valid_seconds} s"))?;
                self.last_code = code;
                Ok(())
            }
            Event::Paired { pos_id, not_after, .. } => {
                let date = rfc3339(*not_after);
                self.line(&format!(
                    "POS Activation Successful: posId {pos_id}, certificate valid until {date}"
                ))
            }
            Event::Handshake { connection, tls_version, client_certificate: Some(pos_id), .. } => {
                self.line(&format!("[{connection}] posId {pos_id} connected, {tls_version}"))
            }
            Event::HandshakeFailed { connection, reason } => {
                self.line(&format!("[{connection}] TLS failed: {reason}"))
            }
            Event::Refused { connection, reason } => self.line(&format!("[{connection}] refused: {reason}")),
            Event::MessageReceived { connection, kind, detail } => {
                self.line(&format!("[{connection}] -> {}", described(kind, detail)))
            }
            Event::MessageSent { connection, kind, detail } => {
                self.line(&format!("[{connection}] <- {}", described(kind, detail)))
            }
            _ => Ok(()),
        }
    }

    fn tick(&mut self, device: &Simulator) -> io::Result<()> {
        if self.countdown == Countdown::Off {
            return Ok(());
        }
        let seconds = device.setup_code_remaining().as_secs();
        write!(self.out, "{WIPE}Setup code {}, {seconds} s left", device.setup_code())?;
        self.countdown = Countdown::Drawn;
        self.out.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        self.wipe_countdown()?;
        self.out.flush()
    }
}

fn described(kind: &str, detail: &Option<String>) -> String {
    let kind = if kind.is_empty() { "(no type)" } else { kind };
    match detail {
        Some(detail) => format!("{kind} {detail}"),
        None => kind.to_owned(),
    }
}

/// Back to the start of the line, and clear it.
const WIPE: &str = "\r\x1b[2K";
