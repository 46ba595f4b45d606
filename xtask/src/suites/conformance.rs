//! The `conformance` and `endurance` suites: one set of cases, played in every language, and what is left of ten thousand
//! openings and exchanges in each. What is right decides the director, `tests/conformance/main.rs`.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::runners;
use crate::test::Context;
use std::path::Path;

pub(super) fn conform(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let list = runners::build(context, log)?;
    play(&list, log)
}

pub(super) fn endure(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let list = runners::build(context, log)?;
    direct(&list, &["--endure"], "endure: ", log)
}

/// Every case with the runners of a list, whoever built them.
pub(super) fn play(list: &Path, log: &mut Log) -> Result<Vec<String>> {
    direct(list, &[], "conformance: ", log)
}

/// Starts the director and returns the lines that it marks as worth telling.
fn direct(list: &Path, flags: &[&str], mark: &str, log: &mut Log) -> Result<Vec<String>> {
    Run::new("cargo")
        .args(["test", "--package", "poslatch", "--test", "conformance", "--"])
        .args(flags)
        .arg(list)
        .log(log)?;
    let lines: Vec<_> =
        log.text()?.lines().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect();
    // A suite that played nothing must not look like one that passed.
    if lines.is_empty() { Err("the director did not tell what it did".into()) } else { Ok(lines) }
}
