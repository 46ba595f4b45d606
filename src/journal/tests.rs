//! What the library itself asks of the journal: to give up a wait, and to settle without holding up a
//! reply. What tills ask of it is in `tests/it/journal.rs`.

use super::*;
use crate::Status;
use std::cell::Cell;
use std::path::PathBuf;

/// A folder that is gone after the test.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("poslatch-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn journal(&self) -> Journal {
        Journal::open(self.0.join("journal")).expect("made")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn entry<'a>(reference: &'a str, kind: &'a str) -> JournalEntry<'a> {
    JournalEntry { reference, kind, device: "1850000123.cybs.seclib.io" }
}

fn begin(journal: &Journal, reference: &str, kind: &str) -> JournalTicket {
    journal.begin(&entry(reference, kind)).expect("written")
}

fn pending(journal: &Journal) -> Vec<(String, String)> {
    let pending = journal.pending().expect("readable");
    pending.into_iter().map(|request| (request.reference, request.kind)).collect()
}

fn pairs<const N: usize>(expected: [(&str, &str); N]) -> Vec<(String, String)> {
    expected.map(|(reference, kind)| (reference.to_owned(), kind.to_owned())).into()
}

#[test]
fn a_caller_who_gives_up_is_not_held_by_the_lock_and_has_written_nothing() {
    let folder = Folder::new("journal-given-up");
    let journal = folder.journal();
    let held = journal.place.lock(LOCK_WAIT_MAX).expect("free");
    let asked = Cell::new(0);
    let at_the_third = || asked.replace(asked.get() + 1) == 2;
    let error = journal.begin_unless(&entry("A-1", "PaymentRequest"), &at_the_third).expect_err("held");
    assert_eq!(error.status(), Status::Cancelled, "{error}");
    assert_eq!(asked.get(), 3);
    drop(held);
    let error = journal.begin_unless(&entry("A-1", "PaymentRequest"), &|| true).expect_err("given up");
    assert_eq!(error.status(), Status::Cancelled, "{error}");
    assert_eq!(pending(&journal), []);
}

/// The error names the limit that ended the wait, so no clock is looked at.
#[test]
fn no_reply_is_held_up_for_longer_than_a_second_by_a_lock_that_nobody_lets_go() {
    let folder = Folder::new("journal-held-up");
    let journal = folder.journal();
    let ticket = begin(&journal, "A-1", "PaymentRequest");
    drop(begin(&journal, "A-2", "PaymentRequest"));
    let held = journal.place.lock(LOCK_WAIT_MAX).expect("free");
    std::thread::scope(|scope| {
        let finished = scope.spawn(|| ticket.finish());
        for result in [journal.settle("A-2", None), finished.join().expect("no panic")] {
            let error = result.expect_err("held");
            assert_eq!(error.status(), Status::File);
            assert!(error.message().ends_with("another process has held it for 1 s"), "{error}");
        }
    });
    // Nothing to strike out is nothing to wait for.
    journal.settle("A-3", None).expect("not there");
    journal.settle("A-2", Some("RefundRequest")).expect("not there");
    drop(held);
    assert_eq!(pending(&journal), pairs([("A-1", "PaymentRequest"), ("A-2", "PaymentRequest")]));
}

#[test]
fn only_requests_of_the_type_that_was_answered_are_settled() {
    let folder = Folder::new("journal-settled");
    let journal = folder.journal();
    for kind in ["PaymentRequest", "RefundRequest", "PaymentRequest", "Odd\nRequest"] {
        drop(begin(&journal, "A-1", kind));
    }
    drop(begin(&journal, "B-1", "PaymentRequest"));
    journal.settle("A-1", Some("PaymentRequest")).expect("written");
    let left = [("A-1", "RefundRequest"), ("A-1", "Odd Request"), ("B-1", "PaymentRequest")];
    assert_eq!(pending(&journal), pairs(left));
    // As it came from the till.
    journal.settle("A-1", Some("Odd\nRequest")).expect("written");
    assert_eq!(pending(&journal), pairs([left[0], left[2]]));
    let before = std::fs::read(journal.path()).expect("there");
    journal.settle("B-1", Some("RefundRequest")).expect("nothing to do");
    assert_eq!(std::fs::read(journal.path()).expect("there"), before);
    journal.settle("A-1", None).expect("written");
    assert_eq!(pending(&journal), pairs([left[2]]));
    journal.settle("B-1", None).expect("written");
    assert_eq!(std::fs::read(journal.path()).expect("there"), b"", "nothing is kept of what has ended");
}
