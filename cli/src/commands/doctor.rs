//! `poslatch doctor`: what is wrong between this till and that device, on one screen, with the one thing to do next.
//!
//! The looking is the library's probe; here its report meets the files of the till, is laid out for 24 lines of 100
//! columns, and is packed for support without anything that is secret.

mod bundle;
mod layout;
mod next;

use super::Context;
use crate::arguments::DoctorArguments;
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::till::{DeviceSettings, IdentitySettings};
use poslatch::{Device, Identity, Report, Status, StepResult, probe};
use serde_json::Value;
use std::path::Path;

/// What one visit found.
struct Findings {
    report: Report,
    /// Why the Root CA chain of the settings is not used.
    root_ca_problem: Option<String>,
    /// Why the identity of the settings is not used.
    identity_problem: Option<String>,
    identity: Option<Identity>,
    next: String,
}

pub(crate) fn run(arguments: &DoctorArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let settings = DeviceSettings::resolve(&arguments.device, context)?;
    let identity_settings = IdentitySettings::resolve(&arguments.identity, context);
    let findings = examine(&settings, &identity_settings)?;
    let mut done = Done::text(layout::screen(&findings, &findings.next))
        .member("report", report(&findings.report))
        .member("root_ca_problem", findings.root_ca_problem.clone())
        .member("identity_problem", findings.identity_problem.clone())
        .member("next", findings.next.clone());
    done.exit = exit(&findings);
    if let Some(path) = &arguments.bundle {
        bundle::write(path, &findings, &settings, &identity_settings)?;
        context.screen.say(&format!(
            "Wrote {}: the report, versions and certificate facts; no key, no code, no passphrase, no posId.",
            path.display()
        ));
        done = done.member("bundle", path.display().to_string());
    }
    Ok(done)
}

fn examine(settings: &DeviceSettings, identity_settings: &IdentitySettings) -> Result<Findings, Failure> {
    let (device, root_ca_problem) = device(settings)?;
    let path = &identity_settings.path;
    let (identity, identity_problem) = match Path::new(path).exists() {
        false => (None, None),
        true => match identity_settings.load() {
            Ok(identity) => (Some(identity), None),
            Err(failure) => (None, Some(failure.message)),
        },
    };
    let report = probe(&device, identity.as_ref()).map_err(Failure::of)?;
    let mut findings = Findings { report, root_ca_problem, identity_problem, identity, next: String::new() };
    findings.next = next::thing(&findings, settings, identity_settings);
    Ok(findings)
}

/// The device, without its Root CA chain if that cannot be used: the network can be looked at all the same.
fn device(settings: &DeviceSettings) -> Result<(Device, Option<String>), Failure> {
    match settings.bare().root_ca_file(&settings.root_ca).build() {
        Ok(device) => Ok((device, None)),
        Err(error) if matches!(error.status(), Status::File | Status::RootCaUnusable) => {
            Ok((settings.bare().build().map_err(Failure::of)?, Some(error.message())))
        }
        Err(error) => Err(Failure::of(error)),
    }
}

fn exit(findings: &Findings) -> Exit {
    if findings.root_ca_problem.is_some() || findings.identity_problem.is_some() {
        return Exit::Usage;
    }
    match findings.report.cause() {
        Some(cause) if cause.result == StepResult::Failed => {
            cause.status.map_or(Exit::Connection, Exit::of_status)
        }
        _ => Exit::Done,
    }
}

/// The library writes it as text; here it is part of a larger object.
fn report(report: &Report) -> Value {
    serde_json::from_str(&report.to_json()).unwrap_or(Value::Null)
}
