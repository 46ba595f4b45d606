//! The suites `examples-c` and `examples-cpp`: every example against the simulator, in the ways in which it can end.

use crate::Result;
use crate::artifacts::{EXAMPLES, Language};
use crate::log::Log;
use crate::project::Project;
use crate::scratch::Scratch;
use crate::simulator::{SERIAL, Simulator};
use crate::test::Context;
use crate::till::{self, Start, Till, example, finish, is_closed_to};
use serde_json::Value;
use std::thread;

/// The amount that the simulator declines, as its help says.
const DECLINED_AMOUNT: &str = "66.66";

const POS_ID: &str = "1001";

pub(super) fn run_c(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    run(Language::C, context, log)
}

/// The twins, which have to behave alike.
pub(super) fn run_cpp(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    run(Language::Cpp, context, log)
}

fn run(language: Language, context: &Context, log: &mut Log) -> Result<Vec<String>> {
    // Strict: a warning in an example is an error.
    context.artifacts.examples(language, &context.project, log)?;
    let start = |name: &str| example(&context.project, language, name);
    play(context, language.folder(), &start, till::OTHERS, log)
}

/// Every case with the examples of one build, whichever that is; the scratch folder is named after it. `others` are the
/// bits of its mode that an identity file must not have.
pub(super) fn play(
    context: &Context,
    name: &str,
    start: Start<'_>,
    others: u32,
    log: &mut Log,
) -> Result<Vec<String>> {
    context.artifacts.simulator(log)?;
    let scratch = Scratch::absolute(&context.project, name)?;
    let device = Simulator::start(&context.project, &scratch, "device", log)?;
    let mut bench = Bench { project: &context.project, start, others, log, device, scratch };
    let cases: [(&str, Case); 14] = [
        ("a wrong call prints the usage", usage),
        ("a foreign Root CA ends pairing before the code is sent", foreign_root_ca),
        ("a device with another serial number gets no code", wrong_serial),
        ("a code of seven characters is not sent", malformed_code),
        ("a wrong code is refused in the device's words", wrong_code),
        ("pairing leaves an identity that only its owner can read", pairing),
        ("the chain is the one of the pairing, without the key", chain),
        ("a payment over wss is approved, with status messages", payment_over_wss),
        ("a payment over https is approved", payment_over_https),
        ("a declined payment is not paid", declined),
        ("without the till's certificate there is no payment", without_identity),
        ("a device that dies in a payment leaves it in doubt", death_in_a_payment),
        ("a payment that has ended is found by its reference", recovered),
        ("a device that is not there is a connection failure, not a doubt", nobody_there),
    ];
    let mut failures = String::new();
    for (name, case) in &cases {
        bench.log.say(&format!("\n== {name}"))?;
        if let Err(error) = case(&mut bench) {
            failures.push_str(&format!("\n== {name}\n{error}\n"));
        }
    }
    bench.log.say(&format!("\n== what the device reported\n{}", bench.device.record()))?;
    if failures.is_empty() { Ok(vec![format!("{} cases", cases.len())]) } else { Err(failures.into()) }
}

/// One way in which an example can end.
type Case = fn(&mut Bench<'_>) -> Result<()>;

/// A device, and where a till keeps its things. The cases run in order: a till has to pair before it can pay.
struct Bench<'a> {
    project: &'a Project,
    start: Start<'a>,
    others: u32,
    log: &'a mut Log,
    device: Simulator,
    // After the device, so that the folder is removed when nobody writes into it any more.
    scratch: Scratch,
}

