//! The record over HTTP: numbered, in order, complete, and without a secret.

use crate::client::Sent;
use crate::common::{Till, pairing, payment, wait_for_event};
use crate::{Bench, screen};
use poslatch_simulator::{Event, Faults};
use serde_json::{Value, json};
use std::thread;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn is_entry(sent: &Sent) -> bool {
    sent.name == "entry"
}

#[test]
fn every_entry_is_numbered_and_the_number_is_where_to_go_on() {
    let Bench { pair, client } = Bench::new();
    pair.post(&payment("r-1", "1.00"));
    wait_for_event(&pair.device, |event| matches!(event, Event::Disconnected { .. }));
    let all = lines(&client.get("/api/events").body);
    let ids: Vec<_> = all.iter().map(|entry| entry["id"].as_u64().expect("a number")).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert!(all.iter().any(|entry| entry["event"] == "message" && entry["type"] == "PaymentRequest"));
    assert!(
        all[0]["time"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 24),
        "{}",
        all[0]
    );
    let rest = lines(&client.get("/api/events?after=2").body);
    assert_eq!(rest, all[2..]);
    assert_eq!(lines(&client.get("/api/events?tail=1").body).len(), 1);
    client.act("/api/events/forget", &json!({}));
    assert_eq!(client.get("/api/events").body, "");
    let refused = client.get("/api/events?after=two");
    assert!(refused.refusal(400).contains("after=two"));
}

#[test]
fn wait_for_the_next_entry_ends_with_it() {
    let Bench { pair, client } = Bench::new();
    let latest = client.show("/api/state")["latestEvent"].as_u64().expect("a number");
    assert_eq!(client.get(&format!("/api/events?after={latest}")).body, "");
    let path = format!("/api/events?after={latest}&wait_ms=60000");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.get(&path).body);
        pair.device.issue_till("1002");
        let entries = lines(&waiting.join().expect("no panic"));
        assert_eq!(entries[0]["event"], "paired");
    });
}

#[test]
fn stream_goes_on_after_the_last_entry_that_arrived() {
    let Bench { pair, client } = Bench::new();
    let mut stream = client.stream("", &[]);
    let first = stream.until(is_entry);
    let paired = stream.until(|sent| sent.data["event"] == "paired");
    let state = stream.until(|sent| sent.name == "state");
    assert_eq!(state.data["latestEvent"], paired.data["id"]);
    drop(stream);

    pair.device.issue_till("1002");
    let mut again = client.stream("", &[&format!("Last-Event-ID: {}", paired.id)]);
    assert_eq!(again.until(is_entry).data["posId"], "1002");
    let mut stranger = client.stream("", &["Last-Event-ID: 00000000-7"]);
    assert_eq!(stranger.until(is_entry).id, first.id, "another device's numbers mean nothing here");
    let mut tail = client.stream("?tail=1", &[]);
    assert_eq!(tail.until(is_entry).data["posId"], "1002");
}

#[test]
fn stream_tells_of_what_is_not_on_record() {
    let (device, client) = screen();
    let mut stream = client.stream("?tail=0", &[]);
    stream.until(|sent| sent.name == "state");
    client.patch("/api/faults", &json!({ "decline": true })).expect(200);
    stream.until(|sent| sent.name == "state" && sent.data["turned"]["decline"] == true);
    client.act("/api/code", &json!({}));
    stream.until(|sent| sent.name == "state" && sent.data["shown"] == "code");
    client.act("/api/device/hang", &json!({}));
    stream.until(|sent| sent.name == "state" && sent.data["presence"] == "hung");
    // Also of what a test does, past the control API.
    device.set_faults(Faults::default());
    stream.until(|sent| sent.name == "state" && sent.data["turned"] == json!({}));
}

#[test]
fn long_record_comes_whole_and_in_order() {
    let (device, client) = screen();
    for _ in 0..600 {
        device.renew_setup_code();
    }
    let latest = client.show("/api/state")["latestEvent"].as_u64().expect("a number");
    assert!(latest > 600);
    let mut stream = client.stream("", &[]);
    for id in 1..=latest {
        assert_eq!(stream.until(is_entry).data["id"], id);
    }
    assert_eq!(stream.next().expect("a state").name, "state");
}

#[test]
fn neither_code_nor_key_is_on_record() {
    let Bench { pair, client } = Bench::new();
    let code = pair.device.setup_code();
    let reply = Till::new(&pair.device).post(&pairing("1002", &code)).expect("a reply");
    assert_eq!(reply.status, 200);
    let record = client.get("/api/events").body;
    assert!(record.contains("pairingRequested"), "{record}");
    assert!(!record.contains(&code) && !record.contains("PRIVATE KEY"), "{record}");
    let state = client.get("/api/state").body;
    assert!(!state.contains("PRIVATE KEY"), "{state}");
}

#[test]
fn open_stream_does_not_hold_up_the_end_of_the_device() {
    let (device, client) = screen();
    let mut stream = client.stream("", &[]);
    stream.until(|sent| sent.name == "state");
    drop(device);
    while stream.next().is_some() {}
}
