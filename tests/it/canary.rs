//! Secrets are planted, everything the library tells is collected at the most talkative level, and
//! searched: log records, messages, advice, `Debug`. The search is shown to find what is there.

use crate::common::*;
use crate::scripted::Scripted;
use poslatch::{Connection, DEFAULT_SILENCE, Identity, LogLevel, log_to};
use poslatch_simulator::{Faults, PairingReply};
use std::fmt::Write;
use std::sync::{Mutex, Once};

/// Card number and tracks of a test card, as a device might send them for a non-payment card.
const CARD: &str = "4111111111111111";
const TRACK: &str = "4111111111111111=29121011000012345678";
const PASSPHRASE: &str = "correct horse battery";

static RECORDS: Mutex<String> = Mutex::new(String::new());

/// Collects what the library logs in the whole test program, so that other tests add to the haystack.
pub(crate) fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log_to(LogLevel::Trace, |level, line| tell(&format!("{level:?} {line}"))).expect("not in a sink")
    });
}

fn tell(line: &str) {
    let mut records = RECORDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let _ = writeln!(records, "{line}");
}

pub(crate) fn records() -> String {
    RECORDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
}

fn found<'a>(haystack: &str, needles: &'a [String]) -> Vec<&'a str> {
    needles.iter().map(String::as_str).filter(|needle| haystack.contains(needle)).collect()
}

