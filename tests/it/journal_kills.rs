//! Tills that are killed between request and reply, and what the journal then says: exactly the
//! reference that was on its way.
//!
//! The killed process is this test program once more. It tells how far it is in a file of its own,
//! which the journal has no part in and which survives the kill as every write does; that is what the
//! journal is judged by.

use crate::common::*;
use crate::journal::{begin, dead_lines, pending};
use crate::saves::Random;
use poslatch::Journal;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Names the folder that the child works in, and what it does there.
const FOLDER: &str = "POSLATCH_TEST_JOURNAL_IN";
const TASK: &str = "POSLATCH_TEST_JOURNAL_TASK";

/// Begins and finishes requests.
const REQUESTS: &str = "requests";
/// The same, with a file that is compacted at each begin.
const COMPACTIONS: &str = "compactions";
/// Pays at a device; see `killed_tills`.
pub(crate) const PAYMENTS: &str = "payments";

pub(crate) const JOURNAL: &str = "journal";
pub(crate) const PROGRESS: &str = "progress";

/// Begins the bytes of the child that count; before it come the words of the test harness.
const READY: u8 = 0x01;
const TICK: u8 = 0x02;

/// Half of the kills come at once and half after the first begin, which on a busy disk can take longer
/// than all ticks; each after some ticks more.
const STEPS_MAX: u64 = 2;
const TICKS_MAX: u64 = 2_000;

/// Longest wait for a reply, in times that a begin took: so the kills are shared out alike on any disk.
const BEGINS_MAX: u64 = 2;

const KILLS: usize = 200;

/// One loop for each core that there is at least.
const CHILDREN: usize = 2;

#[test]
fn a_killed_till_leaves_exactly_the_request_that_was_on_its_way() {
    let found = in_lanes(|lane| {
        let folder = Folder::new(&format!("journal-killed-{lane}"));
        let journal = Journal::open(folder.path.join(JOURNAL)).expect("made");
        let mut random = Random::new();
        let mut found = Findings::default();
        for kill in 0..KILLS / CHILDREN {
            let mut till = Till::start(&folder.path, REQUESTS);
            till.wait_for_steps(random.below(STEPS_MAX), &folder.path);
            till.wait_for_ticks(random.below(TICKS_MAX));
            let reached = till.killed(&folder.path);
            let pending = pending(&journal);
            found.add(&reached, &pending);
            // The others are settled by hand: to forget waits for the disk.
            if kill % 20 == 0 {
                pending.iter().for_each(|reference| assert!(journal.forget(reference).expect("written")));
            } else {
                std::fs::write(journal.path(), "").expect("emptied");
            }
            assert_eq!(std::fs::read(journal.path()).expect("there"), b"", "all is settled");
        }
        found
    });
    println!("{KILLS} kills: {found:?}");
    // Otherwise the kills missed what they were to hit.
    assert!(found.on_their_way >= KILLS / 10 && found.between >= KILLS / 100, "{found:?}");
}

#[test]
fn a_till_killed_while_the_journal_is_compacted_loses_no_entry() {
    const KILLS: usize = 100;
    /// Ticks after the new file showed; it is in its place some thousand later.
    const TICKS_MAX: u64 = 8_000;
    let folder = Folder::new("journal-killed-compacting");
    let journal = Journal::open(folder.path.join(JOURNAL)).expect("made");
    drop(begin(&journal, "anchor"));
    let anchor = std::fs::read(journal.path()).expect("there");
    let mut random = Random::new();
    let (mut found, mut interrupted) = (Findings::default(), 0);
    for _ in 0..KILLS {
        let mut till = Till::start(&folder.path, COMPACTIONS);
        let unfinished = format!(".{JOURNAL}.{}-", till.process.id());
        let is_there = || folder.files().iter().any(|name| name.starts_with(&unfinished));
        while !is_there() {
            till.wait_for_ticks(1);
        }
        till.wait_for_ticks(random.below(TICKS_MAX));
        let reached = till.killed(&folder.path);
        interrupted += usize::from(is_there());
        let mut pending = pending(&journal);
        assert_eq!(pending.remove(0), "anchor");
        found.add(&reached, &pending);
        std::fs::write(journal.path(), &anchor).expect("as before");
    }
    println!("{KILLS} kills, {interrupted} compactions interrupted: {found:?}");
    assert!(interrupted > 0, "{found:?}");
}

/// Runs `kill` for each lane at the same time, and sums up what was found.
fn in_lanes(kill: impl Fn(usize) -> Findings + Sync) -> Findings {
    std::thread::scope(|scope| {
        let kill = &kill;
        let lanes: Vec<_> = (0..CHILDREN).map(|lane| scope.spawn(move || kill(lane))).collect();
        lanes
            .into_iter()
            .map(|lane| lane.join().expect("the journal is right"))
            .reduce(|one, other| Findings {
                on_their_way: one.on_their_way + other.on_their_way,
                between: one.between + other.between,
                between_and_pending: one.between_and_pending + other.between_and_pending,
            })
            .expect("a lane")
    })
}

