//! A device that does exactly what a test says, byte by byte where need be: for answers that no
//! healthy device gives, and for orders of events that a simulator leaves to chance.

use crate::common::*;
use poslatch::{
    Connection, DEFAULT_SILENCE, Device, DeviceBuilder, Error, Identity, Recovery, RequestState, Status,
};
use poslatch_simulator::{CertificateRequest, Pki};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message as Frame, WebSocket};

pub(crate) type Tls = StreamOwned<ServerConnection, TcpStream>;

/// How the device's TLS behaves.
#[derive(Clone, Copy)]
struct Manner {
    name: &'static str,
    asks_for_certificate: bool,
    tls12: bool,
    tickets: bool,
    record_bytes: Option<usize>,
}

const ORDINARY: Manner = Manner {
    name: DEVICE_NAME,
    asks_for_certificate: false,
    tls12: false,
    tickets: true,
    record_bytes: None,
};

/// Plays one script for each connection, in their order, then stops listening.
pub(crate) struct Scripted {
    address: SocketAddr,
    pki: Pki,
    thread: Option<JoinHandle<()>>,
}

type Script = Box<dyn FnOnce(Tls) + Send>;

impl Scripted {
    fn new(manner: Manner, scripts: Vec<Script>) -> Scripted {
        let pki = Pki::new_in_memory().expect("a PKI");
        let config = manner.config(&pki);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let thread = thread::spawn(move || {
            for script in scripts {
                let (tcp, _) = listener.accept().expect("a connection");
                tcp.set_nodelay(true).expect("settable");
                let tls = ServerConnection::new(config.clone()).expect("a server");
                script(StreamOwned::new(tls, tcp));
            }
        });
        Scripted { address, pki, thread: Some(thread) }
    }

    fn one(manner: Manner, script: impl FnOnce(Tls) + Send + 'static) -> Scripted {
        Scripted::new(manner, vec![Box::new(script)])
    }

    /// A device whose script begins with an open WebSocket.
    pub(crate) fn websocket(script: impl FnOnce(WebSocket<Tls>) + Send + 'static) -> Scripted {
        Scripted::one(ORDINARY, |tls| script(tungstenite::accept(tls).expect("an upgrade")))
    }

    /// A device that gives one answer to the first request, whatever it is.
    pub(crate) fn answering(answer: String) -> Scripted {
        Scripted::websocket(move |mut socket| {
            hear(&mut socket);
            say(&mut socket, &answer);
            drain(&mut socket);
        })
    }

    pub(crate) fn builder(&self, scheme: &str) -> DeviceBuilder {
        Device::builder(&format!("{scheme}://{}/", self.address)).root_ca_pem(self.pki.root_ca_chain_pem())
    }

    fn device(&self, scheme: &str) -> Device {
        self.builder(scheme).build().expect("valid")
    }

    pub(crate) fn open(&self, scheme: &str) -> Connection {
        self.device(scheme).open_tls().expect("opens")
    }

    fn identity(&self) -> Identity {
        let till = self.pki.issue_till("1001").expect("a till");
        let head = format!("poslatch identity 1\nposId: 1001\nDevice: {DEVICE_NAME}\n");
        let text = format!("{head}{}{}", till.key_pem_pkcs8, till.chain_pem);
        Identity::from_pem(text.as_bytes(), None).expect("an identity")
    }

    /// Waits for the scripts to end, and fails if one of them did.
    pub(crate) fn finish(mut self) {
        self.thread.take().expect("runs").join().expect("the script went through");
    }
}

