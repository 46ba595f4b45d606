//! `cargo xtask demo`: the whole story on one machine, for somebody who sees the project for the first time.
//!
//! It runs the C examples as they are, and claims nothing that it has not read from their output or from the device's
//! own events.

use crate::Result;
use crate::artifacts::{Artifacts, Language};
use crate::log::Log;
use crate::project::Project;
use crate::scratch::Scratch;
use crate::simulator::{SERIAL, Simulator};
use crate::till::{self, Finished, Till};
use serde_json::Value;
use std::time::Instant;

const POS_ID: &str = "1001";
const AMOUNT: &str = "12.50";

/// `cargo xtask demo`.
pub(crate) fn run() -> Result<()> {
    let project = Project::find()?;
    let mut log = Log::begin(project.target("demo.log"), "   ")?;
    println!("A till pairs with a payment device and pays, over mutual TLS.");
    println!("The device is simulated; everything stays on this machine (127.0.0.1).");
    tell(&project, &mut log)
        .inspect_err(|_| println!("\nThe log of the run, {}:\n{}\n", log.path().display(), log.tail()))
}

fn tell(project: &Project, log: &mut Log) -> Result<()> {
    let started = Instant::now();
    step(1, "Build the library, the C programs and the simulated device");
    build(project, log)?;

    step(2, "Start the device");
    let scratch = Scratch::new(project, "demo")?;
    let device = Simulator::start(project, &scratch, "device", log)?;
    say(&format!("serial number {SERIAL}, waiting on {}", device.url("wss")));
    say(&format!("Its certificate says {}, not the address.", device.device_name()));
    say("Its Root CA, which a merchant downloads, is in a file.");
    let start = |name: &str| till::example(project, Language::C, name);
    let till = |scheme: &str| Till {
        start: &start,
        url: device.url(scheme),
        root_ca_file: device.root_ca_file().to_owned(),
        identity_file: scratch.join("till.pem"),
    };

    step(3, "Pair: the code on the device's screen for a key and a certificate");
    let code = device.setup_code()?;
    say(&format!("The device shows the setup code {code}."));
    let paired = show(till("https").pair(POS_ID, &code, SERIAL), 0, log)?;
    let shown = expect_event(&device, "paired", |event| event["posId"] == POS_ID)?;
    say(&format!("The device shows \"{PAIRED_WORDS}\", posId {POS_ID}, until {}.", text(&shown, "notAfter")));
    proved(&format!("the device proved to be {}, under its Root CA", paired.value("device")?));
    proved(&format!(
        "its certificate for posId {} holds until {}",
        paired.value("posId")?,
        paired.value("valid until")?
    ));

    step(4, "Look at what the till holds now");
    let chain = till("https").show_chain();
    let chain_shown = show_facts(chain, log)?;
    same("fingerprint", &paired, &chain_shown)?;
    proved("the identity was kept in a file, and the private key is not in the chain");

    step(5, "Pay");
    let paid = show(till("wss").pay(AMOUNT, "demo-0001"), 0, log)?;
    let seen = expect_event(&device, "handshake", |event| event["posId"] == POS_ID)?;
    expect_event(&device, "message", |event| {
        event["direction"] == "in" && event["type"] == "PaymentRequest"
    })?;
    same("device", &paired, &paid)?;
    proved(&format!("the till knew the device: {}, over {}", paid.value("device")?, paid.value("TLS")?));
    proved(&format!(
        "the device knew the till: posId {}, over {}",
        text(&seen, "posId"),
        text(&seen, "tlsVersion")
    ));
    proved(&format!("the payment of {AMOUNT} USD was approved"));

    step(6, "Try the same payment without the till's certificate");
    show(till("wss").refused(AMOUNT), 0, log)?;
    let refusal = expect_event(&device, "refused", |_| true)?;
    proved(&format!("no payment without it; the device says \"{}\"", text(&refusal, "reason")));

    println!("\nDone in {:.0} s, and nothing of it is left running.", started.elapsed().as_secs_f64());
    println!("{NEXT_STEPS}");
    Ok(())
}

/// What the device shows at the event `paired`; the simulator's screen for people has the same words.
const PAIRED_WORDS: &str = "POS Activation Successful";

const NEXT_STEPS: &str = "
Next:
  include/poslatch.h        the functions that you saw at work, with a manual on top
  examples-c/pair.c         pairing, as a till does it once
  examples-c/pay.c          paying, with every way in which it can end
  examples-c/recover.c      finding out how a payment ended whose reply was lost
  cargo xtask test          the proof that the rest works too";

fn build(project: &Project, log: &mut Log) -> Result<()> {
    let artifacts = Artifacts::default();
    let started = Instant::now();
    if !project.library().exists() || !project.simulator().exists() {
        say("building, the first time takes a minute or two ...");
    }
    artifacts.examples(Language::C, project, log)?;
    artifacts.simulator(log)?;
    say(&format!("{} ({:.1} s)", project.library().display(), started.elapsed().as_secs_f64()));
    Ok(())
}

fn step(number: u32, title: &str) {
    println!("\n{number}. {title}");
}

fn say(text: &str) {
    println!("   {text}");
}

fn proved(text: &str) {
    println!("   => {text}");
}

/// Runs an example, shows the command and everything that it says.
fn show(run: crate::process::Run, exit_code: i32, log: &mut Log) -> Result<Finished> {
    println!("   $ {run}");
    let finished = till::finish(&run, log)?;
    finished.expect_exit(exit_code)?;
    finished.stdout.lines().chain(finished.stderr.lines()).for_each(|line| println!("     {line}"));
    Ok(finished)
}

/// Runs `show_chain`, and shows its facts; of the chain, which fills screens, only how long it is.
fn show_facts(run: crate::process::Run, log: &mut Log) -> Result<Finished> {
    println!("   $ {run}");
    let finished = till::finish(&run, log)?;
    finished.expect_exit(0)?;
    finished.stderr.lines().for_each(|line| println!("     {line}"));
    let certificates = finished.stdout.matches("-----BEGIN CERTIFICATE-----").count();
    println!("     ({certificates} certificates in PEM, {} bytes)", finished.stdout.len());
    if certificates == 0 || finished.stdout.contains("PRIVATE KEY") {
        return Err("the chain holds no certificate, or more than certificates".into());
    }
    Ok(finished)
}

fn same(label: &str, one: &Finished, other: &Finished) -> Result<()> {
    let (one, other) = (one.value(label)?, other.value(label)?);
    if one == other { Ok(()) } else { Err(format!("{label}: \"{one}\" here, \"{other}\" there").into()) }
}

fn expect_event(device: &Simulator, name: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
    let event = device.wait(|event| event["event"] == name && fits(event));
    event.ok_or_else(|| {
        format!("the device did not report \"{name}\"; it reported\n{}", device.record()).into()
    })
}

fn text<'a>(event: &'a Value, member: &str) -> &'a str {
    event[member].as_str().unwrap_or("(not told)")
}
