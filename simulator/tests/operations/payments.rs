//! Operations that begin a transaction, in the shapes of section 6a.

use crate::common::{PATIENCE, Pair, cancel, payment};
use crate::{amounts, complaint, payment_with, receipt_line, status, told};
use poslatch_simulator::{DisplayStep, Event, Faults};
use serde_json::json;

#[test]
fn sale_by_chip_and_pin_tells_each_step() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "66.01"));
    let (messages, reply) = told(&mut socket, "PaymentResponse");
    assert_eq!(messages, ["Present card", "Enter PIN", "Processing"]);
    let processing = &reply["processingDetails"];
    assert_eq!((&processing["verificationMethod"], &processing["entryMode"]), (&json!("PIN"), &json!("ICC")));
    assert_eq!(receipt_line(&reply, "PAYMENT_DETAILS_CUSTOMER_VERIFICATION"), "PIN");
}

#[test]
fn signature_is_asked_for_when_there_is_no_way_back() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "66.03"));
    let mut messages = socket.receive_until("PaymentResponse");
    let reply = messages.pop().expect("a reply");
    let sign = messages.last().expect("a status");
    assert_eq!((&sign["message"], &sign["canBeAborted"]), (&json!("Please sign"), &json!(false)));
    for copy in ["merchantReceipt", "customerReceipt"] {
        assert_eq!(reply["receipts"][copy]["receiptData"]["signatureLineRequired"], true);
    }
}

#[test]
fn pre_authorisation_is_not_captured() {
    let pair = Pair::new();
    let reply = pair.post(&payment_with("r-1", "50.00", &json!({ "capture": false })));
    assert_eq!((status(&reply), &reply["transactionDetails"]["captured"]), ("APPROVED", &json!(false)));
    let expected = json!({
        "amount": "50.00", "currency": "USD", "capturedAmount": "0.00", "refundableAmount": "0.00",
    });
    assert_eq!(amounts(&reply), &expected);
    assert_eq!(reply["linkedOperations"], json!([]));
    assert_eq!(receipt_line(&reply, "TRANSACTION_TYPE"), "Pre-authorisation");
}

#[test]
fn tip_on_the_device_is_included_in_the_amount() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&payment_with("r-1", "20.00", &json!({ "askForTip": "ON_DEVICE" })));
    let (messages, reply) = told(&mut socket, "PaymentResponse");
    assert_eq!(messages, ["Select tip", "Present card", "Processing"]);
    let expected = json!({
        "amount": "22.00", "currency": "USD", "includedTipAmount": "2.00",
        "capturedAmount": "22.00", "refundableAmount": "22.00",
    });
    assert_eq!(amounts(&reply), &expected);
}

#[test]
fn cashback_is_captured_but_not_refundable() {
    let pair = Pair::new();
    let reply = pair.post(&payment_with("r-1", "20", &json!({ "cashbackAmount": "5" })));
    let expected = json!({
        "amount": "20", "currency": "USD", "cashbackAmount": "5", "capturedAmount": "25", "refundableAmount": "20",
    });
    assert_eq!(amounts(&reply), &expected);
    assert_eq!(receipt_line(&reply, "AMOUNT_AND_CURRENCY"), "25 USD");
}

#[test]
fn moto_is_keyed_in_and_has_no_country() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    socket.send(&payment_with("r-1", "5.00", &json!({ "paymentMode": "MOTO" })));
    let (messages, reply) = told(&mut socket, "PaymentResponse");
    assert_eq!(messages[0], "Enter card number");
    assert_eq!(reply["processingDetails"]["entryMode"], "MANUAL");
    assert_eq!(reply["processingDetails"]["card"].get("countryCode"), None);
}

