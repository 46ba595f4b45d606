//! The journal's file and the lock beside it: opened safely, held shortly, changed whole.
//!
//! Apart from `journal`, which says what is written when. The lock is a file of its own
//! (`journal.lock`) because compaction puts a new file in the journal's place: whoever waited for a
//! lock on the journal itself would then write to a file that nobody finds any more.

use super::notes::Notes;
use super::record::Content;
use crate::error::{Error, Kind};
use crate::safe_file::{self, Readers, folder_of};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a call waits for its turn. The lock is held for milliseconds, so whoever still has it then
/// is stopped, in a debugger say, and the shop must not stop with it.
pub(super) const LOCK_WAIT_MAX: Duration = Duration::from_secs(10);

/// The same where a reply waits to be handed out: one entry too many costs less than a cashier who
/// does not see that the card was charged.
pub(super) const SETTLE_WAIT_MAX: Duration = Duration::from_secs(1);

/// Largest file that is read: twice what [`super::PENDING_MAX`] of the longest records need.
const SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where a journal is: its file and its lock.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    lock: PathBuf,
}

impl Place {
    /// The path is made absolute, so that a till that changes its folder keeps its journal.
    pub(super) fn new(path: &Path) -> Result<Place, Error> {
        let Some(name) = path.file_name() else {
            return Err(Error::argument("path", "it names no file"));
        };
        let absolute = std::path::absolute(path).map_err(|error| Kind::file(path, "find", &error))?;
        let mut lock = OsString::from(name);
        lock.push(".lock");
        Ok(Place { lock: absolute.with_file_name(lock), path: absolute })
    }

    /// Waits until no other thread or process is at work on the journal, and opens it. What is read or
    /// changed until the result is dropped happens at once for everybody else.
    ///
    /// # Errors
    /// `File`; also if the file is something else than a journal, which must not be written to.
    pub(super) fn lock(&self, wait_max: Duration) -> Result<Locked<'_>, Error> {
        self.lock_unless(wait_max, &|| false)
    }

    /// The same, for a caller who may give up: that is asked before each try.
    ///
    /// # Errors
    /// As [`lock`](Place::lock), and *Cancelled*.
    pub(super) fn lock_unless(
        &self,
        wait_max: Duration,
        given_up: &dyn Fn() -> bool,
    ) -> Result<Locked<'_>, Error> {
        match Lock::take(&self.lock, wait_max, given_up) {
            Ok(Some(lock)) => self.read(lock),
            Ok(None) => Err(Kind::Cancelled.into()),
            Err(error) => Err(Kind::file(&self.lock, "lock", &error).into()),
        }
    }

    /// What stands there, without waiting for those at work on it. What was written before the call and
    /// is not struck out is among it, since others only append, or put all of it into a new file; for
    /// anything else, lock it.
    pub(super) fn glance(&self) -> Result<Content, Error> {
        self.content().map(|(_, content)| content)
    }

    fn content(&self) -> Result<(File, Content), Error> {
        let mut file = open(&self.path).map_err(|error| Kind::file(&self.path, "open", &error))?;
        let content = read(&mut file).map_err(|error| Kind::file(&self.path, "read", &error))?;
        Ok((file, content))
    }

    fn read(&self, lock: Lock) -> Result<Locked<'_>, Error> {
        let (file, content) = self.content()?;
        if content.is_foreign {
            let error = io::Error::new(io::ErrorKind::InvalidData, "it holds something that is no journal");
            return Err(Kind::file(&self.path, "keep a journal in", &error).into());
        }
        Ok(Locked { place: self, file, content, lock })
    }
}

fn read(file: &mut File) -> io::Result<Content> {
    let size = file.metadata()?.len();
    if size > SIZE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has {size} bytes")));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Content::read(&bytes))
}

/// The journal, with nobody else at work on it.
pub(super) struct Locked<'a> {
    place: &'a Place,
    file: File,
    pub(super) content: Content,
    lock: Lock,
}

