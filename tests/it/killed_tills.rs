//! Tills that die in the middle of a payment, by kill -9, and what the journal then says: exactly the
//! payments that the device knows of and the till does not.
//!
//! The killed process is this test program once more, paying at a real device. The device's own record
//! is the judge: what it received and has not answered has to be in the journal.

use crate::common::*;
use crate::journal_kills::{JOURNAL, PAYMENTS, PROGRESS, Till};
use crate::saves::Random;
use poslatch::{Device, Identity, Journal};
use poslatch_simulator::{Event, Faults, Simulator};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const ROOTS: &str = "roots.pem";
const IDENTITY: &str = "till.pem";
const TASK: &str = "task";

/// Fewer where Wine starts each process: a hundred take as long there as a thousand elsewhere.
const KILLS: usize = if cfg!(windows) { 100 } else { 1_000 };

/// One loop for each core that there is at least.
const LANES: usize = 2;

/// More payments than a till gets done before it is killed.
const PAYMENTS_MAX: usize = 10_000;

/// One kill in eight comes after so many ticks, from before the connection is up to a few payments after.
const TICKS_MAX: u64 = 12_000;

/// The others come after the device has received one of the first payments, within the time that one
/// takes, whatever the machine is busy with.
const PAYMENTS_BEFORE: u64 = 3;
const STEP_PAUSE: Duration = Duration::from_millis(3);

/// What the kills hit.
#[derive(Debug, Default)]
struct Findings {
    /// The device was at work.
    in_payment: usize,
    /// The device had answered, and the till had not said that it knows.
    answered: usize,
    /// Nothing was under way, as far as the device knew.
    idle: usize,
}

#[test]
fn a_thousand_tills_killed_while_paying_leave_exactly_what_they_do_not_know() {
    let found: Vec<Findings> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|lane| scope.spawn(move || kill_tills(lane))).collect();
        lanes.into_iter().map(|lane| lane.join().expect("the journals are right")).collect()
    });
    let sum = |pick: fn(&Findings) -> usize| found.iter().map(pick).sum::<usize>();
    let (in_payment, answered) = (sum(|f| f.in_payment), sum(|f| f.answered));
    println!("{KILLS} kills: {in_payment} in a payment, {answered} just answered, {} idle", sum(|f| f.idle));
    // Otherwise the kills missed what they were to hit.
    assert!(in_payment >= KILLS / 5, "{found:?}");
}

fn kill_tills(lane: usize) -> Findings {
    let folder = Folder::new(&format!("killed-tills-{lane}"));
    let simulator = simulator_with(Faults { step_pause: STEP_PAUSE, ..Faults::default() });
    std::fs::write(folder.path.join(ROOTS), simulator.root_ca_chain_pem()).expect("written");
    identity(&simulator, "1001").save(folder.path.join(IDENTITY), None).expect("saved");
    let journal = Journal::open(folder.path.join(JOURNAL)).expect("made");
    let mut random = Random::new();
    let mut found = Findings::default();
    for kill in 0..KILLS / LANES {
        let task = format!("wss://{}/ {}", simulator.address(), kill * PAYMENTS_MAX);
        std::fs::write(folder.path.join(TASK), task).expect("written");
        let mut till = Till::start(&folder.path, PAYMENTS);
        if kill % 8 == 0 {
            till.wait_for_ticks(random.below(TICKS_MAX));
        } else {
            wait_for_payments(&simulator, 1 + random.below(PAYMENTS_BEFORE) as usize, kill);
            let moment = Instant::now() + 3 * STEP_PAUSE.mul_f64(random.below(1_000) as f64 / 1_000.0);
            while Instant::now() < moment {
                std::hint::spin_loop();
            }
        }
        drop(till);
        judge(&simulator, &folder.path, &journal, kill, &mut found);
    }
    found
}

fn wait_for_payments(simulator: &Simulator, payments: usize, kill: usize) {
    let received = |events: &[Event]| {
        let ours = |event: &&Event| match event {
            Event::MessageReceived { detail: Some(detail), .. } => number(detail, kill).is_some(),
            _ => false,
        };
        (events.iter().rev().filter(ours).nth(payments - 1)).map(drop)
    };
    simulator.wait_for(received, PATIENCE).expect("the till pays");
}

