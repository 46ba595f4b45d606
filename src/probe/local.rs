//! What can be told without the network: the address, this machine, and the till's own identity.

use super::facts::Facts;
use super::report::{End, Report, StepName};
use super::{Visit, day};
use crate::error::{Kind, utc};
use crate::identity::Identity;
use crate::trust::expectation::Expectation;
use rustls::pki_types::{IpAddr, ServerName};
use std::time::{Duration, UNIX_EPOCH};

/// Days before the end of a certificate from which on the till should pair again.
const RENEWAL_DAYS: u32 = 30;

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Whom the probe expects, and as whom it goes.
pub(super) struct Who {
    pub(super) expectation: Expectation,
    /// `None` if none was given, or if it belongs to another device than the settings name.
    pub(super) identity: Option<Identity>,
    /// The identity's failure is on record; the look at the device goes on, but ends before it is shown.
    pub(super) stop: Option<End>,
}

pub(super) fn address(visit: &Visit<'_>, report: &mut Report) {
    let address = visit.device.address();
    let (kind, words) = match &address.host {
        ServerName::IpAddress(IpAddr::V4(_)) => ("ipv4", "an IPv4 address"),
        ServerName::IpAddress(IpAddr::V6(_)) => ("ipv6", "an IPv6 address"),
        _ => ("name", "a name"),
    };
    let facts = Facts::new()
        .with("url", address.url())
        .with("host", &*address.host.to_str())
        .with("host_kind", kind)
        .with("port", address.port);
    report.ok(StepName::Address, [&address.url(), ", ", words].concat(), facts);
}

pub(super) fn machine(visit: &Visit<'_>, report: &mut Report) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|v| !v.is_empty());
    // The ANSI code page of Windows is asked by a foreign call, which is not worth its `unsafe`.
    let encoding = match cfg!(windows) {
        true => ", texts are UTF-8 and not ANSI",
        false => ", texts are UTF-8",
    };
    let version = concat!("poslatch ", env!("CARGO_PKG_VERSION"));
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let locale = locale.map(|locale| crate::words::printable(&locale));
    let facts = Facts::new()
        .with("library", version)
        .with("os", os)
        .with("architecture", arch)
        .with("clock", utc(visit.now))
        .with("locale", locale)
        .with("encoding", "UTF-8");
    let finding = [version, " on ", os, " ", arch, ", ", &utc(visit.now), encoding].concat();
    report.ok(StepName::Machine, finding, facts);
}

/// The identity's own dates, and whether it belongs to the device of the settings.
pub(super) fn identity(
    visit: &Visit<'_>,
    identity: Option<&Identity>,
    report: &mut Report,
) -> Result<Who, End> {
    let name = StepName::Identity;
    let Some(identity) = identity else {
        report.not_run(
            name,
            "none was given: the till is looked at as one that wants to pair",
            Facts::new().with("given", false),
        );
        let expectation = visit.device.expectation(None).map_err(|error| {
            let facts = report.take(StepName::Address).unwrap_or_default();
            report.fail(StepName::Address, &error.into_kind(), facts.into())
        })?;
        return Ok(Who { expectation, identity: None, stop: None });
    };

    let (not_before, not_after) = (identity.not_before(), identity.not_after());
    let end = identity.earliest_expiry();
    let at = UNIX_EPOCH + Duration::from_secs(visit.now);
    let is_due = identity.needs_renewal(at, RENEWAL_DAYS);
    let days_left = end.saturating_sub(visit.now) / DAY_SECONDS;
    let facts = Facts::new()
        .with("given", true)
        .with("pos_id", identity.pos_id())
        .with("device_name", identity.device_name())
        .with("issuer", crate::words::printable(identity.issuer()))
        .with("fingerprint", identity.fingerprint())
        .with("not_before", utc(not_before))
        .with("not_after", utc(not_after))
        .with("earliest_expiry", utc(end))
        .with("days_left", days_left)
        .with("needs_renewal", is_due);
    match visit.device.expectation(Some(identity)) {
        Ok(expectation) => {
            let pos_id = crate::words::printable(identity.pos_id());
            let device = identity.device_name().unwrap_or("a device without a name");
            let whose = ["\"", &pos_id, "\" of ", device].concat();
            if visit.now > end || visit.now < not_before {
                let kind = Kind::TillCertificateExpired { not_after: end, now: visit.now };
                let dates = ["; valid from ", &day(not_before), " to ", &day(end)].concat();
                report.warn_as(
                    name,
                    &kind,
                    [&whose, dates.as_str(), ", and the clock says ", &day(visit.now)].concat(),
                    facts,
                );
            } else if is_due {
                let due = ["; until ", &day(end), ": time to renew"].concat();
                report.warn(
                    name,
                    whose + &due,
                    "Pair again in a quiet hour, before the certificate ends.",
                    facts,
                );
            } else {
                let left = ["; until ", &day(end), ", ", &days_left.to_string(), " days"].concat();
                report.ok(name, whose + &left, facts);
            }
            Ok(Who { expectation, identity: Some(identity.clone()), stop: None })
        }
        Err(error) => {
            let stop = report.fail(name, &error.into_kind(), facts);
            let expectation = visit.device.expectation(None).map_err(|_| End::Failed)?;
            Ok(Who { expectation, identity: None, stop: Some(stop) })
        }
    }
}
