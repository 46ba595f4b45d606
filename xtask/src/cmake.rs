//! CMake, as a developer of a C project types it: for the `install` suite, and for whoever needs the library laid out as
//! it is installed.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::scratch::Scratch;
use std::ffi::OsString;
use std::path::Path;

/// One CMake: the one on the path, or an older one.
#[derive(Clone, Debug)]
pub(crate) struct CMake {
    pub(crate) program: OsString,
}

impl CMake {
    /// The one on the path.
    pub(crate) fn of_system() -> CMake {
        CMake { program: "cmake".into() }
    }

    /// Such as `3.25.1`.
    pub(crate) fn version(&self) -> Result<String> {
        let said = Run::new(&self.program).arg("--version").read()?;
        let version = said.lines().next().and_then(|line| line.strip_prefix("cmake version "));
        Ok(version.ok_or_else(|| format!("not a CMake: {said}"))?.trim().to_owned())
    }

    /// The command that configures `source` into the folder `build`. A definition is a name and its value.
    pub(crate) fn configure<'a>(
        &self,
        source: &Path,
        build: &Path,
        definitions: impl IntoIterator<Item = (&'a str, OsString)>,
    ) -> Run {
        let definitions = definitions.into_iter().map(|(name, value)| {
            let mut definition = OsString::from(format!("-D{name}="));
            definition.push(value);
            definition
        });
        Run::new(&self.program).arg("-S").arg(source).arg("-B").arg(build).args(definitions)
    }

    /// The command that builds what was configured.
    pub(crate) fn build(&self, build: &Path) -> Run {
        Run::new(&self.program).arg("--build").arg(build)
    }

    /// The command that installs what was built.
    pub(crate) fn install(&self, build: &Path, prefix: &Path) -> Run {
        Run::new(&self.program).arg("--install").arg(build).arg("--prefix").arg(prefix)
    }
}

/// Rust's name of this machine.
pub(crate) fn host() -> Result<String> {
    let said = Run::new("rustc").arg("-vV").read()?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not say which machine this is")?.to_owned())
}

/// Lays out libraries that cargo has made in the folder `libraries`, with headers, links, examples and the files for
/// CMake and pkg-config, below `prefix`. `target` is Rust's name of the machine that they are for.
pub(crate) fn lay_out(
    project: &Project,
    target: &str,
    libraries: &Path,
    prefix: &Path,
    log: &mut Log,
) -> Result<()> {
    let cmake = CMake::of_system();
    let scratch = Scratch::new(project, "layout")?;
    let build = scratch.join(target);
    let libraries = std::path::absolute(libraries)?;
    let definitions = [("POSLATCH_TARGET", target.into()), ("POSLATCH_PREBUILT", libraries.into())];
    cmake.configure(Path::new("."), &build, definitions).log(log)?;
    cmake.build(&build).log(log)?;
    cmake.install(&build, prefix).log(log)
}
