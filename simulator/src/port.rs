//! The port of a device: taken at the start and kept to the end, whether or not somebody listens on it. Apart from
//! [`crate::server`], which opens and shuts it, because how a port can be kept is a matter of the system.

use crate::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::net::TcpSocket;

/// What keeps the port while nobody listens on it.
pub(crate) struct Keeper {
    address: SocketAddr,
    /// A socket that is bound and never listens.
    _socket: Option<TcpSocket>,
}

/// Listens on this address, and keeps its port from now on. On the caller's thread, so that a taken port is the caller's
/// error.
pub(crate) fn take(address: SocketAddr) -> Result<(TcpListener, Keeper), Error> {
    let take = || {
        let keeper = Keeper::new(address)?;
        let listener = TcpListener::bind(keeper.address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, Keeper { address, ..keeper }))
    };
    take().map_err(|source| Error::Listen { address, source })
}

impl Keeper {
    /// Linux lets several sockets bind one port as long as none of them listens, and one of them listen then; to whoever
    /// asks for any free port it is taken. So there is no moment between listening and holding in which it is free.
    #[cfg(target_os = "linux")]
    fn new(address: SocketAddr) -> io::Result<Self> {
        let socket = bound(address)?;
        Ok(Self { address: socket.local_addr()?, _socket: Some(socket) })
    }

    /// Elsewhere a second socket is either refused or could steal connections.
    #[cfg(not(target_os = "linux"))]
    fn new(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { address, _socket: None })
    }

    /// Where the device listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a socket that is bound to the port and does not listen yet, once the listener of before is closed.
    pub(crate) async fn hold(&self) -> io::Result<TcpSocket> {
        let mut attempt = 1;
        loop {
            match bound(self.address) {
                // Where there is no keeper, a connection of another program may have been given the port just now.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempt < ATTEMPTS_MAX => {
                    attempt += 1;
                    tokio::time::sleep(ATTEMPT_PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // As the standard library does for a listener: connections of before may still be known to the system.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// As many as the standard library asks for.
pub(crate) const BACKLOG: u32 = 128;

/// Two seconds in all: short connections are over by then, and nobody waits long for what will not come.
const ATTEMPTS_MAX: u32 = 100;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn any() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 0).into()
    }

    #[test]
    fn port_that_somebody_listens_on_is_refused() {
        let (_listener, keeper) = take(any()).expect("a port");
        let refused = take(keeper.address()).err();
        assert!(matches!(&refused, Some(Error::Listen { address, .. }) if *address == keeper.address()));
        let elsewhere = TcpListener::bind(any()).expect("a port");
        assert!(take(elsewhere.local_addr().expect("an address")).is_err());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn port_stays_taken_when_its_listener_is_closed() {
        let (listener, keeper) = take(any()).expect("a port");
        drop(listener);
        // Without SO_REUSEADDR, as the system itself does it for an outgoing connection.
        let socket = TcpSocket::new_v4().expect("a socket");
        let error = socket.bind(keeper.address()).expect_err("a port that is kept");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
