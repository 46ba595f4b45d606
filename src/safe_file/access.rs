//! Who may open a file: decided when it is made, and asked when it is read.
//!
//! Apart from `safe_file`, since Unix and Windows have nothing in common here.

use std::fs::File;
use std::io;
use std::path::Path;

/// Who may read a file, from its creation on. What the process's umask forbids stays forbidden.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    /// For secrets. Unix: mode 0600; Windows: an access list of its own, with this user alone in it.
    OwnerOnly,
    /// For what is public. Unix: mode 0644; Windows: whoever the folder lets read.
    Everybody,
}

/// Makes a file and opens it for writing; an error if anything is there, be it a dangling link.
#[cfg(unix)]
pub(crate) fn create_new(path: &Path, readers: Readers) -> io::Result<File> {
    let mode = match readers {
        Readers::OwnerOnly => 0o600,
        Readers::Everybody => 0o644,
    };
    let mut options = File::options();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    options.write(true).create_new(true).open(path)
}

/// Makes a file and opens it for writing; an error if anything is there, be it a dangling link.
#[cfg(windows)]
pub(crate) fn create_new(path: &Path, readers: Readers) -> io::Result<File> {
    match readers {
        Readers::OwnerOnly => crate::ffi::owner_only::create_new(path),
        Readers::Everybody => File::create_new(path),
    }
}

/// What lets others than its owner open the file; `None` if nothing does, or it cannot be told.
#[cfg(unix)]
pub(crate) fn open_to_others(file: &File) -> Option<String> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().ok()?.permissions()) & 0o777;
    (mode & 0o077 != 0).then(|| format!("mode {mode:o}"))
}

/// What lets others than its owner open the file; `None` if nothing does, or it cannot be told.
#[cfg(windows)]
pub(crate) fn open_to_others(file: &File) -> Option<String> {
    let others = crate::ffi::owner_only::other_readers(file).ok()?;
    (!others.is_empty()).then(|| others.join(", "))
}
