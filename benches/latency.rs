//! How soon a cancel reaches the device while status messages flood the till, and how soon a close wakes whoever waits.
//!
//! ```text
//! cargo bench --bench latency                1,000 cancels, 300 closes of each kind
//! cargo bench --bench latency -- 100 30      fewer
//! ```
//!
//! Prints figures and judges nothing: that a cancel passes and a close wakes is tested in `tests/it/flood.rs`, without a
//! clock. Till and device share this process and its clock, so the figures hold the device's own time for reading.

use poslatch::{Connection, DEFAULT_SILENCE, Device, Identity, Status};
use poslatch_simulator::{Event, Exchange, Faults, Simulator};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const CANCEL: &str = r#"{"type":"CancelRequest"}"#;

fn main() -> ExitCode {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (cancels, closes) = match numbers.as_slice() {
        [] => (1_000, 300),
        [cancels, closes] if *cancels > 0 && *closes > 0 => (*cancels, *closes),
        _ => {
            eprintln!("latency: give no number, or two: of cancels and of closes");
            return ExitCode::from(2);
        }
    };
    match measure(cancels, closes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latency: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(cancels: usize, closes: usize) -> Result<(), Failure> {
    let (sender, cancel_arrived) = mpsc::channel();
    let observer = move |event: &Event| {
        if matches!(event, Event::MessageReceived { kind, .. } if kind == "CancelRequest") {
            let _ = sender.send(Instant::now());
        }
    };
    let simulator = Simulator::builder().on_event(observer).start()?;
    let flood = Faults { hold_payment: true, status_flood: true, ..Faults::default() };

    let till = Till::new(&simulator, "wss")?;
    simulator.set_faults(flood.clone());
    let connection = till.open()?;
    let mut statuses = 0;
    let mut times = Vec::new();
    for _ in 0..cancels {
        let (sent_at, count) = cancel_under_flood(&connection)?;
        times.push(cancel_arrived.recv()?.saturating_duration_since(sent_at));
        statuses += count;
        simulator.forget_events();
    }
    tell("cancel: from the call of send until the device has it, under a status flood", &mut times);
    println!("  ({} status messages to each payment, on average)", statuses / cancels);

    let unanswered = Faults { exchange: Exchange::NoReply, ..Faults::default() };
    for (scheme, faults, request, what) in [
        ("wss", &flood, SALE, "close: until an exchange under a status flood has returned"),
        ("wss", &unanswered, LOOKUP, "close: until an exchange that waits in silence has returned"),
        ("https", &unanswered, LOOKUP, "close: until an exchange over https has returned"),
    ] {
        let till = Till::new(&simulator, scheme)?;
        simulator.set_faults(faults.clone());
        let mut times = Vec::new();
        for _ in 0..closes {
            let connection = till.open()?;
            times.push(close_in_exchange(&simulator, &connection, request)?);
            simulator.forget_payments();
            simulator.forget_events();
        }
        tell(what, &mut times);
    }

    let till = Till::new(&simulator, "wss")?;
    let mut times = Vec::new();
    for _ in 0..closes {
        let connection = till.open()?;
        times.push(close_in_receive(&connection)?);
        simulator.forget_events();
    }
    tell("close: until four threads in receive have returned, the last of them", &mut times);
    Ok(())
}

/// Settings and identity of a till.
struct Till {
    device: Device,
    identity: Identity,
}

impl Till {
    fn new(simulator: &Simulator, scheme: &str) -> Result<Till, Failure> {
        let url = format!("{scheme}://{}/", simulator.address());
        let device = Device::builder(&url).root_ca_pem(simulator.root_ca_chain_pem()).build()?;
        let identity = device.pair("1001", &simulator.setup_code())?;
        Ok(Till { device, identity })
    }

    fn open(&self) -> Result<Connection, Failure> {
        Ok(self.device.open_mtls(&self.identity)?)
    }
}

const SALE: &str = r#"{"type":"PaymentRequest","merchantReferenceCode":"L-1","amountDetails":{"amount":"12.50","currency":"EUR"}}"#;

const LOOKUP: &str = r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"none"}"#;

/// When the second thread called `send`, and how many status messages the first one got.
fn cancel_under_flood(connection: &Connection) -> Result<(Instant, usize), Failure> {
    thread::scope(|scope| {
        let (under_flood, is_under_flood) = mpsc::channel();
        let canceller = scope.spawn(move || -> Result<Instant, Failure> {
            is_under_flood.recv()?;
            let called = Instant::now();
            connection.send(CANCEL)?;
            Ok(called)
        });
        let mut statuses = 0;
        let reply = connection.exchange(SALE, DEFAULT_SILENCE, &mut |_| {
            statuses += 1;
            if statuses == FLOODED {
                let _ = under_flood.send(());
            }
        })?;
        if !reply.contains("ABORTED") {
            return Err(format!("not aborted: {reply}").into());
        }
        Ok((canceller.join().map_err(|_| "the canceller panicked")??, statuses))
    })
}

/// Status messages after which the flood is in full flow.
const FLOODED: usize = 100;

fn close_in_exchange(
    simulator: &Simulator,
    connection: &Connection,
    request: &str,
) -> Result<Duration, Failure> {
    thread::scope(|scope| {
        let (under_flood, is_under_flood) = mpsc::channel();
        let waiter = scope.spawn(move || {
            let mut statuses = 0;
            let result = connection.exchange(request, DEFAULT_SILENCE, &mut |_| {
                statuses += 1;
                if statuses == FLOODED {
                    let _ = under_flood.send(());
                }
            });
            (result, Instant::now())
        });
        if request == SALE {
            is_under_flood.recv()?;
        } else {
            let arrived = |events: &[Event]| {
                let is_lookup = |event: &Event| matches!(event, Event::MessageReceived { .. });
                events.iter().any(is_lookup).then_some(())
            };
            simulator.wait_for(arrived, Duration::from_secs(20))?;
        }
        let called = Instant::now();
        connection.close();
        match waiter.join().map_err(|_| "the waiter panicked")? {
            (Err(error), returned) if error.status() == Status::Cancelled => {
                Ok(returned.saturating_duration_since(called))
            }
            (result, _) => Err(format!("the exchange was not cancelled: {result:?}").into()),
        }
    })
}

fn close_in_receive(connection: &Connection) -> Result<Duration, Failure> {
    thread::scope(|scope| {
        let (ready, is_ready) = mpsc::channel();
        let waiters: Vec<_> = (0..4)
            .map(|_| {
                let ready = ready.clone();
                scope.spawn(move || {
                    let _ = ready.send(());
                    let _ = connection.receive(DEFAULT_SILENCE);
                    Instant::now()
                })
            })
            .collect();
        for _ in &waiters {
            is_ready.recv()?;
        }
        let called = Instant::now();
        connection.close();
        let mut last = called;
        for waiter in waiters {
            last = last.max(waiter.join().map_err(|_| "a waiter panicked")?);
        }
        Ok(last.saturating_duration_since(called))
    })
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let milliseconds = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let share = |percent: usize| milliseconds(times.get((times.len() * percent).div_ceil(100).max(1) - 1));
    println!("{what}");
    println!(
        "  {} times: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        times.len(),
        share(50),
        share(99),
        milliseconds(times.last())
    );
}
