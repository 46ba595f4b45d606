//! The suites `windows` and `windows-32`: the DLL loads on Windows 7, as far as its headers tell, and does under Wine what
//! the library does elsewhere.

use crate::Result;
use crate::artifacts::EXAMPLES;
use crate::dist::VERSION;
use crate::log::Log;
use crate::process::Run;
use crate::runners;
use crate::scratch::Scratch;
use crate::simulator::Simulator;
use crate::suites::{abi, conformance, examples};
use crate::test::Context;
use crate::till::{Finished, OTHERS_UNDER_WINE, finish};
use crate::windows::wine::Wine;
use crate::windows::{Build, MSVC_IMPORT_LIBRARY, Target, imports};
use std::fs;
use std::path::{Path, PathBuf};

/// The most that the 32-bit DLL may weigh.
const I686_BYTES_MAX: u64 = 2_000_000;

/// Programs that were written for Windows.
const SOURCES: &str = "tests/windows";

pub(super) fn run_x86_64(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    run(Target::X86_64, context, log)
}

pub(super) fn run_i686(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    run(Target::I686, context, log)
}

fn run(target: Target, context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let build = context.artifacts.windows(target, &context.project, log)?;
    let size = fs::metadata(build.dll())?.len();
    if target == Target::I686 && size > I686_BYTES_MAX {
        return Err(format!("{} has {size} bytes, more than {I686_BYTES_MAX}", build.dll().display()).into());
    }
    let imported = imports::check(&build)?;
    abi::same("the DLL", &imports::exports(&build)?, abi::EXPORTS, &abi::listed()?)?;

    let nothing = build.folder.join("nothing.exe");
    build.compile(&[source("nothing")], &nothing, &[]).log(log)?;
    let wine = Wine::start(&context.project, target, &nothing, log)?;
    let bench = Bench { context, build: &build, wine: &wine };
    bench.loading(log)?;
    bench.without_a_runtime(log)?;
    bench.contained_panic(log)?;
    let mut told = vec![format!("{size} bytes, {imported} functions of Windows 7")];
    if target == Target::I686 {
        told.push(bench.conventions(log)?);
    }
    told.extend(bench.examples(log)?);
    told.extend(bench.conformance(log)?);
    Ok(told)
}

/// A build, and where its programs run.
struct Bench<'a> {
    context: &'a Context,
    build: &'a Build,
    wine: &'a Wine,
}

impl Bench<'_> {
    /// The C examples, in the ways in which each can end.
    fn examples(&self, log: &mut Log) -> Result<Vec<String>> {
        for name in EXAMPLES {
            let source = PathBuf::from(format!("examples-c/{name}.c"));
            self.build.compile(&[source], &self.program(name), &[]).log(log)?;
        }
        let programs: Vec<_> = EXAMPLES
            .iter()
            .map(|name| Ok((*name, self.wine.run(&self.program(name))?)))
            .collect::<Result<_>>()?;
        let start = |name: &str| {
            let found = programs.iter().find(|(known, _)| *known == name);
            // A name that is not among them cannot be started, and the case that asked says so.
            found.map_or_else(|| Run::new(name), |(_, run)| run.clone())
        };
        examples::play(self.context, self.build.target.name(), &start, OTHERS_UNDER_WINE, log)
    }

    /// Every case of the conformance suite, with the runner of C built for Windows.
    fn conformance(&self, log: &mut Log) -> Result<Vec<String>> {
        let program = self.program("runner");
        // The threads of mingw are the test's need, so they go into the program: there is one DLL, ours.
        let flags = ["-Wl,-Bstatic", "-lpthread", "-Wl,-Bdynamic"];
        self.build.compile(&runners::sources("c", "c")?, &program, &flags).log(log)?;
        let name = match self.build.target {
            Target::X86_64 => "c-wine64",
            Target::I686 => "c-wine32",
        };
        let list = runners::list_of_one(self.context, name, &self.wine.run(&program)?)?;
        // The sum, without the line for each case, which is in the log.
        let lines = conformance::play(&list, log)?;
        Ok(lines.into_iter().filter(|line| line.contains(" passed, ")).collect())
    }

    /// The version that Windows shows, and when the DLL can be unloaded.
    fn loading(&self, log: &mut Log) -> Result<()> {
        let program = self.compile("loading", &["-lversion"], log)?;
        finish(&self.wine.run(&program)?.arg(VERSION), log)?.expect_exit(0).map(drop)
    }

    /// The import library for Visual Studio, by the linker that works like its own.
    fn without_a_runtime(&self, log: &mut Log) -> Result<()> {
        let triple = match self.build.target {
            Target::X86_64 => "x86_64-pc-windows-msvc",
            Target::I686 => "i686-pc-windows-msvc",
        };
        let folder = &self.build.folder;
        let (object, program) = (folder.join("without_a_runtime.obj"), self.program("without_a_runtime"));
        let kernel = self.build.kernel32(log)?;
        Run::new("clang")
            .args([
                "-std=c99",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-ffreestanding",
                "-Iinclude",
                "-target",
                triple,
                "-c",
            ])
            .arg(source("without_a_runtime"))
            .arg("-o")
            .arg(&object)
            .log(log)?;
        Run::new("lld-link")
            .args(["/nologo", "/nodefaultlib", "/subsystem:console", "/entry:start"])
            .arg(format!("/out:{}", program.display()))
            .arg(&object)
            .arg(folder.join(MSVC_IMPORT_LIBRARY))
            .arg(kernel)
            .log(log)?;
        finish(&self.wine.run(&program)?, log)?.expect_exit(42).map(drop)
    }

    /// A panic inside of the DLL comes back as a status, and the next call pairs.
    fn contained_panic(&self, log: &mut Log) -> Result<()> {
        self.context.artifacts.simulator(log)?;
        let program = self.compile("contained_panic", &[], log)?;
        let scratch = Scratch::new(&self.context.project, "contained-panic")?;
        let device = Simulator::start(&self.context.project, &scratch, "device", log)?;
        let run = self
            .wine
            .run(&program)?
            .arg(device.url("https"))
            .arg(std::path::absolute(device.root_ca_file())?)
            .args(["1001", &device.setup_code()?]);
        let ended = finish(&run, log)?;
        ended
            .expect_exit(0)?
            .expect_text("INTERNAL")?
            .expect_text("panic at")?
            .expect_text("afterwards: OK")?;
        Ok(())
    }

    /// Who calls it as stdcall loses its stack; the line for the summary says how much.
    fn conventions(&self, log: &mut Log) -> Result<String> {
        let program = self.compile("conventions", &["-O0"], log)?;
        let called: Finished = finish(&self.wine.run(&program)?, log)?;
        called
            .expect_exit(0)?
            .expect_text("cdecl: status 0, 0 bytes of stack lost")?
            // Two words a call.
            .expect_text("stdcall: status 0, 8000 bytes of stack lost in 1000 calls")?;
        if called.stdout.contains("decorated") {
            return Err("functions are exported under decorated names".into());
        }
        Ok("cdecl; a stdcall caller loses its stack".into())
    }

    fn compile(&self, name: &str, flags: &[&str], log: &mut Log) -> Result<PathBuf> {
        let program = self.program(name);
        self.build.compile(&[source(name)], &program, flags).log(log)?;
        Ok(program)
    }

    /// Beside the DLL, where Windows looks first.
    fn program(&self, name: &str) -> PathBuf {
        self.build.folder.join(format!("{name}.exe"))
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(SOURCES).join(format!("{name}.c"))
}
