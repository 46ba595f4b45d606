//! Whether the device at the other end is still there, judged by what it says.
//!
//! Keep-alive is not documented (protocol.md section 5), so the rules are made to survive every device:
//! whatever arrives counts as life; pings (RFC 6455 section 5.5.2) are sent only into silence; and a
//! device is held to answering them only once it has shown that it does. One that never answers is
//! watched by TCP's own probes alone.

use crate::device::KeepAlive;
use crate::transport::deadline::Deadline;
use crate::transport::interrupt::lock;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Pings in a row without an answer that show that a device never answers them. Then no more are sent: bytes
/// on their way keep TCP's own probes from running.
const TRIES: u32 = 3;

pub(super) struct Pulse {
    keep_alive: KeepAlive,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    last_heard: Instant,
    last_ping: Option<Instant>,
    /// Whether a pong was ever seen on this connection.
    answers_pings: bool,
    unanswered: u32,
    /// Counts what was heard, for whoever waits for a sign of life.
    beats: u64,
    ended: bool,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing, for this long; for ever if there is no time.
    Nothing(Option<Duration>),
    Ping,
    /// The device is gone; it was last heard this long ago.
    Silent(Duration),
}

impl Pulse {
    pub(super) fn new(keep_alive: KeepAlive) -> Pulse {
        let state = State {
            last_heard: Instant::now(),
            last_ping: None,
            answers_pings: false,
            unanswered: 0,
            beats: 0,
            ended: false,
        };
        Pulse { keep_alive, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Asked by the reader whenever nothing is there to read. `Ping` counts as sent.
    pub(super) fn due(&self, now: Instant) -> Due {
        let interval = self.keep_alive.interval;
        if interval.is_zero() {
            return Due::Nothing(None);
        }
        let mut state = lock(&self.state);
        if let Some(last_ping) = state.last_ping {
            let quiet_from = state.last_heard.max(last_ping);
            let quiet = now.saturating_duration_since(quiet_from);
            if quiet < interval {
                return Due::Nothing(Some(interval - quiet));
            }
            if !state.answers_pings && state.unanswered >= TRIES {
                return Due::Nothing(None);
            }
            if state.answers_pings && state.unanswered >= self.keep_alive.missed_max {
                return Due::Silent(now.saturating_duration_since(state.last_heard));
            }
        }
        // The first one goes out at once, to learn early whether the device answers.
        state.last_ping = Some(now);
        state.unanswered = state.unanswered.saturating_add(1);
        Due::Ping
    }

    /// Bytes have arrived; `pong` if an answer to a ping was among them.
    pub(super) fn heard(&self, now: Instant, pong: bool) {
        let mut state = lock(&self.state);
        state.last_heard = now;
        state.unanswered = 0;
        state.answers_pings |= pong;
        state.beats += 1;
        drop(state);
        self.changed.notify_all();
    }

    /// Whether the device has been heard within `age`, or cannot be asked.
    pub(super) fn is_fresh(&self, age: Duration) -> bool {
        let state = lock(&self.state);
        !state.answers_pings || state.last_heard.elapsed() < age
    }

    pub(super) fn beats(&self) -> u64 {
        lock(&self.state).beats
    }

    /// Waits for a sign of life after those counted before.
    pub(super) fn wait(&self, beats_before: u64, deadline: Deadline) -> bool {
        let mut state = lock(&self.state);
        while state.beats == beats_before && !state.ended {
            let Some(remaining) = deadline.remaining() else { return false };
            state = self.changed.wait_timeout(state, remaining).unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.ended
    }

    /// Nothing will be heard any more.
    pub(super) fn end(&self) {
        lock(&self.state).ended = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    fn pulse() -> (Pulse, Instant) {
        let pulse = Pulse::new(KeepAlive { interval: INTERVAL, missed_max: 2 });
        let start = Instant::now();
        assert_eq!(pulse.due(start), Due::Ping, "the first ping goes out at once");
        (pulse, start)
    }

    #[test]
    fn a_device_that_answered_once_and_then_falls_silent_is_gone_after_three_intervals() {
        let (pulse, start) = pulse();
        pulse.heard(start, true);
        assert_eq!(pulse.due(start + INTERVAL / 2), Due::Nothing(Some(INTERVAL / 2)));
        assert_eq!(pulse.due(start + INTERVAL), Due::Ping);
        assert_eq!(pulse.due(start + INTERVAL * 2), Due::Ping);
        assert_eq!(pulse.due(start + INTERVAL * 3), Due::Silent(INTERVAL * 3));
    }

    #[test]
    fn a_device_that_never_answers_pings_is_not_held_to_it() {
        let (pulse, start) = pulse();
        assert_eq!(pulse.due(start + INTERVAL), Due::Ping);
        assert_eq!(pulse.due(start + INTERVAL * 2), Due::Ping);
        assert_eq!(pulse.due(start + INTERVAL * 1000), Due::Nothing(None));
        assert!(pulse.is_fresh(Duration::ZERO), "it cannot be asked");
    }

    #[test]
    fn whatever_arrives_counts_as_life() {
        let (pulse, start) = pulse();
        pulse.heard(start, true);
        for interval in 1..100 {
            assert_eq!(pulse.due(start + INTERVAL * interval), Due::Ping);
            pulse.heard(start + INTERVAL * interval, false);
        }
    }

    #[test]
    fn without_an_interval_no_ping_is_ever_due() {
        let pulse = Pulse::new(KeepAlive { interval: Duration::ZERO, missed_max: 2 });
        assert_eq!(pulse.due(Instant::now() + INTERVAL * 1000), Due::Nothing(None));
    }
}
