//! What a case plays on: a device of its own, a folder of its own, and the words that stand for them in a case, such as
//! `${url}`. Keys are made once, for all of them.

use poslatch_simulator::{Cloud, Event, Faults, Memory, Pki, Scenario, Simulator, Till};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use toml::{Table, Value};

/// The till that has an identity before a case begins.
const POS_ID: &str = "1001";

/// Keys, certificates and a paired till, from which every stage is a copy.
pub(crate) struct Props {
    folder: PathBuf,
    identity_pem: String,
    foreign_root_pem: String,
    stages: AtomicUsize,
}

impl Props {
    pub(crate) fn make(folder: &Path) -> Result<Props, String> {
        let shown = |error: &dyn std::fmt::Display| format!("cannot set the stage: {error}");
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(|error| shown(&error))?;
        }
        fs::create_dir_all(folder).map_err(|error| shown(&error))?;
        let device =
            Simulator::builder().state_dir(folder.join(STATE)).start().map_err(|error| shown(&error))?;
        let till = poslatch::Device::builder(&format!("https://{}/", device.address()))
            .root_ca_pem(device.root_ca_chain_pem())
            .build()
            .map_err(|error| shown(&error.message()))?;
        let identity = till.pair(POS_ID, &device.setup_code()).map_err(|error| shown(&error.message()))?;
        let identity_pem = identity.to_pem(None).map_err(|error| shown(&error.message()))?.to_string();
        let foreign_root_pem = Pki::new_in_memory().map_err(|error| shown(&error))?.root_ca_chain_pem();
        Ok(Props { folder: folder.to_owned(), identity_pem, foreign_root_pem, stages: AtomicUsize::new(0) })
    }
}

impl Drop for Props {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const STATE: &str = "state";

/// One case's device and folder.
pub(crate) struct Stage {
    pub(crate) device: Simulator,
    /// Made when a case first names it.
    cloud: OnceCell<Cloud>,
    folder: PathBuf,
    words: RefCell<BTreeMap<String, String>>,
}

impl Stage {
    /// Without a scenario the device plays the one that every simulator plays if nobody says otherwise.
    pub(crate) fn set(
        props: &Props,
        scheme: &str,
        played: Option<&Value>,
        switches: &Table,
    ) -> Result<Stage, String> {
        let played = played.map_or_else(|| Ok(Scenario::default()), scenario)?;
        let played = played.with_switches(&switches.to_string()).map_err(|error| error.to_string())?;
        let number = props.stages.fetch_add(1, Ordering::Relaxed);
        let folder = props.folder.join(number.to_string());
        let state = folder.join(STATE);
        copy(&props.folder.join(STATE), &state).map_err(|error| format!("cannot set the stage: {error}"))?;
        let device = Simulator::builder()
            .state_dir(state)
            .scenario(played)
            .start()
            .map_err(|error| error.to_string())?;
        let foreign_root = folder.join("foreign-root-ca.pem");
        let root_ca = folder.join("root-ca.pem");
        for (path, text) in
            [(&root_ca, device.root_ca_chain_pem()), (&foreign_root, props.foreign_root_pem.clone())]
        {
            fs::write(path, text).map_err(|error| error.to_string())?;
        }
        let reference = format!("case-{number}");
        let words = [
            ("address", device.address().to_string()),
            ("url", format!("{scheme}://{}/", device.address())),
            ("scheme", scheme.to_owned()),
            ("dir", folder.display().to_string()),
            ("root_ca", root_ca.display().to_string()),
            ("root_ca_pem", device.root_ca_chain_pem()),
            ("foreign_root_ca", foreign_root.display().to_string()),
            ("identity_pem", props.identity_pem.clone()),
            ("serial", device.serial().to_owned()),
            ("device_name", device.device_name()),
            ("declined_sale", sale(&reference, poslatch_simulator::DECLINED_AMOUNT)),
            ("sale", sale(&reference, "1.00")),
            ("lookup", lookup(&reference)),
            ("reference", reference),
            ("cloud_secret", CLOUD_SECRET.to_owned()),
            ("cancel", r#"{"type":"CancelRequest"}"#.to_owned()),
        ];
        let words = words.into_iter().map(|(word, meaning)| (word.to_owned(), meaning)).collect();
        Ok(Stage { device, cloud: OnceCell::new(), folder, words: RefCell::new(words) })
    }

    /// Lets later steps name a text.
    pub(crate) fn keep(&self, word: &str, meaning: &str) {
        self.words.borrow_mut().insert(word.to_owned(), meaning.to_owned());
    }

    /// Replaces `${word}` in every text of a value.
    pub(crate) fn fill(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill_text(text)?),
            Value::Table(table) => Value::Table(
                table
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.fill(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            other => other.clone(),
        })
    }

