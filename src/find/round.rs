//! The round: which address is asked next, how many at a time, and when it is over.
//!
//! All of it runs on the caller's thread. Sockets that do not block, looked at in turn with a short
//! pause in between, need neither threads, whose stacks a till of 32 bits has little room for, nor a wait
//! for many sockets at once, which is `unsafe`, other on each system, and faulty on Windows 7 (its
//! WSAPoll does not tell of failed connections). This is the one place of the library that polls, for the
//! seconds of a search.

use super::attempt::{Attempt, HANDSHAKE_LIMIT, Outcome};
use super::{SearchProgress, sighting};
use crate::error::{Error, Kind, Sighting};
use crate::transport::interrupt::Interrupt;
use crate::transport::{Target, tls};
use rustls::ClientConfig;
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Addresses that are asked at the same time.
const AT_ONCE: usize = 64;

/// The pauses between two looks at the sockets: short while something happens, longer while nothing does.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(16);

pub(super) struct Round<'a> {
    target: &'a Target,
    /// That of the name that is looked for.
    domain: &'a str,
    config: Arc<ClientConfig>,
    connect_limit: Duration,
    waiting: std::iter::Peekable<std::vec::IntoIter<IpAddr>>,
    running: Vec<Attempt>,
    pub(super) progress: SearchProgress,
    pub(super) sightings: Vec<Sighting>,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        target: &'a Target,
        name: &'a str,
        addresses: Vec<IpAddr>,
        connect_limit: Duration,
    ) -> Result<Round<'a>, Error> {
        Ok(Round {
            target,
            domain: name.split_once('.').map(|(_, domain)| domain).unwrap_or_default(),
            config: tls::config(target)?,
            connect_limit,
            progress: SearchProgress { tried: 0, total: addresses.len() },
            waiting: addresses.into_iter().peekable(),
            running: Vec::with_capacity(AT_ONCE),
            sightings: Vec::new(),
        })
    }

    /// Asks until one proves to be the device: its address, or `None` when all were asked.
    pub(super) fn run(
        &mut self,
        interrupt: &Interrupt,
        report: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
    ) -> Result<Option<SocketAddr>, Error> {
        // What the caller does in between is not held against the addresses.
        let (begun, mut callers_own) = (Instant::now(), Duration::ZERO);
        let longest = longest(self.progress.total, self.connect_limit);
        let (mut found, mut reported) = (None, None);
        let mut pause = PAUSE_MIN;
        loop {
            if reported != Some(self.progress.tried) {
                reported = Some(self.progress.tried);
                let before = Instant::now();
                if report(self.progress).is_break() {
                    return Err(Kind::Cancelled.into());
                }
                callers_own += before.elapsed();
            }
            let all_were_asked = self.running.is_empty() && self.waiting.peek().is_none();
            let is_late = begun.elapsed().saturating_sub(callers_own) > longest;
            if found.is_some() || all_were_asked || is_late {
                return Ok(found);
            }
            self.fill()?;
            let moved = self.look(&mut found);
            pause = if moved { PAUSE_MIN } else { PAUSE_MAX.min(pause * 2) };
            if found.is_none() {
                interrupt.wait(pause)?;
            }
        }
    }

    /// Begins as many attempts as there is room for.
    fn fill(&mut self) -> Result<(), Error> {
        while self.running.len() < AT_ONCE {
            let Some(ip) = self.waiting.peek() else { return Ok(()) };
            let address = SocketAddr::new(*ip, self.target.address.port);
            match Attempt::begin(address, self.connect_limit) {
                Ok(attempt) => self.running.push(attempt),
                // A till without IPv6 asks the others.
                Err(_) if address.is_ipv6() => self.progress.tried += 1,
                // Too many open files, most likely: those that are open will be closed.
                Err(_) if !self.running.is_empty() => return Ok(()),
                Err(error) => {
                    return Err(Kind::Internal { detail: format!("no socket to ask with: {error}") }.into());
                }
            }
            self.waiting.next();
        }
        Ok(())
    }

    /// Looks once at each attempt. Tells whether anything moved, and in `found` who is the device.
    fn look(&mut self, found: &mut Option<SocketAddr>) -> bool {
        let mut moved = false;
        let Round { target, domain, config, running, progress, sightings, .. } = self;
        running.retain_mut(|attempt| {
            let outcome = attempt.advance(target, config, &mut moved);
            match &outcome {
                Outcome::Open => return true,
                Outcome::Proven => *found = found.or(Some(attempt.address())),
                Outcome::Nobody => {}
                Outcome::Somebody(kind) => {
                    sightings.push(sighting(attempt.address(), kind, domain));
                }
            }
            progress.tried += 1;
            moved = true;
            false
        });
        moved
    }
}

/// The longest that so many addresses can take, should each accept a connection and then say nothing.
fn longest(addresses: usize, connect_limit: Duration) -> Duration {
    let rounds = u32::try_from(addresses.div_ceil(AT_ONCE)).unwrap_or(u32::MAX);
    (connect_limit + HANDSHAKE_LIMIT).saturating_mul(rounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::CONNECT_LIMIT;

    #[test]
    fn a_subnet_of_silent_addresses_takes_less_than_five_seconds() {
        // Each begins as soon as one before it has ended, and ends with its limit at the latest.
        let turns = u32::try_from(254_usize.div_ceil(AT_ONCE)).expect("small");
        let looks = PAUSE_MAX * (turns + 1);
        assert!(CONNECT_LIMIT * turns + looks < Duration::from_millis(4500));
    }

    #[test]
    fn the_longest_search_has_an_end_too() {
        assert_eq!(longest(254, CONNECT_LIMIT), Duration::from_millis(4 * (1100 + 2000)));
        assert!(longest(crate::Search::ADDRESSES_MAX, CONNECT_LIMIT) < Duration::from_secs(200));
    }
}
