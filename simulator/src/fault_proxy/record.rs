//! What became of each connection so far, and the orders that it is under: where the proxy's thread meets the threads of
//! tests. A file of its own because everything that is locked is here.

use super::plan::{BreakKind, Direction, Plan};
use crate::{Timeout, lock};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The state of a connection that the proxy accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passage {
    /// Number of the connection, from 1 in the order of acceptance.
    pub number: u64,
    /// The till's end.
    pub till: SocketAddr,
    /// The proxy's own address as the device sees it: `peer` of [`crate::Event::Connected`]. None before the device was
    /// reached.
    pub seen_by_device: Option<SocketAddr>,
    /// What it was to suffer.
    pub plan: Plan,
    /// The bytes of the till.
    pub to_device: LegState,
    /// The bytes of the device.
    pub to_till: LegState,
    /// How the passing ended, if it has; from then on not a byte passes.
    pub ended: Option<PassageEnd>,
}

impl Passage {
    /// Returns one of the directions.
    pub fn leg(&self, direction: Direction) -> LegState {
        match direction {
            Direction::ToDevice => self.to_device,
            Direction::ToTill => self.to_till,
        }
    }

    /// Whether a break of the plan was reached; if not, the connection ended before that byte, or has not come so far.
    pub fn is_broken(&self) -> bool {
        self.to_device.broken || self.to_till.broken
    }
}

/// The state of one direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LegState {
    /// Bytes that were handed to the receiver's side.
    pub forwarded: u64,
    /// Whether the plan's break was reached.
    pub broken: bool,
    /// Whether nothing passes at present, by plan or by order.
    pub stalled: bool,
    /// Whether the sender closed its side in good order, and the receiver was told so.
    pub finished: bool,
}

/// How a passage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassageEnd {
    /// The ends closed it, or the till did while a direction was stalled.
    Closed,
    /// Cut by plan or by order.
    Cut,
    /// Reset by plan, by order, or because one of the ends reset it.
    Reset,
    /// The device could not be reached; the till got a reset.
    Unreachable,
}

/// What a running connection is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Order {
    pub(crate) stall: bool,
    pub(crate) heals: u64,
    pub(crate) end: Option<BreakKind>,
}

#[derive(Default)]
pub(crate) struct Record {
    passages: Mutex<Vec<Passage>>,
    changed: Condvar,
    orders: Mutex<BTreeMap<u64, watch::Sender<Order>>>,
}

impl Record {
    /// Enters a connection; it can be given orders from now on.
    pub(crate) fn open(&self, till: SocketAddr, plan: Plan) -> (u64, watch::Receiver<Order>) {
        let mut passages = lock(&self.passages);
        let number = passages.len() as u64 + 1;
        let (order, receiver) = watch::channel(Order::default());
        lock(&self.orders).insert(number, order);
        passages.push(Passage {
            number,
            till,
            seen_by_device: None,
            plan,
            to_device: LegState::default(),
            to_till: LegState::default(),
            ended: None,
        });
        drop(passages);
        self.changed.notify_all();
        (number, receiver)
    }

    /// Takes a connection out of the reach of orders.
    pub(crate) fn discharge(&self, number: u64) {
        lock(&self.orders).remove(&number);
    }

    pub(crate) fn update(&self, number: u64, change: impl FnOnce(&mut Passage)) {
        if let Some(passage) = find(&mut lock(&self.passages), number) {
            change(passage);
        }
        self.changed.notify_all();
    }

    pub(crate) fn update_leg(&self, number: u64, direction: Direction, change: impl FnOnce(&mut LegState)) {
        self.update(number, |passage| change(leg_mut(passage, direction)));
    }

    /// Hands bytes over and counts them, in one step: whoever has received a byte finds it counted.
    pub(crate) fn forward(
        &self,
        number: u64,
        direction: Direction,
        hand_over: impl FnOnce() -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut passages = lock(&self.passages);
        let written = hand_over()?;
        if let Some(passage) = find(&mut passages, number) {
            leg_mut(passage, direction).forwarded += written as u64;
        }
        drop(passages);
        self.changed.notify_all();
        Ok(written)
    }

    pub(crate) fn is_stalled(&self, number: u64, direction: Direction) -> bool {
        self.leg(number, direction).stalled
    }

    pub(crate) fn is_finished(&self, number: u64, direction: Direction) -> bool {
        self.leg(number, direction).finished
    }

    fn leg(&self, number: u64, direction: Direction) -> LegState {
        find(&mut lock(&self.passages), number).map(|passage| passage.leg(direction)).unwrap_or_default()
    }

    /// Gives all running connections an order. One that is to end stays so.
    pub(crate) fn order_all(&self, change: impl Fn(&mut Order)) {
        for order in lock(&self.orders).values() {
            order.send_if_modified(|order| {
                let before = *order;
                if order.end.is_none() {
                    change(order);
                }
                *order != before
            });
        }
    }

    pub(crate) fn passages(&self) -> Vec<Passage> {
        lock(&self.passages).clone()
    }

    pub(crate) fn wait_for<T>(
        &self,
        mut find: impl FnMut(&[Passage]) -> Option<T>,
        timeout: Duration,
    ) -> Result<T, Timeout<Passage>> {
        let end = Instant::now() + timeout;
        let mut passages = lock(&self.passages);
        loop {
            if let Some(found) = find(&passages) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Timeout { waited: timeout, events: passages.clone() });
            }
            passages = self.changed.wait_timeout(passages, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn find(passages: &mut [Passage], number: u64) -> Option<&mut Passage> {
    passages.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
}

fn leg_mut(passage: &mut Passage, direction: Direction) -> &mut LegState {
    match direction {
        Direction::ToDevice => &mut passage.to_device,
        Direction::ToTill => &mut passage.to_till,
    }
}
