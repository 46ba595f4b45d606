//! Files that killed saves left beside a file: how they are named, and when they are removed.
//!
//! A save that is killed leaves its unfinished file, which may hold a key. The next save of the same
//! path removes it, but never the file of a save that is still at work, in this process or in another
//! one. Apart from `safe_file`, since that tells how a file comes to be and this how others go.

use super::folder_of;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// No save lasts this long; for systems that do not tell whose file is at work, and for tills that get
/// the same process number at each start, as containers do.
const AGE_MAX: Duration = Duration::from_secs(60 * 60);

/// `.till.pem.4711-0.new`: hidden, in the folder of the identity so that it can be renamed, and with
/// the number of its process.
pub(super) fn name(identity: &OsStr, process: u32, number: u32) -> OsString {
    let mut name = OsString::from(".");
    name.push(identity);
    name.push(format!(".{process}-{number}.new"));
    name
}

/// Removes what killed saves of the same path left. Best effort: the save itself has succeeded.
///
/// Should a file go that is still at work after all (a process in another container, a clock that
/// leapt), its rename finds nothing and that save begins anew.
pub(super) fn remove(path: &Path, saved: &File) {
    let (Some(identity), Ok(saved)) = (path.file_name(), saved.metadata()) else { return };
    let Ok(entries) = fs::read_dir(folder_of(path)) else { return };
    for entry in entries.flatten() {
        let (path, Some(process)) = (entry.path(), process_of(&entry.file_name(), identity)) else {
            continue;
        };
        // Of a link, this is the link itself.
        let Ok(found) = entry.metadata() else { continue };
        if found.is_file()
            && is_of_same_owner(&found, &saved)
            && (is_abandoned(&path, process) || is_old(&found))
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// The process number in a name that [`name`] made for this identity, and for no other.
fn process_of(found: &OsStr, identity: &OsStr) -> Option<u32> {
    let numbers = found
        .as_encoded_bytes()
        .strip_prefix(b".")?
        .strip_prefix(identity.as_encoded_bytes())?
        .strip_prefix(b".")?
        .strip_suffix(b".new")?;
    let (process, number) = std::str::from_utf8(numbers).ok()?.split_once('-')?;
    let (process, number) = (process.parse().ok()?, number.parse().ok()?);
    // A sign or leading zeros would parse too, but were not written by us.
    (name(identity, process, number) == found).then_some(process)
}

/// Whether nobody has the file open, which a save at work does from beginning to end.
#[cfg(windows)]
fn is_abandoned(path: &Path, _process: u32) -> bool {
    let mut options = File::options();
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    options.read(true).open(path).is_ok()
}

/// Whether no process of this number is there. Only Linux says so without a foreign call; elsewhere
/// age has to do.
#[cfg(not(windows))]
fn is_abandoned(_path: &Path, process: u32) -> bool {
    let processes = Path::new("/proc");
    cfg!(any(target_os = "linux", target_os = "android"))
        && processes.join("self").exists()
        && matches!(processes.join(process.to_string()).try_exists(), Ok(false))
}

fn is_old(found: &Metadata) -> bool {
    found
        .modified()
        .is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > AGE_MAX))
}

/// Another user's processes can be hidden, and another user's files are not ours to tidy.
#[cfg(unix)]
fn is_of_same_owner(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.uid() == other.uid()
}

#[cfg(not(unix))]
fn is_of_same_owner(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_save_of_this_identity_gives_are_leftovers() {
        for (found, process) in [
            (".till.pem.4711-0.new", Some(4711)),
            (".till.pem.1-12.new", Some(1)),
            ("till.pem", None),
            ("till.pem.4711-0.new", None),
            (".till.pem.new", None),
            (".till.pem.4711.new", None),
            (".till.pem.+4711-0.new", None),
            (".till.pem.4711-00.new", None),
            (".till.pem.4711-0.new.bak", None),
            (".other.pem.4711-0.new", None),
            (".till.pem.bak.4711-0.new", None),
            (".till.pem.99999999999-0.new", None),
        ] {
            assert_eq!(process_of(OsStr::new(found), OsStr::new("till.pem")), process, "{found}");
        }
    }
}
