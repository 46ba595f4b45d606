//! Files that are never found half-written: a new one is made safe beside the old one, and only then
//! put in its place.
//!
//! A file of its own because a till keeps two kinds: the identity, which only its owner may read from
//! the first byte on, and the Root CA chain, which is no secret.

mod leftover;

use crate::error::{Error, Kind};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Who may read a file, from its creation on. What the process's umask forbids stays forbidden.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    /// For secrets: mode 0600.
    OwnerOnly,
    /// For what is public: mode 0644.
    Everybody,
}

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
        file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
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
        match options(readers).write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Left behind by a process of the same number that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn options(readers: Readers) -> OpenOptions {
    let mut options = OpenOptions::new();
    let mode = match readers {
        Readers::OwnerOnly => 0o600,
        Readers::Everybody => 0o644,
    };
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    options
}

/// Only Unix sets a mode; elsewhere a file has the rights of its folder.
#[cfg(not(unix))]
fn options(_: Readers) -> OpenOptions {
    OpenOptions::new()
}

/// Makes the rename itself survive a power cut. Best effort: the new file is in its place, and to say
/// that it was not written would make a till throw away what it has. Windows has no such call.
fn sync_folder(path: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    }
}

/// Makes an empty file, opened for writing; an error if anything is there, be it a dangling link.
pub(crate) fn create_new(path: &Path, readers: Readers) -> io::Result<File> {
    options(readers).write(true).create_new(true).open(path)
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
