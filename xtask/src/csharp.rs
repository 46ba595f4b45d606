//! C# as tasks and suites build and run it: Mono's compiler, and each program on both runtimes that tills have. One
//! assembly for both, because that is what the package promises.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const SOURCES: &str = "bindings/csharp/src";

/// The Python package that carries .NET Core as Microsoft has built it for Linux. Its runtime is past its end of life:
/// good for proving that the assembly runs there, and for nothing else.
const WHEEL: &str = "dotnetcore2==3.1.23";

/// The wrapper's build, `target/csharp`.
pub(crate) struct CSharp {
    folder: PathBuf,
}

/// A compiled program, once for each runtime, with the wrapper beside it.
pub(crate) struct Program {
    mono: PathBuf,
    core: PathBuf,
}

/// What runs a program.
#[derive(Clone, Debug)]
pub(crate) enum Runtime {
    /// What tills with .NET Framework have, as near as Linux comes to it.
    Mono,
    /// .NET, by its host program.
    Core(PathBuf),
}

impl CSharp {
    pub(crate) fn new(project: &Project) -> CSharp {
        CSharp { folder: project.target("csharp") }
    }

    pub(crate) fn assembly(&self) -> PathBuf {
        self.folder.join("Poslatch.dll")
    }

    /// What editors show of it.
    pub(crate) fn documentation(&self) -> PathBuf {
        self.folder.join("Poslatch.xml")
    }

    /// Compiles the wrapper. A public member without documentation is a warning, and a warning is an error.
    pub(crate) fn compile(&self, version: &str, log: &mut Log) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        let facts = self.folder.join("AssemblyInfo.cs");
        fs::write(&facts, assembly_info(version))?;
        mcs()
            .args(["-target:library", "-r:System.dll", "-r:System.Core.dll"])
            .arg(option("-doc:", &self.documentation()))
            .arg(option("-out:", &self.assembly()))
            .args([source(SOURCES.as_ref()), facts.into()])
            .log(log)
    }

    /// Compiles a program against the wrapper, and lays both out as they are installed.
    ///
    /// `source` is a file, or a folder with nothing else in it.
    pub(crate) fn program(&self, name: &str, source: &Path, log: &mut Log) -> Result<Program> {
        let place = |runtime: &str, suffix: &str| {
            self.folder.join(name.to_lowercase()).join(runtime).join(format!("{name}{suffix}"))
        };
        let program = Program { mono: place("mono", ".exe"), core: place("core", ".dll") };
        for file in [&program.mono, &program.core] {
            let folder = file.parent().ok_or("a program without a folder")?;
            fs::create_dir_all(folder)?;
            fs::copy(self.assembly(), folder.join("Poslatch.dll"))?;
        }
        compile_program(&self.assembly(), source, &program.mono, log)?;
        fs::copy(&program.mono, &program.core)?;
        configure(&program.core)?;
        Ok(program)
    }
}

impl Runtime {
    /// Both, the second one fetched if need be.
    pub(crate) fn all(project: &Project, log: &mut Log) -> Result<[Runtime; 2]> {
        Ok([Runtime::Mono, Runtime::core(project, log)?])
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Runtime::Mono => "mono",
            Runtime::Core(_) => "core",
        }
    }

    /// The command that runs the program, without its arguments.
    pub(crate) fn run(&self, program: &Program) -> Run {
        match self {
            Runtime::Mono => self.run_file(&program.mono),
            Runtime::Core(_) => self.run_file(&program.core),
        }
    }

    pub(crate) fn run_file(&self, file: &Path) -> Run {
        match self {
            // Line numbers, where a test fails.
            Runtime::Mono => Run::new("mono").arg("--debug").arg(file),
            Runtime::Core(dotnet) => {
                // Without the pipes for debuggers, which stay in /tmp when a program is killed.
                Run::new(dotnet)
                    .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
                    .env("COMPlus_EnableDiagnostics", "0")
                    .arg(file)
            }
        }
    }

    /// The program that `DOTNET` names, or one below the target directory.
    fn core(project: &Project, log: &mut Log) -> Result<Runtime> {
        if let Some(dotnet) = std::env::var_os("DOTNET") {
            return Ok(Runtime::Core(dotnet.into()));
        }
        let folder = project.target("tools/dotnetcore2");
        let dotnet = folder.join("dotnetcore2/bin/dotnet");
        if !works(&dotnet) {
            Run::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--upgrade", "--no-deps"])
                .args(["--disable-pip-version-check", "--no-cache-dir", "--target"])
                .arg(&folder)
                .arg(WHEEL)
                .log(log)
                .and_then(|()| make_executable(&dotnet))
                .map_err(|error| {
                    format!(
                        "{error}; the tests on .NET need its runtime: let pip reach its index, or set DOTNET to a dotnet \
                         program of version 3.1 or later"
                    )
                })?;
        }
        if !works(&dotnet) {
            return Err(format!(
                "{} does not run here; set DOTNET to a dotnet program of version 3.1 or later",
                dotnet.display()
            )
            .into());
        }
        Ok(Runtime::Core(dotnet))
    }
}

/// Compiles one program against an assembly.
pub(crate) fn compile_program(assembly: &Path, from: &Path, program: &Path, log: &mut Log) -> Result<()> {
    mcs()
        .args(["-debug", "-r:System.dll", "-r:System.Core.dll"])
        .arg(option("-r:", assembly))
        .arg(option("-out:", program))
        .arg(source(from))
        .log(log)
}

/// Writes what the .NET host wants to know of a program.
pub(crate) fn configure(program: &Path) -> Result<()> {
    let text = serde_json::json!({
        "runtimeOptions": {
            "tfm": "netcoreapp3.1",
            "rollForward": "Major",
            "framework": { "name": "Microsoft.NETCore.App", "version": "3.1.0" },
        }
    });
    Ok(fs::write(program.with_extension("runtimeconfig.json"), text.to_string())?)
}

/// A file, or every C# file below a folder, as the compiler is told.
fn source(path: &Path) -> OsString {
    if path.is_dir() { option("-recurse:", &path.join("*.cs")) } else { path.into() }
}

/// Strict, and in the language of `Poslatch.csproj`.
fn mcs() -> Run {
    Run::new("mcs").args(["-nologo", "-langversion:7", "-warn:4", "-warnaserror"])
}

/// What the .NET SDK would write from the project file.
fn assembly_info(version: &str) -> String {
    format!(
        "using System.Reflection;\n\n\
         [assembly: AssemblyTitle(\"Poslatch\")]\n\
         [assembly: AssemblyVersion(\"{version}.0\")]\n\
         [assembly: AssemblyFileVersion(\"{version}.0\")]\n\
         [assembly: AssemblyInformationalVersion(\"{version}\")]\n"
    )
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

fn works(dotnet: &Path) -> bool {
    Run::new(dotnet).arg("--list-runtimes").read().is_ok_and(|said| said.contains("Microsoft.NETCore.App"))
}

/// pip forgets that a program is one.
fn make_executable(file: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
    }
    let _ = file;
    Ok(())
}
