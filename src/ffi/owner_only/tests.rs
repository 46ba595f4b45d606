//! What Windows makes of our access lists, and what we make of those of others. Run by Windows, or by Wine.

use super::*;
use std::io::Write;
use std::path::PathBuf;
use windows_sys::Win32::Security::{
    GetSecurityDescriptorControl, GetSecurityDescriptorDacl, GetSecurityDescriptorOwner, SE_DACL_PROTECTED,
};
use windows_sys::Win32::Storage::FileSystem::FILE_ALL_ACCESS;

/// A folder of the test's own, gone with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("poslatch-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a description says, as the system reads it: the control bits and the access list.
fn described(description: &str) -> (u16, AccessList) {
    let descriptor = descriptor_of(description).expect("a description");
    let (mut control, mut revision) = (0, 0);
    let (mut owner, mut list, mut is_there, mut is_default) = (null_mut(), null_mut(), 0, 0);
    // SAFETY: a descriptor that lives to the end of this function, and places for its parts.
    unsafe {
        assert_ne!(GetSecurityDescriptorControl(descriptor.0, &mut control, &mut revision), 0);
        assert_ne!(GetSecurityDescriptorOwner(descriptor.0, &mut owner, &mut is_default), 0);
        assert_ne!(GetSecurityDescriptorDacl(descriptor.0, &mut is_there, &mut list, &mut is_default), 0);
        (control, AccessList::read(owner, list).expect("a list"))
    }
}

fn all_rights_for(user: &str) -> Entry {
    Entry { sid: user.to_owned(), rights: FILE_ALL_ACCESS }
}

#[test]
fn the_user_is_given_all_rights_nobody_else_any_and_nothing_is_inherited() {
    let user = current_user().expect("a user");
    let (control, list) = described(&for_alone(&user));
    assert_ne!(control & SE_DACL_PROTECTED, 0);
    assert_eq!((list.owner, list.entries), (user.clone(), Some(vec![all_rights_for(&user)])));
}

#[test]
fn a_new_file_has_its_user_in_its_access_list_and_nobody_else() {
    let folder = Folder::new("owner-only");
    let path = folder.0.join("till.pem");
    create_new(&path).and_then(|mut file| file.write_all(b"key")).expect("made");
    assert_eq!(std::fs::read(&path).expect("the user reads it"), b"key");
    let file = File::open(&path).expect("there");
    let (user, list) = (current_user().expect("a user"), AccessList::of(&file).expect("rights"));
    assert_eq!(list.owner, user);
    let mut entries = list.entries.expect("a list");
    // Wine keeps no access lists: it makes one of the Unix mode, with the system added to it.
    entries.retain(|entry| entry.sid != "S-1-5-18");
    assert_eq!(entries, [all_rights_for(&user)]);
    assert_eq!(other_readers(&file).expect("rights"), [] as [&str; 0]);
}

#[test]
fn what_is_there_is_neither_opened_nor_changed() {
    let folder = Folder::new("owner-only-twice");
    let path = folder.0.join("till.pem");
    std::fs::write(&path, "precious").expect("written");
    let error = create_new(&path).expect_err("there is one");
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).expect("there"), b"precious");
}

#[test]
fn a_file_that_everybody_may_read_is_told_from_one_that_only_its_user_may() {
    let folder = Folder::new("open-to-others");
    let user = current_user().expect("a user");
    for (name, rights, readers) in [
        ("open.pem", format!("(A;;FA;;;{user})(A;;FR;;;WD)"), &[EVERYBODY][..]),
        ("closed.pem", format!("(A;;FA;;;{user})(A;;FA;;;SY)"), &[]),
    ] {
        let path = folder.0.join(name);
        create_with(&path, &format!("O:{user}D:P{rights}")).expect("made");
        let file = File::open(&path).expect("there");
        assert_eq!(other_readers(&file).expect("rights"), readers, "{name}");
    }
}

#[test]
fn whoever_may_read_or_take_the_right_to_is_a_reader() {
    let (user, owner) = ("S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002");
    let (users, authenticated) = ("S-1-5-32-545", "S-1-5-11");
    for (list, readers) in [
        ("".to_owned(), &[EVERYBODY][..]),
        ("D:".to_owned(), &[]),
        (format!("D:(A;;FA;;;{user})(A;;FA;;;{owner})(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-3-4)"), &[]),
        ("D:(A;;FR;;;WD)(A;ID;0x1200a9;;;BU)".to_owned(), &[EVERYBODY, users]),
        ("D:(A;;FA;;;AU)".to_owned(), &[authenticated]),
        ("D:(A;;GR;;;AU)".to_owned(), &[authenticated]),
        ("D:(A;;WD;;;AU)".to_owned(), &[authenticated]),
        ("D:(A;;WO;;;AU)".to_owned(), &[authenticated]),
        // To write is not to read; what folders hand on is not for the file; to deny is no right.
        ("D:(A;;FW;;;BU)".to_owned(), &[]),
        ("D:(A;OICIIO;FA;;;WD)".to_owned(), &[]),
        ("D:(D;;FR;;;WD)".to_owned(), &[]),
    ] {
        let (_, found) = described(&format!("O:{owner}{list}"));
        assert_eq!(found.readers_besides(user), readers, "{list}");
    }
}

#[test]
fn paths_of_any_length_and_form_are_taken() {
    let folder = Folder::new("owner-only-long");
    let deep = (0..6).fold(folder.0.clone(), |path, _| path.join("f".repeat(60)));
    std::fs::create_dir_all(&deep).expect("a deep folder");
    create_new(&deep.join("till.pem")).expect("a long path");
    assert!(deep.join("till.pem").exists());
    assert_eq!(create_new(Path::new("a\0b")).expect_err("a NUL").kind(), io::ErrorKind::InvalidInput);
    for (path, expected) in [
        (r"C:\tills\1.pem", r"\\?\C:\tills\1.pem"),
        (r"C:/tills/../1.pem", r"\\?\C:\1.pem"),
        (r"\\server\share\a\1.pem", r"\\?\UNC\server\share\a\1.pem"),
        (r"\\?\C:\tills\1.pem", r"\\?\C:\tills\1.pem"),
    ] {
        let units = verbatim(Path::new(path)).expect("a path");
        assert_eq!(String::from_utf16_lossy(&units), format!("{expected}\0"), "{path}");
    }
}
