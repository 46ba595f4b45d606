//! The probe against every switch of the simulator: the step that fails and the cause it names, or that
//! nothing is wrong. Apart from `probe`, since this is a table; what is no switch stands there.

use crate::common::{
    DEVICE_NAME, PATIENCE, SERIAL, application_bytes, builder, device, identity, simulator, simulator_with,
};
use crate::probe::check;
use poslatch::{Device, Report, Status, StepName, StepResult, probe};
use poslatch_simulator::{
    Alert, CertificateHint, CertificateRequest, ClientCertificate, DuplicateLookup, DuplicateReference,
    Exchange, FailureReply, Faults, FrameKind, IncrementalAmount, PairingReply, Pki, PosIdReuse, Printer,
    RefundStatus, SecondRequest, ServerCertificate, ServerChain, SignedBy, TlsVersions, Usage,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// What a probe of a device with these switches has to come to.
struct Row {
    faults: Faults,
    /// The step to mend first, its status, and a piece of what it says; `None` if nothing is wrong.
    cause: Option<(StepName, StepResult, Option<Status>, &'static str)>,
}

fn fine(change: impl FnOnce(&mut Faults)) -> Row {
    let mut faults = Faults::default();
    change(&mut faults);
    Row { faults, cause: None }
}

fn fails(step: StepName, status: Status, says: &'static str, change: impl FnOnce(&mut Faults)) -> Row {
    Row { cause: Some((step, StepResult::Failed, Some(status), says)), ..fine(change) }
}

fn warns(step: StepName, says: &'static str, change: impl FnOnce(&mut Faults)) -> Row {
    Row { cause: Some((step, StepResult::Warning, None, says)), ..fine(change) }
}

/// Ways in which the device's certificate, chain and TLS may differ.
fn trust() -> Vec<Row> {
    use ServerCertificate as Shown;
    use StepName::{Chain, Clock, DeviceName, Handshake, RootCa, Tls};
    let shows = |step, status, says, shown: Shown| {
        fails(step, status, says, move |faults| faults.server_certificate = shown)
    };
    let unusable = |says, shown| shows(Chain, Status::DeviceCertificateUnusable, says, shown);
    let chain = |chain| fine(move |faults| faults.server_chain = chain);
    let versions = |versions| fine(move |faults| faults.tls_versions = versions);
    let outdated = |says, versions| {
        fails(Handshake, Status::TlsVersion, says, move |faults| faults.tls_versions = versions)
    };
    vec![
        fine(|_| {}),
        unusable("not meant for servers", Shown::ClientAuthOnly),
        unusable("a CA above it is not meant", for_clients_only()),
        shows(Clock, Status::DeviceCertificateExpired, "the certificate has lapsed", Shown::Expired),
        shows(
            RootCa,
            Status::UnknownIssuer,
            "it holds another \"Simulated Root CA\", with another key",
            Shown::ForeignRoot,
        ),
        shows(DeviceName, Status::WrongDevice, "a certificate without any name", Shown::NoSan),
        shows(Clock, Status::DeviceCertificateNotYetValid, "it is probably behind", Shown::NotYetValid),
        unusable("1024 bits", Shown::Rsa1024),
        unusable("no longer considered safe", Shown::Sha1),
        unusable("X.509 v1", Shown::V1),
        shows(
            DeviceName,
            Status::WrongDevice,
            "expected \"1850000123.cybs.seclib.io\", found \"1850000999.cybs.seclib.io\"",
            Shown::WrongName("1850000999.cybs.seclib.io".into()),
        ),
        chain(ServerChain::ExtraCertificates),
        chain(ServerChain::LeafOnly),
        chain(ServerChain::Reversed),
        chain(ServerChain::WithoutRoot),
        versions(TlsVersions::Only12),
        versions(TlsVersions::Only13),
        outdated("TLS alert ProtocolVersion", TlsVersions::Only11),
        outdated("it answers in TLSv1.1", TlsVersions::Only11Hello),
        fails(Tls, Status::ConnectTimeout, "says nothing", |faults| faults.stall_handshake = true),
    ]
}

fn for_clients_only() -> ServerCertificate {
    let request = CertificateRequest {
        signed_by: SignedBy::CaFor(Usage::Client),
        ..CertificateRequest::server(DEVICE_NAME)
    };
    let issued = simulator().pki().issue(&request).expect("issued");
    ServerCertificate::Custom { chain_der: issued.chain_der, key_der: issued.key_pkcs8_der }
}

/// What the device may make of the till, under either version of TLS.
fn till() -> Vec<Row> {
    use StepName::ClientCertificate as Step;
    let mut rows = Vec::new();
    for tls_versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let set = |client_certificate| {
            move |faults: &mut Faults| {
                faults.tls_versions = tls_versions;
                faults.client_certificate = client_certificate;
            }
        };
        let refused = |status, says, policy| fails(Step, status, says, set(policy));
        let rejected = |says, policy| refused(Status::TillCertificateRejected, says, policy);
        rows.extend([
            rejected("without an alert", ClientCertificate::CloseWithoutAlert),
            rejected("without an alert", ClientCertificate::ResetWithoutAlert),
            rejected("AccessDenied", ClientCertificate::RefuseWith(Alert::AccessDenied)),
            rejected("BadCertificate", ClientCertificate::RefuseWith(Alert::BadCertificate)),
            rejected("CertificateRevoked", ClientCertificate::RefuseWith(Alert::CertificateRevoked)),
            rejected("CertificateUnknown", ClientCertificate::RefuseWith(Alert::CertificateUnknown)),
            rejected("UnknownCA", ClientCertificate::RefuseWith(Alert::UnknownCa)),
            refused(
                Status::TillCertificateExpired,
                "expired on",
                ClientCertificate::RefuseWith(Alert::CertificateExpired),
            ),
            fine(set(ClientCertificate::Normal)),
            fine(set(ClientCertificate::RequiredAlways)),
            warns(Step, "set to TLS only", set(ClientCertificate::NotRequested)),
        ]);
        for hint in [CertificateHint::Empty, CertificateHint::IssuingAndRoot, CertificateHint::RootOnly] {
            rows.push(fine(move |faults| {
                faults.tls_versions = tls_versions;
                faults.certificate_hint = hint;
            }));
        }
        rows.push(fine(move |faults| {
            faults.tls_versions = tls_versions;
            faults.session_tickets = false;
        }));
        // Without a ticket a device of TLS 1.3 is believed, until the WebSocket is to be opened.
        rows.push(fails(Step, Status::TillCertificateRejected, "UnknownCA", move |faults| {
            faults.tls_versions = tls_versions;
            faults.session_tickets = false;
            faults.client_certificate = ClientCertificate::RefuseWith(Alert::UnknownCa);
        }));
    }
    rows
}

/// What concerns the WebSocket, and what concerns only pairing and payments, of which a probe does neither.
fn channel() -> Vec<Row> {
    use StepName::{Ping, WebSocket};
    let mut rows = vec![
        fails(WebSocket, Status::HttpStatus, "HTTP status 503", |faults| {
            faults.websocket_refused = Some(503)
        }),
        fails(WebSocket, Status::HttpStatus, "HTTP status 403", |faults| {
            faults.websocket_refused = Some(403)
        }),
        warns(Ping, "no pong within 2 s", |faults| faults.answer_pings = false),
        fine(|faults| faults.ping_interval = Some(Duration::from_millis(1))),
        fine(|faults| {
            faults.ping_interval = Some(Duration::from_millis(50));
            faults.drop_after_missed_pong = true;
        }),
        fine(|faults| faults.ping_flood = true),
        fine(|faults| faults.accept_tills_of_old_roots = false),
        fine(|faults| faults.single_use_code = false),
        fine(|faults| faults.numeric_pos_id_only = true),
        fine(|faults| faults.pairing_frame = FrameKind::Binary),
        fine(|faults| faults.status_messages = Some(9)),
        fine(|faults| faults.status_flood = true),
        fine(|faults| faults.step_pause = Duration::ZERO),
        fine(|faults| faults.hold_payment = true),
        fine(|faults| faults.decline = true),
        fine(|faults| faults.redirect_lost_replies = true),
        fine(|faults| faults.lookup_not_found_first = 3),
    ];
    for reuse in [PosIdReuse::BothValid, PosIdReuse::Reject, PosIdReuse::Replace] {
        rows.push(fine(move |faults| faults.pos_id_reuse = reuse));
    }
    for reply in [
        PairingReply::Body(b"{}".to_vec()),
        PairingReply::CloseBeforeReply,
        PairingReply::Never,
        PairingReply::Status { code: 500, content_type: "text/plain".into(), body: Vec::new() },
        PairingReply::Truncated(9),
    ] {
        rows.push(fine(move |faults| faults.pairing_reply = reply));
    }
    for exchange in [
        Exchange::BinaryFrame,
        Exchange::CloseAfterRequest,
        Exchange::CloseWith(1011),
        Exchange::ErrorResponse("no".into()),
        Exchange::FinalTwice,
        Exchange::GarbageFrame,
        Exchange::HeldReply,
        Exchange::HttpStatus(503),
        Exchange::LateReply(Duration::from_secs(1)),
        Exchange::NoReply,
        Exchange::OversizedReply(9),
        Exchange::ResetAfterRequest,
        Exchange::UnknownTypeFirst,
    ] {
        rows.push(fine(move |faults| faults.exchange = exchange));
    }
    rows.push(fine(|faults| *faults = of_other_payments()));
    rows
}

/// All that the operations of payments may do otherwise, at once: the probe asks for none.
fn of_other_payments() -> Faults {
    Faults {
        app_minor: 10,
        decline_reply: FailureReply::ErrorResponse,
        abort_reply: FailureReply::ErrorResponse,
        second_request: SecondRequest::Queue,
        duplicate_reference: DuplicateReference::Refuse,
        duplicate_lookup: DuplicateLookup::First,
        incremental_amount: IncrementalAmount::NewTotal,
        old_id_after_incremental: false,
        repeated_capture: true,
        repeated_tip_adjust: true,
        refund_status: RefundStatus::OfRefund,
        adjustable_tips: false,
        stand_alone_credits: false,
        token_service: false,
        internet: false,
        printer: Printer::None,
        status_without_can_be_aborted: true,
        bare_error_responses: true,
        null_for_absent: true,
        unknown_fields: true,
        strict_references: true,
        ..Faults::default()
    }
}

fn run(rows: Vec<Row>) {
    let simulator = simulator();
    let identity = identity(&simulator, "1001");
    for Row { faults, cause } in rows {
        let case = told(&faults);
        let limit = if faults.stall_handshake { Duration::from_millis(200) } else { PATIENCE };
        simulator.set_faults(faults);
        simulator.forget_events();
        let device = builder(&simulator, "wss").serial(SERIAL).connect_timeout(limit).build().expect("valid");
        let report = probe(&device, Some(&identity)).unwrap_or_else(|error| panic!("{case}: {error:?}"));
        check(&report, &case);
        judge(&report, cause, &case);
        let sent = application_bytes(&simulator);
        let has_passed = step(&report, StepName::ClientCertificate).result != StepResult::NotRun;
        assert!(has_passed || sent == 0, "{case}: {sent} bytes were sent to a device that has not passed");
    }
}

/// The switches that differ from a healthy device's, at bounded length.
fn told(faults: &Faults) -> String {
    let (this, healthy) = (format!("{faults:?}"), format!("{:?}", Faults::default()));
    let healthy: BTreeSet<&str> = healthy.split(", ").collect();
    let differing: Vec<&str> = this.split(", ").filter(|part| !healthy.contains(part)).collect();
    differing.join(", ").chars().take(200).collect()
}

fn judge(report: &Report, cause: Option<(StepName, StepResult, Option<Status>, &str)>, case: &str) {
    let found = report.cause().map(|step| (step.name, step.result, step.status));
    assert_eq!(found, cause.map(|(step, result, status, _)| (step, result, status)), "{case}:\n{report}");
    let Some((_, _, _, says)) = cause else { return };
    let step = report.cause().expect("just seen");
    assert!(step.finding.contains(says), "{case}: {says:?} is not in\n{report}");
    let others = report.steps().iter().filter(|step| step.result >= StepResult::Warning).count();
    assert_eq!(others, 1, "{case}: one fault, one cause\n{report}");
}

fn step(report: &Report, name: StepName) -> &poslatch::Step {
    report.steps().iter().find(|step| step.name == name).expect("every step is there")
}

#[test]
fn whatever_the_device_shows_the_step_that_fails_names_it() {
    run(trust());
}

#[test]
fn whatever_the_device_makes_of_the_till_is_named() {
    run(till());
}

#[test]
fn a_websocket_that_is_refused_or_mute_is_named_and_what_concerns_payments_is_nobodys_fault() {
    run(channel());
}

#[test]
fn an_unpaired_till_learns_that_a_device_insists_on_a_certificate() {
    for tls_versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let client_certificate = ClientCertificate::RequiredAlways;
        let simulator = simulator_with(Faults { client_certificate, tls_versions, ..Faults::default() });
        let report = probe(&device(&simulator, "wss"), None).expect("a report");
        let says = "asks for a till certificate where none can be shown";
        let cause =
            (StepName::ClientCertificate, StepResult::Failed, Some(Status::TillCertificateRequired), says);
        judge(&report, Some(cause), "no identity");
    }
}

