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
    with_one_arena();
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
    let mut memory_kib = Vec::new();
    if names.is_empty() {
        // In rounds of one size, since what the allocator keeps goes by the most that was ever in use.
        for round in cases.chunks(cases.len().div_ceil(ROUNDS)) {
            sweep::run(round, &mut tally, false)?;
            memory_kib.push(Footprint::settled(&before)?.memory_kib);
        }
        tally.demand_everything();
    } else {
        cases.retain(|case| names.iter().any(|name| case.is_named(name)));
        if cases.is_empty() {
            return Err(format!("no case is named {}", names.join(" or ")));
        }
        sweep::run(&cases, &mut tally, cases.len() <= SHOWN_MAX)?;
    }
    tally.compare();
    count_leaks(&before, &Footprint::settled(&before)?, &memory_kib, &mut tally);
    tally.lines().iter().for_each(|line| println!("sweep: {line}"));
    println!("sweep: {} runs in {} s, {} faults", tally.runs, begun.elapsed().as_secs(), tally.faults.len());
    Ok(tally.faults)
}

fn count_leaks(before: &Footprint, after: &Footprint, memory_kib: &[u64], tally: &mut Tally) {
    println!(
        "sweep: threads {} before, {} after; descriptors {}, {}; memory after each round, in KiB: {memory_kib:?}",
        before.threads, after.threads, before.descriptors, after.descriptors
    );
    if after.threads > before.threads || after.descriptors > before.descriptors {
        tally.faults.push(format!("threads or descriptors were left behind: {before:?}, then {after:?}"));
    }
    // The best of both halves: what a round leaves varies with the order of its threads, what leaks adds up.
    if let [first, second, third, fourth] = memory_kib
        && third.min(fourth) > &(first.min(second) + MEMORY_ALLOWED_KIB)
    {
        tally.faults.push(format!("memory has grown, in KiB after each round: {memory_kib:?}"));
    }
}

/// Starts this program anew if its memory cannot be compared: the allocator of glibc has as many heaps as it sees fit
/// for so many threads, and gives little of them back.
fn with_one_arena() {
    #[cfg(target_os = "linux")]
    if std::env::var_os(ARENAS).is_none() {
        use std::os::unix::process::CommandExt;
        let program = std::env::current_exe().expect("this program");
        let error =
            std::process::Command::new(program).args(std::env::args_os().skip(1)).env(ARENAS, "1").exec();
        panic!("cannot start anew: {error}");
    }
}

#[cfg(target_os = "linux")]
const ARENAS: &str = "MALLOC_ARENA_MAX";

const ROUNDS: usize = 4;

/// What the allocator may keep of a round, which is about 48 MiB when something small lies on top of its heap. Over two
/// rounds it is a kilobyte for each run: a TLS session, a thread's stack or a buffer shows, a string does not.
const MEMORY_ALLOWED_KIB: u64 = 64 * 1024;

/// As many as a person reads.
const SHOWN_MAX: usize = 20;
