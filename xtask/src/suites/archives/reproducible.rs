//! The suite `reproducible`: whoever builds the same sources gets the same libraries, wherever he builds them. So what is
//! shipped can be checked against the sources by anybody.

use super::on_a_linux_pc;
use crate::Result;
use crate::linux::{self, Places, Target};
use crate::log::Log;
use crate::remapping;
use crate::scratch::Scratch;
use crate::test::Context;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Both libraries, as cargo names them.
const LIBRARIES: [&str; 2] = ["libposlatch.so", "libposlatch.a"];

/// What is no source: made here, or history.
const NO_SOURCES: [&str; 2] = ["target", ".git"];

pub(crate) fn run(context: &Context, log: &mut Log) -> Result<Vec<String>> {
    on_a_linux_pc()?;
    let project = &context.project;
    let here = linux::build(project, Target::X86_64, &Places::of(project)?, log)?;

    let scratch = Scratch::new(project, "reproducible")?;
    let elsewhere = std::path::absolute(scratch.join("some/where/else"))?;
    let places = Places {
        sources: elsewhere.join("sources"),
        cargo_home: elsewhere.join("crates"),
        output: elsewhere.join("output"),
    };
    copy(project.root(), &places.sources)?;
    same_crates_elsewhere(&places.cargo_home)?;
    let there = linux::build(project, Target::X86_64, &places, log)?;

    for name in LIBRARIES {
        if fs::read(here.join(name))? != fs::read(there.join(name))? {
            return Err(format!(
                "{name} differs between two builds of the same sources, in {} and in {}",
                here.display(),
                there.display()
            )
            .into());
        }
    }
    Ok(vec![
        "two builds, in different folders and with different homes of cargo, gave the same libraries"
            .to_owned(),
    ])
}

/// Copies a folder, except for what is no source.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if NO_SOURCES.iter().any(|other| name == OsStr::new(other)) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// A home for cargo in which the crates lie in another folder, without fetching them again.
#[cfg(unix)]
fn same_crates_elsewhere(home: &Path) -> Result<()> {
    let real = remapping::cargo_home()?;
    fs::create_dir_all(home)?;
    std::os::unix::fs::symlink(real.join("registry"), home.join("registry"))?;
    // Where crates come from, if it says so.
    for name in ["config.toml", "config"] {
        if real.join(name).exists() {
            fs::copy(real.join(name), home.join(name))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn same_crates_elsewhere(_: &Path) -> Result<()> {
    Err("this suite needs a Linux PC".into())
}
