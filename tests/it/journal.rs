//! The journal of requests whose end is not known: what it keeps, what it forgives, what it refuses.
//!
//! What a killed till leaves in it is in `journal_kills.rs`, what it tells the log's sink in
//! `journal_sink.rs`.

use crate::canary::{collect, records};
use crate::common::*;
use poslatch::{Journal, JournalEntry, JournalTicket, Status};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the journal that the child writes to.
const JOURNAL: &str = "POSLATCH_TEST_JOURNAL";

/// What the library documents: below this, a file is not compacted, and no more entries are kept.
const COMPACT_BYTES_MIN: usize = 256 * 1024;
pub(crate) const PENDING_MAX: usize = 10_000;

pub(crate) fn begin(journal: &Journal, reference: &str) -> JournalTicket {
    let entry = JournalEntry { reference, kind: "PaymentRequest", device: DEVICE_NAME };
    journal.begin(&entry).expect("written")
}

pub(crate) fn pending(journal: &Journal) -> Vec<String> {
    journal.pending().expect("readable").into_iter().map(|request| request.reference).collect()
}

/// The records of a request that came to its end, long enough to make a file worth compacting.
pub(crate) fn dead_lines() -> String {
    let long = "x".repeat(COMPACT_BYTES_MIN);
    format!(
        "{{\"sent\":{{\"id\":\"dead\",\"reference\":\"D\",\"device\":\"{long}\"}}}}\n{{\"done\":\"dead\"}}\n"
    )
}

fn size(path: &Path) -> usize {
    std::fs::read(path).expect("there").len()
}

#[test]
fn a_request_is_pending_from_its_begin_to_its_end() {
    let folder = Folder::new("journal-pending");
    let path = folder.path.join("journal");
    let journal = Journal::open(&path).expect("made");
    assert_eq!(journal.path(), path);
    assert_eq!(pending(&journal), [] as [&str; 0]);
    let first = begin(&journal, "A-1");
    let second = begin(&journal.clone(), "A-2");
    // Another process would see the same.
    let requests = Journal::open(&path).expect("there").pending().expect("readable");
    assert_eq!(requests.iter().map(|request| &*request.reference).collect::<Vec<_>>(), ["A-1", "A-2"]);
    for request in requests {
        assert_eq!((&*request.kind, &*request.device), ("PaymentRequest", DEVICE_NAME));
        let time = request.time.as_bytes();
        assert!(time.len() == 20 && time.starts_with(b"20") && time.ends_with(b"Z"), "{}", request.time);
    }
    first.finish().expect("struck out");
    assert_eq!(pending(&journal), ["A-2"]);
    second.finish().expect("struck out");
    assert_eq!(pending(&journal), [] as [&str; 0]);
    assert_eq!(size(&path), 0, "nothing is kept of what has ended");
    assert_eq!(folder.files(), ["journal", "journal.lock"]);
}

#[test]
fn two_requests_of_one_reference_end_each_by_itself_and_are_settled_together() {
    let folder = Folder::new("journal-twice");
    let journal = Journal::open(folder.path.join("journal")).expect("made");
    let tickets = ["A-1", "A-1", "A-1", "B-1"].map(|reference| begin(&journal, reference));
    let [first, second, third, other] = tickets;
    second.finish().expect("struck out");
    // Whoever does not say how it ended leaves it in doubt.
    drop((first, other));
    assert_eq!(pending(&journal), ["A-1", "A-1", "B-1"]);
    assert!(journal.forget("A-1").expect("written"));
    assert_eq!(pending(&journal), ["B-1"]);
    assert!(!journal.forget("A-1").expect("nothing to do"));
    third.finish().expect("nothing to do");
    assert_eq!(pending(&journal), ["B-1"]);
    assert!(journal.forget("B-1").expect("written"));
    assert_eq!(size(journal.path()), 0);
}

/// As the unit test of the records does it, but with the file that a killed or
/// powerless till leaves, and the till that starts after it.
#[test]
fn a_till_goes_on_with_a_journal_that_was_torn_at_any_byte() {
    let folder = Folder::new("journal-torn");
    let path = folder.path.join("journal");
    let journal = Journal::open(&path).expect("made");
    let first = begin(&journal, "A-1");
    let lines = [begin(&journal, "\u{20ac}-\"2\"\n"), begin(&journal, "A-3")].len() + 2;
    first.finish().expect("struck out");
    let whole = std::fs::read(&path).expect("there");
    let ends: Vec<usize> = (0..whole.len()).filter(|&at| whole[at] == b'\n').collect();
    assert_eq!(ends.len(), lines);
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).expect("torn");
        let mut expected = Vec::new();
        if cut >= ends[0] && cut < ends[3] {
            expected.push("A-1");
        }
        if cut >= ends[1] {
            expected.push("\u{20ac}-\"2\"\n");
        }
        if cut >= ends[2] {
            expected.push("A-3");
        }
        assert_eq!(pending(&journal), expected, "cut at {cut}");
        let next = begin(&journal, "next");
        assert_eq!(pending(&journal), [&expected[..], &["next"]].concat(), "cut at {cut}, then one more");
        next.finish().expect("struck out");
        assert_eq!(pending(&journal), expected, "cut at {cut}, and its end");
    }
}

