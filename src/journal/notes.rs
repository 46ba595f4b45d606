//! What the log is to hear of work on the journal: noted while its lock is held, told when it is free.
//!
//! Between the two, nothing of the till runs. A log sink may well ask the journal what is pending when
//! it hears that it is full; under the lock, it would wait for itself.

use super::file::Locked;
use super::record::Sent;
use crate::error::Error;
use crate::log;
use std::path::Path;

#[derive(Default)]
pub(super) struct Notes(Vec<Note>);

enum Note {
    UnreadableLines(usize),
    DroppedTheOldest { reference: String, time: String },
    NotCompacted(Error),
}

impl Notes {
    pub(super) fn unreadable_lines(&mut self, locked: &Locked<'_>) {
        let lines = locked.content.unreadable_lines;
        if lines > 0 {
            self.0.push(Note::UnreadableLines(lines));
        }
    }

    pub(super) fn dropped_the_oldest(&mut self, sent: &Sent) {
        let (reference, time) = (sent.reference.clone(), sent.time.clone());
        self.0.push(Note::DroppedTheOldest { reference, time });
    }

    pub(super) fn not_compacted(&mut self, error: Error) {
        self.0.push(Note::NotCompacted(error));
    }

    /// The lock must be free.
    pub(super) fn tell(self, path: &Path) {
        for note in self.0 {
            match note {
                Note::UnreadableLines(lines) => log::journal_has_unreadable_lines(path, lines),
                Note::DroppedTheOldest { reference, time } => {
                    log::journal_dropped_the_oldest(path, &reference, &time);
                }
                Note::NotCompacted(error) => log::journal_not_compacted(&error),
            }
        }
    }
}
