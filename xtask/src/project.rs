//! Where things are: the repository and the target directory, as cargo names them. One file, so that no task guesses a
//! path.

use crate::Result;
use crate::artifacts::Language;
use crate::process::Run;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::path::{Path, PathBuf};

/// The repository and its target directory.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds both, and makes the repository's root the current directory: every printed command is typed there.
    pub(crate) fn find() -> Result<Project> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
        std::env::set_current_dir(root)?;
        let metadata = Run::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).read()?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
        let target =
            metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
        Ok(Project { root: root.to_owned(), target: target.into() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the target directory, relative to the root where it can be: short enough to be typed.
    pub(crate) fn target(&self, below: impl AsRef<Path>) -> PathBuf {
        let path = self.target.join(below);
        path.strip_prefix(&self.root).map(Path::to_owned).unwrap_or(path)
    }

    /// The folder that the linker and the loader find the shared library in.
    pub(crate) fn library_folder(&self) -> PathBuf {
        self.target("release")
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.library_folder().join(format!("{DLL_PREFIX}poslatch{DLL_SUFFIX}"))
    }

    pub(crate) fn simulator(&self) -> PathBuf {
        self.target(format!("debug/poslatch-simulator{EXE_SUFFIX}"))
    }

    /// An example in a language, compiled.
    pub(crate) fn example(&self, language: Language, name: &str) -> PathBuf {
        self.target(language.folder()).join(format!("{name}{EXE_SUFFIX}"))
    }
}
