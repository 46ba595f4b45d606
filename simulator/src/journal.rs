//! The record of a device or of the cloud: append-only, and able to wake whoever waits for an entry. A file of its own because it is
//! the one place where the device's thread meets the threads of tests.

use crate::{Event, Timeout, lock};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

/// Sees each entry as it is written.
pub(crate) type Observer<E = Event> = Box<dyn Fn(&E) + Send + Sync>;

pub(crate) struct Journal<E = Event> {
    record: Mutex<Record<E>>,
    grown: Condvar,
    /// The same for tasks; what it counts means nothing.
    news: watch::Sender<u64>,
    observer: Option<Observer<E>>,
    entries_max: usize,
}

struct Record<E> {
    events: Vec<E>,
    /// When each of them was written.
    times: Vec<SystemTime>,
    /// How many there were before the first of them.
    forgotten: u64,
}

/// An entry with its number, from 1, and its time.
#[derive(Debug, Clone)]
pub(crate) struct Entry<E = Event> {
    pub(crate) id: u64,
    pub(crate) time: SystemTime,
    pub(crate) event: E,
}

impl<E: Clone> Journal<E> {
    pub(crate) fn new(observer: Option<Observer<E>>) -> Self {
        Self::bounded(observer, usize::MAX)
    }

    /// One that forgets its oldest entries when there are more than this many.
    pub(crate) fn bounded(observer: Option<Observer<E>>, entries_max: usize) -> Self {
        let record = Record { events: Vec::new(), times: Vec::new(), forgotten: 0 };
        Self {
            record: Mutex::new(record),
            grown: Condvar::new(),
            news: watch::Sender::new(0),
            observer,
            entries_max,
        }
    }

    pub(crate) fn record(&self, event: E) {
        let mut record = lock(&self.record);
        // Under the lock, so that the observer sees the order that the record has.
        if let Some(observer) = &self.observer {
            observer(&event);
        }
        record.events.push(event);
        record.times.push(SystemTime::now());
        if record.events.len() > self.entries_max {
            // Half of them at once, so that most entries cost nothing.
            let count = record.events.len().div_ceil(2);
            record.events.drain(..count);
            record.times.drain(..count);
            record.forgotten += count as u64;
        }
        drop(record);
        self.grown.notify_all();
        self.tell();
    }

    /// Wakes those who watch the device for a change that is not on record.
    pub(crate) fn tell(&self) {
        self.news.send_modify(|news| *news = news.wrapping_add(1));
    }

    /// Tells of every new entry, and of what [`Self::tell`] tells of.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Returns at most this many entries with numbers above `id`, oldest first.
    pub(crate) fn after(&self, id: u64, count_max: usize) -> Vec<Entry<E>> {
        let record = lock(&self.record);
        let skipped = usize::try_from(id.saturating_sub(record.forgotten)).unwrap_or(usize::MAX);
        let entries = record.events.iter().zip(&record.times).enumerate().skip(skipped).take(count_max);
        let entry = |(index, (event, time)): (usize, (&E, &SystemTime))| Entry {
            id: record.forgotten + index as u64 + 1,
            time: *time,
            event: event.clone(),
        };
        entries.map(entry).collect()
    }

    /// Returns the number of the latest entry, 0 if there never was one.
    pub(crate) fn latest(&self) -> u64 {
        let record = lock(&self.record);
        record.forgotten + record.events.len() as u64
    }

    pub(crate) fn forget(&self) {
        // The memory, too: that is what it is asked for.
        let mut record = lock(&self.record);
        record.forgotten += record.events.len() as u64;
        (record.events, record.times) = (Vec::new(), Vec::new());
    }

    pub(crate) fn events(&self) -> Vec<E> {
        lock(&self.record).events.clone()
    }

    pub(crate) fn wait_for<T>(
        &self,
        mut find: impl FnMut(&[E]) -> Option<T>,
        timeout: Duration,
    ) -> Result<T, Timeout<E>> {
        let end = Instant::now() + timeout;
        let mut record = lock(&self.record);
        loop {
            if let Some(found) = find(&record.events) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Timeout { waited: timeout, events: record.events.clone() });
            }
            record = self.grown.wait_timeout(record, left).unwrap_or_else(PoisonError::into_inner).0;
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
    fn entries_keep_their_numbers_when_older_ones_are_forgotten() {
        let journal = Journal::<Event>::new(None);
        let ids = |after| journal.after(after, 2).iter().map(|entry| entry.id).collect::<Vec<_>>();
        (1..=3).for_each(|connection| journal.record(Event::Disconnected { connection }));
        assert_eq!((ids(0), ids(2), ids(3)), (vec![1, 2], vec![3], vec![]));
        journal.forget();
        journal.record(Event::Disconnected { connection: 4 });
        assert_eq!((ids(0), ids(4), journal.latest()), (vec![4], vec![], 4));
    }

    #[test]
    fn bounded_record_keeps_the_latest_entries_and_their_numbers() {
        let journal = Journal::<Event>::bounded(None, 10);
        (1..=95).for_each(|connection| journal.record(Event::Disconnected { connection }));
        let kept = journal.after(0, usize::MAX);
        assert!((5..=10).contains(&kept.len()), "{}", kept.len());
        assert!(kept.iter().all(|entry| entry.event.connection() == Some(entry.id)), "{kept:?}");
        assert_eq!(journal.latest(), 95);
    }

    #[test]
    fn timeout_shows_what_was_recorded() {
        let journal = Journal::<Event>::new(None);
        journal.record(Event::Disconnected { connection: 3 });
        let timeout = journal.wait_for(|_| None::<()>, Duration::ZERO).expect_err("nothing to find");
        assert_eq!(timeout.events.len(), 1, "{timeout}");
    }
}
