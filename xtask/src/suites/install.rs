//! The `install` suite: what CMake builds and installs is moved somewhere else, found there by the ways that C projects
//! know, and each program that comes of it makes a payment.

mod layout;
mod three_commands;

use crate::Result;
use crate::artifacts::{self, LIBRARY_FLAGS, Language};
use crate::cmake::{self, CMake};
use crate::log::Log;
use crate::native_libraries;
use crate::process::Run;
use crate::project::Project;
use crate::scratch::Scratch;
use crate::simulator::{SERIAL, Simulator};
use crate::test::Context;
use crate::till::{Finished, finish};
use crate::tools;
use std::cell::Cell;
use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A project that takes the library in, in whichever way.
const CONSUMER: &str = "tests/install";

/// A project that must not get it.
const REFUSED: &str = "tests/install/refused";

/// The programs of the consumer, and whether they need the shared library.
const PROGRAMS: [(&str, bool); 4] =
    [("c-shared", true), ("cpp-shared", true), ("c-static", false), ("cpp-static", false)];

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    let project = &context.project;
    context.artifacts.library(log)?;
    context.artifacts.simulator(log)?;
    let natives = native_libraries(log)?;

    let scratch = Scratch::new(project, "install")?;
    let system = CMake::of_system();
    let built = scratch.join("build");
    let target = OsString::from(std::path::absolute(project.target(""))?);
    // The folder and the flags of `artifacts`, so that cargo finds nothing to do.
    let cargo = [
        ("POSLATCH_CARGO_TARGET_DIR", target),
        ("POSLATCH_CARGO_FLAGS", OsString::from(LIBRARY_FLAGS.join(";"))),
    ];
    let definitions = cargo.iter().cloned().chain([("POSLATCH_EXAMPLES", "ON".into())]);
    system.configure(Path::new("."), &built, definitions).log(log)?;
    system.build(&built).log(log)?;
    let installed = scratch.join("installed");
    system.install(&built, &installed).log(log)?;
    // Not the same depth, and a name that somebody forgets to quote.
    let prefix = scratch.join("moved/to a till");
    fs::create_dir_all(scratch.join("moved"))?;
    fs::rename(&installed, &prefix)?;
    layout::complete(&prefix, &built, &natives, log)?;
    let prebuilt = scratch.join("prebuilt");
    cmake::lay_out(project, &cmake::host()?, &project.library_folder(), &prebuilt, log)?;
    layout::same(&prefix, &prebuilt)?;

    let mut bench = Bench::pair(context, &scratch, &built.join("examples-c").join(program("pair")), log)?;
    let source = absolute(".")?;
    for cmake in [&system, &oldest(project, bench.log)?] {
        let version = cmake.version()?;
        let definitions = [
            ("WAY", "find_package".into()),
            ("CMAKE_PREFIX_PATH", absolute(&prefix)?),
            ("EXAMPLES", absolute(prefix.join("share/poslatch"))?),
        ];
        bench.consume(&format!("find_package-{version}"), cmake, &definitions)?;
    }
    let linked = scratch.join("linked");
    link_package_into(&linked, &prefix)?;
    let linked = [
        ("WAY", "find_package".into()),
        ("CMAKE_PREFIX_PATH", absolute(&linked)?),
        ("EXAMPLES", absolute(prefix.join("share/poslatch"))?),
    ];
    bench.consume("linked", &system, &linked)?;
    for way in ["add_subdirectory", "FetchContent"] {
        let way_definitions = [("WAY", way.into()), ("SOURCE", source.clone()), ("EXAMPLES", source.clone())];
        bench.consume(way, &system, &[&way_definitions[..], &cargo[..]].concat())?;
    }
    for (language, folder) in [(Language::C, "examples-c"), (Language::Cpp, "examples-cpp")] {
        bench.pays(&built.join(folder).join(program("pay")), true)?;
        bench.by_pkg_config(language, &prefix)?;
    }
    bench.refused(&system, &prefix)?;
    three_commands::work(&mut bench, &prefix)?;
    let mut lines = vec![
        format!(
            "{} payments by moved and linked installs, pkg-config, add_subdirectory, FetchContent, README",
            bench.payments
        ),
        format!("a static library needs {natives}"),
    ];
    if !bench.has_static_libc {
        lines.push("`-static` was not tried: this machine has no libc.a".to_owned());
    }
    Ok(lines)
}

