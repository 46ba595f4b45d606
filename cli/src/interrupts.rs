//! Ctrl-C while something is under way, handed to whoever can do something about it. Apart from the exchange, because
//! the handler belongs to the whole process and can be set only once.

use crate::failure::Failure;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

/// The process's Ctrl-C, caught.
pub(crate) struct Interrupts {
    sender: Sender<Signal>,
    receiver: Mutex<Receiver<Signal>>,
    was_pressed: Arc<AtomicBool>,
}

enum Signal {
    CtrlC,
    WorkIsOver,
}

impl Interrupts {
    /// From the return of this function on, Ctrl-C does not end the process any more.
    pub(crate) fn catch() -> Result<Interrupts, Failure> {
        let (sender, receiver) = mpsc::channel();
        let caught = sender.clone();
        let was_pressed = Arc::new(AtomicBool::new(false));
        let pressed = Arc::clone(&was_pressed);
        let on_ctrl_c = move || {
            pressed.store(true, Ordering::SeqCst);
            // Sending fails only while the process ends.
            drop(caught.send(Signal::CtrlC));
        };
        ctrlc::set_handler(on_ctrl_c).map_err(|error| {
            Failure::usage(
                format!("Ctrl-C cannot be watched for: {error}"),
                "Report this to the makers of poslatch.",
            )
        })?;
        Ok(Interrupts { sender, receiver: Mutex::new(receiver), was_pressed })
    }

    /// Whether Ctrl-C was pressed since it is caught, also if nobody has heard it yet.
    pub(crate) fn was_pressed(&self) -> bool {
        self.was_pressed.load(Ordering::SeqCst)
    }

    /// Does the work, and meanwhile calls `on_ctrl_c` on another thread at each Ctrl-C.
    pub(crate) fn during<T>(&self, on_ctrl_c: impl Fn() + Send, work: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            scope.spawn(move || {
                let receiver = self.receiver.lock().unwrap_or_else(|poison| poison.into_inner());
                while let Ok(Signal::CtrlC) = receiver.recv() {
                    on_ctrl_c();
                }
            });
            // Also when the work panics: the scope waits for the thread.
            let _over = Over(&self.sender);
            work()
        })
    }
}

struct Over<'a>(&'a Sender<Signal>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let _ = self.0.send(Signal::WorkIsOver);
    }
}
