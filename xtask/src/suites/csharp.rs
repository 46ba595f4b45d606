//! The `csharp` suite: the wrapper's own tests on Mono and on .NET, and the package as a till's developer gets it, with the
//! program of its README.

use crate::Result;
use crate::csharp::{self, CSharp, Program, Runtime};
use crate::dist::{self, VERSION, archive, papers};
use crate::log::Log;
use crate::process::Run;
use crate::scratch::Scratch;
use crate::simulator::Simulator;
use crate::test::Context;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const README: &str = "bindings/csharp/README.md";
const PROJECT: &str = "bindings/csharp/Poslatch.csproj";

/// As long as the README promises: what a developer copies.
const SNIPPET_LINES_MAX: usize = 25;

/// The tests take seconds; this ends them when they hang.
const TESTS_LIMIT: Duration = Duration::from_secs(600);

const PROGRAM_LIMIT: Duration = Duration::from_secs(60);

pub(super) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    context.artifacts.library(log)?;
    context.artifacts.simulator(log)?;
    let csharp = CSharp::new(&context.project);
    csharp.compile(VERSION, log)?;
    project_file_has_the_version()?;
    let runtimes = Runtime::all(&context.project, log)?;

    let tests = csharp.program("Tests", "bindings/csharp/tests".as_ref(), log)?;
    let mut lines = Vec::new();
    for runtime in &runtimes {
        lines.push(format!("{}: {}", runtime.name(), run_tests(context, runtime, &tests, log)?));
    }
    lines.push(readme_compiles(context, &csharp, log)?);
    lines.push(package_pays(context, &runtimes, log)?);
    Ok(lines)
}

fn project_file_has_the_version() -> Result<()> {
    let element = format!("<Version>{VERSION}</Version>");
    if fs::read_to_string(PROJECT)?.contains(&element) {
        return Ok(());
    }
    Err(format!("{PROJECT} is of another version than Cargo.toml: it needs {element}").into())
}

fn run_tests(context: &Context, runtime: &Runtime, tests: &Program, log: &mut Log) -> Result<String> {
    let scratch = Scratch::new(&context.project, &format!("csharp-tests-{}", runtime.name()))?;
    // The tests compare paths, and start themselves elsewhere; they make keys, which stay nowhere even when a test is
    // killed; and they read what the system's loader says, which others may have in their own language, or in ASCII.
    let run = runtime
        .run(tests)
        .env("POSLATCH_LIBRARY", fs::canonicalize(context.project.library())?)
        .env("POSLATCH_SIMULATOR", fs::canonicalize(context.project.simulator())?)
        .env("TMPDIR", fs::canonicalize(scratch.join(""))?)
        .env("LC_ALL", "C.UTF-8");
    let said = finish(&run, TESTS_LIMIT, log)?;
    Ok(said.lines().last().unwrap_or("no word").to_owned())
}

/// Every other piece of C# in the README, with what it takes for granted around it.
fn readme_compiles(context: &Context, csharp: &CSharp, log: &mut Log) -> Result<String> {
    let scratch = Scratch::new(&context.project, "csharp-readme")?;
    let text = fs::read_to_string(README)?;
    let pieces: Vec<&str> = snippets(&text).skip(1).collect();
    if pieces.is_empty() {
        return Err(format!("{README} has no piece of C# after the first").into());
    }
    for (number, piece) in pieces.iter().enumerate() {
        let source = scratch.join(format!("Piece{number}.cs"));
        fs::write(&source, AROUND.replace("PIECE", piece))?;
        csharp::compile_program(&csharp.assembly(), &source, &source.with_extension("exe"), log)
            .map_err(|error| format!("a piece of C# in {README}: {error}\n{piece}"))?;
    }
    Ok(format!("{} more pieces of C# in the README compile", pieces.len()))
}

const AROUND: &str = "\
using System;
using System.Threading.Tasks;
using Poslatch;

class Piece
{
    static void Main() { }

    static async Task<string> Run(Connection connection, string request, string reply)
    {
        await Task.Yield();
        PIECE
        return reply;
    }
}
";

