//! The moment at which a call's time is over.
//!
//! An instant and not a duration, because a time-out for each read never ends against a peer that
//! sends one byte a second. It remembers the limit that it came from, so that errors can name it.

use std::time::{Duration, Instant};

/// An absolute end, with the limit that set it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Deadline {
        Deadline { at: Instant::now() + limit, limit }
    }

    /// The earlier of this deadline and `limit` from now.
    pub(crate) fn no_later_than(self, limit: Duration) -> Deadline {
        let other = Deadline::after(limit);
        if other.at < self.at { other } else { self }
    }

    /// What is left; `None` when it is over.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let left = self.at.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// The time-out that this deadline was made from.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}
