//! What the device's own screen shows, and what somebody who stands before it can do.

mod common;

use common::{Pair, lookup, payment, wait_for_event};
use poslatch_simulator::{Display, DisplayStep, Event};

#[test]
fn screen_follows_a_payment_from_the_card_to_the_outcome() {
    let pair = Pair::new();
    assert_eq!(pair.device.display(), Display::default());
    pair.post(&payment("r-1", "12.00"));
    let shown: Vec<_> = pair
        .device
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::DisplayChanged(display) => Some(display),
            _ => None,
        })
        .collect();
    let messages: Vec<_> = shown.iter().map(|display| display.message.as_str()).collect();
    assert_eq!(messages, ["", "Present card", "Processing", "Payment approved"]);
    assert!(shown[..2].iter().all(|display| display.can_be_aborted));
    assert!(shown[2..].iter().all(|display| !display.can_be_aborted));
    let last = pair.device.display();
    assert_eq!(last, shown[3]);
    assert_eq!((last.operation.as_str(), last.step), ("Sale", DisplayStep::Ended));
    assert_eq!((last.amount.as_deref(), last.currency.as_deref()), (Some("12.00"), Some("USD")));
    assert_eq!((last.reference.as_deref(), last.outcome.as_deref()), (Some("r-1"), Some("APPROVED")));
    pair.device.dismiss_display();
    assert_eq!(pair.device.display(), Display::default());
}

#[test]
fn cancel_on_the_device_aborts_the_payment_and_only_its_reply_tells() {
    let pair = Pair::holding();
    assert!(!pair.device.cancel_on_device(), "nothing runs");
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive()["canBeAborted"], true);
    assert!(pair.device.cancel_on_device());
    assert_eq!(socket.receive()["processingDetails"]["status"], "ABORTED");
    assert_eq!(pair.device.display().outcome.as_deref(), Some("ABORTED"));
    assert!(!pair.device.cancel_on_device(), "it has ended");
    socket.send(&lookup("r-1"));
    assert_eq!(socket.receive()["type"], "TransactionLookupResponse", "no second reply came before it");
}

#[test]
fn running_payment_cannot_be_dismissed() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    wait_for_event(
        &pair.device,
        |event| matches!(event, Event::DisplayChanged(display) if display.step == DisplayStep::Card),
    );
    pair.device.dismiss_display();
    assert_eq!(pair.device.display().step, DisplayStep::Card);
}
