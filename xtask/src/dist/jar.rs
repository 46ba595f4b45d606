//! The jar: the Java wrapper with libraries inside, in JNA's layout. With JNA's own jar beside it, a till needs nothing
//! else.

use super::archive::{Archive, Mode};
use super::papers::Papers;
use super::target::{Native, TARGETS};
use super::{VERSION, place};
use crate::Result;
use crate::java::{Java, Phase};
use crate::log::Log;
use crate::test::Context;
use std::fs::File;
use std::path::PathBuf;
use zip::ZipArchive;

/// Where the licences of others and the bills of materials are.
pub(crate) const LICENCES: &str = "META-INF/";
pub(crate) const BILLS: &str = "META-INF/sbom/";

pub(super) fn make(context: &Context, natives: &[Native], log: &mut Log) -> Result<Vec<PathBuf>> {
    let java = Java::new(&context.project)?;
    java.maven(&context.project, &context.artifacts, Phase::Package, log)?;
    Ok(vec![put(context, &java, natives)?])
}

/// Writes the jar that Maven has packaged to where the packages are, with its papers, and with these libraries, if there
/// are any, in the place of this machine's. Maven keeps whatever it has once copied, so it would go on to pack what another
/// run has asked for.
pub(crate) fn put(context: &Context, java: &Java, natives: &[Native]) -> Result<PathBuf> {
    let packaged = java.jar(VERSION);
    let file = File::open(&packaged)
        .map_err(|error| format!("{}: {error}; is it the version of pom.xml?", packaged.display()))?;
    let mut from = ZipArchive::new(file)?;
    let jar = place(&context.project, &format!("poslatch-{VERSION}.jar"));
    let mut to = Archive::begin(&jar)?;
    let is_native = |name: &str| TARGETS.iter().any(|target| name.starts_with(&format!("{}/", target.jna())));
    for index in 0..from.len() {
        let file = from.by_index(index)?;
        if natives.is_empty() || !is_native(&file.name()?) {
            to.copy(file)?;
        }
    }
    for Native { target, library } in natives {
        to.add_file(&format!("{}/{}", target.jna(), target.library()), Mode::Executable, library)?;
    }
    for (name, text) in Papers::of_package(natives)?.files(LICENCES, BILLS)? {
        to.add(&name, Mode::Plain, text.as_bytes())?;
    }
    to.finish()?;
    Ok(jar)
}
