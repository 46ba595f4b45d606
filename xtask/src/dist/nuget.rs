//! The NuGet package, put together without NuGet: nothing of the network is needed, and nothing of Windows.

use crate::Result;
use crate::dist::archive::{Archive, Mode};
use crate::dist::{VERSION, place};
use crate::log::Log;
use crate::test::Context;
use std::path::PathBuf;

/// Writes `target/dist/Poslatch.<version>.nupkg`.
pub(crate) fn make(context: &Context, log: &mut Log) -> Result<Vec<PathBuf>> {
    context.artifacts.library(log)?;
    let package = place(&context.project, &format!("Poslatch.{VERSION}.nupkg"));
    let mut archive = Archive::begin(&package)?;
    archive.add_file(
        "runtimes/linux-x64/native/libposlatch.so",
        Mode::Executable,
        &context.project.library(),
    )?;
    archive.add_file("LICENSE-MIT", Mode::Plain, "LICENSE-MIT".as_ref())?;
    archive.finish()?;
    Ok(vec![package])
}