impl<'a> Locked<'a> {
    /// Writes whole lines after the last one, in one piece, and lets the others work. They survive the
    /// process at once, and a power cut after [`Unlocked::make_safe`].
    pub(super) fn append(mut self, lines: &str) -> Result<Unlocked<'a>, Error> {
        if !lines.is_empty() {
            self.append_to_file(lines).map_err(|error| Kind::file(&self.place.path, "write", &error))?;
        }
        Ok(self.unlock())
    }

    fn append_to_file(&mut self, lines: &str) -> io::Result<()> {
        let size = self.content.size_bytes as u64;
        self.file.seek(SeekFrom::Start(size))?;
        // What a kill tore stays a line of its own.
        let gap = if self.content.ends_with_line { "" } else { "\n" };
        let written = self.file.write_all(format!("{gap}{lines}").as_bytes());
        if written.is_err() {
            // A full disk: half a line would do no harm, but none is better.
            let _ = self.file.set_len(size);
        }
        written
    }

    /// Empties the file, for when nothing is pending, and lets the others work.
    pub(super) fn clear(self) -> Result<Unlocked<'a>, Error> {
        self.file.set_len(0).map_err(|error| Kind::file(&self.place.path, "write", &error))?;
        Ok(self.unlock())
    }

    /// Puts a file of nothing but the pending records in the old one's place. If that fails, the journal
    /// goes on in the old one, and the log is to hear of it.
    ///
    /// # Errors
    /// `File`, if it is not certain which of the two a power cut would leave.
    pub(super) fn compact(self, notes: &mut Notes) -> Result<Locked<'a>, Error> {
        let Locked { place, file, content, lock } = self;
        // Older Windows does not replace a file that is open.
        drop(file);
        match safe_file::replace(&place.path, content.compacted().as_bytes(), Readers::OwnerOnly) {
            Ok(()) => sync_folder(&place.path).map_err(|error| Kind::file(&place.path, "write", &error))?,
            Err(error) => notes.not_compacted(error),
        }
        place.read(lock)
    }

    fn unlock(self) -> Unlocked<'a> {
        Unlocked { file: self.file, path: &self.place.path }
    }
}

/// The journal's file after the work on it.
pub(super) struct Unlocked<'a> {
    file: File,
    path: &'a Path,
}

impl Unlocked<'_> {
    /// Makes what was appended survive a power cut. Done without the lock, since it can take a slow
    /// disk's time and what happens meanwhile cannot hurt: a pending record keeps the file from being
    /// emptied, and compaction takes it along and makes it safe itself.
    pub(super) fn make_safe(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(|error| Kind::file(self.path, "write", &error).into())
    }
}

/// Held until dropped; gone with the process when it is killed.
struct Lock(File);

