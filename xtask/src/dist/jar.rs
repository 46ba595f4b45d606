//! The jar: the Java wrapper with libraries inside, in JNA's layout. With JNA's own jar beside it, a till needs nothing
//! else.

use super::archive::{Archive, Mode};
use super::target::{Native, TARGETS};
use super::{VERSION, place};
use crate::Result;
use crate::java::{Java, Phase};
use crate::log::Log;
use crate::test::Context;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

pub(super) fn make(context: &Context, natives: &[Native], log: &mut Log) -> Result<Vec<PathBuf>> {
    let java = Java::new(&context.project)?;
    java.maven(&context.project, &context.artifacts, Phase::Package, log)?;
    let jar = put(context, &java)?;
    if !natives.is_empty() {
        exchange(&java.jar(VERSION), natives, &jar)?;
    }
    Ok(vec![jar])
}

/// Writes a jar like Maven's, with these libraries in the place of this machine's. Maven keeps whatever it has once copied,
/// so it would go on to pack what another run has asked for.
fn exchange(packaged: &Path, natives: &[Native], jar: &Path) -> Result<()> {
    let mut from = ZipArchive::new(File::open(packaged)?)?;
    let mut to = Archive::begin(jar)?;
    let is_native = |name: &str| TARGETS.iter().any(|target| name.starts_with(&format!("{}/", target.jna())));
    for index in 0..from.len() {
        let file = from.by_index(index)?;
        if !is_native(&file.name()?) {
            to.copy(file)?;
        }
    }
    for Native { target, library } in natives {
        to.add_file(&format!("{}/{}", target.jna(), target.library()), Mode::Executable, library)?;
    }
    to.finish()
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
