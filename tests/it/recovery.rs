//! Finding out, on the same connection object, how a request has ended whose reply was lost.

use crate::common::*;
use crate::connection::{exchange, open, requests_received, sale};
use poslatch::{Connection, ConnectionState, DEFAULT_SILENCE, Journal, Recovery, RequestState, Status};
use poslatch_simulator::{Event, Exchange, Faults, Memory, ServerCertificate, Simulator};
use serde_json::Value;
use std::thread;
use std::time::Duration;

/// For a look-up that must not find an end: a device on a loaded machine has answered by then.
const SHORT: Duration = Duration::from_secs(2);

/// At the same time, since half of these tests wait.
fn over_both(test: impl Fn(&'static str) + Sync) {
    thread::scope(|scope| {
        for scheme in SCHEMES {
            scope.spawn(|| test(scheme));
        }
    });
}

/// Loses the reply to a payment that goes through on the device.
fn lose_the_reply(simulator: &Simulator, connection: &Connection, reference: &str, case: &str) {
    simulator.set_faults(Faults { exchange: Exchange::CloseAfterRequest, ..simulator.faults() });
    let error = failure(exchange(connection, &sale(reference)), case);
    assert_eq!(error.request_state(), RequestState::InDoubt, "{case}: {error:?}");
    simulator.set_faults(Faults { exchange: Exchange::Normal, ..simulator.faults() });
}

fn status_of(reply: &str) -> String {
    let reply: Value = serde_json::from_str(reply).expect("JSON");
    assert_eq!(reply["type"], "TransactionLookupResponse", "{reply}");
    reply["processingDetails"]["status"].as_str().expect("a status").to_owned()
}

fn expect_final(result: Result<Recovery, poslatch::Error>, status: &str, case: &str) {
    match result.expect("an answer") {
        Recovery::Final(reply) => assert_eq!(status_of(&reply), status, "{case}"),
        other => panic!("{case}: {other:?}"),
    }
}

fn lookups(simulator: &Simulator) -> usize {
    let is_lookup = |event: &&Event| matches!(event, Event::MessageReceived { kind, .. } if kind == "TransactionLookupRequest");
    simulator.events().iter().filter(is_lookup).count()
}

#[test]
fn a_payment_whose_reply_was_lost_is_found_and_struck_out_of_the_journal() {
    over_both(|scheme| {
        let folder = Folder::new(&format!("recovery-{scheme}"));
        let journal = Journal::open(folder.path.join("journal")).expect("a journal");
        let simulator = simulator();
        let device = builder(&simulator, scheme).journal(journal.clone()).build().expect("valid");
        let connection = device.open_mtls(&identity(&simulator, "1001")).expect("opens");
        for (reference, decline, status) in [("A-1", false, "APPROVED"), ("A-2", true, "DECLINED")] {
            simulator.set_faults(Faults { decline, ..Faults::default() });
            lose_the_reply(&simulator, &connection, reference, scheme);
            let pending = journal.pending().expect("readable");
            assert_eq!(pending.iter().map(|one| one.reference.as_str()).collect::<Vec<_>>(), [reference]);

            expect_final(connection.recover(reference, PATIENCE), status, scheme);
            assert_eq!(journal.pending().expect("readable"), [], "{scheme}");
            assert_eq!(connection.state(), ConnectionState::Open, "{scheme}");
        }
        assert_eq!(requests_received(&simulator), 2, "{scheme}: nothing was sent again");
    });
}

#[test]
fn not_found_is_not_believed_at_first() {
    over_both(|scheme| {
        let simulator = simulator_with(Faults { lookup_not_found_first: 2, ..Faults::default() });
        let connection = open(&simulator, scheme);
        lose_the_reply(&simulator, &connection, "A-1", scheme);
        expect_final(connection.recover("A-1", PATIENCE), "APPROVED", scheme);
        assert!(lookups(&simulator) >= 3, "{scheme}");
    });
}

#[test]
fn a_payment_that_still_runs_is_running_then_final_and_unknown_once_forgotten() {
    over_both(|scheme| {
        let simulator = simulator_with(Faults { hold_payment: true, ..Faults::default() });
        let connection = open(&simulator, scheme);
        lose_the_reply(&simulator, &connection, "A-1", scheme);
        match connection.recover("A-1", SHORT).expect("an answer") {
            Recovery::Running(reply) => assert_eq!(status_of(&reply), "PENDING", "{scheme}"),
            other => panic!("{scheme}: {other:?}"),
        }
        simulator.release_payment();
        expect_final(connection.recover("A-1", PATIENCE), "APPROVED", scheme);

        simulator.forget_payments();
        match connection.recover("A-1", SHORT).expect("an answer") {
            Recovery::Unknown(reply) => assert!(reply.contains("Transaction not found"), "{scheme}: {reply}"),
            other => panic!("{scheme}: {other:?}"),
        }
    });
}

#[test]
fn a_device_that_disappears_in_mid_payment_is_asked_when_it_is_back() {
    over_both(|scheme| {
        let simulator = simulator_with(Faults { hold_payment: true, ..Faults::default() });
        let connection = open(&simulator, scheme);
        let error = thread::scope(|scope| {
            let payment = scope.spawn(|| exchange(&connection, &sale("A-1")));
            wait(&simulator, "request", |event| {
                matches!(event, Event::MessageReceived { kind, .. } if kind == "PaymentRequest").then_some(())
            });
            simulator.disappear();
            failure(payment.join().expect("no panic"), scheme)
        });
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::PeerClosed, RequestState::InDoubt),
            "{scheme}"
        );
        let error = failure(connection.recover("A-1", Duration::from_millis(300)), scheme);
        // Refused; or, if the last pause has used up the rest of the time, not connected in it.
        assert!(matches!(error.status(), Status::Refused | Status::ConnectTimeout), "{scheme}: {error:?}");
        assert_eq!(error.request_state(), RequestState::InDoubt, "{scheme}: of the payment, not the look-up");

        simulator.come_back(Memory::Kept);
        simulator.release_payment();
        expect_final(connection.recover("A-1", PATIENCE), "APPROVED", scheme);
        assert_eq!(requests_received(&simulator), 1, "{scheme}");
    });
}

