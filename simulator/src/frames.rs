//! The frames of a channel on their way out, below the WebSocket library. A file of its own because two faults can only be
//! done here: the library answers pings by itself, and it sends nothing that is not a frame.

use crate::device::Device;
use crate::lock;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that go out between two frames.
pub(crate) type Injection = Arc<Mutex<Vec<u8>>>;

pub(crate) struct Frames<S> {
    inner: S,
    device: Arc<Device>,
    injection: Injection,
    position: Position,
    is_dropping: bool,
}

impl<S: AsyncWrite + Unpin> Frames<S> {
    pub(crate) fn new(inner: S, device: Arc<Device>, injection: Injection) -> Self {
        Self { inner, device, injection, position: Position::Start, is_dropping: false }
    }

    fn poll_inject(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.position != Position::Start {
            return Poll::Ready(Ok(()));
        }
        let mut waiting = lock(&self.injection);
        while !waiting.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &waiting))?;
            waiting.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Frames<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Frames<S> {
    /// Takes at most what is left of the current frame.
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_inject(cx))?;
        let Some(first) = buf.first() else { return Poll::Ready(Ok(0)) };
        if this.position == Position::Start {
            this.is_dropping = first & OPCODE == PONG && !this.device.faults().answer_pings;
        }
        let (mut length, mut end) = (0, this.position);
        for byte in buf {
            end = end.after(*byte);
            length += 1;
            if end == Position::Start {
                break;
            }
        }
        let taken = match this.is_dropping {
            true => length,
            false => ready!(Pin::new(&mut this.inner).poll_write(cx, buf.get(..length).unwrap_or_default()))?,
        };
        for byte in buf.iter().take(taken) {
            this.position = this.position.after(*byte);
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_inject(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Where in a frame the next byte stands (RFC 6455, section 5.2). Frames of a server are not masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Start,
    Length,
    LongLength { left: u32, length: u64 },
    Content { left: u64 },
}

impl Position {
    fn after(self, byte: u8) -> Self {
        match self {
            Self::Start => Self::Length,
            Self::Length => match byte & 0x7F {
                126 => Self::LongLength { left: 2, length: 0 },
                127 => Self::LongLength { left: 8, length: 0 },
                short => Self::content(short.into()),
            },
            Self::LongLength { left, length } => {
                let length = length << 8 | u64::from(byte);
                match left {
                    1 => Self::content(length),
                    left => Self::LongLength { left: left - 1, length },
                }
            }
            Self::Content { left } => Self::content(left - 1),
        }
    }

    fn content(left: u64) -> Self {
        if left == 0 { Self::Start } else { Self::Content { left } }
    }
}

const OPCODE: u8 = 0x0F;
const PONG: u8 = 0x0A;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_each_length_end_where_they_end() {
        for (head, content) in [
            (vec![0x8A, 0], 0),
            (vec![0x81, 125], 125),
            (vec![0x81, 126, 1, 0], 256),
            (vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], 65536),
        ] {
            let frame = [head.clone(), vec![0xFF; content]].concat();
            let mut position = Position::Start;
            for (index, byte) in frame.iter().enumerate() {
                position = position.after(*byte);
                assert_eq!(position == Position::Start, index + 1 == frame.len(), "{head:?} at {index}");
            }
        }
    }
}
