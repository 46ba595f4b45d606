//! The `sweep` suite: the network breaks at every byte of every call. Apart from `rust`, because it takes both
//! processors for minutes, and because its own sums are what is worth telling.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::test::Context;

pub(super) fn run(_: &Context, log: &mut Log) -> Result<Vec<String>> {
    Run::new("cargo").args(["test", "--package", "poslatch", "--test", "sweep"]).log(log)?;
    let lines: Vec<_> =
        log.text()?.lines().filter_map(|line| line.strip_prefix("sweep: ")).map(str::to_owned).collect();
    // A suite that swept nothing must not look like one that passed.
    if lines.is_empty() { Err("the sweep did not tell what it swept".into()) } else { Ok(lines) }
}
