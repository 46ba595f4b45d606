//! The way to the device, and what speaks there: name, route, TCP, TLS.

use super::Visit;
use super::facts::Facts;
use super::local::Who;
use super::report::{End, Report, StepName};
use crate::error::{Kind, OsError};
use crate::transport::deadline::Deadline;
use crate::transport::dial;
use crate::transport::tls::look::{self, Sight};
use crate::words::hex;
use rustls::SupportedProtocolVersion;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long the second look may take, which only tells which other TLS version is spoken.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// Bytes of the answer that are told.
const FIRST_BYTES_TOLD: usize = 16;

pub(super) fn resolve(visit: &Visit<'_>, report: &mut Report) -> Result<Vec<SocketAddr>, End> {
    let deadline = Deadline::after(visit.device.connect_timeout());
    let begun = Instant::now();
    let candidates = dial::resolve(visit.device.address(), deadline, &visit.interrupt)
        .map_err(|error| report.fail(StepName::Name, &error.into_kind(), Facts::new()))?;
    let addresses: Vec<String> = candidates.iter().map(|address| address.ip().to_string()).collect();
    let facts = Facts::new().with("addresses", addresses.clone()).with("ms", ms(begun));
    match visit.device.address().host {
        ServerName::IpAddress(_) => report.not_run(StepName::Name, "the address holds no name", facts),
        _ => report.ok(StepName::Name, ["is ", &addresses.join(", ")].concat(), facts),
    }
    Ok(candidates)
}

/// Asks the system by which of its addresses it would reach the device.
pub(super) fn route(candidates: &[SocketAddr], report: &mut Report) {
    let Some(peer) = candidates.first() else { return };
    match dial::own_address(*peer) {
        Ok(local) => {
            let (relation, words) = relation(local, peer.ip());
            let local = local.to_string();
            let finding = ["from ", &local, ", ", words].concat();
            report.ok(StepName::Route, finding, Facts::new().with("local", local).with("relation", relation));
        }
        // TCP has the last word.
        Err(error) => {
            let kind = Kind::Unreachable { address: *peer, os: OsError::from(&error) };
            report.warn_as(StepName::Route, &kind, kind.message(), Facts::new());
        }
    }
}

/// How two addresses lie to each other. The network's mask is not known here; /24 is what shops have.
fn relation(local: IpAddr, peer: IpAddr) -> (&'static str, &'static str) {
    if peer.is_loopback() || local == peer {
        return ("this_machine", "on this machine itself");
    }
    let near = match (local, peer) {
        (IpAddr::V4(local), IpAddr::V4(peer)) => {
            local.octets().first_chunk::<3>() == peer.octets().first_chunk::<3>()
        }
        (IpAddr::V6(local), IpAddr::V6(peer)) => {
            local.segments().first_chunk::<4>() == peer.segments().first_chunk::<4>()
        }
        _ => false,
    };
    match near {
        true => ("same_subnet", "by the look of it in the same subnet"),
        false => ("other_subnet", "by the look of it another subnet, so a router is in between"),
    }
}

pub(super) fn connect(
    visit: &Visit<'_>,
    candidates: &[SocketAddr],
    report: &mut Report,
) -> Result<Line, End> {
    let begun = Instant::now();
    // As in every call, TCP and TLS share one limit.
    let deadline = Deadline::after(visit.device.connect_timeout());
    let result = dial(visit, candidates, deadline);
    let took = ms(begun);
    let tcp = result.map_err(|kind| {
        let finding = [&kind.message(), ", after ", &took.to_string(), " ms"].concat();
        let finding = if matches!(kind, Kind::ConnectTimeout { .. }) { kind.message() } else { finding };
        report.fail_saying(StepName::Tcp, &kind, finding, Facts::new().with("ms", took))
    })?;
    let peer = tcp.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    let local = tcp.local_addr().map(|local| local.to_string()).unwrap_or_default();
    let finding = [&peer, " answered after ", &took.to_string(), " ms"].concat();
    report.ok(
        StepName::Tcp,
        finding,
        Facts::new().with("peer", peer.as_str()).with("local", local).with("ms", took),
    );
    Ok(Line { tcp, deadline })
}

/// A TCP connection, and when TLS has to be up on it.
pub(super) struct Line {
    tcp: TcpStream,
    deadline: Deadline,
}

fn dial(visit: &Visit<'_>, candidates: &[SocketAddr], deadline: Deadline) -> Result<TcpStream, Kind> {
    dial::connect(visit.device.address(), candidates.to_vec(), deadline, &visit.interrupt)
        .map_err(|error| error.into_kind())
}

