//! The listener of a device: one task for each connection, one for the code on the screen, and the comings and goings of
//! the device itself. Apart from [`crate::connection`], which tells the story of a single one.

use crate::connection;
use crate::device::{Device, Ending};
use crate::port::{self, Keeper};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
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
    keeper: Keeper,
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
                (door, outcome) = door.turn(order.presence, &keeper).await;
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
    async fn turn(self, presence: Presence, keeper: &Keeper) -> (Self, io::Result<()>) {
        match (presence, self) {
            (Presence::Gone, Self::Shut(socket)) => (Self::Shut(socket), Ok(())),
            (Presence::Gone, Self::Open(listener) | Self::Unattended(listener)) => {
                drop(listener);
                match keeper.hold().await {
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
                let held = match socket {
                    Some(socket) => Ok(socket),
                    None => keeper.hold().await,
                };
                match held.and_then(|socket| socket.listen(port::BACKLOG)) {
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

/// Long enough not to spin, short enough not to be noticed.
pub(crate) const ACCEPT_RETRY: Duration = Duration::from_millis(20);
