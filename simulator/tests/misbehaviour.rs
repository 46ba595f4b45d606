//! Devices that misbehave on the channel: replies that come late, twice or to the wrong connection, floods, silence, close
//! codes, and devices that disappear in the middle of a payment.

mod common;

use common::{
    PATIENCE, Pair, Till, cancel, lookup, payment, wait_for_event, wait_for_payment, wait_for_sent,
};
use poslatch_simulator::{Event, Exchange, Faults, Memory};
use serde_json::json;
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::{self, Message};

/// No steps to wait for: the reply is all there is.
fn replying(exchange: Exchange) -> Pair {
    Pair::with(Faults { exchange, status_messages: Some(0), ..Faults::default() })
}

fn holding_and(faults: Faults) -> Pair {
    Pair::with(Faults { hold_payment: true, ..faults })
}

fn wait_for_request(pair: &Pair, wanted: &str) {
    let is_meant = |event: &Event| matches!(event, Event::MessageReceived { kind, .. } if kind == wanted);
    wait_for_event(&pair.device, is_meant);
}

fn is_reset(error: &tungstenite::Error) -> bool {
    matches!(error, tungstenite::Error::Io(io) if io.kind() == ErrorKind::ConnectionReset)
}

#[test]
fn lookup_finds_a_payment_that_runs_by_the_id_that_it_ends_with() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "12.00"));
    wait_for_sent(&pair.device, "TransactionStatusResponse");
    let running = pair.post(&lookup("r-1"));
    assert_eq!(running["type"], "TransactionLookupResponse");
    assert_eq!(running["processingDetails"]["status"], "PENDING");
    assert_eq!(running["transactionDetails"]["captured"], false);
    assert_eq!(running["transactionDetails"]["amountDetails"]["amount"], "12.00");
    assert_eq!(running.get("receipts"), None);
    assert_eq!(pair.post(&lookup("r-2"))["type"], "ErrorResponse");
    pair.device.release_payment();
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
    let ended = pair.post(&lookup("r-1"));
    assert_eq!(ended["processingDetails"]["status"], "APPROVED");
    assert_eq!(ended["transactionDetails"]["id"], running["transactionDetails"]["id"]);
}

