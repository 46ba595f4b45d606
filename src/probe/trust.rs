//! Who the device is, by the certificates that the first look wrote down: chain, root, name, clock.
//!
//! Each question is answered for itself, so that a wrong clock does not hide a wrong device. webpki
//! decides, through the same verifier as in every call; what is walked and compared here is only told.

use super::facts::Facts;
use super::local::Who;
use super::report::{End, Report, StepName, StepResult};
use super::{Visit, day};
use crate::error::{Kind, utc};
use crate::transport::Target;
use crate::transport::tls::look::Sight;
use crate::trust::RootCaChain;
use crate::trust::verifier::DeviceVerifier;
use crate::words::printable;
use crate::x509::Certificate;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde_json::Value;
use std::time::Duration;

/// Certificates of a chain that are told; a device shows three.
const SHOWN_MAX: usize = 8;

/// Judges what was seen. Gives out whom to open a connection to, if it is the right one.
pub(super) fn judge(visit: &Visit<'_>, who: Who, sight: &Sight, report: &mut Report) -> Result<Target, End> {
    let (leaf, sent) = match sight.chain.split_first() {
        Some(split) => split,
        None => return Err(End::Failed),
    };
    let mut chain: Vec<Certificate> =
        sight.chain.iter().take(SHOWN_MAX).filter_map(|der| Certificate::parse(der).ok()).collect();
    // No other certificate is to be told as the device's own.
    if chain.first().map(Certificate::der) != Some(leaf) {
        chain.clear();
    }
    let given = visit.device.roots();
    let roots = given.clone().unwrap_or_else(|| RootCaChain::of_nobody().into());
    let verifier = DeviceVerifier { roots: roots.clone(), expectation: who.expectation.clone() };
    let now = UnixTime::since_unix_epoch(Duration::from_secs(visit.now));
    let verdict = verifier.judge_chain(leaf, sent, now);
    // What is wrong beside the dates, if the dates are wrong.
    let timeless = match &verdict {
        Err(Kind::DeviceCertificateExpired { .. } | Kind::DeviceCertificateNotYetValid { .. }) => {
            verifier.judge_chain(leaf, sent, a_time_of_validity(&chain))
        }
        other => other.clone(),
    };

    let shown = chain_shown(&chain, &timeless, report);
    let root_ca = root_ca(&chain, given.as_deref(), &timeless, report);
    let name = device_name(&verifier, leaf, &chain, now, report);
    let clock = clock(visit, &chain, roots.certificates(), &verdict, report);
    match shown.or(root_ca).or(name).or(clock).or(who.stop) {
        None => Ok(Target {
            address: visit.device.address().clone(),
            roots,
            expectation: who.expectation,
            identity: who.identity,
        }),
        Some(end) => {
            super::channel::not_tried(sight, report);
            Err(end)
        }
    }
}

/// What is shown, and whether the device's own certificate is of any use.
fn chain_shown(chain: &[Certificate], timeless: &Result<(), Kind>, report: &mut Report) -> Option<End> {
    let certificates: Vec<Value> = chain
        .iter()
        .map(|certificate| {
            Facts::new()
                .with("subject", certificate.subject.as_str())
                .with("issuer", certificate.issuer.as_str())
                .with("names", names(certificate))
                .with("not_before", utc(certificate.not_before))
                .with("not_after", utc(certificate.not_after))
                .with("key", certificate.key_kind())
                .into_value()
        })
        .collect();
    let facts = Facts::new().with("certificates", certificates);
    match timeless {
        Err(kind @ Kind::DeviceCertificateUnusable { .. }) => Some(report.fail(StepName::Chain, kind, facts)),
        _ => {
            let finding = match chain.len() {
                1 => "1 certificate".to_owned(),
                count => [&count.to_string(), " certificates"].concat(),
            };
            report.ok(StepName::Chain, finding, facts);
            None
        }
    }
}

