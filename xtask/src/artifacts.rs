//! What the tasks build before they run anything: the library, the simulator, the examples. One file, so that the demo
//! and the suites build them alike and never twice in one run.

use crate::Result;
use crate::abi;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::tools;
use crate::windows::{Build, Target};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The programs of `examples-c/`, and their twins in `examples-cpp/`.
pub(crate) const EXAMPLES: [&str; 5] = ["pair", "show_chain", "pay", "recover", "refused"];

/// A language of the examples, which are the same programs in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    Cpp,
}

impl Language {
    /// Its folder of examples, and the folder below the target directory where they are built.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Language::C => "examples-c",
            Language::Cpp => "examples-cpp",
        }
    }

    fn source(self, name: &str) -> PathBuf {
        let ending = match self {
            Language::C => "c",
            Language::Cpp => "cpp",
        };
        PathBuf::from(format!("{}/{name}.{ending}", self.folder()))
    }

    /// The compiler with the oldest standard that the header promises.
    fn compiler(self) -> (OsString, &'static str) {
        match self {
            Language::C => (tools::c_compiler(), "-std=c99"),
            Language::Cpp => (tools::cxx_compiler(), "-std=c++11"),
        }
    }
}

/// How C is compiled here: an example that a reader pastes must not greet him with warnings.
pub(crate) const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// The builds of one run, each made once, by whoever needs it first.
#[derive(Default)]
pub(crate) struct Artifacts {
    library: Once,
    simulator: Once,
    examples_c: Once,
    examples_cpp: Once,
    windows_x86_64: Once,
    windows_i686: Once,
}

/// What came of a build; a failure is told again to everybody who asks.
type Once = Mutex<Option<std::result::Result<(), String>>>;

impl Artifacts {
    /// The library as it is shipped, shared and static.
    ///
    /// Not by `cargo build`: that makes the Rust library along with it, for which Cargo has to leave link-time
    /// optimisation out, and the shared library comes out a quarter larger.
    pub(crate) fn library(&self, log: &mut Log) -> Result<()> {
        once(&self.library, || {
            library().log(log)?;
            link_by_soname(&Project::find()?)
        })
    }

    /// The simulator, in the profile that `cargo test` builds it in anyway.
    pub(crate) fn simulator(&self, log: &mut Log) -> Result<()> {
        once(&self.simulator, || {
            Run::new("cargo").args(["build", "--package", "poslatch-simulator"]).log(log)
        })
    }

    /// The examples in a language, against the library as it is shipped.
    pub(crate) fn examples(&self, language: Language, project: &Project, log: &mut Log) -> Result<()> {
        self.library(log)?;
        let examples = match language {
            Language::C => &self.examples_c,
            Language::Cpp => &self.examples_cpp,
        };
        once(examples, || {
            EXAMPLES.iter().try_for_each(|name| {
                compile(language, project, &language.source(name), &project.example(language, name)).log(log)
            })
        })
    }

    /// The library for Windows, with its import libraries.
    pub(crate) fn windows(&self, target: Target, project: &Project, log: &mut Log) -> Result<Build> {
        let build = match target {
            Target::X86_64 => &self.windows_x86_64,
            Target::I686 => &self.windows_i686,
        };
        once(build, || Build::make(project, target, log).map(drop))?;
        Ok(Build::of(project, target))
    }
}

/// The command that compiles one C file against the header and the shared library.
pub(crate) fn compile_c(project: &Project, source: &Path, program: &Path) -> Run {
    compile(Language::C, project, source, program)
}

fn compile(language: Language, project: &Project, source: &Path, program: &Path) -> Run {
    if let Some(folder) = program.parent() {
        // If this fails, the compiler says so in its own words.
        let _ = fs::create_dir_all(folder);
    }
    let (compiler, standard) = language.compiler();
    Run::new(compiler)
        .arg(standard)
        .args(STRICT)
        .arg("-Iinclude")
        .arg(source)
        .arg("-L")
        .arg(project.library_folder())
        .args(["-lposlatch", "-o"])
        .arg(program)
}

/// The command that runs a program which was linked against the shared library.
///
/// The loader's path is named even though the linker could have written it into the program: `cargo run` sets this
/// variable for its child, to folders where another build of the library may lie, and it would win.
pub(crate) fn with_library(project: &Project, program: &Path) -> Run {
    let variable = if cfg!(windows) {
        "PATH"
    } else if cfg!(target_os = "macos") {
        "DYLD_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    Run::new(program).env(variable, project.library_folder())
}

/// The command that builds the library; cargo repeats what rustc said, when there is nothing to do.
pub(crate) fn library() -> Run {
    Run::new("cargo")
        .args(["rustc", "--release", "--package", "poslatch", "--lib", "--crate-type", "cdylib,staticlib"])
        .args(LIBRARY_FLAGS)
}

/// So that rustc tells what the static library needs: `cargo xtask test install` compares it with what is documented.
pub(crate) const LIBRARY_FLAGS: [&str; 3] = ["--", "--print", "native-static-libs"];

/// Beside the shared library, the name under which programs that were linked against it ask for it. Cargo makes the one
/// file; in an install CMake makes the links.
#[cfg(unix)]
fn link_by_soname(project: &Project) -> Result<()> {
    let link = project.library_folder().join(abi::soname()?);
    let library = project.library();
    if library.extension().is_none_or(|extension| extension != "so") {
        return Ok(());
    }
    let library = library.file_name().ok_or("the library has no name")?;
    if fs::read_link(&link).is_ok_and(|found| found == library) {
        return Ok(());
    }
    // A link to something else, which is in the way.
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(library, &link)
        .map_err(|error| format!("cannot make the link {}: {error}", link.display()).into())
}

#[cfg(not(unix))]
fn link_by_soname(_: &Project) -> Result<()> {
    Ok(())
}

fn once(cell: &Once, build: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut cell: MutexGuard<'_, _> = cell.lock().unwrap_or_else(PoisonError::into_inner);
    cell.get_or_insert_with(|| build().map_err(|error| error.to_string())).clone().map_err(Into::into)
}
