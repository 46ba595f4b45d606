//! The device's screen in a browser, and the control API below it: HTTP on a port of its own, by a thread of its own, so
//! that a device that hangs or has disappeared can still be asked to come back.
//!
//! A request goes through [`guard`] (who may ask), [`routes`] (the table of what there is) and [`actions`] (what is done,
//! by the same handle that tests hold).

mod actions;
mod answer;
mod body;
mod desk;
mod events;
mod guard;
mod page;
mod refusal;
mod routes;
mod snapshot;

use crate::server::ACCEPT_RETRY;
use crate::{Error, Simulator, pki};
use answer::Answer;
use desk::Desk;
use guard::Guard;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{self, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// A screen that is served. Dropping it closes its connections, ends its thread and waits for that.
pub(crate) struct Control {
    address: SocketAddr,
    token: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Serves this device on this listener, which is bound to this address.
    pub(crate) fn start(
        simulator: Simulator,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Result<Self, Error> {
        let token = (!address.ip().is_loopback()).then(|| hexadecimal(&pki::random_bytes::<TOKEN_BYTES>()));
        let guard = Guard::new(address, token.clone());
        let desk = Arc::new(Desk::new(simulator, hexadecimal(&pki::random_bytes::<INSTANCE_BYTES>()), guard));
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("screen".into())
            .spawn(move || serve(runtime, desk, listener, stopped))
            .map_err(Error::Thread)?;
        Ok(Self { address, token, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        // Nobody can go to "any address"; this machine is one that listens.
        let reachable = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let address = SocketAddr::new(reachable, self.address.port());
        match &self.token {
            Some(token) => format!("http://{address}/?{}={token}", guard::TOKEN_PARAMETER),
            None => format!("http://{address}/"),
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already, and must not become an abort here.
            let _ = thread.join();
        }
    }
}

/// The thread of the screen. Dropping the runtime at the end takes down every connection.
fn serve(runtime: Runtime, desk: Arc<Desk>, listener: TcpListener, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async move {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        tokio::select! {
            () = accept(desk, listener) => {}
            _ = stopped => {}
        }
    });
}

async fn accept(desk: Arc<Desk>, listener: tokio::net::TcpListener) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // Never closed, so there is a place sooner or later.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((tcp, _)) => drop(tokio::spawn(talk(Arc::clone(&desk), tcp, place))),
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

async fn talk(desk: Arc<Desk>, tcp: TcpStream, _place: OwnedSemaphorePermit) {
    let _ = tcp.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let desk = Arc::clone(&desk);
        async move { Ok::<Answer, Infallible>(routes::answer(&desk, request).await) }
    });
    // An error here is a browser that left.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_LIMIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(tcp), service)
        .await;
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 128 bits, which nobody guesses.
const TOKEN_BYTES: usize = 16;

/// Enough to tell one start from the next.
const INSTANCE_BYTES: usize = 4;

/// A browser opens six at most to one server; our own figure, for several browsers and scripts.
const CONNECTIONS_MAX: usize = 64;

/// How long a request's head or body may take, and a connection wait for the next request; our own figure.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// Our own figure; a browser's head is a tenth of it.
const HEAD_BYTES_MAX: usize = 32 * 1024;
