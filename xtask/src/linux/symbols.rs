//! What a shared library asks of the machine that loads it, read from its tables: a till finds out at start, and by then
//! it is too late.

use super::{GLIBC, Target};
use crate::Result;
use crate::abi;
use crate::process::Run;
use std::collections::BTreeSet;
use std::path::Path;

/// Libraries that every glibc brings; each loader has a name of its own.
const NEEDED: [&str; 6] =
    ["libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1", "libutil.so.1"];

/// Functions whose offsets, sizes or file numbers have 32 bits where pointers have, so that files beyond 2 GiB, or on a
/// large disk, make them fail. Each has a twin with `64` in its name.
const NARROW: [&str; 30] = [
    "__fxstat",
    "__fxstatat",
    "__lxstat",
    "__xstat",
    "creat",
    "fallocate",
    "fopen",
    "freopen",
    "fseeko",
    "fstat",
    "fstatat",
    "fstatfs",
    "fstatvfs",
    "ftello",
    "ftruncate",
    "lseek",
    "lstat",
    "mmap",
    "open",
    "openat",
    "posix_fallocate",
    "pread",
    "preadv",
    "pwrite",
    "pwritev",
    "readdir",
    "sendfile",
    "stat",
    "statvfs",
    "truncate",
];

/// Called all the same: `getrandom` opens `/dev/urandom` with it where the kernel has no call for random numbers, and on ARM
/// the standard library `/proc/self/auxv`, to see what the processor can do. Neither has a size.
const EXCUSED: [&str; 1] = ["open"];

/// The one without which the check of the others would prove nothing.
const WIDE: &str = "open64";

/// The clock that goes on beyond 2038; older systems do not have it, so the standard library looks for it when it runs.
const WIDE_CLOCK: &[u8] = b"__clock_gettime64";

/// Fails with everything in the library that a machine with the oldest glibc may not have. Returns a line for the
/// summary.
pub(crate) fn check(target: Target, library: &Path) -> Result<String> {
    let tables = Run::new("readelf").args(["--wide", "--dyn-syms", "--dynamic"]).arg(library).read()?;
    let found = Found::read(&tables);
    let mut problems = found.problems(target.bits());
    let soname = abi::soname()?;
    if found.soname.as_deref() != Some(&soname) {
        problems.push(format!("it calls itself {:?} and not {soname}", found.soname));
    }
    let content = std::fs::read(library)?;
    if target.bits() == 32 && !content.windows(WIDE_CLOCK.len()).any(|bytes| bytes == WIDE_CLOCK) {
        problems.push("its clock ends in 2038".to_owned());
    }
    if problems.is_empty() {
        return Ok(format!("{}: nothing newer than glibc {}", target.name(), dotted(found.newest())));
    }
    Err(format!(
        "{} does not fit every {} machine:\n  {}",
        library.display(),
        target.name(),
        problems.join("\n  ")
    )
    .into())
}

/// What the tables say.
struct Found {
    /// Names of functions of others, with their versions.
    imports: BTreeSet<(String, String)>,
    /// Libraries.
    needed: BTreeSet<String>,
    soname: Option<String>,
}

impl Found {
    fn read(tables: &str) -> Found {
        let mut found = Found { imports: BTreeSet::new(), needed: BTreeSet::new(), soname: None };
        for line in tables.lines() {
            let bracketed =
                line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(name, _)| name);
            match bracketed {
                Some(name) if line.contains("(NEEDED)") => drop(found.needed.insert(name.to_owned())),
                Some(name) if line.contains("(SONAME)") => found.soname = Some(name.to_owned()),
                _ => {}
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            // "12: 00000000 0 FUNC GLOBAL DEFAULT UND open64@GLIBC_2.1 (2)"
            if let [_, _, _, _, _, _, "UND", name, ..] = words.as_slice() {
                let (name, version) = name.split_once('@').unwrap_or((name, ""));
                found.imports.insert((name.to_owned(), version.trim_start_matches('@').to_owned()));
            }
        }
        found
    }

    fn newest(&self) -> Vec<u32> {
        self.imports
            .iter()
            .filter_map(|(_, version)| numbers(version.strip_prefix("GLIBC_")?))
            .max()
            .unwrap_or_default()
    }

    fn problems(&self, bits: u32) -> Vec<String> {
        let mut problems = Vec::new();
        let floor = numbers(GLIBC);
        for (name, version) in &self.imports {
            let number = version.strip_prefix("GLIBC_").and_then(numbers);
            if number > floor {
                problems.push(format!("{name} came with {version}"));
            }
            let is_excused = EXCUSED.contains(&name.as_str());
            if bits == 32 && NARROW.contains(&name.as_str()) && !is_excused {
                problems.push(format!("{name} has 32-bit sizes"));
            }
        }
        if self.newest().is_empty() {
            problems.push("no function of glibc was found in its tables".to_owned());
        }
        if bits == 32 && !self.imports.iter().any(|(name, _)| name == WIDE) {
            problems.push(format!("it does not open files by {WIDE}"));
        }
        let is_known = |name: &&String| NEEDED.contains(&name.as_str()) || name.starts_with("ld-linux");
        problems
            .extend(self.needed.iter().filter(|name| !is_known(name)).map(|name| format!("it needs {name}")));
        problems
    }
}

/// The numbers of a version, which compare as versions do.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|number| number.parse().ok()).collect()
}

fn dotted(version: Vec<u32>) -> String {
    version.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(lines: &[&str]) -> Found {
        Found::read(&lines.join("\n"))
    }

    #[test]
    fn newer_symbols_and_foreign_libraries_are_found() {
        let found = tables(&[
            "     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND read@GLIBC_2.2.5 (2)",
            "     2: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND stat64@GLIBC_2.33 (3)",
            "     3: 0000000000001000     0 FUNC    GLOBAL DEFAULT   12 poslatch_pair",
            " 0x01 (NEEDED)  Shared library: [libc.so.6]",
            " 0x0e (SONAME)  Library soname: [libposlatch.so.0]",
            " 0x01 (NEEDED)  Shared library: [libssl.so.3]",
        ]);
        assert_eq!(found.newest(), [2, 33]);
        assert_eq!(found.soname.as_deref(), Some("libposlatch.so.0"));
        assert_eq!(found.problems(64), ["stat64 came with GLIBC_2.33", "it needs libssl.so.3"]);
    }

    #[test]
    fn narrow_functions_count_only_where_they_are_narrow() {
        let found = tables(&[
            "     1: 00000000     0 FUNC    GLOBAL DEFAULT  UND open64@GLIBC_2.1 (2)",
            "     2: 00000000     0 FUNC    GLOBAL DEFAULT  UND lseek@GLIBC_2.0 (2)",
        ]);
        assert!(found.problems(64).is_empty());
        assert_eq!(found.problems(32), ["lseek has 32-bit sizes"]);
    }

    #[test]
    fn tables_that_cannot_be_read_do_not_pass() {
        assert!(!tables(&["nothing"]).problems(64).is_empty());
    }
}
