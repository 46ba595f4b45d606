//! A till of our own, as small as can be: rustls with the provider named, HTTP by hand, tungstenite for the channel. It is
//! not the library under test, and must not be: these tests say what the simulator is.

#![allow(dead_code, reason = "each test program uses a part of it")]

use poslatch_simulator::{Event, Exchange, Faults, Issued, Simulator};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// How a till connects.
pub(crate) struct Till<'a> {
    device: &'a Simulator,
    address: SocketAddr,
    patience: Duration,
    name: String,
    versions: Vec<&'static SupportedProtocolVersion>,
    config: Option<Arc<ClientConfig>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl<'a> Till<'a> {
    pub(crate) fn new(device: &'a Simulator) -> Self {
        Self {
            device,
            address: device.address(),
            patience: PATIENCE,
            name: device.device_name(),
            versions: rustls::ALL_VERSIONS.to_vec(),
            config: None,
            identity: None,
        }
    }

    pub(crate) fn with(mut self, issued: &Issued) -> Self {
        self.identity = Some(identity(&(issued.key_pem_pkcs1.clone() + &issued.chain_pem)));
        self
    }

    pub(crate) fn with_reply(mut self, pairing_reply: &str) -> Self {
        self.identity = Some(identity(pairing_reply));
        self
    }

    /// Connects here and not to the device itself.
    pub(crate) fn through(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Waits for no answer longer than this.
    pub(crate) fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(crate) fn speaking(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub(crate) fn calling_it(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    pub(crate) fn configured(mut self, config: &Arc<ClientConfig>) -> Self {
        self.config = Some(Arc::clone(config));
        self
    }

    /// Only the self-signed certificate of the chain is an anchor, as a careful till does it.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let chain = self.device.root_ca_chain_pem();
        let root = CertificateDer::pem_slice_iter(chain.as_bytes()).last().expect("a chain").expect("PEM");
        roots.add(root).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .expect("versions that the provider knows")
            .with_root_certificates(roots);
        match &self.identity {
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain.clone(), key.clone_key()).expect("key fits")
            }
            None => builder.with_no_client_auth(),
        }
    }

    pub(crate) fn connect(&self) -> io::Result<Stream> {
        let tcp = TcpStream::connect(self.address)?;
        tcp.set_read_timeout(Some(self.patience))?;
        tcp.set_nodelay(true)?;
        let config = self.config.clone().unwrap_or_else(|| Arc::new(self.config()));
        let name = ServerName::try_from(self.name.clone()).expect("a name");
        let mut stream = StreamOwned::new(ClientConnection::new(config, name).expect("a config"), tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }

    /// The error that the till's own check of the device ends with.
    pub(crate) fn connect_error(&self) -> String {
        self.connect().err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
    }

    pub(crate) fn post(&self, body: &str) -> io::Result<HttpReply> {
        let mut stream = self.connect()?;
        post_on(&mut stream, body)
    }

    /// Connects and reads until the device says why it does not like this till.
    ///
    /// Under TLS 1.3 that comes after the handshake, as far as the till is concerned.
    pub(crate) fn refusal(&self) -> String {
        let outcome = self.connect().and_then(|mut stream| stream.read(&mut [0; 1]));
        outcome.err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
    }

    pub(crate) fn websocket(&self) -> Socket {
        self.try_websocket().expect("an upgrade")
    }

    pub(crate) fn try_websocket(&self) -> Result<Socket, String> {
        let stream = self.connect().map_err(|error| error.to_string())?;
        let url = format!("wss://{}/", self.device.device_name());
        match tungstenite::client(url, stream) {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(error) => Err(error.to_string()),
        }
    }
}

pub(crate) struct HttpReply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl HttpReply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

pub(crate) fn post_on(stream: &mut Stream, body: &str) -> io::Result<HttpReply> {
    let length = body.len();
    write!(stream, "POST / HTTP/1.1\r\nHost: device\r\nContent-Length: {length}\r\n\r\n{body}")?;
    stream.flush()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(HttpReply {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0),
        content_type: header("content-type").unwrap_or_default(),
        body: String::from_utf8(body).map_err(io::Error::other)?,
    })
}

pub(crate) struct Socket(pub(crate) WebSocket<Stream>);

