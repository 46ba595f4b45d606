//! Files for one user alone, as Windows knows them: made so, and told from those that are not.
//!
//! The one place where the library calls a foreign interface instead of offering one; it is in this
//! folder because `unsafe` is nowhere else. std opens files without security attributes, and rights
//! that are taken away after a file was made come too late for whoever opened it before.
//!
//! Everything called here is in Windows 7.

use std::ffi::{OsStr, OsString, c_void};
use std::fs::File;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::{Component, Path, Prefix};
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::{
    ERROR_NO_TOKEN, ERROR_SUCCESS, GENERIC_ALL, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE, LocalFree,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo,
    SDDL_REVISION_1, SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACL, DACL_SECURITY_INFORMATION, GetAce, GetTokenInformation, INHERIT_ONLY_ACE,
    OWNER_SECURITY_INFORMATION, PSID, SECURITY_ATTRIBUTES, SECURITY_MAX_SID_SIZE, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateFileW, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_DATA, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE, WRITE_DAC, WRITE_OWNER,
};
use windows_sys::Win32::System::SystemServices::{ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_CALLBACK_ACE_TYPE};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetCurrentThread, OpenProcessToken, OpenThreadToken,
};

/// Makes a file that the user of this thread may open and nobody else, from its first moment on and
/// whatever its folder would hand down. Opens nothing that is there, and follows no link.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    create_with(path, &for_alone(&current_user()?))
}

/// Owned by the user; an access list that inherits nothing (P), with all rights to the file (FA).
fn for_alone(user: &str) -> String {
    format!("O:{user}D:P(A;;FA;;;{user})")
}

/// Makes a file with the owner and the access list that the text describes.
fn create_with(path: &Path, description: &str) -> io::Result<File> {
    let path = verbatim(path)?;
    let descriptor = descriptor_of(description)?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor.0,
        bInheritHandle: 0,
    };
    // SAFETY: the path is terminated; path, attributes and descriptor outlive the call.
    let handle = unsafe {
        CreateFileW(
            path.as_ptr(),
            GENERIC_WRITE,
            // What std shares: the file is renamed while it is open.
            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            &attributes,
            CREATE_NEW,
            FILE_FLAG_OPEN_REPARSE_POINT,
            null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: an open handle of a file, and nobody else's.
    Ok(unsafe { File::from_raw_handle(handle) })
}

/// Those whom the file's access list lets read it, or help themselves to that right: SIDs, such as
/// `S-1-1-0` for everybody. Left out are this user, the owner, and those who can read every file.
pub(crate) fn other_readers(file: &File) -> io::Result<Vec<String>> {
    Ok(AccessList::of(file)?.readers_besides(&current_user()?))
}

const EVERYBODY: &str = "S-1-1-0";

/// Who may do what with a file.
#[derive(Debug)]
struct AccessList {
    owner: String,
    /// Of the kind that allows something; `None` if everybody may do everything. Entries that deny are
    /// left out: who is allowed and denied at once is better warned about than trusted.
    entries: Option<Vec<Entry>>,
}

#[derive(Debug, PartialEq)]
struct Entry {
    sid: String,
    rights: u32,
}

impl Entry {
    fn lets_read(&self) -> bool {
        self.rights & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL | WRITE_DAC | WRITE_OWNER) != 0
    }
}

impl AccessList {
    fn of(file: &File) -> io::Result<AccessList> {
        let (mut owner, mut list, mut descriptor) = (null_mut(), null_mut(), Local(null_mut()));
        // SAFETY: an open handle, and places for what is asked for; the rest may be NULL.
        let code = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &mut owner,
                null_mut(),
                &mut list,
                null_mut(),
                &mut descriptor.0,
            )
        };
        if code != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(code as i32));
        }
        // SAFETY: both point into the descriptor, which lives until the end.
        unsafe { AccessList::read(owner, list) }
    }

    /// # Safety
    /// `owner` is a SID; `list` is NULL or an access list that the system gave.
    unsafe fn read(owner: PSID, list: *const ACL) -> io::Result<AccessList> {
        // SAFETY: a SID by the caller's word.
        let owner = unsafe { sid_text(owner) }?;
        if list.is_null() {
            return Ok(AccessList { owner, entries: None });
        }
        let mut entries = Vec::new();
        // SAFETY: not NULL, so a list.
        for index in 0..unsafe { (*list).AceCount } {
            let mut entry = null_mut();
            // SAFETY: the same list, and an index within it.
            if unsafe { GetAce(list, index.into(), &mut entry) } == 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: an entry of the list.
            entries.extend(unsafe { allowing(entry) }?);
        }
        Ok(AccessList { owner, entries: Some(entries) })
    }

    fn readers_besides(self, user: &str) -> Vec<String> {
        /// The system, administrators, and what an owner may do (`OWNER RIGHTS`).
        const ALWAYS: [&str; 3] = ["S-1-5-18", "S-1-5-32-544", "S-1-3-4"];
        // A file system that keeps no rights, such as that of a memory stick, keeps nobody out.
        let Some(entries) = self.entries else { return vec![EVERYBODY.to_owned()] };
        let readers = entries.into_iter().filter(Entry::lets_read).map(|entry| entry.sid);
        readers.filter(|sid| sid != user && *sid != self.owner && !ALWAYS.contains(&sid.as_str())).collect()
    }
}

