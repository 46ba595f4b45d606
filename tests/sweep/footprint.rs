//! What this process holds: threads, descriptors, memory. Counted by the system, so that nothing can be forgotten.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
    pub(crate) memory_kib: u64,
}

impl Footprint {
    pub(crate) fn now() -> Result<Footprint, String> {
        let failed = |error: std::io::Error| format!("this sweep counts leaks with Linux's /proc: {error}");
        let status = fs::read_to_string("/proc/self/status").map_err(failed)?;
        let resident = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        Ok(Footprint {
            threads: fs::read_dir("/proc/self/task").map_err(failed)?.count(),
            descriptors: fs::read_dir("/proc/self/fd").map_err(failed)?.count(),
            memory_kib: resident
                .and_then(|text| text.trim().trim_end_matches(" kB").parse().ok())
                .ok_or("no RssAnon in /proc/self/status")?,
        })
    }

    /// Returns the footprint as soon as it holds no more threads and descriptors than before, or as it is after a while: a
    /// thread that dials is not joined, and the system does not tell when one is gone.
    pub(crate) fn settled(before: &Footprint) -> Result<Footprint, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let now = Footprint::now()?;
            let is_settled = now.threads <= before.threads && now.descriptors <= before.descriptors;
            if is_settled || Instant::now() >= end {
                return Ok(now);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
