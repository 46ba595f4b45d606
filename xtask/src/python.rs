//! The interpreters of Python that this machine has, and environments with what the suites need in them. Apart from
//! `tools.rs`, because there can be several, and the oldest matters as much as the newest.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The oldest version that the package supports; `requires-python` in its `pyproject.toml`.
const OLDEST_MINOR: u32 = 8;

/// No `python3.N` is looked for beyond this.
const NEWEST_MINOR: u32 = 30;

/// Names the interpreters to use, in place of those that are found; separated as in PATH.
pub(crate) const VARIABLE: &str = "PYTHON";

/// What every environment has, pinned to what runs on the oldest Python and the newest. With what they need
/// themselves, since nothing else is installed: a new release of such a package, in syntax newer than the oldest Python,
/// has failed the type checker before.
const PACKAGES: [&str; 11] = [
    "pytest==8.3.5",
    "setuptools==75.3.4",
    "mypy==1.14.1",
    "ruff==0.17.6",
    "exceptiongroup==1.2.2",
    "iniconfig==2.0.0",
    "mypy_extensions==1.0.0",
    "packaging==24.2",
    "pluggy==1.5.0",
    "tomli==2.2.1",
    "typing_extensions==4.12.2",
];

/// What an interpreter has to be able to do; Debian ships one without the two in the middle.
const PROBE: &str = "import sys, ctypes, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])";

/// An interpreter.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    pub(crate) program: OsString,
    /// Such as `3.8.18`.
    pub(crate) version: String,
    order: (u32, u32),
}

impl Python {
    fn probe(program: impl Into<OsString>) -> Option<Python> {
        let program = program.into();
        let version = Run::new(&program).args(["-c", PROBE]).read().ok()?.trim().to_owned();
        let mut numbers = version.split('.').map(|number| number.parse::<u32>());
        let (Some(Ok(3)), Some(Ok(minor)), Some(Ok(patch))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return None;
        };
        (minor >= OLDEST_MINOR).then_some(Python { program, version, order: (minor, patch) })
    }
}

/// The oldest and the newest interpreter; one, if there is only one.
pub(crate) fn oldest_and_newest() -> Result<Vec<Python>> {
    let mut all = match std::env::var_os(VARIABLE) {
        Some(named) => std::env::split_paths(&named)
            .map(|program| {
                let shown = program.display().to_string();
                Python::probe(program).ok_or_else(|| {
                    format!(
                        "{VARIABLE} names {shown}, which is no Python 3.{OLDEST_MINOR} or later with venv"
                    )
                })
            })
            .collect::<std::result::Result<Vec<_>, _>>()?,
        None => found(),
    };
    all.sort_by_key(|python| python.order);
    match (all.first(), all.last()) {
        (Some(oldest), Some(newest)) if oldest.order != newest.order => {
            Ok(vec![oldest.clone(), newest.clone()])
        }
        (Some(only), _) => Ok(vec![only.clone()]),
        _ => {
            Err(format!("there is no Python 3.{OLDEST_MINOR} or later with venv; name one in {VARIABLE}")
                .into())
        }
    }
}

fn found() -> Vec<Python> {
    /// Several suites ask, and the search takes dozens of processes. Finding nothing is not kept: a package may be
    /// installed then.
    static FOUND: Mutex<Vec<Python>> = Mutex::new(Vec::new());
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if found.is_empty() {
        *found = search();
    }
    found.clone()
}

fn search() -> Vec<Python> {
    let by_name = (OLDEST_MINOR..NEWEST_MINOR).map(|minor| format!("python3.{minor}").into());
    std::iter::once(OsString::from("python3"))
        .chain(by_name)
        .chain(of_pyenv())
        .filter_map(Python::probe)
        .collect()
}

/// Where pyenv is used, PATH has one version at a time, and pyenv knows the others.
fn of_pyenv() -> Vec<OsString> {
    let versions = Run::new("pyenv").args(["versions", "--bare"]).read().unwrap_or_default();
    let folder = |version: &str| Run::new("pyenv").args(["prefix", version]).read().ok();
    versions
        .lines()
        .filter_map(|version| folder(version.trim()))
        .map(|folder| PathBuf::from(folder.trim()).join("bin/python3").into())
        .collect()
}

/// An environment below `target/python`, with everything that the suites of the package need; made once, and again when
/// the list of packages changes. Returns its interpreter.
pub(crate) fn environment(project: &Project, python: &Python, log: &mut Log) -> Result<PathBuf> {
    environment_with(project, python, &python.version, &[], log)
}

/// The same with these packages as well, in a folder of this name.
pub(crate) fn environment_with(
    project: &Project,
    python: &Python,
    name: &str,
    more: &[&str],
    log: &mut Log,
) -> Result<PathBuf> {
    let packages = [&PACKAGES, more].concat();
    let folder = std::path::absolute(project.target(format!("python/{name}")))?;
    let interpreter = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = folder.join("packages.txt");
    let wanted = packages.join("\n");
    // The environment leans on the interpreter that made it, which may be gone.
    if interpreter.exists() && fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
        return Ok(interpreter);
    }
    Run::new(&python.program).args(["-m", "venv", "--clear"]).arg(&folder).log(log)?;
    Run::new(&interpreter)
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--cache-dir"])
        .arg(std::path::absolute(project.target("python/pip-cache"))?)
        .args(packages.iter().copied())
        .log(log)
        .map_err(|error| {
            format!(
                "{error}: the packages {} could not be had; without network, put their wheels into a folder and \
                 name it in PIP_FIND_LINKS, with PIP_NO_INDEX=1",
                packages.join(", ")
            )
        })?;
    fs::write(stamp, wanted)?;
    Ok(interpreter)
}
