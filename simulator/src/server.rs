//! The listener of a device: one task for each connection, one for the code on the screen, and the comings and goings of
//! the device itself. Apart from [`crate::connection`], which tells the story of a single one.

use crate::connection;
use crate::device::{Device, Ending};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;

/// What the device as a whole is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It listens and accepts. What was frozen or is left over from before is reset.
    Back,
    /// It is not there: its port refuses, its connections are reset.
    Gone,
    /// Its system lives and takes connections, its application neither accepts nor reads nor writes.
    Hung,
}

/// An order, and the way back for whoever waits until it has been carried out.
pub(crate) struct Order {
    pub(crate) presence: Presence,
    pub(crate) done: Sender<io::Result<()>>,
}

/// Serves until the runtime is dropped; connections and payments go down with it.
pub(crate) async fn run(
    device: Arc<Device>,
    listener: TcpListener,
    address: SocketAddr,
    mut orders: UnboundedReceiver<Order>,
) {
    let screen = Arc::clone(&device);
    tokio::spawn(async move { screen.code.keep_fresh(&screen.journal).await });
    let mut connection = 0;
    let mut door = Door::Open(listener);
    loop {
        tokio::select! {
            biased;
            Some(order) = orders.recv() => {
                let outcome;
                (door, outcome) = door.turn(order.presence, address);
                device.disturbance.send_replace(Some(match order.presence {
                    Presence::Back | Presence::Gone => Ending::Reset,
                    Presence::Hung => Ending::Frozen,
                }));
                if outcome.is_ok() {
                    device.set_presence(order.presence);
                }
                // Whoever gave it may have given up waiting.
                let _ = order.done.send(outcome);
            }
            (tcp, peer) = door.accept() => {
                connection += 1;
                let disturbed = device.disturbance.subscribe();
                tokio::spawn(connection::serve(Arc::clone(&device), tcp, peer, connection, disturbed));
            }
        }
    }
}

/// The port of the device.
enum Door {
    Open(TcpListener),
    /// It listens, and nobody accepts.
    Unattended(TcpListener),
    /// It is held, so that nobody else gets it, and refuses.
    Shut(Option<TcpSocket>),
}

impl Door {
    fn turn(self, presence: Presence, address: SocketAddr) -> (Self, io::Result<()>) {
        match (presence, self) {
            (Presence::Gone, Self::Shut(socket)) => (Self::Shut(socket), Ok(())),
            (Presence::Gone, Self::Open(listener) | Self::Unattended(listener)) => {
                drop(listener);
                match hold(address) {
                    Ok(socket) => (Self::Shut(Some(socket)), Ok(())),
                    Err(error) => (Self::Shut(None), Err(error)),
                }
            }
            (Presence::Hung, Self::Open(listener) | Self::Unattended(listener)) => {
                (Self::Unattended(listener), Ok(()))
            }
            (Presence::Back, Self::Open(listener) | Self::Unattended(listener)) => {
                (Self::Open(listener), Ok(()))
            }
            (presence, Self::Shut(socket)) => {
                match socket.map_or_else(|| hold(address), Ok).and_then(|socket| socket.listen(BACKLOG)) {
                    Ok(listener) if presence == Presence::Hung => (Self::Unattended(listener), Ok(())),
                    Ok(listener) => (Self::Open(listener), Ok(())),
                    Err(error) => (Self::Shut(None), Err(error)),
                }
            }
        }
    }

    async fn accept(&self) -> (TcpStream, SocketAddr) {
        let Self::Open(listener) = self else { return std::future::pending().await };
        loop {
            match listener.accept().await {
                Ok(accepted) => return accepted,
                // A peer that gave up in the queue, or no file descriptor left for the moment.
                Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
            }
        }
    }
}

/// Takes the port without listening on it.
///
/// A process that starts another one gives it all of its sockets, until that one has become the other program. So a
/// listener that was closed here may live on for milliseconds, and the port is in use as long.
fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let begun = Instant::now();
    loop {
        match try_to_hold(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && begun.elapsed() < HOLD_LIMIT => {
                std::thread::sleep(HOLD_RETRY);
            }
            result => return result,
        }
    }
}

fn try_to_hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // As for the first listener: connections of before may still be known to the system.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// As many as the standard library asks for.
const BACKLOG: u32 = 128;

/// Long enough not to spin, short enough not to be noticed.
pub(crate) const ACCEPT_RETRY: Duration = Duration::from_millis(20);

/// Whoever has the port then is somebody else.
const HOLD_LIMIT: Duration = Duration::from_secs(2);
const HOLD_RETRY: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn port_is_taken_over_although_a_process_that_starts_has_the_listener_for_a_moment() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("set");
        let address = listener.local_addr().expect("bound");
        let of_another_process = listener.try_clone().expect("a second handle");
        assert!(try_to_hold(address).is_err(), "a listener that lives on has to be in the way");
        let starts = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(of_another_process);
        });
        let door = Door::Open(TcpListener::from_std(listener).expect("a listener"));
        let (door, turned) = door.turn(Presence::Gone, address);
        turned.expect("taken over");
        assert!(matches!(door, Door::Shut(Some(_))));
        starts.join().expect("no panic");
    }
}
