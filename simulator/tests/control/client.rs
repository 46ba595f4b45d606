//! HTTP by hand: a test has to be able to say what no client library would.

use crate::common::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

pub(crate) struct Client {
    pub(crate) address: SocketAddr,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    /// A GET that must succeed, for its JSON.
    pub(crate) fn show(&self, path: &str) -> Value {
        self.get(path).expect(200)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &["Content-Type: application/json"], &body.to_string())
    }

    /// A POST that must succeed, for its JSON.
    pub(crate) fn act(&self, path: &str, body: &Value) -> Value {
        self.post(path, body).expect(200)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, &["Content-Type: application/json"], &body.to_string())
    }

    /// Sends a request with these headers beside Host, and reads the whole reply.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        let mut headers = headers.to_vec();
        let host = format!("Host: {}", self.address);
        headers.push(&host);
        self.send_exactly(method, path, &headers, body)
    }

    /// The same with exactly these headers, Host among them or not.
    pub(crate) fn send_exactly(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        let mut tcp = self.begin(method, path, headers, body);
        let mut text = String::new();
        tcp.read_to_string(&mut text).expect("a whole reply");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Opens a stream of server-sent events.
    pub(crate) fn stream(&self, query: &str, headers: &[&str]) -> Stream {
        let mut headers = headers.to_vec();
        let host = format!("Host: {}", self.address);
        headers.push(&host);
        let tcp = self.begin("GET", &format!("/api/stream{query}"), &headers, "");
        Stream { lines: BufReader::new(tcp) }
    }

    fn begin(&self, method: &str, path: &str, headers: &[&str], body: &str) -> TcpStream {
        let mut tcp = TcpStream::connect(self.address).expect("a connection");
        tcp.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let length = body.len();
        // In one piece: a server that refuses early closes while a second one is on its way.
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        tcp.write_all(request.as_bytes()).expect("sent");
        tcp
    }
}

impl Reply {
    /// The JSON of a reply that must have this status.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// A refusal: its cause. It always comes with a next step.
    pub(crate) fn refusal(&self, status: u16) -> String {
        let refusal = self.expect(status);
        assert!(refusal["nextStep"].as_str().is_some_and(|step| step.ends_with('.')), "{refusal}");
        refusal["error"].as_str().expect("a cause").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub(crate) struct Stream {
    lines: BufReader<TcpStream>,
}

/// A server-sent event.
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Stream {
    /// Reads up to the next event; nothing if the stream has ended.
    pub(crate) fn next(&mut self) -> Option<Sent> {
        let (mut id, mut name) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            // Lengths of chunks and what else is in between mean nothing here.
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => id = value.to_owned(),
                Some(("event", value)) => name = value.to_owned(),
                Some(("data", value)) => {
                    return Some(Sent { id, name, data: serde_json::from_str(value).expect("JSON") });
                }
                _ => {}
            }
        }
    }

    /// Reads up to an event that fits.
    pub(crate) fn until(&mut self, fits: impl Fn(&Sent) -> bool) -> Sent {
        loop {
            let sent = self.next().expect("the stream goes on");
            if fits(&sent) {
                return sent;
            }
        }
    }
}
