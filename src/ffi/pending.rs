//! Ends what threads are waiting for on a socket.
//!
//! On other systems shutting a socket down does that. On Windows it lets nobody begin to wait, but
//! whoever waits already goes on waiting, for as long as the device stays silent
//! (<https://github.com/rust-lang/rust/issues/121594>).

use std::net::TcpStream;
use std::os::windows::io::AsRawSocket;
use std::ptr::null;
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::IO::CancelIoEx;

/// Has every read and write that waits on this socket, on whichever thread, fail at once. Nothing is
/// changed for those that come later, so the socket is shut down before.
pub(crate) fn cancel(socket: &TcpStream) {
    let handle = socket.as_raw_socket() as HANDLE;
    // SAFETY: the handle is open as long as the stream, which is borrowed; without a pointer to one
    // operation, all of the handle are meant. Fails only if none is waiting.
    unsafe { CancelIoEx(handle, null()) };
}

#[cfg(test)]
mod tests {
    use crate::transport::socket::hang_up;
    use std::io::Read;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn read_that_waits_for_a_silent_peer_ends_when_its_socket_is_hung_up() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listens");
        let tcp = Arc::new(TcpStream::connect(listener.local_addr().expect("address")).expect("connects"));
        let (_silent, _) = listener.accept().expect("accepts");
        let (waiting, reader) = (mpsc::channel(), tcp.clone());
        let sender = waiting.0;
        let thread = std::thread::spawn(move || {
            let mut reader = &*reader;
            let mut ends = 0;
            // A read that was cancelled ends with an error; the next one must not wait any more.
            while reader.read(&mut [0; 1]).is_err() {
                ends += 1;
            }
            sender.send(ends).expect("somebody waits");
        });
        // There is no event for a thread that waits. If it does not yet, its read ends all the same.
        std::thread::sleep(Duration::from_millis(200));
        hang_up(&tcp);
        let ends: u32 = waiting.1.recv_timeout(Duration::from_secs(10)).expect("the read has ended");
        assert!(ends <= 1, "{ends} reads were cancelled");
        thread.join().expect("no panic");
    }
}
