//! The life of a connection: kept alive, found dead, opened again before a request leaves, and never by another device.

use crate::common::*;
use crate::connection::{exchange, open, requests_received, sale};
use poslatch::{
    Connection, ConnectionState, DEFAULT_SILENCE, Device, DeviceBuilder, IdentityCheck, MessageKind,
    RequestState, Status,
};
use poslatch_simulator::{
    CertificateRequest, ClientCertificate, Event, FaultProxy, Faults, Leg, Memory, Plan, ServerCertificate,
    Simulator,
};
use std::thread;
use std::time::{Duration, Instant};

const LOOKUP: &str = r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"none"}"#;

/// Pings this often find a dead device within a second, and a slow machine does not look like one.
const INTERVAL: Duration = Duration::from_millis(250);
const MISSED_MAX: u32 = 3;

fn network(simulator: &Simulator) -> FaultProxy {
    FaultProxy::start(simulator.address(), Plan::default()).expect("a network")
}

/// The settings of a till on this network.
fn on(network: &FaultProxy, simulator: &Simulator, scheme: &str) -> DeviceBuilder {
    Device::builder(&format!("{scheme}://{}/", network.address())).root_ca_pem(simulator.root_ca_chain_pem())
}

fn opened(builder: DeviceBuilder, simulator: &Simulator) -> Connection {
    builder.build().expect("valid").open_mtls(&identity(simulator, "1001")).expect("opens")
}

fn count(simulator: &Simulator, is_meant: impl Fn(&Event) -> bool) -> usize {
    simulator.events().iter().filter(|event| is_meant(event)).count()
}

fn wait_for_pings(simulator: &Simulator, at_least: usize) {
    let pings = |events: &[Event]| {
        let count = events.iter().filter(|event| matches!(event, Event::PingReceived { .. })).count();
        (count >= at_least).then_some(())
    };
    simulator.wait_for(pings, PATIENCE).expect("pings");
}

/// Returns once the till has seen that the device answers pings: it had one before this request, so its pong goes
/// before the reply.
fn see_a_pong(simulator: &Simulator, connection: &Connection) {
    wait_for_pings(simulator, 1);
    exchange(connection, LOOKUP).expect("a reply");
}

