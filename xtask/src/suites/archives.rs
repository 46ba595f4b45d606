//! The suites `glibc-2.17`, `linux-32`, `arm` and `reproducible`: the archives for Linux, unpacked where nothing else of
//! the project is, and used as a till's developer uses them.

mod reproducible;

pub(super) use reproducible::run as run_reproducible;

use super::examples;
use super::unpacked::{Linked, Unpacked};
use crate::Result;
use crate::artifacts::EXAMPLES;
use crate::dist::target::Target;
use crate::linux::{self, SHARED, Target as Linux};
use crate::log::Log;
use crate::process::Run;
use crate::test::Context;
use crate::till;
use crate::tools::{self, Missing};
use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::path::Path;

/// The example that is linked with the static library; the others ask the loader for the shared one.
const LINKED_STATICALLY: &str = "refused";

/// The archive for 64-bit PCs.
pub(super) fn run_x86_64(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    run(Linux::X86_64, context, log)
}

/// The one for 32-bit PCs, whose programs this processor runs by itself.
pub(super) fn run_i686(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    run(Linux::I686, context, log)
}

/// Those for ARM, by an emulator of the processor: the system below is this machine's.
pub(super) fn run_arm(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let mut lines = run(Linux::Aarch64, context, log)?;
    lines.extend(run(Linux::Armv7, context, log)?);
    Ok(lines)
}

fn run(target: Linux, context: &Context, log: &mut Log) -> Result<Vec<String>> {
    on_a_linux_pc()?;
    let archive = Unpacked::make(context, Target::Linux(target), log)?;
    let symbols = linux::symbols::check(target, &archive.folder.join("lib").join(SHARED))?;
    for name in EXAMPLES {
        let linked = if name == LINKED_STATICALLY { Linked::Static } else { Linked::Shared };
        let (source, program) = (archive.example(name), archive.programs.join(name));
        archive.compile(compiler(target), linked, &[source], &program, &[])?.log(log)?;
    }
    let start = |name: &str| start(target, &archive, name);
    let played = examples::play(context, target.name(), &start, till::OTHERS, log)?;
    Ok(vec![symbols, format!("{}, {}", archive.told, played.join(", "))])
}

/// The loaders and emulators that are used here are those of such a machine.
fn on_a_linux_pc() -> Result<()> {
    if OS == "linux" && ARCH == "x86_64" {
        return Ok(());
    }
    Err(Missing { what: format!("this machine is {OS} on {ARCH}"), cure: "run it on a Linux PC".into() }
        .into())
}

fn compiler(target: Linux) -> OsString {
    match target {
        Linux::X86_64 => tools::c_compiler(),
        _ => format!("{}-gcc", gnu(target)).into(),
    }
}

/// The machine's name in Debian's cross compilers, whose libraries are in a folder of that name.
fn gnu(target: Linux) -> &'static str {
    match target {
        Linux::X86_64 => "x86_64-linux-gnu",
        Linux::I686 => "i686-linux-gnu",
        Linux::Aarch64 => "aarch64-linux-gnu",
        Linux::Armv7 => "arm-linux-gnueabihf",
    }
}

/// The command that runs a compiled example.
fn start(target: Linux, archive: &Unpacked, name: &str) -> Run {
    let (lib, program) = (archive.folder.join("lib"), archive.programs.join(name));
    let system = Path::new("/usr").join(gnu(target));
    match target {
        Linux::X86_64 => Run::new(program).env("LD_LIBRARY_PATH", lib),
        // By the loader that came with the cross compiler, since a 64-bit system has none where programs look for it.
        Linux::I686 => {
            let mut folders = system.join("lib").into_os_string();
            folders.push(":");
            folders.push(lib);
            Run::new(system.join("lib/ld-linux.so.2")).arg("--library-path").arg(folders).arg(program)
        }
        Linux::Aarch64 => emulated("qemu-aarch64", &system, &lib, &program),
        Linux::Armv7 => emulated("qemu-arm", &system, &lib, &program),
    }
}

fn emulated(emulator: &str, system: &Path, lib: &Path, program: &Path) -> Run {
    let mut variable = OsString::from("LD_LIBRARY_PATH=");
    variable.push(lib);
    Run::new(emulator).arg("-L").arg(system).arg("-E").arg(variable).arg(program)
}
