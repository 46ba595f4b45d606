//! Scenarios: what becomes of which payment, the same again with a seed, and the test amounts of the default one.

use crate::common::{PATIENCE, Pair, cancel, lookup, payment, wait_for_payment, wait_for_sent};
use crate::{amounts, payment_with, refund, status, timeless, told};
use poslatch_simulator::{Event, Exchange, Faults, Scenario, Simulator};
use serde_json::{Value, json};
use std::time::Duration;

fn scenario(text: &str) -> Scenario {
    Scenario::from_toml(text).expect("a scenario")
}

fn playing(scenario: Scenario) -> Pair {
    let device = Simulator::builder().scenario(scenario).start().expect("a device");
    let till = device.issue_till("1001");
    Pair { device, till }
}

/// A day's work, and all replies to it.
fn replies(pair: &Pair) -> Vec<Value> {
    let mut replies = vec![Value::from(pair.device.setup_code())];
    for number in 0..12 {
        replies.push(pair.post(&payment(&format!("r-{number}"), "20.00")));
    }
    replies.push(pair.post(&payment_with("tip", "20.00", &json!({ "askForTip": "ON_DEVICE" }))));
    let paid = pair.post(&lookup("tip"));
    replies.push(pair.post(&refund(&paid, Some("1.00"))));
    replies.push(pair.post(&lookup("tip")));
    replies.iter().map(timeless).collect()
}

const SATURDAY: &str = r#"
    seed = 4711
    cards = ["visa", "mastercard", "american_express"]
    tip_percent = 15
    [switches]
    step_pause_ms = 0
    [[payment]]
    percent = 30
    effect = "decline"
    [[payment]]
    every = 5
    effect = "signature"
"#;

#[test]
fn same_seed_and_same_requests_bring_the_same_replies() {
    let (first, second) = (playing(scenario(SATURDAY)), playing(scenario(SATURDAY)));
    let replies_of_first = replies(&first);
    assert_eq!(replies_of_first, replies(&second));
    let cards: std::collections::BTreeSet<_> = replies_of_first
        .iter()
        .filter_map(|reply| reply["processingDetails"]["card"]["type"].as_str())
        .collect();
    assert!(cards.len() > 1, "chance has no choice: {cards:?}");
    let other = playing(scenario(&SATURDAY.replace("4711", "4712")));
    assert_ne!(replies_of_first, replies(&other));
}

#[test]
fn scenario_that_is_set_again_begins_again() {
    let pair = playing(scenario(SATURDAY));
    let first = pair.post(&payment("r-1", "20.00"));
    pair.device.forget_payments();
    pair.device.set_scenario(scenario(SATURDAY));
    assert_eq!(timeless(&pair.post(&payment("r-1", "20.00"))), timeless(&first));
}

#[test]
fn without_a_seed_no_id_comes_twice() {
    let id = |pair: &Pair| pair.post(&payment("r-1", "1.00"))["transactionDetails"]["id"].clone();
    assert_ne!(id(&Pair::new()), id(&Pair::new()));
}

#[test]
fn rule_is_for_the_requests_that_it_describes() {
    let pair = playing(scenario(
        r#"
        [switches]
        step_pause_ms = 0
        [[payment]]
        operation = "refund"
        effect = "decline"
        [[payment]]
        reference = "*-vip"
        card = "american_express"
        [[payment]]
        cents = 99
        effect = "pin"
        [[payment]]
        above = "100"
        effect = "signature"
        "#,
    ));
    let plain = pair.post(&payment("r-1", "100.00"));
    assert_eq!(plain["processingDetails"]["verificationMethod"], "NONE");
    assert_eq!(pair.post(&refund(&plain, None))["linkedOperations"][0]["status"], "DECLINED");
    assert_eq!(
        pair.post(&payment("r-2-vip", "1.99"))["processingDetails"]["card"]["type"],
        "AMERICAN_EXPRESS"
    );
    assert_eq!(pair.post(&payment("r-3", "1.99"))["processingDetails"]["verificationMethod"], "PIN");
    assert_eq!(pair.post(&payment("r-4", "100.01"))["processingDetails"]["verificationMethod"], "SIGNATURE");
}

#[test]
fn switches_of_the_builder_are_stronger_than_those_of_the_scenario() {
    let text = "[switches]\ndecline = true";
    let device = Simulator::builder().scenario(scenario(text)).start().expect("a device");
    assert!(device.faults().decline);
    let builder = Simulator::builder().scenario(scenario(text)).faults(Faults::default());
    assert!(!builder.start().expect("a device").faults().decline);
}

#[test]
fn exchange_that_a_tester_chose_is_stronger_than_that_of_a_rule() {
    let pair = Pair::failing(Exchange::FinalTwice);
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "66.20"));
    socket.receive_until("PaymentResponse");
    assert_eq!(socket.receive()["type"], "PaymentResponse", "twice, not never");
}

