//! The tills that a device has paired with, known by the fingerprints of their certificates. A file of its own because
//! the list outlives the process when there is a state folder.

use crate::{Error, Issued, clock, lock};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::SystemTime;

/// A till that the device has paired with, as its list of tills shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Till {
    /// The posId that it paired under.
    pub pos_id: String,
    /// SHA-256 of its certificate, in 64 hexadecimal digits.
    pub fingerprint: String,
    /// Begin of the certificate's validity; unknown of tills whose state file was written before it was kept there.
    pub not_before: Option<SystemTime>,
    /// End of the certificate's validity; unknown of the same tills.
    pub not_after: Option<SystemTime>,
}

/// A certificate that has its issuer's signature but is not on this list was issued by another device.
pub(crate) struct Tills {
    /// In the order of pairing.
    list: Mutex<Vec<Till>>,
    file: Option<PathBuf>,
}

impl Tills {
    pub(crate) fn in_memory() -> Self {
        Self { list: Mutex::default(), file: None }
    }

    /// Reads the list from a file, which holds `fingerprint till` on each line, the till as JSON.
    pub(crate) fn load(file: PathBuf) -> Result<Self, Error> {
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(Error::State { path: file, source }),
        };
        let mut list = Vec::new();
        for line in text.lines() {
            match parse(line) {
                Some(till) => list.push(till),
                None => {
                    return Err(Error::StateUnusable { path: file, reason: format!("not a till: {line:?}") });
                }
            }
        }
        Ok(Self { list: Mutex::new(list), file: Some(file) })
    }

    pub(crate) fn add(&self, issued: &Issued, pos_id: &str) -> io::Result<()> {
        let till = Till {
            pos_id: pos_id.to_owned(),
            fingerprint: fingerprint(&issued.leaf_der),
            not_before: Some(issued.not_before),
            not_after: Some(issued.not_after),
        };
        let mut list = lock(&self.list);
        if let Some(file) = &self.file {
            OpenOptions::new().create(true).append(true).open(file)?.write_all(line(&till).as_bytes())?;
        }
        list.push(till);
        Ok(())
    }

    /// Takes the tills that this is true of off the list, and returns them.
    pub(crate) fn remove(&self, is_meant: impl Fn(&Till) -> bool) -> io::Result<Vec<Till>> {
        let mut list = lock(&self.list);
        let (removed, kept): (Vec<_>, Vec<_>) = list.iter().cloned().partition(is_meant);
        if removed.is_empty() {
            return Ok(removed);
        }
        if let Some(file) = &self.file {
            fs::write(file, kept.iter().map(line).collect::<String>())?;
        }
        *list = kept;
        Ok(removed)
    }

    pub(crate) fn has(&self, pos_id: &str) -> bool {
        lock(&self.list).iter().any(|till| till.pos_id == pos_id)
    }

    pub(crate) fn pos_id(&self, leaf_der: &[u8]) -> Option<String> {
        let fingerprint = fingerprint(leaf_der);
        lock(&self.list).iter().find(|till| till.fingerprint == fingerprint).map(|till| till.pos_id.clone())
    }

    pub(crate) fn all(&self) -> Vec<Till> {
        lock(&self.list).clone()
    }
}

/// What a line of the file says of a till. JSON, so that a posId with a line break stays on its line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    pos_id: String,
    /// In seconds since 1970.
    not_before: Option<u64>,
    not_after: Option<u64>,
}

/// What a line may say: the posId alone, in files of before the dates were kept.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Entry(Entry),
    PosId(String),
}

fn parse(line: &str) -> Option<Till> {
    let (fingerprint, written) = line.split_once(' ')?;
    let Entry { pos_id, not_before, not_after } = match serde_json::from_str(written).ok()? {
        Written::Entry(entry) => entry,
        Written::PosId(pos_id) => Entry { pos_id, not_before: None, not_after: None },
    };
    Some(Till {
        pos_id,
        fingerprint: fingerprint.to_owned(),
        not_before: not_before.map(clock::from_seconds),
        not_after: not_after.map(clock::from_seconds),
    })
}

fn line(till: &Till) -> String {
    let entry = Entry {
        pos_id: till.pos_id.clone(),
        not_before: till.not_before.map(clock::seconds),
        not_after: till.not_after.map(clock::seconds),
    };
    // Three plain fields: there is nothing in them that cannot be written.
    format!("{} {}\n", till.fingerprint, serde_json::json!(entry))
}

fn fingerprint(der: &[u8]) -> String {
    digest::digest(&digest::SHA256, der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn till_comes_back_from_its_line() {
        let till = Till {
            pos_id: "10\n01".to_owned(),
            fingerprint: "ab12".to_owned(),
            not_before: Some(clock::from_seconds(1_700_000_000)),
            not_after: Some(clock::from_seconds(1_800_000_000)),
        };
        let line = line(&till);
        assert_eq!(line.lines().count(), 1, "{line:?}");
        assert_eq!(parse(line.trim_end()), Some(till));
    }

    #[test]
    fn line_of_before_the_dates_were_kept_is_still_a_till() {
        let till = parse("ab12 \"1001\"").expect("a till");
        assert_eq!((till.pos_id.as_str(), till.not_after), ("1001", None));
        assert_eq!(parse("ab12 1001"), None);
    }
}
