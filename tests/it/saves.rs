//! Saves that are killed, and what they leave: the file is the old one or the new one, whole.
//!
//! The killed process is this test program once more, told by the environment to save in a loop.

use crate::common::*;
use poslatch::Identity;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

/// Names the folder that the child works in.
const FOLDER: &str = "POSLATCH_TEST_SAVES_IN";

/// The identities between which the child changes, and the file that it saves them to.
const FIRST: &str = "first.pem";
const SECOND: &str = "second.pem";
const TILL: &str = "till.pem";

/// Begins the bytes of the child that count; before it come the words of the test harness.
const READY: u8 = 0x01;
const TICK: u8 = 0x02;

/// Ticks among which the moment of a kill is drawn. A save lasts a few hundred of them, so that every
/// part of it gets its share of the kills.
const TICKS_MAX: u64 = 4_000;

/// Fewer where Wine starts each process: a hundred take as long there as a thousand elsewhere.
const KILLS: usize = if cfg!(windows) { 100 } else { 1_000 };

/// One loop for each core that there is at least.
const CHILDREN: usize = 2;

#[test]
fn a_thousand_killed_saves_leave_the_old_identity_or_the_new_one_whole() {
    let simulator = simulator();
    let texts = ["1001", "1002"].map(|pos_id| identity(&simulator, pos_id).to_pem(None).expect("text"));
    let halves: Vec<_> = std::thread::scope(|scope| {
        let texts = &texts;
        let kill = move |lane: usize| kill_saves(&format!("killed-{lane}"), KILLS / CHILDREN, texts);
        let lanes: Vec<_> = (0..CHILDREN).map(|lane| scope.spawn(move || kill(lane))).collect();
        lanes.into_iter().map(|lane| lane.join().expect("no half file")).collect()
    });
    let found: Findings = halves.into_iter().fold(Findings::default(), |sum, half| sum + half);
    println!("{KILLS} kills: {found:?}");
    // Otherwise the kills missed what they were to hit.
    assert!(found.first > 0 && found.second > 0 && found.interrupted > 0, "{found:?}");
}

/// What was there after the kills.
#[derive(Debug, Default)]
struct Findings {
    first: usize,
    second: usize,
    /// Kills that left an unfinished file: what their own save was writing.
    interrupted: usize,
}

impl std::ops::Add for Findings {
    type Output = Findings;

    fn add(self, other: Findings) -> Findings {
        Findings {
            first: self.first + other.first,
            second: self.second + other.second,
            interrupted: self.interrupted + other.interrupted,
        }
    }
}

fn kill_saves(name: &str, kills: usize, texts: &[impl AsRef<[u8]>; 2]) -> Findings {
    let folder = Folder::new(name);
    let till = folder.path.join(TILL);
    let [first, second] = texts.each_ref().map(AsRef::as_ref);
    for (name, text) in [(FIRST, first), (SECOND, second), (TILL, first)] {
        std::fs::write(folder.path.join(name), text).expect("written");
    }
    let mut random = Random::new();
    let mut found = Findings::default();
    for kill in 0..kills {
        let mut child = SavingChild::start(&folder.path);
        let process = child.process.id();
        child.wait_for(random.below(TICKS_MAX));
        drop(child);
        let there = std::fs::read(&till).unwrap_or_else(|error| panic!("lost by kill {kill}: {error}"));
        match &*there {
            text if text == first => found.first += 1,
            text if text == second => found.second += 1,
            _ => panic!("half a file of {} bytes after kill {kill}", there.len()),
        }
        let unfinished = format!(".{TILL}.{process}-");
        found.interrupted += folder.files().iter().filter(|name| name.starts_with(&unfinished)).count();
    }
    if cfg!(any(target_os = "linux", windows)) {
        let identity = Identity::load(&till, None).expect("whole");
        identity.save(&till, None).expect("saved");
        assert_eq!(folder.files(), [FIRST, SECOND, TILL], "the next save tidies up");
    }
    found
}

/// A process that saves without end; killed, and gone, when dropped.
struct SavingChild {
    process: Child,
}

impl SavingChild {
    fn start(folder: &Path) -> SavingChild {
        let process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "saves::a_child_saves_only_when_it_is_told_to", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program starts once more");
        SavingChild { process }
    }

    /// Returns once the child saves and `ticks` more have come.
    fn wait_for(&mut self, ticks: u64) {
        let out = self.process.stdout.as_mut().expect("piped");
        let mut byte = [0];
        while byte != [READY] {
            out.read_exact(&mut byte).expect("the child saves");
        }
        for _ in 0..ticks {
            out.read_exact(&mut byte).expect("the child ticks");
        }
    }
}

impl Drop for SavingChild {
    fn drop(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("gone");
    }
}

/// The child's side: nothing, unless [`FOLDER`] is set; then saves until it is killed.
#[test]
fn a_child_saves_only_when_it_is_told_to() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let [first, second] =
        [FIRST, SECOND].map(|name| Identity::load(folder.join(name), None).expect("an identity"));
    // The ticks know nothing of the saves: that is what makes the moments random.
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
    loop {
        for identity in [&second, &first] {
            identity.save(folder.join(TILL), None).expect("saved");
        }
    }
}

/// Xorshift, seeded by the system; enough to scatter kills.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        Random(RandomState::new().build_hasher().finish() | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn two_processes_that_save_one_file_do_not_get_in_each_others_way() {
    let folder = Folder::new("two-processes");
    let simulator = simulator();
    let [first, second, own] = ["1001", "1002", "1003"].map(|pos_id| identity(&simulator, pos_id));
    first.save(folder.path.join(FIRST), None).expect("saved");
    second.save(folder.path.join(SECOND), None).expect("saved");
    let mut child = SavingChild::start(&folder.path);
    child.wait_for(0);
    for _ in 0..100 {
        own.save(folder.path.join(TILL), None).expect("saved");
        Identity::load(folder.path.join(TILL), None).expect("whole");
    }
    assert!(matches!(child.process.try_wait(), Ok(None)), "the child's saves succeed too");
}

#[test]
fn leftovers_of_the_living_and_files_of_others_stay_and_old_ones_go() {
    let folder = Folder::new("leftovers");
    let till = folder.path.join(TILL);
    let living = std::process::id();
    let old = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    // Windows knows a save at work by the file that it has open.
    let mut at_work = Vec::new();
    for (name, is_old) in [
        // This very process: a save of another thread.
        (format!(".till.pem.{living}-4000000000.new"), false),
        (format!(".till.pem.{living}-4000000001.new"), true),
        (".other.pem.4000000000-0.new".to_owned(), true),
        ("till.pem.new".to_owned(), true),
        (".till.pem.4000000000-0.new".to_owned(), true),
    ] {
        let file = std::fs::File::create(folder.path.join(name)).expect("made");
        if is_old {
            file.set_modified(old).expect("dated back");
        } else {
            at_work.push(file);
        }
    }
    #[cfg(any(target_os = "linux", windows))]
    std::fs::write(folder.path.join(".till.pem.4000000000-1.new"), "a process that is not there")
        .expect("written");
    identity(&simulator(), "1001").save(&till, None).expect("saved");
    let living = format!(".till.pem.{living}-4000000000.new");
    assert_eq!(folder.files(), [".other.pem.4000000000-0.new", &living, TILL, "till.pem.new"]);
}
