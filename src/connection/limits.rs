//! How long an exchange may take: a limit on silence, and perhaps one on the whole.

use crate::error::{Error, Kind, Phase};
use crate::transport::deadline::Deadline;
use std::time::Duration;

#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// How long the device may say nothing.
    pub(super) silence: Duration,
    /// When it is over whatever the device says.
    whole: Option<Deadline>,
}

impl Limits {
    /// Limits of an exchange that begins now.
    pub(super) fn new(silence: Duration, whole: Option<Duration>) -> Limits {
        Limits { silence, whole: whole.map(Deadline::after) }
    }

    /// When it is over if nothing is heard from now on.
    pub(super) fn next(&self) -> Deadline {
        let silence = Deadline::after(self.silence);
        self.whole.map_or(silence, |whole| whole.no_later_than(self.silence))
    }

    /// When the whole is over, if it has a limit.
    pub(super) fn whole(&self) -> Option<Deadline> {
        self.whole
    }

    /// Whether the limit on the whole has run out.
    pub(super) fn are_over(&self) -> bool {
        self.whole.is_some_and(|whole| whole.remaining().is_none())
    }

    /// The same with less patience for silence.
    pub(super) fn no_longer_silent_than(self, silence: Duration) -> Limits {
        Limits { silence: self.silence.min(silence), ..self }
    }

    /// Which of the two has run out.
    pub(super) fn ran_out(&self) -> Kind {
        match self.whole {
            Some(whole) if whole.remaining().is_none() => Kind::ExchangeTimeout { limit: whole.limit() },
            _ => Kind::ResponseTimeout { phase: Phase::Exchange, limit: self.silence },
        }
    }

    /// The same error, naming the limit that was meant.
    pub(super) fn explain(&self, error: Error) -> Error {
        let state = error.request_state();
        match error.status() {
            crate::Status::ResponseTimeout => Error::from(self.ran_out()).with_request_state(state),
            _ => error,
        }
    }
}
