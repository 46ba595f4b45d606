//! Pascal as tasks and suites compile it: with Free Pascal, where a warning is an error.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The units that a till takes.
pub(crate) const UNITS: &str = "bindings/pascal";

/// Compiles a program, and the units that it uses from these folders, into a folder of its own; returns the program.
pub(crate) fn compile(
    units: &[&Path],
    source: &Path,
    folder: &Path,
    options: &[&str],
    log: &mut Log,
) -> Result<PathBuf> {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let name = source.file_stem().ok_or("a program without a name")?;
    Run::new("fpc")
        // Errors and warnings, and nothing else.
        .args(["-l-", "-v0ew", "-Sew"])
        .args(options)
        .args(units.iter().map(|folder| option("-Fu", folder)))
        .args([option("-FU", folder), option("-FE", folder)])
        .arg(source)
        .log(log)?;
    Ok(std::path::absolute(folder)?.join(name).with_extension(EXE_SUFFIX.trim_start_matches('.')))
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}
