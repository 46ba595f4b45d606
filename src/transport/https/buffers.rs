//! The buffers that ureq reads and writes through, wiped when the connection goes.
//!
//! ureq's own are plain vectors, and what passes through here is a setup code one way and a private
//! key the other.

use ureq::unversioned::transport::Buffers;
use zeroize::Zeroizing;

/// Room for a whole header block and then some; also bounds a single line of the device's HTTP.
const INPUT_BYTES: usize = 32 * 1024;
const OUTPUT_BYTES: usize = 16 * 1024;
/// ureq reads the request body through this before it frames it.
const SCRATCH_BYTES: usize = 16 * 1024;

pub(super) struct WipedBuffers {
    input: Zeroizing<Vec<u8>>,
    consumed: usize,
    filled: usize,
    output: Zeroizing<Vec<u8>>,
    scratch: Zeroizing<Vec<u8>>,
    progressed: bool,
}

impl WipedBuffers {
    pub(super) fn new() -> WipedBuffers {
        WipedBuffers {
            input: Zeroizing::new(vec![0; INPUT_BYTES]),
            consumed: 0,
            filled: 0,
            output: Zeroizing::new(vec![0; OUTPUT_BYTES]),
            scratch: Zeroizing::new(vec![0; SCRATCH_BYTES]),
            progressed: false,
        }
    }

    pub(super) fn output_of(&self, amount: usize) -> &[u8] {
        self.output.get(..amount).unwrap_or(&self.output)
    }

    /// Free room behind the unconsumed input, which is moved to the front first.
    pub(super) fn free_input(&mut self) -> &mut [u8] {
        if self.consumed > 0 {
            self.input.copy_within(self.consumed..self.filled, 0);
            self.filled -= self.consumed;
            self.consumed = 0;
        }
        self.input.get_mut(self.filled..).unwrap_or_default()
    }
}

impl Buffers for WipedBuffers {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.consumed..self.filled).unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.free_input()
    }

    fn input_appended(&mut self, amount: usize) {
        self.filled = (self.filled + amount).min(self.input.len());
    }

    fn input_consume(&mut self, amount: usize) {
        self.progressed = amount > 0;
        self.consumed = (self.consumed + amount).min(self.filled);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.scratch, &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.filled > self.consumed && self.progressed
    }
}
