//! The byte sweep: a network that is cut, reset or stalled at every byte of every call, in both directions. Whatever
//! byte it is, the till gets a defined status in time, and never hears "not sent" of a request that the device saw.
//!
//! A program of its own, because it counts what is left of itself in the end, and because it takes minutes:
//! `cargo xtask test sweep`. A case that failed is run again by its name, a group by the beginning of it:
//!
//! ```text
//! cargo test --test sweep -- pair-wss/to-till/cut/3655
//! cargo test --test sweep -- exchange-wss open-https/to-device
//! ```

mod bench;
mod case;
mod footprint;
mod judge;
mod sweep;
mod tally;
mod till;

use footprint::Footprint;
use std::process::ExitCode;
use std::time::Instant;
use tally::Tally;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    match sweep(&names) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            faults.iter().take(SHOWN_MAX).for_each(|fault| println!("{fault}\n"));
            println!("sweep: FAILED, {} faults", faults.len());
            ExitCode::FAILURE
        }
        Err(problem) => {
            println!("sweep: FAILED, {problem}");
            ExitCode::FAILURE
        }
    }
}

fn sweep(names: &[String]) -> Result<Vec<String>, String> {
    let begun = Instant::now();
    let mut cases = sweep::cases()?;
    // From here on there is the thread that makes keys for the devices, which stays.
    let before = Footprint::now()?;
    let mut tally = Tally::default();
    if names.is_empty() {
        // The first part is there for the memory that stays once everything has been used; the second must add none.
        let second = cases.split_off(cases.len() / 4);
        sweep::run(&cases, &mut tally, false)?;
        let warm = Footprint::settled(&before)?;
        sweep::run(&second, &mut tally, false)?;
        let after = Footprint::settled(&before)?;
        tally.compare();
        count_leaks(&before, &warm, &after, &mut tally);
    } else {
        cases.retain(|case| names.iter().any(|name| case.is_named(name)));
        if cases.is_empty() {
            return Err(format!("no case is named {}", names.join(" or ")));
        }
        sweep::run(&cases, &mut tally, cases.len() <= SHOWN_MAX)?;
        let after = Footprint::settled(&before)?;
        count_leaks(&before, &after, &after, &mut tally);
    }
    tally.lines().iter().for_each(|line| println!("sweep: {line}"));
    println!("sweep: {} runs in {} s, {} faults", tally.runs, begun.elapsed().as_secs(), tally.faults.len());
    Ok(tally.faults)
}

fn count_leaks(before: &Footprint, warm: &Footprint, after: &Footprint, tally: &mut Tally) {
    println!(
        "sweep: threads {} before, {} after; descriptors {}, {}; memory {} KiB after a quarter, {} KiB in the end",
        before.threads,
        after.threads,
        before.descriptors,
        after.descriptors,
        warm.memory_kib,
        after.memory_kib
    );
    if after.threads > before.threads || after.descriptors > before.descriptors {
        tally.faults.push(format!("threads or descriptors were left behind: {before:?}, then {after:?}"));
    }
    if after.memory_kib > warm.memory_kib + MEMORY_ALLOWED_KIB {
        tally.faults.push(format!("memory has grown: {warm:?}, then {after:?}"));
    }
}

/// What the allocator's fragments may differ by: some 250 bytes for each run, less than the smallest thing to leak.
const MEMORY_ALLOWED_KIB: u64 = 24 * 1024;

/// As many as a person reads.
const SHOWN_MAX: usize = 20;