#[test]
fn a_till_that_the_device_has_forgotten_is_told_so() {
    let simulator = simulator_with(Faults { pos_id_reuse: PosIdReuse::Replace, ..Faults::default() });
    let old = identity(&simulator, "1001");
    identity(&simulator, "1001");
    let report = probe(&device(&simulator, "wss"), Some(&old)).expect("a report");
    let cause = (
        StepName::ClientCertificate,
        StepResult::Failed,
        Some(Status::TillCertificateRejected),
        "CertificateUnknown",
    );
    judge(&report, Some(cause), "revoked");
    assert!(
        report.cause().and_then(|step| step.advice.as_deref()).expect("advice").starts_with("Pair again")
    );
}

#[test]
fn old_roots_and_forgotten_tills_are_two_causes() {
    let simulator = simulator_with(Faults { accept_tills_of_old_roots: false, ..Faults::default() });
    let (identity, old) = (identity(&simulator, "1001"), simulator.root_ca_chain_pem());
    simulator.rotate_root();
    let with =
        |roots: &str| -> Device { builder(&simulator, "wss").root_ca_pem(roots).build().expect("valid") };
    let report = probe(&with(&old), Some(&identity)).expect("a report");
    let cause = (StepName::RootCa, StepResult::Failed, Some(Status::UnknownIssuer), "with another key");
    judge(&report, Some(cause), "the old root");
    let report = probe(&with(&simulator.root_ca_chain_pem()), Some(&identity)).expect("a report");
    let cause =
        (StepName::ClientCertificate, StepResult::Failed, Some(Status::TillCertificateRejected), "UnknownCA");
    judge(&report, Some(cause), "the new root");
}

