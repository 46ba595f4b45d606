//! What we write, read by the programs that tills and their technicians have: openssl, keytool, .NET,
//! curl.
//!
//! A program that is not there fails its test with the package to install; a test that skips itself
//! proves nothing. `cargo xtask test rust` installs them where it may.

use crate::common::*;
use poslatch_simulator::Event;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};

const PASSPHRASE: &str = "correct horse";

/// Runs a program and returns what it said on standard output.
fn run(program: &str, arguments: &[&dyn AsRef<OsStr>]) -> String {
    let output = output(program, arguments);
    assert!(
        output.status.success(),
        "{program}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn output(program: &str, arguments: &[&dyn AsRef<OsStr>]) -> Output {
    let package = match program {
        "keytool" => "default-jre-headless",
        "mcs" | "mono" => "mono-mcs",
        other => other,
    };
    // Their words are compared, so they have to come in one language.
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C.UTF-8").env_remove("JAVA_TOOL_OPTIONS");
    command.output().unwrap_or_else(|error| {
        panic!("`{program}` cannot be run ({error}); install it (Debian, Ubuntu: apt-get install {package})")
    })
}

/// An identity in the form that a test is about, in a folder of its own.
struct Written {
    folder: Folder,
    identity: poslatch::Identity,
}

impl Written {
    fn new(name: &str, pos_id: &str) -> Written {
        Written { folder: Folder::new(name), identity: identity(&simulator(), pos_id) }
    }

    fn pem(&self, passphrase: Option<&str>) -> PathBuf {
        let path = self.folder.path.join("till.pem");
        self.identity.save(&path, passphrase).expect("saved");
        path
    }

    fn pkcs12(&self, passphrase: &str) -> PathBuf {
        let path = self.folder.path.join("till.p12");
        std::fs::write(&path, self.identity.to_pkcs12(passphrase).expect("exported")).expect("written");
        path
    }

    /// The fingerprint as openssl and keytool write it.
    fn fingerprint(&self) -> String {
        let digits: Vec<char> = self.identity.fingerprint().to_uppercase().chars().collect();
        digits.chunks(2).map(String::from_iter).collect::<Vec<_>>().join(":")
    }

    /// The public key of the till's certificate, as openssl reads it from the chain.
    fn public_key(&self) -> String {
        let path = self.folder.path.join("chain.pem");
        std::fs::write(&path, self.identity.cert_chain_pem()).expect("written");
        run("openssl", &[&"x509", &"-in", &path, &"-noout", &"-pubkey"])
    }

    fn certificates(&self) -> usize {
        count(&self.identity.cert_chain_pem(), "BEGIN CERTIFICATE")
    }
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn openssl_reads_the_file_with_and_without_passphrase() {
    let written = Written::new("openssl-pem", "1001");
    let public_key = written.public_key();
    assert!(public_key.contains("BEGIN PUBLIC KEY"), "{public_key}");
    for passphrase in [None, Some(PASSPHRASE)] {
        let path = written.pem(passphrase);
        let password = format!("pass:{}", passphrase.unwrap_or("none is needed"));
        let key = run("openssl", &[&"pkey", &"-in", &path, &"-passin", &password, &"-pubout"]);
        assert_eq!(key, public_key, "{passphrase:?}");
        let facts =
            run("openssl", &[&"x509", &"-in", &path, &"-noout", &"-fingerprint", &"-sha256", &"-subject"]);
        assert!(facts.contains(&written.fingerprint()) && facts.contains("1001"), "{facts}");
    }
    let path = written.pem(Some(PASSPHRASE));
    let refused = output("openssl", &[&"pkey", &"-in", &path, &"-passin", &"pass:wrong", &"-noout"]);
    assert!(!refused.status.success(), "a wrong passphrase opens nothing");
}

#[test]
fn openssl_reads_pkcs12_with_its_default_provider_alone() {
    // A posId and a passphrase outside ASCII and outside the basic plane.
    let written = Written::new("openssl-p12", "till-\u{e9}");
    let public_key = written.public_key();
    for passphrase in [PASSPHRASE, "gr\u{fc}\u{df}e \u{1f511}", "x", &"long ".repeat(40)] {
        let path = written.pkcs12(passphrase);
        let password = format!("pass:{passphrase}");
        let pkcs12 = |arguments: &[&dyn AsRef<OsStr>]| {
            let mut all: Vec<&dyn AsRef<OsStr>> = vec![&"pkcs12", &"-in", &path, &"-passin", &password];
            all.extend(arguments);
            output("openssl", &all)
        };
        let read = pkcs12(&[&"-info", &"-nodes"]);
        let facts = String::from_utf8_lossy(&read.stderr).into_owned();
        assert!(read.status.success(), "{passphrase}: {facts}");
        assert!(facts.contains("MAC: sha1, Iteration 50000"), "{facts}");
        assert_eq!(count(&facts, "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 50000"), 2, "{facts}");
        let text = String::from_utf8_lossy(&read.stdout).into_owned();
        assert_eq!(count(&text, "BEGIN CERTIFICATE"), written.certificates(), "{text}");
        assert_eq!(count(&text, "BEGIN PRIVATE KEY"), 1, "{text}");
        // The rest of the name comes out in Latin-1 or in UTF-8, by the version of openssl.
        assert_eq!(count(&text, "friendlyName: till-"), 2, "{text}");
        assert_eq!(count(&text, "localKeyID: "), 2, "{text}");

        let text = written.folder.path.join("read.pem");
        std::fs::write(&text, &read.stdout).expect("written");
        assert_eq!(run("openssl", &[&"pkey", &"-in", &text, &"-pubout"]), public_key);
    }
    let path = written.pkcs12(PASSPHRASE);
    let name: Vec<u8> = "till-\u{e9}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let bytes = std::fs::read(&path).expect("written");
    assert!(bytes.windows(name.len()).any(|window| window == name), "the name at the key, not encrypted");
    let refused = output("openssl", &[&"pkcs12", &"-in", &path, &"-passin", &"pass:wrong", &"-noout"]);
    assert!(!refused.status.success(), "a wrong passphrase opens nothing");
}

#[test]
fn dot_net_imports_pkcs12_and_its_key_works() {
    // Mono, as old as the oldest .NET in the field: it knows the encryption of the nineties alone.
    let written = Written::new("dot-net", "1001");
    let (path, program) = (written.pkcs12(PASSPHRASE), written.folder.path.join("Import.exe"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/interop/Import.cs");
    run("mcs", &[&source, &format!("-out:{}", program.display())]);
    let fingerprint = run("mono", &[&program, &path, &PASSPHRASE]);
    assert_eq!(fingerprint.trim(), written.fingerprint());
    assert!(
        !output("mono", &[&program, &path, &"wrong"]).status.success(),
        "a wrong passphrase opens nothing"
    );
}

#[test]
fn keytool_imports_pkcs12_with_its_whole_chain() {
    let written = Written::new("keytool", "1001");
    let path = written.pkcs12(PASSPHRASE);
    let store = written.folder.path.join("store.jks");
    run(
        "keytool",
        &[
            &"-importkeystore",
            &"-noprompt",
            &"-srckeystore",
            &path,
            &"-srcstoretype",
            &"PKCS12",
            &"-srcstorepass",
            &PASSPHRASE,
            &"-destkeystore",
            &store,
            // The form of Java 8, which decrypts the key and encrypts it anew.
            &"-deststoretype",
            &"JKS",
            &"-deststorepass",
            &"of the store",
            &"-destkeypass",
            &"of the store",
        ],
    );
    for (store, passphrase) in [(&path, PASSPHRASE), (&store, "of the store")] {
        let listed = run(
            "keytool",
            &[&"-J-Duser.language=en", &"-list", &"-v", &"-keystore", store, &"-storepass", &passphrase],
        );
        assert_eq!(count(&listed, "Entry type: PrivateKeyEntry"), 1, "{listed}");
        assert!(listed.contains("Alias name: 1001"), "{listed}");
        let length = format!("Certificate chain length: {}", written.certificates());
        assert!(listed.contains(&length), "{listed}");
        assert!(listed.contains(&written.fingerprint()), "{listed}");
    }
}

#[test]
fn curl_takes_the_file_as_certificate_and_key() {
    let simulator = simulator();
    let folder = Folder::new("curl");
    let (roots, till) = (folder.path.join("root-ca.pem"), folder.path.join("till.pem"));
    std::fs::write(&roots, simulator.root_ca_chain_pem()).expect("written");
    let identity = identity(&simulator, "1001");
    let port = simulator.address().port();
    let url = format!("https://{DEVICE_NAME}:{port}/");
    let resolve = format!("{DEVICE_NAME}:{port}:{}", simulator.address().ip());
    let sale = r#"{"type":"PaymentRequest","merchantReferenceCode":"A-1","amountDetails":{"amount":"1.00","currency":"EUR"}}"#;
    for passphrase in [None, Some(PASSPHRASE)] {
        identity.save(&till, passphrase).expect("saved");
        let answer = run(
            "curl",
            &[
                &"--silent",
                &"--show-error",
                &"--fail",
                &"--noproxy",
                &"*",
                &"--resolve",
                &resolve,
                &"--cacert",
                &roots,
                &"--cert",
                &till,
                &"--key",
                &till,
                &"--pass",
                &passphrase.unwrap_or_default(),
                &"--data",
                &sale,
                &url,
            ],
        );
        assert!(answer.contains("APPROVED"), "{passphrase:?}: {answer}");
    }
    let known = |event: &Event| match event {
        Event::Handshake { client_certificate, .. } => Some(client_certificate.clone()),
        _ => None,
    };
    assert_eq!(wait(&simulator, "handshake", known), Some("1001".to_owned()));
}
