//! What the program waits for: the device's record, signals, the end of standard input. One queue for all three, so that
//! the main loop can sleep.

use poslatch_simulator::Event;
use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

pub(crate) enum Input {
    Event(Event),
    SecondPassed,
    Stop,
}

pub(crate) struct Inputs {
    sender: Sender<Input>,
    receiver: Receiver<Input>,
}

impl Inputs {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver }
    }

    pub(crate) fn next(&self) -> Input {
        // The queue cannot be closed, since its sender is here: an error is the time that has passed.
        self.receiver.recv_timeout(Duration::from_secs(1)).unwrap_or(Input::SecondPassed)
    }

    pub(crate) fn observer(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let sender = self.sender.clone();
        // Sending fails only while the program ends.
        move |event| drop(sender.send(Input::Event(event.clone())))
    }

    /// From the return of this function on, no signal is missed.
    pub(crate) fn stop_on_signals(&self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let signals = {
            let _inside = runtime.enter();
            Signals::watch()?
        };
        let sender = self.sender.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(signals.next());
            let _ = sender.send(Input::Stop);
        })?;
        Ok(())
    }

    pub(crate) fn stop_at_end_of_stdin(&self) {
        let sender = self.sender.clone();
        thread::spawn(move || {
            let mut scratch = [0; 256];
            while io::stdin().read(&mut scratch).is_ok_and(|count| count > 0) {}
            let _ = sender.send(Input::Stop);
        });
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn watch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(mut self) {
        self.interrupt.recv().await;
    }
}
