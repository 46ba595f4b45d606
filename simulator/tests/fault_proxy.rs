//! The network between till and device: each break comes at the very byte that it was asked for, as seen from the far
//! ends, and the device's record of a broken connection is complete.

mod common;

use common::{PATIENCE, Till, payment, wait_for_event, wait_for_payment};
use poslatch_simulator::{
    BreakKind, Direction, Event, FaultProxy, Leg, Pace, Passage, PassageEnd, Plan, Simulator,
};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// A proxy, and both ends of the first connection through it, neither of which speaks anything but bytes.
struct Wire {
    network: FaultProxy,
    till: TcpStream,
    device: TcpStream,
}

impl Wire {
    fn new(plan: Plan) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
        let network = FaultProxy::start(listener.local_addr().expect("an address"), plan).expect("a proxy");
        let till = TcpStream::connect(network.address()).expect("a connection");
        let (device, seen) = listener.accept().expect("the other end");
        for end in [&till, &device] {
            end.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            end.set_nodelay(true).expect("no delay");
        }
        let wire = Self { network, till, device };
        // The proxy notes it as soon as it is connected, which may be after the device has seen the connection.
        let noted = wire.passage(|passage| passage.seen_by_device.is_some());
        assert_eq!(noted.seen_by_device, Some(seen));
        wire
    }

    /// The sender's and the receiver's end of a direction.
    fn ends(&self, direction: Direction) -> (&TcpStream, &TcpStream) {
        match direction {
            Direction::ToDevice => (&self.till, &self.device),
            Direction::ToTill => (&self.device, &self.till),
        }
    }

    fn passage(&self, mut is_so: impl FnMut(&Passage) -> bool) -> Passage {
        let find = |passages: &[Passage]| passages.first().filter(|passage| is_so(passage)).cloned();
        self.network.wait_for(find, PATIENCE).expect("that state")
    }

    fn ended(&self) -> Passage {
        self.network.wait_until_ended(1, PATIENCE).expect("the end of the connection")
    }
}

/// Reads to the end of the stream, and returns what came and how it ended: None is an orderly end.
fn read_to_end(mut end: &TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let error = end.read_to_end(&mut bytes).err();
    (bytes, error.map(|error| error.kind()))
}

/// What is there now, without waiting.
fn read_ready(mut end: &TcpStream) -> io::Result<usize> {
    end.set_nonblocking(true)?;
    let read = end.read(&mut [0; 64]);
    end.set_nonblocking(false)?;
    read
}

/// The kind of the error with which a stream of bytes to a socket ends.
fn is_blocked(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}

#[cfg(unix)]
#[test]
fn cut_and_reset_come_at_the_byte_asked_for_and_reach_both_ends() {
    for direction in Direction::BOTH {
        for (kind, error, ended) in [
            (BreakKind::Cut, None, PassageEnd::Cut),
            (BreakKind::Reset, Some(ErrorKind::ConnectionReset), PassageEnd::Reset),
        ] {
            for after in 0..=HELLO.len() {
                let shown = format!("{kind:?} {direction:?} after {after}");
                let wire = Wire::new(Plan::on(direction, Leg::broken(kind, after as u64)));
                let (mut sender, receiver) = wire.ends(direction);
                // The reset may be there before all bytes are written; then it is the write that tells of it.
                let written = sender.write_all(HELLO).err().map(|error| error.kind());
                assert_eq!(read_to_end(receiver), (HELLO[..after].to_vec(), error), "{shown}");
                let (answer, end) = read_to_end(sender);
                assert_eq!((answer, written.or(end)), (Vec::new(), error), "{shown}");
                let passage = wire.ended();
                assert_eq!(passage.ended, Some(ended), "{shown}");
                assert!(passage.leg(direction).broken, "{shown}");
                assert_eq!(passage.leg(direction).forwarded, after as u64, "{shown}");
            }
        }
    }
}

#[test]
fn stall_comes_at_the_byte_asked_for_and_stops_one_direction_only() {
    for direction in Direction::BOTH {
        for after in 0..=HELLO.len() {
            let shown = format!("{direction:?} after {after}");
            let wire = Wire::new(Plan::on(direction, Leg::stall_after(after as u64)));
            let (mut sender, mut receiver) = wire.ends(direction);
            sender.write_all(HELLO).expect("a network that does not answer takes everything");
            let stalled = wire.passage(|passage| passage.leg(direction).stalled);
            assert_eq!(stalled.leg(direction).forwarded, after as u64, "{shown}");
            let mut got = vec![0; after];
            receiver.read_exact(&mut got).expect("the bytes before the stall");
            assert_eq!(got, HELLO[..after], "{shown}");
            // A byte that went round the other way has overtaken whatever would still be coming.
            receiver.write_all(b"!").expect("the other direction");
            sender.read_exact(&mut [0; 1]).expect("the other direction goes on");
            assert!(read_ready(receiver).is_err_and(|error| is_blocked(&error)), "{shown}");
            wire.network.heal();
            let mut rest = vec![0; HELLO.len() - after];
            receiver.read_exact(&mut rest).expect("the rest");
            assert_eq!(rest, HELLO[after..], "{shown}");
        }
    }
}

