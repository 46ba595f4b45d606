//! The suites `windows` and `windows-32`: the archive for Windows, unpacked where nothing else of the project is. Its DLL
//! loads on Windows 7, as far as its headers tell, and does under Wine what the library does elsewhere.

use super::unpacked::{Linked, Unpacked};
use crate::Result;
use crate::artifacts::EXAMPLES;
use crate::cmake::CMake;
use crate::dist::{self, VERSION};
use crate::log::Log;
use crate::process::Run;
use crate::runners;
use crate::scratch::Scratch;
use crate::simulator::Simulator;
use crate::suites::{abi, conformance, examples};
use crate::test::Context;
use crate::till::{Finished, OTHERS_UNDER_WINE, finish};
use crate::windows::wine::Wine;
use crate::windows::{self, DLL, MSVC_IMPORT_LIBRARY, Target, definitions, imports};
use std::fs;
use std::path::{Path, PathBuf};

/// Examples that CMake builds, and the example that is linked with the static library by the words for pkg-config. The
/// others are linked with the import library, by the compiler alone.
const BY_CMAKE: [(&str, Linked); 2] = [("pair", Linked::Shared), ("recover", Linked::Static)];
const STATIC_BY_PKG_CONFIG: &str = "refused";

/// Integration tests that start programs of Linux, which a program of Windows cannot. What they read is made alike on both.
const NOT_IN_WINE: &str = "interop::";

/// Programs that were written for Windows.
const SOURCES: &str = "tests/windows";

pub(super) fn run_x86_64(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let mut told = run(Target::X86_64, context, log)?;
    windows::clippy(&context.project, Target::X86_64, log)?;
    told.push("clippy has nothing to say of the code for Windows".to_owned());
    Ok(told)
}

pub(super) fn run_i686(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    run(Target::I686, context, log)
}

fn run(target: Target, context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let archive = Unpacked::make(context, dist::target::Target::Windows(target), log)?;
    let dll = archive.folder.join("bin").join(DLL);
    let imported = imports::check(target, &dll)?;
    abi::same("the DLL", &imports::exports(target, &dll)?, abi::EXPORTS, &abi::listed()?)?;
    // Beside the programs, where Windows looks first and where a till has it.
    let size = fs::copy(&dll, archive.programs.join(DLL))?;

    let nothing = archive.programs.join("nothing.exe");
    let compiler = target.mingw("gcc").into();
    archive.compile(compiler, Linked::Shared, &[source("nothing")], &nothing, &[])?.log(log)?;
    let wine = Wine::start(&context.project, target, &nothing, log)?;
    let bench = Bench { context, target, archive: &archive, wine: &wine };
    bench.loading(log)?;
    bench.without_a_runtime(log)?;
    bench.with_a_device(log)?;
    let mut told = vec![format!("{}; DLL of {size} bytes, {imported} functions of Windows 7", archive.told)];
    if target == Target::I686 {
        told.push(bench.conventions(log)?);
    }
    told.extend(bench.examples(log)?);
    told.extend(bench.conformance(log)?);
    Ok(told)
}

/// The integration tests of the library, built for Windows. Of the library as it is developed, and in Rust: they see what
/// the archive does not show.
pub(super) fn run_tests(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let target = Target::X86_64;
    let program = windows::integration_tests(&context.project, target, log)?;
    let scratch = Scratch::absolute(&context.project, "tests-under-wine")?;
    let nothing = scratch.join("nothing.exe");
    Run::new(target.mingw("gcc")).arg(source("nothing")).arg("-o").arg(&nothing).log(log)?;
    let wine = Wine::start(&context.project, target, &nothing, log)?;
    wine.run(&program)?.args(["--show-output", "--skip", NOT_IN_WINE]).log(log)?;
    let said = log.text()?;
    let result = said.lines().rfind(|line| line.starts_with("test result: "));
    let result = result.ok_or("the tests under Wine do not tell their result")?;
    Ok(vec![
        result.trim_start_matches("test result: ").to_owned(),
        format!("left out: {NOT_IN_WINE}*, which start openssl, curl, keytool and .NET of this machine"),
    ])
}

/// An unpacked archive, and where its programs run.
struct Bench<'a> {
    context: &'a Context,
    target: Target,
    archive: &'a Unpacked,
    wine: &'a Wine,
}

