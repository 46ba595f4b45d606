//! What a process costs its machine, by Linux's own account. A file of its own, because `benches/soak` measures with
//! it, too.

use std::{fs, io};

/// What this process holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Memory that is resident, of every kind.
    pub(crate) rss_kib: u64,
    pub(crate) threads: u64,
    pub(crate) descriptors: u64,
}

impl Footprint {
    /// # Errors
    /// On systems without `/proc`.
    pub(crate) fn now() -> io::Result<Footprint> {
        let status = fs::read_to_string("/proc/self/status")?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            number.ok_or_else(|| io::Error::other(format!("/proc/self/status has no {name}")))
        };
        // One of them is the listing itself.
        let descriptors = fs::read_dir("/proc/self/fd")?.count().saturating_sub(1);
        Ok(Footprint {
            rss_kib: number("VmRSS")?,
            threads: number("Threads")?,
            descriptors: u64::try_from(descriptors).map_err(io::Error::other)?,
        })
    }
}
