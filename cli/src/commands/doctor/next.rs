//! The one thing to do next: where a command helps, that command. A person who has read 20 lines of findings should not
//! have to choose.

use super::Findings;
use crate::dates;
use crate::till::{DeviceSettings, IdentitySettings, quoted};
use poslatch::{Status, StepResult};

pub(super) fn thing(findings: &Findings, device: &DeviceSettings, identity: &IdentitySettings) -> String {
    let typed = format!("{}{}", device.typed(), identity.typed());
    if findings.root_ca_problem.is_some() {
        return format!(
            "save the Root CA chain (Business Center > Acceptance Devices > Activation Codes) as \"{}\", or fetch it: \
             poslatch root-ca fetch --help",
            device.root_ca
        );
    }
    let pos_id = findings.identity.as_ref().map_or("1001", |identity| identity.pos_id());
    let replace =
        if findings.identity.is_some() || findings.identity_problem.is_some() { " --replace" } else { "" };
    let pair = format!("poslatch pair --pos-id {}{replace}{typed}", quoted(pos_id));
    if findings.identity_problem.is_some() {
        return format!("use the identity file that pairing saved, or pair again: {pair}");
    }
    let cause = findings.report.cause();
    let Some(cause) = cause.filter(|cause| cause.result == StepResult::Failed || cause.advice.is_some())
    else {
        return match findings.identity {
            Some(_) => format!("nothing is wrong: poslatch pay 1.00 EUR{typed}"),
            None => format!("nothing is in the way; this till has not paired yet: {pair}"),
        };
    };
    let knows_whom = findings.identity.is_some() || device.serial.is_some();
    match cause.status {
        Some(
            Status::Refused
            | Status::Unreachable
            | Status::ConnectTimeout
            | Status::NameNotResolved
            | Status::WrongDevice
            | Status::NotTls,
        ) if knows_whom => format!(
            "compare the address with Generate Code > Details on the device, or look where it is now: poslatch find{typed}"
        ),
        Some(Status::UnknownIssuer) => format!(
            "find out whether the Root CA chain is of the device's environment, test or production: poslatch inspect {}",
            device.root_ca
        ),
        Some(Status::DeviceCertificateExpired | Status::DeviceCertificateNotYetValid) => {
            format!("compare this machine's clock, {}, with a watch", dates::utc(dates::now()))
        }
        Some(
            Status::TillCertificateRejected
            | Status::TillCertificateExpired
            | Status::TillCertificateRequired
            | Status::IdentityUnusable,
        ) => format!("pair again: {pair}"),
        _ => cause.advice.clone().unwrap_or_else(|| cause.finding.clone()),
    }
}
