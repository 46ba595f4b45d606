//! What a search costs on a subnet whose addresses are silent, as those of machines that are not there: `cargo
//! bench --profile dev --bench find`. Linux only.
//!
//! Each silent address has a listener whose queue is full, so that the system drops who wants to connect
//! without an answer. An address where nothing listens would refuse at once, which costs nothing.

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("other systems refuse where Linux is silent");
}

#[cfg(target_os = "linux")]
mod linux {
    use poslatch::{Device, Search, find_device};
    use poslatch_simulator::Simulator;
    use socket2::{Domain, Socket, Type};
    use std::net::{SocketAddr, TcpStream};
    use std::ops::ControlFlow;
    use std::time::Instant;

    const SILENT: u8 = 250;

    pub(super) fn main() {
        let device = Simulator::builder()
            .serial("1850000123")
            .listen(SocketAddr::from(([127, 8, 1, 251], 0)))
            .start()
            .expect("starts");
        let at = |number| SocketAddr::from(([127, 8, 1, number], device.address().port()));
        let _silent: Vec<_> = (1..=SILENT).map(|number| silent(at(number))).collect();
        let till = |serial: &str| {
            Device::builder(&format!("wss://{}/", at(1)))
                .root_ca_pem(device.root_ca_chain_pem())
                .serial(serial)
                .build()
                .expect("valid")
        };
        for (what, serial) in [("the last one of all is it", "1850000123"), ("nobody is it", "1850000999")] {
            let search = Search::subnets("127.8.1.0/24").expect("a subnet");
            let begun = Instant::now();
            let result = find_device(&till(serial), None, &search, &mut |_| ControlFlow::Continue(()));
            let took = begun.elapsed().as_secs_f32();
            println!("{SILENT} silent addresses, {what}: {took:.2} s ({:?})", result.map(|found| found.url));
        }
    }

    fn silent(address: SocketAddr) -> (Socket, TcpStream) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&address.into()).expect("a port that is free at every address: try again");
        socket.listen(0).expect("listens");
        let queued = TcpStream::connect(address).expect("the only room there is");
        (socket, queued)
    }
}
