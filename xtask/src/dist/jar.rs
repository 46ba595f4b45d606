//! The jar: the Java wrapper with the library of this machine inside, in JNA's layout. With JNA's own jar beside it, a
//! till needs nothing else.

use super::{VERSION, place};
use crate::Result;
use crate::java::{Java, Phase};
use crate::log::Log;
use crate::test::Context;
use std::fs;
use std::path::PathBuf;

pub(super) fn make(context: &Context, log: &mut Log) -> Result<Vec<PathBuf>> {
    let java = Java::new(&context.project)?;
    java.maven(&context.project, &context.artifacts, Phase::Package, log)?;
    put(context, &java).map(|jar| vec![jar])
}

/// Copies the jar that Maven has packaged to where the packages are.
pub(crate) fn put(context: &Context, java: &Java) -> Result<PathBuf> {
    let jar = place(&context.project, &format!("poslatch-{VERSION}.jar"));
    if let Some(folder) = jar.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(java.jar(VERSION), &jar).map_err(|error| {
        format!("{}: {error}; is it the version of pom.xml?", java.jar(VERSION).display())
    })?;
    Ok(jar)
}
