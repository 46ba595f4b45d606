//! How soon after failed attempts a device is dialled again.
//!
//! A till whose device is off asks again and again, and so do its neighbours; when the device comes
//! back, they must not all knock at once. The waits double and are spread at random.

use crate::provider::provider;
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(250);
/// Short enough that a cashier who tries again hardly notices.
const LONGEST: Duration = Duration::from_secs(4);

#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
    not_before: Option<Instant>,
}

impl Backoff {
    pub(super) fn succeeded(&mut self) {
        *self = Backoff::default();
    }

    pub(super) fn failed(&mut self, now: Instant) {
        self.not_before = Some(now + self.next(random()));
        self.failures = self.failures.saturating_add(1);
    }

    /// How long the next attempt has to wait.
    pub(super) fn remaining(&self, now: Instant) -> Duration {
        self.not_before.map_or(Duration::ZERO, |not_before| not_before.saturating_duration_since(now))
    }

    /// From half to the whole of the doubled time.
    fn next(&self, random: u8) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        doubled / 2 + doubled.mul_f64(f64::from(random) / 510.0)
    }
}

fn random() -> u8 {
    let mut byte = [0];
    // Without randomness the waits are still right, only less spread.
    let _ = provider().secure_random.fill(&mut byte);
    let [byte] = byte;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_four_seconds_and_are_spread_over_the_upper_half() {
        let mut backoff = Backoff::default();
        let mut expected = FIRST;
        for _ in 0..100 {
            assert_eq!((backoff.next(0), backoff.next(255)), (expected / 2, expected));
            backoff.failed(Instant::now());
            expected = (expected * 2).min(LONGEST);
        }
        let now = Instant::now();
        assert!(backoff.remaining(now) > Duration::ZERO);
        backoff.succeeded();
        assert_eq!(backoff.remaining(now), Duration::ZERO);
    }
}