#[test]
fn first_lookups_of_each_payment_find_nothing_if_so_switched() {
    let pair = holding_and(Faults { lookup_not_found_first: 2, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    wait_for_sent(&pair.device, "TransactionStatusResponse");
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
    assert_eq!(pair.post(&lookup("r-2"))["message"], "Transaction not found", "counted apart");
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
    assert_eq!(pair.post(&lookup("r-1"))["processingDetails"]["status"], "PENDING");
    pair.device.release_payment();
    wait_for_payment(&pair.device, "r-1");
    assert_eq!(pair.post(&lookup("r-1"))["processingDetails"]["status"], "APPROVED");
}

#[test]
fn held_reply_comes_when_it_is_released() {
    let pair = replying(Exchange::HeldReply);
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    wait_for_event(
        &pair.device,
        |event| matches!(event, Event::ReplyHeld { kind, .. } if kind == "PaymentResponse"),
    );
    pair.device.set_faults(Faults::default());
    // The next reply overtakes it, so it is not on its way.
    socket.send(&lookup("r-1"));
    assert_eq!(socket.receive()["type"], "TransactionLookupResponse");
    assert_eq!(pair.device.release_replies(), 1);
    assert_eq!(socket.receive()["type"], "PaymentResponse");
    assert_eq!(pair.device.release_replies(), 0);
}

#[test]
fn late_reply_comes_no_earlier_than_it_should() {
    let pause = Duration::from_millis(100);
    let pair = replying(Exchange::LateReply(pause));
    let mut socket = pair.socket();
    let begin = Instant::now();
    socket.send(&lookup("r-1"));
    assert_eq!(socket.receive()["message"], "Transaction not found");
    assert!(begin.elapsed() >= pause, "{:?}", begin.elapsed());
}

#[test]
fn reply_whose_connection_is_gone_reaches_no_other_one() {
    let pair = replying(Exchange::HeldReply);
    lose_reply(&pair);
    pair.device.set_faults(Faults::default());
    let mut next = pair.socket();
    next.send(&lookup("r-1"));
    assert_eq!(next.receive()["type"], "TransactionLookupResponse");
    assert_eq!(pair.device.send_unsolicited("{\"type\":\"Last\"}"), 1);
    assert_eq!(next.receive()["type"], "Last");
}

#[test]
fn lost_reply_reaches_the_next_connection_if_so_switched() {
    let exchange = Exchange::HeldReply;
    let pair = Pair::with(Faults {
        exchange,
        status_messages: Some(0),
        redirect_lost_replies: true,
        ..Faults::default()
    });
    lose_reply(&pair);
    let reply = pair.socket().receive();
    assert_eq!(
        (&reply["type"], &reply["transactionDetails"]["merchantReferenceCode"]),
        (&json!("PaymentResponse"), &json!("r-1"))
    );
}

#[test]
fn lost_reply_reaches_an_open_connection_if_so_switched() {
    let pair = holding_and(Faults { redirect_lost_replies: true, ..Faults::default() });
    let mut first = pair.socket();
    first.send(&payment("r-1", "1.00"));
    wait_for_sent(&pair.device, "TransactionStatusResponse");
    pair.device.reset_connections();
    wait_for_event(&pair.device, |event| matches!(event, Event::Disconnected { .. }));
    let mut second = pair.socket();
    pair.device.release_payment();
    // The status messages went to the connection that is gone.
    assert_eq!(second.receive()["type"], "PaymentResponse");
}

/// Sends a payment, closes the connection, and lets the reply come.
fn lose_reply(pair: &Pair) {
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    wait_for_event(&pair.device, |event| matches!(event, Event::ReplyHeld { .. }));
    drop(socket);
    wait_for_event(&pair.device, |event| matches!(event, Event::Disconnected { .. }));
    assert_eq!(pair.device.release_replies(), 1);
    wait_for_event(&pair.device, |event| matches!(event, Event::ReplyLost { connection: 1, .. }));
}

#[test]
fn status_flood_has_no_end_until_the_payment_is_cancelled() {
    let pair = holding_and(Faults { status_flood: true, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    for _ in 0..2000 {
        assert_eq!(socket.receive()["type"], "TransactionStatusResponse");
    }
    socket.send(&cancel());
    // The till does not read now, and is heard all the same.
    wait_for_request(&pair, "CancelRequest");
    let messages = socket.receive_until("PaymentResponse");
    assert_eq!(messages.last().expect("a reply")["processingDetails"]["status"], "ABORTED");
}

#[test]
fn status_flood_ends_with_its_connection_and_the_payment_goes_on() {
    let pair = holding_and(Faults { status_flood: true, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    pair.device.reset_connections();
    wait_for_event(&pair.device, |event| matches!(event, Event::Disconnected { .. }));
    pair.device.release_payment();
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
}

#[test]
fn status_flood_of_a_known_size_comes_whole() {
    let count = 3000;
    let faults = Faults { status_messages: Some(count), step_pause: Duration::ZERO, ..Faults::default() };
    let pair = Pair::new();
    pair.device.set_faults(faults);
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    assert_eq!(socket.receive_until("PaymentResponse").len(), count as usize + 1);
}

#[test]
fn request_is_answered_in_the_middle_of_a_ping_flood() {
    let pair = Pair::with(Faults { ping_flood: true, ..Faults::default() });
    let mut socket = pair.socket();
    for _ in 0..500 {
        assert!(matches!(socket.frame(), Ok(Message::Ping(_))));
    }
    socket.send(&lookup("r-1"));
    let reply = loop {
        match socket.frame().expect("a frame") {
            Message::Ping(_) => {}
            reply => break reply,
        }
    };
    assert!(reply.to_text().expect("text").contains("Transaction not found"));
}

#[test]
fn pings_of_the_till_are_answered_unless_switched_off() {
    for answers in [true, false] {
        let pair = Pair::with(Faults { answer_pings: answers, ..Faults::default() });
        let mut socket = pair.socket();
        socket.0.send(Message::Ping("are you there".into())).expect("sent");
        wait_for_event(&pair.device, |event| matches!(event, Event::PingReceived { .. }));
        socket.send(&lookup("r-1"));
        if answers {
            assert_eq!(socket.frame().expect("a frame"), Message::Pong("are you there".into()));
        }
        // Whatever came before it is behind us.
        assert_eq!(socket.receive()["message"], "Transaction not found");
        assert_eq!(pair.device.send_unsolicited("{\"type\":\"Last\"}"), 1);
        assert_eq!(socket.receive()["type"], "Last");
    }
}

#[test]
fn device_gives_up_a_till_that_misses_one_pong() {
    let ping_interval = Some(Duration::from_millis(20));
    let pair = Pair::with(Faults { ping_interval, drop_after_missed_pong: true, ..Faults::default() });
    let mut socket = pair.socket();
    // It does not read, so it does not answer.
    wait_for_event(&pair.device, |event| matches!(event, Event::PongMissed { connection: 1 }));
    assert!(matches!(socket.frame(), Ok(Message::Ping(_))));
    let end = socket.frame().expect_err("the end");
    assert!(!matches!(end, tungstenite::Error::ConnectionClosed), "a close frame came: {end:?}");
}

#[test]
fn device_keeps_a_till_that_answers_its_pings() {
    // Long enough for a slow machine to answer in time.
    let ping_interval = Some(Duration::from_secs(2));
    let pair = Pair::with(Faults { ping_interval, drop_after_missed_pong: true, ..Faults::default() });
    let mut socket = pair.socket();
    for _ in 0..2 {
        // The second one comes only if the first was answered.
        assert!(matches!(socket.frame(), Ok(Message::Ping(_))));
        socket.0.flush().expect("the pong goes out");
    }
    let missed = pair.device.events().iter().any(|event| matches!(event, Event::PongMissed { .. }));
    assert!(!missed);
}

#[test]
fn channel_is_closed_with_the_code_asked_for_and_the_payment_goes_on() {
    let pair = Pair::holding();
    for code in [1008, 1011] {
        let reference = format!("r-{code}");
        let mut socket = pair.socket();
        socket.send(&payment(&reference, "1.00"));
        socket.receive();
        assert_eq!(pair.device.close_channels(code), 1);
        assert_eq!(close_code(socket.frame()), Some(code));
        socket.0.flush().expect("the answer goes out");
        wait_for_event(
            &pair.device,
            |event| matches!(event, Event::CloseReceived { code: Some(got), .. } if *got == code),
        );
        pair.device.release_payment();
        assert_eq!(wait_for_payment(&pair.device, &reference), "APPROVED");
    }
}

#[test]
fn request_can_be_answered_by_a_close_frame() {
    let pair = replying(Exchange::CloseWith(1011));
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    let frame = loop {
        match socket.frame() {
            Ok(Message::Text(_)) => {}
            other => break other,
        }
    };
    assert_eq!(close_code(frame), Some(1011));
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
}

#[test]
fn connection_that_ends_without_a_close_frame_is_closed_abnormally() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    pair.device.close_connections();
    let end = socket.frame().expect_err("the end");
    assert!(matches!(end, tungstenite::Error::Protocol(_) | tungstenite::Error::Io(_)), "{end:?}");
}

fn close_code(frame: Result<Message, tungstenite::Error>) -> Option<u16> {
    match frame {
        Ok(Message::Close(Some(frame))) => Some(frame.code.into()),
        other => panic!("no close frame: {other:?}"),
    }
}

#[test]
fn idle_till_gets_what_it_did_not_ask_for() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    wait_for_event(&pair.device, |event| matches!(event, Event::WebSocketOpened { .. }));
    for text in ["{\"type\":\"FirmwareUpdateNotification\"}", "<html>no JSON</html>", ""] {
        assert_eq!(pair.device.send_unsolicited(text), 1);
        assert_eq!(socket.frame().expect("a frame"), Message::text(text));
    }
    // A text in two fragments, the first of which is not its last.
    assert_eq!(pair.device.send_raw(&[0x01, 3, b'a', b'b', b'c']), 1);
    assert_eq!(pair.device.send_raw(&[0x80, 1, b'd']), 1);
    assert_eq!(socket.frame().expect("a frame"), Message::text("abcd"));
    // A reserved opcode.
    pair.device.send_raw(&[0x83, 0]);
    let error = socket.frame().expect_err("no such frame");
    assert!(matches!(error, tungstenite::Error::Protocol(_)), "{error:?}");
}

#[test]
fn nobody_hears_what_is_said_without_an_open_channel() {
    let pair = Pair::new();
    assert_eq!(pair.device.send_unsolicited("{}"), 0);
    assert_eq!(pair.device.close_channels(1011), 0);
}

#[test]
fn device_that_disappears_comes_back_at_its_address_and_knows_its_payment() {
    let pair = Pair::holding();
    let mut socket = pair.socket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    pair.device.disappear();
    assert!(is_reset(&socket.frame().expect_err("a reset")));
    let refused = TcpStream::connect(pair.device.address()).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    pair.device.come_back(Memory::Kept);
    assert_eq!(pair.post(&lookup("r-1"))["processingDetails"]["status"], "PENDING");
    pair.device.disappear();
    pair.device.release_payment();
    assert_eq!(wait_for_payment(&pair.device, "r-1"), "APPROVED");
    pair.device.come_back(Memory::Kept);
    assert_eq!(pair.post(&lookup("r-1"))["processingDetails"]["status"], "APPROVED");
}

#[test]
fn device_that_lost_its_memory_knows_no_payment_and_takes_another() {
    let pair = Pair::new();
    pair.post(&payment("r-1", "1.00"));
    pair.device.set_faults(Faults { hold_payment: true, ..Faults::default() });
    let mut socket = pair.socket();
    socket.send(&payment("r-2", "1.00"));
    socket.receive();
    pair.device.disappear();
    pair.device.come_back(Memory::Lost);
    for reference in ["r-1", "r-2"] {
        assert_eq!(pair.post(&lookup(reference))["message"], "Transaction not found");
    }
    pair.device.set_faults(Faults::default());
    assert_eq!(pair.post(&payment("r-3", "1.00"))["processingDetails"]["status"], "APPROVED");
    let ended = |event: &Event| matches!(event, Event::PaymentEnded { reference, .. } if reference == "r-2");
    assert!(!pair.device.events().iter().any(ended));
}

#[test]
fn device_may_be_told_twice_to_go_and_to_come_back() {
    let pair = Pair::new();
    pair.device.disappear();
    pair.device.disappear();
    assert!(TcpStream::connect(pair.device.address()).is_err());
    pair.device.come_back(Memory::Kept);
    pair.device.come_back(Memory::Kept);
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
}

#[test]
fn nobody_is_quick_enough_to_take_the_port_of_a_device_that_disappears() {
    let pair = Pair::new();
    let address = pair.device.address();
    // Each thief ends with its channel, also if the device does not live up to this.
    let thieves: Vec<_> = (0..2)
        .map(|_| {
            let (owner, end) = mpsc::channel::<()>();
            // Without SO_REUSEADDR, as the system chooses ports for outgoing connections.
            let steal = move || {
                while end.try_recv() != Err(TryRecvError::Disconnected) {
                    drop(TcpSocket::new_v4().expect("a socket").bind(address));
                }
            };
            (owner, thread::spawn(steal))
        })
        .collect();
    for _ in 0..60 {
        pair.device.disappear();
        pair.device.come_back(Memory::Kept);
    }
    for (owner, thief) in thieves {
        drop(owner);
        thief.join().expect("no panic");
    }
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
}

#[test]
fn hung_device_takes_connections_and_says_nothing() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    wait_for_event(&pair.device, |event| matches!(event, Event::WebSocketOpened { .. }));
    pair.device.hang();
    socket.send(&lookup("r-1"));
    let till = Till::new(&pair.device).with(&pair.till).patient_for(Duration::from_millis(100));
    let silence = till.connect().expect_err("no handshake");
    assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence:?}");
    socket.0.get_ref().sock.set_nonblocking(true).expect("non-blocking");
    assert!(matches!(
        socket.frame(),
        Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock
    ));
    socket.0.get_ref().sock.set_nonblocking(false).expect("blocking");
    assert!(!pair.device.events().iter().any(|event| matches!(event, Event::MessageReceived { .. })));
    pair.device.come_back(Memory::Kept);
    assert!(is_reset(&socket.frame().expect_err("a reset")));
    assert_eq!(pair.post(&lookup("r-1"))["message"], "Transaction not found");
}

#[test]
fn connection_is_reset_in_the_middle_of_its_handshake() {
    let pair = Pair::new();
    let mut tcp = TcpStream::connect(pair.device.address()).expect("a connection");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    wait_for_event(&pair.device, |event| matches!(event, Event::Connected { .. }));
    pair.device.reset_connections();
    assert_eq!(tcp.read(&mut [0; 1]).expect_err("a reset").kind(), ErrorKind::ConnectionReset);
    wait_for_event(&pair.device, |event| matches!(event, Event::Disconnected { .. }));
}

#[test]
fn frozen_connection_can_still_be_reset() {
    let pair = Pair::new();
    let mut socket = pair.socket();
    wait_for_event(&pair.device, |event| matches!(event, Event::WebSocketOpened { .. }));
    pair.device.freeze_connections();
    socket.send(&lookup("r-1"));
    pair.device.reset_connections();
    assert!(is_reset(&socket.frame().expect_err("a reset")));
    wait_for_event(&pair.device, |event| matches!(event, Event::Disconnected { .. }));
}

#[test]
fn record_can_be_emptied() {
    let pair = Pair::new();
    pair.post(&lookup("r-1"));
    pair.device.forget_events();
    assert!(!pair.device.events().iter().any(|event| matches!(event, Event::MessageReceived { .. })));
    pair.post(&lookup("r-1"));
    wait_for_event(&pair.device, |event| matches!(event, Event::MessageReceived { connection: 2, .. }));
}