impl Manner {
    fn config(self, pki: &Pki) -> Arc<ServerConfig> {
        let own = pki.issue(&CertificateRequest::server(self.name)).expect("a certificate");
        let chain = own.chain_der.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.key_pkcs8_der.clone()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let version = if self.tls12 { &rustls::version::TLS12 } else { &rustls::version::TLS13 };
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .expect("versions");
        let builder = if self.asks_for_certificate {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(CertificateDer::from(pki.root_der().to_vec())).expect("a root");
            let verifier =
                rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .expect("a verifier");
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder.with_single_cert(chain, key).expect("key and certificate");
        config.max_fragment_size = self.record_bytes;
        if !self.tickets {
            config.send_tls13_tickets = 0;
        }
        Arc::new(config)
    }
}

pub(crate) fn hear(socket: &mut WebSocket<Tls>) -> String {
    loop {
        if let Frame::Text(text) = socket.read().expect("a message") {
            return text.to_string();
        }
    }
}

pub(crate) fn say(socket: &mut WebSocket<Tls>, json: &str) {
    socket.send(Frame::text(json)).expect("sent");
}

/// Reads until the other side goes away.
pub(crate) fn drain(socket: &mut WebSocket<Tls>) {
    while socket.read().is_ok() {}
}

/// One HTTP request, as far as its Content-Length says.
fn hear_http(tls: &mut Tls) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    loop {
        tls.read_exact(&mut byte).expect("a request");
        request.push(byte[0]);
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
                return text.into_owned();
            }
        }
    }
}

fn http(status: &str, json: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{json}", json.len())
}

const SALE: &str = r#"{"type":"PaymentRequest","merchantReferenceCode":"A-1"}"#;
const CANCEL: &str = r#"{"type":"CancelRequest"}"#;
const CANNOT_CANCEL: &str = r#"{"type":"ErrorResponse","message":"cannot cancel now"}"#;
const ABORTABLE: &str =
    r#"{"type":"TransactionStatusResponse","message":"Present card","canBeAborted":true}"#;

pub(crate) fn reply(kind: &str, reference: &str) -> String {
    format!(
        r#"{{"type":"{kind}","transactionDetails":{{"merchantReferenceCode":"{reference}"}},"processingDetails":{{"status":"APPROVED"}}}}"#
    )
}

fn pay(connection: &Connection, request: &str) -> Result<String, Error> {
    connection.exchange(request, DEFAULT_SILENCE, &mut |_| {})
}

#[test]
fn two_failed_cancels_do_not_end_a_running_payment() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        say(&mut socket, ABORTABLE);
        for _ in 0..2 {
            assert_eq!(hear(&mut socket), CANCEL);
        }
        for _ in 0..2 {
            say(&mut socket, CANNOT_CANCEL);
        }
        say(&mut socket, &reply("PaymentResponse", "A-1"));
        drain(&mut socket);
    });
    let connection = device.open("wss");
    let mut heard = Vec::new();
    let answer = connection.exchange(SALE, DEFAULT_SILENCE, &mut |message| {
        if message == ABORTABLE {
            connection.send(CANCEL).expect("sent");
            connection.send(CANCEL).expect("sent");
        }
        heard.push(message.to_owned());
    });
    assert!(answer.expect("a reply").contains("APPROVED"));
    assert_eq!(heard, [ABORTABLE, CANNOT_CANCEL, CANNOT_CANCEL]);
    drop(connection);
    device.finish();
}

#[test]
fn the_answer_to_a_late_cancel_does_not_end_the_next_payment() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        say(&mut socket, &reply("PaymentResponse", "A-1"));
        assert_eq!(hear(&mut socket), CANCEL);
        assert!(hear(&mut socket).contains("A-2"));
        say(&mut socket, CANNOT_CANCEL);
        say(&mut socket, &reply("PaymentResponse", "A-2"));
        // No cancel is open any more, so this one is about the third payment.
        assert!(hear(&mut socket).contains("A-3"));
        say(&mut socket, CANNOT_CANCEL);
        drain(&mut socket);
    });
    let connection = device.open("wss");
    pay(&connection, SALE).expect("the first");
    connection.send(CANCEL).expect("sent");
    assert!(pay(&connection, &SALE.replace("A-1", "A-2")).expect("the second").contains("A-2"));
    assert_eq!(pay(&connection, &SALE.replace("A-1", "A-3")).expect("the third"), CANNOT_CANCEL);
    drop(connection);
    device.finish();
}

