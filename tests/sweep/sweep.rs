//! The sweep: finds out how many bytes there are, makes a case of each, and runs them side by side.

use crate::bench::Bench;
use crate::case::{Act, Case, Scenario};
use crate::judge::{Verdict, judge, told};
use crate::tally::Tally;
use poslatch_simulator::{BreakKind, Direction};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// One case for each kind of break at each byte of each direction, in an order that mixes them.
pub(crate) fn cases() -> Result<Vec<Case>, String> {
    let mut bench = Bench::new("measure".into())?;
    let mut cases = Vec::new();
    for scenario in Scenario::all() {
        for (direction, bytes) in measure(&mut bench, scenario)? {
            for after_bytes in bytes.first..=bytes.end + BEYOND {
                cases.extend(BreakKind::ALL.map(|kind| Case { scenario, direction, kind, after_bytes }));
            }
        }
    }
    Ok(mixed(cases))
}

/// The bytes of a direction that a scenario is swept over.
struct Bytes {
    first: u64,
    end: u64,
}

/// Sizes differ a little from run to run: a pong more or less, a number with one digit more.
fn measure(bench: &mut Bench, scenario: Scenario) -> Result<[(Direction, Bytes); 2], String> {
    let mut sizes = [Bytes { first: u64::MAX, end: 0 }, Bytes { first: u64::MAX, end: 0 }];
    for _ in 0..MEASUREMENTS {
        // The break is not used.
        let case = Case { scenario, direction: Direction::ToTill, kind: BreakKind::Cut, after_bytes: 0 };
        let run = bench.healthy(&case)?;
        let [passage] = run.passages.as_slice() else {
            return Err(told(&case, &run, "not one connection on a healthy network"));
        };
        if run.told.result.is_err() {
            return Err(told(&case, &run, "failed on a healthy network"));
        }
        // What comes before it is swept as the opening.
        let opened_after = match scenario.act {
            Act::Exchange => run.opened_after.ok_or("the opening was not seen")?,
            Act::Pair | Act::Open => [0, 0],
        };
        let ends = [passage.to_device.forwarded, passage.to_till.forwarded];
        for (bytes, (opened_after, end)) in sizes.iter_mut().zip(opened_after.into_iter().zip(ends)) {
            *bytes = Bytes {
                first: bytes.first.min(opened_after.saturating_sub(EARLIER)),
                end: bytes.end.max(end),
            };
        }
    }
    let [to_device, to_till] = sizes;
    Ok([(Direction::ToDevice, to_device), (Direction::ToTill, to_till)])
}

/// Every part of the result is a fair sample of the whole; always the same order.
fn mixed(cases: Vec<Case>) -> Vec<Case> {
    let count = cases.len();
    (0..STRIDE)
        .flat_map(|start| (start..count).step_by(STRIDE))
        .filter_map(|at| cases.get(at).copied())
        .collect()
}

/// Runs the cases and adds them up. `each` sees every run that is judged.
///
/// # Errors
/// If a call hangs: then nothing more can be said of this process.
pub(crate) fn run(cases: &[Case], tally: &mut Tally, show_all: bool) -> Result<(), String> {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let (stalls, breaks): (Vec<Case>, Vec<Case>) =
        cases.iter().partition(|case| case.kind == BreakKind::Stall);
    // Stalled tills sleep, so many go on the processors that the others keep busy.
    let lanes = [Lane::new("break", breaks, cores), Lane::new("stall", stalls, cores * STALLED_PER_CORE)];
    let (sender, news) = mpsc::channel();
    thread::scope(|scope| {
        for lane in &lanes {
            for worker in 0..lane.workers {
                let (sender, name) = (sender.clone(), format!("{}-{worker}", lane.name));
                scope.spawn(move || lane.work(&name, &sender, show_all));
            }
        }
        drop(sender);
        let mut under_way = HashMap::new();
        let begun = Instant::now();
        loop {
            match news.recv_timeout(STUCK) {
                Ok(News::Begun(worker, case)) => {
                    under_way.insert(worker, case);
                }
                Ok(News::Ended(worker, case, judged)) => {
                    under_way.remove(&worker);
                    tally.add(case, judged);
                    if tally.runs.is_multiple_of(PROGRESS) {
                        println!("{} runs, {} s", tally.runs, begun.elapsed().as_secs());
                    }
                }
                Ok(News::Unable(problem)) => tally.faults.push(problem),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let cases: Vec<_> = under_way.values().map(Case::to_string).collect();
                    println!("hangs: {}", cases.join(" "));
                    // The threads that hang cannot be joined.
                    std::process::exit(1);
                }
            }
        }
    })
}

/// Cases that are worked off by a number of threads.
struct Lane {
    name: &'static str,
    cases: Vec<Case>,
    next: AtomicUsize,
    workers: usize,
}

enum News {
    Begun(String, Case),
    Ended(String, Case, Result<Verdict, String>),
    Unable(String),
}

impl Lane {
    fn new(name: &'static str, cases: Vec<Case>, workers_max: usize) -> Lane {
        Lane { name, workers: workers_max.min(cases.len()), cases, next: AtomicUsize::new(0) }
    }

    fn work(&self, name: &str, news: &Sender<News>, show_all: bool) {
        // The receiver outlives the workers.
        let tell = |message| drop(news.send(message));
        let mut bench = match Bench::new(name.to_owned()) {
            Ok(bench) => bench,
            Err(problem) => return tell(News::Unable(format!("{name}: {problem}"))),
        };
        while let Some(case) = self.cases.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            tell(News::Begun(name.to_owned(), *case));
            let judged = bench.run(case).map(|run| {
                if show_all {
                    println!("{}", told(case, &run, "as follows"));
                }
                judge(case, &run)
            });
            tell(News::Ended(name.to_owned(), *case, judged));
        }
    }
}

/// So many bytes more than were ever measured; there the calls have to succeed.
const BEYOND: u64 = 8;

/// So many bytes before an opening was seen to be over the exchange is swept: a ping, its answer or a session ticket may
/// have come in between.
const EARLIER: u64 = 128;

const MEASUREMENTS: usize = 5;

const STALLED_PER_CORE: usize = 24;

/// A prime, so that neighbours in the order differ in everything.
const STRIDE: usize = 997;

/// How often a sign of life is printed.
const PROGRESS: usize = 10_000;

/// Longer than the longest call with all its attempts; reached only when one hangs.
const STUCK: Duration = Duration::from_secs(60);
