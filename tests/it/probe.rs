//! The probe where the network, the settings or the caller are at fault, and what holds for every report.

use crate::common::*;
use poslatch::{Device, Identity, Report, Status, Step, StepName, StepResult, probe};
use poslatch_simulator::{
    BreakKind, CertificateRequest, Direction, Event, FaultProxy, Faults, KeyChoice, Leg, Pace, Plan,
    ServerCertificate,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// What holds for every report.
pub(crate) fn check(report: &Report, case: &str) {
    let screen = report.to_string();
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines.len() <= 24, "{case}: {} lines\n{screen}", lines.len());
    for line in lines {
        assert!(line.chars().count() <= 100 && line == line.trim_end(), "{case}: {line:?}");
    }

    let names: Vec<StepName> = report.steps().iter().map(|step| step.name).collect();
    assert_eq!(names, StepName::ALL, "{case}");
    for step in report.steps() {
        assert!(!step.finding.is_empty() && !step.finding.ends_with('.'), "{case}: {step:?}");
        assert!(!step.finding.contains('\n'), "{case}: {step:?}");
        let needs_advice = step.result >= StepResult::Warning;
        assert_eq!(step.advice.is_some(), needs_advice, "{case}: {step:?}");
        assert!(step.advice.as_ref().is_none_or(|advice| advice.ends_with('.')), "{case}: {step:?}");
        assert!(step.result != StepResult::Failed || step.status.is_some(), "{case}: {step:?}");
    }

    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("JSON");
    assert_eq!(json["schema"], "poslatch-probe/1", "{case}");
    assert_eq!(json["verdict"], report.verdict().name(), "{case}");
    assert_eq!(json["cause"].as_str(), report.cause().map(|step| step.name.name()), "{case}");
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(StepName::ALL.len()), "{case}");
}

fn step(report: &Report, name: StepName) -> &Step {
    report.steps().iter().find(|step| step.name == name).expect("every step is there")
}

/// Checks that the report has this cause, and that it says this.
fn blames(report: &Report, name: StepName, status: Status, says: &str) {
    check(report, says);
    let cause = report.cause().unwrap_or_else(|| panic!("{says}: nothing is wrong\n{report}"));
    assert_eq!((cause.name, cause.status), (name, Some(status)), "{says}\n{report}");
    assert_eq!(cause.result, StepResult::Failed, "{says}\n{report}");
    assert!(cause.finding.contains(says), "{says:?} is not in\n{report}");
}

fn unpaired(address: SocketAddr, timeout: Duration) -> Report {
    let roots = simulator().root_ca_chain_pem();
    let device = Device::builder(&format!("wss://{address}/")).root_ca_pem(roots).connect_timeout(timeout);
    probe(&device.build().expect("valid"), None).expect("a report")
}

/// A server that is no device: says this once it has heard something, then reads until the other side goes away.
fn with_imposter<T>(answer: &'static [u8], closes: bool, run: impl FnOnce(SocketAddr) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut heard = [0; 4096];
        let _ = stream.read(&mut heard);
        let _ = stream.write_all(answer);
        while !closes && stream.read(&mut heard).is_ok_and(|size| size > 0) {}
    });
    let result = run(address);
    // Unblocks the accept, should nobody have come.
    let _ = TcpStream::connect(address);
    server.join().expect("no panic");
    result
}

#[test]
fn a_healthy_device_passes_every_step_and_is_told_nothing() {
    let simulator = simulator();
    let identity = identity(&simulator, "1001");
    simulator.forget_events();
    let report = probe(&device(&simulator, "wss"), Some(&identity)).expect("a report");
    check(&report, "healthy");
    assert_eq!((report.verdict(), report.cause().is_none()), (StepResult::Ok, true), "{report}");
    let not_ok: Vec<StepName> =
        report.steps().iter().filter(|step| step.result != StepResult::Ok).map(|step| step.name).collect();
    assert_eq!(not_ok, [StepName::Name], "an IP address is no name\n{report}");

    let handshake = &step(&report, StepName::Handshake).facts;
    assert_eq!(handshake["version"], "TLSv1.3");
    assert_eq!(handshake["spoken"], serde_json::json!({ "TLSv1.2": true, "TLSv1.3": true }));
    let chain = step(&report, StepName::Chain).facts["certificates"].as_array().expect("a list");
    assert_eq!(chain.len(), 3);
    assert_eq!(chain[0]["names"][0], DEVICE_NAME);
    assert!(
        chain[0]["key"].as_str().is_some_and(|key| key.starts_with("RSA ") || key.starts_with("EC ")),
        "{chain:?}"
    );
    assert_eq!(step(&report, StepName::RootCa).facts["reached"], "Simulated Root CA");
    let asked = &step(&report, StepName::ClientCertificate).facts;
    assert_eq!((&asked["requested"], &asked["accepted"]), (&true.into(), &true.into()));
    assert_eq!(asked["hint"][0], "Simulated Root CA");
    assert!(step(&report, StepName::Clock).facts["device_clock"].is_string(), "HTTP tells the time");
    assert!(step(&report, StepName::Ping).facts["ms"].is_number());
    assert_eq!(step(&report, StepName::Route).facts["relation"], "this_machine");

    application_bytes(&simulator);
    let events = simulator.events();
    let connections = events.iter().filter(|event| matches!(event, Event::Connected { .. })).count();
    assert_eq!(connections, 3);
    assert!(!events.iter().any(|event| matches!(event, Event::MessageReceived { .. })), "{events:?}");
}