#[test]
fn an_error_that_may_mean_aborted_ends_in_doubt_never_as_failed() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        say(&mut socket, ABORTABLE);
        assert_eq!(hear(&mut socket), CANCEL);
        say(&mut socket, r#"{"type":"ErrorResponse","message":"Transaction was aborted"}"#);
        drain(&mut socket);
    });
    let connection = device.open("wss");
    let result = connection.exchange(SALE, Duration::from_millis(300), &mut |message| {
        if message == ABORTABLE {
            connection.send(CANCEL).expect("sent");
        }
    });
    let error = failure(result, "aborted");
    assert_eq!((error.status(), error.request_state()), (Status::ResponseTimeout, RequestState::InDoubt));
    drop(connection);
    device.finish();
}

#[test]
fn a_repeated_lookup_reply_does_not_answer_another_lookup() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        say(&mut socket, &reply("TransactionLookupResponse", "A-1"));
        hear(&mut socket);
        say(&mut socket, &reply("TransactionLookupResponse", "A-1"));
        say(&mut socket, &reply("TransactionLookupResponse", "A-2"));
        drain(&mut socket);
    });
    let connection = device.open("wss");
    let lookup = r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"A-1"}"#;
    pay(&connection, lookup).expect("the first");
    let second = pay(&connection, &lookup.replace("A-1", "A-2")).expect("the second");
    assert!(second.contains("A-2"), "{second}");
    drop(connection);
    device.finish();
}

