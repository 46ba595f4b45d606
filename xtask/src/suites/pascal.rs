//! The `pascal` suite: what the conformance suite cannot see of the units, the example in the ways in which it can end,
//! and the program of the README. Each with Free Pascal's heap trace, since Pascal frees nothing by itself.

use crate::Result;
use crate::log::Log;
use crate::pascal::{UNITS, compile};
use crate::process::Run;
use crate::scratch::Scratch;
use crate::simulator::Simulator;
use crate::test::Context;
use crate::till::{Finished, finish};
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::thread;

const README: &str = "bindings/pascal/README.md";

/// As long as the README promises: what a developer copies.
const SNIPPET_LINES_MAX: usize = 25;

/// The amount that the simulator declines, as its help says.
const DECLINED_AMOUNT: &str = "66.66";

/// What becomes of the payments of the checks, by their references, and of those of the example.
const SCENARIO: &str = r#"
    [[payment]]
    amount = "66.66"
    effect = "decline"

    [[payment]]
    reference = "by-pin"
    effect = "pin"

    [[payment]]
    reference = "thinks-again"
    effect = "abort"
"#;

/// Line numbers where a block was left behind; and overflow, range and stack checked, as the careful have it.
const CHECKED: [&str; 5] = ["-gh", "-gl", "-Co", "-Cr", "-Ct"];

/// How Delphi reads `string`: until 2007, and since 2009, when it began to define UNICODE. Free Pascal's own units keep
/// to the former, so that the latter calls for conversions (messages 4104 and 4105) that Delphi has not to make.
const EDITIONS: [(&str, &[&str]); 2] = [("DELPHI", &[]), ("DELPHIUNICODE", &["-dUNICODE", "-vm4104,4105"])];

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    context.artifacts.library(log)?;
    context.artifacts.simulator(log)?;
    let scratch = Scratch::new(&context.project, "pascal")?;
    let mut bench = Bench { context, log, scratch, options: Vec::new() };
    let mut lines = Vec::new();
    for (mode, options) in EDITIONS {
        bench.options = CHECKED.iter().chain(options).copied().collect();
        lines.push(format!("{mode}: {}", bench.edition(mode)?));
    }
    Ok(lines)
}

struct Bench<'a> {
    context: &'a Context,
    log: &'a mut Log,
    scratch: Scratch,
    /// Of the compiler.
    options: Vec<&'static str>,
}

