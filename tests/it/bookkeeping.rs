//! What an exchange leaves in the journal: a request stands there exactly while its end is not known.

use crate::common::*;
use crate::connection::{exchange, sale};
use crate::scripted::{Scripted, drain, hear, reply, say};
use poslatch::{Connection, DEFAULT_SILENCE, Journal, RequestState, Status};
use poslatch_simulator::{Exchange, Faults, Simulator};

fn journal(folder: &Folder) -> Journal {
    Journal::open(folder.path.join("pending")).expect("a journal")
}

fn pending(journal: &Journal) -> Vec<String> {
    journal.pending().expect("readable").into_iter().map(|entry| entry.reference).collect()
}

fn open(simulator: &Simulator, scheme: &str, journal: &Journal) -> Connection {
    let device = builder(simulator, scheme).journal(journal.clone()).build().expect("valid");
    device.open_mtls(&identity(simulator, "1001")).expect("opens")
}

#[test]
fn a_payment_stands_there_from_before_it_leaves_until_its_reply() {
    let folder = Folder::new("books-reply");
    let journal = journal(&folder);
    let simulator = simulator();
    let connection = open(&simulator, "wss", &journal);
    let mut seen = Vec::new();
    let status = |_: &str| seen = journal.pending().expect("readable");
    connection.exchange(&sale("A-1"), DEFAULT_SILENCE, &mut { status }).expect("a reply");
    let [entry] = &*seen else { panic!("{seen:?}") };
    assert_eq!(
        (&*entry.reference, &*entry.kind, &*entry.device),
        ("A-1", "PaymentRequest", DEVICE_NAME),
        "{entry:?}"
    );
    assert_eq!(pending(&journal), [""; 0]);
}

#[test]
fn what_was_not_sent_leaves_nothing_and_what_is_in_doubt_stays() {
    for scheme in SCHEMES {
        let folder = Folder::new(&format!("books-doubt-{scheme}"));
        let journal = journal(&folder);
        let simulator = simulator_with(Faults { exchange: Exchange::CloseAfterRequest, ..Faults::default() });
        let connection = open(&simulator, scheme, &journal);
        let error = failure(exchange(&connection, &sale("A-1")), scheme);
        assert_eq!(error.request_state(), RequestState::InDoubt, "{scheme}: {error:?}");
        assert_eq!(pending(&journal), ["A-1"], "{scheme}");

        simulator.disappear();
        let error = failure(exchange(&connection, &sale("A-2")), scheme);
        assert_eq!(error.request_state(), RequestState::NotSent, "{scheme}: {error:?}");
        connection.close();
        failure(exchange(&connection, &sale("A-3")), scheme);
        assert_eq!(pending(&journal), ["A-1"], "{scheme}");
    }
}

#[test]
fn a_request_that_cannot_be_written_down_is_not_sent() {
    let folder = Folder::new("books-gone");
    let journal = journal(&folder);
    let simulator = simulator();
    let connection = open(&simulator, "wss", &journal);
    std::fs::remove_dir_all(&folder.path).expect("removed");
    let error = failure(exchange(&connection, &sale("A-1")), "no journal");
    assert_eq!((error.status(), error.request_state()), (Status::File, RequestState::NotSent), "{error:?}");
    assert_eq!(crate::connection::requests_received(&simulator), 0);
}

#[test]
fn a_look_up_by_hand_strikes_out_only_what_has_ended() {
    let folder = Folder::new("books-by-hand");
    let journal = journal(&folder);
    let simulator = simulator_with(Faults { hold_payment: true, ..Faults::default() });
    let connection = open(&simulator, "wss", &journal);
    let lookup = r#"{"type":"TransactionLookupRequest","idType":"MERCHANT_REFERENCE_CODE","id":"A-1"}"#;
    // Sent is not ended.
    connection.send(&sale("A-1")).expect("sent");
    let status_of = |kind: &str| loop {
        let message = connection.receive(PATIENCE).expect("a message");
        if message.json.contains(kind) {
            let json: serde_json::Value = serde_json::from_str(&message.json).expect("JSON");
            break json["processingDetails"]["status"].as_str().expect("a status").to_owned();
        }
    };
    connection.send(lookup).expect("sent");
    assert_eq!(status_of("TransactionLookupResponse"), "PENDING");
    assert_eq!(pending(&journal), ["A-1"]);
    simulator.release_payment();
    assert_eq!(status_of("PaymentResponse"), "APPROVED");
    assert_eq!(pending(&journal), [""; 0]);
}

#[test]
fn a_reply_that_tells_no_end_and_a_cancel_leave_the_entries_as_they_are() {
    let inconclusive = reply("PaymentResponse", "A-1").replace("APPROVED", "INCONCLUSIVE");
    let device = Scripted::websocket(move |mut socket| {
        hear(&mut socket);
        say(&mut socket, &inconclusive);
        hear(&mut socket);
        drain(&mut socket);
    });
    let folder = Folder::new("books-inconclusive");
    let journal = journal(&folder);
    let connection =
        device.builder("wss").journal(journal.clone()).build().expect("valid").open_tls().expect("opens");
    exchange(&connection, &sale("A-1")).expect("a reply");
    assert_eq!(pending(&journal), ["A-1"]);
    connection.send(r#"{"type":"CancelRequest","merchantReferenceCode":"A-2"}"#).expect("sent");
    assert_eq!(pending(&journal), ["A-1"]);
    drop(connection);
    device.finish();
}
