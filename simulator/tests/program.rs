//! The program as its users see it: JSON lines for a parent, sentences for a person, and an end that leaves nothing.

mod common;

use common::labels;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poslatch-simulator"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A program that runs, and goes with the test even if that fails.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).spawn().expect("a program");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }

    /// Reads up to the event of this name.
    fn event(&mut self, name: &str) -> Value {
        loop {
            let event: Value = serde_json::from_str(&self.line()).expect("one JSON object per line");
            if event["event"] == name {
                return event;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn parent_pairs_by_json_lines_and_ends_the_program_by_leaving() {
    let root_ca = std::env::temp_dir().join(format!("poslatch-simulator-{}-root.pem", std::process::id()));
    let root_ca_text = root_ca.to_str().expect("text");
    let mut program =
        Running::start(&["--json", "--until-eof", "--listen", "127.0.0.1:0", "--root-ca-out", root_ca_text]);
    let ready = program.event("ready");
    assert_eq!(ready["serial"], "1850000123");
    assert_eq!(ready["rootCaFile"], root_ca_text);
    let code = program.event("code");
    // What is left of 300 s when the line is written.
    assert!(code["validSeconds"].as_u64().is_some_and(|left| (280..=300).contains(&left)), "{code}");
    let chain = std::fs::read_to_string(&root_ca).expect("the root CA");
    let _ = std::fs::remove_file(&root_ca);

    let mut stream = connect(&ready, &chain);
    let request = common::pairing("1001", code["code"].as_str().expect("a code"));
    let reply = common::post_on(&mut stream, &request).expect("a reply");
    assert_eq!(labels(&reply.body).len(), 4);
    let handshake = program.event("handshake");
    assert_eq!(
        (&handshake["sni"], &handshake["tlsVersion"]),
        (&ready["deviceName"], &Value::from("TLSv1.3"))
    );
    assert_ne!(program.event("code")["code"], code["code"]);
    let paired = program.event("paired");
    assert_eq!(paired["posId"], "1001");
    assert!(paired["notAfter"].as_str().is_some_and(|date| date.ends_with('Z')), "{paired}");

    let wrong = common::post_on(&mut stream, &common::pairing("1001", "WRONG123")).expect("kept alive");
    assert_eq!(wrong.status, 403);
    assert!(program.event("refused")["reason"].as_str().is_some_and(|text| text.contains("setup code")));

    drop(program.child.stdin.take());
    assert_eq!(program.child.wait().expect("an end").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn person_reads_sentences_and_ends_the_program_by_a_signal() {
    let mut program = Running::start(&["--listen", "127.0.0.1:0", "--serial", "42"]);
    assert_eq!(program.line(), "Simulated payment device");
    let rest: Vec<String> = std::iter::repeat_with(|| program.line()).take(7).collect();
    assert!(rest[0].contains("https://127.0.0.1:") && rest[0].contains("wss://127.0.0.1:"), "{rest:#?}");
    assert!(rest[2].contains("42.cybs.seclib.io"), "{rest:#?}");
    assert!(rest[4].contains("http://127.0.0.1:"), "{rest:#?}");
    assert!(rest[6].starts_with("Setup code ") && rest[6].ends_with(", valid for 300 s"), "{rest:#?}");
    let signalled = Command::new("kill").arg(program.child.id().to_string()).status().expect("kill");
    assert!(signalled.success());
    assert_eq!(program.child.wait().expect("an end").code(), Some(0));
}

#[test]
fn help_explains_and_nonsense_is_refused() {
    let help = program(&["--help"]).output().expect("an end");
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--until-eof"));
    let nonsense = program(&["--nonsense"]).output().expect("an end");
    assert_eq!(nonsense.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nonsense.stderr).contains("--help"));
}

#[test]
fn screen_finds_a_free_port_unless_it_was_given_one() {
    // Ours, or somebody else's: taken it is.
    let _taken = std::net::TcpListener::bind("127.0.0.1:8080");
    let mut program = Running::start(&["--json", "--listen", "127.0.0.1:0"]);
    let url = program.event("ready")["screenUrl"].as_str().expect("a URL").to_owned();
    assert!(url.starts_with("http://127.0.0.1:") && url != "http://127.0.0.1:8080/", "{url}");
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    TcpStream::connect(address).expect("a screen");

    let refused = Command::new(env!("CARGO_BIN_EXE_poslatch-simulator"))
        .args(["--listen", "127.0.0.1:0", "--screen", address])
        .output()
        .expect("an end");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains(address));
    let mut without = Running::start(&["--json", "--listen", "127.0.0.1:0", "--screen", "off"]);
    assert_eq!(without.event("ready")["screenUrl"], Value::Null);
}

#[test]
fn json_log_has_every_entry_of_the_record() {
    let mut program = Running::start(&["--json", "--listen", "127.0.0.1:0", "--screen", "off"]);
    let ready = program.event("ready");
    drop(TcpStream::connect(ready["address"].as_str().expect("an address")).expect("a stream"));
    assert_eq!(program.event("connected")["connection"], 1);
    assert_eq!(program.event("refused")["stage"], "handshake");
    assert_eq!(program.event("bytes")["total"], 0);
    assert_eq!(program.event("disconnected")["connection"], 1);
}

#[test]
fn port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let failed = program(&["--listen", &address]).output().expect("an end");
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stderr).contains(&address));
}

fn connect(ready: &Value, chain: &str) -> common::Stream {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::pem_slice_iter(chain.as_bytes()).last().expect("a chain").expect("PEM");
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name =
        ServerName::try_from(ready["deviceName"].as_str().expect("a name").to_owned()).expect("a name");
    let tcp = TcpStream::connect(ready["address"].as_str().expect("an address")).expect("a stream");
    tcp.set_read_timeout(Some(common::PATIENCE)).expect("a timeout");
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a config"), tcp)
}