impl Lock {
    /// Asks again and again, since a system's own waiting has no end. `None` if the caller gave up.
    fn take(path: &Path, wait_max: Duration, given_up: &dyn Fn() -> bool) -> io::Result<Option<Lock>> {
        const PAUSE: Duration = Duration::from_millis(1);
        let begin = Instant::now();
        loop {
            if given_up() {
                return Ok(None);
            }
            let file = open(path)?;
            match file.try_lock() {
                // Somebody may have removed the file before it was locked, and others made it anew.
                Ok(()) if is_at(&file, path)? => return Ok(Some(Lock(file))),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if begin.elapsed() >= wait_max {
                let held = format!("another process has held it for {} s", wait_max.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, held));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough where the till forks: the child has the file open too.
        let _ = self.0.unlock();
    }
}

/// Opens a file for reading and writing, and makes it if it is not there, for its owner only. Never
/// goes through a link: whoever may put one into the folder could have us write to any file.
fn open(path: &Path) -> io::Result<File> {
    /// More than one only if somebody removes or replaces the file meanwhile.
    const ATTEMPTS_MAX: u32 = 10;
    for _ in 0..ATTEMPTS_MAX {
        match fs::symlink_metadata(path) {
            Ok(there) if !there.is_file() => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
            }
            Ok(_) => match without_links().read(true).write(true).open(path) {
                Ok(file) if is_at(&file, path)? => return Ok(file),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("it is replaced again and again"))
}

fn make(path: &Path) -> io::Result<()> {
    match safe_file::create_new(path, Readers::OwnerOnly) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        // By us or by somebody else: either way a record in it is only safe if the file is.
        _ => sync_folder(path),
    }
}

/// Makes the name of a new file survive a power cut. Unlike `safe_file`, it says when that failed: the
/// journal is about what survives. Only a system that cannot do it at all is taken as it is, as other
/// careful programs do. Windows has no such call.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder_of(path)).and_then(|folder| folder.sync_all()) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Whether `file` is what stands at `path`, itself and not through a link.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok(there.is_file() && (there.dev(), there.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere the opening does not follow a link, so this is one or a regular file.
#[cfg(not(unix))]
fn is_at(file: &File, _: &Path) -> io::Result<bool> {
    Ok(file.metadata()?.is_file())
}

#[cfg(windows)]
fn without_links() -> OpenOptions {
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    let mut options = OpenOptions::new();
    std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, FILE_FLAG_OPEN_REPARSE_POINT);
    options
}

/// Looked at before and after instead; between the two, opening alone does no harm.
#[cfg(not(windows))]
fn without_links() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(test)]
mod tests {
    use super::super::tests::Folder;
    use super::*;

    fn place(folder: &Folder) -> Place {
        Place::new(&folder.0.join("journal")).expect("names a file")
    }

    #[test]
    fn a_lock_that_nobody_lets_go_ends_the_wait_with_an_error_that_names_it() {
        let folder = Folder::new("lock-held");
        let place = place(&folder);
        let held = place.lock(LOCK_WAIT_MAX).expect("free");
        let error = place.lock(Duration::ZERO).err().expect("held");
        assert_eq!(error.status(), crate::Status::File);
        assert!(error.message().contains("journal.lock"), "{error}");
        drop(held);
        place.lock(Duration::ZERO).map(drop).expect("free again");
    }

    #[test]
    fn whoever_waits_while_the_journal_is_compacted_writes_to_the_new_file() {
        let folder = Folder::new("compacted");
        let place = place(&folder);
        let sent = |id: &str| format!("{{\"sent\":{{\"id\":\"{id}\",\"reference\":\"A-{id}\"}}}}\n");
        let text = sent("1") + &sent("2") + "{\"done\":\"1\"}\n";
        place.lock(LOCK_WAIT_MAX).and_then(|locked| locked.append(&text)).map(drop).expect("written");
        let first = place.lock(LOCK_WAIT_MAX).expect("free");
        std::thread::scope(|scope| {
            let append = || place.lock(LOCK_WAIT_MAX)?.append(&sent("3"))?.make_safe();
            let second = scope.spawn(append);
            let first = first.compact(&mut Notes::default()).expect("compacted");
            assert_eq!(first.content.pending.len(), 1);
            drop(first);
            second.join().expect("no panic").expect("free in time");
        });
        let ids: Vec<_> = place
            .lock(LOCK_WAIT_MAX)
            .expect("free")
            .content
            .pending
            .iter()
            .map(|sent| sent.id.clone())
            .collect();
        assert_eq!(ids, ["2", "3"]);
    }

    /// The one who takes the lock must be the only one, also if the file of the lock was removed.
    #[cfg(unix)]
    #[test]
    fn a_lock_whose_file_was_removed_is_not_taken_for_the_one_that_others_see() {
        let folder = Folder::new("lock-removed");
        let place = place(&folder);
        drop(place.lock(LOCK_WAIT_MAX).expect("free"));
        let file = open(&place.lock).expect("there");
        assert!(is_at(&file, &place.lock).expect("asked"));
        fs::remove_file(&place.lock).expect("removed");
        assert!(!is_at(&file, &place.lock).expect("asked"));
        fs::write(&place.lock, "").expect("made anew");
        assert!(!is_at(&file, &place.lock).expect("asked"));
    }
}
