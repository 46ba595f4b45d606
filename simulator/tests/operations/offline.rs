//! Offline mode (section 6b): what is taken without the issuer, and what becomes of it when the batch is sent.

use crate::common::{Pair, lookup, payment};
use crate::{amounts, complaint, payment_with, refund, status, told};
use poslatch_simulator::Faults;
use serde_json::{Value, json};

fn offline_mode(enabled: bool) -> Value {
    json!({ "type": "OfflineModeRequest", "enabled": enabled })
}

#[test]
fn sale_is_accepted_offline_and_decided_when_the_batch_is_sent() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&offline_mode(true));
    let entered = socket.receive_until("OfflineModeResponse");
    assert_eq!(entered[0]["type"], "OperationStatusResponse");
    assert!(pair.device.display().offline);
    for (reference, amount) in [("good", "10.00"), ("bad", "66.66")] {
        let taken = pair.post(&payment(reference, amount));
        assert_eq!((status(&taken), &taken["message"]), ("ACCEPTED", &json!("Payment accepted")));
        assert_eq!(taken["transactionDetails"]["captured"], false);
        assert!(taken.get("receipts").is_some());
        assert_eq!(status(&pair.post(&lookup(reference))), "ACCEPTED", "a lookup decides nothing");
        assert!(pair.device.display().offline);
    }
    socket.send(&offline_mode(false));
    let (messages, left) = told(&mut socket, "OfflineModeResponse");
    assert_eq!(messages, ["Submitting batch"]);
    assert_eq!(left["message"], "Offline mode disabled, transactions submitted: 2");
    let good = pair.post(&lookup("good"));
    assert_eq!((status(&good), &amounts(&good)["refundableAmount"]), ("APPROVED", &json!("10.00")));
    assert_eq!(status(&pair.post(&lookup("bad"))), "DECLINED");
    assert!(!pair.device.display().offline);
    assert_eq!(pair.post(&refund(&good, None))["message"], "Refund approved");
}

#[test]
fn offline_mode_takes_sales_and_nothing_else() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "10.00"));
    pair.post(&offline_mode(true));
    for request in [
        payment_with("r-2", "1.00", &json!({ "capture": false })),
        payment_with("r-3", "1.00", &json!({ "paymentMode": "MOTO" })),
        payment_with("r-4", "1.00", &json!({ "cashbackAmount": "1.00" })),
        refund(&paid, None),
    ] {
        assert!(complaint(&pair.post(&request)).contains("offline mode"), "{request}");
    }
}

#[test]
fn without_internet_only_offline_mode_takes_payments_and_the_batch_has_to_wait() {
    let pair = Pair::with(Faults { internet: false, ..Faults::default() });
    assert_eq!(pair.post(&payment("r-1", "1.00"))["message"], "No internet connection");
    pair.post(&offline_mode(true));
    assert_eq!(status(&pair.post(&payment("r-1", "1.00"))), "ACCEPTED");
    assert_eq!(pair.post(&offline_mode(false))["message"], "No internet connection");
    assert_eq!(status(&pair.post(&lookup("r-1"))), "ACCEPTED");
    pair.device.set_faults(Faults::default());
    assert_eq!(pair.post(&offline_mode(false))["type"], "OfflineModeResponse");
    assert_eq!(status(&pair.post(&lookup("r-1"))), "APPROVED");
}

#[test]
fn device_that_lost_its_memory_is_online_again() {
    let pair = Pair::new();
    pair.post(&offline_mode(true));
    pair.device.forget_payments();
    assert!(!pair.device.display().offline);
    assert_eq!(status(&pair.post(&payment("r-1", "1.00"))), "APPROVED");
}

#[test]
fn offline_mode_needs_a_flag() {
    let pair = Pair::new();
    assert!(complaint(&pair.post(&json!({ "type": "OfflineModeRequest" }))).contains("enabled"));
    assert!(
        complaint(&pair.post(&json!({ "type": "OfflineModeRequest", "enabled": "true" })))
            .contains("enabled")
    );
}
