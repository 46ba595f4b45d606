//! A network without mercy, between a till and a device: a TCP proxy that cuts, resets, stalls and slows at any byte of
//! either direction. It knows nothing of TLS. The handle that tests hold is here; what a connection is to suffer is in
//! [`plan`], how it comes about in [`passage`] and [`leg`], what a test may learn of it in [`record`].

mod leg;
mod passage;
mod plan;
mod record;

pub use plan::{Break, BreakKind, Direction, Leg, Pace, Plan};
pub use record::{LegState, Passage, PassageEnd};

use crate::server::ACCEPT_RETRY;
use crate::simulator::listen;
use crate::{Error, Timeout, lock};
use record::Record;
use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

/// A running proxy. Dropping it closes every connection, ends its thread and waits for that.
///
/// It costs a thread and a listening socket, made in well under a millisecond, so a test may have one for each run: then
/// its first connection is the run's.
///
/// ```
/// use poslatch_simulator::{BreakKind, Direction, FaultProxy, Leg, Plan, Simulator};
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
/// use std::time::Duration;
///
/// let patience = Duration::from_secs(20);
/// let device = Simulator::builder().start()?;
/// for after in 0..3 {
///     let leg = Leg::broken(BreakKind::Cut, after);
///     let network = FaultProxy::start(device.address(), Plan::on(Direction::ToDevice, leg))?;
///
///     // In place of this, the library under test connects to `network.address()`.
///     let mut till = TcpStream::connect(network.address())?;
///     till.write_all(b"hello")?;
///     assert_eq!(till.read(&mut [0; 1])?, 0, "cut in good order");
///     drop(till);
///
///     // What the network did: was that byte reached at all?
///     let passage = network.wait_until_ended(1, patience)?;
///     assert!(passage.is_broken());
///     assert_eq!(passage.to_device.forwarded, after);
///     // What the device made of it; complete, since it holds the end of the connection.
///     let peer = passage.seen_by_device.expect("the device was reached");
///     assert!(!device.wait_for_story(peer, patience)?.is_empty());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FaultProxy {
    record: Arc<Record>,
    plans: Arc<Mutex<Plans>>,
    address: SocketAddr,
    upstream: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Starts a proxy before the device at `upstream`, on a free port of the loopback; it listens when this returns.
    ///
    /// # Errors
    /// [`Error::Listen`] and [`Error::Thread`] for a system that cannot do it.
    pub fn start(upstream: SocketAddr, plan: Plan) -> Result<Self, Error> {
        let (listener, address) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let record = Arc::new(Record::default());
        let plans = Arc::new(Mutex::new(Plans { next: VecDeque::new(), standing: plan }));
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let acceptor = Acceptor { record: Arc::clone(&record), plans: Arc::clone(&plans), upstream };
        let thread = thread::Builder::new()
            .name(format!("network-{}", address.port()))
            .spawn(move || serve(runtime, acceptor, listener, stopped))
            .map_err(Error::Thread)?;
        Ok(Self { record, plans, address, upstream, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the address that tills connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the device.
    pub fn upstream(&self) -> SocketAddr {
        self.upstream
    }

    /// Sets the plan of every connection that is accepted from now on, unless one is queued for it.
    pub fn set_plan(&self, plan: Plan) {
        lock(&self.plans).standing = plan;
    }

    /// Adds a plan for one connection: the next that is accepted and has none queued before it.
    pub fn queue_plan(&self, plan: Plan) {
        lock(&self.plans).next.push_back(plan);
    }

    /// Ends every running connection as [`BreakKind::Cut`] does; returns once no byte passes any more.
    pub fn cut_all(&self) {
        self.record.order_all(|order| order.end = Some(BreakKind::Cut));
    }

    /// Ends every running connection as [`BreakKind::Reset`] does; returns once no byte passes any more.
    pub fn reset_all(&self) {
        self.record.order_all(|order| order.end = Some(BreakKind::Reset));
    }

    /// Stalls both directions of every running connection as [`BreakKind::Stall`] does; returns once no byte passes any
    /// more. Connections that are accepted later are not stalled: for that there is [`Self::set_plan`].
    pub fn stall_all(&self) {
        self.record.order_all(|order| order.stall = true);
    }

    /// Lets every stalled connection go on, whether it was stalled by order or by its plan; not a byte is missing.
    pub fn heal(&self) {
        self.record.order_all(|order| {
            order.stall = false;
            order.heals += 1;
        });
    }

    /// Returns the state of every connection so far, in the order of acceptance.
    pub fn passages(&self) -> Vec<Passage> {
        self.record.passages()
    }

    /// Waits until `find` finds something in the state of the connections; it is asked now and after each change.
    ///
    /// # Errors
    /// [`Timeout`], which holds that state, if it found nothing in time.
    pub fn wait_for<T>(
        &self,
        find: impl FnMut(&[Passage]) -> Option<T>,
        timeout: Duration,
    ) -> Result<T, Timeout<Passage>> {
        self.record.wait_for(find, timeout)
    }

    /// Waits until the passing on this connection has ended, and returns its last state.
    ///
    /// # Errors
    /// [`Timeout`], if there was no such connection or it goes on.
    pub fn wait_until_ended(&self, number: u64, timeout: Duration) -> Result<Passage, Timeout<Passage>> {
        self.wait_for(
            |passages| {
                passages.iter().find(|passage| passage.number == number && passage.ended.is_some()).cloned()
            },
            timeout,
        )
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic on the proxy's thread has been printed already, and must not become an abort here.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy")
            .field("address", &self.address)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

/// The plans of connections to come.
struct Plans {
    next: VecDeque<Plan>,
    standing: Plan,
}

struct Acceptor {
    record: Arc<Record>,
    plans: Arc<Mutex<Plans>>,
    upstream: SocketAddr,
}

impl Acceptor {
    async fn run(self, listener: tokio::net::TcpListener) {
        loop {
            let Ok((till, peer)) = listener.accept().await else {
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            };
            let plan = {
                let mut plans = lock(&self.plans);
                plans.next.pop_front().unwrap_or(plans.standing)
            };
            let (number, orders) = self.record.open(peer, plan);
            let record = Arc::clone(&self.record);
            tokio::spawn(passage::serve(record, till, self.upstream, number, plan, orders));
        }
    }
}

/// The proxy's thread. Dropping the runtime at the end closes every connection.
fn serve(runtime: Runtime, acceptor: Acceptor, listener: TcpListener, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async move {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        tokio::select! {
            () = acceptor.run(listener) => {}
            _ = stopped => {}
        }
    });
}
