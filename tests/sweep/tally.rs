//! The sums of a sweep: what was run, how it ended, and what can only be seen by holding runs against each other.

use crate::case::{Act, Case, Scenario};
use crate::judge::{State, Verdict};
use poslatch_simulator::{BreakKind, Direction};
use std::collections::HashMap;

#[derive(Default)]
pub(crate) struct Tally {
    groups: HashMap<Scenario, Group>,
    pub(crate) faults: Vec<String>,
    pub(crate) runs: usize,
}

#[derive(Default)]
struct Group {
    runs: usize,
    reached: usize,
    states: HashMap<State, usize>,
    last_byte: HashMap<Direction, u64>,
    first_byte: HashMap<Direction, u64>,
    /// The fewest bytes of the device after which a till has been seen to send its request.
    sent_after: Option<u64>,
    /// The fewest bytes of the device after which a request was said to be in doubt.
    doubted_after: Option<(u64, Case)>,
}

impl Tally {
    pub(crate) fn add(&mut self, case: Case, judged: Result<Verdict, String>) {
        self.runs += 1;
        let group = self.groups.entry(case.scenario).or_default();
        group.runs += 1;
        let verdict = match judged {
            Ok(verdict) => verdict,
            Err(problem) => return self.faults.push(format!("{case}: {problem}")),
        };
        group.reached += usize::from(verdict.reached);
        *group.states.entry(verdict.state).or_default() += 1;
        let last = group.last_byte.entry(case.direction).or_insert(case.after_bytes);
        *last = case.after_bytes.max(*last);
        let first = group.first_byte.entry(case.direction).or_insert(case.after_bytes);
        *first = case.after_bytes.min(*first);
        let lossless = (case.kind, case.direction) == (BreakKind::Stall, Direction::ToTill);
        if lossless && verdict.seen {
            group.sent_after =
                Some(group.sent_after.map_or(verdict.to_till, |least| least.min(verdict.to_till)));
        }
        if verdict.state == State::InDoubt
            && group.doubted_after.is_none_or(|(least, _)| verdict.to_till < least)
        {
            group.doubted_after = Some((verdict.to_till, case));
        }
        self.faults.extend(verdict.fault);
    }

    /// Holds the runs against each other.
    pub(crate) fn compare(&mut self) {
        for group in self.groups.values() {
            // Before that the till cannot have sent anything, whichever direction broke.
            if let (Some(sent_after), Some((doubted_after, case))) = (group.sent_after, group.doubted_after)
                && doubted_after + SIZES_VARY_BY < sent_after
            {
                self.faults.push(format!(
                    "{case}: in doubt after {doubted_after} bytes from the device, \
                     but no till sends its request before it has {sent_after}"
                ));
            }
        }
    }

    /// What must be true of a whole sweep, or else it has proven less than it seems.
    pub(crate) fn demand_everything(&mut self) {
        for (scenario, group) in &self.groups {
            let count = |state| group.states.get(&state).copied().unwrap_or_default();
            let expected: &[State] = match scenario.act {
                Act::Pair => &[State::Done, State::NotSent, State::InDoubt],
                Act::Open => &[State::Done, State::Failed],
                Act::Exchange => &[State::Done, State::InDoubt],
            };
            for state in expected.iter().filter(|state| count(**state) == 0) {
                self.faults.push(format!("{scenario}: no run ended as {state:?}"));
            }
            if group.runs - group.reached > UNREACHED_MAX {
                self.faults.push(format!("{scenario}: only {} of {} breaks came", group.reached, group.runs));
            }
            if scenario.act != Act::Open && group.sent_after.is_none() {
                self.faults.push(format!("{scenario}: no request was seen whose reply did not come back"));
            }
        }
    }

    /// A line for each scenario.
    pub(crate) fn lines(&self) -> Vec<String> {
        let swept = |group: &Group, direction| {
            let byte = |of: &HashMap<_, u64>| of.get(&direction).copied().unwrap_or_default();
            format!("{}..={}", byte(&group.first_byte), byte(&group.last_byte))
        };
        let line = |scenario: Scenario, group: &Group| {
            let count = |state| group.states.get(&state).copied().unwrap_or_default();
            format!(
                "{scenario}: cut, reset, stall after bytes {} to the device and {} to the till: {} runs, {} of them \
                 broken; {} succeeded, {} failed to open, {} not sent, {} in doubt",
                swept(group, Direction::ToDevice),
                swept(group, Direction::ToTill),
                group.runs,
                group.reached,
                count(State::Done),
                count(State::Failed),
                count(State::NotSent),
                count(State::InDoubt),
            )
        };
        Scenario::all()
            .into_iter()
            .filter_map(|scenario| Some(line(scenario, self.groups.get(&scenario)?)))
            .collect()
    }
}

/// Three kinds at the bytes beyond those that were measured, in both directions, and at those of a ping, its answer and
/// a goodbye, which may not come to be.
const UNREACHED_MAX: usize = 500;

/// The devices' certificates differ by their serial numbers, which DER writes in 19 to 21 bytes.
const SIZES_VARY_BY: u64 = 8;