fn root_ca(
    chain: &[Certificate],
    given: Option<&RootCaChain>,
    timeless: &Result<(), Kind>,
    report: &mut Report,
) -> Option<End> {
    let name = StepName::RootCa;
    let Some(given) = given else {
        return Some(report.fail(name, &Kind::RootCaMissing, Facts::new()));
    };
    let roots = given.certificates();
    let way = Way::up(chain, roots);
    let subjects: Vec<&str> = roots.iter().map(|root| root.subject.as_str()).collect();
    let facts = |reached: Option<&str>, missing: Option<&str>| {
        Facts::new().with("given", subjects.clone()).with("reached", reached).with("missing_issuer", missing)
    };
    match timeless {
        Ok(()) => {
            let reached = way.root.map_or("a root", |root| root.subject.as_str());
            report.ok(name, ["leads to \"", reached, "\""].concat(), facts(Some(reached), None));
            None
        }
        Err(kind @ Kind::UnknownIssuer { .. }) => {
            let missing = way.missing.unwrap_or_default();
            let finding = match roots.iter().any(|root| root.subject == missing) {
                true => [&kind.message(), ": it holds another \"", missing, "\", with another key"].concat(),
                false => [&kind.message(), ": \"", missing, "\" is not in it"].concat(),
            };
            Some(report.fail_saying(name, kind, finding, facts(None, Some(missing))))
        }
        Err(_) => {
            let finding = "not judged, since the device's certificate cannot be used";
            report.not_run(name, finding, facts(way.root.map(|root| root.subject.as_str()), way.missing));
            None
        }
    }
}

/// The way from the device's certificate upwards, for telling; whether it holds is webpki's to say.
struct Way<'a> {
    root: Option<&'a Certificate>,
    /// The issuer that was looked for in vain.
    missing: Option<&'a str>,
}

impl<'a> Way<'a> {
    fn up(chain: &'a [Certificate], roots: &'a [Certificate]) -> Way<'a> {
        let algorithms = crate::provider::provider().signature_verification_algorithms.all;
        let Some(mut at) = chain.first() else { return Way { root: None, missing: None } };
        for _ in 0..SHOWN_MAX {
            if roots.iter().any(|root| root.der() == at.der() && root.names_itself()) {
                return Way { root: Some(at), missing: None };
            }
            let mut above = roots.iter().chain(chain).filter(|issuer| issuer.der() != at.der());
            let issuer =
                above.find(|issuer| at.names_as_issuer(issuer) && at.is_signed_by(issuer, algorithms));
            match issuer {
                Some(issuer) => at = issuer,
                None => break,
            }
        }
        Way { root: None, missing: Some(&at.issuer) }
    }
}

fn device_name(
    verifier: &DeviceVerifier,
    leaf: &CertificateDer<'_>,
    chain: &[Certificate],
    now: UnixTime,
    report: &mut Report,
) -> Option<End> {
    let name = StepName::DeviceName;
    let Some(certificate) = chain.first().filter(|leaf| leaf.is_v3) else {
        report.not_run(name, "not judged, since the device's certificate cannot be used", Facts::new());
        return None;
    };
    let expected = verifier.expectation.words();
    let facts = Facts::new().with("expected", expected.as_str()).with("found", names(certificate));
    match verifier.judge_name(leaf, now) {
        Ok(()) => {
            let found = verifier.expectation.name_of(certificate);
            let found = found.as_deref().unwrap_or("a device without a name");
            report.ok(name, ["\"", found, "\"; expected ", &expected].concat(), facts);
            None
        }
        Err(kind) => Some(report.fail(name, &kind, facts)),
    }
}

/// This machine's clock against the dates of the device's certificates.
fn clock(
    visit: &Visit<'_>,
    chain: &[Certificate],
    roots: &[Certificate],
    verdict: &Result<(), Kind>,
    report: &mut Report,
) -> Option<End> {
    let name = StepName::Clock;
    let earliest_end = chain.iter().map(|certificate| certificate.not_after).min().unwrap_or_default();
    let latest_start = chain.iter().map(|certificate| certificate.not_before).max().unwrap_or_default();
    let ends = chain.iter().chain(roots).map(|certificate| certificate.not_after);
    let guess = guess(verdict, visit.now, ends);
    let facts = Facts::new()
        .with("clock", utc(visit.now))
        .with("latest_start", utc(latest_start))
        .with("earliest_end", utc(earliest_end))
        .with("guess", guess.map(|(word, _)| word));
    match (verdict, guess) {
        (Err(kind), Some((_, words))) => {
            Some(report.fail_saying(name, kind, [&kind.message(), "; ", words].concat(), facts))
        }
        _ if (latest_start..=earliest_end).contains(&visit.now) => {
            let dates = [&utc(visit.now), ", within all dates; the first ends ", &day(earliest_end)];
            report.ok(name, dates.concat(), facts);
            None
        }
        // Refused before any date was looked at.
        (Err(Kind::DeviceCertificateUnusable { .. }), _) => {
            report.not_run(name, "not judged, since the device's certificate cannot be used", facts);
            None
        }
        _ => {
            let dates =
                [&utc(visit.now), ", outside the dates of a certificate, but no verdict depends on that one"];
            report.ok(name, dates.concat(), facts);
            None
        }
    }
}

