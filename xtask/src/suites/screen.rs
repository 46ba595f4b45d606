//! The `screen` suite: the simulator's screen in a real browser, with a real till on the other side. The tests are in
//! `tests/screen`; this gives them a simulator, the C examples, Chromium and Python, and shows what came of it.

use crate::Result;
use crate::artifacts::Language;
use crate::log::Log;
use crate::process::Run;
use crate::python;
use crate::test::Context;
use crate::till::example;
use crate::tools;
use std::ffi::OsString;
use std::fs;
use std::path::absolute;

const TESTS: &str = "tests/screen";

/// Playwright drives Chromium; its wheel brings no browser, and fetches none if it is told where one is. With what it
/// needs itself.
const PACKAGES: [&str; 2] = ["playwright==1.65.2", "greenlet==3.2.4"];

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let project = &context.project;
    context.artifacts.simulator(log)?;
    context.artifacts.examples(Language::C, project, log)?;
    let pythons = python::oldest_and_newest()?;
    let newest = pythons.last().ok_or("no Python")?;
    let interpreter = python::environment_with(project, newest, "screen", &PACKAGES, log)?;

    let ruff = |verb: &str| {
        let run = Run::new(&interpreter).args(["-m", "ruff", verb, "--quiet", "--cache-dir"]);
        run.arg(project.target("python/ruff-cache"))
    };
    ruff("check").arg(TESTS).log(log).map_err(|error| format!("{error}; with --fix it mends most of it"))?;
    ruff("format")
        .arg("--check")
        .arg(TESTS)
        .log(log)
        .map_err(|error| format!("{error}; without --check it mends it"))?;

    let screenshots = project.target("screen");
    if screenshots.exists() {
        // Of another run, and perhaps of what is no longer there.
        fs::remove_dir_all(&screenshots)?;
    }
    // With its whole path, since Playwright starts it.
    let chromium = Run::new("sh").args(["-c", &format!("command -v {}", tools::CHROMIUM)]).read()?;
    let example = |name| OsString::from(example(project, Language::C, name).to_json().to_string());
    Run::new(&interpreter)
        .env("POSLATCH_SIMULATOR", absolute(project.simulator())?)
        .env("POSLATCH_CHROMIUM", chromium.trim())
        .env("POSLATCH_SCREENSHOTS", absolute(&screenshots)?)
        .env("POSLATCH_PAIR", example("pair"))
        .env("POSLATCH_PAY", example("pay"))
        .env("PYTHONPYCACHEPREFIX", absolute(project.target("python/pycache"))?)
        .args(["-m", "pytest", "-p", "no:cacheprovider", "--durations=10", "--rootdir", TESTS, "--basetemp"])
        .arg(project.target("python/tmp-screen"))
        .arg(TESTS)
        .log(log)?;

    let text = log.text()?;
    let last = text.lines().rev().find(|line| line.contains(" passed")).ok_or("pytest ran no test")?;
    let count = fs::read_dir(&screenshots)?.count();
    Ok(vec![
        last.trim_matches(['=', ' ']).to_owned(),
        format!("{count} screenshots in {}", screenshots.display()),
    ])
}
