//! `poslatch demo`: the whole story on one machine, for somebody who has no device yet: what `cargo xtask demo` tells, in
//! this one program.
//!
//! Device and till are really two sides with TLS between them, and nothing is claimed that was not read from the
//! device's own record or from what the library returned.

use super::Context;
use crate::dates;
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Tone;
use crate::verdict::Verdict;
use poslatch::{DEFAULT_SILENCE, Device, Identity};
use poslatch_simulator::{Event, Simulator, rfc3339};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

const POS_ID: &str = "1001";
const SERIAL: &str = "1850000123";
const AMOUNT: &str = "12.50";
const CURRENCY: &str = "USD";

/// Far longer than anything takes on one machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn run(context: &Context<'_>) -> Result<Done, Failure> {
    let stage = Stage::set(context)?;
    let identity = stage.pair()?;
    stage.look(&identity)?;
    stage.pay(&identity)?;
    stage.refuse()?;
    stage.say("");
    let words = "Done: paired, paid and refused a stranger; nothing of it is left running";
    Ok(Done::new(Exit::Done, Tone::Good, words)
        .member("device_name", identity.device_name())
        .member("outcome", Verdict::Approved.name())
        .next("poslatch pair --help  (with a device of your own)")
        .next("cargo run --package poslatch-simulator  (a device that stays, to try a till against)"))
}

/// A device that runs, and a folder for the till's files.
struct Stage<'a> {
    context: &'a Context<'a>,
    device: Simulator,
    folder: Folder,
}