    pub(crate) fn fill_text(&self, text: &str) -> Result<String, String> {
        let mut parts = text.split("${");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (word, rest) =
                part.split_once('}').ok_or_else(|| format!("no }} behind ${{ in {text:.100}"))?;
            filled.push_str(&self.meaning(word)?);
            filled.push_str(rest);
        }
        Ok(filled)
    }

    fn meaning(&self, word: &str) -> Result<String, String> {
        if word == "code" {
            return Ok(self.device.setup_code());
        }
        if let Some(("bytes", size)) = word.split_once(':') {
            let size: usize = size.parse().map_err(|_| format!("${{{word}}} is no size"))?;
            return Ok("x".repeat(size));
        }
        if let Some(("sale", amount)) = word.split_once(':') {
            return Ok(sale(&self.meaning("reference")?, amount));
        }
        match word {
            "cloud_url" => return Ok(self.cloud()?.base_url()),
            "cloud_root_pem" => return Ok(self.cloud()?.web_root_pem().to_owned()),
            _ => {}
        }
        self.words.borrow().get(word).cloned().ok_or_else(|| format!("${{{word}}} means nothing"))
    }

    fn cloud(&self) -> Result<&Cloud, String> {
        if let Some(cloud) = self.cloud.get() {
            return Ok(cloud);
        }
        let builder = Cloud::builder().merchant("shop").key("key-1", CLOUD_SECRET);
        let cloud =
            builder.chain(self.device.root_ca_chain_pem()).start().map_err(|error| error.to_string())?;
        Ok(self.cloud.get_or_init(|| cloud))
    }

    pub(crate) fn play(&self, played: &Value) -> Result<(), String> {
        self.device.set_scenario(scenario(played)?);
        Ok(())
    }

