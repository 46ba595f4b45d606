//! The archive of one machine: what CMake installs there, with the papers that go along. Whoever has it needs nothing
//! else of this project.

use super::archive::{Archive, Mode};
use super::papers::{self, Papers};
use super::tar::Tar;
use super::target::{Native, Target};
use super::{VERSION, place};
use crate::Result;
use crate::cmake;
use crate::log::Log;
use crate::remapping::cargo_home;
use crate::test::Context;
use crate::tools::Tool;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The most that an archive may weigh: tills have small disks and slow links.
const SIZE_BYTES_MAX: u64 = 6_000_000;

/// What an archive needs beyond what the library in it does.
pub(super) const NEEDS: &[Tool] = &[Tool::CMake];

/// Where papers are, in an archive as in an install.
const PAPERS: &str = "share/doc/poslatch";

/// An archive that was written.
pub(crate) struct Release {
    pub(crate) archive: PathBuf,
    /// The one folder in it.
    pub(crate) folder: String,
    pub(crate) native: Native,
}

/// Builds the library for a machine and writes `target/dist/poslatch-<version>-<target>.tar.gz`, or `.zip`.
pub(crate) fn make(context: &Context, target: Target, log: &mut Log) -> Result<Release> {
    let libraries = target.build(context, log)?;
    let folder = format!("poslatch-{VERSION}-{}", target.name());
    let staging = std::path::absolute(context.project.target("staging").join(&folder))?;
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    cmake::lay_out(&context.project, target.triple(), &libraries, &staging, log)?;
    add_papers(target, &staging)?;

    let ending = match target {
        Target::Linux(_) => "tar.gz",
        Target::Windows(_) => "zip",
    };
    let archive = place(&context.project, &format!("{folder}.{ending}"));
    fs::create_dir_all(archive.parent().ok_or("target/dist has no parent")?)?;
    let content = listed(&staging)?;
    names_no_folder_of_this_machine(context, &staging, &content)?;
    match target {
        Target::Linux(_) => tar(&archive, &folder, &staging, &content)?,
        Target::Windows(_) => zip(&archive, &folder, &staging, &content)?,
    }
    let size = fs::metadata(&archive)?.len();
    log.say(&format!("{} has {size} bytes", archive.display()))?;
    if size > SIZE_BYTES_MAX {
        return Err(format!("{} has {size} bytes, more than {SIZE_BYTES_MAX}", archive.display()).into());
    }
    let native = Native { target, library: libraries.join(target.library()) };
    Ok(Release { archive, folder, native })
}

/// Licences of others, the bill of materials, what this is, and a sum for each file.
fn add_papers(target: Target, staging: &Path) -> Result<()> {
    let papers = Papers::of_target(target)?;
    let folder = staging.join(PAPERS);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(papers::LICENCES), papers.licences()?)?;
    for (_, bill) in papers.bills()? {
        fs::write(folder.join("poslatch.cdx.json"), bill)?;
    }
    fs::write(
        staging.join("VERSION"),
        format!(
            "poslatch {VERSION}\nfor {}: {}\nbuilt by Rust {} as {}\n",
            target.name(),
            target.floor(),
            target.rust()?,
            target.triple()
        ),
    )?;
    let mut sums = String::new();
    for path in listed(staging)?.iter().filter(|path| is_file(&staging.join(path))) {
        let sum = Sha256::digest(fs::read(staging.join(path))?);
        sum.iter().try_for_each(|byte| write!(sums, "{byte:02x}"))?;
        writeln!(sums, "  {path}")?;
    }
    Ok(fs::write(staging.join("SHA256SUMS"), sums)?)
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Everything below a folder, folders before what is in them, with `/` between names.
fn listed(folder: &Path) -> Result<Vec<String>> {
    fn into(list: &mut Vec<String>, folder: &Path, name: &str) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let below = entry.file_name().into_string().map_err(|name| format!("{name:?} is no text"))?;
            let name = if name.is_empty() { below } else { format!("{name}/{below}") };
            if entry.file_type()?.is_dir() {
                into(list, &entry.path(), &name)?;
            }
            list.push(name);
        }
        Ok(())
    }
    let mut list = Vec::new();
    into(&mut list, folder, "")?;
    list.sort();
    Ok(list)
}

/// A folder of whoever built it is nobody's business, and makes two builds differ.
fn names_no_folder_of_this_machine(context: &Context, staging: &Path, content: &[String]) -> Result<()> {
    let mut folders =
        vec![context.project.root().to_owned(), std::path::absolute(context.project.target(""))?];
    folders.push(cargo_home()?);
    folders.extend(std::env::home_dir());
    // The root of the file system is in every path, and says nothing.
    folders.retain(|folder| folder.components().count() > 1);
    for path in content.iter().filter(|path| is_file(&staging.join(path))) {
        let bytes = fs::read(staging.join(path))?;
        for folder in &folders {
            // Not inside of a word: "/root" is also the end of an address of the vendor's cloud.
            let folder = format!("{}/", folder.to_string_lossy().trim_end_matches('/'));
            if bytes.windows(folder.len()).any(|window| window == folder.as_bytes()) {
                return Err(format!("{path} names {folder}, a folder of this machine").into());
            }
        }
    }
    Ok(())
}

fn tar(archive: &Path, folder: &str, staging: &Path, content: &[String]) -> Result<()> {
    let mut tar = Tar::begin(archive)?;
    tar.add(folder, staging)?;
    content.iter().try_for_each(|path| tar.add(&format!("{folder}/{path}"), &staging.join(path)))?;
    tar.finish()
}

fn zip(archive: &Path, folder: &str, staging: &Path, content: &[String]) -> Result<()> {
    let mut zip = Archive::begin(archive)?;
    for path in content.iter().filter(|path| is_file(&staging.join(path))) {
        zip.add_file(&format!("{folder}/{path}"), Mode::Plain, &staging.join(path))?;
    }
    zip.finish()
}