#[test]
fn without_an_identity_the_till_is_one_that_wants_to_pair() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let report = probe(&device(&simulator, scheme), None).expect("a report");
        check(&report, scheme);
        assert_eq!(report.verdict(), StepResult::Ok, "{report}");
        assert_eq!(step(&report, StepName::Identity).result, StepResult::NotRun);
        let opens = if scheme == "wss" { StepResult::Ok } else { StepResult::NotRun };
        assert_eq!(step(&report, StepName::WebSocket).result, opens, "{report}");
    }
}

#[test]
fn over_https_the_till_is_accepted_without_a_websocket() {
    let simulator = simulator();
    let report = probe(&device(&simulator, "https"), Some(&identity(&simulator, "1001"))).expect("a report");
    check(&report, "https");
    assert_eq!(report.verdict(), StepResult::Ok, "{report}");
    assert_eq!(application_bytes(&simulator), 0);
}

#[test]
fn a_port_where_nobody_listens_is_refused() {
    let address =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let report = unpaired(address, PATIENCE);
    blames(&report, StepName::Tcp, Status::Refused, "connection refused by");
    assert_eq!(step(&report, StepName::Tls).result, StepResult::NotRun);
}

#[test]
fn a_name_that_nobody_knows_is_not_resolved() {
    let device = Device::builder("wss://device.invalid/").build().expect("valid");
    let report = probe(&device, None).expect("a report");
    blames(&report, StepName::Name, Status::NameNotResolved, "\"device.invalid\"");
}

#[test]
fn a_name_is_resolved_and_told() {
    let simulator = simulator();
    let device = Device::builder(&format!("wss://localhost:{}/", simulator.address().port()))
        .root_ca_pem(simulator.root_ca_chain_pem())
        .build()
        .expect("valid");
    let report = probe(&device, None).expect("a report");
    assert_eq!(report.verdict(), StepResult::Ok, "{report}");
    assert!(step(&report, StepName::Name).finding.contains("127.0.0.1"), "{report}");
}

#[test]
fn what_speaks_something_else_is_told_by_its_language() {
    for (answer, says) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "it speaks plain HTTP"),
        (b"SSH-2.0-OpenSSH\r\n", "it speaks SSH"),
        (b"220 ready\r\n", "it speaks plain text"),
        (&[0; 64], "answered, but not in TLS"),
    ] {
        let report = with_imposter(answer, false, |address| unpaired(address, PATIENCE));
        blames(&report, StepName::Tls, Status::NotTls, says);
    }
}

#[test]
fn whoever_is_silent_or_hangs_up_is_told_so() {
    let report = with_imposter(b"", false, |address| unpaired(address, Duration::from_millis(200)));
    blames(&report, StepName::Tls, Status::ConnectTimeout, "says nothing");
    let report = with_imposter(b"", true, |address| unpaired(address, PATIENCE));
    blames(&report, StepName::Tls, Status::PeerClosed, "closed the connection during the TLS handshake");
}

#[test]
fn a_device_that_is_gone_or_hangs_is_told_so() {
    let simulator = simulator();
    simulator.disappear();
    let report = probe(&device(&simulator, "wss"), None).expect("a report");
    assert_eq!(report.cause().map(|step| step.name), Some(StepName::Tcp), "{report}");

    let simulator = crate::common::simulator();
    simulator.hang();
    let device =
        builder(&simulator, "wss").connect_timeout(Duration::from_millis(300)).build().expect("valid");
    let report = probe(&device, None).expect("a report");
    assert_eq!(report.cause().and_then(|step| step.status), Some(Status::ConnectTimeout), "{report}");
    check(&report, "hung");
}

