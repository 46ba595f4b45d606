//! What the DLL needs of Windows, against the list of what Windows 7 SP1 has. One function that came later, and the DLL
//! does not load at all; no compiler says so.

use super::{DLL, Target};
use crate::Result;
use crate::process::Run;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// `DLL!function`, a line each: an addition is a claim about Windows 7, seen in review.
pub(crate) const ALLOWED: &str = "abi/windows-imports.txt";

/// The newest Windows that the DLL may ask for, as its header says it: 6.1 is Windows 7.
const SUBSYSTEM_MAX: (u32, u32) = (6, 1);

/// How many functions the DLL imports; fails with those that are not allowed.
pub(crate) fn check(target: Target, dll: &Path) -> Result<usize> {
    let dump = dump(target, dll)?;
    let found = imports(&dump);
    if found.is_empty() {
        return Err(format!("objdump names no import of {DLL}").into());
    }
    let list = fs::read_to_string(ALLOWED).map_err(|error| format!("{ALLOWED}: {error}"))?;
    let allowed: BTreeSet<String> = list
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let strangers: String = found.difference(&allowed).map(|import| format!("\n  {import}")).collect();
    if !strangers.is_empty() {
        return Err(format!(
            "the DLL for {} imports what is not in {ALLOWED}; add it there if Windows 7 SP1 has it, for without it the \
             DLL does not load:{strangers}",
            target.name()
        )
        .into());
    }
    subsystem(&dump)?;
    Ok(found.len())
}

/// The functions that the DLL exports.
pub(crate) fn exports(target: Target, dll: &Path) -> Result<BTreeSet<String>> {
    let dump = dump(target, dll)?;
    let table = dump.split_once("[Ordinal/Name Pointer] Table").map_or("", |(_, table)| table);
    let entries = table.lines().skip(1).take_while(|line| line.trim_start().starts_with('['));
    Ok(entries.filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect())
}

fn dump(target: Target, dll: &Path) -> Result<String> {
    Run::new(target.mingw("objdump")).arg("--private-headers").arg(dll).read()
}

/// `DLL!function` of each line of the import tables. Names of DLLs in capitals, as Windows does not tell them apart.
fn imports(dump: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut dll = None;
    for line in dump.lines() {
        if let Some(name) = line.trim().strip_prefix("DLL Name: ") {
            dll = Some(name.trim().to_ascii_uppercase());
        } else if line.trim().is_empty() || line.starts_with("The ") {
            dll = None;
        } else if let (Some(dll), [_, _, function]) =
            (&dll, line.split_whitespace().collect::<Vec<_>>().as_slice())
            && *function != "Member-Name"
        {
            found.insert(format!("{dll}!{function}"));
        }
    }
    found
}

/// Windows refuses to load what says that it is for a later Windows.
fn subsystem(dump: &str) -> Result<()> {
    let number = |field: &str| {
        let value = dump.lines().find_map(|line| line.strip_prefix(field)).map(str::trim);
        value.and_then(|value| value.parse::<u32>().ok()).ok_or_else(|| format!("objdump tells no {field}"))
    };
    let version = (number("MajorSubsystemVersion")?, number("MinorSubsystemVersion")?);
    if version > SUBSYSTEM_MAX {
        return Err(format!("{DLL} says that it is for Windows {}.{} and later", version.0, version.1).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "MajorSubsystemVersion\t5\nMinorSubsystemVersion\t2\n\n\
        \tDLL Name: bcrypt.dll\n\tvma:  Hint/Ord Member-Name Bound-To\n\t1ff0e8\t   24  BCryptGenRandom\n\n\
        \tDLL Name: ntdll.dll\n\tvma:  Hint/Ord Member-Name Bound-To\n\t1ff0f0\t  900  NtReadFile\n\n\
        The Export Tables (interpreted .edata section contents)\n\n\ta b c\n";

    #[test]
    fn imports_are_named_with_their_dll() {
        let found: Vec<String> = imports(DUMP).into_iter().collect();
        assert_eq!(found, ["BCRYPT.DLL!BCryptGenRandom", "NTDLL.DLL!NtReadFile"]);
    }

    #[test]
    fn a_later_windows_is_refused() {
        assert!(subsystem(DUMP).is_ok());
        assert!(subsystem(&DUMP.replace("Version\t5", "Version\t6")).is_err());
    }
}
