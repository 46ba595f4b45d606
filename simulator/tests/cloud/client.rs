//! The client: a connection whose trust, name and versions a test can choose, and one request at a time.

use crate::PATIENCE;
use crate::vectors::PATH;
use poslatch_simulator::Cloud;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// How a client connects.
pub(crate) struct Client<'a> {
    cloud: &'a Cloud,
    name: &'static str,
    root: String,
    versions: Vec<&'static SupportedProtocolVersion>,
}

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

impl<'a> Client<'a> {
    pub(crate) fn new(cloud: &'a Cloud) -> Self {
        let root = cloud.web_root_pem().to_owned();
        Self { cloud, name: "localhost", root, versions: rustls::ALL_VERSIONS.to_vec() }
    }

    pub(crate) fn speaking(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub(crate) fn calling_it(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    pub(crate) fn trusting(mut self, chain: &str) -> Self {
        chain.clone_into(&mut self.root);
        self
    }

    pub(crate) fn connect(&self) -> io::Result<Stream> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(self.root.as_bytes()) {
            roots.add(root.expect("PEM")).expect("a root");
        }
        let config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_protocol_versions(&self.versions)
                .expect("versions that the provider knows")
                .with_root_certificates(roots)
                .with_no_client_auth();
        let tcp = TcpStream::connect(self.cloud.address())?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(self.name).expect("a name");
        let mut stream =
            StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a config"), tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }

    pub(crate) fn connect_error(&self) -> String {
        self.connect().err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
    }
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// Asks for the Root CA on a connection of its own.
pub(crate) fn ask(cloud: &Cloud, headers: &[(String, String)]) -> Reply {
    let mut stream = Client::new(cloud).connect().expect("trust");
    get(&mut stream, cloud, headers).expect("a reply")
}

pub(crate) fn get(stream: &mut Stream, cloud: &Cloud, headers: &[(String, String)]) -> io::Result<Reply> {
    request(stream, "GET", PATH, cloud, headers)
}

pub(crate) fn request(
    stream: &mut Stream,
    method: &str,
    path: &str,
    cloud: &Cloud,
    headers: &[(String, String)],
) -> io::Result<Reply> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", host(cloud))?;
    stream.flush()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Reply {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0),
        body: String::from_utf8(body).map_err(io::Error::other)?,
        head,
    })
}

pub(crate) fn host(cloud: &Cloud) -> String {
    cloud.base_url().trim_start_matches("https://").to_owned()
}
