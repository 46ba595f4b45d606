//! The director of the conformance suite: one set of cases, played with the runner of every language. The README beside
//! this file says what a runner is told; `cargo xtask test conformance` builds the runners and starts this.
//!
//! ```text
//! cargo test --test conformance -- runners.json            every case with every runner of the list
//! cargo test --test conformance -- runners.json WORD...    the cases whose names hold one of the words
//! cargo test --test conformance -- --endure runners.json   10,000 openings and exchanges with each
//! cargo test --test conformance -- --runner                the runner of Rust
//! ```

mod case;
mod endure;
mod expect;
mod matrix;
mod play;
mod runner;
#[path = "runners/rust/runner.rs"]
mod rust_runner;
mod stage;
mod words;

use case::{Case, Scheme, Topic};
use matrix::{Matrix, Row};
use play::Verdict;
use runner::{Runner, Start};
use stage::Props;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;
use words::Line;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--runner"] => {
            rust_runner::run();
            return ExitCode::SUCCESS;
        }
        ["--endure", list] => runners(list).and_then(|starts| endure::endure(&props()?, &starts)),
        [list, wanted @ ..] if !list.starts_with("--") => {
            runners(list).and_then(|starts| conform(&starts, wanted))
        }
        _ => Err("name the list of runners; the head of tests/conformance/main.rs has the usage".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("conformance: FAILED, {problem}");
            ExitCode::FAILURE
        }
    }
}

fn conform(starts: &[Start], wanted: &[&str]) -> Result<(), String> {
    let begun = Instant::now();
    let mut topics = case::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases"))?;
    for topic in &mut topics {
        topic.cases.retain(|case| wanted.is_empty() || wanted.iter().any(|word| case.name.contains(word)));
    }
    let cases: Vec<(&Topic, &Case)> =
        topics.iter().flat_map(|topic| topic.cases.iter().map(move |case| (topic, case))).collect();
    if cases.is_empty() {
        return Err("no case is named so".to_owned());
    }
    let props = props()?;
    let columns = side_by_side(starts, |start| play_all(&props, &cases, start));
    let mut rows: Vec<Row> = cases
        .iter()
        .map(|(topic, case)| Row { topic: topic.name.clone(), case: case.name.clone(), verdicts: Vec::new() })
        .collect();
    for column in columns {
        for (row, verdict) in rows.iter_mut().zip(column) {
            row.verdicts.push(verdict);
        }
    }
    let matrix = Matrix { languages: starts.iter().map(|start| start.name.clone()).collect(), rows };
    for row in &matrix.rows {
        for (language, verdict) in matrix.languages.iter().zip(&row.verdicts) {
            if let Verdict::Failed(problem) = verdict {
                println!("== {language}: {}\n  {problem}\n", row.case);
            }
        }
    }
    matrix.lines().iter().for_each(|line| println!("conformance: {line}"));
    println!("conformance: {} s", begun.elapsed().as_secs());
    match matrix.failures() {
        0 => Ok(()),
        failures => Err(format!("{failures} times something else came of it")),
    }
}

/// Every case with one runner, which is started anew when it has come to an end.
fn play_all(props: &Props, cases: &[(&Topic, &Case)], start: &Start) -> Vec<Verdict> {
    let mut runner = None;
    let mut verdicts: Vec<Verdict> =
        cases.iter().map(|(_, case)| verdict(props, case, start, &mut runner)).collect();
    if let Some(Err(problem)) = runner.map(Runner::end)
        && let Some(last) = verdicts.last_mut()
    {
        *last = Verdict::Failed(format!("the runner's end: {problem}"));
    }
    verdicts
}

fn verdict(props: &Props, case: &Case, start: &Start, runner: &mut Option<Runner>) -> Verdict {
    if let Some((_, why)) = case.not_in.iter().find(|(language, _)| start.speaks(language)) {
        return Verdict::NotInLanguage(why.clone());
    }
    let schemes: &[&str] = match case.scheme {
        Scheme::Both => &["wss", "https"],
        Scheme::Https => &["https"],
        Scheme::Wss => &["wss"],
    };
    for scheme in schemes {
        let played = match runner {
            Some(running) => play::play(props, case, scheme, running),
            None => begin(start).and_then(|started| play::play(props, case, scheme, runner.insert(started))),
        };
        if let Err(problem) = played {
            // Whatever state it is in now, the next case begins with a fresh one.
            *runner = None;
            return Verdict::Failed(problem);
        }
    }
    Verdict::Passed
}

/// A runner that has checked its library and said who it is.
fn begin(start: &Start) -> Result<Runner, String> {
    let mut runner = Runner::start(start)?;
    let answer = runner.tell(&Line::new("hello"))?;
    match (answer.verb.as_str(), answer.get("language"), answer.get("library")) {
        ("ok", Some(_), Some(library)) if library.starts_with("poslatch ") => Ok(runner),
        _ => Err(format!("hello: {}", expect::shown(&answer))),
    }
}

/// Does a thing for every runner, two at a time, and gives the results in their order.
fn side_by_side<T: Send>(starts: &[Start], work: impl Fn(&Start) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<T>>> = starts.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from).min(starts.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(start), Some(result)) = (starts.get(at), results.get(at)) else { return };
                    let done = work(start);
                    *result.lock().expect("a worker has panicked") = Some(done);
                }
            });
        }
    });
    results.into_iter().filter_map(|result| result.into_inner().expect("a worker has panicked")).collect()
}

/// Where devices and files of the cases are.
fn props() -> Result<Props, String> {
    Props::make(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("conformance-{}", std::process::id())))
}

fn runners(list: &str) -> Result<Vec<Start>, String> {
    let text = std::fs::read_to_string(list).map_err(|error| format!("{list}: {error}"))?;
    let starts: Vec<Start> = serde_json::from_str(&text).map_err(|error| format!("{list}: {error}"))?;
    if starts.is_empty() { Err(format!("{list} names no runner")) } else { Ok(starts) }
}
