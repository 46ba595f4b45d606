//! Log sinks that ask the journal which they are told about, as a till does that settles what is pending
//! when it hears that the journal is full.

use crate::common::*;
use crate::journal::{PENDING_MAX, begin, child, dead_lines, pending};
use poslatch::{Error, Journal, LogLevel, log_to};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Names the journal of the child.
const JOURNAL: &str = "POSLATCH_TEST_JOURNAL_ASKED_BY_ITS_SINK";

/// In a process of its own, since a process has one log sink. Under the lock, it would be told after
/// 10 s that somebody holds it.
#[test]
fn a_log_sink_that_asks_the_journal_is_answered() {
    let folder = Folder::new("journal-sink");
    let path = path(&folder.path);
    let status = child("journal_sink::a_child_asks_within_its_sink_only_when_it_is_told_to")
        .env(JOURNAL, &path)
        .status()
        .expect("this program starts once more");
    assert!(status.success());
    let pending = pending(&Journal::open(path).expect("there"));
    assert_eq!(pending.last().map(String::as_str), Some("A-3"), "it came to its end");
}

/// Too long a name for the file that compaction makes beside it, and not for the lock. Elsewhere nothing
/// so simple makes compaction fail.
fn path(folder: &Path) -> PathBuf {
    folder.join(if cfg!(unix) { "j".repeat(250) } else { "journal".to_owned() })
}

/// The child's side: nothing, unless [`JOURNAL`] is set.
#[test]
fn a_child_asks_within_its_sink_only_when_it_is_told_to() {
    let Some(path) = std::env::var_os(JOURNAL).map(PathBuf::from) else { return };
    let journal = Journal::open(&path).expect("made");
    let heard = asking_sink(&journal);
    let hears = |what: &str, references: &[&str]| {
        let heard = std::mem::take(&mut *heard.lock().expect("no panic"));
        let [(record, answer)] = &heard[..] else { panic!("{what}: {heard:?}") };
        assert!(record.contains(what), "{record}");
        let answer = answer.as_ref().expect(what).iter().map(String::as_str);
        assert!(answer.eq(references.iter().copied()), "{what}: {heard:?}");
    };

    let ticket = begin(&journal, "A-1");
    let good = std::fs::read_to_string(&path).expect("there");
    let spoilt = format!("{good}what is this?\n");
    std::fs::write(&path, &spoilt).expect("spoilt");
    journal.pending().expect("readable");
    hears("has 1 lines that cannot be read", &["A-1"]);
    ticket.finish().expect("struck out");
    hears("has 1 lines that cannot be read", &[]);
    std::fs::write(&path, &spoilt).expect("spoilt");
    assert!(journal.forget("A-1").expect("struck out"));
    hears("has 1 lines that cannot be read", &[]);

    std::fs::write(&path, format!("{good}{}", dead_lines())).expect("grown");
    let ticket = begin(&journal, "A-2");
    if cfg!(unix) {
        hears("the journal keeps growing", &["A-1", "A-2"]);
    }
    drop(ticket);

    let line = |number| format!("{{\"sent\":{{\"id\":\"{number}\",\"reference\":\"F-{number}\"}}}}\n");
    std::fs::write(&path, (0..PENDING_MAX).map(line).collect::<String>()).expect("full");
    drop(begin(&journal, "A-3"));
    let pending = pending(&journal);
    assert_eq!(pending.len(), PENDING_MAX);
    hears("is full", &pending.iter().map(String::as_str).collect::<Vec<_>>());
}

type Heard = Vec<(String, Result<Vec<String>, Error>)>;

/// Asks the journal at each record, and keeps both.
fn asking_sink(journal: &Journal) -> Arc<Mutex<Heard>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (journal, hearing) = (journal.clone(), heard.clone());
    log_to(LogLevel::Trace, move |_, line| {
        let answer = journal.pending();
        let answer =
            answer.map(|pending| pending.into_iter().map(|request| request.reference).collect::<Vec<_>>());
        hearing.lock().expect("no panic").push((line.to_owned(), answer));
    })
    .expect("not in a sink");
    heard
}