impl Socket {
    pub(crate) fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).expect("sent");
    }

    pub(crate) fn frame(&mut self) -> Result<Message, tungstenite::Error> {
        self.0.read()
    }

    pub(crate) fn receive(&mut self) -> Value {
        let frame = self.frame().expect("a frame");
        serde_json::from_str(frame.to_text().expect("text")).expect("JSON")
    }

    /// Reads up to the message of this type, and returns all that came.
    pub(crate) fn receive_until(&mut self, kind: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            messages.push(self.receive());
            if messages.last().is_some_and(|message| message["type"] == kind) {
                return messages;
            }
        }
    }
}

/// A device and a till that is paired with it.
pub(crate) struct Pair {
    pub(crate) device: Simulator,
    pub(crate) till: Issued,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::with(Faults::default())
    }

    pub(crate) fn with(faults: Faults) -> Self {
        // What a step takes is of no interest here, unless a test says so.
        let faults = Faults { step_pause: Duration::from_millis(1), ..faults };
        let device = Simulator::builder().faults(faults).start().expect("a device");
        let till = device.issue_till("1001");
        Self { device, till }
    }

    pub(crate) fn failing(exchange: Exchange) -> Self {
        Self::with(Faults { exchange, ..Faults::default() })
    }

    pub(crate) fn socket(&self) -> Socket {
        Till::new(&self.device).with(&self.till).websocket()
    }

    pub(crate) fn post(&self, body: &Value) -> Value {
        Till::new(&self.device).with(&self.till).post(&body.to_string()).expect("a reply").json()
    }

    pub(crate) fn holding() -> Self {
        Self::with(Faults { hold_payment: true, ..Faults::default() })
    }
}

pub(crate) fn pairing(pos_id: &str, code: &str) -> String {
    json!({ "posId": pos_id, "setupCode": code }).to_string()
}

pub(crate) fn payment(reference: &str, amount: &str) -> Value {
    json!({
        "type": "PaymentRequest",
        "merchantReferenceCode": reference,
        "amountDetails": { "amount": amount, "currency": "USD" },
    })
}

pub(crate) fn lookup(reference: &str) -> Value {
    json!({ "type": "TransactionLookupRequest", "idType": "MERCHANT_REFERENCE_CODE", "id": reference })
}

pub(crate) fn cancel() -> Value {
    json!({ "type": "CancelRequest" })
}

pub(crate) fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().expect("PEM")
}

/// The kinds of the PEM blocks in a text, in order.
pub(crate) fn labels(pem: &str) -> Vec<&str> {
    pem.lines().filter_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")).collect()
}

fn identity(pem: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    (certificates(pem), PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("a key"))
}

/// Waits for the end of a connection, and returns how many application bytes came over it.
pub(crate) fn bytes_of_connection(device: &Simulator, number: u64) -> u64 {
    device
        .wait_for(
            |events| {
                let ended = events
                    .iter()
                    .any(|e| matches!(e, Event::Disconnected { connection } if *connection == number));
                let mut totals = events.iter().filter_map(|event| match event {
                    Event::ApplicationBytes { connection, total } if *connection == number => Some(*total),
                    _ => None,
                });
                if ended { totals.next_back() } else { None }
            },
            PATIENCE,
        )
        .expect("the end of the connection")
}

/// Waits until the record holds such an entry.
pub(crate) fn wait_for_event(device: &Simulator, is_meant: impl Fn(&Event) -> bool) {
    let find = |events: &[Event]| events.iter().find(|event| is_meant(event)).map(drop);
    device.wait_for(find, PATIENCE).expect("the entry");
}

/// Waits until the device has sent a message of this type.
pub(crate) fn wait_for_sent(device: &Simulator, wanted: &str) {
    device
        .wait_for(
            |events| {
                events
                    .iter()
                    .find(|event| matches!(event, Event::MessageSent { kind, .. } if kind == wanted))
                    .map(drop)
            },
            PATIENCE,
        )
        .expect("the message");
}

/// Waits for the end of a payment, and returns its status.
pub(crate) fn wait_for_payment(device: &Simulator, wanted: &str) -> String {
    device
        .wait_for(
            |events| {
                events.iter().find_map(|event| match event {
                    Event::PaymentEnded { reference, status } if reference == wanted => Some(status.clone()),
                    _ => None,
                })
            },
            PATIENCE,
        )
        .expect("the end of the payment")
}
