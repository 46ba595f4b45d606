//! Programs for Windows, run here: 64-bit ones by the Wine of this machine, 32-bit ones by one in a folder of its own.
//!
//! Wine is not Windows. What it shows is that a DLL loads, and that its calls do what they should; not how a firewall,
//! a virus scanner or the network of a real Windows take it.

use super::Target;
use super::root_i386::RootI386;
use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use std::path::{Path, PathBuf};

/// A Wine that is running, with its registry and its drives below the target directory. Ended on drop.
pub(crate) struct Wine {
    target: Target,
    prefix: PathBuf,
    /// For 32 bits.
    root: Option<RootI386>,
}

impl Wine {
    /// Starts the Wine for programs of a target. The first program sets up its folder and starts the services of Windows;
    /// what it is does not matter, so it is one that does nothing.
    pub(crate) fn start(project: &Project, target: Target, first: &Path, log: &mut Log) -> Result<Wine> {
        let root = match target {
            Target::X86_64 => None,
            Target::I686 => Some(RootI386::provide(project, log)?),
        };
        let prefix = std::path::absolute(project.target("wine").join(target.name()))?;
        std::fs::create_dir_all(&prefix)?;
        let wine = Wine { target, prefix, root };
        // What a run left behind that was ended by a signal.
        wine.end();
        // Before anything is run with pipes: the services would keep hold of the pipes of whichever program had started
        // them. Left alone for so many seconds, they go by themselves.
        wine.of("wineserver").arg("--persistent=600").log(log)?;
        wine.run(first)?.log(log)?;
        Ok(wine)
    }

    /// The command that runs a program, whose DLLs lie beside it or in `WINEPATH`. Paths that it is told have to be
    /// absolute; Wine understands those of Unix.
    pub(crate) fn run(&self, program: &Path) -> Result<Run> {
        Ok(self.of("wine").arg(std::path::absolute(program)?))
    }

    /// Ends it with all its programs.
    fn end(&self) {
        // If there is none, it says so; if it does not hear, its own time ends it.
        let _ = self.of("wineserver").arg("--kill").read();
    }

    /// A program of Wine itself.
    fn of(&self, program: &str) -> Run {
        // Where Debian has them; the plain names are scripts that choose one.
        let (bits, arch) = match (self.target, program) {
            (Target::X86_64, _) => ("64", "win64"),
            (Target::I686, "wine") => ("", "win32"),
            (Target::I686, _) => ("32", "win32"),
        };
        let path = format!("/usr/lib/wine/{program}{bits}");
        let run = match &self.root {
            None => Run::new(path),
            Some(root) => root.run(&path),
        };
        run.env("WINEPREFIX", &self.prefix)
            .env("WINEARCH", arch)
            .env("WINESERVER", format!("/usr/lib/wine/wineserver{}", if bits == "64" { "64" } else { "32" }))
            .env("WINEDEBUG", "-all")
            // Wine translates names of files into what the locale says, which may not have them all.
            .env("LC_ALL", "C.UTF-8")
            // Neither .NET nor a browser, which it would offer to fetch.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        self.end();
    }
}
