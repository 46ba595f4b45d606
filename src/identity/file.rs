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
use super::{Identity, check_pos_id, unusable};
use crate::error::{Error, Kind, utc};
use crate::pem::{self, Block, Label};
use crate::safe_file::{self, Readers};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use zeroize::Zeroizing;

const TITLE: &str = "poslatch identity 1";
const POS_ID: &str = "posId: ";
const DEVICE: &str = "Device: ";

/// Largest file that is read; ours are about 8 kB.
const SIZE_BYTES_MAX: usize = 256 * 1024;

pub(super) fn load(path: &Path, passphrase: Option<&str>) -> Result<Identity, Error> {
    let (file, text) = read(path).map_err(|error| Kind::file(path, "read", &error))?;
    // A key that others can read is still a key, and the shop has to open: a warning, not an error.
    if let Some(how) = safe_file::open_to_others(&file) {
        crate::log::identity_file_is_open_to_others(path, &how);
    }
    parse(&text, passphrase)
}

fn read(path: &Path) -> io::Result<(File, Zeroizing<Vec<u8>>)> {
    let mut file = File::open(path)?;
    // Reserved at once: a vector that grows leaves copies of the key behind.
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(0).min(SIZE_BYTES_MAX);
    let mut text = Zeroizing::new(Vec::with_capacity(size + 1));
    (&mut file).take(SIZE_BYTES_MAX as u64 + 1).read_to_end(&mut text)?;
    Ok((file, text))
}

pub(super) fn parse(text: &[u8], passphrase: Option<&str>) -> Result<Identity, Error> {
    if text.len() > SIZE_BYTES_MAX {
        return Err(unusable(format!("it has more than {SIZE_BYTES_MAX} bytes")));
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
    safe_file::replace(path, text.as_bytes(), Readers::OwnerOnly)
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