#[test]
fn break_behind_the_end_of_the_connection_is_not_reached() {
    for kind in BreakKind::ALL {
        let leg = Leg::broken(kind, HELLO.len() as u64 + 1);
        let Wire { network, mut till, device } = Wire::new(Plan { to_device: leg, to_till: leg });
        till.write_all(HELLO).expect("sent");
        drop(till);
        assert_eq!(read_to_end(&device), (HELLO.to_vec(), None));
        drop(device);
        let passage = network.wait_until_ended(1, PATIENCE).expect("the end");
        assert_eq!(passage.ended, Some(PassageEnd::Closed), "{kind:?}");
        assert!(!passage.is_broken(), "{kind:?}");
        assert!(passage.to_device.finished && passage.to_till.finished, "{passage:?}");
        assert_eq!((passage.to_device.forwarded, passage.to_till.forwarded), (HELLO.len() as u64, 0));
    }
}

#[test]
fn end_of_the_till_reaches_the_device_through_a_stall() {
    for direction in Direction::BOTH {
        let Wire { network, mut till, device } = Wire::new(Plan::on(direction, Leg::stall_after(0)));
        let stalled = |passages: &[Passage]| passages[0].leg(direction).stalled.then_some(());
        network.wait_for(stalled, PATIENCE).expect("a stall");
        till.write_all(HELLO).expect("sent");
        drop(till);
        let got = if direction == Direction::ToTill { HELLO } else { b"" };
        assert_eq!(read_to_end(&device), (got.to_vec(), None), "{direction:?}");
        let passage = network.wait_until_ended(1, PATIENCE).expect("the end");
        assert_eq!(passage.ended, Some(PassageEnd::Closed), "{direction:?}");
    }
}

#[test]
fn end_of_the_device_is_hidden_by_a_stall_until_it_heals() {
    let Wire { network, mut till, device } = Wire::new(Plan::default());
    till.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    network.stall_all();
    let stalled = |passages: &[Passage]| passages[0].to_till.stalled.then_some(());
    network.wait_for(stalled, PATIENCE).expect("a stall");
    drop(device);
    till.write_all(HELLO).expect("a network that does not answer takes everything");
    assert!(read_ready(&till).is_err_and(|error| is_blocked(&error)));
    assert_eq!(network.passages()[0].ended, None);
    network.heal();
    // In good order, or by a reset if the till's bytes got to the closed device first.
    assert!(
        matches!(read_to_end(&till), (bytes, None | Some(ErrorKind::ConnectionReset)) if bytes.is_empty())
    );
}

#[test]
fn stalled_network_holds_up_the_sender_and_loses_nothing() {
    let mut wire = Wire::new(Plan::default());
    wire.network.stall_all();
    wire.till.set_nonblocking(true).expect("non-blocking");
    let block: Vec<u8> = (0..=255).cycle().take(64 * 1024).collect();
    let mut sent = 0_usize;
    let full = loop {
        match wire.till.write(&block[sent % 256..]) {
            Ok(length) => sent += length,
            Err(error) => break error,
        }
        assert!(sent < 64 << 20, "the network swallows everything");
    };
    assert!(is_blocked(&full), "{full:?}");
    wire.network.heal();
    wire.till.set_nonblocking(false).expect("blocking");
    wire.till.shutdown(std::net::Shutdown::Write).expect("an end");
    let (got, error) = read_to_end(&wire.device);
    assert_eq!((got.len(), error), (sent, None));
    assert!(got.iter().zip((0..=255).cycle()).all(|(got, sent)| *got == sent), "in order");
}

#[test]
fn order_takes_effect_before_it_returns() {
    for _ in 0..20 {
        let wire = Wire::new(Plan::default());
        thread::scope(|scope| {
            let (mut till, mut device) = (&wire.till, &wire.device);
            let sending = scope.spawn(move || while till.write_all(&[7; 1024]).is_ok() {});
            let reading =
                scope.spawn(move || while device.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {});
            wire.passage(|passage| passage.to_device.forwarded > 100_000);
            wire.network.stall_all();
            let at_order = wire.network.passages()[0].to_device.forwarded;
            let stalled = wire.passage(|passage| passage.to_device.stalled);
            assert_eq!(stalled.to_device.forwarded, at_order);
            wire.network.reset_all();
            sending.join().expect("no panic");
            reading.join().expect("no panic");
        });
        assert_eq!(wire.ended().ended, Some(PassageEnd::Reset));
    }
}