/// Waits without taking a message, as `receive` would.
fn wait_until_lost(connection: &Connection) {
    let end = Instant::now() + PATIENCE;
    while connection.state() != ConnectionState::Lost {
        assert!(Instant::now() < end, "{connection:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The numbers of the connections on which the device got payments.
fn payments_came_on(simulator: &Simulator) -> Vec<u64> {
    let number = |event: &Event| match event {
        Event::MessageReceived { connection, kind, .. } if kind == "PaymentRequest" => Some(*connection),
        _ => None,
    };
    simulator.events().iter().filter_map(number).collect()
}

#[test]
fn a_device_that_pings_and_drops_who_does_not_answer_keeps_an_idle_till() {
    // Long enough for a till on a loaded machine to answer each one in time.
    let ping_interval = Some(Duration::from_millis(500));
    let simulator =
        simulator_with(Faults { ping_interval, drop_after_missed_pong: true, ..Faults::default() });
    let connection = open(&simulator, "wss");
    let pongs = |events: &[Event]| {
        let count = events.iter().filter(|event| matches!(event, Event::PongReceived { .. })).count();
        (count >= 3).then_some(())
    };
    simulator.wait_for(pongs, PATIENCE).expect("three pongs");
    exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(payments_came_on(&simulator), [1], "still the first connection");
}

#[test]
fn a_device_that_never_pings_is_pinged() {
    let simulator = simulator();
    let settings = builder(&simulator, "wss").keep_alive(Duration::from_millis(20), 1_000);
    let connection = opened(settings, &simulator);
    wait_for_pings(&simulator, 5);
    assert_eq!(connection.state(), ConnectionState::Open);
}

#[test]
fn a_device_that_never_answers_pings_stays_usable() {
    let simulator = simulator_with(Faults { answer_pings: false, ..Faults::default() });
    let connection = opened(builder(&simulator, "wss").keep_alive(Duration::from_millis(20), 1), &simulator);
    // After three it is left alone.
    wait_for_pings(&simulator, 3);
    exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(payments_came_on(&simulator), [1], "still the first connection");
}

#[test]
fn no_pings_are_sent_when_they_are_switched_off() {
    let simulator = simulator();
    let connection = opened(builder(&simulator, "wss").keep_alive(Duration::ZERO, 1), &simulator);
    exchange(&connection, &sale("A-1")).expect("a reply");
    let pings = count(&simulator, |event| matches!(event, Event::PingReceived { .. }));
    assert_eq!(pings, 0, "not even the first one, which goes out before any request");
}

#[test]
fn a_device_that_falls_silent_in_an_exchange_is_reported_and_the_request_in_doubt() {
    let simulator = simulator();
    let network = network(&simulator);
    let connection = opened(on(&network, &simulator, "wss").keep_alive(INTERVAL, MISSED_MAX), &simulator);
    see_a_pong(&simulator, &connection);
    simulator.set_faults(Faults { hold_payment: true, ..Faults::default() });
    let result = connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut |_| network.stall_all());
    let error = failure(result, "silent");
    assert_eq!((error.status(), error.request_state()), (Status::PeerSilent, RequestState::InDoubt));
    assert!(error.message().contains("not even pings"), "{error}");
    assert_eq!(requests_received(&simulator), 1);
}

#[test]
fn a_device_that_falls_silent_while_idle_is_lost_and_the_next_request_goes_out_once_on_a_new_connection() {
    let simulator = simulator();
    let network = network(&simulator);
    let connection = opened(on(&network, &simulator, "wss").keep_alive(INTERVAL, MISSED_MAX), &simulator);
    see_a_pong(&simulator, &connection);
    network.stall_all();
    let error = failure(connection.receive(PATIENCE), "silent");
    assert_eq!(error.status(), Status::PeerSilent, "{error:?}");
    assert_eq!(connection.state(), ConnectionState::Lost);

    exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(payments_came_on(&simulator), [2]);
    assert_eq!(connection.state(), ConnectionState::Open);
}

#[test]
fn a_quiet_device_is_asked_whether_it_is_there_before_a_request_leaves() {
    for is_there in [true, false] {
        let simulator = simulator();
        let network = network(&simulator);
        // So rarely that the till knows nothing when the request comes.
        let settings = on(&network, &simulator, "wss").keep_alive(Duration::from_secs(3_600), 1);
        let connection = opened(settings, &simulator);
        see_a_pong(&simulator, &connection);
        if !is_there {
            network.stall_all();
        }
        // A device that was heard within two seconds is not asked. This is a wait for the clock, the only one here:
        // the rule is one about time.
        let error = failure(connection.receive(Duration::from_millis(2_100)), "quiet");
        assert_eq!(error.status(), Status::ResponseTimeout);
        assert_eq!(connection.state(), ConnectionState::Open, "nothing is known yet");

        exchange(&connection, &sale("A-1")).expect("a reply");
        let pings = count(&simulator, |event| matches!(event, Event::PingReceived { connection: 1 }));
        // On the dead connection nothing arrived, and above all no request.
        let expected = if is_there { (2, vec![1]) } else { (1, vec![2]) };
        assert_eq!((pings, payments_came_on(&simulator)), expected, "there: {is_there}");
    }
}

#[test]
fn another_device_at_the_same_address_gets_no_request() {
    for scheme in SCHEMES {
        for with_certificate in [true, false] {
            let own = Faults {
                client_certificate: match with_certificate {
                    true => ClientCertificate::Normal,
                    false => ClientCertificate::NotRequested,
                },
                ..Faults::default()
            };
            let case = format!("{scheme}, certificate: {with_certificate}");
            let simulator = simulator_with(own.clone());
            // Before the first answer, every device under the domain would do.
            let device = device(&simulator, scheme);
            let connection = match with_certificate {
                true => device.open_mtls(&identity(&simulator, "1001")),
                false => device.open_tls(),
            }
            .expect("opens");
            exchange(&connection, &sale("A-1")).expect("a reply");

            let other = "1850000999.cybs.seclib.io";
            let server_certificate = ServerCertificate::WrongName(other.into());
            simulator.set_faults(Faults { server_certificate, ..own.clone() });
            simulator.close_connections();
            wait(&simulator, "close", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
            if scheme == "wss" {
                failure(connection.receive(PATIENCE), "closed while idle");
            }
            for _ in 0..2 {
                let error = failure(exchange(&connection, &sale("A-2")), &case);
                assert_eq!(
                    (error.status(), error.request_state()),
                    (Status::WrongDevice, RequestState::NotSent),
                    "{case}: {error:?}"
                );
                assert!(error.message().contains(DEVICE_NAME) && error.message().contains(other), "{error}");
            }
            assert_eq!(requests_received(&simulator), 1, "{case}");

            simulator.set_faults(own);
            exchange(&connection, &sale("A-3")).expect("the right one is back");
        }
    }
}

#[test]
fn what_the_device_has_closed_before_the_first_request_is_opened_again() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let connection = open(&simulator, scheme);
        simulator.close_connections();
        wait(&simulator, "close", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
        if scheme == "wss" {
            failure(connection.receive(PATIENCE), "closed while idle");
        }
        exchange(&connection, &sale("A-1")).expect("a reply");
        assert_eq!(payments_came_on(&simulator), [2], "{scheme}");
    }
}

#[test]
fn closing_while_it_connects_again_is_cancelled_and_nothing_was_sent() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let network = network(&simulator);
        let connection = opened(on(&network, &simulator, scheme), &simulator);
        // Whoever connects from now on is taken, and hears nothing.
        network.set_plan(Plan { to_device: Leg::stall_after(0), to_till: Leg::stall_after(0) });
        network.reset_all();
        // A reset is told after it was sent, so the till's system knows of it.
        network.wait_until_ended(1, PATIENCE).expect("reset");
        if scheme == "wss" {
            failure(connection.receive(PATIENCE), "reset while idle");
        }
        let error = thread::scope(|scope| {
            let payment = scope.spawn(|| exchange(&connection, &sale("A-1")));
            network.wait_for(|passages| (passages.len() > 1).then_some(()), PATIENCE).expect("connects");
            assert_eq!(connection.state(), ConnectionState::Connecting, "{scheme}");
            connection.close();
            failure(payment.join().expect("no panic"), scheme)
        });
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::Cancelled, RequestState::NotSent),
            "{scheme}: {error:?}"
        );
        assert_eq!(requests_received(&simulator), 0, "{scheme}");
        assert_eq!(connection.state(), ConnectionState::Closed, "{scheme}");
    }
}

