//! The TCP side of a connection, below TLS. A file of its own because one fault, a close without an alert, can only be
//! done here: by then the TLS library has already decided to send one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

pub(crate) struct Wire {
    tcp: TcpStream,
    muted: Arc<AtomicBool>,
    resets: Arc<AtomicBool>,
}

impl Wire {
    /// Either switch works at any time: the first silences it, the second makes its close a reset.
    pub(crate) fn new(tcp: TcpStream, muted: Arc<AtomicBool>, resets: Arc<AtomicBool>) -> Self {
        Self { tcp, muted, resets }
    }

    /// Whether a fault has silenced it.
    pub(crate) fn is_muted(&self) -> bool {
        self.muted.load(Ordering::Relaxed)
    }

    /// Makes the coming close a reset.
    pub(crate) fn reset_on_drop(&self) {
        self.resets.store(true, Ordering::Relaxed);
    }

    /// Ends the stream and waits for the peer's end.
    ///
    /// A socket that is closed with unread bytes in it sends a reset, which can overtake the alert on the peer's side.
    pub(crate) async fn close_after_failed_handshake(mut self) -> io::Result<()> {
        self.tcp.shutdown().await?;
        let mut scratch = [0; 4096];
        while self.tcp.read(&mut scratch).await? > 0 {}
        Ok(())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.resets.load(Ordering::Relaxed) {
            // If the socket does not take it, it is broken already.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_muted() {
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
