//! What a proxied connection is to suffer, as data: direction by direction, at a pace, up to a byte. Apart from
//! [`super::leg`], which carries it out, because this is what a tester reads and writes.

use std::time::Duration;

/// What happens to one connection. Default: nothing, which is a good network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// What happens to the bytes of the till.
    pub to_device: Leg,
    /// What happens to the bytes of the device.
    pub to_till: Leg,
}

impl Plan {
    /// Describes a connection of which only this direction suffers.
    pub fn on(direction: Direction, leg: Leg) -> Self {
        match direction {
            Direction::ToDevice => Self { to_device: leg, ..Self::default() },
            Direction::ToTill => Self { to_till: leg, ..Self::default() },
        }
    }

    pub(crate) fn leg(&self, direction: Direction) -> Leg {
        match direction {
            Direction::ToDevice => self.to_device,
            Direction::ToTill => self.to_till,
        }
    }
}

/// A direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the till to the device.
    ToDevice,
    /// From the device to the till.
    ToTill,
}

impl Direction {
    /// Both, for tests that go through them.
    pub const BOTH: [Self; 2] = [Self::ToDevice, Self::ToTill];
}

/// What happens to the bytes of one direction. Default: they pass as they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leg {
    /// How fast, and in what pieces, bytes pass.
    pub pace: Pace,
    /// Where the passing ends. Default: not at all.
    pub break_at: Option<Break>,
}

impl Leg {
    /// Forwards this many bytes, then does this.
    pub fn broken(kind: BreakKind, after_bytes: u64) -> Self {
        Self { pace: Pace::Free, break_at: Some(Break { after_bytes, kind }) }
    }

    /// [`BreakKind::Cut`] after this many bytes.
    pub fn cut_after(bytes: u64) -> Self {
        Self::broken(BreakKind::Cut, bytes)
    }

    /// [`BreakKind::Reset`] after this many bytes.
    pub fn reset_after(bytes: u64) -> Self {
        Self::broken(BreakKind::Reset, bytes)
    }

    /// [`BreakKind::Stall`] after this many bytes.
    pub fn stall_after(bytes: u64) -> Self {
        Self::broken(BreakKind::Stall, bytes)
    }

    /// Sets the pace. Default: [`Pace::Free`].
    pub fn at_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }
}

/// How fast, and in what pieces, bytes pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Pace {
    /// At most this many bytes per second, in pieces of a fiftieth of that; 0 counts as 1.
    BytesPerSecond(u32),
    /// Each piece that arrived waits for this long, and those behind it wait with it.
    Delayed(Duration),
    /// As they come.
    #[default]
    Free,
    /// One byte in each TCP segment.
    SingleBytes,
}

/// Where the passing ends, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// Number of bytes of this direction that pass, counted from the connection's first.
    ///
    /// The break comes right behind the last of them and does not wait for another byte; at 0, as soon as the device
    /// has been reached.
    pub after_bytes: u64,
    /// What happens then.
    pub kind: BreakKind,
}

/// How the passing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakKind {
    /// Both ends get the orderly end of the TCP stream (FIN), and nothing passes any more in either direction.
    ///
    /// What they still send is read and thrown away, so that no reset follows.
    Cut,
    /// Both ends get a TCP reset (RST), and nothing passes any more in either direction.
    Reset,
    /// Nothing passes any more in this direction, neither bytes nor their end; the sockets stay open.
    ///
    /// The other direction goes on. What is sent fills the sender's buffers, as on a network that has gone dead, and
    /// passes on after [`super::FaultProxy::heal`]. A stall hides the end of the device from the till. The end of the
    /// till is not hidden from the device: as soon as the till closes, the proxy cuts the connection, so that the
    /// device's record of it comes to its end.
    Stall,
}

impl BreakKind {
    /// All of them, for tests that go through them.
    pub const ALL: [Self; 3] = [Self::Cut, Self::Reset, Self::Stall];
}
