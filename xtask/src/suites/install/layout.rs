//! What lies in an install: every file at its place, the names in the library, and nowhere where it was built.

use crate::Result;
use crate::abi;
use crate::log::Log;
use crate::process::Run;
use std::fs;
use std::path::{Path, PathBuf};

/// Beside the library itself, whose name has the version in it.
const FILES: [&str; 12] = [
    "include/poslatch.h",
    "include/poslatch.hpp",
    "lib/cmake/poslatch/poslatchConfig.cmake",
    "lib/cmake/poslatch/poslatchConfigVersion.cmake",
    "lib/cmake/poslatch/poslatchTargets.cmake",
    "lib/libposlatch.a",
    "lib/libposlatch.so",
    "lib/pkgconfig/poslatch.pc",
    "share/doc/poslatch/LICENSE-APACHE",
    "share/doc/poslatch/LICENSE-MIT",
    "share/poslatch/examples-c/CMakeLists.txt",
    "share/poslatch/examples-cpp/CMakeLists.txt",
];

/// Fails unless everything is there and knows nothing of the folder that it was built in.
pub(super) fn complete(prefix: &Path, built: &Path, natives: &str, log: &mut Log) -> Result<()> {
    if let Some(missing) = FILES.iter().find(|file| !prefix.join(file).exists()) {
        return Err(format!("{missing} was not installed").into());
    }
    // The compiler's own, see cmake/PoslatchPlatform.cmake.
    let natives = natives.replace("-lgcc_s ", "");
    for (file, wanted) in [
        ("lib/pkgconfig/poslatch.pc", format!("Libs.private: {natives}\n")),
        (
            "lib/cmake/poslatch/poslatchTargets.cmake",
            format!("INTERFACE_LINK_LIBRARIES \"{}\"", natives.replace(' ', ";")),
        ),
    ] {
        let text = fs::read_to_string(prefix.join(file))?;
        if !text.contains(&wanted) {
            return Err(format!("{file} does not have: {wanted}\n{text}").into());
        }
    }
    let soname = abi::soname()?;
    let real = format!("libposlatch.so.{}", env!("CARGO_PKG_VERSION"));
    for link in [&soname, "libposlatch.so"] {
        let points_to = fs::read_link(prefix.join("lib").join(link))?;
        if points_to != Path::new(&real) {
            return Err(format!("{link} points to {}, not to {real}", points_to.display()).into());
        }
    }
    let dynamic = Run::new("readelf").arg("-d").arg(prefix.join("lib").join(&real)).read()?;
    log.say(&dynamic)?;
    for words in [format!("soname: [{soname}]"), "NODELETE".into()] {
        if !dynamic.contains(&words) {
            return Err(format!("{real} has no \"{words}\":\n{dynamic}").into());
        }
    }
    let built = fs::canonicalize(built)?;
    let source = fs::canonicalize(".")?;
    for file in files(prefix)? {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for place in [&built, &source] {
            if text.contains(&*place.to_string_lossy()) {
                return Err(format!("{} names {}", file.display(), place.display()).into());
            }
        }
    }
    Ok(())
}

/// Fails unless two installs have the same files with the same content.
pub(super) fn same(one: &Path, other: &Path) -> Result<()> {
    let below = |prefix: &Path| -> Result<Vec<PathBuf>> {
        let mut all = files(prefix)?;
        all.sort();
        Ok(all.iter().filter_map(|file| Some(file.strip_prefix(prefix).ok()?.to_owned())).collect())
    };
    let (ours, theirs) = (below(one)?, below(other)?);
    if ours != theirs {
        return Err(format!("{} has {ours:?}, {} has {theirs:?}", one.display(), other.display()).into());
    }
    match ours.iter().find(|file| fs::read(one.join(file)).ok() != fs::read(other.join(file)).ok()) {
        Some(file) => {
            let (one, other) = (one.display(), other.display());
            Err(format!("{} is another in {one} than in {other}", file.display()).into())
        }
        None => Ok(()),
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(path);
        }
    }
    Ok(all)
}