/// An entry, if it allows something on the file itself.
///
/// # Safety
/// It is an entry of an access list that lives.
unsafe fn allowing(entry: *const c_void) -> io::Result<Option<Entry>> {
    let entry: *const ACCESS_ALLOWED_ACE = entry.cast();
    // SAFETY: every entry begins with this header.
    let header = unsafe { (*entry).Header };
    let is_allowing =
        matches!(header.AceType.into(), ACCESS_ALLOWED_ACE_TYPE | ACCESS_ALLOWED_CALLBACK_ACE_TYPE);
    if !is_allowing || u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0 {
        return Ok(None);
    }
    // SAFETY: both kinds have the rights and then the SID in this place.
    let (rights, sid) = unsafe { ((*entry).Mask, &raw const (*entry).SidStart) };
    // SAFETY: a SID of the list.
    let sid = unsafe { sid_text(sid.cast_mut().cast()) }?;
    Ok(Some(Entry { sid, rights }))
}

/// The SID of the user for whom this thread works: the process's, unless the thread impersonates.
fn current_user() -> io::Result<String> {
    let token = token()?;
    /// Aligned, and large enough for any SID behind the structure that points to it.
    const WORDS: usize = (size_of::<TOKEN_USER>() + SECURITY_MAX_SID_SIZE as usize).div_ceil(8);
    let mut user = [0_u64; WORDS];
    let mut used = 0;
    // SAFETY: an open token and a buffer with its size.
    let done = unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            user.as_mut_ptr().cast(),
            size_of_val(&user) as u32,
            &mut used,
        )
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: filled and aligned; its SID points into the same buffer.
    unsafe { sid_text((*user.as_ptr().cast::<TOKEN_USER>()).User.Sid) }
}

fn token() -> io::Result<OwnedHandle> {
    let mut token = null_mut();
    // SAFETY: pseudo handles are always valid; the token is written on success only.
    let opened = unsafe {
        match OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, 1, &mut token) {
            0 if io::Error::last_os_error().raw_os_error() == Some(ERROR_NO_TOKEN as i32) => {
                OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token)
            }
            opened => opened,
        }
    };
    if opened == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: an open handle, and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

/// Translates the security descriptor definition language.
fn descriptor_of(description: &str) -> io::Result<Local> {
    let text = terminated(OsStr::new(description))?;
    let mut descriptor = Local(null_mut());
    // SAFETY: terminated text, and a place for the descriptor; its size may be NULL.
    let made = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &mut descriptor.0,
            null_mut(),
        )
    };
    if made == 0 { Err(io::Error::last_os_error()) } else { Ok(descriptor) }
}

/// "S-1-5-..."
///
/// # Safety
/// It points to a SID.
unsafe fn sid_text(sid: PSID) -> io::Result<String> {
    let mut text: *mut u16 = null_mut();
    // SAFETY: a SID by the caller's word, and a place for the text.
    if unsafe { ConvertSidToStringSidW(sid, &mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let _freed_at_the_end = Local(text.cast());
    let mut length = 0;
    // SAFETY: terminated, so no unit before the end is beyond it.
    while unsafe { *text.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: so many units were just read.
    Ok(String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, length) }))
}

/// Memory that the system gave, to be given back; NULL is nothing.
struct Local(*mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: from a function that says to free it so, or NULL.
        unsafe { LocalFree(self.0) };
    }
}

/// The path in the form that may be longer than 260 characters, which std makes of it as well.
fn verbatim(path: &Path) -> io::Result<Vec<u16>> {
    let path = std::path::absolute(path)?;
    let prefix = match path.components().next() {
        Some(Component::Prefix(prefix)) => Some(prefix.kind()),
        _ => None,
    };
    let mut text = OsString::new();
    match prefix {
        Some(Prefix::Disk(_)) => {
            text.push(r"\\?\");
            text.push(&path);
        }
        Some(Prefix::UNC(server, share)) => {
            text.push(r"\\?\UNC\");
            text.push(server);
            text.push(r"\");
            text.push(share);
            text.push(r"\");
            text.push(path.components().skip(2).collect::<std::path::PathBuf>());
        }
        _ => text.push(&path),
    }
    terminated(&text)
}

fn terminated(text: &OsStr) -> io::Result<Vec<u16>> {
    let mut units: Vec<u16> = text.encode_wide().collect();
    if units.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path holds a NUL"));
    }
    units.push(0);
    Ok(units)
}

#[cfg(test)]
mod tests;
