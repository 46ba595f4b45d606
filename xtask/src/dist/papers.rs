//! The papers of a library that is handed out: whose work is in it, under which licences, and the same as a bill of
//! materials for programs. The same in an archive as in the packages of each language, which have places for them.

use super::crates::{self, Crate};
use super::target::{Native, Target};
use super::{licences, sbom};
use crate::Result;
use crate::cmake;
use crate::process::Run;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zip::ZipArchive;

/// The file with the licences, in every archive and package.
pub(super) const LICENCES: &str = "THIRD-PARTY-LICENCES.txt";

/// What one library is made of.
struct Library {
    /// The machine that it is for.
    name: String,
    crates: Vec<Crate>,
    /// The version of Rust whose standard library is in it.
    rust: String,
}

/// The papers of one library or several.
pub(super) struct Papers {
    libraries: Vec<Library>,
}

impl Papers {
    /// Those of the library for one machine.
    pub(super) fn of_target(target: Target) -> Result<Papers> {
        Ok(Papers { libraries: vec![library(target)?] })
    }

    /// Those of a package with these libraries in it, or with this machine's own, if there are none.
    pub(super) fn of_package(natives: &[Native]) -> Result<Papers> {
        if natives.is_empty() {
            return Ok(Papers { libraries: vec![own_library()?] });
        }
        let libraries = natives.iter().map(|native| library(native.target)).collect::<Result<_>>()?;
        Ok(Papers { libraries })
    }

    /// The text of [`LICENCES`]: each licence once, whichever of the libraries calls for it.
    pub(super) fn licences(&self) -> Result<String> {
        let all: BTreeMap<_, &Crate> = self
            .libraries
            .iter()
            .flat_map(|library| &library.crates)
            .map(|one| ((one.name.as_str(), one.version.as_str()), one))
            .collect();
        let crates: Vec<&Crate> = all.into_values().collect();
        let mut rust: Vec<&str> = self.libraries.iter().map(|library| library.rust.as_str()).collect();
        rust.sort_unstable();
        rust.dedup();
        licences::text(&crates, &rust.join(" and "))
    }

    /// A bill of materials for each library: the name of its machine, and the text.
    pub(super) fn bills(&self) -> Result<Vec<(&str, String)>> {
        let bill = |library: &Library| sbom::cyclonedx(&library.crates, &library.name, &library.rust);
        self.libraries.iter().map(|library| Ok((library.name.as_str(), bill(library)?))).collect()
    }

    /// The files of a package: their names, below the folders that its ecosystem has for licences and for bills, and their
    /// texts.
    pub(super) fn files(&self, licences: &str, bills: &str) -> Result<Vec<(String, String)>> {
        let mut files = vec![(format!("{licences}{LICENCES}"), self.licences()?)];
        for (machine, text) in self.bills()? {
            files.push((format!("{bills}{}", bill_name(machine)), text));
        }
        Ok(files)
    }
}

/// Fails unless a package with this machine's own library has its papers in these folders, and they name every crate that
/// is in the library.
pub(crate) fn check(package: &Path, licences: &str, bills: &str) -> Result<()> {
    let own = own_library()?;
    let mut zip = ZipArchive::new(File::open(package)?)?;
    let mut text = |name: String| -> Result<String> {
        let mut file =
            zip.by_name(&name).map_err(|error| format!("{} has no {name}: {error}", package.display()))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(text)
    };
    let told = text(format!("{licences}{LICENCES}"))?;
    let bill: Value = serde_json::from_str(&text(format!("{bills}{}", bill_name(&own.name)))?)?;
    let billed: Vec<&Value> = bill["components"].as_array().into_iter().flatten().collect();
    for one in own.crates.iter().filter(|one| one.name != "poslatch") {
        let is_billed =
            billed.iter().any(|part| part["name"] == *one.name && part["version"] == *one.version);
        if !is_billed || !told.contains(&format!("{} {}", one.name, one.version)) {
            return Err(format!("{} does not name {} {}", package.display(), one.name, one.version).into());
        }
    }
    Ok(())
}

fn bill_name(machine: &str) -> String {
    format!("poslatch-{machine}.cdx.json")
}

fn library(target: Target) -> Result<Library> {
    Ok(Library {
        name: target.name().to_owned(),
        crates: crates::linked(target.triple())?,
        rust: target.rust()?,
    })
}

/// This machine's own, as it was built for the tests.
fn own_library() -> Result<Library> {
    let triple = cmake::host()?;
    let said = Run::new("rustc").arg("--version").read()?;
    let rust = said.split_whitespace().nth(1).ok_or("rustc does not tell its version")?.to_owned();
    Ok(Library { crates: crates::linked(&triple)?, name: triple, rust })
}
