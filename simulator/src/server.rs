//! The listener of a device: one task for each connection, one for the code on the screen. Apart from
//! [`crate::connection`], which tells the story of a single one.

use crate::connection;
use crate::device::Device;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Serves until the runtime is dropped; connections and payments go down with it.
pub(crate) async fn run(device: Arc<Device>, listener: TcpListener) {
    let screen = Arc::clone(&device);
    tokio::spawn(async move { screen.code.keep_fresh(&screen.journal).await });
    let mut connection = 0;
    loop {
        match listener.accept().await {
            Ok((tcp, peer)) => {
                connection += 1;
                tokio::spawn(connection::serve(Arc::clone(&device), tcp, peer, connection));
            }
            // A peer that gave up in the queue, or no file descriptor left for the moment.
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

/// Long enough not to spin, short enough not to be noticed.
pub(crate) const ACCEPT_RETRY: Duration = Duration::from_millis(20);
