//! The plaintext side of a connection, above TLS: counts what arrives, and keeps the stream in reach. HTTP and WebSocket
//! libraries swallow the stream that they are given; a handle that stays outside lets the device choose how it ends.

use crate::device::{Device, Ending};
use crate::wire::Wire;
use crate::{Event, lock};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::server::TlsStream;

/// Clones are handles to the same stream; one of them at a time is used.
#[derive(Clone)]
pub(crate) struct Plain {
    tls: Arc<Mutex<TlsStream<Wire>>>,
    received: Arc<AtomicU64>,
    device: Arc<Device>,
    connection: u64,
}

impl Plain {
    pub(crate) fn new(tls: TlsStream<Wire>, device: Arc<Device>, connection: u64) -> Self {
        Self { tls: Arc::new(Mutex::new(tls)), received: Arc::default(), device, connection }
    }

    /// Bytes received so far.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Ends the connection.
    pub(crate) async fn end(mut self, ending: Ending) {
        match ending {
            Ending::Frozen => std::future::pending().await,
            Ending::Orderly => {
                // Errors and a peer that never closes change nothing: the connection is over either way.
                let _ = tokio::time::timeout(LINGER_MAX, self.close()).await;
            }
            Ending::Reset => {
                lock(&self.tls).get_ref().0.reset_on_drop();
            }
        }
    }

    /// Says goodbye, then reads on until the peer is gone: see [`Wire::close_after_failed_handshake`].
    async fn close(&mut self) -> io::Result<()> {
        self.shutdown().await?;
        let mut scratch = [0; 4096];
        while self.read(&mut scratch).await? > 0 {}
        Ok(())
    }
}

impl AsyncRead for Plain {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut *lock(&self.tls)).poll_read(cx, buf);
        let arrived = buf.filled().len().saturating_sub(before);
        if arrived > 0 {
            let arrived = arrived as u64;
            let total = self.received.fetch_add(arrived, Ordering::Relaxed) + arrived;
            self.device.journal.record(Event::ApplicationBytes { connection: self.connection, total });
        }
        polled
    }
}

impl AsyncWrite for Plain {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *lock(&self.tls)).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.tls)).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *lock(&self.tls)).poll_shutdown(cx)
    }
}

/// How long a peer may take to close its side; our own figure, generous on a LAN.
pub(crate) const LINGER_MAX: Duration = Duration::from_secs(2);