#[test]
fn cut_all_ends_running_connections_and_the_next_one_works() {
    let wire = Wire::new(Plan::default());
    wire.network.cut_all();
    assert_eq!(read_to_end(&wire.till), (Vec::new(), None));
    assert_eq!(read_to_end(&wire.device), (Vec::new(), None));
    assert_eq!(wire.ended().ended, Some(PassageEnd::Cut));

    let device = Simulator::builder().start().expect("a device");
    let network = FaultProxy::start(device.address(), Plan::default()).expect("a proxy");
    network.reset_all();
    let till = device.issue_till("1001");
    Till::new(&device).through(network.address()).with(&till).connect().expect("a connection");
}

#[test]
fn reset_of_one_end_is_passed_on_to_the_other() {
    for direction in Direction::BOTH {
        let wire = Wire::new(Plan::default());
        let (sender, receiver) = wire.ends(direction);
        // A socket that is closed with unread bytes in it sends a reset.
        (&*receiver).write_all(HELLO).expect("sent");
        sender.peek(&mut [0; 1]).expect("a byte to leave unread");
        let Wire { network, till, device } = wire;
        let (closing, left) = match direction {
            Direction::ToDevice => (till, device),
            Direction::ToTill => (device, till),
        };
        drop(closing);
        assert_eq!(read_to_end(&left), (Vec::new(), Some(ErrorKind::ConnectionReset)), "{direction:?}");
        let passage = network.wait_until_ended(1, PATIENCE).expect("the end");
        assert_eq!(passage.ended, Some(PassageEnd::Reset), "{direction:?}");
    }
}

#[test]
fn half_closed_connection_goes_on_the_other_way() {
    let mut wire = Wire::new(Plan::default());
    wire.till.shutdown(std::net::Shutdown::Write).expect("an end");
    assert_eq!(read_to_end(&wire.device), (Vec::new(), None));
    wire.device.write_all(HELLO).expect("sent");
    let mut got = vec![0; HELLO.len()];
    wire.till.read_exact(&mut got).expect("received");
    assert_eq!(got, HELLO);
}

#[test]
fn device_that_cannot_be_reached_is_a_reset_for_the_till() {
    // A port that is taken, so that nobody else can come to listen on it, and on which nobody does.
    let taken = tokio::net::TcpSocket::new_v4().expect("a socket");
    taken.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
    let nobody = taken.local_addr().expect("an address");
    let network = FaultProxy::start(nobody, Plan::default()).expect("a proxy");
    let till = TcpStream::connect(network.address()).expect("a connection");
    assert_eq!(read_to_end(&till), (Vec::new(), Some(ErrorKind::ConnectionReset)));
    let passage = network.wait_until_ended(1, PATIENCE).expect("the end");
    assert_eq!((passage.ended, passage.seen_by_device), (Some(PassageEnd::Unreachable), None));
}

#[test]
fn bytes_pass_at_the_pace_asked_for() {
    // Only lower limits: a slow machine may take as long as it likes.
    let crawling = Leg::default().at_pace(Pace::BytesPerSecond(100));
    let late = Leg::default().at_pace(Pace::Delayed(Duration::from_millis(150)));
    for (leg, least) in [(crawling, Duration::from_millis(150)), (late, Duration::from_millis(150))] {
        for direction in Direction::BOTH {
            let wire = Wire::new(Plan::on(direction, leg));
            let (mut sender, mut receiver) = wire.ends(direction);
            let begin = Instant::now();
            sender.write_all(HELLO).expect("sent");
            let mut got = vec![0; HELLO.len()];
            receiver.read_exact(&mut got).expect("received");
            assert!(begin.elapsed() >= least, "{leg:?}: {:?}", begin.elapsed());
            assert_eq!(got, HELLO);
        }
    }
}

#[test]
fn payment_goes_through_byte_by_byte() {
    let device = Simulator::builder().start().expect("a device");
    let till = device.issue_till("1001");
    let leg = Leg::default().at_pace(Pace::SingleBytes);
    let network =
        FaultProxy::start(device.address(), Plan { to_device: leg, to_till: leg }).expect("a proxy");
    let mut socket = Till::new(&device).through(network.address()).with(&till).websocket();
    socket.send(&payment("r-1", "12.00"));
    assert_eq!(socket.receive_until("PaymentResponse").len(), 3);
}

