//! Maven and the JDK as tasks and suites call them: what they download and build stays below the target directory.

use crate::Result;
use crate::artifacts::Artifacts;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use std::env::consts::{ARCH, DLL_PREFIX, DLL_SUFFIX, OS};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const POM: &str = "bindings/java/pom.xml";
pub(crate) const SOURCES: &str = "bindings/java/src/main/java";

/// The Java wrapper's build: `target/java`.
pub(crate) struct Java {
    folder: PathBuf,
}

impl Java {
    pub(crate) fn new(project: &Project) -> Result<Java> {
        // Maven takes relative paths from the project file's folder.
        Ok(Java { folder: std::path::absolute(project.target("java"))? })
    }

    /// Runs Maven up to this phase, with the shipped library in the jar.
    pub(crate) fn maven(
        &self,
        project: &Project,
        artifacts: &Artifacts,
        phase: Phase,
        log: &mut Log,
    ) -> Result<()> {
        /// Suites of two lanes may want the same classes.
        static ONE_MAVEN: Mutex<()> = Mutex::new(());
        let _one = ONE_MAVEN.lock().unwrap_or_else(PoisonError::into_inner);

        artifacts.library(log)?;
        let natives = self.natives(project)?;
        let mut run = Run::new("mvn")
            .args(["--batch-mode", "--quiet", "--no-transfer-progress", "-Dstyle.color=never", "--file", POM])
            .arg(setting("maven.repo.local", &self.repository()))
            .arg(setting("poslatch.target", &self.folder))
            .arg(setting("poslatch.natives", &natives));
        if self.is_resolved() {
            run = run.arg("--offline");
        }
        for (name, value) in phase.variables(project)? {
            run = run.env(name, value);
        }
        run.args(phase.arguments()).log(log)?;
        if phase == Phase::Verify {
            // Everything that any phase needs is there now.
            fs::copy(POM, self.resolved())?;
        }
        Ok(())
    }

    /// Compiles the conformance suite's runner against the classes that Maven has compiled; returns the class path with
    /// which `Runner` is started.
    pub(crate) fn runner(&self, sources: &[PathBuf], log: &mut Log) -> Result<String> {
        let (classes, runner, jna) =
            (self.folder.join("build/classes"), self.folder.join("runner"), self.jna()?);
        Run::new("javac")
            .args(["--release", "8", "-Xlint:all,-options", "-Werror", "-encoding", "UTF-8", "-classpath"])
            .arg(class_path(&[&classes, &jna])?)
            .arg("-d")
            .arg(&runner)
            .args(sources)
            .log(log)?;
        class_path(&[&runner, &classes, &jna])
    }

    /// The option with which JNA unpacks its own library below the target folder, and not into the user's.
    pub(crate) fn jna_folder(&self) -> String {
        setting("jna.tmpdir", &self.folder)
    }

    /// The jar of this version, as Maven has packaged it.
    pub(crate) fn jar(&self, version: &str) -> PathBuf {
        self.folder.join(format!("build/poslatch-{version}.jar"))
    }

    /// JNA's jar, as Maven has fetched it.
    pub(crate) fn jna(&self) -> Result<PathBuf> {
        let pom = fs::read_to_string(POM)?;
        let version = pom
            .split_once("<jna.version>")
            .and_then(|(_, rest)| rest.split_once('<'))
            .map(|(version, _)| version)
            .ok_or_else(|| format!("{POM} has no jna.version"))?;
        Ok(self.repository().join(format!("net/java/dev/jna/jna/{version}/jna-{version}.jar")))
    }

    /// What the tests have reported, one file for each class.
    pub(crate) fn reports(&self) -> PathBuf {
        self.folder.join("build/surefire-reports")
    }

    pub(crate) fn javadoc(&self) -> PathBuf {
        self.folder.join("javadoc")
    }

    fn repository(&self) -> PathBuf {
        self.folder.join("repository")
    }

    /// The project file with which everything was fetched last.
    fn resolved(&self) -> PathBuf {
        self.repository().join("poslatch-resolved.xml")
    }

    fn is_resolved(&self) -> bool {
        matches!((fs::read(POM), fs::read(self.resolved())), (Ok(now), Ok(then)) if now == then)
    }

    /// A folder with the shipped library where JNA looks for it: `linux-x86-64/libposlatch.so`.
    fn natives(&self, project: &Project) -> Result<PathBuf> {
        let natives = self.folder.join("natives");
        let folder = natives.join(jna_prefix(OS, ARCH)?);
        fs::create_dir_all(&folder)?;
        fs::copy(project.library(), folder.join(format!("{DLL_PREFIX}poslatch{DLL_SUFFIX}")))?;
        Ok(natives)
    }
}

/// How far Maven goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The classes.
    Compile,
    /// The jar, without tests.
    Package,
    /// The tests, the jar, and the test of the jar. Needs the simulator.
    Verify,
}

impl Phase {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Phase::Compile => &["compile"],
            Phase::Package => &["-Dmaven.test.skip=true", "package"],
            Phase::Verify => &["verify"],
        }
    }

    fn variables(self, project: &Project) -> Result<Vec<(&'static str, PathBuf)>> {
        Ok(match self {
            Phase::Compile | Phase::Package => Vec::new(),
            Phase::Verify => vec![
                ("POSLATCH_LIBRARY", std::path::absolute(project.library())?),
                ("POSLATCH_SIMULATOR", std::path::absolute(project.simulator())?),
            ],
        })
    }
}

fn class_path(places: &[&Path]) -> Result<String> {
    Ok(std::env::join_paths(places)?.to_string_lossy().into_owned())
}

fn setting(name: &str, value: &Path) -> String {
    format!("-D{name}={}", value.display())
}

/// JNA's name of a platform.
fn jna_prefix(os: &str, arch: &str) -> Result<String> {
    let os = match os {
        "linux" => "linux",
        "macos" => "darwin",
        "windows" => "win32",
        _ => return Err(format!("xtask/src/java.rs: what does JNA call the system {os}?").into()),
    };
    let arch = match arch {
        "aarch64" => "aarch64",
        "arm" => "arm",
        "x86" => "x86",
        "x86_64" => "x86-64",
        _ => return Err(format!("xtask/src/java.rs: what does JNA call the processor {arch}?").into()),
    };
    Ok(format!("{os}-{arch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_called_as_jna_calls_them() -> Result<()> {
        assert_eq!(jna_prefix("linux", "x86_64")?, "linux-x86-64");
        assert_eq!(jna_prefix("windows", "x86")?, "win32-x86");
        assert!(jna_prefix("plan9", "x86").is_err());
        Ok(())
    }
}