#[test]
fn a_device_that_is_off_is_not_knocked_at_in_a_tight_loop() {
    for scheme in SCHEMES {
        let simulator = simulator();
        let connection = open(&simulator, scheme);
        exchange(&connection, &sale("A-1")).expect("a reply");
        simulator.disappear();
        wait(&simulator, "reset", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
        if scheme == "wss" {
            failure(connection.receive(PATIENCE), "reset");
        }
        let begun = Instant::now();
        for attempt in 0..4 {
            let error = failure(exchange(&connection, &sale("A-2")), scheme);
            assert_eq!(
                (error.status(), error.request_state()),
                (Status::Refused, RequestState::NotSent),
                "{scheme}, attempt {attempt}: {error:?}"
            );
        }
        // No measure of speed: the least that the pauses between four attempts are, an eighth, a quarter and half of a
        // second; a slow machine takes only longer.
        assert!(begun.elapsed() >= Duration::from_millis(875), "{scheme}: {:?}", begun.elapsed());
        assert_eq!(connection.state(), ConnectionState::Lost, "{scheme}");

        simulator.come_back(Memory::Kept);
        exchange(&connection, &sale("A-3")).expect("back");
        assert_eq!(requests_received(&simulator), 2, "{scheme}");
    }
}

#[test]
fn messages_that_came_before_a_loss_are_handed_out_after_the_reconnect() {
    let simulator = simulator();
    let connection = open(&simulator, "wss");
    wait(&simulator, "channel", |event| matches!(event, Event::WebSocketOpened { .. }).then_some(()));
    let message = |number: u32| format!(r#"{{"type":"CustomScreenResponse","number":{number}}}"#);
    for number in 1..=2 {
        assert_eq!(simulator.send_unsolicited(&message(number)), 1);
    }
    // Behind the messages, on the same way.
    assert_eq!(simulator.close_channels(1001), 1);
    wait_until_lost(&connection);
    exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(payments_came_on(&simulator), [2]);
    simulator.send_unsolicited(&message(3));
    for number in 1..=3 {
        let received = connection.receive(PATIENCE).expect("a message");
        assert_eq!((received.kind, received.json), (MessageKind::Reply, message(number)));
    }
}

#[test]
fn a_device_known_by_its_address_has_to_cover_it_and_have_the_same_name_again() {
    for scheme in SCHEMES {
        for (names, is_the_same) in [
            (["till-one.example", "127.0.0.1"], true),
            (["till-one.example", "127.0.0.2"], false),
            (["till-two.example", "127.0.0.1"], false),
        ] {
            let case = format!("{scheme} {names:?}");
            let simulator = simulator();
            show(&simulator, &["till-one.example", "127.0.0.1"]);
            let device =
                builder(&simulator, scheme).identity_check(IdentityCheck::Address).build().expect("valid");
            let connection = device.open_tls().expect("opens");
            // Without a certificate to judge, the till is done before the device is.
            wait(&simulator, "handshake", |event| matches!(event, Event::Handshake { .. }).then_some(()));
            show(&simulator, &names);
            simulator.close_connections();
            wait(&simulator, "close", |event| matches!(event, Event::Disconnected { .. }).then_some(()));
            if scheme == "wss" {
                failure(connection.receive(PATIENCE), "closed while idle");
            }
            match exchange(&connection, &sale("A-1")) {
                Ok(_) => assert!(is_the_same, "{case}"),
                Err(error) => {
                    assert!(!is_the_same, "{case}: {error:?}");
                    assert_eq!(
                        (error.status(), error.request_state()),
                        (Status::WrongDevice, RequestState::NotSent),
                        "{case}: {error:?}"
                    );
                }
            }
        }
    }
}

/// Lets the device show a certificate with these names, and serve every till.
fn show(simulator: &Simulator, names: &[&str]) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let request = CertificateRequest { names, ..CertificateRequest::server(DEVICE_NAME) };
    let own = simulator.pki().issue(&request).expect("a certificate");
    let server_certificate =
        ServerCertificate::Custom { chain_der: own.chain_der, key_der: own.key_pkcs8_der };
    let client_certificate = ClientCertificate::NotRequested;
    simulator.set_faults(Faults { server_certificate, client_certificate, ..Faults::default() });
}