/// The number of a payment of the till that was killed so; it stands in the amount, which the device's
/// record tells.
fn number(detail: &str, kill: usize) -> Option<usize> {
    let number = detail.rsplit(' ').nth(1)?.strip_suffix(".00")?.parse().ok()?;
    (kill * PAYMENTS_MAX..(kill + 1) * PAYMENTS_MAX).contains(&number).then_some(number)
}

/// Holds the journal against what the device saw and what the till had said that it knew.
fn judge(simulator: &Simulator, folder: &Path, journal: &Journal, kill: usize, found: &mut Findings) {
    let all_gone = |events: &[Event]| {
        let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
        let connected = count(|event| matches!(event, Event::Connected { .. }));
        (connected == count(|event| matches!(event, Event::Disconnected { .. }))).then_some(())
    };
    simulator.wait_for(all_gone, PATIENCE).expect("a killed till's connection ends");
    let known = std::fs::read_to_string(folder.join(PROGRESS)).unwrap_or_default();
    let pending: Vec<String> =
        journal.pending().expect("readable").into_iter().map(|entry| entry.reference).collect();

    let (mut received, mut answered) = (Vec::<usize>::new(), Vec::<usize>::new());
    for event in simulator.events() {
        match event {
            Event::MessageReceived { detail: Some(detail), .. } => received.extend(number(&detail, kill)),
            Event::MessageSent { kind, detail: Some(detail), .. } if kind == "PaymentResponse" => {
                answered.extend(number(&detail, kill));
            }
            _ => {}
        }
    }
    let is_known = |number: &usize| known.lines().any(|line| line == number.to_string());
    let case = || format!("kill {kill}: received {received:?}, answered {answered:?}, known {known:?}");
    for number in &received {
        let stands = pending.contains(&reference(*number));
        match (is_known(number), answered.contains(number)) {
            (true, _) => assert!(!stands, "{number} is known; {}", case()),
            (false, false) => assert!(stands, "{number} is not known to the till; {}", case()),
            // The reply may have been struck out without the till having been able to say so.
            (false, true) => {}
        }
    }
    // At most the one that was under way, or about to be; never one of before.
    let next = kill * PAYMENTS_MAX + known.lines().count();
    assert!(pending.is_empty() || pending == [reference(next)], "{pending:?}; {}", case());

    match received.iter().find(|number| !is_known(number)) {
        Some(number) if answered.contains(number) => found.answered += 1,
        Some(_) => found.in_payment += 1,
        None => found.idle += 1,
    }
    pending.iter().for_each(|reference| assert!(journal.forget(reference).expect("written")));
}

fn reference(number: usize) -> String {
    format!("sale-{number}")
}

/// The child's side: pays until it is killed.
pub(crate) fn pay_until_killed(folder: &Path, tick: fn()) {
    let task = std::fs::read_to_string(folder.join(TASK)).expect("a task");
    let (url, first) = task.split_once(' ').expect("two words");
    let device = Device::builder(url)
        .root_ca_file(folder.join(ROOTS))
        .journal(Journal::open(folder.join(JOURNAL)).expect("there"))
        .build()
        .expect("valid");
    let identity = Identity::load(folder.join(IDENTITY), None).expect("there");
    let mut progress =
        OpenOptions::new().append(true).create_new(true).open(folder.join(PROGRESS)).expect("a file");
    tick();
    let connection = device.open_mtls(&identity).expect("opens");
    for number in first.parse::<usize>().expect("a number").. {
        let sale = format!(
            r#"{{"type":"PaymentRequest","merchantReferenceCode":"{}","amountDetails":{{"amount":"{number}.00","currency":"EUR"}}}}"#,
            reference(number)
        );
        connection.exchange(&sale, PATIENCE, &mut |_| {}).expect("a reply");
        // In one write, which a kill does not divide.
        progress.write_all(format!("{number}\n").as_bytes()).expect("told");
    }
}