impl Bench<'_> {
    /// Everything, with units and programs that were put into one mode of the compiler.
    fn edition(&mut self, mode: &str) -> Result<String> {
        let folder = self.scratch.join(mode);
        let units = in_mode(mode, UNITS.as_ref(), &folder)?;
        let tests = in_mode(mode, &Path::new(UNITS).join("tests"), &folder.join("tests"))?;
        let checks = self.compile(&units, &tests.join("checks.lpr"))?;
        let pay = self.compile(&units, &units.join("pay.lpr"))?;

        // The same keys and tills as the devices of that name below.
        let name = format!("device-{mode}");
        let device = Simulator::playing(SCENARIO, &self.context.project, &self.scratch, &name, self.log)?;
        let foreign = self.simulator(mode, "foreign")?;
        let till = Till { device: &device, program: pay, identity: folder.join("till.pem") };
        let checked = self.checks(&checks, &till, &foreign)?;
        self.pays(&till, &foreign)?;
        self.death_in_a_payment(mode, &till)?;
        self.readme(mode, &units)?;
        Ok(format!("{checked}; the example pays, is declined, refused and in doubt; the README pays"))
    }

    fn simulator(&mut self, mode: &str, name: &str) -> Result<Simulator> {
        Simulator::start(&self.context.project, &self.scratch, &format!("{name}-{mode}"), self.log)
    }

    fn compile(&mut self, units: &Path, source: &Path) -> Result<PathBuf> {
        compile(&[units], source, &units.join("built"), &self.options, self.log)
    }

    /// Runs a program; fails if it left memory behind, whenever it ends by itself.
    fn finish(&mut self, run: Run) -> Result<Finished> {
        let heap = self.scratch.join("heap.log");
        if heap.exists() {
            fs::remove_file(&heap)?;
        }
        let run = run.env("HEAPTRC", format!("log={}", absolute(&heap)?.display()));
        let finished = finish(&run, self.log)?;
        let traced = fs::read_to_string(&heap)?;
        if traced.contains("\n0 unfreed memory blocks") {
            return Ok(finished);
        }
        Err(format!("`{}` has left something behind:\n{traced}\n{}", finished.command, finished.stderr)
            .into())
    }

    fn checks(&mut self, program: &Path, till: &Till<'_>, foreign: &Simulator) -> Result<String> {
        let run = Run::new(program)
            // Not POSLATCH_LIBRARY: the program begins with what happens without it.
            .env("LIBRARY", absolute(self.context.project.library())?)
            .arg(till.device.url("wss"))
            .arg(till.device.root_ca_file())
            .arg(foreign.root_ca_file())
            .arg(till.device.setup_code()?)
            .arg(&till.identity);
        let finished = self.finish(run)?;
        finished.expect_exit(0)?;
        Ok(finished.stdout.lines().last().unwrap_or_default().to_owned())
    }

    fn pays(&mut self, till: &Till<'_>, foreign: &Simulator) -> Result<()> {
        self.finish(self.with_library(&till.program))?.expect_exit(2)?.expect_text("usage:")?;
        let paid = self.finish(self.pay(till, till.device, "1.00", "paid"))?;
        paid.expect_exit(0)?.expect_text("Approved.")?.expect_text("TransactionStatusResponse")?;
        till.device
            .wait(|event| event["event"] == "handshake" && event["posId"] == "1001")
            .ok_or("the device has seen no till's certificate")?;
        self.finish(self.pay(till, till.device, DECLINED_AMOUNT, "declined"))?
            .expect_exit(1)?
            .expect_text("Not paid.")?;
        self.finish(self.pay(till, foreign, "1.00", "foreign"))?
            .expect_exit(3)?
            .expect_text("connecting failed: UNKNOWN_ISSUER")?;
        let gone = Run::new(&till.program).env("POSLATCH_LIBRARY", self.scratch.join("gone.so"));
        let gone = gone.args(["wss://127.0.0.1:8443/", "root-ca.pem", "till.pem", "1.00", "USD"]);
        self.finish(gone)?.expect_exit(2)?.expect_text("gone.so: is not there")?;
        Ok(())
    }

    /// As in the suites of the other examples: killed as soon as it reports the request, and again if a busy machine has
    /// let the reply win.
    fn death_in_a_payment(&mut self, mode: &str, till: &Till<'_>) -> Result<()> {
        const RACES_MAX: u32 = 10;
        for race in 0..RACES_MAX {
            let device = self.simulator(mode, "device")?;
            let reference = format!("death-{race}");
            let pay = self.pay(till, &device, "1.00", &reference);
            let paid = thread::scope(|scope| {
                let paying = scope.spawn(|| self.finish(pay).map_err(|error| error.to_string()));
                let reported =
                    device.wait(|event| event["event"] == "message" && event["type"] == "PaymentRequest");
                device.kill();
                let paid = paying.join().map_err(|_| "the thread of the payment has panicked")??;
                reported.map(|_| paid).ok_or_else(|| "the device did not report the request".to_owned())
            })?;
            if paid.exit_code != Some(0) {
                paid.expect_exit(4)?.expect_text(&format!("IN DOUBT: the payment \"{reference}\""))?;
                return Ok(());
            }
        }
        Err(format!("{RACES_MAX} payments were through before their device could be killed").into())
    }

    /// The README's program, with a device of ours in place of the reader's, has to pay.
    fn readme(&mut self, mode: &str, units: &Path) -> Result<()> {
        let page = fs::read_to_string(README)?;
        let mut sale = snippet(&page).ok_or_else(|| format!("{README} has no program"))?.to_owned();
        if sale.lines().count() > SNIPPET_LINES_MAX {
            return Err(format!("the program of {README} has more than {SNIPPET_LINES_MAX} lines").into());
        }
        let device = self.simulator(mode, "readme")?;
        for (shown, ours) in [
            ("wss://127.0.0.1:8443/", device.url("wss")),
            ("root-ca.pem", device.root_ca_file().display().to_string()),
            ("8QW1YS1D", device.setup_code()?),
            ("'till.pem');", format!("'{}');", self.scratch.join("readme.pem").display())),
            ("till.journal", self.scratch.join("readme.journal").display().to_string()),
            ("{$MODE DELPHI}", format!("{{$MODE {mode}}}")),
        ] {
            if sale.matches(shown).count() != 1 {
                return Err(format!("the program of {README} does not name \"{shown}\" once").into());
            }
            sale = sale.replace(shown, &ours);
        }
        let source = units.join("sale.lpr");
        fs::write(&source, sale)?;
        let program = self.compile(units, &source)?;
        let paid = self.finish(self.with_library(&program))?;
        paid.expect_exit(0)?.expect_text("TransactionStatusResponse")?.expect_text("APPROVED")?;
        device
            .wait(|event| event["event"] == "message" && event["type"] == "PaymentRequest")
            .ok_or("the device has seen no payment")?;
        Ok(())
    }

    fn pay(&self, till: &Till<'_>, device: &Simulator, amount: &str, reference: &str) -> Run {
        self.with_library(&till.program)
            .arg(device.url("wss"))
            .arg(till.device.root_ca_file())
            .arg(&till.identity)
            .args([amount, "USD", reference])
    }

    fn with_library(&self, program: &Path) -> Run {
        // Cannot fail but for an empty path.
        let library = absolute(self.context.project.library()).unwrap_or_default();
        Run::new(program).env("POSLATCH_LIBRARY", library)
    }
}

/// A till of the example, paired with a device by the checks.
struct Till<'a> {
    device: &'a Simulator,
    program: PathBuf,
    identity: PathBuf,
}

/// Copies the sources of a folder, put into another mode of the compiler.
fn in_mode(mode: &str, from: &Path, to: &Path) -> Result<PathBuf> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        if !path.extension().is_some_and(|extension| extension == "pas" || extension == "lpr") {
            continue;
        }
        let source = fs::read_to_string(&path)?;
        if !source.contains("{$MODE DELPHI}") {
            return Err(format!("{} sets no mode", path.display()).into());
        }
        fs::write(to.join(name), source.replace("{$MODE DELPHI}", &format!("{{$MODE {mode}}}")))?;
    }
    Ok(to.to_owned())
}

/// The first piece of Pascal of a page.
fn snippet(page: &str) -> Option<&str> {
    page.split("```pascal\n").nth(1)?.split("```").next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippet_is_the_first_of_its_language() {
        assert_eq!(snippet("a\n```sh\nb\n```\n```pascal\none\n```\n```pascal\ntwo\n```\n"), Some("one\n"));
        assert_eq!(snippet("a\n```c\nb\n```\n"), None);
    }
}
