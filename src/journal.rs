//! The journal: which requests left the till and have no end that the library could tell it.
//!
//! "The terminal took the card, the till never got it" begins with a till that dies between request
//! and reply. So a request is written down before it leaves, and struck out at its end; what still
//! stands there when the till starts again is what it has to ask the device about.
//!
//! A till that dies leaves at worst one entry too many, never one too few: an entry is safe on the
//! disk before [`Journal::begin`] returns, while that of its end may be lost in a power cut, and then
//! the till asks about a payment whose end it knew. The order of the steps is all there is to it.
//!
//! `journal/record.rs` is the text, `journal/file.rs` the file and its lock, `journal/notes.rs` what the
//! log hears. What is absent: amounts, card data, and anything kept in memory between calls; the file is
//! the truth for every process.

mod file;
mod notes;
mod record;

use crate::error::{Error, utc};
use crate::words::printable;
use file::{LOCK_WAIT_MAX, Locked, Place, SETTLE_WAIT_MAX, Unlocked};
use notes::Notes;
use record::{Sent, done_line};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

/// Most entries that are kept; a till with so many never settles any. The next one then replaces the
/// oldest: to refuse would stop the shop.
const PENDING_MAX: usize = 10_000;

/// A file below this is not worth compacting.
const COMPACT_BYTES_MIN: usize = 256 * 1024;

/// Longest reference; the device takes 50 characters (protocol.md section 6a).
const REFERENCE_BYTES_MAX: usize = 128;

/// A file that lists the requests that were sent and whose end is not known, for recovery after a
/// crash.
///
/// It ends where the till's own books begin: an entry is struck out before its reply is handed out, so a
/// till that is killed between the two finds nothing here. A request counts as known once the till has
/// written the reply down itself, and not before.
///
/// A handle, cheap to clone. Any number of threads, and of processes of one user, may use one file at
/// the same time; each then also sees what the others have on the way. Beside it stays an empty file
/// whose name has `.lock` at its end. Both are made for their owner only and never reached through a
/// symbolic link.
///
/// The file stays small: it is emptied whenever nothing is pending, and compacted as it grows. At most
/// 10,000 requests are kept; then the oldest is dropped, with a record in the log.
#[derive(Clone, Debug)]
pub struct Journal {
    place: Arc<Place>,
}

/// What is written down of a request before it is sent.
#[derive(Clone, Copy, Debug)]
pub struct JournalEntry<'a> {
    /// The `merchantReferenceCode`: what the device is asked by later. Up to 128 bytes.
    pub reference: &'a str,
    /// The `type` of the request, `PaymentRequest` for instance.
    pub kind: &'a str,
    /// The device's name, or its address where it has none.
    pub device: &'a str,
}

/// A request in the journal, as [`Journal::pending`] tells it. One whose reply was handed out is not among
/// them, even if the till died before it wrote that down: see [`Journal`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingRequest {
    /// The `merchantReferenceCode`.
    pub reference: String,
    /// The `type` of the request.
    pub kind: String,
    /// The device's name, or its address where it has none.
    pub device: String,
    /// When it was about to be sent by the till's clock, `2026-11-24T16:28:13Z` (UTC).
    pub time: String,
}

/// An entry that was made, to be struck out by [`finish`](JournalTicket::finish) at the request's end.
///
/// Dropping it leaves the entry where it is, so that every way out that forgot to say how the request
/// ended says "in doubt".
#[derive(Debug)]
#[must_use = "without `finish`, the request stays pending"]
pub struct JournalTicket {
    journal: Journal,
    id: String,
}

impl Journal {
    /// Opens a journal, and makes it if it is not there. The folder must exist.
    ///
    /// # Errors
    /// `Argument` if the path names no file. `File` if it cannot be read and written, is not a regular
    /// file, or holds something else; also after 10 s if another process does not let go of it.
    pub fn open(path: impl AsRef<Path>) -> Result<Journal, Error> {
        let journal = Journal { place: Arc::new(Place::new(path.as_ref())?) };
        journal.pending()?;
        Ok(journal)
    }

