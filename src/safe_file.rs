//! Files that are never found half-written: a new one is made safe beside the old one, and only then
//! put in its place.
//!
//! A file of its own because a till keeps two kinds: the identity, which only its owner may read from
//! the first byte on, and the Root CA chain, which is no secret.

mod access;
mod leftover;

pub(crate) use access::{Readers, create_new, open_to_others};

use crate::error::{Error, Kind};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Writes the content to a new file, makes it survive a power cut, and replaces the old one by it.
///
/// # Errors
/// `File`; then the old file is what it was.
pub(crate) fn replace(path: &Path, content: &[u8], readers: Readers) -> Result<(), Error> {
    write(path, content, readers).map_err(|error| Kind::file(path, "write", &error).into())
}

fn write(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    /// More than one only if another process mistakes the new file for a leftover.
    const ATTEMPTS_MAX: u32 = 3;
    let mut attempt = 1;
    loop {
        match write_once(path, content, readers) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS_MAX => attempt += 1,
            result => return result,
        }
    }
}

fn write_once(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let (temporary, mut file) = create_beside(path, readers)?;
    let written =
        file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| put_in_place(&temporary, path));
    match &written {
        Ok(()) => {
            sync_folder(path);
            leftover::remove(path, &file);
        }
        Err(_) => {
            // Nothing to add to the first error.
            let _ = fs::remove_file(&temporary);
        }
    }
    written
}

fn create_beside(path: &Path, readers: Readers) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    };
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(leftover::name(name, std::process::id(), number));
        match create_new(&temporary, readers) {
            Ok(file) => return Ok((temporary, file)),
            // Left behind by a process of the same number that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
    }
}

/// Puts the new file in the place of the old one.
#[cfg(unix)]
fn put_in_place(temporary: &Path, path: &Path) -> io::Result<()> {
    fs::rename(temporary, path)
}

/// Puts the new file in the place of the old one. Whoever has the old one open at that moment, which
/// scanners for viruses like to do with files that are new, holds this up, but not for long.
#[cfg(windows)]
fn put_in_place(temporary: &Path, path: &Path) -> io::Result<()> {
    const TRIES_MAX: u32 = 50;
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);
    /// What a file that somebody has open, and did not share, is refused with.
    const SHARING_VIOLATION: i32 = 32;
    let mut tries = 1;
    loop {
        match fs::rename(temporary, path) {
            Err(error)
                if tries < TRIES_MAX
                    && (error.kind() == io::ErrorKind::PermissionDenied
                        || error.raw_os_error() == Some(SHARING_VIOLATION)) =>
            {
                std::thread::sleep(PAUSE);
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Makes the rename itself survive a power cut. Best effort: the new file is in its place, and to say
/// that it was not written would make a till throw away what it has. Windows has no such call.
fn sync_folder(path: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    }
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
