//! A device that has another address than it had: found by its name, among other devices, machines that
//! are no devices, and those who pose as it.
//!
//! Each test has a subnet of the loopback to itself, 127.7.n.0/24, so that none meets another's devices.

use crate::common::*;
use poslatch::{
    Category, Device, DeviceBuilder, Error, Found, Identity, IdentityCheck, Search, SearchProgress, Status,
    find_device,
};
use poslatch_simulator::{
    CertificateRequest, ClientCertificate, Event, Faults, KeyChoice, ServerCertificate, SignedBy, Simulator,
    TlsVersions, Usage,
};
use std::any::Any;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(target_os = "linux")]
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Whoever really waits so long hangs, and so fails.
#[cfg(target_os = "linux")]
const FOR_EVER: Duration = Duration::from_secs(24 * 60 * 60);

/// What stands at one address of a test's subnet.
enum Machine {
    Device(&'static str, Box<Faults>),
    /// Says what a web server says to those who speak TLS to it.
    Http,
    /// Begins a TLS record as a device would, and then says one byte after the other without an end.
    Drip,
    /// Accepts connections, as the system does for a program that hangs, and says nothing.
    Mute,
    /// Swallows whoever wants to connect: the queue of its listener is full.
    #[cfg(target_os = "linux")]
    Silent,
}

/// The machines of a test, all on one port.
struct Subnet {
    net: u8,
    port: u16,
    simulators: Vec<(u8, Simulator)>,
    /// Held open.
    others: Vec<Box<dyn Any>>,
}

impl Subnet {
    /// Starts the machines, each at its number in 127.7.`net`.0/24.
    fn start(net: u8, machines: &[(u8, Machine)]) -> Subnet {
        'port: loop {
            // A port that is free at one address may be taken at the next: then another is tried.
            let mut subnet = Subnet { net, port: 0, simulators: Vec::new(), others: Vec::new() };
            for (number, machine) in machines {
                if !subnet.add(*number, machine) {
                    continue 'port;
                }
            }
            return subnet;
        }
    }

    /// Starts one more; false if its port is taken.
    fn add(&mut self, number: u8, machine: &Machine) -> bool {
        let listen = self.at(number);
        let other = match machine {
            Machine::Device(serial, faults) => {
                let builder = Simulator::builder().serial(*serial).faults(*faults.clone()).listen(listen);
                let Ok(simulator) = builder.start() else { return false };
                self.port = simulator.address().port();
                self.simulators.push((number, simulator));
                return true;
            }
            Machine::Http => Imposter::start(listen, |stream| {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
            }),
            Machine::Drip => Imposter::start(listen, |stream| {
                // A record of 16 kB, in it a ServerHello (RFC 8446 sections 5.1 and 4.1.3).
                let mut said = stream.write_all(&[0x16, 3, 3, 0x3f, 0xff, 2, 0, 0x3f, 0xfb, 3, 3]);
                while said.is_ok() {
                    std::thread::sleep(Duration::from_millis(1));
                    said = stream.write_all(&[0]);
                }
            }),
            Machine::Mute => TcpListener::bind(listen).ok().map(|listener| {
                (listener.local_addr().expect("bound").port(), Box::new(listener) as Box<dyn Any>)
            }),
            #[cfg(target_os = "linux")]
            Machine::Silent => silent(listen),
        };
        let Some((port, other)) = other else { return false };
        self.port = port;
        self.others.push(other);
        true
    }

    fn at(&self, number: u8) -> SocketAddr {
        SocketAddr::from(([127, 7, self.net, number], self.port))
    }

    /// The settings of a till for a device that was at this number.
    fn till(&self, number: u8) -> DeviceBuilder {
        Device::builder(&format!("wss://{}/", self.at(number))).root_ca_pem(simulator().root_ca_chain_pem())
    }

    fn search(&self) -> Search {
        Search::subnets(&format!("127.7.{}.0/24", self.net)).expect("a subnet")
    }
}

/// Answers as it was told, one connection after the other.
struct Imposter {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Imposter {
    fn start(listen: SocketAddr, answer: fn(&mut TcpStream)) -> Option<(u16, Box<dyn Any>)> {
        let listener = TcpListener::bind(listen).ok()?;
        let address = listener.local_addr().expect("bound");
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let thread = std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                answer(&mut stream);
            }
        });
        Some((address.port(), Box::new(Imposter { address, is_over, thread: Some(thread) })))
    }
}