/// What speaks there, in which version of TLS, and what it shows.
pub(super) fn look(
    visit: &Visit<'_>,
    who: &Who,
    candidates: &[SocketAddr],
    line: Line,
    report: &mut Report,
) -> Result<Sight, End> {
    let begun = Instant::now();
    let sight = look_once(visit, who, line, &[&TLS13, &TLS12])
        .map_err(|kind| report.fail(StepName::Tls, &kind, Facts::new()))?;
    let took = ms(begun);
    is_tls(visit, &sight, report)?;

    let failed = sight.failure.clone();
    let mut spoken = serde_json::Map::new();
    if let Some(version) = sight.version {
        spoken.insert(version.into(), true.into());
    }
    if let (None, Some(version)) = (&failed, sight.version) {
        let (other, rest) = match version {
            "TLSv1.3" => ("TLSv1.2", &TLS12),
            _ => ("TLSv1.3", &TLS13),
        };
        if let Some(is_spoken) = speaks(visit, who, candidates, rest, report)? {
            spoken.insert(other.into(), is_spoken.into());
        }
    }
    let also = match (sight.version, spoken.get("TLSv1.2"), spoken.get("TLSv1.3")) {
        (Some("TLSv1.3"), Some(Value::Bool(true)), _) => "; TLSv1.2, too",
        (Some("TLSv1.3"), Some(_), _) => "; no TLSv1.2",
        (_, _, Some(_)) => "; no TLSv1.3",
        _ => "",
    };
    let facts = Facts::new()
        .with("version", sight.version)
        .with("cipher", sight.cipher)
        .with("spoken", spoken)
        .with("ms", took);
    match (failed, sight.version) {
        (Some(kind), _) => {
            let finding = match (&kind, old_version(&sight.first_bytes)) {
                (Kind::TlsVersion { .. }, Some(old)) => [&kind.message(), ": it answers in ", old].concat(),
                (Kind::ConnectTimeout { .. }, _) => {
                    "the device fell silent in the middle of the TLS handshake".to_owned()
                }
                _ => kind.message(),
            };
            Err(report.fail_saying(StepName::Handshake, &kind, finding, facts))
        }
        (None, version) => {
            let version = version.unwrap_or("unknown version");
            let cipher = sight.cipher.unwrap_or("unknown cipher");
            report.ok(StepName::Handshake, [version, ", ", cipher, also].concat(), facts);
            Ok(sight)
        }
    }
}

fn look_once(
    visit: &Visit<'_>,
    who: &Who,
    line: Line,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Sight, Kind> {
    let address = visit.device.address();
    let name = who.expectation.server_name(&address.host);
    look::look(address, name, versions, line.tcp, line.deadline, &visit.interrupt)
        .map_err(|error| error.into_kind())
}

/// Whether a version is spoken; `None` if that cannot be told.
fn speaks(
    visit: &Visit<'_>,
    who: &Who,
    candidates: &[SocketAddr],
    version: &'static SupportedProtocolVersion,
    report: &mut Report,
) -> Result<Option<bool>, End> {
    let deadline = Deadline::after(visit.device.connect_timeout()).no_later_than(SECOND_LOOK);
    let seen = dial(visit, candidates, deadline)
        .and_then(|tcp| look_once(visit, who, Line { tcp, deadline }, &[version]));
    match seen {
        Ok(sight) if !sight.chain.is_empty() => Ok(Some(true)),
        Ok(Sight { failure: Some(Kind::TlsVersion { .. } | Kind::TlsAlert { .. }), .. }) => Ok(Some(false)),
        Err(kind @ Kind::Cancelled) => Err(report.fail(StepName::Handshake, &kind, Facts::new())),
        _ => Ok(None),
    }
}

/// Judges the first bytes of the answer.
fn is_tls(visit: &Visit<'_>, sight: &Sight, report: &mut Report) -> Result<(), End> {
    let speaks = language(&sight.first_bytes);
    let shown = hex(sight.first_bytes.get(..FIRST_BYTES_TOLD).unwrap_or(&sight.first_bytes));
    let facts = Facts::new().with("speaks", speaks).with("first_bytes", shown);
    let name = StepName::Tls;
    let peer = visit.device.address().authority();
    match (&sight.failure, speaks) {
        (Some(kind @ Kind::ConnectTimeout { .. }), "nothing") => {
            let finding = [&peer, " takes the connection, but says nothing"];
            Err(report.fail_saying(name, kind, finding.concat(), facts))
        }
        (Some(kind), "nothing") => Err(report.fail(name, kind, facts)),
        (Some(kind @ Kind::NotTls { .. }), speaks) => {
            let what = match speaks {
                "http" => ": it speaks plain HTTP",
                "ssh" => ": it speaks SSH",
                "text" => ": it speaks plain text",
                _ => "",
            };
            Err(report.fail_saying(name, kind, kind.message() + what, facts))
        }
        (Some(kind), speaks) if speaks != "tls" => Err(report.fail(name, kind, facts)),
        _ => {
            report.ok(name, "the answer is TLS".to_owned(), facts);
            Ok(())
        }
    }
}

/// What the first bytes of an answer are.
fn language(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "nothing",
        // A handshake or an alert; whoever sends byte by byte is given the benefit of the doubt.
        [0x15 | 0x16] | [0x15 | 0x16, 0x03, ..] => "tls",
        _ if bytes.starts_with(b"HTTP/") => "http",
        _ if bytes.starts_with(b"SSH-") => "ssh",
        _ if bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => "text",
        _ => "something_else",
    }
}

/// The outdated version that a ServerHello (RFC 5246 section 7.4.1.3) answers in.
fn old_version(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x16, _, _, _, _, 0x02, _, _, _, 0x03, 0x00, ..] => Some("SSLv3"),
        [0x16, _, _, _, _, 0x02, _, _, _, 0x03, 0x01, ..] => Some("TLSv1.0"),
        [0x16, _, _, _, _, 0x02, _, _, _, 0x03, 0x02, ..] => Some("TLSv1.1"),
        _ => None,
    }
}

fn ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
