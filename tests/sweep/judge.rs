//! The judge of a run. What the device has on record is the truth; what the till was told is held against it.

use crate::bench::Run;
use crate::case::{Act, Case};
use crate::till::POS_ID;
use poslatch::{Error, RequestState, Status};
use poslatch_simulator::{BreakKind, Direction, Event, Passage};
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

/// What a run was like, for the sums at the end.
pub(crate) struct Verdict {
    /// Whether the break came; if not, the call was over before that byte.
    pub(crate) reached: bool,
    pub(crate) state: State,
    /// Whether the device has the request on record.
    pub(crate) seen: bool,
    /// Bytes that had come to the till on the broken connection.
    pub(crate) to_till: u64,
    /// What must not be, with all that is known.
    pub(crate) fault: Option<String>,
}

/// What a till knows afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    Done,
    /// There was no request to be in doubt about.
    Failed,
    NotSent,
    InDoubt,
}

pub(crate) fn judge(case: &Case, run: &Run) -> Verdict {
    let seen = Seen::new(run);
    let reached = run.passages.first().is_some_and(Passage::is_broken);
    let mut faults = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };

    demand(seen.requests <= 1, "the device got the request more than once");
    demand(seen.payments_ended <= 1, "the device made more than one payment");
    let connections_max = if case.scenario.act == Act::Exchange { 2 } else { 1 };
    demand(run.passages.len() <= connections_max, "the till connected more often than it may");
    demand(run.told.took <= time_allowed(case, run), "it took too long");

    let https = case.scenario.scheme == "https";
    let request_seen =
        run.told.step != Act::Open && (seen.requests > 0 || https && seen.application_bytes > 0);
    // A stall that way loses nothing of what the till said, so then the device's record is all that was sent.
    let lossless = case.kind == BreakKind::Stall && case.direction == Direction::ToTill;
    let state = match &run.told.result {
        Ok(()) => {
            demand(run.told.untrue.is_none(), "the success is none");
            // Over https only a session ticket tells, and not every server sends one.
            let believed = https && case.kind == BreakKind::Stall && run.told.took >= BELIEVED_AFTER;
            demand(
                seen.till_was_accepted || believed || case.scenario.act == Act::Pair,
                "the device did not accept the till",
            );
            demand(seen.requests == 1 || case.scenario.act == Act::Open, "the device knows of no request");
            demand(
                seen.payments_ended == 1 || case.scenario.act != Act::Exchange,
                "the device made no payment",
            );
            State::Done
        }
        Err(error) => {
            demand(reached, "the network was healthy, the call failed");
            demand(is_defined(case, run.told.step, error), "the status does not fit what the network did");
            match (run.told.step, error.request_state()) {
                (Act::Open, state) => {
                    demand(state == RequestState::None, "an opening has no request");
                    State::Failed
                }
                (_, RequestState::NotSent) => {
                    demand(!request_seen, "not sent, but the device saw it");
                    State::NotSent
                }
                (_, RequestState::InDoubt) => {
                    demand(request_seen || !lossless, "in doubt, but it was never sent");
                    State::InDoubt
                }
                (_, state) => {
                    demand(false, "the error does not say what became of the request");
                    demand(state == RequestState::None, "the request state is unknown to this test");
                    State::Failed
                }
            }
        }
    };
    Verdict {
        reached,
        state,
        seen: request_seen,
        to_till: run.passages.first().map_or(0, |passage| passage.to_till.forwarded),
        fault: (!faults.is_empty()).then(|| told(case, run, &faults.join("; "))),
    }
}

/// Whether the status is one of those that a broken network may end in.
fn is_defined(case: &Case, step: Act, error: &Error) -> bool {
    match (error.status(), case.kind) {
        // Exactly what is in doubt has this status.
        (Status::PairingReplyLost, _) => step == Act::Pair && error.request_state() == RequestState::InDoubt,
        _ if step == Act::Pair && error.request_state() == RequestState::InDoubt => false,
        // Nobody waits for a network that is known to be gone.
        (Status::ConnectTimeout | Status::ResponseTimeout, kind) => kind == BreakKind::Stall,
        (_, BreakKind::Stall) => false,
        (Status::PeerClosed, _) => true,
        // To the till it looks as if the device had not liked its certificate.
        (Status::TillCertificateRejected, _) => step == Act::Open,
        _ => false,
    }
}

fn time_allowed(case: &Case, run: &Run) -> Duration {
    match case.kind {
        BreakKind::Stall => run.limits.connect + run.limits.answer + SLACK,
        BreakKind::Cut | BreakKind::Reset => SLACK,
    }
}

/// What the device has on record of a run.
struct Seen {
    /// Requests that are to be made once: to pair, to pay.
    requests: usize,
    payments_ended: usize,
    till_was_accepted: bool,
    application_bytes: u64,
}

impl Seen {
    fn new(run: &Run) -> Seen {
        let mut seen =
            Seen { requests: 0, payments_ended: 0, till_was_accepted: false, application_bytes: 0 };
        let mut totals = HashMap::new();
        for event in &run.record {
            match event {
                Event::PairingRequested { .. } => seen.requests += 1,
                Event::MessageReceived { kind, .. } if kind == "PaymentRequest" => seen.requests += 1,
                Event::PaymentEnded { .. } => seen.payments_ended += 1,
                Event::Handshake { client_certificate, .. } => {
                    seen.till_was_accepted |= client_certificate.as_deref() == Some(POS_ID);
                }
                Event::ApplicationBytes { connection, total } => {
                    totals.insert(*connection, *total);
                }
                _ => {}
            }
        }
        seen.application_bytes = totals.values().sum();
        seen
    }
}

/// Everything about a run, for whoever has to find out.
pub(crate) fn told(case: &Case, run: &Run, what: &str) -> String {
    let mut text = format!("{case}: {what}\n  took {:?} in step {:?}", run.told.took, run.told.step);
    // Writing to memory does not fail.
    let _ =
        write!(text, "\n  till: {:?} {}", run.told.result, run.told.untrue.as_deref().unwrap_or_default());
    for passage in &run.passages {
        let _ = write!(text, "\n  network: {passage:?}");
    }
    for event in &run.record {
        let _ = write!(text, "\n  device: {event:?}");
    }
    text
}

/// When the library takes a device that sends no session ticket to have accepted the till (`ACCEPTANCE_WAIT`).
const BELIEVED_AFTER: Duration = Duration::from_secs(1);

/// What a loaded machine may add; a call that hangs waits longer than that.
const SLACK: Duration = Duration::from_secs(10);
