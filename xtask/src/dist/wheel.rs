//! The wheel for Python: the package with the library inside, for exactly the systems on which that library loads.

use crate::Result;
use crate::dist::papers::Papers;
use crate::dist::target::Native;
use crate::dist::{VERSION, place};
use crate::log::Log;
use crate::process::Run;
use crate::python;
use crate::test::Context;
use std::env::consts::{ARCH, OS};
use std::fs;
use std::path::{Path, PathBuf};

const SOURCE: &str = "bindings/python";

/// What goes into the wheel, of `SOURCE`. Not `setup.cfg`, which is written here.
const FILES: [&str; 3] = ["pyproject.toml", "setup.py", "README.md"];

const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// Where the licences of others and the bills of materials are in a wheel, by PEP 639 and PEP 770.
pub(crate) fn papers() -> [String; 2] {
    ["licenses", "sboms"].map(|folder| format!("poslatch-{VERSION}.dist-info/{folder}/"))
}

/// The oldest time that a zip archive knows, so that the same source gives the same wheel.
const SOURCE_DATE_EPOCH: &str = "315532800";

/// Writes `target/dist/poslatch-<version>-py3-none-<platform>.whl`, one for each library.
pub(crate) fn make(context: &Context, natives: &[Native], log: &mut Log) -> Result<Vec<PathBuf>> {
    if natives.is_empty() {
        context.artifacts.library(log)?;
        let library = context.project.library();
        let papers = Papers::of_package(&[])?;
        return Ok(vec![pack(context, &library, &platform(&library)?, &papers, log)?]);
    }
    let pack = |Native { target, library }: &Native| {
        pack(context, library, &target.wheel(), &Papers::of_target(*target)?, log)
    };
    natives.iter().map(pack).collect()
}

fn pack(
    context: &Context,
    library: &Path,
    platform: &str,
    papers: &Papers,
    log: &mut Log,
) -> Result<PathBuf> {
    let newest = python::oldest_and_newest()?.pop().ok_or("no Python")?;
    let interpreter = python::environment(&context.project, &newest, log)?;

    // In a copy, since setuptools leaves its working files beside what it builds.
    let copy = context.project.target("python/wheel");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    let package = copy.join("src/poslatch");
    fs::create_dir_all(&package)?;
    FILES.iter().try_for_each(|name| copy_into(&Path::new(SOURCE).join(name), &copy))?;
    LICENCES.iter().try_for_each(|name| copy_into(Path::new(name), &copy))?;
    for entry in fs::read_dir(Path::new(SOURCE).join("src/poslatch"))? {
        let path = entry?.path();
        if path.is_file() {
            copy_into(&path, &package)?;
        }
    }
    copy_into(library, &package)?;
    // `setup.py` takes them along.
    for (name, text) in papers.files("dist-info/licenses/", "dist-info/sboms/")? {
        let path = copy.join(name);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)?;
    }
    fs::write(copy.join("setup.cfg"), format!("[bdist_wheel]\nplat_name = {platform}\n"))?;

    let wheel = place(&context.project, &format!("poslatch-{VERSION}-py3-none-{platform}.whl"));
    let folder = wheel.parent().ok_or("target/dist has no parent")?;
    fs::create_dir_all(folder)?;
    // One of an earlier run would pass for the one that is not written.
    if wheel.exists() {
        fs::remove_file(&wheel)?;
    }
    Run::new(&interpreter)
        .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH)
        .args(["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-cache-dir"])
        .args(["--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir"])
        .arg(folder)
        .arg(&copy)
        .log(log)?;
    if !wheel.exists() {
        return Err(format!(
            "{} was not written: is the version in {SOURCE}/src/poslatch/__init__.py {VERSION}?",
            wheel.display()
        )
        .into());
    }
    Ok(wheel)
}

fn copy_into(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().ok_or("a file without a name")?;
    fs::copy(file, folder.join(name)).map_err(|error| format!("cannot copy {}: {error}", file.display()))?;
    Ok(())
}

/// The platform as wheels name it. On Linux by what the library really needs, not by where it was built: pip then
/// refuses it where it would not load.
fn platform(library: &Path) -> Result<String> {
    match OS {
        "linux" => {
            let needs = Run::new("nm").args(["-D", "--undefined-only"]).arg(library).read()?;
            let minor = glibc_minor(&needs)
                .ok_or_else(|| format!("nm tells no version of glibc that {} needs", library.display()))?;
            Ok(format!("manylinux_2_{minor}_{}", linux_machine()))
        }
        // What Rust builds for: 10.12 on Intel, 11.0 on its successor.
        "macos" if ARCH == "aarch64" => Ok("macosx_11_0_arm64".to_owned()),
        "macos" => Ok(format!("macosx_10_12_{ARCH}")),
        "windows" => Ok(match ARCH {
            "x86" => "win32".to_owned(),
            "aarch64" => "win_arm64".to_owned(),
            _ => "win_amd64".to_owned(),
        }),
        other => Err(format!("wheels have no name for {other}").into()),
    }
}

fn linux_machine() -> &'static str {
    match ARCH {
        "x86" => "i686",
        "arm" => "armv7l",
        other => other,
    }
}

/// The newest glibc among the versions of symbols, such as 34 for `stat64@GLIBC_2.33` and `dlsym@GLIBC_2.34`.
fn glibc_minor(symbols: &str) -> Option<u32> {
    symbols
        .split("@GLIBC_2.")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_of_a_symbol_counts() {
        let symbols = "U memcpy@GLIBC_2.14\n  U stat64@GLIBC_2.33\n  U fmod@GLIBC_2.2.5\n w _ITM_deregisterTMCloneTable";
        assert_eq!(glibc_minor(symbols), Some(33));
        assert_eq!(glibc_minor("U memcpy"), None);
    }
}
