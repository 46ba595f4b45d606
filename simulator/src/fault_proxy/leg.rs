//! One direction of a proxied connection: bytes from a source to a sink, under a plan and under orders. Apart from
//! [`super::passage`], which knows both directions and how a connection ends.

use super::plan::{BreakKind, Direction, Leg, Pace};
use super::record::{Order, Record};
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How a direction came to its end.
pub(crate) enum LegEnd {
    /// By its plan.
    Broken(BreakKind),
    /// The source was reset.
    SourceLost,
    /// The sink does not take anything any more.
    SinkLost,
    /// The source said that nothing more comes, and the sink was told so.
    Finished,
    /// The source is gone, which a stall hides from the sink.
    GoneBehindStall,
}

pub(crate) struct Carrier<'a> {
    pub(crate) number: u64,
    pub(crate) direction: Direction,
    pub(crate) record: &'a Record,
    pub(crate) orders: watch::Receiver<Order>,
    pub(crate) source: ReadHalf<'a>,
    pub(crate) sink: WriteHalf<'a>,
    pub(crate) leg: Leg,
}

impl Carrier<'_> {
    /// Every wait in here may be given up at any time, so that the passage can end in the middle of it.
    pub(crate) async fn carry(mut self) -> LegEnd {
        let mut held = Held::default();
        let mut forwarded = 0;
        let mut not_before = None;
        let mut stalled_since: Option<u64> = None;
        loop {
            if let Some(due) = self.leg.break_at.take_if(|due| due.after_bytes == forwarded) {
                self.note(|state| state.broken = true);
                match due.kind {
                    BreakKind::Stall => stalled_since = Some(self.orders.borrow().heals),
                    kind => return LegEnd::Broken(kind),
                }
            }
            let order = *self.orders.borrow_and_update();
            if order.end.is_some() {
                // The passage has the same order, and drops this future when it comes to it.
                std::future::pending::<()>().await;
            }
            if stalled_since.is_some_and(|heals| heals != order.heals) {
                stalled_since = None;
            }
            if order.stall || stalled_since.is_some() {
                self.note(|state| state.stalled = true);
                if self.wait_out_stall().await == Stall::SourceGone {
                    return LegEnd::GoneBehindStall;
                }
                self.note(|state| state.stalled = false);
                continue;
            }
            if held.is_empty() {
                match self.read(&mut held).await {
                    Ok(Read::Some) => not_before = self.ready_at(None).or(not_before),
                    Ok(Read::Disturbed) => {}
                    Ok(Read::End) => {
                        // Recorded first: whoever sees the end finds it on record.
                        self.note(|state| state.finished = true);
                        return match self.sink.shutdown().await {
                            Ok(()) => LegEnd::Finished,
                            Err(_) => self.lose_sink().await,
                        };
                    }
                    Err(_) => return LegEnd::SourceLost,
                }
                continue;
            }
            if let Some(instant) = not_before {
                tokio::select! {
                    biased;
                    _ = self.orders.changed() => continue,
                    () = sleep_until(instant) => not_before = None,
                }
            }
            match self.write(&mut held, forwarded).await {
                Ok(0) => {}
                Ok(written) => {
                    forwarded += written;
                    not_before = self.ready_at(Some(written));
                }
                Err(_) => return self.lose_sink().await,
            }
        }
    }

    /// When the next bytes may pass: after `written` ones, or after a piece has arrived.
    fn ready_at(&self, written: Option<u64>) -> Option<Instant> {
        let pause = match (self.leg.pace, written) {
            (Pace::Delayed(pause), None) => pause,
            (Pace::BytesPerSecond(rate), Some(written)) => {
                Duration::from_secs_f64(written as f64 / f64::from(rate.max(1)))
            }
            _ => return None,
        };
        Some(Instant::now() + pause)
    }

    async fn read(&mut self, held: &mut Held) -> io::Result<Read> {
        loop {
            tokio::select! {
                biased;
                _ = self.orders.changed() => return Ok(Read::Disturbed),
                ready = self.source.readable() => ready?,
            }
            match self.source.try_read(&mut held.bytes) {
                Ok(0) => return Ok(Read::End),
                Ok(length) => {
                    (held.start, held.end) = (0, length);
                    return Ok(Read::Some);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes some of what is held, unless an order comes first; returns how many bytes.
    async fn write(&mut self, held: &mut Held, forwarded: u64) -> io::Result<u64> {
        let portion = self.portion(held.waiting().len(), forwarded);
        loop {
            tokio::select! {
                biased;
                _ = self.orders.changed() => return Ok(0),
                ready = self.sink.writable() => ready?,
            }
            // An order is given under the lock that is held here, so once it is given not a byte passes any more.
            let order = self.orders.borrow();
            if order.stall || order.end.is_some() {
                drop(order);
                // Either way the order has not been seen yet, so the next wait for one ends at once.
                return Ok(0);
            }
            let bytes = held.waiting().get(..portion).unwrap_or_default();
            let written = self.record.forward(self.number, self.direction, || self.sink.try_write(bytes));
            match written {
                Ok(length) => {
                    held.start += length;
                    return Ok(length as u64);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// How many bytes may pass in one go: as many as the pace allows, and none beyond the break.
    fn portion(&self, waiting: usize, forwarded: u64) -> usize {
        let by_pace = match self.leg.pace {
            Pace::SingleBytes => 1,
            Pace::BytesPerSecond(rate) => (rate as usize / 50).max(1),
            Pace::Delayed(_) | Pace::Free => waiting,
        };
        let to_break = self.leg.break_at.map_or(u64::MAX, |due| due.after_bytes - forwarded);
        waiting.min(by_pace).min(usize::try_from(to_break).unwrap_or(usize::MAX))
    }

    /// Waits until an order comes, or the till is gone; the device may go as it likes, since a stall hides that.
    async fn wait_out_stall(&mut self) -> Stall {
        if self.direction == Direction::ToTill && self.record.is_finished(self.number, Direction::ToDevice) {
            return Stall::SourceGone;
        }
        tokio::select! {
            biased;
            _ = self.orders.changed() => Stall::Ordered,
            () = gone(&self.source), if self.direction == Direction::ToDevice => Stall::SourceGone,
        }
    }

    /// The sink is lost. If it is the device and a stall hides that from the till, the till must not notice.
    async fn lose_sink(&mut self) -> LegEnd {
        while self.direction == Direction::ToDevice && self.record.is_stalled(self.number, Direction::ToTill)
        {
            tokio::select! {
                biased;
                _ = self.orders.changed() => {}
                () = gone(&self.source) => return LegEnd::GoneBehindStall,
            }
        }
        LegEnd::SinkLost
    }

    fn note(&self, change: impl FnOnce(&mut super::record::LegState)) {
        self.record.update_leg(self.number, self.direction, change);
    }
}

/// Waits until the peer has closed or reset its side, without reading what it sent before.
async fn gone(source: &ReadHalf<'_>) {
    while source.ready(Interest::READABLE).await.is_ok_and(|ready| !ready.is_read_closed()) {
        // Unread bytes keep the socket ready, so its end can only be asked for from time to time.
        sleep(LOOK_AGAIN).await;
    }
}

#[derive(PartialEq, Eq)]
enum Stall {
    Ordered,
    SourceGone,
}

enum Read {
    Disturbed,
    End,
    Some,
}

/// Bytes that were read and have not passed yet.
struct Held {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Default for Held {
    fn default() -> Self {
        Self { bytes: vec![0; PIECE_MAX], start: 0, end: 0 }
    }
}

impl Held {
    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn waiting(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }
}

/// The size of a full TLS record and a bit more.
const PIECE_MAX: usize = 17 * 1024;

/// Short beside the deadlines of tests, long beside what a look costs.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
