//! Operations without money: prints, screens and card reads.

use crate::common::{PATIENCE, Pair, cancel, payment};
use crate::{complaint, refund, told};
use poslatch_simulator::{DisplayStep, FailureReply, Faults, Printer};
use serde_json::{Value, json};

fn print(id: &Value) -> Value {
    json!({ "type": "PrintReceiptRequest", "transactionId": id, "receiptType": "CUSTOMER" })
}

fn layout() -> Value {
    json!({
        "type": "CustomPrintRequest",
        "printLayout": { "sections": [
            { "sectionType": "TEXT", "textContent": { "textType": "PARAGRAPH", "lines": ["Parking 42"] } },
        ] },
    })
}

fn screens() -> Value {
    json!({
        "type": "CustomScreenRequest",
        "screens": [
            { "screenType": "textDisplay", "title": "Terms", "toggles": [{ "label": "I agree", "required": true }] },
            { "screenType": "textInput", "title": "E-mail", "textInputs": [
                { "textInputLabel": "Address", "textInputConfig": { "textInputType": "EMAIL" } } ] },
            { "screenType": "signatureCapture", "title": "Sign here" },
        ],
    })
}

#[test]
fn receipts_of_a_payment_and_of_its_refund_are_printed() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "10.00"));
    let refunded = pair.post(&refund(&paid, Some("4.00")));
    for (id, title, amount) in [
        (&paid["transactionDetails"]["id"], "Sale", "10.00 USD"),
        (&refunded["linkedOperations"][0]["id"], "Refund", "4.00 USD"),
    ] {
        assert_eq!(pair.post(&print(id))["type"], "PrintReceiptResponse");
        let paper = pair.device.display().lines;
        assert!(paper.iter().any(|line| line.trim() == title), "{paper:?}");
        assert!(paper.iter().any(|line| line.ends_with(amount)), "{paper:?}");
    }
}

#[test]
fn receipt_of_an_aborted_payment_is_printed_and_one_of_nothing_is_not() {
    let pair = Pair::new();
    let aborted = pair.post(&payment("r-1", "66.30"));
    assert_eq!(pair.post(&print(&aborted["transactionDetails"]["id"]))["type"], "PrintReceiptResponse");
    let paper = pair.device.display().lines;
    assert!(paper.iter().any(|line| line.trim() == "Payment aborted"), "{paper:?}");
    assert_eq!(pair.post(&print(&"00".into()))["message"], "Transaction not found");
}

#[test]
fn custom_print_comes_out_as_it_was_laid_out() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&layout());
    let messages = socket.receive_until("CustomPrintResponse");
    assert_eq!(messages[0], json!({ "type": "OperationStatusResponse", "message": "Printing" }));
    assert_eq!(pair.device.display().lines, ["Parking 42"]);
    assert!(complaint(&pair.post(&json!({ "type": "CustomPrintRequest" }))).contains("printLayout.sections"));
}

#[test]
fn printer_that_cannot_print_says_why() {
    let pair = Pair::new();
    for (printer, message) in [(Printer::NoPaper, "Out of paper"), (Printer::None, "No printer")] {
        pair.device.set_faults(Faults { printer, ..Faults::default() });
        assert_eq!(pair.post(&layout())["message"], message);
    }
}

#[test]
fn print_cannot_be_cancelled() {
    let pair = Pair::new();
    pair.device.set_faults(Faults { step_pause: PATIENCE, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&layout());
    assert_eq!(socket.receive()["type"], "OperationStatusResponse");
    socket.send(&cancel());
    assert_eq!(socket.receive()["message"], "Transaction cannot be aborted");
    assert!(!pair.device.cancel_on_device());
    assert!(!pair.device.display().can_be_aborted);
}

#[test]
fn customer_fills_in_every_screen() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&screens());
    let (messages, reply) = told(&mut socket, "CustomScreenResponse");
    assert_eq!(messages, ["Terms", "E-mail", "Sign here"]);
    let details = &reply["customScreenDetails"];
    assert_eq!(details["status"], "COMPLETED");
    assert_eq!(details["screens"][0]["toggles"], json!([{ "label": "I agree", "value": true }]));
    assert_eq!(details["screens"][1]["inputs"], json!([{ "label": "Address", "value": "alex@example.com" }]));
    assert!(details["screens"][2]["signatureData"].as_str().is_some_and(|data| data.len() > 50));
    assert!(details["screens"].as_array().expect("a list").iter().all(|screen| screen["skipped"] == false));
}

#[test]
fn screen_waits_for_its_customer_who_may_leave() {
    for (abort_reply, kind) in
        [(FailureReply::Response, "CustomScreenResponse"), (FailureReply::ErrorResponse, "ErrorResponse")]
    {
        let pair = Pair::with(Faults { hold_payment: true, abort_reply, ..Faults::default() });
        let mut socket = pair.socket();
        socket.send(&screens());
        assert_eq!(socket.receive()["message"], "Terms");
        let shown = pair.device.display();
        assert_eq!((shown.step, shown.lines), (DisplayStep::Form, vec!["[x] I agree".to_owned()]));
        assert!(pair.device.cancel_on_device());
        let reply = socket.receive();
        assert_eq!(reply["type"], kind);
        assert_eq!(pair.device.display().outcome.as_deref(), Some("ABORTED"));
    }
}

#[test]
fn card_is_read_and_its_number_stands_in_no_record() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&json!({ "type": "ReadCardRequest" }));
    let (messages, reply) = told(&mut socket, "ReadCardResponse");
    assert_eq!(messages, ["Swipe card"]);
    let details = &reply["cardDetails"];
    assert_eq!((&details["expiryMonth"], &details["expiryYear"]), (&json!(12), &json!(2031)));
    let number = details["cardNumber"].as_str().expect("a number");
    assert!(details["track2"].as_str().is_some_and(|track| track.starts_with(number)));
    let record = format!("{:?}", pair.device.events());
    assert!(!record.contains(number), "{record}");
}

#[test]
fn card_read_that_is_cancelled_ends_with_an_error() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&json!({ "type": "ReadCardRequest" }));
    assert_eq!(socket.receive()["message"], "Swipe card");
    socket.send(&cancel());
    assert_eq!(socket.receive()["message"], "Transaction was aborted");
}

#[test]
fn print_meets_a_busy_terminal_while_a_payment_runs() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    for request in [layout(), screens(), json!({ "type": "ReadCardRequest" })] {
        assert_eq!(pair.post(&request)["message"], "Terminal busy");
    }
}
