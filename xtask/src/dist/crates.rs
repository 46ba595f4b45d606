//! The crates that are linked into the library, as cargo resolves them for one machine: what the list of licences and the
//! bill of materials are about.

use crate::Result;
use crate::process::Run;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// A crate with what others have to know of it.
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) licence: String,
    pub(super) repository: Option<String>,
    /// Where its sources are on this machine.
    pub(super) folder: PathBuf,
    /// SHA-256 of what crates.io has, in hexadecimal digits; the library itself has none.
    pub(super) checksum: Option<String>,
    /// Names and versions of what it links in turn.
    pub(super) needs: BTreeSet<(String, String)>,
}

/// Every crate of the library for a machine that Rust calls `triple`, the library first; no macros and no tools of the
/// build, of which nothing is left in the library.
pub(super) fn linked(triple: &str) -> Result<Vec<Crate>> {
    let tree = Run::new("cargo")
        .args(["tree", "--locked", "--package", "poslatch", "--edges", "normal,no-proc-macro"])
        .args(["--prefix", "depth", "--no-dedupe", "--format", "{p}", "--target", triple])
        .read()?;
    let metadata = Run::new("cargo").args(["metadata", "--locked", "--format-version", "1"]).read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let lock = fs::read_to_string("Cargo.lock")?;

    let needs = needs(&tree)?;
    let mut crates = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |name: &str| package[name].as_str().map(str::to_owned);
        let (Some(name), Some(version), Some(manifest)) =
            (text("name"), text("version"), text("manifest_path"))
        else {
            return Err(
                format!("cargo metadata has a package without name, version or manifest: {package}").into()
            );
        };
        let Some(needs) = needs.get(&(name.clone(), version.clone())) else { continue };
        let licence = text("license").ok_or_else(|| format!("{name} {version} names no licence"))?;
        crates.push(Crate {
            // An old way to write it.
            licence: licence.replace('/', " OR "),
            repository: text("repository"),
            folder: PathBuf::from(manifest).parent().map(PathBuf::from).unwrap_or_default(),
            checksum: checksum(&lock, &name, &version),
            needs: needs.clone(),
            name,
            version,
        });
    }
    if crates.len() != needs.len() {
        return Err(
            format!("cargo tree has {} crates, cargo metadata knows {}", needs.len(), crates.len()).into()
        );
    }
    crates.sort_by_key(|one| (one.name != "poslatch", one.name.clone(), one.version.clone()));
    Ok(crates)
}

type Needs = BTreeMap<(String, String), BTreeSet<(String, String)>>;

/// Reads lines such as `2cipher v0.5.2`, each one level below the nearest line before it with a smaller number.
fn needs(tree: &str) -> Result<Needs> {
    let mut needs = Needs::new();
    let mut above: Vec<(String, String)> = Vec::new();
    for line in tree.lines() {
        let unreadable = || format!("cargo tree has a line that cannot be read: {line}");
        let digits = line.find(|c: char| !c.is_ascii_digit()).ok_or_else(unreadable)?;
        let depth: usize = line[..digits].parse()?;
        let mut words = line[digits..].split_whitespace();
        let name = words.next().ok_or_else(unreadable)?.to_owned();
        let version = words.next().and_then(|word| word.strip_prefix('v')).ok_or_else(unreadable)?.to_owned();
        let this = (name, version);
        above.truncate(depth);
        if let Some(parent) = above.last() {
            needs.entry(parent.clone()).or_default().insert(this.clone());
        }
        needs.entry(this.clone()).or_default();
        above.push(this);
    }
    Ok(needs)
}

fn checksum(lock: &str, name: &str, version: &str) -> Option<String> {
    let head = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
    let entry = lock.split_once(&head)?.1.split("\n[[").next()?;
    Some(entry.split_once("checksum = \"")?.1.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_the_tree_say_who_needs_whom() -> Result<()> {
        let needs = needs("0a v1.0.0 (/somewhere)\n1b v2.0.0\n2c v3.0.0\n1c v3.0.0\n")?;
        let of = |name: &str, version: &str| needs[&(name.to_owned(), version.to_owned())].len();
        assert_eq!((of("a", "1.0.0"), of("b", "2.0.0"), of("c", "3.0.0")), (2, 1, 0));
        assert!(super::needs("(*)").is_err());
        Ok(())
    }

    #[test]
    fn checksum_is_that_of_the_version() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n\
                    checksum = \"12ab\"\n";
        assert_eq!(checksum(lock, "a", "2.0.0").as_deref(), Some("12ab"));
        assert_eq!(checksum(lock, "a", "1.0.0"), None);
    }
}
