//! The parts of the program: arguments in, screen out. What the two kinds of screen have in common stands here.

pub(crate) mod arguments;
pub(crate) mod human;
pub(crate) mod input;
pub(crate) mod json;

use poslatch_simulator::{Event, Simulator};
use std::io;
use std::path::Path;

/// Where the program shows what happens.
pub(crate) trait Screen {
    /// The device listens.
    fn ready(&mut self, start: &Start<'_>) -> io::Result<()>;
    /// Something happened.
    fn event(&mut self, device: &Simulator, event: &Event) -> io::Result<()>;
    /// A second has passed in which nothing happened.
    fn tick(&mut self, device: &Simulator) -> io::Result<()>;
    /// The program ends.
    fn end(&mut self) -> io::Result<()>;
}

/// What is known at the start.
pub(crate) struct Start<'a> {
    pub(crate) device: &'a Simulator,
    pub(crate) root_ca_file: Option<&'a str>,
    pub(crate) state: Option<&'a Path>,
}