#[test]
fn ebt_draws_on_its_own_account_until_that_is_empty() {
    let pair = Pair::new();
    let ebt = |category: &str| json!({ "paymentMode": "EBT", "ebtDetails": { "category": category } });
    let inquiry =
        json!({ "paymentMode": "EBT", "ebtDetails": { "category": "FOOD", "isBalanceInquiry": true } });
    let balance = |reference: &str| {
        let reply = pair.post(&payment_with(reference, "0.00", &inquiry));
        assert_eq!((status(&reply), &reply["transactionDetails"]["captured"]), ("APPROVED", &json!(false)));
        receipt_line(&reply, "SUBJECT").to_owned()
    };
    assert_eq!(balance("b-1"), "Balance 500 USD");
    let paid = pair.post(&payment_with("r-1", "480.00", &ebt("FOOD")));
    assert_eq!(paid["processingDetails"]["card"]["type"], "EBT");
    assert_eq!(paid["processingDetails"]["verificationMethod"], "PIN");
    assert_eq!(balance("b-2"), "Balance 20.00 USD");
    let refused = pair.post(&payment_with("r-2", "20.01", &ebt("FOOD")));
    assert_eq!((status(&refused), &refused["message"]), ("DECLINED", &json!("Insufficient funds")));
    assert_eq!(
        status(&pair.post(&payment_with("r-3", "20.01", &ebt("CASH")))),
        "APPROVED",
        "another account"
    );

    let mut credit = payment_with("r-4", "80.00", &ebt("FOOD"));
    credit["type"] = "StandaloneRefundRequest".into();
    assert_eq!(pair.post(&credit)["type"], "StandaloneRefundResponse");
    assert_eq!(balance("b-3"), "Balance 100.00 USD");
    assert_eq!(pair.post(&crate::refund(&paid, None))["message"], "Refund approved");
    assert_eq!(balance("b-4"), "Balance 500 USD", "no more than was granted");
}

#[test]
fn ebt_voucher_is_keyed_in_without_a_pin() {
    let pair = Pair::new();
    let voucher = json!({ "paymentMode": "EBT", "ebtDetails": { "category": "FOOD", "isVoucher": true } });
    let reply = pair.post(&payment_with("r-1", "5.00", &voucher));
    let processing = &reply["processingDetails"];
    assert_eq!(
        (&processing["entryMode"], &processing["verificationMethod"]),
        (&json!("MANUAL"), &json!("NONE"))
    );
}

#[test]
fn balance_inquiry_about_an_amount_is_refused() {
    let pair = Pair::new();
    let inquiry =
        json!({ "paymentMode": "EBT", "ebtDetails": { "category": "FOOD", "isBalanceInquiry": true } });
    assert!(complaint(&pair.post(&payment_with("r-1", "1.00", &inquiry))).contains("balance inquiry"));
}

#[test]
fn stand_alone_credit_has_neither_captured_nor_refundable_amounts() {
    let pair = Pair::new();
    let mut request = payment("r-1", "7.00");
    request["type"] = "StandaloneRefundRequest".into();
    let reply = pair.post(&request);
    assert_eq!(
        (&reply["type"], &reply["message"]),
        (&json!("StandaloneRefundResponse"), &json!("Refund approved"))
    );
    assert_eq!(reply["transactionDetails"].get("captured"), None);
    assert_eq!(amounts(&reply), &json!({ "amount": "7.00", "currency": "USD" }));
    assert_eq!(reply.get("linkedOperations"), None);
    assert_eq!(receipt_line(&reply, "AMOUNT_AND_CURRENCY"), "-7.00 USD");
}