impl Drop for Imposter {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
        self.thread.take().map(JoinHandle::join);
    }
}

/// A listener with room for one connection that nobody accepts, and that connection. The system then
/// drops the first packet of every other one.
#[cfg(target_os = "linux")]
fn silent(listen: SocketAddr) -> Option<(u16, Box<dyn Any>)> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&listen.into()).ok()?;
    socket.listen(0).ok()?;
    let address = socket.local_addr().expect("bound").as_socket().expect("IPv4");
    let queued = TcpStream::connect(address).expect("the only room there is");
    Some((address.port(), Box::new((socket, queued))))
}

fn find(device: &Device, identity: Option<&Identity>, search: &Search) -> Result<Found, Error> {
    find_device(device, identity, search, &mut |_| ControlFlow::Continue(()))
}

fn machine(serial: &'static str, faults: Faults) -> Machine {
    Machine::Device(serial, Box::new(faults))
}

fn healthy() -> Faults {
    Faults::default()
}

fn showing(server_certificate: ServerCertificate) -> Faults {
    Faults { server_certificate, ..Faults::default() }
}

/// Certificates that are none of the PKI's usual ones.
fn issued(request: CertificateRequest, key: Option<Vec<u8>>) -> Faults {
    let issued = simulator().pki().issue(&request).expect("issued");
    let key_der = key.unwrap_or(issued.key_pkcs8_der);
    showing(ServerCertificate::Custom { chain_der: issued.chain_der, key_der })
}

/// Everybody who is not the device but near it or like it, with what a till is to say of them.
fn others() -> Vec<(u8, Machine, Status, Option<&'static str>)> {
    let fresh = CertificateRequest { key: KeyChoice::Fresh, ..CertificateRequest::server(DEVICE_NAME) };
    let key_of_another = simulator().pki().issue(&fresh).expect("issued").key_pkcs8_der;
    let tls11 = Faults { tls_versions: TlsVersions::Only11Hello, ..healthy() };
    let wildcard = ServerCertificate::WrongName("*.cybs.seclib.io".into());
    let below = ServerCertificate::WrongName(format!("x.{DEVICE_NAME}"));
    let self_signed =
        CertificateRequest { signed_by: SignedBy::Itself, ..CertificateRequest::server(DEVICE_NAME) };
    let for_tills = CertificateRequest { usage: Usage::Client, ..CertificateRequest::server(DEVICE_NAME) };
    let device = |faults| machine(SERIAL, faults);
    vec![
        // The right name under a root that nobody was told of; under none; and somebody who copied the right
        // certificate, but has not its key.
        (10, device(showing(ServerCertificate::ForeignRoot)), Status::UnknownIssuer, None),
        (11, device(issued(self_signed, None)), Status::UnknownIssuer, None),
        (
            12,
            device(issued(CertificateRequest::server(DEVICE_NAME), Some(key_of_another))),
            Status::DeviceCertificateUnusable,
            None,
        ),
        // The right name, but not any more, or for something else.
        (13, device(showing(ServerCertificate::Expired)), Status::DeviceCertificateExpired, None),
        (14, device(issued(for_tills, None)), Status::DeviceCertificateUnusable, None),
        (15, device(showing(ServerCertificate::NoSan)), Status::WrongDevice, None),
        // Genuine, and others.
        (20, machine("1850000999", healthy()), Status::WrongDevice, Some("1850000999.cybs.seclib.io")),
        (21, device(showing(wildcard)), Status::WrongDevice, None),
        (22, device(showing(below)), Status::WrongDevice, None),
        // No devices.
        (30, Machine::Http, Status::NotTls, None),
        (31, Machine::Mute, Status::ConnectTimeout, None),
        (32, device(tls11), Status::TlsVersion, None),
        (33, Machine::Drip, Status::ConnectTimeout, None),
    ]
}

