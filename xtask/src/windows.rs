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
use crate::log::Log;
use crate::native_libraries;
use crate::process::Run;
use crate::project::Project;
use crate::remapping;
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

/// The most that the 32-bit DLL may weigh: the tills that need it are the oldest and smallest.
const I686_BYTES_MAX: u64 = 2_000_000;

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
        build.is_small_enough()?;
        Ok(build)
    }

    fn is_small_enough(&self) -> Result<()> {
        let size = fs::metadata(self.dll())?.len();
        if self.target == Target::I686 && size > I686_BYTES_MAX {
            return Err(
                format!("{} has {size} bytes, more than {I686_BYTES_MAX}", self.dll().display()).into()
            );
        }
        Ok(())
    }
}

/// What a cargo of Debian needs to build for a target, of whichever packages.
fn debian_cargo(program: &str, verb: &str, project: &Project, target: Target) -> Run {
    Run::new(program)
        .arg(verb)
        .arg("--locked")
        // Unwinding is part of what is built: a panic must not end the till.
        .arg("-Zbuild-std=std,panic_unwind")
        .args(["--target", target.triple()])
        .arg("--target-dir")
        .arg(project.target("windows/cargo"))
        .arg("--config")
        .arg(format!("target.{}.linker={:?}", target.triple(), target.mingw("gcc")))
        .env("CARGO", debian_rust::CARGO)
        .env("RUSTC", debian_rust::RUSTC)
        // What lets a released compiler build its own standard library.
        .env("RUSTC_BOOTSTRAP", "1")
}

/// Reads the code that only Windows compiles as strictly as `cargo clippy` does the rest.
pub(crate) fn clippy(project: &Project, target: Target, log: &mut Log) -> Result<()> {
    // Not `cargo clippy`, for which cargo would take a rustup's, that knows another standard library.
    debian_cargo(debian_rust::CLIPPY, "clippy", project, target)
        .args(["--package", "poslatch", "--package", "poslatch-simulator", "--all-targets"])
        .args(["--", "-D", "warnings"])
        // It takes the constant initialisers that are there for none, where each thread's values go by keys.
        .args(["-A", "clippy::missing_const_for_thread_local"])
        .log(log)
}

/// Builds the integration tests of the library, and returns their program.
pub(crate) fn integration_tests(project: &Project, target: Target, log: &mut Log) -> Result<PathBuf> {
    let build = debian_cargo(debian_rust::CARGO, "test", project, target).args([
        "--package",
        "poslatch",
        "--test",
        "it",
        "--no-run",
    ]);
    build.log(log)?;
    // Nothing is built any more; now it only tells where what it has built is.
    let told = build.arg("--message-format=json").read()?;
    let program = told.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == "it";
        Some(message["executable"].as_str().filter(|_| is_it)?.to_owned())
    });
    Ok(program.ok_or("cargo does not tell where the integration tests are")?.into())
}

/// Builds the DLL and the static library, and returns the folder that cargo puts them into.
fn cargo(project: &Project, target: Target, resource: &Path, log: &mut Log) -> Result<PathBuf> {
    // Which Rust this is moves with Debian's security updates.
    log.say(&Run::new(debian_rust::RUSTC).arg("--version").read()?)?;
    let triple = target.triple();
    let flags = remapping::flags(project.root(), &remapping::cargo_home()?, Some(debian_rust::RUSTC))?;
    let flags: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
    debian_cargo(debian_rust::CARGO, "rustc", project, target)
        .args(["--release", "--package", "poslatch", "--lib", "--crate-type", "cdylib,staticlib"])
        .arg("--config")
        .arg(format!("target.{triple}.rustflags=[{}]", flags.join(",")))
        .arg("--")
        .arg(format!("-Clink-arg={}", std::path::absolute(resource)?.display()))
        // Without the time of the build in it, so that the same source gives the same file.
        .arg("-Clink-arg=-Wl,--no-insert-timestamp")
        // What programs link beside the static library, compared below.
        .arg("--print=native-static-libs")
        .log(log)?;
    native_libraries::documented("windows-gnu", &log.text()?)?;
    Ok(project.target("windows/cargo").join(triple).join("release"))
}
