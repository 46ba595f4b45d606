//! The record of a device or of the cloud: append-only, and able to wake whoever waits for an entry. A file of its own because it is
//! the one place where the device's thread meets the threads of tests.

use crate::{Event, Timeout, lock};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Sees each entry as it is written.
pub(crate) type Observer<E = Event> = Box<dyn Fn(&E) + Send + Sync>;

pub(crate) struct Journal<E = Event> {
    events: Mutex<Vec<E>>,
    grown: Condvar,
    observer: Option<Observer<E>>,
}

impl<E: Clone> Journal<E> {
    pub(crate) fn new(observer: Option<Observer<E>>) -> Self {
        Self { events: Mutex::new(Vec::new()), grown: Condvar::new(), observer }
    }

    pub(crate) fn record(&self, event: E) {
        let mut events = lock(&self.events);
        // Under the lock, so that the observer sees the order that the record has.
        if let Some(observer) = &self.observer {
            observer(&event);
        }
        events.push(event);
        drop(events);
        self.grown.notify_all();
    }

    pub(crate) fn forget(&self) {
        // The memory, too: that is what it is asked for.
        *lock(&self.events) = Vec::new();
    }

    pub(crate) fn events(&self) -> Vec<E> {
        lock(&self.events).clone()
    }

    pub(crate) fn wait_for<T>(
        &self,
        mut find: impl FnMut(&[E]) -> Option<T>,
        timeout: Duration,
    ) -> Result<T, Timeout<E>> {
        let end = Instant::now() + timeout;
        let mut events = lock(&self.events);
        loop {
            if let Some(found) = find(&events) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Timeout { waited: timeout, events: events.clone() });
            }
            events = self.grown.wait_timeout(events, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_written_by_another_thread_ends_the_wait() {
        let journal = Journal::<Event>::new(None);
        std::thread::scope(|scope| {
            let waiting = scope
                .spawn(|| journal.wait_for(|events| events.first()?.connection(), Duration::from_secs(10)));
            journal.record(Event::Disconnected { connection: 7 });
            assert_eq!(waiting.join().expect("no panic").ok(), Some(7));
        });
    }

    #[test]
    fn timeout_shows_what_was_recorded() {
        let journal = Journal::<Event>::new(None);
        journal.record(Event::Disconnected { connection: 3 });
        let timeout = journal.wait_for(|_| None::<()>, Duration::ZERO).expect_err("nothing to find");
        assert_eq!(timeout.events.len(), 1, "{timeout}");
    }
}