#[test]
fn a_response_that_waits_before_the_request_is_not_its_answer() {
    let (extra_sent, was_sent) = mpsc::channel();
    let first = move |mut tls: Tls| {
        hear_http(&mut tls);
        let capture = http("200 OK", r#"{"type":"CaptureResponse","n":1}"#);
        // Both in one write: the second waits when the first is read.
        tls.write_all(format!("{capture}{capture}").as_bytes()).expect("sent");
        extra_sent.send(()).expect("listened to");
        let _ = tls.read(&mut [0]);
    };
    let second = |mut tls: Tls| {
        hear_http(&mut tls);
        tls.write_all(http("200 OK", r#"{"type":"CaptureResponse","n":2}"#).as_bytes()).expect("sent");
        let _ = tls.read(&mut [0]);
    };
    let device = Scripted::new(ORDINARY, vec![Box::new(first), Box::new(second)]);
    let connection = device.open("https");
    pay(&connection, r#"{"type":"CaptureRequest","transactionId":"1"}"#).expect("the first");
    was_sent.recv_timeout(PATIENCE).expect("the extra one");
    let answer = pay(&connection, r#"{"type":"CaptureRequest","transactionId":"2"}"#).expect("the second");
    assert_eq!(answer, r#"{"type":"CaptureResponse","n":2}"#);
    drop(connection);
    device.finish();
}

#[test]
fn large_replies_arrive_whole_in_tls_records_of_every_size() {
    let screen = format!(r#"{{"type":"CustomScreenResponse","x":"{}"}}"#, "y".repeat(400_000));
    for record_bytes in [None, Some(8214), Some(5522), Some(3322), Some(64)] {
        let text = screen.clone();
        let device = Scripted::one(Manner { record_bytes, ..ORDINARY }, move |tls| {
            let mut socket = tungstenite::accept(tls).expect("an upgrade");
            hear(&mut socket);
            say(&mut socket, &text);
            drain(&mut socket);
        });
        let connection = device.open("wss");
        let answer = pay(&connection, r#"{"type":"CustomScreenRequest"}"#);
        assert_eq!(answer.map(|text| text.len()).ok(), Some(screen.len()), "{record_bytes:?}");
        drop(connection);
        device.finish();
    }
}

#[test]
fn bytes_behind_the_devices_goodbye_change_nothing() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        let stream = socket.get_mut();
        stream.conn.send_close_notify();
        let mut bytes = Vec::new();
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut bytes).expect("to memory");
        }
        bytes.extend_from_slice(&[0x17; 12_000]);
        stream.sock.write_all(&bytes).expect("sent");
        let _ = stream.sock.read(&mut [0; 4096]);
    });
    let connection = device.open("wss");
    let error = failure(pay(&connection, SALE), "goodbye");
    assert_eq!((error.status(), error.request_state()), (Status::PeerClosed, RequestState::InDoubt));
    drop(connection);
    device.finish();
}

#[test]
fn a_close_that_comes_with_the_upgrade_is_known_when_open_returns() {
    let device = Scripted::one(ORDINARY, |mut tls| {
        let request = hear_http(&mut tls);
        let key = request
            .lines()
            .find_map(|line| {
                line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Key"))
            })
            .map(|(_, key)| key.trim())
            .expect("a key");
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .into_bytes();
        answer.extend_from_slice(&[0x88, 6]);
        answer.extend_from_slice(&1008_u16.to_be_bytes());
        answer.extend_from_slice(b"nope");
        tls.write_all(&answer).expect("sent");
        let _ = tls.read(&mut [0; 64]);
    });
    let error = failure(device.device("wss").open_tls(), "1008");
    assert_eq!(error.status(), Status::PeerClosed);
    assert_eq!(error.message(), "the device closed the WebSocket with code 1008: \"nope\"");
    device.finish();
}

#[test]
fn a_close_after_acceptance_does_not_blame_the_tills_certificate() {
    for (tls12, tickets, status) in [
        (true, false, Status::PeerClosed),
        (false, true, Status::PeerClosed),
        // Nothing shows that the certificate was accepted, and rejecting it is what looks like this.
        (false, false, Status::TillCertificateRejected),
    ] {
        let manner = Manner { asks_for_certificate: true, tls12, tickets, ..ORDINARY };
        let device = Scripted::one(manner, |mut tls| drop(hear_http(&mut tls)));
        let error = failure(device.device("wss").open_mtls(&device.identity()), "close");
        assert_eq!(error.status(), status, "TLS 1.2: {tls12}, tickets: {tickets}: {error:?}");
        device.finish();
    }
}

#[test]
fn a_reconnect_keeps_to_the_silence_limit_and_leaves_the_request_unsent() {
    let manner = Manner { asks_for_certificate: true, tickets: false, ..ORDINARY };
    let first = |mut tls: Tls| {
        hear_http(&mut tls);
        let answer = http("200 OK\r\nConnection: close", r#"{"type":"PaymentResponse"}"#);
        tls.write_all(answer.as_bytes()).expect("sent");
        tls.conn.send_close_notify();
        let _ = tls.flush();
    };
    // Sends no ticket, so the till waits a second for it; the exchange has less.
    let second = |mut tls: Tls| {
        let mut byte = [0];
        assert!(!matches!(tls.read(&mut byte), Ok(1)), "a byte of the request arrived");
    };
    let device = Scripted::new(manner, vec![Box::new(first), Box::new(second)]);
    let connection = device.device("https").open_mtls(&device.identity()).expect("opens");
    pay(&connection, SALE).expect("the first");
    let error = failure(connection.exchange(SALE, Duration::from_millis(200), &mut |_| {}), "reconnect");
    assert_eq!(error.request_state(), RequestState::NotSent, "{error:?}");
    drop(connection);
    device.finish();
}

#[test]
fn a_close_with_words_is_a_rejection_without_the_code() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        let frame = CloseFrame { code: 1008.into(), reason: "code SECRET12 is wrong".into() };
        socket.close(Some(frame)).expect("closes");
        drain(&mut socket);
    });
    let error = failure(device.device("wss").pair("1001", "SECRET12"), "1008");
    assert_eq!(error.status(), Status::PairingRejected);
    assert_eq!(error.message(), "the device refused to pair: \"code ******** is wrong\"");
    device.finish();
}

#[test]
fn a_key_in_the_devices_words_is_not_repeated() {
    for status in ["200 OK", "201 Created", "500 Oops"] {
        let run = "SECRET".repeat(20);
        let words = format!(r#"{{"message":"-----BEGIN X-----{run}","error":"{run}","detail":"Nope"}}"#);
        let device = Scripted::one(ORDINARY, move |mut tls| {
            hear_http(&mut tls);
            tls.write_all(http(status, &words).as_bytes()).expect("sent");
            let _ = tls.read(&mut [0]);
        });
        let error = failure(device.device("https").pair("1001", "8QW1YS1D"), status);
        assert!(!format!("{error:?}").contains("SECRET"), "{status}: {error:?}");
        device.finish();
    }
}

#[test]
fn an_exact_serial_is_not_satisfied_by_a_wildcard() {
    let manner = Manner { name: "*.cybs.seclib.io", ..ORDINARY };
    let device = Scripted::one(manner, |mut tls| assert!(tls.read(&mut [0]).is_err()));
    let till = device.builder("https").serial(SERIAL).build().expect("valid");
    let error = failure(till.pair("1001", "8QW1YS1D"), "wildcard");
    assert_eq!(error.status(), Status::WrongDevice);
    assert!(error.message().contains("found \"*.cybs.seclib.io\""), "{error}");
    device.finish();
}

#[test]
fn closing_while_the_reply_arrives_over_https_is_cancelled_and_in_doubt() {
    for head in ["HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
        let (begun, has_begun) = mpsc::channel();
        let device = Scripted::one(ORDINARY, move |mut tls| {
            hear_http(&mut tls);
            tls.write_all(format!("{head}{{\"type\":").as_bytes()).expect("sent");
            begun.send(()).expect("listened to");
            let _ = tls.read(&mut [0]);
        });
        let connection = device.open("https");
        let error = thread::scope(|scope| {
            let payment = scope.spawn(|| pay(&connection, SALE));
            has_begun.recv_timeout(PATIENCE).expect("the reply begins");
            connection.close();
            failure(payment.join().expect("no panic"), head)
        });
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::Cancelled, RequestState::InDoubt),
            "{head}"
        );
        device.finish();
    }
}

