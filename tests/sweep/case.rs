//! What is swept: a call of the till's, and the byte at which the network breaks under it. Each case has a name by
//! which it can be run alone.

use poslatch_simulator::{BreakKind, Direction};
use std::fmt;

/// A call of the till's over one of the two protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scenario {
    pub(crate) act: Act,
    pub(crate) scheme: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    /// `pair`.
    Pair,
    /// `open_mtls`, and the goodbye when the connection is dropped.
    Open,
    /// A payment on an open connection, and the goodbye; only the bytes after the opening are swept.
    Exchange,
}

impl Scenario {
    pub(crate) fn all() -> Vec<Scenario> {
        let schemes = ["https", "wss"];
        [Act::Pair, Act::Open, Act::Exchange]
            .into_iter()
            .flat_map(|act| schemes.map(|scheme| Scenario { act, scheme }))
            .collect()
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = match self.act {
            Act::Pair => "pair",
            Act::Open => "open",
            Act::Exchange => "exchange",
        };
        write!(f, "{act}-{}", self.scheme)
    }
}

/// One scenario with one break of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) scenario: Scenario,
    pub(crate) direction: Direction,
    pub(crate) kind: BreakKind,
    /// Bytes of this direction that pass before the break.
    pub(crate) after_bytes: u64,
}

impl Case {
    /// Whether `prefix` names this case, or a group that it is in: `pair-wss/to-till`.
    pub(crate) fn is_named(&self, prefix: &str) -> bool {
        let name = self.to_string();
        name.strip_prefix(prefix.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::ToDevice => "to-device",
            Direction::ToTill => "to-till",
        };
        let kind = match self.kind {
            BreakKind::Cut => "cut",
            BreakKind::Reset => "reset",
            BreakKind::Stall => "stall",
        };
        write!(f, "{}/{direction}/{kind}/{}", self.scenario, self.after_bytes)
    }
}
