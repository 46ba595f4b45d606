//! The suites `glibc-2.17`, `linux-32`, `arm` and `reproducible`: the archives for Linux, unpacked where nothing else of
//! the project is, and used as a till's developer uses them.

mod reproducible;

pub(super) use reproducible::run as run_reproducible;

use super::examples;
use crate::Result;
use crate::artifacts::{EXAMPLES, STRICT};
use crate::dist::release;
use crate::dist::target::Target;
use crate::linux::{self, SHARED, Target as Linux};
use crate::log::Log;
use crate::process::Run;
use crate::scratch::Scratch;
use crate::test::Context;
use crate::till;
use crate::tools::{self, Missing};
use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

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
    let made = release::make(context, Target::Linux(target), log)?;
    let scratch = Scratch::new(&context.project, &format!("archive-{}", target.name()))?;
    let scratch_path = std::path::absolute(scratch.join(""))?;
    Run::new("tar").arg("-C").arg(&scratch_path).arg("-xzf").arg(&made.archive).log(log)?;
    let archive = Unpacked { target, folder: scratch_path.join(&made.folder), programs: scratch_path };

    let summed = archive.sums(log)?;
    let symbols = linux::symbols::check(target, &archive.folder.join("lib").join(SHARED))?;
    EXAMPLES.iter().try_for_each(|name| archive.compile(name, log))?;
    let start = |name: &str| archive.start(name);
    let played = examples::play(context, target.name(), &start, till::OTHERS, log)?;
    let size = fs::metadata(&made.archive)?.len();
    Ok(vec![symbols, format!("{size} bytes, {summed} files, {}", played.join(", "))])
}

/// The loaders and emulators that are used here are those of such a machine.
fn on_a_linux_pc() -> Result<()> {
    if OS == "linux" && ARCH == "x86_64" {
        return Ok(());
    }
    Err(Missing { what: format!("this machine is {OS} on {ARCH}"), cure: "run it on a Linux PC".into() }
        .into())
}

/// An archive that was unpacked, and the folder for what is made with it.
struct Unpacked {
    target: Linux,
    folder: PathBuf,
    programs: PathBuf,
}

impl Unpacked {
    /// Every file is what `SHA256SUMS` says, and no file is missing there. Returns how many there are.
    fn sums(&self, log: &mut Log) -> Result<usize> {
        let check = "cd \"$0\" && sha256sum --check --strict --quiet SHA256SUMS && \
                     find . -type f ! -name SHA256SUMS | wc -l";
        let run = Run::new("sh").args(["-c", check]).arg(&self.folder);
        log.command(&run)?;
        let files: usize = run.read()?.trim().parse()?;
        let summed = fs::read_to_string(self.folder.join("SHA256SUMS"))?.lines().count();
        if files == summed {
            Ok(files)
        } else {
            Err(format!("SHA256SUMS has {summed} of {files} files").into())
        }
    }

    /// Compiles an example of the archive, with nothing but the archive.
    fn compile(&self, name: &str, log: &mut Log) -> Result<()> {
        let run = Run::new(self.compiler())
            .arg("-std=c99")
            .args(STRICT)
            .arg("-I")
            .arg(self.folder.join("include"))
            .arg(self.folder.join(format!("share/poslatch/examples-c/{name}.c")))
            .arg("-L")
            .arg(self.folder.join("lib"));
        let run =
            if name == LINKED_STATICALLY { run.args(self.static_library()?) } else { run.arg("-lposlatch") };
        run.arg("-o").arg(self.programs.join(name)).log(log)
    }

    /// The static library with what has to be linked beside it, as the archive tells pkg-config.
    fn static_library(&self) -> Result<Vec<OsString>> {
        let told = fs::read_to_string(self.folder.join("lib/pkgconfig/poslatch.pc"))?;
        let words = told.lines().find_map(|line| line.strip_prefix("static="));
        let words = words.ok_or("poslatch.pc does not tell how to link the static library")?;
        let libdir =
            self.folder.join("lib").into_os_string().into_string().map_err(|path| format!("{path:?}"))?;
        Ok(words.split_whitespace().map(|word| word.replace("${libdir}", &libdir).into()).collect())
    }

    fn compiler(&self) -> OsString {
        match self.target {
            Linux::X86_64 => tools::c_compiler(),
            _ => format!("{}-gcc", self.gnu()).into(),
        }
    }

    /// The machine's name in Debian's cross compilers, whose libraries are in a folder of that name.
    fn gnu(&self) -> &'static str {
        match self.target {
            Linux::X86_64 => "x86_64-linux-gnu",
            Linux::I686 => "i686-linux-gnu",
            Linux::Aarch64 => "aarch64-linux-gnu",
            Linux::Armv7 => "arm-linux-gnueabihf",
        }
    }

    /// The command that runs a compiled example.
    fn start(&self, name: &str) -> Run {
        let (lib, program) = (self.folder.join("lib"), self.programs.join(name));
        let system = Path::new("/usr").join(self.gnu());
        match self.target {
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
}

fn emulated(emulator: &str, system: &Path, lib: &Path, program: &Path) -> Run {
    let mut variable = OsString::from("LD_LIBRARY_PATH=");
    variable.push(lib);
    Run::new(emulator).arg("-L").arg(system).arg("-E").arg(variable).arg(program)
}
