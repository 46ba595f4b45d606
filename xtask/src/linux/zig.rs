//! Zig as a linker for cargo: fetched from Python's index into an environment below the target directory, and nothing of
//! it kept anywhere else.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::python;
use crate::tools::Missing;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Pinned, because another linker makes another library.
const PACKAGES: [&str; 2] = ["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];

pub(super) struct Zig {
    folder: PathBuf,
}

impl Zig {
    /// Makes the environment, unless it is there.
    pub(super) fn provide(project: &Project, log: &mut Log) -> Result<Zig> {
        /// Suites of two lanes may want it at once.
        static ONE_PIP: Mutex<()> = Mutex::new(());
        let _one = ONE_PIP.lock().unwrap_or_else(PoisonError::into_inner);

        let zig = Zig { folder: std::path::absolute(project.target("zig"))? };
        let stamp = zig.folder.join("packages.txt");
        let wanted = PACKAGES.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
            return Ok(zig);
        }
        let newest = python::oldest_and_newest()?.pop().ok_or("no Python")?;
        Run::new(&newest.program).args(["-m", "venv", "--clear"]).arg(&zig.folder).log(log)?;
        Run::new(zig.folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"])
            .args(PACKAGES)
            .log(log)
            .map_err(|error| Missing {
                what: format!("the linker for old systems cannot be had: {error}"),
                cure: format!("let pip reach an index that has {}", PACKAGES.join(" and ")),
            })?;
        fs::write(stamp, wanted)?;
        Ok(zig)
    }

    /// The command that stands in for cargo.
    pub(super) fn cargo(&self) -> Result<Run> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.folder.join("bin")).chain(std::env::split_paths(&path));
        Ok(Run::new(self.folder.join("bin/cargo-zigbuild"))
            .env("PATH", std::env::join_paths(folders)?)
            .env("CARGO_ZIGBUILD_CACHE_DIR", self.folder.join("wrappers"))
            .env("ZIG_GLOBAL_CACHE_DIR", self.folder.join("cache"))
            .env("ZIG_LOCAL_CACHE_DIR", self.folder.join("cache")))
    }
}