#[test]
fn the_chain_of_another_environment_is_named_with_the_issuer_that_is_missing() {
    let simulator = simulator();
    let other = Pki::new_in_memory().expect("a PKI");
    let device = builder(&simulator, "wss").root_ca_pem(other.root_ca_chain_pem()).build().expect("valid");
    let report = probe(&device, Some(&identity(&simulator, "1001"))).expect("a report");
    let cause = (StepName::RootCa, StepResult::Failed, Some(Status::UnknownIssuer), "\"Simulated Root CA\"");
    judge(&report, Some(cause), "another environment");
}

/// The list of switches, as the simulator's own source has it: what is added there has to come into the table.
#[test]
fn no_switch_of_the_simulator_is_missing_from_the_table() {
    const SOURCE: &str = include_str!("../../simulator/src/faults.rs");
    let rows: Vec<Faults> =
        [trust(), till(), channel()].into_iter().flatten().map(|row| row.faults).collect();
    let told: Vec<String> = rows.iter().map(|faults| format!("{faults:?}")).collect();
    let default = format!("{:?}", Faults::default());

    let mut missing = BTreeSet::new();
    let mut switches = 0;
    for (field, kind) in fields(SOURCE) {
        match variants(SOURCE, kind) {
            Some(variants) => {
                for variant in variants {
                    switches += 1;
                    let set = format!("{field}: {variant}");
                    let is_told = |line: &String| {
                        line.split_once(&set)
                            .is_some_and(|(_, rest)| !rest.starts_with(char::is_alphanumeric))
                    };
                    if !told.iter().any(is_told) {
                        missing.insert(set);
                    }
                }
            }
            None => {
                switches += 1;
                let value = |line: &str| {
                    line.split_once(&format!("{field}: "))
                        .expect("there")
                        .1
                        .split([',', ' '])
                        .next()
                        .map(str::to_owned)
                };
                if told.iter().all(|line| value(line) == value(&default)) {
                    missing.insert(format!("{field}, set to anything else"));
                }
            }
        }
    }
    for alert in variants(SOURCE, "Alert").expect("an enum") {
        if !told.iter().any(|line| line.contains(&format!("RefuseWith({alert})"))) {
            missing.insert(format!("Alert::{alert}"));
        }
    }
    assert!(missing.is_empty(), "the table does not mention {missing:#?}");
    assert!(switches > 60, "the source was not understood: {switches} switches");
}

/// Name and type of each member of `Faults`.
fn fields(source: &str) -> impl Iterator<Item = (&str, &str)> {
    let body = block(source, "pub struct Faults {");
    body.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.strip_suffix(',')?.split_once(": "))
}

/// The variants of an enum; `None` if it is no enum of that file.
fn variants<'a>(source: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let head = format!("pub enum {name} {{");
    source.contains(&head).then(|| {
        let lines = block(source, &head).lines();
        // Four blanks: what is deeper belongs to a variant.
        let variant =
            |line: &'a str| line.strip_prefix("    ").filter(|rest| rest.starts_with(char::is_uppercase));
        lines
            .filter_map(variant)
            .filter_map(|line| line.split(|c: char| !c.is_alphanumeric()).next())
            .collect()
    })
}

fn block<'a>(source: &'a str, head: &str) -> &'a str {
    let (_, after) = source.split_once(head).expect("it is there");
    after.split_once("\n}").expect("it ends").0
}
