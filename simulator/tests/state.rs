//! The state folder: what a device keeps from one start to the next, and who may read it.

mod common;

use common::{Till, lookup};
use poslatch_simulator::{Error, Faults, PosIdReuse, Simulator};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn till_and_root_outlive_a_restart() {
    let folder = Folder::new("restart");
    let first = start(folder.path()).expect("a device");
    let root = first.root_ca_chain_pem();
    let till = first.issue_till("till 1\nof 2");
    drop(first);
    let second = start(folder.path()).expect("a device");
    assert_eq!(second.root_ca_chain_pem(), root);
    let reply =
        Till::new(&second).with(&till).post(&lookup("r-1").to_string()).expect("the till is still known");
    assert_eq!(reply.json()["message"], "Transaction not found");
}

#[test]
fn rotated_root_outlives_a_restart_and_so_does_a_replacement() {
    let folder = Folder::new("rotation");
    let first = start(folder.path()).expect("a device");
    let stranger = first.issue_till("1001");
    let root = first.rotate_root();
    let replaced = first.issue_till("1001");
    let kept = first.issue_till("1002");
    first.set_faults(Faults { pos_id_reuse: PosIdReuse::Replace, ..Faults::default() });
    first.issue_till("1001");
    drop(first);
    let second = start(folder.path()).expect("a device");
    assert_eq!(second.root_ca_chain_pem(), root);
    for (till, expected) in [(&stranger, "UnknownCA"), (&replaced, "CertificateUnknown")] {
        let refusal = Till::new(&second).with(till).refusal();
        assert!(refusal.contains(expected), "{refusal}");
    }
    Till::new(&second).with(&kept).post("{}").expect("the till is still known");
}

#[cfg(unix)]
#[test]
fn key_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("owner");
    drop(start(folder.path()).expect("a device"));
    let keys: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "key"))
        .collect();
    assert_eq!(keys.len(), 3);
    for key in keys {
        let mode = fs::metadata(&key).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", key.display());
    }
}

#[test]
fn damaged_key_is_named_but_not_quoted() {
    let folder = Folder::new("damaged");
    drop(start(folder.path()).expect("a device"));
    let path = folder.path().join("device.key");
    let damaged = fs::read_to_string(&path).expect("a key").replace('\n', " ");
    fs::write(&path, &damaged).expect("written");
    let error = start(folder.path()).expect_err("no key");
    assert!(matches!(error, Error::StateUnusable { .. }), "{error:?}");
    assert!(error.to_string().contains("device.key"), "{error}");
    assert!(!format!("{error}{error:?}").contains(&damaged[60..80]), "{error}");
}

#[test]
fn serial_that_is_no_dns_label_is_refused() {
    for serial in ["", "18 50", "1850.1"] {
        let error = Simulator::builder().serial(serial).start().expect_err("no such name");
        assert!(matches!(error, Error::Serial { .. }), "{error}");
    }
}

fn start(folder: &Path) -> Result<Simulator, Error> {
    Simulator::builder().state_dir(folder).start()
}

/// A folder that goes when the test does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("poslatch-simulator-{}-{name}", std::process::id()));
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
