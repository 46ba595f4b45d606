//! Name resolution and TCP connect, with an end and a way out.
//!
//! Neither can be interrupted on any system that we run on, so both run on a thread of their own
//! and the caller waits for its message. A caller who leaves early leaves that thread behind; it
//! ends by itself when the system gives up, and what it still connects is closed at once. It is the
//! one thread of the library that is not joined.

use super::deadline::Deadline;
use super::interrupt::Interrupt;
use super::tcp_options;
use crate::address::Address;
use crate::error::{Error, Kind, Phase};
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

enum News {
    Done(Result<Way, Kind>),
    Interrupted,
}

/// How far dialling got. One type, so that there is one channel and one thread to run it on.
enum Way {
    Resolved(Vec<SocketAddr>),
    Connected(TcpStream),
}

/// What is to be done on the thread.
enum Task {
    Resolve,
    Connect(Vec<SocketAddr>),
}

/// Connects to the address, trying each of its IP addresses in turn.
pub(super) fn dial(address: &Address, deadline: Deadline, interrupt: &Interrupt) -> Result<TcpStream, Error> {
    let candidates = resolve(address, deadline, interrupt)?;
    connect(address, candidates, deadline, interrupt)
}

/// The first half of [`dial`]: the IP addresses that the address stands for. Starts no thread for one that
/// is an IP address already.
pub(crate) fn resolve(
    address: &Address,
    deadline: Deadline,
    interrupt: &Interrupt,
) -> Result<Vec<SocketAddr>, Error> {
    if let ServerName::IpAddress(_) = &address.host {
        return Ok(lookup(address)?);
    }
    match aside(address, Task::Resolve, deadline, interrupt)? {
        Way::Resolved(candidates) => Ok(candidates),
        Way::Connected(_) => Err(half_way()),
    }
}

/// The second half of [`dial`].
pub(crate) fn connect(
    address: &Address,
    candidates: Vec<SocketAddr>,
    deadline: Deadline,
    interrupt: &Interrupt,
) -> Result<TcpStream, Error> {
    match aside(address, Task::Connect(candidates), deadline, interrupt)? {
        Way::Connected(stream) => Ok(stream),
        Way::Resolved(_) => Err(half_way()),
    }
}

fn half_way() -> Error {
    Kind::Internal { detail: "dialling did the other half".into() }.into()
}

/// The address of its own that this machine would reach the other from. Sends nothing: connecting a UDP
/// socket only looks into the routing table.
pub(crate) fn own_address(towards: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr = match towards {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(towards)?;
    Ok(socket.local_addr()?.ip())
}

/// Runs what cannot be interrupted on a thread of its own, and waits for its result.
fn aside(address: &Address, task: Task, deadline: Deadline, interrupt: &Interrupt) -> Result<Way, Error> {
    let timed_out =
        || Error::from(Kind::ConnectTimeout { address: address.authority(), limit: deadline.limit() });

    let (sender, receiver) = mpsc::channel();
    let waker = sender.clone();
    interrupt.arm(move || {
        // The receiver is gone when dialling is over; then there is nobody to wake.
        let _ = waker.send(News::Interrupted);
    })?;
    let worker_address = address.clone();
    thread::Builder::new()
        .name("poslatch-dial".into())
        .spawn(move || {
            let result = task.run(&worker_address, deadline);
            // Nobody waits any more: dropping the stream closes it.
            let _ = sender.send(News::Done(result));
        })
        .map_err(|error| Kind::Internal { detail: format!("no thread to dial from: {error}") })?;

    let remaining = deadline.remaining().ok_or_else(timed_out)?;
    match receiver.recv_timeout(remaining) {
        Ok(News::Done(result)) => Ok(result?),
        Ok(News::Interrupted) => Err(Kind::Cancelled.into()),
        Err(RecvTimeoutError::Timeout) => Err(timed_out()),
        Err(RecvTimeoutError::Disconnected) => {
            Err(Kind::Internal { detail: "the dialling thread ended without a result".into() }.into())
        }
    }
}

impl Task {
    fn run(self, address: &Address, deadline: Deadline) -> Result<Way, Kind> {
        match self {
            Task::Resolve => lookup(address).map(Way::Resolved),
            Task::Connect(candidates) => connect_any(&candidates, deadline, address).map(Way::Connected),
        }
    }
}

fn lookup(address: &Address) -> Result<Vec<SocketAddr>, Kind> {
    let name = match &address.host {
        ServerName::IpAddress(ip) => return Ok(vec![SocketAddr::new(IpAddr::from(*ip), address.port)]),
        host => host.to_str(),
    };
    let not_resolved =
        |error: &io::Error| Kind::NameNotResolved { host: name.clone().into_owned(), os: error.into() };
    let candidates: Vec<_> =
        (name.as_ref(), address.port).to_socket_addrs().map_err(|error| not_resolved(&error))?.collect();
    if candidates.is_empty() {
        return Err(not_resolved(&io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    }
    Ok(candidates)
}

fn connect_any(candidates: &[SocketAddr], deadline: Deadline, address: &Address) -> Result<TcpStream, Kind> {
    let timed_out = || Kind::ConnectTimeout { address: address.authority(), limit: deadline.limit() };
    let mut failure = None;
    for (tried, candidate) in candidates.iter().enumerate() {
        // Each candidate gets its share of what is left: a dead IPv6 route must not eat it all.
        let remaining = deadline.remaining().ok_or_else(timed_out)?;
        let candidates_left = u32::try_from(candidates.len() - tried).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(candidate, remaining / candidates_left) {
            Ok(stream) => {
                tcp_options::set(&stream);
                return Ok(stream);
            }
            Err(error) => {
                let kind = match error.kind() {
                    io::ErrorKind::ConnectionRefused => {
                        Kind::Refused { address: *candidate, os: (&error).into() }
                    }
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => timed_out(),
                    // It was there, and dropped the connection before the system had told of it.
                    io::ErrorKind::ConnectionReset => {
                        Kind::PeerClosed { phase: Phase::Handshake, os: Some((&error).into()) }
                    }
                    _ => Kind::Unreachable { address: *candidate, os: (&error).into() },
                };
                // A refusal comes from the host itself and says more than a dead route.
                if !matches!(failure, Some(Kind::Refused { .. })) {
                    failure = Some(kind);
                }
            }
        }
    }
    Err(failure.unwrap_or_else(timed_out))
}