#[test]
fn threads_do_not_get_in_each_others_way() {
    const THREADS: usize = 8;
    let folder = Folder::new("journal-threads");
    let path = folder.path.join("journal");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let path = &path;
            // Each with a handle of its own, as plug-ins that know nothing of each other have.
            scope.spawn(move || work(&Journal::open(path).expect("made"), &thread.to_string()));
        }
    });
    assert_all_work_was_kept(&path, (0..THREADS).map(|thread| thread.to_string()));
}

#[test]
fn processes_do_not_get_in_each_others_way() {
    const PROCESSES: usize = 3;
    let folder = Folder::new("journal-processes");
    let path = folder.path.join("journal");
    let start = |_| {
        let mut child = child("journal::a_child_works_only_when_it_is_told_to");
        child.env(JOURNAL, &path).spawn().expect("this program starts once more")
    };
    let children: Vec<_> = (0..PROCESSES).map(start).collect();
    let workers: Vec<_> = children.iter().map(|child| child.id().to_string()).collect();
    for mut child in children {
        assert!(child.wait().expect("ends").success());
    }
    assert_all_work_was_kept(&path, workers.into_iter());
}

/// One test, in a process of its own.
pub(crate) fn child(test: &str) -> Command {
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", test, "--nocapture"]).stdout(Stdio::null());
    child
}

/// The child's side: nothing, unless [`JOURNAL`] is set.
#[test]
fn a_child_works_only_when_it_is_told_to() {
    let Some(path) = std::env::var_os(JOURNAL).map(PathBuf::from) else { return };
    work(&Journal::open(path).expect("made"), &std::process::id().to_string());
}

const REQUESTS: usize = 60;

/// Requests of which every third comes to no end.
fn work(journal: &Journal, worker: &str) {
    for number in 0..REQUESTS {
        let ticket = begin(journal, &format!("{worker}-{number}"));
        if number % 3 == 0 {
            drop(ticket);
        } else if ticket.finish().is_err() {
            // It does not wait for long, and a slow disk under so many can take that.
            assert!(journal.forget(&format!("{worker}-{number}")).expect("written"));
        }
    }
}

fn assert_all_work_was_kept(path: &Path, workers: impl Iterator<Item = String>) {
    let mut expected: Vec<String> = workers
        .flat_map(|worker| (0..REQUESTS).step_by(3).map(move |number| format!("{worker}-{number}")))
        .collect();
    let mut found = pending(&Journal::open(path).expect("there"));
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_grows_is_compacted_and_keeps_what_is_pending() {
    let folder = Folder::new("journal-compacted");
    let path = folder.path.join("journal");
    let journal = Journal::open(&path).expect("made");
    let [old, older] = ["A-1", "A-2"].map(|reference| begin(&journal, reference));
    let former = std::fs::read_to_string(&path).expect("there");
    std::fs::write(&path, former + &dead_lines()).expect("grown");
    let new = begin(&journal, "A-3");
    assert!(size(&path) < 1024, "{} bytes", size(&path));
    assert_eq!(pending(&journal), ["A-1", "A-2", "A-3"]);
    // Tickets outlive it.
    old.finish().expect("struck out");
    new.finish().expect("struck out");
    assert_eq!(pending(&journal), ["A-2"]);
    assert_owner_only(&folder.path);
    older.finish().expect("struck out");
    assert_eq!(folder.files(), ["journal", "journal.lock"]);
}

#[test]
fn both_files_are_their_owners_alone() {
    let folder = Folder::new("journal-owner");
    let journal = Journal::open(folder.path.join("journal")).expect("made");
    drop(begin(&journal, "A-1"));
    assert_owner_only(&folder.path);
}

fn assert_owner_only(folder: &Path) {
    #[cfg(unix)]
    for name in ["journal", "journal.lock"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.join(name)).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name} has mode {mode:o}");
    }
    #[cfg(not(unix))]
    let _ = folder;
}