impl<'a> Stage<'a> {
    fn set(context: &'a Context<'a>) -> Result<Stage<'a>, Failure> {
        let failed = |message: String| Failure::usage(message, "Check the folder for temporary files.");
        let device = Simulator::builder()
            .serial(SERIAL)
            .start()
            .map_err(|error| failed(format!("the device does not start: {error}")))?;
        let folder = Folder::new().map_err(|error| failed(format!("no folder for the demo: {error}")))?;
        let stage = Stage { context, device, folder };
        stage.say("A till pairs with a payment device and pays, over mutual TLS.");
        stage.say("The device is simulated; everything stays on this machine (127.0.0.1).");
        stage.step(1, "The device");
        stage.say(&format!("   serial number {SERIAL}, waiting on {}", stage.url()));
        stage.say(&format!("   Its certificate says {}, not the address.", stage.device.device_name()));
        Ok(stage)
    }

    fn pair(&self) -> Result<Identity, Failure> {
        self.step(2, "Pair: the code on the device's screen for a key and a certificate");
        let code = self.device.setup_code();
        self.say(&format!("   The device shows the setup code {code}, for 300 s."));
        self.say(&format!("   $ poslatch pair --pos-id {POS_ID} --serial {SERIAL}"));
        let identity = self.till()?.pair(POS_ID, &code).map_err(Failure::of)?;
        identity.save(self.folder.identity_file(), None).map_err(Failure::of)?;
        let until = self.event("pairing", |event| match event {
            Event::Paired { pos_id, not_after, .. } if pos_id == POS_ID => Some(rfc3339(*not_after)),
            _ => None,
        })?;
        self.say(&format!(
            "   The device shows \"POS Activation Successful\", posId {POS_ID}, until {until}."
        ));
        let name = identity.device_name().unwrap_or_default();
        self.proved(&format!("the device proved to be {name}, under its Root CA"));
        self.proved(&format!(
            "the till's certificate for posId {} holds until {}",
            identity.pos_id(),
            dates::utc(identity.not_after())
        ));
        Ok(identity)
    }

    fn look(&self, paired: &Identity) -> Result<(), Failure> {
        self.step(3, "Look at what the till holds now");
        self.say("   $ poslatch inspect");
        let read = Identity::load(self.folder.identity_file(), None).map_err(Failure::of)?;
        if read.fingerprint() != paired.fingerprint() {
            return Err(unexpected("the file holds another identity than was paired"));
        }
        self.say(&format!("   fingerprint {}", read.fingerprint()));
        self.proved("the identity was kept in a file that only this user can read");
        Ok(())
    }

    fn pay(&self, identity: &Identity) -> Result<(), Failure> {
        self.step(4, "Pay");
        self.say(&format!("   $ poslatch pay {AMOUNT} {CURRENCY} --reference demo-0001"));
        let connection = self.till()?.open_mtls(identity).map_err(Failure::of)?;
        let reply = connection
            .exchange(&payment(), DEFAULT_SILENCE, &mut |status| {
                if let Some(words) = crate::exchange::words_of(status) {
                    self.say(&format!("   Device: {words}"));
                }
            })
            .map_err(Failure::of)?;
        let verdict = Verdict::of(&super::pay::parsed(&reply));
        if verdict != Verdict::Approved {
            return Err(unexpected(&format!("the payment is {}", verdict.name())));
        }
        let (who, tls) = self.event("handshake of the till", |event| match event {
            Event::Handshake { client_certificate: Some(pos_id), tls_version, .. } => {
                Some((pos_id.clone(), tls_version.clone()))
            }
            _ => None,
        })?;
        self.event("payment", |event| match event {
            Event::MessageReceived { kind, .. } if kind == "PaymentRequest" => Some(()),
            _ => None,
        })?;
        self.proved(&format!("the till knew the device: {}", connection.server_name().unwrap_or_default()));
        self.proved(&format!("the device knew the till: posId {who}, over {tls}"));
        self.proved(&format!("the payment of {AMOUNT} {CURRENCY} was approved"));
        Ok(())
    }

    fn refuse(&self) -> Result<(), Failure> {
        self.step(5, "Try the same payment without the till's certificate");
        // Whether the door is shut at the handshake or at the request is the device's choice.
        let paid = self
            .till()?
            .open_tls()
            .and_then(|connection| connection.exchange(&payment(), DEFAULT_SILENCE, &mut |_| {}));
        if paid.is_ok_and(|reply| Verdict::of(&super::pay::parsed(&reply)) != Verdict::Failed) {
            return Err(unexpected("the device took a payment from a stranger"));
        }
        let reason = self.event("refusal", |event| match event {
            Event::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        })?;
        self.proved(&format!("no payment without it; the device says \"{reason}\""));
        Ok(())
    }

    fn till(&self) -> Result<Device, Failure> {
        Device::builder(&self.url())
            .root_ca_pem(self.device.root_ca_chain_pem())
            .serial(SERIAL)
            .build()
            .map_err(Failure::of)
    }

    fn url(&self) -> String {
        format!("wss://{}/", self.device.address())
    }

    fn event<T>(&self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> Result<T, Failure> {
        self.device
            .wait_for(|events| events.iter().rev().find_map(&pick), PATIENCE)
            .map_err(|_| unexpected(&format!("the device has no {what} on record")))
    }

    fn step(&self, number: u32, title: &str) {
        self.say(&format!("\n{number}. {title}"));
    }

    fn proved(&self, text: &str) {
        self.say(&format!("   => {text}"));
    }

    /// The story is what the demo is for; a program that asks for JSON gets it on standard error.
    fn say(&self, text: &str) {
        let screen = self.context.screen;
        if screen.is_json() {
            screen.say(text);
        } else {
            screen.result_line(text);
        }
    }
}

fn payment() -> String {
    json!({
        "type": "PaymentRequest",
        "merchantReferenceCode": "demo-0001",
        "amountDetails": { "amount": AMOUNT, "currency": CURRENCY },
    })
    .to_string()
}

fn unexpected(what: &str) -> Failure {
    Failure::usage(format!("the demo went wrong: {what}"), "Report this to the makers of poslatch.")
}

/// A folder of this run's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Folder> {
        let name = format!("poslatch-demo-{}-{}", std::process::id(), dates::now());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Folder(path))
    }

    fn identity_file(&self) -> PathBuf {
        self.0.join("till.pem")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system empties that folder, too.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