#[test]
fn nothing_that_is_told_holds_a_secret() {
    collect();
    let (mut needles, mut haystack) = (vec![CARD.into(), TRACK.into(), PASSPHRASE.into()], String::new());

    for scheme in SCHEMES {
        let simulator = simulator();
        let device = device(&simulator, scheme);
        let code = setup_code(&simulator);
        needles.push(code.clone());
        let identity = device.pair("1001", &code).expect("pairs");
        haystack.push_str(&told(&failure(device.pair("1001", &code), "used")));
        let pem = identity.to_pem(None).expect("text");
        needles.extend(key_lines(&pem));
        let encrypted = identity.to_pem(Some(PASSPHRASE)).expect("text");
        haystack.push_str(&told(&failure(Identity::from_pem(encrypted.as_bytes(), Some("wrong")), "wrong")));
        haystack.push_str(&told(&failure(Identity::from_pem(&pem.as_bytes()[..900], None), "cut off")));
        Identity::from_pem(encrypted.as_bytes(), Some(PASSPHRASE)).expect("opens");
        let _ = write!(haystack, "{device:?} {identity:?}");

        // A reply with a key in every wrong form, and a device that repeats the code.
        for body in [
            pem.replace("BEGIN CERTIFICATE", "BEGIN X"),
            pem.replace('\n', " "),
            pem.replace("-----END PRIVATE", "-----END X"),
            serde_json::json!({ "message": &*pem, "error": "code CODE" }).to_string(),
            key_lines(&pem).concat(),
        ] {
            for status in [200, 400] {
                let code = renewed_setup_code(&simulator);
                let body = body.replace("CODE", &code).into_bytes();
                let content_type = "text/plain".into();
                let pairing_reply = PairingReply::Status { code: status, content_type, body };
                simulator.set_faults(Faults { pairing_reply, ..Faults::default() });
                needles.push(code.clone());
                if let Err(error) = device.pair("1001", &code) {
                    haystack.push_str(&told(&error));
                }
            }
        }
        simulator.set_faults(Faults::default());
        let connection = device.open_mtls(&identity).expect("opens");
        pay_with_card_data(&connection, &mut haystack);
    }
    let read_card = format!(
        r#"{{"type":"ReadCardResponse","cardDetails":{{"cardNumber":"{CARD}","track2":"{TRACK}"}}}}"#
    );
    for answer in [read_card.clone(), format!("{read_card} {CARD}"), read_card.replace("\"type\"", "\"t\"")] {
        let scripted = Scripted::answering(answer);
        let connection = scripted.open("wss");
        if let Err(error) = connection.exchange(r#"{"type":"ReadCardRequest"}"#, DEFAULT_SILENCE, &mut |_| {})
        {
            haystack.push_str(&told(&error));
        }
        drop(connection);
        scripted.finish();
    }

    haystack.push_str(&records());
    assert!(haystack.contains("paired posId") && haystack.contains("bytes sent"), "records were collected");
    assert_eq!(found(&haystack, &needles), [] as [&str; 0], "in {haystack}");
}

fn pay_with_card_data(connection: &Connection, haystack: &mut String) {
    for request in [
        format!(r#"{{"type":"PaymentRequest","merchantReferenceCode":"{CARD}","note":"{TRACK}"}}"#),
        format!(r#"{{"type":"PaymentRequest","note":"{TRACK}""#),
        format!(r#"{{"track":"{TRACK}"}}"#),
    ] {
        if let Err(error) = connection.exchange(&request, DEFAULT_SILENCE, &mut |_| {}) {
            haystack.push_str(&told(&error));
        }
    }
}

/// What other tests of this program, run once more as a child, told and what they had planted.
fn told_by_other_tests(name: &str, which: &[&str], tell_all: bool) -> (String, Vec<String>) {
    let folder = Folder::new(name);
    let planted = folder.path.join("planted");
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
    child.arg("--nocapture").args(which).env(PLANTED, &planted);
    if tell_all {
        child.env(TELL_ALL, "1");
    }
    let child = child.output().expect("runs");
    let said = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
    let planted = std::fs::read_to_string(planted).expect("secrets were planted");
    (said, planted.lines().map(str::to_owned).collect())
}

#[test]
fn the_other_tests_tell_no_secret() {
    // Not those that take long and tell nothing, nor those that run others themselves.
    let skipped = [
        "canary",
        "saves",
        "interop",
        "journal",
        "killed",
        "memory",
        "soak",
        "a_proxy_in_the_environment",
        "records_reach",
    ];
    let which: Vec<&str> = skipped.iter().flat_map(|name| ["--skip", name]).collect();
    let (said, mut needles) = told_by_other_tests("canary", &which, false);
    assert!(needles.len() > 500, "only {} secrets", needles.len());
    // The API secret, the passphrases and the code of other files.
    for secret in ["c2hhcmVkIHNlY3JldCBvZiB0aGUgdGVzdCBtZXJjaGFudCE=", "correct horse \u{df}", "SECRET12"] {
        needles.push(secret.to_owned());
    }
    assert!(
        said.contains("Warn pairing failed") && said.contains("Debug PaymentRequest"),
        "records are in it"
    );
    assert!(said.contains("Error { status"), "errors are in it");
    assert_eq!(found(&said, &needles), [] as [&str; 0], "in {said}");
}

#[test]
fn a_secret_that_the_other_tests_tell_is_found() {
    let which = ["secrets::a_passphrase_is_needed", "pairing::spaces_around"];
    for (tell_all, name) in [(false, "canary-silent"), (true, "canary-told")] {
        let (said, needles) = told_by_other_tests(name, &which, tell_all);
        // One code, and the lines of one key.
        assert!(said.contains("2 passed") && needles.len() > 20, "{} secrets in {said}", needles.len());
        let expected: Vec<&str> =
            if tell_all { needles.iter().map(String::as_str).collect() } else { vec![] };
        assert_eq!(found(&said, &needles), expected);
    }
}

#[test]
fn the_search_finds_what_is_told() {
    collect();
    // A posId is no secret and stands in the record of a pairing; so would anything in its place.
    let pos_id = "1001-told-on-purpose";
    let simulator = simulator();
    device(&simulator, "https").pair(pos_id, &setup_code(&simulator)).expect("pairs");
    assert_eq!(found(&records(), &[pos_id.to_owned()]), [pos_id]);
}

#[cfg(unix)]
#[test]
fn an_identity_file_that_others_can_read_is_warned_about_and_read() {
    use std::os::unix::fs::PermissionsExt;
    collect();
    let path = std::env::temp_dir().join(format!("poslatch-open-{}.pem", std::process::id()));
    identity(&simulator(), "1001").save(&path, None).expect("saved");
    Identity::load(&path, None).expect("read");
    let warning = |mode: &str| {
        format!("Warn identity file \"{}\" can be read by other users (mode {mode})", path.display())
    };
    assert!(!records().contains(&warning("600")));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("settable");
    Identity::load(&path, None).expect("read all the same");
    std::fs::remove_file(&path).expect("removable");
    assert!(records().contains(&warning("640")));
}