#[test]
fn nobody_but_the_device_is_taken_for_it_and_the_others_are_told() {
    let others = others();
    let expected: Vec<_> = others.iter().map(|(number, _, status, name)| (*number, *status, *name)).collect();
    let machines: Vec<_> = others.into_iter().map(|(number, machine, ..)| (number, machine)).collect();
    let mut subnet = Subnet::start(1, &machines);
    let till = subnet.till(40).serial(SERIAL).build().expect("valid");

    let error = failure(find(&till, None, &subnet.search()), "the device is not there");
    assert_eq!(error.status(), Status::DeviceNotFound, "{error:?}");
    assert_eq!(error.category(), Category::Network);
    assert_eq!(error.message(), format!("\"{DEVICE_NAME}\" was not found at any of 254 addresses"));
    let mut seen: Vec<_> = error.sightings().iter().collect();
    seen.sort_by_key(|sighting| sighting.address);
    let seen: Vec<_> = seen
        .iter()
        .map(|sighting| {
            let SocketAddr::V4(address) = sighting.address else { panic!("IPv6: {sighting:?}") };
            assert_eq!(address.port(), subnet.port);
            (address.ip().octets()[3], sighting.status, sighting.device_name.as_deref())
        })
        .collect();
    assert_eq!(seen, expected, "{error:?}");
    let first = format!("Another device, 1850000999, answers at {}. ", subnet.at(20));
    assert!(error.advice().contains(&first), "{}", error.advice());

    // And among all these, the device.
    assert!(subnet.add(50, &machine(SERIAL, healthy())));
    let found = find(&till, None, &subnet.search()).expect("it is there");
    assert_eq!(found.address, subnet.at(50));
    assert_eq!(found.url, format!("wss://{}/", subnet.at(50)));
    assert_eq!(found.device_name, DEVICE_NAME);
    assert!(found.moved);

    for (number, simulator) in &subnet.simulators {
        // The TLS 1.1 relic has no such record: no handshake of it gets so far.
        if *number != 32 {
            assert_eq!(application_bytes(simulator), 0, "{number}");
        }
        let shown = |event: &Event| matches!(event, Event::Handshake { client_certificate: Some(_), .. });
        assert!(!simulator.events().iter().any(shown), "{number}: {:?}", simulator.events());
    }
}