#[test]
fn a_network_that_breaks_is_blamed_where_it_breaks() {
    let simulator = simulator();
    let identity = identity(&simulator, "1001");
    let through = |plans: &[Plan], timeout: Duration| {
        let network = FaultProxy::start(simulator.address(), Plan::default()).expect("a proxy");
        plans.iter().for_each(|plan| network.queue_plan(*plan));
        let device = Device::builder(&format!("wss://{}/", network.address()))
            .root_ca_pem(simulator.root_ca_chain_pem())
            .connect_timeout(timeout)
            .build()
            .expect("valid");
        probe(&device, Some(&identity)).expect("a report")
    };
    let to_till = |kind, after| Plan::on(Direction::ToTill, Leg::broken(kind, after));
    let short = Duration::from_millis(500);

    let report = through(&[to_till(BreakKind::Cut, 0)], PATIENCE);
    blames(&report, StepName::Tls, Status::PeerClosed, "closed the connection");
    // It may come before the system has told of the connection.
    let report = through(&[to_till(BreakKind::Reset, 0)], PATIENCE);
    let step_of_reset = report.cause().map(|step| step.name).filter(|name| *name == StepName::Tcp);
    blames(&report, step_of_reset.unwrap_or(StepName::Tls), Status::PeerClosed, "closed the connection");
    let report = through(&[to_till(BreakKind::Stall, 0)], short);
    blames(&report, StepName::Tls, Status::ConnectTimeout, "says nothing");
    let report = through(&[to_till(BreakKind::Cut, 700)], PATIENCE);
    blames(&report, StepName::Handshake, Status::PeerClosed, "closed the connection");
    let report = through(&[to_till(BreakKind::Stall, 700)], short);
    blames(&report, StepName::Handshake, Status::ConnectTimeout, "in the middle of the TLS handshake");

    // The second look only tells of another version: a break of it is no failure.
    let second = [Plan::default(), to_till(BreakKind::Cut, 0)];
    let report = through(&second, PATIENCE);
    assert_eq!(report.verdict(), StepResult::Ok, "{report}");
    assert_eq!(step(&report, StepName::Handshake).facts["spoken"], serde_json::json!({ "TLSv1.3": true }));

    // The third is the connection that counts.
    let third = |plan| [Plan::default(), Plan::default(), plan];
    let report = through(&third(to_till(BreakKind::Cut, 0)), PATIENCE);
    blames(&report, StepName::ClientCertificate, Status::PeerClosed, "closed the connection");
    let report = through(&third(to_till(BreakKind::Stall, 700)), short);
    blames(&report, StepName::ClientCertificate, Status::ConnectTimeout, "no connection to");

    let slow = Plan::on(Direction::ToTill, Leg::default().at_pace(Pace::SingleBytes));
    let report = through(&[slow, slow, slow], PATIENCE);
    assert_eq!(report.verdict(), StepResult::Ok, "{report}");
}

#[test]
fn an_identity_of_another_device_is_told_and_not_shown_and_the_rest_is_looked_at() {
    let simulator = simulator();
    let device = builder(&simulator, "wss").serial("1850000999").build().expect("valid");
    let report = probe(&device, Some(&identity(&simulator, "1001"))).expect("a report");
    blames(&report, StepName::Identity, Status::IdentityUnusable, "1850000999");
    assert_eq!(step(&report, StepName::DeviceName).status, Some(Status::WrongDevice), "{report}");
    assert_eq!(step(&report, StepName::RootCa).result, StepResult::Ok, "{report}");
    assert_eq!(step(&report, StepName::ClientCertificate).result, StepResult::NotRun, "{report}");
    assert_eq!(application_bytes(&simulator), 0);
}

#[test]
fn without_a_root_ca_chain_the_devices_is_shown_all_the_same() {
    let simulator = simulator();
    let device = Device::builder(&format!("wss://{}/", simulator.address())).build().expect("valid");
    let report = probe(&device, None).expect("a report");
    blames(&report, StepName::RootCa, Status::RootCaUnusable, "no Root CA chain was given");
    let chain = step(&report, StepName::Chain);
    assert_eq!(chain.facts["certificates"].as_array().map(Vec::len), Some(3), "{report}");
    assert_eq!(application_bytes(&simulator), 0);
}