    pub(crate) fn turn(&self, switches: &Table) -> Result<(), String> {
        self.device.set_faults(faults(switches)?);
        Ok(())
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> Result<(), String> {
        fs::write(path, text).map_err(|error| format!("{path}: {error}"))
    }

    /// Has the device do something that its user, its network or its programmers may do at any time.
    pub(crate) fn act(&self, action: &str, arguments: &Table) -> Result<(), String> {
        let text = arguments.get("text").and_then(Value::as_str).unwrap_or_default();
        match action {
            "cancel" => {
                if !self.device.cancel_on_device() {
                    return Err("nothing runs there that can be cancelled".to_owned());
                }
            }
            "close_connections" => self.device.close_connections(),
            "come_back" => self.device.come_back(Memory::Kept),
            "come_back_forgetful" => self.device.come_back(Memory::Lost),
            "disappear" => self.device.disappear(),
            "dismiss" => self.device.dismiss_display(),
            "forget_payments" => self.device.forget_payments(),
            "freeze_connections" => self.device.freeze_connections(),
            "hang" => self.device.hang(),
            "release_payment" => self.device.release_payment(),
            "release_replies" => drop(self.device.release_replies()),
            "renew_setup_code" => drop(self.device.renew_setup_code()),
            "reset_connections" => self.device.reset_connections(),
            "revoke_tills" => {
                let revoked = |till: &Till| self.device.revoke_till(&till.fingerprint);
                if self.device.tills().iter().filter(|till| revoked(till)).count() == 0 {
                    return Err("no till is on its list".to_owned());
                }
            }
            "send_unsolicited" => {
                // The till may be done with opening before the device is.
                self.wait("websocket_opened", 1)?;
                if self.device.send_unsolicited(&self.fill_text(text)?) == 0 {
                    return Err("no channel is open".to_owned());
                }
            }
            unknown => return Err(format!("a device does not \"{unknown}\"")),
        }
        Ok(())
    }

    /// Waits until the record holds so many entries of a kind.
    pub(crate) fn wait(&self, entry: &str, count: usize) -> Result<(), String> {
        known(entry)?;
        let holds = |events: &[Event]| {
            (events.iter().filter(|event| is(event, entry)).count() >= count).then_some(())
        };
        self.device.wait_for(holds, PATIENCE).map_err(|_| {
            format!("{count} x {entry} did not come to stand in the device's record: {}", self.record())
        })
    }

    /// Whether none of these entries stands in the record, now that the till is done with the device.
    pub(crate) fn never(&self, entries: &[String]) -> Result<(), String> {
        entries.iter().try_for_each(|entry| known(entry))?;
        let own = self.settle()?;
        let events = self.device.events();
        let of_the_till = events.iter().filter(|event| own.is_none() || event.connection() != own);
        match entries.iter().find(|entry| of_the_till.clone().any(|event| is(event, entry))) {
            Some(entry) => Err(format!("{entry} stands in the device's record")),
            None => Ok(()),
        }
    }

    /// Waits until the device has on record whatever the till has done: what is not there yet cannot be told from what
    /// never was. Returns the number of the connection that this takes, which queues behind all of the till's.
    fn settle(&self) -> Result<Option<u64>, String> {
        let knock = TcpStream::connect(self.device.address()).map_err(|error| error.to_string())?;
        let peer = knock.local_addr().map_err(|error| error.to_string())?;
        drop(knock);
        let late = |_| format!("the device does not come to rest: {}", self.record());
        let story = self.device.wait_for_story(peer, PATIENCE).map_err(late)?;
        let all_ended = |events: &[Event]| {
            let count = |entry| events.iter().filter(|event| is(event, entry)).count();
            (count("connected") == count("disconnected")).then_some(())
        };
        self.device.wait_for(all_ended, PATIENCE).map_err(late)?;
        Ok(story.first().and_then(Event::connection))
    }

    /// The device's record in short.
    pub(crate) fn record(&self) -> String {
        let events = self.device.events();
        events.iter().map(|event| format!("\n    {event:.200?}")).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What is left of it does no harm; the next run removes all.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// One that comes with the simulator, by its name, or one of the case's own.
fn scenario(played: &Value) -> Result<Scenario, String> {
    match played {
        Value::String(name) => Scenario::shipped(name).ok_or_else(|| {
            let names: Vec<_> = Scenario::shipped_names().collect();
            format!("there is no scenario \"{name}\", but {}", names.join(", "))
        }),
        Value::Table(written) => Scenario::from_toml(&written.to_string()).map_err(|error| error.to_string()),
        other => Err(format!("a scenario is a name or a table, not {other}")),
    }
}

fn sale(reference: &str, amount: &str) -> String {
    format!(
        r#"{{"type":"PaymentRequest","merchantReferenceCode":"{reference}","amountDetails":{{"amount":"{amount}","currency":"EUR"}}}}"#
    )
}

fn lookup(reference: &str) -> String {
    format!(r#"{{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"{reference}"}}"#)
}

fn faults(switches: &Table) -> Result<Faults, String> {
    Faults::from_toml(&switches.to_string()).map_err(|error| error.to_string())
}

/// Whether an event is what a case calls so: its name, or `NAME:KIND` for messages.
fn is(event: &Event, entry: &str) -> bool {
    let (name, wanted) = entry.split_once(':').map_or((entry, None), |(name, kind)| (name, Some(kind)));
    let (found, kind) = match event {
        Event::ApplicationBytes { total, .. } if *total > 0 => ("application_bytes", None),
        Event::Connected { .. } => ("connected", None),
        Event::Disconnected { .. } => ("disconnected", None),
        Event::DisplayChanged(display) => ("display", Some(&display.message)),
        Event::Handshake { .. } => ("handshake", None),
        Event::HandshakeFailed { .. } => ("handshake_failed", None),
        Event::MessageReceived { kind, .. } => ("message_received", Some(kind)),
        Event::MessageSent { kind, .. } => ("message_sent", Some(kind)),
        Event::Paired { .. } => ("paired", None),
        Event::PairingRequested { .. } => ("pairing_requested", None),
        Event::PaymentEnded { status, .. } => ("payment_ended", Some(status)),
        Event::Refused { .. } => ("refused", None),
        Event::ReplyHeld { kind, .. } => ("reply_held", Some(kind)),
        Event::WebSocketOpened { .. } => ("websocket_opened", None),
        _ => return false,
    };
    found == name && (wanted.is_none() || wanted == kind.map(String::as_str))
}

/// A misspelt entry would be waited for in vain, or never be found.
fn known(entry: &str) -> Result<(), String> {
    let name = entry.split(':').next().unwrap_or_default();
    if ENTRIES.contains(&name) { Ok(()) } else { Err(format!("the device's record has no \"{entry}\"")) }
}

const ENTRIES: [&str; 14] = [
    "application_bytes",
    "connected",
    "disconnected",
    "display",
    "handshake",
    "handshake_failed",
    "message_received",
    "message_sent",
    "paired",
    "pairing_requested",
    "payment_ended",
    "refused",
    "reply_held",
    "websocket_opened",
];

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Of nobody: the simulated cloud knows no other.
const CLOUD_SECRET: &str = "cG9zbGF0Y2ggdGVzdCBzZWNyZXQ=";

/// A failure net for what the device must do by itself.
const PATIENCE: Duration = Duration::from_secs(30);
