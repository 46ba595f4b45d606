//! The runners of the conformance suite: built, and listed for the director in the form that it reads. A new language is
//! a function here and a row of the table.

use crate::Result;
use crate::artifacts::{STRICT, with_library};
use crate::csharp::{CSharp, Runtime};
use crate::dist::VERSION;
use crate::java::{Java, Phase};
use crate::log::Log;
use crate::pascal;
use crate::process::Run;
use crate::python;
use crate::test::Context;
use crate::tools;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the runners' sources are, one folder for each language.
const SOURCES: &str = "tests/conformance/runners";

/// Builds one runner or two; each is an entry of the list.
type Build = fn(&Context, &mut Log) -> Result<Vec<Value>>;

const RUNNERS: &[Build] = &[rust, c, cpp, csharp, java, pascal, python];

/// Builds them all, and writes the list; returns its path.
pub(crate) fn build(context: &Context, log: &mut Log) -> Result<PathBuf> {
    context.artifacts.library(log)?;
    let mut entries = Vec::new();
    for build in RUNNERS {
        entries.extend(build(context, log)?);
    }
    write(context, "runners.json", &entries)
}

/// Writes the list of a runner that was built elsewhere; returns its path. The name begins with the language.
pub(crate) fn list_of_one(context: &Context, name: &str, run: &Run) -> Result<PathBuf> {
    write(context, &format!("runner-{name}.json"), &[entry(name, run)])
}

fn write(context: &Context, name: &str, entries: &[Value]) -> Result<PathBuf> {
    let list = folder(context)?.join(name);
    fs::write(&list, serde_json::to_string_pretty(entries)?)?;
    Ok(list)
}

/// Where they are built.
fn folder(context: &Context) -> Result<PathBuf> {
    let folder = context.project.target("conformance");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    Ok(std::path::absolute(folder)?)
}

/// The entry of one runner, which the command starts.
fn entry(name: &str, run: &Run) -> Value {
    let mut entry = run.to_json();
    entry["name"] = name.into();
    entry
}

/// The director itself, which knows its own name.
fn rust(_: &Context, _: &mut Log) -> Result<Vec<Value>> {
    Ok(vec![entry("rust", &Run::new("{director}").arg("--runner"))])
}

fn c(context: &Context, log: &mut Log) -> Result<Vec<Value>> {
    // POSIX, for the threads of the runner; the library itself asks for no more than C99.
    let flags = ["-std=c99", "-D_POSIX_C_SOURCE=200809L"];
    compiled(context, log, "c", tools::c_compiler(), &flags)
}

fn cpp(context: &Context, log: &mut Log) -> Result<Vec<Value>> {
    compiled(context, log, "cpp", tools::cxx_compiler(), &["-std=c++11"])
}

fn compiled(
    context: &Context,
    log: &mut Log,
    name: &str,
    compiler: OsString,
    flags: &[&str],
) -> Result<Vec<Value>> {
    let program = folder(context)?.join(format!("runner-{name}"));
    Run::new(compiler)
        .args(flags)
        .args(STRICT)
        .arg("-Iinclude")
        .args(sources(name, name)?)
        .arg("-L")
        .arg(context.project.library_folder())
        .args(["-lposlatch", "-lpthread", "-o"])
        .arg(&program)
        .log(log)?;
    Ok(vec![entry(name, &with_library(&context.project, &program))])
}

fn csharp(context: &Context, log: &mut Log) -> Result<Vec<Value>> {
    let csharp = CSharp::new(&context.project);
    csharp.compile(VERSION, log)?;
    let program = csharp.program("Runner", &Path::new(SOURCES).join("csharp"), log)?;
    let runtimes = Runtime::all(&context.project, log)?;
    let library = std::path::absolute(context.project.library())?;
    let start = |runtime: &Runtime| runtime.run(&program).env("POSLATCH_LIBRARY", &library);
    Ok(runtimes.iter().map(|runtime| entry(&format!("csharp-{}", runtime.name()), &start(runtime))).collect())
}

fn java(context: &Context, log: &mut Log) -> Result<Vec<Value>> {
    let java = Java::new(&context.project)?;
    java.maven(&context.project, &context.artifacts, Phase::Compile, log)?;
    let class_path = java.runner(&sources("java", "java")?, log)?;
    // A small heap, so that what is left behind fills it; and no second compiler, whose own memory comes and goes by more
    // than what is looked for.
    let run = Run::new("java")
        .args(["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
        .arg(java.jna_folder())
        .arg("-classpath")
        .arg(class_path)
        .arg("Runner")
        .env("POSLATCH_LIBRARY", std::path::absolute(context.project.library())?);
    Ok(vec![entry("java", &run)])
}

fn pascal(context: &Context, log: &mut Log) -> Result<Vec<Value>> {
    let folder = folder(context)?.join("pascal");
    let source = format!("{SOURCES}/pascal/runner.lpr");
    let program = pascal::compile(&[pascal::UNITS.as_ref()], source.as_ref(), &folder, &["-O2"], log)?;
    let run = Run::new(program).env("POSLATCH_LIBRARY", std::path::absolute(context.project.library())?);
    Ok(vec![entry("pascal", &run)])
}

fn python(context: &Context, _: &mut Log) -> Result<Vec<Value>> {
    let oldest = python::oldest_and_newest()?.remove(0);
    let run = Run::new(oldest.program)
        .arg(format!("{SOURCES}/python/runner.py"))
        .env("PYTHONPATH", std::path::absolute("bindings/python/src")?)
        .env("POSLATCH_LIBRARY", std::path::absolute(context.project.library())?)
        // What Python keeps of its own goes where everything else goes.
        .env("PYTHONPYCACHEPREFIX", std::path::absolute(context.project.target("python/pycache"))?);
    Ok(vec![entry("python", &run)])
}

/// The source files of a runner, in the order of their names.
pub(crate) fn sources(language: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let folder = Path::new(SOURCES).join(language);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