#[test]
fn a_key_that_is_no_rsa_key_is_told_by_its_curve() {
    let simulator = simulator();
    let request = CertificateRequest { key: KeyChoice::EcP256, ..CertificateRequest::server(DEVICE_NAME) };
    let issued = simulator.pki().issue(&request).expect("issued");
    let server_certificate =
        ServerCertificate::Custom { chain_der: issued.chain_der, key_der: issued.key_pkcs8_der };
    simulator.set_faults(Faults { server_certificate, ..Faults::default() });
    let report = probe(&device(&simulator, "wss"), None).expect("a report");
    assert_eq!(report.verdict(), StepResult::Ok, "{report}");
    let keys: Vec<_> = step(&report, StepName::Chain).facts["certificates"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|certificate| certificate["key"].as_str().expect("a text").to_owned())
        .collect();
    assert_eq!(keys, ["EC P-256", "RSA 2048", "RSA 2048"]);
    assert!(step(&report, StepName::Handshake).facts["cipher"].is_string());
}

#[test]
fn every_wrong_thing_is_told_at_once() {
    let simulator = simulator_with(Faults {
        server_certificate: ServerCertificate::WrongName("1850000999.cybs.seclib.io".into()),
        ..Faults::default()
    });
    let other = poslatch_simulator::Pki::new_in_memory().expect("a PKI");
    let device = builder(&simulator, "wss")
        .root_ca_pem(other.root_ca_chain_pem())
        .serial(SERIAL)
        .build()
        .expect("valid");
    let report = probe(&device, Some(&identity(&simulator, "1001"))).expect("a report");
    check(&report, "two causes");
    assert_eq!(step(&report, StepName::RootCa).status, Some(Status::UnknownIssuer), "{report}");
    assert_eq!(step(&report, StepName::DeviceName).status, Some(Status::WrongDevice), "{report}");
    assert_eq!(step(&report, StepName::ClientCertificate).facts["requested"], true, "{report}");
}

#[test]
fn a_certificate_that_is_none_is_told_and_no_other_is_taken_for_the_devices() {
    let issued = simulator().pki().issue(&CertificateRequest::server(DEVICE_NAME)).expect("issued");
    let mut chain_der = issued.chain_der;
    chain_der.insert(0, b"no certificate".to_vec());
    let simulator = simulator_with(Faults {
        server_certificate: ServerCertificate::Custom { chain_der, key_der: issued.key_pkcs8_der },
        ..Faults::default()
    });
    let report = unpaired(simulator.address(), Duration::from_secs(10));
    blames(&report, StepName::Chain, Status::DeviceCertificateUnusable, "not an X.509 certificate");
    assert_eq!(step(&report, StepName::Chain).facts["certificates"], serde_json::json!([]), "{report}");
    for unjudged in [StepName::RootCa, StepName::DeviceName, StepName::Clock] {
        let step = step(&report, unjudged);
        assert_eq!(step.result, StepResult::NotRun, "{report}");
        assert!(step.finding.contains("not judged"), "{report}");
    }
}

#[test]
fn a_hostile_certificate_neither_floods_nor_forges_the_report() {
    let hostile = hostile_certificate();
    let simulator = simulator_with(Faults { server_certificate: hostile, ..Faults::default() });
    let report = unpaired(simulator.address(), Duration::from_secs(10));
    blames(&report, StepName::RootCa, Status::UnknownIssuer, "does not lead to");
    let json = report.to_json();
    assert!(json.len() < 20_000, "{} bytes", json.len());
    let advice = report.cause().and_then(|step| step.advice.clone()).expect("a failure has its cure");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&report.to_string()).contains(&words(&advice)), "{report}");
    let unseen = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    for forged in ["\\u001b", "\\r", "\\t"] {
        assert!(!json.contains(forged), "{json}");
    }
    assert!(!json.contains(unseen) && !report.to_string().contains(unseen), "{report}");
}

#[test]
fn an_interrupt_is_the_callers_and_no_finding() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("wss://{}/", listener.local_addr().expect("an address"));
    let device = Device::builder(&url).connect_timeout(PATIENCE).build().expect("valid");
    let till = device.clone();
    let call = std::thread::spawn(move || probe(&till, None::<&Identity>));
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.read_exact(&mut [0; 5]).expect("the ClientHello begins");
    device.interrupt();
    let error = failure(call.join().expect("no panic"), "interrupted");
    assert_eq!(error.status(), Status::Cancelled, "{error:?}");
}
