//! Whether the device lets the till in: certificate, WebSocket, ping. Only with a device that has passed.

use super::Visit;
use super::facts::Facts;
use super::report::{End, Report, StepName};
use crate::address::Scheme;
use crate::error::{Error, Kind};
use crate::status::Status;
use crate::transport::deadline::Deadline;
use crate::transport::tls::look::Sight;
use crate::transport::tls::{self, TlsStream};
use crate::transport::{Target, websocket};
use serde_json::Value;
use std::time::{Duration, Instant};
use tungstenite::WebSocket;

/// A device in the same room answers in milliseconds; one behind a poor Wi-Fi in a second.
const PONG_WAIT: Duration = Duration::from_secs(2);

/// What the look tells of the device's wish for a certificate, where it cannot be tried.
pub(super) fn not_tried(sight: &Sight, report: &mut Report) {
    let finding = match &sight.requested {
        Some(_) => "asked for, but nothing is shown to a device that has not passed",
        None => "not asked for, and nothing is shown to a device that has not passed",
    };
    report.not_run(StepName::ClientCertificate, finding, facts(sight, false, None));
}

/// Opens the connection as `open_mtls` or `pair` do, and waits for the device's judgement.
pub(super) fn open(
    visit: &Visit<'_>,
    target: &Target,
    sight: &Sight,
    report: &mut Report,
) -> Result<TlsStream, End> {
    let name = StepName::ClientCertificate;
    let shown = target.identity.is_some() && sight.requested.is_some();
    let deadline = Deadline::after(visit.device.connect_timeout());
    let opened = tls::open(target, deadline, &visit.interrupt).and_then(|mut stream| {
        stream.await_acceptance()?;
        Ok(stream)
    });
    let stream = match opened {
        Ok(stream) => stream,
        Err(error) => {
            let kind = error.into_kind();
            return Err(report.fail(name, &kind, facts(sight, shown, shown.then_some(false))));
        }
    };
    let hint = names(sight).join("\", \"");
    let of = if hint.is_empty() { String::new() } else { [" of \"", &hint, "\""].concat() };
    match (&sight.requested, &target.identity) {
        (Some(_), Some(_)) => {
            let finding = ["asked for one", &of, ", and accepted the till's"].concat();
            report.ok(name, finding, facts(sight, true, Some(true)));
        }
        (Some(_), None) => {
            let finding = ["asked for one", &of, "; a till that pairs goes without"].concat();
            report.ok(name, finding, facts(sight, false, None));
        }
        (None, _) => {
            let finding = "asks for none: the device is set to TLS only, and serves whoever calls";
            let advice = "Set Security to mTLS on the device, unless TLS is meant; with TLS, open without an identity.";
            report.warn(name, finding.to_owned(), advice, facts(sight, false, None));
        }
    }
    Ok(stream)
}

/// Opens the WebSocket, asks the device's time, pings, and says goodbye.
pub(super) fn websocket(
    visit: &Visit<'_>,
    target: &Target,
    stream: TlsStream,
    report: &mut Report,
) -> Result<(), End> {
    if target.address.scheme == Scheme::Https {
        for name in [StepName::WebSocket, StepName::Ping] {
            report.not_run(name, "the address is https://, which needs none", Facts::new());
        }
        return Ok(());
    }
    let begun = Instant::now();
    let mut date = None;
    let upgraded = websocket::upgrade_noting(&target.address, stream, &mut date);
    super::trust::compare_clocks(super::now(), date.as_deref(), report);
    let mut socket = upgraded.map_err(|error| refused(error, report))?;
    let facts = Facts::new().with("http_status", 101).with("ms", millis(begun));
    report.ok(StepName::WebSocket, "opened".to_owned(), facts);
    let end = ping(visit, &mut socket, report);
    // How the device takes the goodbye changes nothing.
    let _ = socket.close(None).and_then(|()| socket.flush());
    end
}

/// A device that sends no session ticket judges the till's certificate only here.
fn refused(error: Error, report: &mut Report) -> End {
    let kind = error.into_kind();
    let is_about_the_till = matches!(
        kind.status(),
        Status::TillCertificateRejected | Status::TillCertificateExpired | Status::TillCertificateRequired
    );
    match is_about_the_till.then(|| report.take(StepName::ClientCertificate)).flatten() {
        Some(mut facts) => {
            facts.insert("accepted".into(), false.into());
            report.fail(StepName::ClientCertificate, &kind, facts.into())
        }
        None => report.fail(StepName::WebSocket, &kind, Facts::new().with("http_status", kind.http_status())),
    }
}

fn ping(visit: &Visit<'_>, socket: &mut WebSocket<TlsStream>, report: &mut Report) -> Result<(), End> {
    if let Some(deadline) = socket.get_ref().shared_deadline() {
        deadline.set(Deadline::after(visit.device.connect_timeout()).no_later_than(PONG_WAIT));
    }
    let begun = Instant::now();
    let result = websocket::ping(socket);
    let took = begun.elapsed();
    let name = StepName::Ping;
    match result {
        Ok(messages) => {
            let tenths = u32::try_from(took.as_micros() / 100).unwrap_or(u32::MAX);
            let time = [&(tenths / 10).to_string(), ".", &(tenths % 10).to_string()].concat();
            let facts = Facts::new().with("ms", f64::from(tenths) / 10.0).with("messages", messages);
            match messages {
                0 => report.ok(name, ["answered after ", &time, " ms"].concat(), facts),
                _ => {
                    let finding =
                        ["answered after ", &time, " ms; the device sent messages that are lost now"];
                    let advice = "Look up the payments whose end the till does not know.";
                    report.warn(name, finding.concat(), advice, facts);
                }
            }
            Ok(())
        }
        Err(Kind::ResponseTimeout { .. }) => {
            let finding = "no pong within 2 s; payments work all the same";
            let advice = "Nothing to mend: a device that answers no pings is watched by TCP's own probes.";
            report.warn(name, finding.to_owned(), advice, Facts::new().with("ms", Value::Null));
            Ok(())
        }
        Err(kind) => Err(report.fail(name, &kind, Facts::new().with("ms", Value::Null))),
    }
}

fn facts(sight: &Sight, shown: bool, accepted: Option<bool>) -> Facts {
    Facts::new()
        .with("requested", sight.requested.is_some())
        .with("hint", names(sight))
        .with("shown", shown)
        .with("accepted", accepted)
}

/// The issuers that the device hints at.
fn names(sight: &Sight) -> Vec<String> {
    let hint = sight.requested.as_deref().unwrap_or_default();
    hint.iter().take(8).filter_map(|der| crate::x509::name_in(der)).collect()
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
