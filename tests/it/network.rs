//! The way to the device: nobody there, somebody else there, nobody answering, and being called off.

use crate::common::*;
use poslatch::{Category, ConnectionState, Device, Error, RequestState, Status};
use poslatch_simulator::Faults;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

fn pair_at(url: &str, timeout: Duration) -> Error {
    let simulator = simulator();
    let device = Device::builder(url)
        .root_ca_pem(simulator.root_ca_chain_pem())
        .connect_timeout(timeout)
        .build()
        .expect("valid");
    failure(device.pair("1001", "8QW1YS1D"), url)
}

/// A server that is no device: answers each connection with `answer`, then reads until the other
/// side goes away.
struct Imposter {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Imposter {
    fn start(answer: Vec<u8>, close_after: bool) -> Imposter {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello);
            let _ = stream.write_all(&answer);
            while !close_after && stream.read(&mut hello).is_ok_and(|size| size > 0) {}
        });
        Imposter { address, thread: Some(thread) }
    }
}

impl Drop for Imposter {
    fn drop(&mut self) {
        // Unblocks the accept, should nobody have come.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[test]
fn a_port_where_nobody_listens_is_refused() {
    let address =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    for scheme in SCHEMES {
        let error = pair_at(&format!("{scheme}://{address}/"), PATIENCE);
        assert_eq!(error.status(), Status::Refused, "{error:?}");
        assert_eq!(error.category(), Category::Network);
        assert_eq!(error.request_state(), RequestState::NotSent);
        assert_eq!(error.message(), format!("connection refused by {address}"));
        assert!(error.os_code().is_some());
    }
}

#[test]
fn a_name_that_nobody_knows_is_not_resolved() {
    // RFC 6761 keeps "invalid" from ever existing.
    let error = pair_at("https://device.invalid/", PATIENCE);
    assert_eq!(error.status(), Status::NameNotResolved, "{error:?}");
    assert!(error.message().contains("\"device.invalid\""), "{error}");
}

#[test]
fn servers_that_do_not_speak_tls_are_named_as_such() {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH\r\n", &[0; 64]] {
        let imposter = Imposter::start(answer.to_vec(), false);
        let error = pair_at(&format!("https://{}/", imposter.address), PATIENCE);
        assert_eq!(error.status(), Status::NotTls, "{error:?}");
    }
}

#[test]
fn servers_of_outdated_tls_are_named_as_such() {
    // What a TLS 1.0 server answers to a client that offers 1.2 and later: alert protocol_version.
    let imposter = Imposter::start(vec![0x15, 0x03, 0x01, 0, 2, 2, 70], false);
    let error = pair_at(&format!("https://{}/", imposter.address), PATIENCE);
    assert_eq!(error.status(), Status::TlsVersion, "{error:?}");
}

#[test]
fn a_server_that_hangs_up_is_peer_closed() {
    let imposter = Imposter::start(Vec::new(), true);
    let error = pair_at(&format!("https://{}/", imposter.address), PATIENCE);
    assert_eq!(error.status(), Status::PeerClosed, "{error:?}");
    assert!(error.message().contains("during the TLS handshake"), "{error}");
}

#[test]
fn a_server_that_stays_silent_is_given_up_after_the_connect_timeout() {
    for scheme in SCHEMES {
        let imposter = Imposter::start(Vec::new(), false);
        let error = pair_at(&format!("{scheme}://{}/", imposter.address), Duration::from_millis(100));
        assert_eq!(error.status(), Status::ConnectTimeout, "{error:?}");
        assert!(error.message().contains("within 100 ms"), "{error}");
    }
}

#[test]
fn a_device_whose_tls_never_answers_is_given_up_after_the_connect_timeout() {
    let simulator = simulator_with(Faults { stall_handshake: true, ..Faults::default() });
    for scheme in SCHEMES {
        let device =
            builder(&simulator, scheme).connect_timeout(Duration::from_millis(100)).build().expect("valid");
        let error = failure(device.open_mtls(&identity(&simulator, "1001")), scheme);
        assert_eq!(error.status(), Status::ConnectTimeout, "{error:?}");
    }
}

#[test]
fn a_server_that_drips_bytes_does_not_outlast_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = mpsc::channel::<()>();
    let dripping = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        // A handshake record that never ends, a byte at a time; each one would start a time-out for
        // reads anew.
        let mut record = [0x16, 0x03, 0x03, 0x40, 0x00].into_iter().chain(std::iter::repeat(2));
        while stopped.recv_timeout(Duration::from_millis(5)) == Err(mpsc::RecvTimeoutError::Timeout) {
            if stream.write_all(&[record.next().expect("endless")]).is_err() {
                return;
            }
        }
    });
    let error = pair_at(&format!("https://{address}/"), Duration::from_millis(150));
    assert_eq!(error.status(), Status::ConnectTimeout, "{error:?}");
    drop(stop);
    dripping.join().expect("no panic");
}

#[test]
fn an_interrupt_wakes_a_call_in_the_middle_of_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let simulator = simulator();
    for scheme in SCHEMES {
        let device = Device::builder(&format!("{scheme}://{}/", listener.local_addr().expect("an address")))
            .root_ca_pem(simulator.root_ca_chain_pem())
            .connect_timeout(PATIENCE)
            .build()
            .expect("valid");
        let till = device.clone();
        let call = std::thread::spawn(move || till.pair("1001", "8QW1YS1D"));
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.read_exact(&mut [0; 5]).expect("the ClientHello begins");
        device.interrupt();
        let error = failure(call.join().expect("no panic"), scheme);
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::Cancelled, RequestState::NotSent),
            "{error:?}"
        );
    }
}

#[test]
fn an_interrupt_touches_neither_later_calls_nor_open_connections() {
    let simulator = simulator();
    let device = device(&simulator, "wss");
    let connection = device.open_mtls(&identity(&simulator, "1001")).expect("opens");
    device.interrupt();
    assert_eq!(connection.state(), ConnectionState::Open);
    device.pair("1002", &setup_code(&simulator)).expect("pairs");
    let lookup = r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"none"}"#;
    connection.exchange(lookup, PATIENCE, &mut |_| {}).expect("a reply");
}

#[test]
fn a_proxy_in_the_environment_is_not_used() {
    // Set for the child alone, so that no other test sees it.
    if std::env::var_os("POSLATCH_TEST_UNDER_PROXY").is_some() {
        let simulator = simulator();
        device(&simulator, "https").pair("1001", &setup_code(&simulator)).expect("pairs without the proxy");
        return;
    }
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    proxy.set_nonblocking(true).expect("settable");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let child = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "network::a_proxy_in_the_environment_is_not_used"])
        .env("POSLATCH_TEST_UNDER_PROXY", "1")
        .envs(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"].map(|name| (name, &url)))
        .output()
        .expect("runs");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
    assert!(proxy.accept().is_err(), "somebody came to the proxy");
}