#[test]
fn a_wrong_device_ends_the_search_at_once() {
    over_both(|scheme| {
        let simulator = simulator();
        let connection = open(&simulator, scheme);
        lose_the_reply(&simulator, &connection, "A-1", scheme);
        let server_certificate = ServerCertificate::WrongName("1850000999.cybs.seclib.io".into());
        simulator.set_faults(Faults { server_certificate, ..Faults::default() });
        let error = failure(connection.recover("A-1", PATIENCE), scheme);
        assert_eq!(
            (error.status(), error.request_state()),
            (Status::WrongDevice, RequestState::InDoubt),
            "{scheme}: {error:?}"
        );
        // Once to pay, once to ask.
        let dialled =
            simulator.events().iter().filter(|event| matches!(event, Event::Connected { .. })).count();
        assert_eq!((dialled, lookups(&simulator)), (2, 0), "{scheme}");
    });
}

#[test]
fn a_search_is_an_exchange_and_a_close_ends_it() {
    over_both(|scheme| {
        let simulator = simulator();
        let connection = open(&simulator, scheme);
        let error = thread::scope(|scope| {
            let search = scope.spawn(|| connection.recover("none", DEFAULT_SILENCE));
            wait(&simulator, "look-up", |event| {
                matches!(event, Event::MessageReceived { kind, .. } if kind == "TransactionLookupRequest")
                    .then_some(())
            });
            let error = failure(exchange(&connection, &sale("A-1")), scheme);
            assert_eq!((error.status(), error.request_state()), (Status::Busy, RequestState::NotSent));
            connection.close();
            failure(search.join().expect("no panic"), scheme)
        });
        // Closed, if it hit the moment before the next look-up.
        assert!(matches!(error.status(), Status::Cancelled | Status::Closed), "{scheme}: {error:?}");
        assert_eq!(error.request_state(), RequestState::InDoubt, "{scheme}: {error:?}");
    });
}
