//! The open channels of a device, and the replies that are kept from them. A file of its own because here, and only here,
//! a message can reach a connection that did not ask for it.

use crate::connection::Rights;
use crate::line::{Outgoing, Queue, Said};
use crate::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Default)]
pub(crate) struct Channels {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: BTreeMap<u64, (Queue, Rights)>,
    held: Vec<Held>,
    /// Replies without a connection, for the next one.
    stray: Vec<Outgoing>,
}

/// A final reply that waits to be released.
pub(crate) type Held = Box<dyn FnOnce() + Send>;

impl Channels {
    /// Enters an open channel, which gets the stray replies there are.
    pub(crate) fn open(&self, connection: u64, queue: Queue, rights: Rights) {
        let mut state = lock(&self.state);
        if rights == Rights::Everything {
            for message in state.stray.drain(..) {
                let _ = queue.send(Said::Message(message));
            }
        }
        state.open.insert(connection, (queue, rights));
    }

    pub(crate) fn close(&self, connection: u64) {
        lock(&self.state).open.remove(&connection);
    }

    /// Returns how many channels are open, and how many replies are held back.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.open.len(), state.held.len())
    }

    /// Says something on every open channel, and returns how many there are.
    pub(crate) fn say(&self, said: impl Fn() -> Said) -> usize {
        let state = lock(&self.state);
        state.open.values().filter(|(queue, _)| queue.send(said()).is_ok()).count()
    }

    /// Hands a reply whose connection is gone to the latest channel, or keeps it for the next one.
    pub(crate) fn redirect(&self, message: Outgoing) {
        let mut state = lock(&self.state);
        let latest = state.open.values().rev().find(|(_, rights)| *rights == Rights::Everything);
        let message = match latest {
            None => message,
            Some((queue, _)) => match queue.send(Said::Message(message)) {
                Ok(()) => return,
                Err(error) => match error.0 {
                    Said::Message(message) => message,
                    _ => return,
                },
            },
        };
        state.stray.push(message);
    }

    /// Keeps a reply until [`Self::release`].
    pub(crate) fn hold(&self, held: Held) {
        lock(&self.state).held.push(held);
    }

    /// Lets the held replies go, and returns how many there were.
    pub(crate) fn release(&self) -> usize {
        let held = std::mem::take(&mut lock(&self.state).held);
        let count = held.len();
        // Without the lock, because a reply that finds its connection gone comes back here.
        held.into_iter().for_each(|send| send());
        count
    }

    /// Forgets every reply that has not been sent.
    pub(crate) fn forget_replies(&self) {
        let mut state = lock(&self.state);
        state.held.clear();
        state.stray.clear();
    }
}