/// A device, a till that is paired with it, and a folder for programs.
struct Bench<'a> {
    log: &'a mut Log,
    device: Simulator,
    scratch: &'a Scratch,
    identity_file: PathBuf,
    payments: u32,
    /// Whether the C library can be linked in too; not every distribution has it for that.
    has_static_libc: bool,
}

impl<'a> Bench<'a> {
    /// Pairs by the example that CMake has built.
    fn pair(context: &'a Context, scratch: &'a Scratch, pair: &Path, log: &'a mut Log) -> Result<Bench<'a>> {
        let project = &context.project;
        let device = Simulator::start(project, scratch, "device", log)?;
        let identity_file = scratch.join("till.pem");
        let run = Run::new(pair)
            .arg(device.url("https"))
            .arg(device.root_ca_file())
            .args(["1001", &device.setup_code()?])
            .arg(&identity_file)
            .arg(SERIAL);
        finish(&run, log)?.expect_exit(0)?;
        let has_static_libc = has_static_libc()?;
        Ok(Bench { log, device, scratch, identity_file, payments: 0, has_static_libc })
    }

    /// Configures and builds the consumer in one way, and pays with each of its programs.
    fn consume(&mut self, name: &str, cmake: &CMake, definitions: &[(&str, OsString)]) -> Result<()> {
        let build = self.scratch.join(name);
        cmake.configure(Path::new(CONSUMER), &build, definitions.iter().cloned()).log(self.log)?;
        cmake.build(&build).log(self.log)?;
        PROGRAMS.iter().try_for_each(|(name, shared)| self.pays(&build.join(program(name)), *shared))
    }

    /// Compiles an example with the words of pkg-config, as a shell would, and pays with it.
    fn by_pkg_config(&mut self, language: Language, prefix: &Path) -> Result<()> {
        let (compiler, source) = match language {
            Language::C => (tools::c_compiler(), "examples-c/pay.c"),
            Language::Cpp => (tools::cxx_compiler(), "examples-cpp/pay.cpp"),
        };
        let source = prefix.join("share/poslatch").join(source);
        let mut ways = vec![
            ("shared", "$(pkg-config --cflags --libs poslatch)"),
            // Two calls, since pkg-config answers either flags or a variable.
            ("static", "$(pkg-config --cflags poslatch) $(pkg-config --variable=static poslatch)"),
        ];
        if self.has_static_libc {
            ways.push(("all-static", "-static $(pkg-config --static --cflags --libs poslatch)"));
        }
        for (name, words) in ways {
            let program = self.scratch.join(program(&format!("{}-{name}", language.folder())));
            let shared = name == "shared";
            Run::new("sh")
                // `eval` for the blank in the path.
                .args(["-c", &format!(r#"eval "$0 '$1' -o '$2' {words}""#)])
                .arg(compiler.clone())
                .arg(&source)
                .arg(&program)
                .env("PKG_CONFIG_PATH", absolute(prefix.join("lib/pkgconfig"))?)
                .log(self.log)?;
            let run = Run::new(&program).env("LD_LIBRARY_PATH", absolute(prefix.join("lib"))?);
            self.pays_by(run, &program, shared)?;
        }
        Ok(())
    }

    /// Pays with a program that has to find its library by itself.
    fn pays(&mut self, program: &Path, shared: bool) -> Result<()> {
        self.pays_by(Run::new(program), program, shared)
    }

    fn pays_by(&mut self, run: Run, program: &Path, shared: bool) -> Result<()> {
        let needed = Run::new("readelf").arg("-d").arg(program).read()?;
        if needed.contains("libposlatch") != shared {
            return Err(format!("{} is not what it should be linked to:\n{needed}", program.display()).into());
        }
        self.pay(run).map(drop)
    }

    /// Runs a program with the arguments of a payment; both sides have to say that it went through.
    fn pay(&mut self, run: Run) -> Result<Finished> {
        self.payments += 1;
        let reference = format!("install-{}", self.payments);
        let run = run
            .arg(self.device.url("wss"))
            .arg(self.device.root_ca_file())
            .arg(&self.identity_file)
            .args(["1.00", "USD", &reference]);
        let finished = finish(&run, self.log)?;
        finished.expect_exit(0)?.expect_text("Approved.")?;
        self.seen()?;
        Ok(finished)
    }

    /// Waits until the device has seen as many payments as were made.
    fn seen(&self) -> Result<()> {
        let seen = Cell::new(0);
        let is_last = |event: &serde_json::Value| {
            let is_payment = event["event"] == "message"
                && event["direction"] == "in"
                && event["type"] == "PaymentRequest";
            seen.set(seen.get() + u32::from(is_payment));
            seen.get() == self.payments
        };
        match self.device.wait(is_last) {
            Some(_) => Ok(()),
            None => {
                Err(format!("{} payments were made, the device saw {}", self.payments, seen.get()).into())
            }
        }
    }

    /// Other versions, and another size of pointers, are refused.
    fn refused(&mut self, cmake: &CMake, prefix: &Path) -> Result<()> {
        for (version, pointer_bytes) in [("99.0", "8"), ("0.99", "8"), ("0.1", "2")] {
            let build = self.scratch.join(format!("refused-{version}-{pointer_bytes}"));
            let definitions = [
                ("CMAKE_PREFIX_PATH", absolute(prefix)?),
                ("VERSION", version.into()),
                ("POINTER_BYTES", pointer_bytes.into()),
            ];
            let said = cmake.configure(Path::new(REFUSED), &build, definitions).read()?;
            // It was looked at, and not just missed.
            if !said.contains(&format!("refused: {}", env!("CARGO_PKG_VERSION"))) {
                return Err(format!("the package was not found, so not refused either: {said}").into());
            }
        }
        Ok(())
    }
}

fn has_static_libc() -> Result<bool> {
    // The compiler tells the whole path of what it finds, and the name alone of what it does not.
    let found = Run::new(tools::c_compiler()).arg("-print-file-name=libc.a").read()?;
    Ok(Path::new(found.trim()).is_absolute())
}

/// The oldest CMake that is promised, from Python's index.
fn oldest(project: &Project, log: &mut Log) -> Result<CMake> {
    const VERSION: &str = "3.16.8";
    let folder = project.target(format!("tools/cmake-{VERSION}"));
    let cmake = CMake { program: folder.join("cmake/data/bin/cmake").into() };
    if cmake.version().is_err() {
        Run::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--upgrade", "--no-deps"])
            .args(["--disable-pip-version-check", "--no-cache-dir", "--target"])
            .arg(&folder)
            .arg(format!("cmake=={VERSION}"))
            .log(log)
            .map_err(|error| {
                format!("{error}; the suite needs the oldest CMake that is promised: let pip reach its index")
            })?;
    }
    match cmake.version()? {
        version if version == VERSION => Ok(cmake),
        other => Err(format!("CMake {other} is where {VERSION} should be").into()),
    }
}

/// Another prefix, in which only the folder of the package is, as a link: what GNU Stow and its like do.
fn link_package_into(other: &Path, prefix: &Path) -> Result<()> {
    let below = "lib/cmake";
    fs::create_dir_all(other.join(below))?;
    let (package, link) =
        (absolute(prefix.join(below).join("poslatch"))?, other.join(below).join("poslatch"));
    #[cfg(unix)]
    std::os::unix::fs::symlink(package, link)?;
    #[cfg(windows)]
    std::os::windows::fs::symlink_dir(package, link)?;
    Ok(())
}

fn program(name: &str) -> String {
    format!("{name}{EXE_SUFFIX}")
}

fn absolute(path: impl AsRef<Path>) -> Result<OsString> {
    Ok(fs::canonicalize(path)?.into())
}

/// What a program links beside the static library, as it is documented. Cargo repeats what rustc said of it when the
/// library was built.
fn native_libraries(log: &mut Log) -> Result<String> {
    let run = artifacts::library();
    log.command(&run)?;
    let output = run.command().output().map_err(|error| run.cannot_start(&error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    log.say(&said)?;
    let system = if cfg!(windows) { "windows-gnu" } else { std::env::consts::OS };
    native_libraries::documented(system, &said)
}
