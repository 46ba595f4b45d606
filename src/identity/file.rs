//! The identity file: one PEM text with a readable preamble, owner-only, replaced atomically.
//!
//! ```text
//! poslatch identity 1
//! posId: 1001
//! Device: 1850000123.cybs.seclib.io
//! Valid: 2026-11-24T16:28:13Z to 2028-11-23T16:28:13Z
//! Fingerprint (SHA-256): 9f86...
//! This file holds a private key. Keep it where only the till can read it.
//! -----BEGIN PRIVATE KEY-----
//! ```
//!
//! Readers of PEM skip the preamble, so `openssl` and `curl` take the file as it is.

use super::judge::{Dates, judge};
use super::key::PrivateKey;
use super::{Identity, check_pos_id, leftover, unusable};
use crate::error::{Error, Kind, utc};
use crate::pem::{self, Block, Label};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use zeroize::Zeroizing;

const TITLE: &str = "poslatch identity 1";
const POS_ID: &str = "posId: ";
const DEVICE: &str = "Device: ";

/// Largest file that is read; ours are about 8 kB.
const SIZE_BYTES_MAX: usize = 256 * 1024;

pub(super) fn load(path: &Path, passphrase: Option<&str>) -> Result<Identity, Error> {
    let read = fs::read(path).map_err(|error| Kind::file(path, "read", &error))?;
    warn_if_open_to_others(path);
    parse(&Zeroizing::new(read), passphrase)
}

pub(super) fn parse(text: &[u8], passphrase: Option<&str>) -> Result<Identity, Error> {
    if text.len() > SIZE_BYTES_MAX {
        return Err(unusable(format!("it has {} bytes, more than {SIZE_BYTES_MAX}", text.len())));
    }
    let preamble = Preamble::of(text)?;
    let mut blocks = pem::read(text).map_err(unusable)?;
    blocks.iter_mut().try_for_each(|block| decrypt(block, passphrase))?;
    let judged = judge(&blocks, &[], Dates::Any).map_err(unusable)?;
    Ok(Identity::new(preamble.pos_id, preamble.device_name, judged))
}

pub(super) fn text(identity: &Identity, passphrase: Option<&str>) -> Result<Zeroizing<String>, Error> {
    let key = &identity.judged().key;
    let key = match passphrase {
        None => pem::write(Label::PrivateKey, key.pkcs8()),
        Some("") => {
            return Err(Error::argument("passphrase", "it is empty; leave it out to save without one"));
        }
        Some(passphrase) => {
            let encrypted = key
                .encrypt(passphrase)
                .map_err(|_| Kind::Internal { detail: "the private key could not be encrypted".into() })?;
            pem::write(Label::EncryptedPrivateKey, &encrypted)
        }
    };
    let preamble = format!(
        "{TITLE}\n{POS_ID}{}\n{DEVICE}{}\nValid: {} to {}\nFingerprint (SHA-256): {}\n\
         This file holds a private key. Keep it where only the till can read it.\n",
        identity.pos_id(),
        identity.device_name().unwrap_or_default(),
        utc(identity.not_before()),
        utc(identity.not_after()),
        identity.fingerprint(),
    );
    let chain = identity.cert_chain_pem();
    // Reserved at once: a string that grows leaves copies of the key behind.
    let mut text = Zeroizing::new(String::with_capacity(preamble.len() + key.len() + chain.len()));
    text.push_str(&preamble);
    text.push_str(&key);
    text.push_str(&chain);
    Ok(text)
}

pub(super) fn save(identity: &Identity, path: &Path, passphrase: Option<&str>) -> Result<(), Error> {
    let text = text(identity, passphrase)?;
    replace(path, text.as_bytes()).map_err(|error| Kind::file(path, "write", &error).into())
}

/// Writes a new file beside the old one, makes it safe, and only then puts it in the old one's place.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    /// More than one only if another process mistakes the new file for a leftover.
    const ATTEMPTS_MAX: u32 = 3;
    let mut attempt = 1;
    loop {
        match replace_once(path, content) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS_MAX => attempt += 1,
            result => return result,
        }
    }
}

fn replace_once(path: &Path, content: &[u8]) -> io::Result<()> {
    let (temporary, mut file) = create_beside(path)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_folder(path));
    match &written {
        Ok(()) => leftover::remove(path, &file),
        Err(_) => {
            // Nothing to add to the first error; after a rename there is nothing to remove.
            let _ = fs::remove_file(&temporary);
        }
    }
    written
}

fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    };
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(leftover::name(name, std::process::id(), number));
        match owner_only().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Left behind by a process of the same number that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
    }
}

fn owner_only() -> OpenOptions {
    #[allow(unused_mut, reason = "only Unix sets a mode")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A key that others can read is still a key, and the shop has to open: a warning, not an error.
fn warn_if_open_to_others(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            crate::journal::identity_file_is_open_to_others(path, mode);
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Makes the rename itself survive a power cut. Windows has no such call and needs none; some folders
/// and file systems refuse it, which is no reason to say that a file was not written that was.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder_of(path)).and_then(|folder| folder.sync_all()) {
        Err(error) => match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => {
                Ok(())
            }
            _ => Err(error),
        },
        Ok(()) => Ok(()),
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

struct Preamble {
    pos_id: String,
    device_name: Option<String>,
}

impl Preamble {
    fn of(text: &[u8]) -> Result<Preamble, Error> {
        let text = Zeroizing::new(String::from_utf8_lossy(text).into_owned());
        // Some editors put a mark in front.
        let text = text.trim_start_matches('\u{feff}');
        let lines = || text.lines().map(str::trim_end).take_while(|line| !line.starts_with("-----"));
        let field = |name: &str| lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let Some(pos_id) = field(POS_ID).filter(|_| lines().any(|line| line == TITLE)) else {
            return Err(unusable(format!(
                "it does not begin with the lines \"{TITLE}\" and \"{POS_ID}...\" of an identity file"
            )));
        };
        check_pos_id(&pos_id).map_err(|_| unusable("its posId is not usable"))?;
        Ok(Preamble { pos_id, device_name: field(DEVICE).filter(|name| !name.is_empty()) })
    }
}

fn decrypt(block: &mut Block, passphrase: Option<&str>) -> Result<(), Error> {
    if block.label != Label::EncryptedPrivateKey {
        return Ok(());
    }
    let passphrase = passphrase.ok_or(Kind::PassphraseNeeded)?;
    let key = PrivateKey::decrypt(&block.der, passphrase).map_err(|_| Kind::PassphraseWrong)?;
    *block = Block { label: Label::PrivateKey, der: Zeroizing::new(key.pkcs8().to_vec()) };
    Ok(())
}