impl<'a> Bench<'a> {
    fn till(&self, scheme: &str) -> Till<'a> {
        Till {
            start: self.start,
            url: self.device.url(scheme),
            root_ca_file: self.device.root_ca_file().to_owned(),
            identity_file: self.scratch.join("till.pem"),
        }
    }

    /// Pairs a till that must not get through, and checks that neither side has got anything out of it.
    fn fails_to_pair(
        &mut self,
        till: &Till<'_>,
        code: &str,
        serial: &str,
        exit_code: i32,
        status: &str,
    ) -> Result<()> {
        finish(&till.pair(POS_ID, code, serial), self.log)?.expect_exit(exit_code)?.expect_text(status)?;
        if till.identity_file.exists() {
            return Err("an identity was saved".into());
        }
        if self.device.count(|event| event["event"] == "paired") > 0 {
            return Err("the device has paired".into());
        }
        Ok(())
    }

    /// Waits for an event that the device must have caused by now.
    fn reported(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        let missing = || format!("the device did not report {what}; it reported\n{}", self.device.record());
        Ok(self.device.wait(fits).ok_or_else(missing)?)
    }
}

fn usage(bench: &mut Bench<'_>) -> Result<()> {
    for name in EXAMPLES {
        finish(&(bench.start)(name), bench.log)?.expect_exit(2)?.expect_text("usage:")?;
    }
    Ok(())
}

fn foreign_root_ca(bench: &mut Bench<'_>) -> Result<()> {
    // Another device with a Root CA of its own.
    let other = Simulator::start(bench.project, &bench.scratch, "other", bench.log)?;
    let till = Till { root_ca_file: other.root_ca_file().to_owned(), ..bench.till("https") };
    let code = bench.device.setup_code()?;
    bench.fails_to_pair(&till, &code, SERIAL, 3, "failed: UNKNOWN_ISSUER")
}

fn wrong_serial(bench: &mut Bench<'_>) -> Result<()> {
    let code = bench.device.setup_code()?;
    bench.fails_to_pair(&bench.till("https"), &code, "1850000999", 3, "failed: WRONG_DEVICE")
}

fn malformed_code(bench: &mut Bench<'_>) -> Result<()> {
    bench.fails_to_pair(&bench.till("https"), "8QW1YS1", SERIAL, 2, "failed: CODE_MALFORMED")
}

fn wrong_code(bench: &mut Bench<'_>) -> Result<()> {
    // Eight characters, and for certain not the shown ones.
    let wrong = if bench.device.setup_code()? == "AAAAAAAA" { "BBBBBBBB" } else { "AAAAAAAA" };
    bench.fails_to_pair(&bench.till("https"), wrong, SERIAL, 1, "failed: PAIRING_REJECTED")
}

fn pairing(bench: &mut Bench<'_>) -> Result<()> {
    let till = bench.till("https");
    let code = bench.device.setup_code()?;
    let paired = finish(&till.pair(POS_ID, &code, SERIAL), bench.log)?;
    paired.expect_exit(0)?;
    equal("device", paired.value("device")?, bench.device.device_name())?;
    equal("posId", paired.value("posId")?, POS_ID)?;
    equal("length of the fingerprint", &paired.value("fingerprint")?.len().to_string(), "64")?;
    let reported = bench.reported("the pairing", |event| event["event"] == "paired")?;
    let until = paired.value("valid until")?;
    if !reported["notAfter"].as_str().is_some_and(|reported| reported.starts_with(until)) {
        return Err(format!("valid until {until}, but the device says {reported}").into());
    }
    if !is_closed_to(bench.others, &till.identity_file)? {
        return Err("others can read the identity".into());
    }
    Ok(())
}

fn chain(bench: &mut Bench<'_>) -> Result<()> {
    let shown = finish(&bench.till("https").show_chain(), bench.log)?;
    shown.expect_exit(0)?;
    equal("posId", shown.value("posId")?, POS_ID)?;
    if shown.stdout.matches("-----BEGIN CERTIFICATE-----").count() < 2 {
        return Err(format!("no chain:\n{}", shown.stdout).into());
    }
    if shown.stdout.contains("PRIVATE KEY") || shown.stderr.contains("PRIVATE KEY") {
        return Err("the private key was printed".into());
    }
    Ok(())
}

fn payment_over_wss(bench: &mut Bench<'_>) -> Result<()> {
    let paid = approved(bench, "wss", "over-wss")?;
    paid.expect_text("TransactionStatusResponse")?;
    Ok(())
}