#[test]
fn token_of_a_payment_is_good_for_a_refund() {
    let pair = Pair::new();
    let paid = pair.post(&payment("r-1", "7.00"));
    let mut request = payment("r-2", "3.00");
    request["type"] = "TokenRefundRequest".into();
    request["instrumentId"] = "nobody's".into();
    assert!(complaint(&pair.post(&request)).contains("instrumentId"));
    request["instrumentId"] = paid["additionalInformation"]["instrumentId"].clone();
    assert!(request["instrumentId"].as_str().is_some_and(|id| id.len() == 19 && id.ends_with("0119")));
    let reply = pair.post(&request);
    assert_eq!((&reply["type"], status(&reply)), (&json!("TokenRefundResponse"), "APPROVED"));
    assert_eq!(reply["transactionDetails"].get("captured"), None);
    assert_eq!(reply["additionalInformation"].get("instrumentId"), None);
    let processing = &reply["processingDetails"];
    assert_eq!(
        (&processing["entryMode"], &processing["card"]["expirationYear"]),
        (&json!("MANUAL"), &json!("00"))
    );
    let masked = processing["card"]["maskedPan"].as_str().expect("a mask");
    assert!(
        masked.starts_with("70") && masked.ends_with("XXXXXXXXX0119"),
        "the token, not the card: {masked}"
    );
}

#[test]
fn account_verification_has_a_currency_and_no_amount() {
    let pair = Pair::new();
    let request = json!({
        "type": "AccountVerificationRequest", "merchantReferenceCode": "r-1",
        "amountDetails": { "currency": "EUR" },
    });
    let reply = pair.post(&request);
    assert_eq!((&reply["type"], status(&reply)), (&json!("AccountVerificationResponse"), "APPROVED"));
    assert_eq!(amounts(&reply), &json!({ "currency": "EUR" }));
    assert_eq!(reply["transactionDetails"].get("captured"), None);
}

#[test]
fn blocks_of_the_request_come_back_as_they_went() {
    let pair = Pair::new();
    let blocks = json!({
        "taxDetails": { "taxId": "7", "salesSlipNumber": 12 },
        "merchantDetails": { "descriptorName": "Shop" },
    });
    let reply = pair.post(&payment_with("r-1", "1.00", &blocks));
    assert_eq!(reply["taxDetails"], blocks["taxDetails"]);
    assert_eq!(reply["merchantDetails"], blocks["merchantDetails"]);
}

#[test]
fn customer_who_presses_cancel_aborts_the_payment_before_it_is_processed() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    for (reference, amount) in [("r-1", "66.30"), ("r-2", "66.31")] {
        socket.send(&payment(reference, amount));
        let (messages, reply) = told(&mut socket, "PaymentResponse");
        assert_eq!((messages, status(&reply)), (vec!["Present card".to_owned()], "ABORTED"));
        assert_eq!(reply.get("additionalInformation"), None);
        let card = &reply["processingDetails"]["card"];
        assert_eq!((&card["type"], &card["maskedPan"]), (&json!("UNKNOWN"), &json!("")));
        assert_eq!(amounts(&reply)["capturedAmount"], "0.00");
        assert_eq!(receipt_line(&reply, "STATUS_TEXT"), "Payment aborted");
        assert_eq!(receipt_line(&reply, "PAYMENT_DETAILS_SOURCE"), "", "there was no card");
    }
}

#[test]
fn payment_can_be_cancelled_while_the_pin_is_entered() {
    let pair = Pair::new();
    // The first step ends by the release; nobody waits for the end of the second one.
    let step_pause = PATIENCE;
    pair.device.set_faults(Faults { hold_payment: true, step_pause, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "66.01"));
    assert_eq!(socket.receive()["message"], "Present card");
    pair.device.release_payment();
    let pin = socket.receive();
    assert_eq!((&pin["message"], &pin["canBeAborted"]), (&json!("Enter PIN"), &json!(true)));
    socket.send(&cancel());
    assert_eq!(status(&socket.receive()), "ABORTED");
}

#[test]
fn screen_says_what_the_customer_is_to_do() {
    let pair = Pair::new();
    pair.post(&payment_with("r-1", "66.01", &json!({ "askForTip": "ON_DEVICE" })));
    let steps: Vec<_> = pair
        .device
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::DisplayChanged(display) => Some(display.step),
            _ => None,
        })
        .collect();
    let expected = [
        DisplayStep::Idle,
        DisplayStep::Tip,
        DisplayStep::Card,
        DisplayStep::Pin,
        DisplayStep::Processing,
        DisplayStep::Ended,
    ];
    assert_eq!(steps, expected);
}
