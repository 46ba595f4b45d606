//! A TCP stream whose every read and write ends with the call it belongs to.
//!
//! Each operation gets what is left until the deadline as its time-out, and an interrupt shuts the
//! socket down under it. The deadline is shared, so that a kept-alive connection deep inside an
//! HTTP client gets a new one for each exchange.

use super::deadline::Deadline;
use super::interrupt::{Interrupt, lock};
use crate::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

/// A deadline that can be moved while a stream deep inside something else uses it.
#[derive(Clone)]
pub(crate) struct SharedDeadline(Arc<Mutex<Deadline>>);

impl SharedDeadline {
    pub(super) fn new(deadline: Deadline) -> SharedDeadline {
        SharedDeadline(Arc::new(Mutex::new(deadline)))
    }

    pub(crate) fn set(&self, deadline: Deadline) {
        *lock(&self.0) = deadline;
    }

    pub(crate) fn get(&self) -> Deadline {
        *lock(&self.0)
    }
}

pub(super) struct Socket {
    tcp: Arc<TcpStream>,
    deadline: SharedDeadline,
    interrupt: Arc<Interrupt>,
}

impl Socket {
    pub(super) fn new(
        tcp: TcpStream,
        deadline: Deadline,
        interrupt: &Arc<Interrupt>,
    ) -> Result<Socket, Error> {
        let tcp = Arc::new(tcp);
        let weak = Arc::downgrade(&tcp);
        interrupt.arm(move || {
            // Weak: an interrupt that is kept must not keep the socket open.
            if let Some(tcp) = weak.upgrade() {
                hang_up(&tcp);
            }
        })?;
        Ok(Socket { tcp, deadline: SharedDeadline::new(deadline), interrupt: interrupt.clone() })
    }

    pub(super) fn tcp(&self) -> &Arc<TcpStream> {
        &self.tcp
    }

    pub(super) fn deadline(&self) -> &SharedDeadline {
        &self.deadline
    }

    pub(super) fn interrupt(&self) -> &Arc<Interrupt> {
        &self.interrupt
    }

    fn remaining(&self) -> io::Result<std::time::Duration> {
        self.deadline.get().remaining().ok_or_else(|| io::ErrorKind::TimedOut.into())
    }
}

/// Gives a connection up for good: whoever waits on it, on any thread, or tries to later, gets its end
/// at once.
pub(crate) fn hang_up(tcp: &TcpStream) {
    // Fails only when the connection is gone already.
    let _ = tcp.shutdown(Shutdown::Both);
    #[cfg(windows)]
    crate::ffi::pending::cancel(tcp);
}

/// Reads what there is, or waits for it within the stream's read time-out.
pub(crate) fn read(mut tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    // Windows does not promise that a read whose time is up has taken nothing. A look takes nothing,
    // and what it has seen is then read without waiting.
    #[cfg(windows)]
    tcp.peek(&mut [0])?;
    tcp.read(buffer)
}

/// Whether the operation only ran into its time-out, or was disturbed by a signal.
pub(crate) fn comes_again(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => true,
        // On Windows the word for the same; elsewhere the system has given the device up.
        io::ErrorKind::TimedOut => cfg!(windows),
        _ => false,
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.tcp.set_read_timeout(Some(self.remaining()?))?;
            match read(&self.tcp, buffer) {
                Err(error) if comes_again(&error) => continue,
                result => return result,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.tcp.set_write_timeout(Some(self.remaining()?))?;
            match (&*self.tcp).write(bytes) {
                Err(error) if comes_again(&error) => continue,
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
