//! A release archive, unpacked where nothing else of the project is, as a till's developer has it: what the suites of
//! every platform build their programs from.

use crate::Result;
use crate::artifacts::STRICT;
use crate::dist::target::Target;
use crate::dist::{archive, release};
use crate::log::Log;
use crate::process::Run;
use crate::scratch::Scratch;
use crate::test::Context;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The archive and a folder for programs, in a scratch folder with blanks in its name: somebody always forgets to quote.
pub(super) struct Unpacked {
    scratch: Scratch,
    /// The one folder of the archive.
    pub(super) folder: PathBuf,
    /// Where programs go that are built from it.
    pub(super) programs: PathBuf,
    /// What there is to say of it, for the summary.
    pub(super) told: String,
}

/// How a program gets the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linked {
    Shared,
    Static,
}

impl Unpacked {
    /// Builds the archive, as `cargo xtask dist` does, unpacks it, and checks every file by `SHA256SUMS`.
    pub(super) fn make(context: &Context, target: Target, log: &mut Log) -> Result<Unpacked> {
        let made = release::make(context, target, log)?;
        let scratch = Scratch::absolute(&context.project, &format!("archive of {}", target.name()))?;
        match target {
            Target::Linux(_) => {
                Run::new("tar").arg("-C").arg(scratch.join("")).arg("-xzf").arg(&made.archive).log(log)?;
            }
            Target::Windows(_) => archive::unpack(&made.archive, &scratch.join(""))?,
        }
        let programs = scratch.join("programs of a till");
        fs::create_dir_all(&programs)?;
        let folder = scratch.join(&made.folder);
        let summed = sums(&folder, log)?;
        let told = format!("archive of {} bytes, {summed} files", fs::metadata(&made.archive)?.len());
        Ok(Unpacked { scratch, folder, programs, told })
    }

    /// An example's source, as it was packed.
    pub(super) fn example(&self, name: &str) -> PathBuf {
        self.folder.join(format!("share/poslatch/examples-c/{name}.c"))
    }

    /// Another folder beside the archive.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// Compiles C with nothing of ours but the archive. Flags come last, where linkers look for what is still missing.
    pub(super) fn compile(
        &self,
        compiler: OsString,
        linked: Linked,
        sources: &[PathBuf],
        program: &Path,
        flags: &[&str],
    ) -> Result<Run> {
        let run = Run::new(compiler)
            .arg("-std=c99")
            .args(STRICT)
            .arg("-I")
            .arg(self.folder.join("include"))
            .args(sources)
            .arg("-L")
            .arg(self.folder.join("lib"));
        let run = match linked {
            Linked::Shared => run.arg("-lposlatch"),
            Linked::Static => run.args(self.static_library()?),
        };
        Ok(run.args(flags).arg("-o").arg(program))
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
}

/// Every file is what `SHA256SUMS` says, and no file is missing there. Returns how many there are.
fn sums(folder: &Path, log: &mut Log) -> Result<usize> {
    let check = "cd \"$0\" && sha256sum --check --strict --quiet SHA256SUMS && \
                 find . -type f ! -name SHA256SUMS | wc -l";
    let run = Run::new("sh").args(["-c", check]).arg(folder);
    log.command(&run)?;
    let files: usize = run.read()?.trim().parse()?;
    let summed = fs::read_to_string(folder.join("SHA256SUMS"))?.lines().count();
    if files == summed { Ok(files) } else { Err(format!("SHA256SUMS has {summed} of {files} files").into()) }
}