#[test]
fn a_callback_that_panics_does_not_leave_its_reply_to_the_next_payment() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        say(&mut socket, ABORTABLE);
        drain(&mut socket);
    });
    let connection = device.open("wss");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ =
            connection.exchange(SALE, DEFAULT_SILENCE, &mut |_| std::panic::resume_unwind(Box::new("till")));
    }));
    assert!(panicked.is_err());
    let error = failure(pay(&connection, SALE), "after the panic");
    // The connection that its reply could still come on is not used any more; this device has no other.
    assert_eq!(error.request_state(), RequestState::NotSent, "{error:?}");
    drop(connection);
    device.finish();
}

#[test]
fn an_error_to_what_was_sent_by_hand_does_not_end_a_payment() {
    let device = Scripted::websocket(|mut socket| {
        assert!(hear(&mut socket).contains("CustomPrintRequest"));
        hear(&mut socket);
        say(&mut socket, r#"{"type":"ErrorResponse","message":"out of paper"}"#);
        say(&mut socket, &reply("PaymentResponse", "A-1"));
        drain(&mut socket);
    });
    let connection = device.open("wss");
    connection.send(r#"{"type":"CustomPrintRequest"}"#).expect("sent");
    assert!(pay(&connection, SALE).expect("a reply").contains("APPROVED"));
    drop(connection);
    device.finish();
}

#[test]
fn what_arrives_while_a_payment_is_looked_for_is_kept() {
    let device = Scripted::websocket(|mut socket| {
        hear(&mut socket);
        say(&mut socket, &reply("PaymentResponse", "B-1"));
        say(&mut socket, &reply("TransactionLookupResponse", "A-1"));
        drain(&mut socket);
    });
    let connection = device.open("wss");
    let found = connection.recover("A-1", PATIENCE).expect("an answer");
    assert!(matches!(found, Recovery::Final(reply) if reply.contains("A-1")));
    assert!(connection.receive(PATIENCE).expect("kept").json.contains("B-1"));
    drop(connection);
    device.finish();
}