fn payment_over_https(bench: &mut Bench<'_>) -> Result<()> {
    approved(bench, "https", "over-https").map(drop)
}

fn approved(bench: &mut Bench<'_>, scheme: &str, reference: &str) -> Result<till::Finished> {
    let paid = finish(&bench.till(scheme).pay("1.00", reference), bench.log)?;
    paid.expect_exit(0)?.expect_text("Approved.")?;
    equal("device", paid.value("device")?, bench.device.device_name())?;
    equal("TLS", paid.value("TLS")?, "TLSv1.3")?;
    equal("reference", paid.value("reference")?, reference)?;
    bench.reported("the till's certificate", |event| {
        event["event"] == "handshake" && event["posId"] == POS_ID
    })?;
    Ok(paid)
}

fn declined(bench: &mut Bench<'_>) -> Result<()> {
    let declined = finish(&bench.till("wss").pay(DECLINED_AMOUNT, "declined"), bench.log)?;
    declined.expect_exit(1)?.expect_text("Not paid.")?.expect_text("DECLINED")?;
    Ok(())
}

fn without_identity(bench: &mut Bench<'_>) -> Result<()> {
    for scheme in ["wss", "https"] {
        let refused = finish(&bench.till(scheme).refused("1.00"), bench.log)?;
        refused.expect_exit(0)?.expect_text("Refused, as it should be")?;
    }
    bench.reported("the refusal", |event| {
        event["event"] == "refused"
            && event["reason"].as_str().is_some_and(|reason| reason.contains("certificate"))
    })?;
    Ok(())
}

/// The device is killed as soon as it reports the request. Its reply takes a few of its own steps, but a busy machine can
/// let it win that race; then the race is run again.
fn death_in_a_payment(bench: &mut Bench<'_>) -> Result<()> {
    const RACES_MAX: u32 = 10;
    for race in 0..RACES_MAX {
        // The same state, so that it is the same device to the till.
        let device = Simulator::start(bench.project, &bench.scratch, "device", bench.log)?;
        let till = Till { url: device.url("wss"), ..bench.till("wss") };
        let reference = format!("death-{race}");
        let pay = till.pay("1.00", &reference);
        let log = &mut *bench.log;
        let paid = thread::scope(|scope| {
            let paying = scope.spawn(move || finish(&pay, log));
            let reported =
                device.wait(|event| event["event"] == "message" && event["type"] == "PaymentRequest");
            device.kill();
            let paid = paying.join().map_err(|_| "the thread of the payment has panicked")??;
            reported
                .map(|_| paid)
                .ok_or_else(|| crate::Failure::from("the device did not report the request"))
        })?;
        if paid.exit_code != Some(0) {
            paid.expect_exit(4)?.expect_text(&format!("IN DOUBT: the payment \"{reference}\""))?;
            let pending = finish(&till.recover(None), bench.log)?;
            pending.expect_exit(0)?.expect_text(&format!("\"reference\":\"{reference}\""))?;
            return Ok(());
        }
    }
    Err(format!("{RACES_MAX} payments were through before their device could be killed").into())
}

fn recovered(bench: &mut Bench<'_>) -> Result<()> {
    let till = bench.till("wss");
    finish(&till.pay("2.00", "recovered"), bench.log)?.expect_exit(0)?;
    let found = finish(&till.recover(Some("recovered")), bench.log)?;
    found.expect_exit(0)?.expect_text("It has ended.")?.expect_text("APPROVED")?;
    Ok(())
}

fn nobody_there(bench: &mut Bench<'_>) -> Result<()> {
    let gone = Simulator::start(bench.project, &bench.scratch, "gone", bench.log)?;
    let till = Till { url: gone.url("wss"), ..bench.till("wss") };
    drop(gone);
    finish(&till.pay("1.00", "nobody"), bench.log)?.expect_exit(3)?.expect_text("failed: REFUSED")?;
    Ok(())
}

fn equal(what: &str, found: &str, expected: &str) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}: expected \"{expected}\", found \"{found}\"").into())
    }
}
