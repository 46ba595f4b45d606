//! The library for Linux as it is shipped: linked against a glibc as old as a till may have, whichever this machine has.
//!
//! Zig brings the interface of every glibc since 2.17 and links against the one that is asked for, so no old system is
//! needed. The processors that rustup has no ready-made standard library for on every machine get it built along, by
//! Debian's Rust; see `debian_rust` in `tools.rs`.

pub(crate) mod symbols;
mod zig;

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::remapping;
use crate::tools::{Tool, debian_rust};
use std::path::PathBuf;
use zig::Zig;

/// The oldest glibc that the library loads with: that of CentOS 7 and its kin, and the oldest that Rust's own standard
/// library runs with.
pub(crate) const GLIBC: &str = "2.17";

/// The shared library, as cargo names it.
pub(crate) const SHARED: &str = "libposlatch.so";

const STATIC: &str = "libposlatch.a";

/// A kind of Linux machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    X86_64,
    I686,
    Aarch64,
    Armv7,
}

impl Target {
    /// What a build needs, beyond Rust.
    pub(crate) fn tools(self) -> &'static [Tool] {
        match self {
            Target::X86_64 => &[Tool::Python, Tool::LlvmStrip, Tool::Nm],
            _ => &[Tool::Python, Tool::LlvmStrip, Tool::Nm, Tool::DebianRust],
        }
    }

    /// The name in archives and in documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Target::X86_64 => "linux-x86_64",
            Target::I686 => "linux-i686",
            Target::Aarch64 => "linux-aarch64",
            Target::Armv7 => "linux-armv7",
        }
    }

    pub(crate) fn triple(self) -> &'static str {
        match self {
            Target::X86_64 => "x86_64-unknown-linux-gnu",
            Target::I686 => "i686-unknown-linux-gnu",
            Target::Aarch64 => "aarch64-unknown-linux-gnu",
            Target::Armv7 => "armv7-unknown-linux-gnueabihf",
        }
    }

    /// How many bits a pointer has.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Target::X86_64 | Target::Aarch64 => 64,
            Target::I686 | Target::Armv7 => 32,
        }
    }
}

/// Where a build takes its sources from, and where it leaves what it makes.
pub(crate) struct Places {
    /// The repository, or a copy of it.
    pub(crate) sources: PathBuf,
    /// Cargo's home, with the sources of the crates.
    pub(crate) cargo_home: PathBuf,
    /// Cargo's target directory.
    pub(crate) output: PathBuf,
}

impl Places {
    /// Those of a build that is shipped.
    pub(crate) fn of(project: &Project) -> Result<Places> {
        Ok(Places {
            sources: project.root().to_owned(),
            cargo_home: remapping::cargo_home()?,
            output: std::path::absolute(project.target("linux"))?,
        })
    }
}

/// Builds both libraries, checks what the shared one asks of a machine, and returns the folder that they are in.
pub(crate) fn build(project: &Project, target: Target, places: &Places, log: &mut Log) -> Result<PathBuf> {
    let zig = Zig::provide(project, log)?;
    let triple = target.triple();
    let mut run = zig
        .cargo()?
        .args(["rustc", "--locked", "--release", "--package", "poslatch", "--lib"])
        .args(["--crate-type", "cdylib,staticlib", "--target"])
        .arg(format!("{triple}.{GLIBC}"))
        .arg("--manifest-path")
        .arg(places.sources.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&places.output)
        .env("CARGO_HOME", &places.cargo_home);
    let builds_std = (target != Target::X86_64).then_some(debian_rust::RUSTC);
    if builds_std.is_some() {
        // Which Rust this is moves with Debian's security updates.
        log.say(&Run::new(debian_rust::RUSTC).arg("--version").read()?)?;
        run = run
            // Unwinding is part of what is built: a panic must not end the till.
            .arg("-Zbuild-std=std,panic_unwind")
            .env("CARGO", debian_rust::CARGO)
            .env("RUSTC", debian_rust::RUSTC)
            // What lets a released compiler build its own standard library.
            .env("RUSTC_BOOTSTRAP", "1");
    }
    let flags = remapping::flags(&places.sources, &places.cargo_home, builds_std)?;
    run.env("RUSTFLAGS", remapping::in_one_line(&flags)?).log(log)?;

    let folder = places.output.join(triple).join("release");
    // Debuggers would find Rust's standard library in it, by the folders of whoever built that; it is half of the file.
    Run::new("llvm-strip").arg("--strip-debug").arg(folder.join(STATIC)).log(log)?;
    symbols::check(target, &folder.join(SHARED))?;
    Ok(folder)
}