#[test]
fn queued_plans_come_first_and_one_at_a_time() {
    let device = Simulator::builder().start().expect("a device");
    let standing = Plan::on(Direction::ToTill, Leg::reset_after(3));
    let network = FaultProxy::start(device.address(), standing).expect("a proxy");
    let queued = [1, 2].map(|after| Plan::on(Direction::ToDevice, Leg::cut_after(after)));
    for plan in queued {
        network.queue_plan(plan);
    }
    for number in 1..=3 {
        let till = TcpStream::connect(network.address()).expect("a connection");
        let accepted = |passages: &[Passage]| passages.get(number - 1).cloned();
        let passage = network.wait_for(accepted, PATIENCE).expect("accepted");
        assert_eq!(&passage.plan, queued.get(number - 1).unwrap_or(&standing));
        drop(till);
    }
}

#[test]
fn record_of_the_device_is_complete_after_each_kind_of_break() {
    let device = Simulator::builder().start().expect("a device");
    let issued = device.issue_till("1001");
    for kind in BreakKind::ALL {
        // In the middle of the handshake, and behind the request: the till has more to send than that before it.
        for (direction, after) in
            [(Direction::ToDevice, 100), (Direction::ToTill, 1000), (Direction::ToDevice, 0)]
        {
            let shown = format!("{kind:?} {direction:?} after {after}");
            let plan = Plan::on(direction, Leg::broken(kind, after));
            let network = FaultProxy::start(device.address(), plan).expect("a proxy");
            let till = Till::new(&device).through(network.address()).with(&issued);
            // Only stalls take this long; a busy machine must have come to the break by then.
            assert!(till.patient_for(Duration::from_secs(2)).connect().is_err(), "{shown}");
            let passage = network.wait_until_ended(1, PATIENCE).expect("the end");
            assert!(passage.leg(direction).broken, "{shown}");
            assert_eq!(passage.leg(direction).forwarded, after, "{shown}");
            let peer = passage.seen_by_device.expect("the device was reached");
            let story = device.wait_for_story(peer, PATIENCE).expect("the device's story");
            assert!(
                matches!(story.first(), Some(Event::Connected { peer: from, .. }) if *from == peer),
                "{shown}"
            );
            assert!(story.iter().all(|event| !matches!(event, Event::MessageReceived { .. })), "{shown}");
        }
    }
}

#[test]
fn payment_outlives_a_connection_that_was_reset_behind_the_request() {
    let device = Simulator::builder().start().expect("a device");
    let issued = device.issue_till("1001");
    let network = FaultProxy::start(device.address(), Plan::default()).expect("a proxy");
    let mut socket = Till::new(&device).through(network.address()).with(&issued).websocket();
    socket.send(&payment("r-1", "1.00"));
    socket.receive();
    network.reset_all();
    while socket.frame().is_ok() {}
    let peer = network.passages()[0].seen_by_device.expect("the device was reached");
    let story = device.wait_for_story(peer, PATIENCE).expect("the device's story");
    assert!(story.iter().any(|event| matches!(event, Event::MessageReceived { .. })));
    assert_eq!(wait_for_payment(&device, "r-1"), "APPROVED");
    wait_for_event(&device, |event| matches!(event, Event::ReplyLost { .. }));
    // What comes later does not make it a story without an end.
    assert!(device.wait_for_story(peer, PATIENCE).expect("the story").len() > story.len());
}

#[test]
fn dropped_proxy_leaves_neither_connection_nor_listener() {
    let Wire { network, till, device } = Wire::new(Plan::on(Direction::ToDevice, Leg::stall_after(0)));
    #[cfg(target_os = "linux")]
    let thread = format!("network-{}", network.address().port());
    #[cfg(target_os = "linux")]
    assert!(thread_names().contains(&thread));
    drop(network);
    assert_eq!(read_to_end(&till).0, Vec::<u8>::new());
    assert_eq!(read_to_end(&device).0, Vec::<u8>::new());
    #[cfg(target_os = "linux")]
    {
        // It is gone already, but the proxy of another test may have come by the same port in the meantime.
        let begin = Instant::now();
        while thread_names().contains(&thread) {
            assert!(begin.elapsed() < PATIENCE, "the thread is still there");
        }
    }
}

#[cfg(target_os = "linux")]
fn thread_names() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the list of threads");
    tasks
        // A thread of another test may end in between.
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .map(|name| name.trim_end().to_owned())
        .collect()
}

const HELLO: &[u8] = b"seventeen bytes..";
