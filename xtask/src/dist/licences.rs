//! The licences of what is linked into the library, in their own words: nearly all of them ask that their text goes along
//! with copies, and a compiled library is one.

use super::crates::Crate;
use crate::Result;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

/// How files with a licence begin, in every crate that was looked at; `ring` has three of them.
const BEGINNINGS: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// Its sources are not on every machine that builds, so its words are here.
const STANDARD_LIBRARY: &str = "\
Rust's standard library, version {rust}, is linked as well, with what it is made of. It is under the MIT licence or the
Apache licence, version 2.0, as you choose, both of which are below in the words of other parts:
Copyright (c) The Rust Project Contributors. Its compiler-builtins are partly those of LLVM, which are under the Apache
licence, version 2.0, with LLVM Exceptions, or the MIT licence: Copyright (c) 2009-2019 by the contributors listed in
CREDITS.TXT of compiler-rt.
";

/// The text of the file, for libraries that these crates are in, with the standard library of this version of Rust: a table of the crates, then each text once, with those whose it is.
pub(super) fn text(crates: &[&Crate], rust: &str) -> Result<String> {
    let mut text =
        "The library is made of other projects' work too. These are they, and their licences.\n\n".to_owned();
    let mut texts: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for one in crates.iter().filter(|one| one.name != "poslatch") {
        let name = format!("{} {}", one.name, one.version);
        writeln!(text, "  {name:30} {}", one.licence)?;
        for content in files(one)? {
            // The same words in other lines are the same licence.
            let words: Vec<&str> = content.split_whitespace().collect();
            texts
                .entry(words.join(" "))
                .or_insert_with(|| (content.clone(), Vec::new()))
                .1
                .push(name.clone());
        }
    }
    write!(text, "\n{}", STANDARD_LIBRARY.replace("{rust}", rust))?;
    let mut texts: Vec<_> = texts.into_values().collect();
    texts.sort_by(|(_, one), (_, other)| one.cmp(other));
    for (content, owners) in texts {
        let line = "-".repeat(80);
        write!(text, "\n{line}\n{}\n{line}\n\n{}\n", owners.join(", "), content.trim_matches('\n'))?;
    }
    Ok(text)
}

/// What a crate brings; one that brings nothing has to be looked at by a person.
fn files(one: &Crate) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(&one.folder).map_err(|error| format!("{}: {error}", one.folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(
            format!("{} {} brings no text of its licence, {}", one.name, one.version, one.licence).into()
        );
    }
    paths.sort();
    let read = |path| Ok(fs::read_to_string(path)?.replace("\r\n", "\n"));
    paths.into_iter().map(read).collect()
}
