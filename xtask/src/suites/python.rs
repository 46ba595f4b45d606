//! The `python` suite: the wrapper as its developer wants it, clean, typed, and paying, on the oldest and the newest
//! Python of this machine.

use crate::Result;
use crate::dist::{papers, wheel};
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::python::{self, Python};
use crate::test::Context;
use std::path::{Path, absolute};

const PACKAGE: &str = "bindings/python";
const SETTINGS: &str = "bindings/python/pyproject.toml";
const RUNNER: &str = "tests/conformance/runners/python";

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let project = &context.project;
    let pythons = python::oldest_and_newest()?;
    context.artifacts.simulator(log)?;
    let built = wheel::make(context, &[], log)?;
    let wheel = built.first().ok_or("no wheel was built")?;
    let [licences, bills] = wheel::papers();
    papers::check(wheel, &licences, &bills)?;

    let newest = pythons.last().ok_or("no Python")?;
    check_style(project, &python::environment(project, newest, log)?, log)?;
    let mut lines = vec!["ruff and mypy --strict have nothing to say, for Python 3.8".to_owned()];
    for python in &pythons {
        lines.push(format!("Python {}: {}", python.version, test(project, python, wheel, log)?));
    }
    if pythons.len() == 1 {
        lines.push(format!("only one Python was found; {} names more", python::VARIABLE));
    }
    let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    lines.push(format!("{name} installs without network, and pays"));
    Ok(lines)
}

/// What the language's own tools say; both judge by Python 3.8, whatever runs them.
fn check_style(project: &Project, interpreter: &Path, log: &mut Log) -> Result<()> {
    let ruff = |verb: &str| {
        let run = Run::new(interpreter).args(["-m", "ruff", verb, "--quiet", "--cache-dir"]);
        run.arg(project.target("python/ruff-cache"))
    };
    let mends = |error: crate::Failure| format!("{error}; with --fix it mends most of it");
    ruff("check").args([PACKAGE, RUNNER]).log(log).map_err(mends)?;
    let mends = |error: crate::Failure| format!("{error}; without --check it mends it");
    ruff("format").arg("--check").args([PACKAGE, RUNNER]).log(log).map_err(mends)?;
    let mypy = || {
        let run = Run::new(interpreter).args(["-m", "mypy", "--config-file", SETTINGS, "--cache-dir"]);
        run.arg(project.target("python/mypy-cache"))
    };
    mypy().args(["src", "tests"].map(|part| format!("{PACKAGE}/{part}"))).log(log)?;
    mypy().arg(RUNNER).log(log)
}

/// Runs the tests with one interpreter; returns pytest's last line.
fn test(project: &Project, python: &Python, wheel: &Path, log: &mut Log) -> Result<String> {
    let interpreter = python::environment(project, python, log)?;
    Run::new(interpreter)
        .env("POSLATCH_LIBRARY", absolute(project.library())?)
        .env("POSLATCH_SIMULATOR", absolute(project.simulator())?)
        .env("POSLATCH_WHEEL", absolute(wheel)?)
        .env("PYTHONPYCACHEPREFIX", absolute(project.target("python/pycache"))?)
        .args([
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--durations=10",
            "-c",
            SETTINGS,
            "--rootdir",
            PACKAGE,
        ])
        .arg("--basetemp")
        .arg(project.target(format!("python/tmp-{}", python.version)))
        .arg(format!("{PACKAGE}/tests"))
        .log(log)?;
    let text = log.text()?;
    let last = text.lines().rev().find(|line| line.contains(" passed")).ok_or("pytest ran no test")?;
    Ok(last.trim_matches(['=', ' ']).to_owned())
}