#[test]
fn a_full_journal_drops_its_oldest_entry_and_says_so() {
    collect();
    let folder = Folder::new("journal-full");
    let path = folder.path.join("journal");
    let line = |number| format!("{{\"sent\":{{\"id\":\"{number}\",\"reference\":\"F-{number}\"}}}}\n");
    std::fs::write(&path, (0..PENDING_MAX).map(line).collect::<String>()).expect("written");
    let journal = Journal::open(&path).expect("a journal");
    drop(begin(&journal, "A-1"));
    let found = pending(&journal);
    assert_eq!(found.len(), PENDING_MAX);
    assert_eq!((&*found[0], &*found[PENDING_MAX - 1]), ("F-1", "A-1"));
    let warning =
        format!("Warn journal \"{}\" is full and drops its oldest request, \"F-0\"", path.display());
    assert!(records().contains(&warning), "{}", records());
}

#[test]
fn lines_that_make_no_sense_are_warned_about_and_cost_no_good_one() {
    collect();
    let folder = Folder::new("journal-unreadable");
    let path = folder.path.join("journal");
    let warned = |lines| {
        let warning = format!("Warn journal \"{}\" has {lines} lines that cannot be read", path.display());
        records().matches(&warning).count()
    };
    let journal = Journal::open(&path).expect("made");
    let ticket = begin(&journal, "A-1");
    let good = std::fs::read(&path).expect("there");
    std::fs::write(&path, [b"what is this?\n{}\n", &good[..], b"\xff\xfe"].concat()).expect("spoilt");
    assert_eq!(pending(&journal), ["A-1"]);
    assert_eq!(warned(3), 1);
    begin(&journal, "A-2").finish().expect("struck out");
    assert_eq!(pending(&journal), ["A-1"]);
    assert_eq!(warned(3), 2);
    ticket.finish().expect("struck out");
    assert_eq!(warned(3), 3, "before they go");
    assert_eq!(size(&path), 0);
    assert!(!records().contains("what is this?"), "it could be anything, a secret included");
}

#[test]
fn what_is_no_journal_is_refused_and_stays_as_it_is() {
    let folder = Folder::new("journal-foreign");
    let path = folder.path.join("till.pem");
    identity(&simulator(), "1001").save(&path, None).expect("saved");
    let before = std::fs::read(&path).expect("there");
    let error = failure(Journal::open(&path), "an identity");
    assert_eq!(error.status(), Status::File);
    assert!(error.message().starts_with("cannot keep a journal in \""), "{error}");
    assert!(error.message().contains("till.pem"), "{error}");
    assert_eq!(std::fs::read(&path).expect("there"), before);

    for (path, status) in [
        (folder.path.join("missing").join("journal"), Status::File),
        (folder.path.clone(), Status::File),
        (PathBuf::new(), Status::Argument),
        (PathBuf::from("/"), Status::Argument),
    ] {
        let case = path.display().to_string();
        assert_eq!(failure(Journal::open(path), &case).status(), status, "{case}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_another_file() {
    let folder = Folder::new("journal-link");
    let target = folder.path.join("target");
    std::fs::write(&target, "").expect("written");
    for (name, link, target) in [
        ("journal", "journal", &target),
        ("other", "other.lock", &target),
        ("dangling", "dangling", &folder.path.join("nothing")),
    ] {
        std::os::unix::fs::symlink(target, folder.path.join(link)).expect("linked");
        let error = failure(Journal::open(folder.path.join(name)), name);
        assert_eq!(error.status(), Status::File, "{name}");
        assert!(error.message().ends_with(&format!("{link}\": it is not a regular file")), "{name}: {error}");
    }
    assert_eq!(size(&target), 0);
    assert!(!folder.files().contains(&"nothing".to_owned()));
}

#[test]
fn an_entry_that_cannot_be_written_is_an_error_before_anything_is_sent() {
    let folder = Folder::new("journal-unwritable");
    let path = folder.path.join("journal");
    let journal = Journal::open(&path).expect("made");
    for reference in ["", &"9".repeat(129)] {
        let entry = JournalEntry { reference, kind: "PaymentRequest", device: DEVICE_NAME };
        assert_eq!(failure(journal.begin(&entry), reference).status(), Status::Argument);
    }
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("in its place");
    let entry = JournalEntry { reference: "A-1", kind: "PaymentRequest", device: DEVICE_NAME };
    let error = failure(journal.begin(&entry), "a folder");
    assert_eq!(error.status(), Status::File);
    assert!(error.message().contains("journal"), "{error}");
    // Once the path is free, the journal is made anew.
    std::fs::remove_dir(&path).expect("removed");
    drop(begin(&journal, "A-1"));
    assert_eq!(pending(&journal), ["A-1"]);
}
