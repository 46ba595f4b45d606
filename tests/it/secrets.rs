//! The identity on disk and in texts: who can read it, what it holds, and what never shows.

use crate::common::*;
use poslatch::{Identity, Status};

#[test]
fn an_identity_is_saved_for_its_owner_alone_and_read_back() {
    let folder = Folder::new("save");
    let simulator = simulator();
    let paired = device(&simulator, "https").pair("till-\u{e9}", &setup_code(&simulator)).expect("pairs");
    let path = folder.path.join("till.pem");
    for passphrase in [None, Some("correct horse \u{df}")] {
        paired.save(&path, passphrase).expect("saved");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let loaded = Identity::load(&path, passphrase).expect("loaded");
        assert_eq!(loaded.pos_id(), "till-\u{e9}");
        assert_eq!(loaded.device_name(), Some(DEVICE_NAME));
        assert_eq!(loaded.fingerprint(), paired.fingerprint());
        assert_eq!((loaded.serial(), loaded.issuer()), (Some(SERIAL), paired.issuer()));
        assert_eq!(loaded.cert_chain_pem(), paired.cert_chain_pem());
        device(&simulator, "https").open_mtls(&loaded).expect("opens");
    }
    assert_eq!(folder.files(), ["till.pem"], "nothing is left behind");
}

#[test]
fn a_passphrase_is_needed_right_and_not_empty() {
    let simulator = simulator();
    let identity = identity(&simulator, "1001");
    let encrypted = identity.to_pem(Some("right")).expect("text");
    assert!(encrypted.contains("ENCRYPTED PRIVATE KEY") && !encrypted.contains("BEGIN PRIVATE KEY"));
    for (passphrase, message) in [
        (None, "the identity's key is encrypted and no passphrase was given"),
        (Some("wrong"), "the passphrase does not open the identity's key"),
    ] {
        let error = failure(Identity::from_pem(encrypted.as_bytes(), passphrase), message);
        assert_eq!(error.status(), Status::Passphrase);
        assert_eq!(error.message(), message);
    }
    let error = failure(identity.to_pem(Some("")), "empty");
    assert_eq!(error.status(), Status::Argument);
}

#[test]
fn files_that_cannot_be_used_say_why() {
    let folder = Folder::new("bad");
    let simulator = simulator();
    let identity = identity(&simulator, "1001");
    let error = failure(Identity::load(folder.path.join("missing.pem"), None), "missing");
    assert_eq!(error.status(), Status::File);
    assert!(error.message().contains("missing.pem") && error.os_code().is_some(), "{error}");
    let error = failure(identity.save(folder.path.join("no/such/folder.pem"), None), "no folder");
    assert_eq!(error.status(), Status::File);

    let text = identity.to_pem(None).expect("text");
    for (name, text, problem) in [
        ("empty", String::new(), "it does not begin with the lines"),
        (
            "a bare key",
            text[text.find("-----").expect("PEM")..].to_owned(),
            "it does not begin with the lines",
        ),
        ("cut off", text[..text.len() - 20].to_owned(), "block 4 (CERTIFICATE) is cut off"),
        (
            "no chain",
            text[..text.find("-----BEGIN CERT").expect("PEM")].to_owned(),
            "it holds no certificate",
        ),
    ] {
        let error = failure(Identity::from_pem(text.as_bytes(), None), name);
        assert_eq!(error.status(), Status::IdentityUnusable, "{name}");
        assert!(error.message().contains(problem), "{name}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_replaced_not_followed() {
    let folder = Folder::new("link");
    let (target, link) = (folder.path.join("target"), folder.path.join("link"));
    std::fs::write(&target, "precious").expect("written");
    std::os::unix::fs::symlink(&target, &link).expect("linked");
    identity(&simulator(), "1001").save(&link, None).expect("saved");
    assert_eq!(std::fs::read_to_string(&target).expect("there"), "precious");
    assert!(!std::fs::symlink_metadata(&link).expect("there").file_type().is_symlink());
}

#[test]
fn no_text_of_ours_holds_a_key_or_a_code() {
    let simulator = simulator();
    let device = device(&simulator, "https");
    let code = setup_code(&simulator);
    let identity = device.pair("1001", &code).expect("pairs");
    let again = failure(device.pair("1001", &code), "used");
    let key = identity.to_pem(None).expect("text");
    let key_line =
        key.lines().skip_while(|line| !line.starts_with("-----")).nth(3).expect("a line of the key");
    let said =
        format!("{identity:?} {device:?} {again:?} {again} {} {}", again.advice(), identity.cert_chain_pem());
    assert!(!said.contains(&code) && !said.contains(key_line), "{said}");
}