#[test]
fn a_hostile_certificate_makes_a_sighting_of_one_short_line() {
    let subnet = Subnet::start(14, &[(7, machine(SERIAL, showing(hostile_certificate())))]);
    let device = subnet.till(7).serial(SERIAL).build().expect("valid");
    let search = Search::subnets(&subnet.at(7).ip().to_string()).expect("an address");
    let error = find(&device, None, &search).expect_err("nobody vouches for it");
    let [sighting] = error.sightings() else { panic!("{:?}", error.sightings()) };
    assert_eq!((sighting.status, sighting.device_name.as_deref()), (Status::UnknownIssuer, None));
    for text in [sighting.message.clone(), error.message(), error.advice()] {
        assert!(text.chars().count() < 1000, "{text}");
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn a_device_that_moved_is_found_by_the_identity_that_was_paired_with_it() {
    for (net, scheme) in [(2, "https"), (3, "wss")] {
        let mut subnet = Subnet::start(net, &[(7, machine(SERIAL, healthy()))]);
        let (_, simulator) = &subnet.simulators[0];
        let url = format!("{scheme}://{}/", subnet.at(7));
        let till = Device::builder(&url).root_ca_pem(simulator.root_ca_chain_pem()).build().expect("valid");
        let identity = till.pair("1001", &setup_code(simulator)).expect("pairs");

        let found = find(&till, Some(&identity), &subnet.search()).expect("it is where it was");
        assert_eq!((found.url, found.moved), (url, false));

        subnet.simulators.clear();
        let machines = [(7, machine("1850000999", healthy())), (90, machine(SERIAL, healthy()))];
        for (number, machine) in &machines {
            assert!(subnet.add(*number, machine));
        }
        let found = find(&till, Some(&identity), &subnet.search()).expect("it has moved");
        assert_eq!(found.url, format!("{scheme}://{}/", subnet.at(90)));
        assert!(found.moved);
        let other = found.sightings.iter().find(|sighting| sighting.address == subnet.at(7));
        assert!(other.is_none_or(|other| other.serial() == Some("1850000999")), "{other:?}");

        // The URL is ready for use, and it is the same device to the identity.
        let (_, moved) = &subnet.simulators[1];
        let identity = self::identity(moved, "1001");
        let till = Device::builder(&found.url).root_ca_pem(moved.root_ca_chain_pem()).build().expect("valid");
        assert_eq!(till.open_mtls(&identity).expect("opens").server_name(), Some(DEVICE_NAME));
    }
}

#[test]
fn devices_of_every_setting_are_found_without_a_till_certificate() {
    let versions = [TlsVersions::Only12, TlsVersions::Only13, TlsVersions::Both];
    let demands = [
        ClientCertificate::Normal,
        ClientCertificate::NotRequested,
        // Ends the handshake as soon as none is shown, under TLS 1.2 before the till has heard the end.
        ClientCertificate::RequiredAlways,
    ];
    let settings = versions.iter().flat_map(|versions| demands.iter().map(move |demand| (versions, demand)));
    for (tls_versions, client_certificate) in settings {
        let faults =
            Faults { tls_versions: *tls_versions, client_certificate: *client_certificate, ..healthy() };
        let subnet = Subnet::start(4, &[(9, machine(SERIAL, faults))]);
        let till = subnet.till(1).serial(SERIAL).build().expect("valid");
        let found = find(&till, None, &subnet.search());
        let found =
            found.unwrap_or_else(|error| panic!("{tls_versions:?} {client_certificate:?}: {error:?}"));
        assert_eq!(found.address, subnet.at(9));
        let (_, simulator) = &subnet.simulators[0];
        assert_eq!(application_bytes(simulator), 0);
    }
}

#[test]
fn without_a_name_to_prove_nothing_is_dialled() {
    let subnet = Subnet::start(5, &[(1, machine(SERIAL, healthy()))]);
    for check in [IdentityCheck::Domain, IdentityCheck::Address, IdentityCheck::ChainOnly] {
        let till = subnet.till(1).identity_check(check.clone()).build().expect("valid");
        let error = failure(find(&till, None, &subnet.search()), &format!("{check:?}"));
        assert_eq!(error.status(), Status::Argument, "{check:?}: {error:?}");
        assert!(error.message().contains("set its serial number"), "{error:?}");
    }
    let (_, simulator) = &subnet.simulators[0];
    assert!(!simulator.events().iter().any(|event| matches!(event, Event::Connected { .. })));
}

#[test]
fn a_subnet_that_has_to_be_named_is_asked_for() {
    let subnet = Subnet::start(6, &[(1, machine(SERIAL, healthy()))]);
    let till = subnet.till(1).serial(SERIAL).build().expect("valid");
    let error = failure(find(&till, None, &Search::own_subnet()), "the loopback is nobody's network");
    assert_eq!(error.status(), Status::Argument, "{error:?}");
    assert!(error.message().contains("argument \"subnets\": it has to be given"), "{error:?}");
}

#[test]
fn a_url_whose_name_nobody_knows_any_more_does_not_keep_the_subnet_from_being_searched() {
    let subnet = Subnet::start(7, &[(200, machine(SERIAL, healthy()))]);
    let till = Device::builder(&format!("wss://terminal.invalid:{}/", subnet.port))
        .root_ca_pem(simulator().root_ca_chain_pem())
        .serial(SERIAL)
        .build()
        .expect("valid");
    let found = find(&till, None, &subnet.search()).expect("the subnet was given");
    assert_eq!(found.address, subnet.at(200));
    assert!(found.moved);
    let error = failure(find(&till, None, &Search::own_subnet()), "no way to tell which subnet");
    assert_eq!(error.status(), Status::NameNotResolved, "{error:?}");
}

#[test]
fn addresses_that_this_machine_cannot_even_try_do_not_end_the_search() {
    let subnet = Subnet::start(8, &[(200, machine(SERIAL, healthy()))]);
    let till = subnet.till(1).serial(SERIAL).build().expect("valid");
    // One address of each kind that has no route, or no IPv6 to go by, on most machines.
    let list = format!("::1,100::1,127.7.8.3,{}", subnet.at(200).ip());
    let found = find(&till, None, &Search::subnets(&list).expect("valid")).expect("found");
    assert_eq!(found.address, subnet.at(200));
}

#[test]
fn progress_counts_every_address_once_on_the_thread_of_the_caller() {
    let subnet = Subnet::start(9, &[(200, Machine::Http)]);
    let till = subnet.till(1).serial(SERIAL).build().expect("valid");
    let (mut reports, caller) = (Vec::new(), std::thread::current().id());
    let result = find_device(&till, None, &subnet.search(), &mut |progress: SearchProgress| {
        assert_eq!(std::thread::current().id(), caller);
        reports.push((progress.tried, progress.total));
        ControlFlow::Continue(())
    });
    assert_eq!(failure(result, "nobody there").status(), Status::DeviceNotFound);
    assert_eq!(reports.first(), Some(&(0, 254)));
    assert_eq!(reports.last(), Some(&(254, 254)));
    assert!(reports.iter().all(|(_, total)| *total == 254), "{reports:?}");
    assert!(reports.is_sorted_by(|(before, _), (after, _)| before < after), "{reports:?}");
}

#[test]
fn a_search_ends_when_its_progress_says_so() {
    let subnet = Subnet::start(10, &[(200, Machine::Http)]);
    let till = subnet.till(1).serial(SERIAL).build().expect("valid");
    let mut calls = 0;
    let result = find_device(&till, None, &subnet.search(), &mut |_| {
        calls += 1;
        ControlFlow::Break(())
    });
    assert_eq!(failure(result, "ended").status(), Status::Cancelled);
    assert_eq!(calls, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_search_does_not_wait_for_addresses_that_are_silent() {
    let machines: Vec<_> = (1..=70).map(|number| (number, Machine::Silent)).collect();
    let subnet = Subnet::start(11, &machines);
    let till = subnet.till(1).serial(SERIAL).build().expect("valid");
    let search = subnet.search().connect_limit(FOR_EVER).expect("a day is the most");
    let (started, has_started) = mpsc::channel();
    let searching = till.clone();
    let thread = std::thread::spawn(move || {
        find_device(&searching, None, &search, &mut |_| {
            let _ = started.send(());
            ControlFlow::Continue(())
        })
    });
    has_started.recv_timeout(PATIENCE).expect("it begins");
    while connecting(&subnet) < 64 {
        std::thread::yield_now();
    }
    till.interrupt();
    let error = failure(thread.join().expect("no panic"), "interrupted");
    assert_eq!(error.status(), Status::Cancelled, "{error:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn sixty_four_silent_addresses_are_asked_at_a_time_and_no_more() {
    let machines: Vec<_> = (1..=130).map(|number| (number, Machine::Silent)).collect();
    let mut subnet = Subnet::start(12, &machines);
    // Behind them all: it is asked in the third turn, with the two that are left.
    assert!(subnet.add(254, &machine(SERIAL, healthy())));
    let till = subnet.till(1).serial(SERIAL).build().expect("valid");
    let list: Vec<_> = (1..=130).chain([254]).map(|number| subnet.at(number).ip().to_string()).collect();
    let search = Search::subnets(&list.join(",")).expect("valid");
    let search = search.connect_limit(Duration::from_millis(100)).expect("valid");
    let mut at_once = Vec::new();
    let found = find_device(&till, None, &search, &mut |progress| {
        at_once.push((progress.tried, connecting(&subnet)));
        ControlFlow::Continue(())
    });
    assert_eq!(found.expect("found").address, subnet.at(254));
    assert_eq!(at_once.first(), Some(&(0, 0)), "{at_once:?}");
    assert!(at_once.iter().all(|(_, connecting)| *connecting <= 64), "{at_once:?}");
    let (tried, _) = at_once.last().expect("some");
    assert_eq!(*tried, 64 + 64 + 1, "the third turn has but begun: {at_once:?}");
    assert_eq!(connecting(&subnet), 0, "what is not needed any more is closed");
}

/// How many connections to the subnet's silent machines wait for an answer, by the system's own list.
#[cfg(target_os = "linux")]
fn connecting(subnet: &Subnet) -> usize {
    const SYN_SENT: &str = "02";
    let [a, b, c, _] = [127, 7, subnet.net, 0];
    // Little-endian words, so the subnet is the end of the address.
    let suffix = format!("{:02X}{:02X}{:02X}:{:04X}", c, b, a, subnet.port);
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("Linux has it");
    let is_ours = |line: &&str| {
        let mut fields = line.split_whitespace().skip(2);
        fields.next().is_some_and(|remote| remote.ends_with(&suffix)) && fields.next() == Some(SYN_SENT)
    };
    table.lines().filter(is_ours).count()
}
