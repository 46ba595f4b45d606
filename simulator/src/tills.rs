//! The tills that a device has paired with, known by the fingerprints of their certificates. A file of its own because
//! the list outlives the process when there is a state folder.

use crate::{Error, lock};
use aws_lc_rs::digest;
use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;

/// A certificate that has its issuer's signature but is not on this list was issued by another device.
pub(crate) struct Tills {
    by_fingerprint: Mutex<HashMap<String, String>>,
    file: Option<PathBuf>,
}

impl Tills {
    pub(crate) fn in_memory() -> Self {
        Self { by_fingerprint: Mutex::default(), file: None }
    }

    /// Reads the list from a file, which holds `fingerprint posId` on each line.
    pub(crate) fn load(file: PathBuf) -> Result<Self, Error> {
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(Error::State { path: file, source }),
        };
        let mut by_fingerprint = HashMap::new();
        for line in text.lines() {
            match line
                .split_once(' ')
                .and_then(|(key, pos_id)| Some((key, serde_json::from_str(pos_id).ok()?)))
            {
                Some((fingerprint, pos_id)) => by_fingerprint.insert(fingerprint.to_owned(), pos_id),
                None => {
                    return Err(Error::StateUnusable { path: file, reason: format!("not a till: {line:?}") });
                }
            };
        }
        Ok(Self { by_fingerprint: Mutex::new(by_fingerprint), file: Some(file) })
    }

    pub(crate) fn add(&self, leaf_der: &[u8], pos_id: &str) -> io::Result<()> {
        let fingerprint = fingerprint(leaf_der);
        let mut by_fingerprint = lock(&self.by_fingerprint);
        if let Some(file) = &self.file {
            let line = line(&fingerprint, pos_id);
            OpenOptions::new().create(true).append(true).open(file)?.write_all(line.as_bytes())?;
        }
        by_fingerprint.insert(fingerprint, pos_id.to_owned());
        Ok(())
    }

    /// Takes every till with this posId off the list; returns whether there was one.
    pub(crate) fn remove(&self, pos_id: &str) -> io::Result<bool> {
        let mut by_fingerprint = lock(&self.by_fingerprint);
        let before = by_fingerprint.len();
        by_fingerprint.retain(|_, till| till != pos_id);
        if by_fingerprint.len() == before {
            return Ok(false);
        }
        if let Some(file) = &self.file {
            let lines: String = by_fingerprint.iter().map(|(key, pos_id)| line(key, pos_id)).collect();
            fs::write(file, lines)?;
        }
        Ok(true)
    }

    pub(crate) fn has(&self, pos_id: &str) -> bool {
        lock(&self.by_fingerprint).values().any(|till| till == pos_id)
    }

    pub(crate) fn pos_id(&self, leaf_der: &[u8]) -> Option<String> {
        lock(&self.by_fingerprint).get(&fingerprint(leaf_der)).cloned()
    }
}

/// The posId as JSON, so that one with a line break stays on its line.
fn line(fingerprint: &str, pos_id: &str) -> String {
    format!("{fingerprint} {}\n", serde_json::Value::from(pos_id))
}

fn fingerprint(der: &[u8]) -> String {
    digest::digest(&digest::SHA256, der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
