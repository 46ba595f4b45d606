//! One address, asked who it is: connecting and the TLS handshake, in steps that never wait.
//!
//! What the certificate proves is decided where it always is, by the verifier within the handshake.

use crate::error::{Kind, OsError, Phase};
use crate::transport::Target;
use crate::transport::deadline::Deadline;
use crate::transport::tls::TlsStream;
use rustls::ClientConfig;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How long a handshake may take. The device is on the same network; its signature takes a slow phone
/// some tenths of a second.
pub(super) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(2);

/// What an attempt has come to.
pub(super) enum Outcome {
    Open,
    /// It is the device that is looked for.
    Proven,
    /// Nobody has accepted a connection.
    Nobody,
    /// Somebody did, and it is not the device.
    Somebody(Kind),
}

pub(super) struct Attempt {
    address: SocketAddr,
    tcp: TcpStream,
    /// Whether connecting failed at once.
    is_refused: bool,
    /// From the moment at which the connection stands.
    tls: Option<TlsStream>,
    output: Vec<u8>,
    deadline: Deadline,
}

impl Attempt {
    /// Begins to connect.
    ///
    /// # Errors
    /// Only for want of a socket; how connecting fares shows later.
    pub(super) fn begin(address: SocketAddr, limit: Duration) -> io::Result<Attempt> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        let connecting = socket.connect(&address.into());
        // Every system has a word of its own for "begun". What is not known to be a failure is taken for it,
        // and costs the limit if it was one.
        let is_refused = connecting.is_err_and(|error| {
            matches!(
                error.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::ConnectionReset
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkDown
                    | ErrorKind::AddrNotAvailable
                    | ErrorKind::PermissionDenied
                    | ErrorKind::InvalidInput
            )
        });
        let tcp = TcpStream::from(socket);
        let deadline = Deadline::after(limit);
        Ok(Attempt { address, tcp, is_refused, tls: None, output: Vec::new(), deadline })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Goes on as far as it can without waiting.
    pub(super) fn advance(
        &mut self,
        target: &Target,
        config: &Arc<ClientConfig>,
        moved: &mut bool,
    ) -> Outcome {
        if self.tls.is_none() {
            if self.is_refused || matches!(self.tcp.take_error(), Ok(Some(_)) | Err(_)) {
                return Outcome::Nobody;
            }
            // Without a failure, a socket knows the other side's address once it is connected.
            if self.tcp.peer_addr().is_err() {
                return if self.deadline.remaining().is_some() { Outcome::Open } else { Outcome::Nobody };
            }
            let mut target = target.clone();
            target.address.host = self.address.ip().into();
            match TlsStream::detached(&target, config.clone()) {
                Ok(tls) => self.tls = Some(tls),
                Err(error) => return Outcome::Somebody(error.into_kind()),
            }
            self.deadline = Deadline::after(HANDSHAKE_LIMIT);
            *moved = true;
        }
        let Some(tls) = &mut self.tls else { return Outcome::Open };
        let result = shake_hands(&mut self.tcp, tls, &mut self.output, moved);
        let is_open = matches!(result, Ok(Talk::Goes)) && self.deadline.remaining().is_some();
        if is_open {
            return Outcome::Open;
        }
        // What is left to say, a goodbye or the reason of a failure, is said if there is room for it.
        tls.say_goodbye();
        tls.take_output(&mut self.output);
        let _ = self.tcp.write(&self.output);
        match result {
            // A device that asks for the till's certificate may end the handshake without one; by then it has
            // proven who it is.
            _ if tls.has_proven_itself() => Outcome::Proven,
            Err(kind) => Outcome::Somebody(kind),
            Ok(_) => Outcome::Somebody(Kind::ConnectTimeout {
                address: self.address.to_string(),
                limit: HANDSHAKE_LIMIT,
            }),
        }
    }
}

enum Talk {
    Goes,
    Done,
}

/// One turn of the handshake: says what there is to say, and hears what has come.
///
/// One read each time, so that nobody who talks without end keeps the others waiting.
fn shake_hands(
    tcp: &mut TcpStream,
    tls: &mut TlsStream,
    output: &mut Vec<u8>,
    moved: &mut bool,
) -> Result<Talk, Kind> {
    let mut buffer = [0; 8192];
    say(tcp, tls, output)?;
    if tls.is_handshaking() {
        match tcp.read(&mut buffer) {
            Ok(0) => return Err(closed(None)),
            Ok(size) => {
                *moved = true;
                let mut bytes = buffer.get(..size).unwrap_or_default();
                while !bytes.is_empty() {
                    tls.feed(&mut bytes)?;
                }
            }
            Err(error) if comes_later(&error) => return Ok(Talk::Goes),
            Err(error) => return Err(closed(Some(&error))),
        }
        say(tcp, tls, output)?;
    }
    Ok(if tls.is_handshaking() || !output.is_empty() { Talk::Goes } else { Talk::Done })
}

fn say(tcp: &mut TcpStream, tls: &mut TlsStream, output: &mut Vec<u8>) -> Result<(), Kind> {
    tls.take_output(output);
    while !output.is_empty() {
        match tcp.write(output) {
            Ok(size) => drop(output.drain(..size)),
            Err(error) if comes_later(&error) => break,
            Err(error) => return Err(closed(Some(&error))),
        }
    }
    Ok(())
}

/// Whether there is nothing to do but to look again; "not connected", should the connection stand only by
/// the word of the system's other half.
fn comes_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}

fn closed(error: Option<&io::Error>) -> Kind {
    Kind::PeerClosed { phase: Phase::Handshake, os: error.map(OsError::from) }
}
