//! Flags for rustc that keep the folders of whoever builds out of what is shipped: a panic names the file that it
//! happened in, and that file's folder is nobody's business and makes two builds differ. One function, so that what is
//! built for Linux and for Windows says the same.

use crate::Result;
use crate::process::Run;
use std::fs;
use std::path::{Path, PathBuf};

/// One flag for each folder that sources are taken from: the repository or its copy, cargo's home with the crates, and, if
/// the standard library is built along by this `rustc`, the source that came with it.
pub(crate) fn flags(sources: &Path, cargo_home: &Path, builds_std: Option<&str>) -> Result<Vec<String>> {
    let mut roots = vec![(sources.to_owned(), "poslatch")];
    if let Some(rustc) = builds_std {
        let sysroot = Run::new(rustc).args(["--print", "sysroot"]).read()?;
        roots.push((Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), "rust"));
    }
    // Each registry's folder has a name of its own on each machine.
    for folder in fs::read_dir(cargo_home.join("registry/src")).into_iter().flatten().flatten() {
        roots.push((folder.path(), "crates"));
    }
    let mut flags = roots.iter().map(|(folder, name)| flag(folder, name)).collect::<Result<Vec<_>>>()?;
    // The order of a folder's entries is another one on each machine.
    flags.sort();
    Ok(flags)
}

/// The form in which an environment variable takes them, with blanks between.
pub(crate) fn in_one_line(flags: &[String]) -> Result<String> {
    if flags.iter().any(|flag| flag.contains(char::is_whitespace)) {
        return Err("what is shipped has to be built in a folder without blanks in its name".into());
    }
    Ok(flags.join(" "))
}

/// Cargo's home, with the sources of the crates.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    Ok(std::path::absolute(home.ok_or("there is no CARGO_HOME and no home folder")?)?)
}

fn flag(folder: &Path, name: &str) -> Result<String> {
    let folder = folder.to_str().ok_or_else(|| format!("{} is no text", folder.display()))?;
    Ok(format!("--remap-path-prefix={folder}={name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_of_a_build_has_a_flag_in_an_order_of_its_own() -> Result<()> {
        let home = std::env::temp_dir().join(format!("poslatch-remapping-{}", std::process::id()));
        for registry in ["b", "a"] {
            fs::create_dir_all(home.join("registry/src").join(registry))?;
        }
        let found = flags("/z".as_ref(), &home, None)?;
        fs::remove_dir_all(&home)?;
        let src = home.join("registry/src");
        let crates = |name: &str| format!("--remap-path-prefix={}=crates", src.join(name).display());
        let mut wanted = vec![crates("a"), crates("b"), "--remap-path-prefix=/z=poslatch".to_owned()];
        wanted.sort();
        assert_eq!(found, wanted);
        Ok(())
    }

    #[test]
    fn folder_that_one_line_cannot_name_is_refused() -> Result<()> {
        let flags = ["/a b", "/c"].map(|folder| flag(folder.as_ref(), "d"));
        let [blank, plain] = flags.map(|flag| flag.unwrap_or_default());
        assert_eq!(in_one_line(&[plain.clone(), plain.clone()])?, format!("{plain} {plain}"));
        assert!(in_one_line(&[plain, blank]).is_err());
        Ok(())
    }
}
