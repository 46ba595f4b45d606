//! Memory, threads and descriptors of a till over a long time and with many connections.
//!
//! ```text
//! cargo bench --bench soak                               everything, a quarter of an hour
//! cargo bench --bench soak -- exchanges wss 100000       so many exchanges on one connection
//! cargo bench --bench soak -- connections https 1000     so many connections at a time
//! ```
//!
//! Prints figures and judges nothing; the bounds that the tests hold are in `tests/it/soak.rs`. Each measurement is
//! a process of its own, so that none finds memory that another one has left, and the device is another process
//! again. Needs Linux, whose `/proc` it reads.

mod device;
// The same measure as in the tests.
#[path = "../../tests/it/footprint.rs"]
mod footprint;

use device::DeviceProcess;
use footprint::Footprint;
use poslatch::{Connection, DEFAULT_SILENCE};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

const EXCHANGES: usize = 100_000;
const CONNECTIONS: usize = 1_000;

/// After so many, everything that is made once has been made.
const WARM_UP: usize = 1_000;

fn main() -> ExitCode {
    // Cargo adds a word of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome =
        match words.as_slice() {
            [] => all(),
            ["device"] => device::run(),
            ["exchanges", scheme, count] => number(count).and_then(|count| exchanges(scheme, count)),
            ["connections", scheme, count] => number(count).and_then(|count| connections(scheme, count)),
            _ => Err("words: nothing, or one of exchanges and connections, then wss or https, then a number"
                .into()),
        };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn number(word: &str) -> Result<usize, Failure> {
    Ok(word.parse()?)
}

fn all() -> Result<(), Failure> {
    for (what, count) in [("connections", CONNECTIONS), ("exchanges", EXCHANGES)] {
        for scheme in ["wss", "https"] {
            let mut measurement = Command::new(std::env::current_exe()?);
            let status = measurement.args([what, scheme, &count.to_string()]).status()?;
            if !status.success() {
                return Err(format!("{what} over {scheme}: {status}").into());
            }
        }
    }
    Ok(())
}

/// Payments, one after the other on one connection.
fn exchanges(scheme: &str, count: usize) -> Result<(), Failure> {
    let device_process = DeviceProcess::start()?;
    let (device, identity) = device_process.pair(scheme)?;
    println!("\n{scheme}: {count} payments on one connection");
    let connection = device.open_mtls(&identity)?;
    let mut statuses = 0;
    for index in 0..WARM_UP {
        statuses += pay(&connection, index)?;
    }
    let warm = show(&format!("after {WARM_UP} to warm up"))?;
    let begun = Instant::now();
    for index in 0..count {
        statuses += pay(&connection, WARM_UP + index)?;
        if (index + 1) % (count / 5).max(1) == 0 {
            show(&format!("after {} more", index + 1))?;
        }
    }
    let took = begun.elapsed();
    let growth = i128::from(Footprint::now()?.rss_kib) - i128::from(warm.rss_kib);
    println!(
        "  growth {growth:+} KiB; {:.0} s, {:.2} ms each; {statuses} status messages",
        took.as_secs_f64(),
        took.as_secs_f64() * 1000.0 / count as f64,
    );
    Ok(())
}

/// Connections, all open at the same time; each has served a payment.
fn connections(scheme: &str, count: usize) -> Result<(), Failure> {
    check_descriptors(count)?;
    let device_process = DeviceProcess::start()?;
    let (device, identity) = device_process.pair(scheme)?;
    println!("\n{scheme}: {count} connections at a time");
    // What is made once for a process is not the first connection's.
    pay(&device.open_mtls(&identity)?, 0)?;
    let none = settled(1, |now| now.threads)?;
    println!("  {}", line("none open", none));

    let mut open = Vec::new();
    for next in [1, 10, 100, 1_000, 10_000].into_iter().map(|step: usize| step.min(count)) {
        if next <= open.len() {
            break;
        }
        while open.len() < next {
            let connection = device.open_mtls(&identity)?;
            pay(&connection, open.len() + 1)?;
            open.push(connection);
        }
        let threads = if scheme == "wss" { next as u64 } else { 0 };
        let now = settled(none.threads + threads, |now| now.threads)?;
        let each = |count: u64, before: u64| (count as f64 - before as f64) / next as f64;
        println!(
            "  {}; each {:.1} KiB, {} threads, {} descriptors",
            line(&format!("{next} open"), now),
            each(now.rss_kib, none.rss_kib),
            each(now.threads, none.threads),
            each(now.descriptors, none.descriptors),
        );
    }
    drop(open);
    let closed = settled(none.descriptors, |now| now.descriptors)?;
    println!("  {}", line("all closed", closed));

    // What the allocator has kept is used again; what was leaked is not.
    let again = (0..count).map(|index| {
        let connection = device.open_mtls(&identity)?;
        pay(&connection, count + index + 1)?;
        Ok(connection)
    });
    let again: Vec<Connection> = again.collect::<Result<_, Failure>>()?;
    let threads = if scheme == "wss" { again.len() as u64 } else { 0 };
    let now = settled(none.threads + threads, |now| now.threads)?;
    println!("  {}", line(&format!("{} open once more", again.len()), now));
    Ok(())
}

fn pay(connection: &Connection, index: usize) -> Result<usize, Failure> {
    let request = format!(
        r#"{{"type":"PaymentRequest","merchantReferenceCode":"S-{index}","amountDetails":{{"amount":"12.50","currency":"EUR"}}}}"#
    );
    let mut statuses = 0;
    let reply = connection.exchange(&request, DEFAULT_SILENCE, &mut |_| statuses += 1)?;
    match reply.contains("APPROVED") {
        true => Ok(statuses),
        false => Err(format!("not approved: {reply}").into()),
    }
}

fn show(when: &str) -> Result<Footprint, Failure> {
    let now = Footprint::now()?;
    println!("  {}", line(when, now));
    Ok(now)
}

fn line(when: &str, now: Footprint) -> String {
    let Footprint { rss_kib, threads, descriptors } = now;
    format!("{when:24} {rss_kib:7} KiB resident, {threads} threads, {descriptors} descriptors")
}

/// The footprint, once this figure of it is as expected or has had ten seconds to become so: threads that were not
/// waited for, those that dialled, take a moment to go.
fn settled(expected: u64, figure: fn(Footprint) -> u64) -> Result<Footprint, Failure> {
    for _ in 0..1_000 {
        let now = Footprint::now()?;
        if figure(now) == expected {
            return Ok(now);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(Footprint::now()?)
}

/// A process may often open no more than 1024 files.
fn check_descriptors(count: usize) -> Result<(), Failure> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let limit = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    match limit {
        Some(limit) if limit < count + 64 => {
            Err(format!("this process may open only {limit} files: run `ulimit -n {}` before", count + 64)
                .into())
        }
        _ => Ok(()),
    }
}