impl Bench<'_> {
    /// The C examples, in the ways in which each can end.
    fn examples(&self, log: &mut Log) -> Result<Vec<String>> {
        let by_cmake = self.by_cmake(log)?;
        for name in EXAMPLES {
            let linked = if name == STATIC_BY_PKG_CONFIG { Linked::Static } else { Linked::Shared };
            let source = [self.archive.example(name)];
            match by_cmake.iter().find(|(other, _)| *other == name) {
                Some((_, program)) => drop(fs::copy(program, self.program(name))?),
                None => self.compile(linked, &source, &self.program(name), &[], log)?,
            }
            let wanted = BY_CMAKE.iter().find(|(other, _)| *other == name).map_or(linked, |(_, how)| *how);
            self.is_linked(name, wanted)?;
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
        examples::play(self.context, self.target.name(), &start, OTHERS_UNDER_WINE, log)
    }

    /// Those examples that CMake builds, as a developer on Linux does for his tills on Windows.
    fn by_cmake(&self, log: &mut Log) -> Result<Vec<(&'static str, PathBuf)>> {
        let (cmake, build) = (CMake::of_system(), self.archive.beside("built by cmake"));
        let definitions = [
            ("CMAKE_SYSTEM_NAME", "Windows".into()),
            ("CMAKE_C_COMPILER", self.target.mingw("gcc").into()),
            ("CMAKE_PREFIX_PATH", self.archive.folder.clone().into()),
            ("EXAMPLES", self.archive.folder.join("share/poslatch/examples-c").into()),
        ];
        cmake.configure(Path::new(SOURCES), &build, definitions).log(log)?;
        cmake.build(&build).log(log)?;
        Ok(BY_CMAKE.iter().map(|(name, _)| (*name, build.join(format!("{name}.exe")))).collect())
    }

    /// Whether the loader will look for the DLL, or everything is inside.
    fn is_linked(&self, name: &str, wanted: Linked) -> Result<()> {
        let program = self.program(name);
        let needs = Run::new(self.target.mingw("objdump")).arg("--private-headers").arg(&program).read()?;
        let asks = needs.contains(&format!("DLL Name: {DLL}"));
        if asks == (wanted == Linked::Shared) {
            return Ok(());
        }
        Err(format!("{} is not linked as it should be, {wanted:?}", program.display()).into())
    }

    /// Every case of the conformance suite, with the runner of C built for Windows.
    fn conformance(&self, log: &mut Log) -> Result<Vec<String>> {
        let program = self.program("runner");
        // The threads of mingw are the test's need, so they go into the program: there is one DLL, ours.
        let flags = ["-Wl,-Bstatic", "-lpthread", "-Wl,-Bdynamic"];
        self.compile(Linked::Shared, &runners::sources("c", "c")?, &program, &flags, log)?;
        let name = match self.target {
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
        let program = self.compile_test("loading", &["-lversion"], log)?;
        finish(&self.wine.run(&program)?.arg(VERSION), log)?.expect_exit(0).map(drop)
    }

    /// The import library for Visual Studio, by the linker that works like its own.
    fn without_a_runtime(&self, log: &mut Log) -> Result<()> {
        let triple = match self.target {
            Target::X86_64 => "x86_64-pc-windows-msvc",
            Target::I686 => "i686-pc-windows-msvc",
        };
        let folder = &self.archive.programs;
        let (object, program) = (folder.join("without_a_runtime.obj"), self.program("without_a_runtime"));
        let kernel = definitions::kernel32(self.target, folder, log)?;
        Run::new("clang")
            .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-target", triple, "-I"])
            .arg(self.archive.folder.join("include"))
            .arg("-c")
            .arg(source("without_a_runtime"))
            .arg("-o")
            .arg(&object)
            .log(log)?;
        Run::new("lld-link")
            .args(["/nologo", "/nodefaultlib", "/subsystem:console", "/entry:start"])
            .arg(format!("/out:{}", program.display()))
            .arg(&object)
            .arg(self.archive.folder.join("lib").join(MSVC_IMPORT_LIBRARY))
            .arg(kernel)
            .log(log)?;
        finish(&self.wine.run(&program)?, log)?.expect_exit(42).map(drop)
    }

    /// A call that waits can be interrupted. A panic inside of the DLL comes back as a status, and the next call pairs.
    fn with_a_device(&self, log: &mut Log) -> Result<()> {
        self.context.artifacts.simulator(log)?;
        let interrupted = self.compile_test("interrupted", &["-lws2_32"], log)?;
        let program = self.compile_test("contained_panic", &[], log)?;
        let scratch = Scratch::new(&self.context.project, "contained-panic")?;
        let device = Simulator::start(&self.context.project, &scratch, "device", log)?;
        let root_ca_file = std::path::absolute(device.root_ca_file())?;
        let ended = finish(&self.wine.run(&interrupted)?.arg(&root_ca_file), log)?;
        ended.expect_exit(0)?.expect_text("ended: CANCELLED")?;
        let run = self
            .wine
            .run(&program)?
            .arg(device.url("https"))
            .arg(root_ca_file)
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
        let program = self.compile_test("conventions", &["-O0"], log)?;
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

    /// A program that was written for these suites.
    fn compile_test(&self, name: &str, flags: &[&str], log: &mut Log) -> Result<PathBuf> {
        let program = self.program(name);
        self.compile(Linked::Shared, &[source(name)], &program, flags, log)?;
        Ok(program)
    }

    fn compile(
        &self,
        linked: Linked,
        sources: &[PathBuf],
        program: &Path,
        flags: &[&str],
        log: &mut Log,
    ) -> Result<()> {
        self.archive.compile(self.target.mingw("gcc").into(), linked, sources, program, flags)?.log(log)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.archive.programs.join(format!("{name}.exe"))
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(SOURCES).join(format!("{name}.c"))
}
