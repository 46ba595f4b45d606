//! The `docs` suite: `cargo doc` of the library, warnings being errors.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::test::Context;

pub(super) fn run(_: &Context, log: &mut Log) -> Result<Vec<String>> {
    Run::new("cargo")
        .args(["doc", "--package", "poslatch", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .log(log)?;
    Ok(Vec::new())
}