#[test]
fn test_amounts_do_what_their_notes_say() {
    let pair = Pair::new();
    let pay = |amount: &str| pair.post(&payment(&format!("r-{}", amount.replace('.', "-")), amount));
    let found =
        |amount: &str| status(&pair.post(&lookup(&format!("r-{}", amount.replace('.', "-"))))).to_owned();
    let verified = |amount: &str| {
        let processing = pay(amount)["processingDetails"].clone();
        format!("{} {} {}", processing["status"], processing["entryMode"], processing["verificationMethod"])
            .replace('"', "")
    };
    assert_eq!(verified("66.00"), "APPROVED NFC_ICC NONE", "no test amount");
    assert_eq!(verified("66.01"), "APPROVED ICC PIN");
    assert_eq!(verified("66.02"), "APPROVED ICC PIN");
    assert_eq!(verified("66.03"), "APPROVED ICC SIGNATURE");
    assert_eq!(verified("66.04"), "APPROVED MAGNETIC_STRIPE SIGNATURE");
    assert_eq!(pay("66.05")["processingDetails"]["card"]["type"], "AMERICAN_EXPRESS");
    assert_eq!(pay("66.06")["processingDetails"]["card"]["type"], "UNKNOWN");
    assert_eq!(status(&pay("66.30")), "ABORTED");
    assert_eq!(status(&pay("66.31")), "ABORTED");
    assert_eq!((status(&pay("66.40")), found("66.40").as_str()), ("INCONCLUSIVE", "APPROVED"));
    assert_eq!((status(&pay("66.41")), found("66.41").as_str()), ("INCONCLUSIVE", "DECLINED"));
    assert_eq!(status(&pay("66.42")), "ERROR");
    assert_eq!(status(&pay("66.43")), "REVIEW_PENDING");
    assert_eq!(pay("66.50")["message"], "Payment cannot be started");
    assert_eq!(pair.post(&lookup("r-66-50"))["message"], "Transaction not found");
    assert_eq!(pay("66.60")["type"], "ErrorResponse");
    assert_eq!(found("66.60"), "DECLINED");
    let referral = pay("66.61");
    assert_eq!(
        (status(&referral), &referral["message"]),
        ("DECLINED", &json!("Referral: call the card issuer"))
    );
    assert_eq!(status(&pay("66.66")), "DECLINED");
    assert_eq!(amounts(&pay("66.67"))["capturedAmount"], "66.67", "no test amount");
}

#[test]
fn test_amounts_that_lose_their_reply_leave_an_approved_payment() {
    for amount in ["66.20", "66.21"] {
        let pair = Pair::new();
        let mut socket = pair.socket();
        socket.send(&payment("r-1", amount));
        assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
        assert_eq!(status(&pair.post(&lookup("r-1"))), "APPROVED");
    }
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "66.23"));
    socket.receive_until("PaymentResponse");
    assert_eq!(socket.receive()["type"], "PaymentResponse");
    socket.send(&payment("r-2", "66.24"));
    while serde_json::from_str::<Value>(socket.frame().expect("a frame").to_text().expect("text")).is_ok() {}
}

#[test]
fn slow_test_amounts_can_be_cancelled() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    for (reference, amount) in [("r-1", "66.10"), ("r-2", "66.11")] {
        socket.send(&payment(reference, amount));
        wait_for_sent(&pair.device, "TransactionStatusResponse");
        assert_eq!(socket.receive()["canBeAborted"], true);
        socket.send(&cancel());
        assert_eq!(status(&socket.receive()), "ABORTED");
    }
}

#[test]
fn late_reply_of_a_rule_lets_the_lookup_overtake_it() {
    // Later than any test takes.
    let pair = playing(scenario("[[payment]]\nexchange = { late_reply_ms = 3600000 }"));
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
    socket.send(&lookup("r-1"));
    let replies = socket.receive_until("TransactionLookupResponse");
    assert!(replies.iter().all(|reply| reply["type"] != "PaymentResponse"), "{replies:?}");
}

#[test]
fn every_shipped_scenario_takes_a_payment_that_can_be_found() {
    for name in Scenario::shipped_names() {
        let pair = playing(Scenario::shipped(name).expect("shipped"));
        let mut faults = pair.device.faults();
        (faults.step_pause, faults.internet, faults.lookup_not_found_first) = (Duration::ZERO, true, 0);
        pair.device.set_faults(faults);
        let mut socket = pair.socket();
        socket.send(&payment("r-1", "10.00"));
        let ended = |events: &[Event]| {
            events.iter().find(|event| matches!(event, Event::PaymentEnded { .. })).cloned()
        };
        pair.device.wait_for(ended, PATIENCE).unwrap_or_else(|timeout| panic!("{name}: {timeout}"));
        assert_eq!(pair.post(&lookup("r-1"))["type"], "TransactionLookupResponse", "{name}");
    }
}

#[test]
fn customer_tips_what_the_scenario_says() {
    let pair = playing(scenario(
        "tip_percent = 20\n[switches]\nstep_pause_ms = 0\n[[payment]]\namount = \"30.00\"\ntip = \"1.50\"",
    ));
    let mut socket = pair.socket();
    for (reference, amount, currency, tip, paid) in [
        ("r-1", "10.00", "USD", "2.00", "12.00"),
        ("r-2", "30.00", "USD", "1.50", "31.50"),
        // A currency without smaller coins.
        ("r-3", "30", "JPY", "1", "31"),
    ] {
        let mut request = payment_with(reference, amount, &json!({ "askForTip": "ON_DEVICE" }));
        request["amountDetails"]["currency"] = currency.into();
        socket.send(&request);
        let (_, reply) = told(&mut socket, "PaymentResponse");
        assert_eq!(
            (&amounts(&reply)["includedTipAmount"], &amounts(&reply)["amount"]),
            (&tip.into(), &paid.into())
        );
    }
}
