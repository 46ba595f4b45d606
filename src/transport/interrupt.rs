//! A switch, turned once from any thread, that makes a blocking call return.
//!
//! Blocking calls cannot be asked to look at a flag, so each phase of a call arms the switch with
//! what wakes it: a message to a waiting channel, or the shutting down of the socket. Nothing polls.

use crate::error::{Error, Kind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

type Wake = Box<dyn FnOnce() + Send>;

/// One call's, and later one connection's, switch. Once fired it stays fired.
#[derive(Default)]
pub(crate) struct Interrupt {
    state: Mutex<State>,
    fired: Condvar,
}

#[derive(Default)]
struct State {
    fired: bool,
    wake: Option<Wake>,
}

impl Interrupt {
    /// Wakes whoever has armed the switch, and everyone who will. Tells whether this was the first time.
    pub(crate) fn fire(&self) -> bool {
        let (is_first, wake) = {
            let mut state = lock(&self.state);
            (!std::mem::replace(&mut state.fired, true), state.wake.take())
        };
        self.fired.notify_all();
        // Outside the lock: the waker may be about to arm the switch again.
        if let Some(wake) = wake {
            wake();
        }
        is_first
    }

    pub(crate) fn is_fired(&self) -> bool {
        lock(&self.state).fired
    }

    /// Sets what wakes the present phase, in place of the former one.
    ///
    /// # Errors
    /// *Cancelled*, if the switch was fired before.
    pub(crate) fn arm(&self, wake: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let mut state = lock(&self.state);
        if state.fired {
            return Err(Kind::Cancelled.into());
        }
        state.wake = Some(Box::new(wake));
        Ok(())
    }

    /// Lets the time pass.
    ///
    /// # Errors
    /// *Cancelled*, as soon as the switch is fired.
    pub(crate) fn wait(&self, time: Duration) -> Result<(), Error> {
        let quiet = |state: &mut State| !state.fired;
        let (state, _) = self
            .fired
            .wait_timeout_while(lock(&self.state), time, quiet)
            .unwrap_or_else(PoisonError::into_inner);
        if state.fired { Err(Kind::Cancelled.into()) } else { Ok(()) }
    }
}

/// The running calls of one device, for `interrupt` on the device.
#[derive(Default)]
pub(crate) struct RunningCalls {
    calls: Mutex<Vec<Weak<Interrupt>>>,
}

impl RunningCalls {
    /// A switch for a call that begins now. The call ends when the last `Arc` is dropped, or when it
    /// is [released](RunningCalls::release).
    pub(crate) fn begin(&self) -> Arc<Interrupt> {
        let interrupt = Arc::new(Interrupt::default());
        let mut calls = lock(&self.calls);
        calls.retain(|call| call.strong_count() > 0);
        calls.push(Arc::downgrade(&interrupt));
        interrupt
    }

    /// Takes a call out: what it opened lives on and is closed by its own means.
    pub(crate) fn release(&self, interrupt: &Arc<Interrupt>) {
        lock(&self.calls).retain(|call| !std::ptr::eq(call.as_ptr(), Arc::as_ptr(interrupt)));
    }

    pub(crate) fn interrupt(&self) {
        // Under the lock, so that a call that was released meanwhile is not hit any more.
        for call in lock(&self.calls).iter().filter_map(Weak::upgrade) {
            call.fire();
        }
    }
}

/// Locks, also after a panic of another thread: what these mutexes guard is valid at every step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