    /// Where the journal is; an absolute path.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// Writes a request down that is about to be sent. When this returns, the entry survives the end of
    /// the process and a power cut. It blocks for the disk's time, and for at most 10 s while others are
    /// at work on the journal.
    ///
    /// # Errors
    /// `Argument` if the reference is empty or too long; `File`. Then the request must not be sent.
    pub fn begin(&self, entry: &JournalEntry<'_>) -> Result<JournalTicket, Error> {
        self.begin_unless(entry, &|| false)
    }

    /// The same, for a caller who may give up while others are at work on the journal; `given_up` is asked
    /// about each millisecond of that wait.
    ///
    /// # Errors
    /// As [`begin`](Journal::begin), and `Cancelled`; then nothing was written.
    pub(crate) fn begin_unless(
        &self,
        entry: &JournalEntry<'_>,
        given_up: &dyn Fn() -> bool,
    ) -> Result<JournalTicket, Error> {
        let reference = entry.reference;
        if reference.is_empty() || reference.len() > REFERENCE_BYTES_MAX {
            let problem =
                format!("it has {} bytes; 1 to {REFERENCE_BYTES_MAX} are possible", reference.len());
            return Err(Error::argument("merchantReferenceCode", problem));
        }
        let sent = Sent {
            id: unique_id(),
            reference: reference.to_owned(),
            kind: printable(entry.kind),
            device: printable(entry.device),
            time: now(),
        };
        let locked = self.place.lock_unless(LOCK_WAIT_MAX, given_up)?;
        let written = self.work(locked, |locked, notes| {
            let locked = compact_if_worth_it(locked, notes)?;
            let lines = make_room(&locked, notes) + &sent.line();
            locked.append(&lines)
        })?;
        let ticket = JournalTicket { journal: self.clone(), id: sent.id };
        match written.make_safe() {
            Ok(()) => Ok(ticket),
            Err(error) => {
                // It will not be sent. Nothing to add to the first error.
                let _ = ticket.finish();
                Err(error)
            }
        }
    }

    /// The requests whose end is not known, the oldest first. After a crash, those are the ones to
    /// recover, or to look up at the device or in the Business Center; then [forget](Journal::forget)
    /// them. While exchanges run, on this process or another one, theirs are among them.
    ///
    /// # Errors
    /// `File`; also after 10 s if another process does not let go of it.
    pub fn pending(&self) -> Result<Vec<PendingRequest>, Error> {
        let pending = self.work(self.place.lock(LOCK_WAIT_MAX)?, |mut locked, notes| {
            notes.unreadable_lines(&locked);
            Ok(std::mem::take(&mut locked.content.pending))
        })?;
        Ok(pending.into_iter().map(PendingRequest::from).collect())
    }

    /// Strikes out every entry of a reference: the till knows how that request ended, and has settled it.
    /// Says whether there was one.
    ///
    /// # Errors
    /// `File`; then the entries may still be there. Also after 10 s if another process does not let go of
    /// the journal.
    pub fn forget(&self, reference: &str) -> Result<bool, Error> {
        let locked = self.place.lock(LOCK_WAIT_MAX)?;
        let is_meant = |sent: &Sent| sent.reference == reference;
        let found = locked.content.pending.iter().any(is_meant);
        // A settled payment that comes back after a power cut would do no harm, but puzzle people.
        self.work(locked, |locked, notes| strike_out(locked, is_meant, notes))?.make_safe()?;
        Ok(found)
    }