/// Which way this machine's clock is probably wrong, as a word for programs and words for people.
fn guess(
    verdict: &Result<(), Kind>,
    now: u64,
    mut ends: impl Iterator<Item = u64>,
) -> Option<(&'static str, &'static str)> {
    match verdict {
        Err(Kind::DeviceCertificateNotYetValid { .. }) => Some(("behind", "it is probably behind")),
        // A root outlives many devices: certificates do not lapse all at once.
        Err(Kind::DeviceCertificateExpired { .. }) => Some(match ends.all(|end| now > end) {
            true => ("ahead", "it is probably ahead, since by it every certificate has expired"),
            false => ("right", "it is probably right, and the certificate has lapsed"),
        }),
        _ => None,
    }
}

/// Sets the device's clock beside this machine's, once the device has told it.
pub(super) fn compare_clocks(ours: u64, date: Option<&str>, report: &mut Report) {
    /// Far more than an answer takes, and less than what makes certificates or receipts wrong.
    const SKEW_MAX_SECONDS: u64 = 5 * 60;
    let Some(device) = date.and_then(super::http_date::parse) else { return };
    let apart = device.abs_diff(ours);
    let which = if device > ours { "ahead" } else { "behind" };
    let Some(step) = report.step_mut(StepName::Clock) else { return };
    step.facts.insert("device_clock".into(), utc(device).into());
    if apart > SKEW_MAX_SECONDS {
        let words = [
            &step.finding,
            "; the device's clock says ",
            &utc(device),
            ", ",
            &(apart / 60).to_string(),
            " min ",
            which,
        ];
        step.finding = words.concat();
        step.result = StepResult::Warning;
        step.advice = Some("Set the clock that is wrong: the till's or the device's.".into());
    }
}

/// A moment at which as many of these certificates are valid as can be.
fn a_time_of_validity(chain: &[Certificate]) -> UnixTime {
    let latest_start = chain.iter().map(|certificate| certificate.not_before).max().unwrap_or_default();
    let earliest_end = chain.iter().map(|certificate| certificate.not_after).min().unwrap_or_default();
    let own_start = chain.first().map_or(0, |leaf| leaf.not_before);
    let at = if latest_start <= earliest_end { latest_start } else { own_start };
    UnixTime::since_unix_epoch(Duration::from_secs(at))
}

fn names(certificate: &Certificate) -> Vec<String> {
    certificate.dns_names().iter().take(SHOWN_MAX).map(|name| printable(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_by_which_everything_has_expired_is_ahead_and_one_by_which_nothing_has_begun_is_behind() {
        let expired = Err(Kind::DeviceCertificateExpired { not_after: 10, now: 20 });
        let too_early = Err(Kind::DeviceCertificateNotYetValid { not_before: 30, now: 20 });
        for (verdict, ends, word) in [
            (&expired, [10, 15, 19], Some("ahead")),
            (&expired, [10, 15, 20], Some("right")),
            (&too_early, [40, 50, 60], Some("behind")),
            (&Ok(()), [40, 50, 60], None),
        ] {
            assert_eq!(guess(verdict, 20, ends.into_iter()).map(|(word, _)| word), word, "{ends:?}");
        }
    }

    #[test]
    fn a_device_whose_clock_is_far_from_the_tills_is_a_warning() {
        const DEVICE: u64 = 1_795_537_693;
        let date = Some("Tue, 24 Nov 2026 16:28:13 GMT");
        for (ours, date, result, says) in [
            (DEVICE + 299, date, StepResult::Ok, ""),
            (DEVICE + 3600, date, StepResult::Warning, "says 2026-11-24T16:28:13Z, 60 min behind"),
            (DEVICE - 360, date, StepResult::Warning, "6 min ahead"),
            (0, Some("yesterday"), StepResult::Ok, ""),
            (0, None, StepResult::Ok, ""),
        ] {
            let mut report = Report::new(String::new(), ours);
            report.ok(StepName::Clock, "well".into(), Facts::new());
            compare_clocks(ours, date, &mut report);
            let step = report.step_mut(StepName::Clock).expect("it is there");
            assert_eq!(step.result, result, "{ours} {date:?}");
            assert!(step.finding.contains(says), "{}", step.finding);
        }
    }
}