/// The package is unpacked as NuGet would, and the README's program pays with what was in it.
fn package_pays(context: &Context, runtimes: &[Runtime], log: &mut Log) -> Result<String> {
    let packages = dist::nuget::make(context, &[], log)?;
    let package = packages.first().ok_or("no package")?;
    papers::check(package, dist::nuget::LICENCES, dist::nuget::BILLS)?;
    let scratch = Scratch::new(&context.project, "csharp-package")?;
    let unpacked = scratch.join("package");
    archive::unpack(package, &unpacked)?;

    let text = fs::read_to_string(README)?;
    let snippet = snippets(&text).next().ok_or_else(|| format!("{README} has no program"))?;
    if snippet.lines().count() > SNIPPET_LINES_MAX {
        return Err(format!("the program in {README} has more than {SNIPPET_LINES_MAX} lines").into());
    }
    for runtime in runtimes {
        let folder = scratch.join(runtime.name());
        fs::create_dir_all(&folder)?;
        let device = Simulator::start(&context.project, &scratch, runtime.name(), log)?;
        fs::write(folder.join("Till.cs"), for_this_device(snippet, &device, &folder)?)?;
        let program = match runtime {
            Runtime::Mono => install_on_mono(&unpacked, &folder, log)?,
            Runtime::Core(_) => install_on_core(&unpacked, &folder, log)?,
        };
        let said = finish(&runtime.run_file(&program), PROGRAM_LIMIT, log)?;
        if !said.contains("Present card") || !said.contains("\"status\":\"APPROVED\"") {
            return Err(format!(
                "the program of {README} did not pay on {}; it said\n{said}",
                runtime.name()
            )
            .into());
        }
    }
    let size = fs::metadata(package)?.len() / 1024;
    Ok(format!("{} ({size} KiB) pays with the README's program on both", package.display()))
}

/// The README's literals become those of a device that runs.
fn for_this_device(snippet: &str, device: &Simulator, folder: &Path) -> Result<String> {
    let root_ca_file = device.root_ca_file().display().to_string();
    let in_folder = |name: &str| folder.join(name).display().to_string();
    let mut program = snippet.to_owned();
    for (literal, value) in [
        ("wss://127.0.0.1:8443/", device.url("wss")),
        ("8QW1YS1D", device.setup_code()?),
        ("root-ca.pem", root_ca_file),
        ("till.pem\")", format!("{}\")", in_folder("till.pem"))),
        ("till.journal", in_folder("till.journal")),
    ] {
        if !program.contains(literal) {
            return Err(format!("the program of {README} does not speak of \"{literal}\"").into());
        }
        program = program.replace(literal, &value);
    }
    Ok(program)
}

/// As Visual Studio installs it for .NET Framework: with the package's own targets, by Mono's build of MSBuild.
fn install_on_mono(package: &Path, folder: &Path, log: &mut Log) -> Result<PathBuf> {
    let package = fs::canonicalize(package)?;
    fs::write(folder.join("Till.csproj"), MONO_PROJECT.replace("PACKAGE", &package.display().to_string()))?;
    Run::new("xbuild").args(["/nologo", "/verbosity:minimal"]).arg(folder.join("Till.csproj")).log(log)?;
    let native = format!("bin/{}", dist::nuget::runtime_identifier()?.rsplit('-').next().unwrap_or_default());
    if !folder.join(&native).is_dir() {
        return Err(format!("Poslatch.targets has made no {native}").into());
    }
    Ok(folder.join("bin/Till.exe"))
}

const MONO_PROJECT: &str = r#"<Project ToolsVersion="4.0" DefaultTargets="Build" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <AssemblyName>Till</AssemblyName>
    <OutputPath>bin/</OutputPath>
    <Platform>AnyCPU</Platform>
    <TargetFrameworkVersion>v4.5</TargetFrameworkVersion>
    <NoStdLib>true</NoStdLib>
  </PropertyGroup>
  <ItemGroup>
    <Compile Include="Till.cs" />
    <Reference Include="mscorlib"><HintPath>$(MSBuildBinPath)/../../../4.5/mscorlib.dll</HintPath><Private>False</Private></Reference>
    <Reference Include="Poslatch"><HintPath>PACKAGE/lib/net48/Poslatch.dll</HintPath></Reference>
  </ItemGroup>
  <Import Project="$(MSBuildBinPath)/Microsoft.CSharp.targets" />
  <Import Project="PACKAGE/build/net48/Poslatch.targets" />
</Project>
"#;

/// As the .NET SDK lays a program out: the assembly beside it, and the package's runtimes folder.
fn install_on_core(package: &Path, folder: &Path, log: &mut Log) -> Result<PathBuf> {
    let assembly = folder.join("Poslatch.dll");
    fs::copy(package.join("lib/netstandard2.0/Poslatch.dll"), &assembly)?;
    copy_all(&package.join("runtimes"), &folder.join("runtimes"))?;
    let program = folder.join("Till.dll");
    csharp::compile_program(&assembly, &folder.join("Till.cs"), &folder.join("Till.exe"), log)?;
    fs::rename(folder.join("Till.exe"), &program)?;
    csharp::configure(&program)?;
    Ok(program)
}

/// Runs a program to its end, logs what it said, and fails unless it ended well.
fn finish(run: &Run, limit: Duration, log: &mut Log) -> Result<String> {
    log.command(run)?;
    let output = run.within(limit)?;
    log.say(&format!("{}{}", output.stdout, output.stderr))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("`{run}` failed ({})", output.status).into())
}

fn snippets(text: &str) -> impl Iterator<Item = &str> {
    text.split("```csharp\n").skip(1).filter_map(|after| after.split_once("```")).map(|(snippet, _)| snippet)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