    /// Strikes out the entries of a reference whose request was of this type, or of any: their end came in
    /// another way than by the ticket. It waits for others for at most 1 s, not for the disk, and for
    /// nobody if there is nothing to strike out.
    ///
    /// # Errors
    /// As [`JournalTicket::finish`].
    pub(crate) fn settle(&self, reference: &str, kind: Option<&str>) -> Result<(), Error> {
        let kind = kind.map(printable);
        let is_meant =
            |sent: &Sent| sent.reference == reference && kind.as_ref().is_none_or(|kind| *kind == sent.kind);
        if !self.place.glance()?.pending.iter().any(is_meant) {
            return Ok(());
        }
        let locked = self.place.lock(SETTLE_WAIT_MAX)?;
        self.work(locked, |locked, notes| strike_out(locked, is_meant, notes)).map(drop)
    }

    /// Works on the journal, and tells the log about it after the lock is free again.
    fn work<'a, T>(
        &self,
        locked: Locked<'a>,
        work: impl FnOnce(Locked<'a>, &mut Notes) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut notes = Notes::default();
        let result = work(locked, &mut notes);
        notes.tell(self.path());
        result
    }
}

fn strike_out<'a>(
    locked: Locked<'a>,
    is_meant: impl Fn(&Sent) -> bool,
    notes: &mut Notes,
) -> Result<Unlocked<'a>, Error> {
    if locked.content.pending.iter().all(&is_meant) {
        // With them go the lines that make no sense.
        notes.unreadable_lines(&locked);
        return locked.clear();
    }
    let gone = locked.content.pending.iter().filter(|sent| is_meant(sent));
    let lines: String = gone.map(|sent| done_line(&sent.id)).collect();
    locked.append(&lines)
}

/// Once half of a large file is of no use any more, so that the work pays.
fn compact_if_worth_it<'a>(locked: Locked<'a>, notes: &mut Notes) -> Result<Locked<'a>, Error> {
    let size = locked.content.size_bytes;
    if size < COMPACT_BYTES_MIN || locked.content.compacted().len() > size / 2 {
        return Ok(locked);
    }
    notes.unreadable_lines(&locked);
    locked.compact(notes)
}

/// The lines that strike out the oldest entries if there are too many for one more.
fn make_room(locked: &Locked<'_>, notes: &mut Notes) -> String {
    let excess = (locked.content.pending.len() + 1).saturating_sub(PENDING_MAX);
    let mut lines = String::new();
    for sent in locked.content.pending.iter().take(excess) {
        notes.dropped_the_oldest(sent);
        lines.push_str(&done_line(&sent.id));
    }
    lines
}

impl JournalTicket {
    /// Strikes the entry out: the final reply came, or it is certain that nothing was sent. The entry of
    /// another request with the same reference stays. It waits for at most 1 s while others are at work on
    /// the journal, so that no reply is held up.
    ///
    /// # Errors
    /// `File`. Then the entry may still be there, which is no reason to call the request failed: the
    /// till will ask about a request whose end it knew. The same happens when the power fails right
    /// after; the disk is not waited for.
    pub fn finish(self) -> Result<(), Error> {
        let locked = self.journal.place.lock(SETTLE_WAIT_MAX)?;
        let is_meant = |sent: &Sent| sent.id == self.id;
        self.journal.work(locked, |locked, notes| strike_out(locked, is_meant, notes)).map(drop)
    }
}

impl From<Sent> for PendingRequest {
    fn from(sent: Sent) -> PendingRequest {
        let Sent { id: _, reference, kind, device, time } = sent;
        PendingRequest { reference, kind, device, time }
    }
}

/// Unlike any other, of this process or another one, now or before. The number of the process is asked
/// for each time: a forked one goes on with a copy of the rest.
fn unique_id() -> String {
    static RANDOM: OnceLock<u64> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // The standard library seeds its hash tables by the system's random numbers.
    let random = RANDOM.get_or_init(|| RandomState::new().build_hasher().finish());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{random:016x}-{}-{count}", std::process::id())
}

fn now() -> String {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    utc(since_1970.as_secs())
}

#[cfg(test)]
mod tests;
