//! What has arrived and nobody has taken yet, with the end of the connection as its last word.
//!
//! Messages during an exchange wait apart from unsolicited ones, so that an old reply is never taken
//! for the answer to a new request. Both queues are bounded: answers by holding the reader back,
//! which the device feels as backpressure; unsolicited ones by dropping the oldest.

use super::message::Message;
use crate::error::Kind;
use crate::transport::deadline::Deadline;
use crate::transport::interrupt::lock;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Messages that wait while nobody takes them.
const UNSOLICITED_MAX: usize = 64;
/// Messages that an exchange may be behind.
const ANSWERS_MAX: usize = 64;

#[derive(Default)]
pub(super) struct Inbox {
    content: Mutex<Content>,
    changed: Condvar,
}

#[derive(Default)]
struct Content {
    exchanging: bool,
    answers: VecDeque<Message>,
    unsolicited: VecDeque<Message>,
    end: Option<Kind>,
}

impl Content {
    fn keep_unsolicited(&mut self, message: Message) {
        if self.unsolicited.len() >= UNSOLICITED_MAX {
            self.unsolicited.pop_front();
        }
        self.unsolicited.push_back(message);
    }
}

/// Which queue a waiter reads.
#[derive(Clone, Copy)]
pub(super) enum Queue {
    Answers,
    Unsolicited,
}

/// Why a wait gave no message.
pub(super) enum Nothing {
    TimedOut,
    Ended(Kind),
}

impl Inbox {
    /// From now on, what arrives is an answer, until the guard is dropped.
    pub(super) fn begin_exchange(&self) -> ExchangeGuard<'_> {
        lock(&self.content).exchanging = true;
        ExchangeGuard(self)
    }

    /// Adds a message. Waits for room while an exchange is behind.
    pub(super) fn put(&self, message: Message) {
        let mut content = lock(&self.content);
        while content.exchanging && content.answers.len() >= ANSWERS_MAX && content.end.is_none() {
            content = self.wait(content);
        }
        if content.exchanging {
            content.answers.push_back(message);
        } else {
            content.keep_unsolicited(message);
        }
        self.changed.notify_all();
    }

    /// Takes over the unsolicited messages of an inbox that has ended; they came before any of these.
    pub(super) fn inherit(&self, former: &Inbox) {
        let mut older = std::mem::take(&mut lock(&former.content).unsolicited);
        let mut content = lock(&self.content);
        older.append(&mut content.unsolicited);
        older.into_iter().for_each(|message| content.keep_unsolicited(message));
        drop(content);
        self.changed.notify_all();
    }

    /// Ends the inbox; the first reason stays. Tells whether this was the first.
    pub(super) fn end(&self, kind: Kind) -> bool {
        let mut content = lock(&self.content);
        let is_first = content.end.is_none();
        content.end.get_or_insert(kind);
        drop(content);
        self.changed.notify_all();
        is_first
    }

    /// Why the connection is over, if it is.
    pub(super) fn ended(&self) -> Option<Kind> {
        lock(&self.content).end.clone()
    }

    /// Whether this side has closed the connection.
    pub(super) fn is_closed(&self) -> bool {
        matches!(lock(&self.content).end, Some(Kind::Closed))
    }

    /// Takes the first answer that `is_it`, without waiting, from among those that have arrived.
    pub(super) fn find_answer(&self, is_it: impl Fn(&Message) -> bool) -> Option<Message> {
        let mut content = lock(&self.content);
        let found = content.answers.iter().position(is_it)?;
        content.answers.remove(found)
    }

    /// Keeps a message that an exchange has no use for, for `receive`.
    pub(super) fn keep(&self, message: Message) {
        lock(&self.content).keep_unsolicited(message);
        self.changed.notify_all();
    }

    /// Takes the next message, before the deadline. What has arrived goes before the end.
    pub(super) fn take(&self, queue: Queue, deadline: Deadline) -> Result<Message, Nothing> {
        let mut content = lock(&self.content);
        loop {
            let messages = match queue {
                Queue::Answers => &mut content.answers,
                Queue::Unsolicited => &mut content.unsolicited,
            };
            if let Some(message) = messages.pop_front() {
                self.changed.notify_all();
                return Ok(message);
            }
            if let Some(kind) = &content.end {
                return Err(Nothing::Ended(kind.clone()));
            }
            let Some(remaining) = deadline.remaining() else { return Err(Nothing::TimedOut) };
            content = self.changed.wait_timeout(content, remaining).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn wait<'a>(&self, content: MutexGuard<'a, Content>) -> MutexGuard<'a, Content> {
        self.changed.wait(content).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lasts as long as an exchange; what it left over becomes unsolicited.
pub(super) struct ExchangeGuard<'a>(&'a Inbox);

impl Drop for ExchangeGuard<'_> {
    fn drop(&mut self) {
        let mut content = lock(&self.0.content);
        content.exchanging = false;
        while let Some(message) = content.answers.pop_front() {
            content.keep_unsolicited(message);
        }
        drop(content);
        self.0.changed.notify_all();
    }
}
