//! The library for Windows 7 and later, built on Linux: the DLL, and what linkers need to find it.
//!
//! By Debian's Rust and not rustup's, because the targets that load on Windows 7 have no ready-made standard library:
//! it is built along, from its source. The plain `windows-gnu` targets import functions that Windows 7 does not have.

pub(crate) mod definitions;
pub(crate) mod imports;
pub(crate) mod root_i386;
pub(crate) mod version_resource;
pub(crate) mod wine;

use crate::Result;
use crate::artifacts::STRICT;
use crate::log::Log;
use crate::native_libraries;
use crate::process::Run;
use crate::project::Project;
use crate::tools::debian_rust;
use std::fs;
use std::path::{Path, PathBuf};

/// A kind of Windows program; the other kind of the same machine cannot load it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    X86_64,
    I686,
}

/// The DLL is named so by every program that was linked against it.
pub(crate) const DLL: &str = "poslatch.dll";

/// What `-lposlatch` finds, for mingw.
pub(crate) const MINGW_IMPORT_LIBRARY: &str = "libposlatch.dll.a";

/// For programs of mingw that want no DLL beside them.
const STATIC: &str = "libposlatch.a";

/// What Visual Studio links against.
pub(crate) const MSVC_IMPORT_LIBRARY: &str = "poslatch.lib";

impl Target {
    /// The name in archives and in documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Target::X86_64 => "windows-x86_64",
            Target::I686 => "windows-i686",
        }
    }

    pub(crate) fn triple(self) -> &'static str {
        match self {
            Target::X86_64 => "x86_64-win7-windows-gnu",
            Target::I686 => "i686-win7-windows-gnu",
        }
    }

    /// A program of mingw for this target, such as `gcc`.
    pub(crate) fn mingw(self, program: &str) -> String {
        match self {
            Target::X86_64 => format!("x86_64-w64-mingw32-{program}"),
            Target::I686 => format!("i686-w64-mingw32-{program}"),
        }
    }

    /// The machine, as both kinds of `dlltool` call it.
    fn machine(self) -> &'static str {
        match self {
            Target::X86_64 => "i386:x86-64",
            Target::I686 => "i386",
        }
    }
}

/// A finished build: a folder with the DLL, both import libraries and the static library.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) target: Target,
    pub(crate) folder: PathBuf,
}

impl Build {
    /// Where the build of a target is, made or not.
    pub(crate) fn of(project: &Project, target: Target) -> Build {
        Build { target, folder: project.target("windows").join(target.name()) }
    }

    pub(crate) fn dll(&self) -> PathBuf {
        self.folder.join(DLL)
    }

    /// Makes it: the DLL as it is shipped, and the import libraries from `abi/exports.txt`.
    pub(crate) fn make(project: &Project, target: Target, log: &mut Log) -> Result<Build> {
        let build = Build::of(project, target);
        fs::create_dir_all(&build.folder)?;
        let resource = version_resource::compile(&build, log)?;
        let built = cargo(project, target, &resource, log)?;
        for name in [DLL, STATIC] {
            let from = built.join(name);
            fs::copy(&from, build.folder.join(name))
                .map_err(|error| format!("cannot copy {}: {error}", from.display()))?;
        }
        let strip =
            Run::new(target.mingw("strip")).args(["--strip-debug", "--enable-deterministic-archives"]);
        strip.arg(build.folder.join(STATIC)).log(log)?;
        definitions::import_libraries(&build, log)?;
        Ok(build)
    }

    /// An import library of Windows itself, for a link without a kit of Visual Studio.
    pub(crate) fn kernel32(&self, log: &mut Log) -> Result<PathBuf> {
        definitions::kernel32(self, log)
    }

    /// Compiles a C program against the header and the import library of mingw, as a till's developer does.
    pub(crate) fn compile(&self, sources: &[PathBuf], program: &Path, flags: &[&str]) -> Run {
        Run::new(self.target.mingw("gcc"))
            .arg("-std=c99")
            .args(STRICT)
            .arg("-Iinclude")
            .args(sources)
            .arg("-L")
            .arg(&self.folder)
            .arg("-lposlatch")
            .args(flags)
            .arg("-o")
            .arg(program)
    }
}

/// Builds the DLL and the static library, and returns the folder that cargo puts them into.
fn cargo(project: &Project, target: Target, resource: &Path, log: &mut Log) -> Result<PathBuf> {
    // Which Rust this is moves with Debian's security updates.
    log.say(&Run::new(debian_rust::RUSTC).arg("--version").read()?)?;
    let folder = project.target("windows/cargo");
    let triple = target.triple();
    let flags: Vec<String> =
        remapped_paths(project)?.iter().map(|flag| format!("{:?}", flag.as_str())).collect();
    Run::new(debian_rust::CARGO)
        .args(["rustc", "--locked", "--release", "--package", "poslatch", "--lib"])
        .args(["--crate-type", "cdylib,staticlib"])
        // Unwinding is part of what is built: a panic must not end the till.
        .arg("-Zbuild-std=std,panic_unwind")
        .args(["--target", triple])
        .arg("--target-dir")
        .arg(&folder)
        .arg("--config")
        .arg(format!("target.{triple}.linker={:?}", target.mingw("gcc")))
        .arg("--config")
        .arg(format!("target.{triple}.rustflags=[{}]", flags.join(",")))
        .arg("--")
        .arg(format!("-Clink-arg={}", std::path::absolute(resource)?.display()))
        // Without the time of the build in it, so that the same source gives the same file.
        .arg("-Clink-arg=-Wl,--no-insert-timestamp")
        // What programs link beside the static library, compared below.
        .arg("--print=native-static-libs")
        .env("RUSTC", debian_rust::RUSTC)
        // What lets a released compiler build its own standard library.
        .env("RUSTC_BOOTSTRAP", "1")
        .log(log)?;
    native_libraries::documented("windows-gnu", &log.text()?)?;
    Ok(folder.join(triple).join("release"))
}

/// Panics name the file that they happened in. These flags keep the folders of this machine out of those names.
fn remapped_paths(project: &Project) -> Result<Vec<String>> {
    let sysroot = Run::new(debian_rust::RUSTC).args(["--print", "sysroot"]).read()?;
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .ok_or("there is no CARGO_HOME and no home folder")?;
    let mut flags = vec![
        format!("--remap-path-prefix={}=poslatch", project.root().display()),
        format!("--remap-path-prefix={}/lib/rustlib/src/rust=rust", sysroot.trim()),
    ];
    // Each registry's folder has a name of its own on each machine.
    for folder in fs::read_dir(cargo_home.join("registry/src")).into_iter().flatten().flatten() {
        flags.push(format!("--remap-path-prefix={}=crates", folder.path().display()));
    }
    flags.sort();
    Ok(flags)
}