/// What the kills hit.
#[derive(Debug, Default)]
struct Findings {
    /// A request whose begin had returned and whose finish had not been called.
    on_their_way: usize,
    /// A till within begin or finish; both answers are right then.
    between: usize,
    between_and_pending: usize,
}

impl Findings {
    /// Judges the journal by how far the till had come.
    fn add(&mut self, reached: &Reached, pending: &[String]) {
        match reached {
            Reached::OnItsWay(reference) => {
                assert_eq!(pending, [reference.as_str()], "{reached:?}");
                self.on_their_way += 1;
            }
            Reached::Between(reference) => {
                assert!(pending.is_empty() || pending == [reference.as_str()], "{pending:?}, {reached:?}");
                self.between += 1;
                self.between_and_pending += pending.len();
            }
        }
    }
}

/// How far a till had come when it was killed.
#[derive(Debug)]
enum Reached {
    /// Begun, and not finishing yet.
    OnItsWay(String),
    /// Beginning or finishing.
    Between(String),
}

/// A process that works without end; killed, and gone, when dropped.
pub(crate) struct Till {
    pub(crate) process: Child,
}

impl Till {
    /// Returns once it works.
    pub(crate) fn start(folder: &Path, task: &str) -> Till {
        let _ = std::fs::remove_file(folder.join(PROGRESS));
        let process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "journal_kills::a_child_is_a_till_only_when_it_is_told_to", "--nocapture"])
            .env(FOLDER, folder)
            .env(TASK, task)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program starts once more");
        let mut till = Till { process };
        while till.next_byte() != READY {}
        till
    }

    fn wait_for_steps(&mut self, steps: u64, folder: &Path) {
        let told =
            || std::fs::read_to_string(folder.join(PROGRESS)).unwrap_or_default().lines().count() as u64;
        while told() < steps {
            self.wait_for_ticks(1);
        }
    }

    pub(crate) fn wait_for_ticks(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.next_byte();
        }
    }

    fn next_byte(&mut self) -> u8 {
        let mut byte = [0];
        self.process.stdout.as_mut().expect("piped").read_exact(&mut byte).expect("the child works");
        byte[0]
    }

    /// Kills it, and reads how far it had come.
    fn killed(self, folder: &Path) -> Reached {
        let process = self.process.id();
        drop(self);
        let text = std::fs::read_to_string(folder.join(PROGRESS)).unwrap_or_default();
        let last = text.rsplit_once('\n').and_then(|(whole, _)| whole.lines().last()).unwrap_or_default();
        match last.split_once(' ') {
            None => Reached::Between(reference(process, 0)),
            Some(("begun", number)) => {
                Reached::OnItsWay(reference(process, number.parse().expect("a number")))
            }
            Some(("finishing", number)) => {
                Reached::Between(reference(process, number.parse().expect("a number")))
            }
            // The next one may have begun without having been able to say so.
            Some(("finished", number)) => {
                Reached::Between(reference(process, number.parse::<u64>().expect("a number") + 1))
            }
            Some(_) => panic!("{last}"),
        }
    }
}

impl Drop for Till {
    fn drop(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("gone");
    }
}

fn reference(process: u32, number: u64) -> String {
    format!("{process}-{number}")
}

/// The child's side: nothing, unless [`FOLDER`] is set; then works until it is killed.
#[test]
fn a_child_is_a_till_only_when_it_is_told_to() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let task = std::env::var(TASK).expect("a task");
    if task == PAYMENTS {
        return crate::killed_tills::pay_until_killed(&folder, tick);
    }
    let journal = Journal::open(folder.join(JOURNAL)).expect("there");
    let progress = OpenOptions::new().append(true).create_new(true).open(folder.join(PROGRESS));
    let mut progress = progress.expect("a file");
    let dead = (task == COMPACTIONS).then(dead_lines);
    let mut random = Random::new();
    tick();
    for number in 0.. {
        if let Some(dead) = &dead {
            let mut file = OpenOptions::new().append(true).open(journal.path()).expect("there");
            file.write_all(dead.as_bytes()).expect("grown");
        }
        let start = Instant::now();
        let ticket = begin(&journal, &reference(std::process::id(), number));
        let took = start.elapsed();
        tell(&mut progress, "begun", number);
        // Here, a till waits for the reply.
        let reply = Instant::now() + took.mul_f64(random.below(BEGINS_MAX * 1_000) as f64 / 1_000.0);
        while Instant::now() < reply {
            std::hint::spin_loop();
        }
        tell(&mut progress, "finishing", number);
        ticket.finish().expect("struck out");
        tell(&mut progress, "finished", number);
    }
}

/// In one write, which a kill does not divide.
fn tell(progress: &mut File, step: &str, number: u64) {
    progress.write_all(format!("{step} {number}\n").as_bytes()).expect("told");
}

/// Ticks from now on. The ticks know nothing of the work: that is what makes the moments random.
fn tick() {
    std::thread::spawn(|| {
        let mut out = std::io::stdout().lock();
        let mut tick = |byte| {
            // Without a parent, nobody would ever kill it.
            if out.write_all(&[byte]).and_then(|()| out.flush()).is_err() {
                std::process::exit(1);
            }
        };
        tick(READY);
        loop {
            tick(TICK);
        }
    });
}
