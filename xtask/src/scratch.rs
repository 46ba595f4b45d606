//! A folder that goes away with its owner: identities of a demo or a test are keys, and stay nowhere.

use crate::Result;
use crate::project::Project;
use std::fs;
use std::path::{Path, PathBuf};

/// A new folder below the target directory, removed on drop.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(project: &Project, name: &str) -> Result<Scratch> {
        Scratch::below(project.target("scratch"), name)
    }

    /// The same with its whole path, for programs that do not run where they are started.
    pub(crate) fn absolute(project: &Project, name: &str) -> Result<Scratch> {
        Scratch::below(std::path::absolute(project.target("scratch"))?, name)
    }

    fn below(all: PathBuf, name: &str) -> Result<Scratch> {
        remove_orphans(&all);
        let folder = all.join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Scratch(folder))
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

/// Removes what runs left behind that were ended by a signal, where the system can tell that they have ended.
fn remove_orphans(all: &Path) {
    let processes = Path::new("/proc");
    if !processes.join("self").exists() {
        return;
    }
    for folder in fs::read_dir(all).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let owner = folder.to_string_lossy().rsplit('-').next().map(|process| processes.join(process));
        if owner.is_some_and(|owner| !owner.exists()) {
            // Another run may be at it too; one of them gets through.
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell; `cargo clean` takes what could not be removed.
        let _ = fs::remove_dir_all(&self.0);
    }
}
