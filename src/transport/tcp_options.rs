//! What every TCP connection of ours is set to.
//!
//! Keep-alive is the second guard against a device that is gone: it works where the device answers no
//! WebSocket pings, and over HTTPS, which has none. It asks the device's machine, not the app.

use socket2::{SockRef, TcpKeepalive};
use std::net::TcpStream;
use std::time::Duration;

/// Quiet time before the first probe.
const PROBE_AFTER: Duration = Duration::from_secs(15);
/// Time between probes. With three of them, a machine that is gone is noticed after 30 s.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// How long bytes may stay unacknowledged; without it Linux tries for a quarter of an hour.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(30);

/// Sets what can be set; a system that knows less gives a connection that is less watchful.
pub(super) fn set(tcp: &TcpStream) {
    // Messages are small and awaited: waiting to fill a packet only adds delay.
    let _ = tcp.set_nodelay(true);
    let socket = SockRef::from(tcp);
    let keep_alive = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_EVERY);
    // Windows counts to ten by itself.
    #[cfg(not(windows))]
    let keep_alive = keep_alive.with_retries(3);
    let _ = socket.set_tcp_keepalive(&keep_alive);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX));
}
