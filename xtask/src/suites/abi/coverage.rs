//! Every wrapper knows every function: one that is missing is missed by whoever chose that language, and by nobody else.
//! The numbers need no such check, because they are generated and compared.

use crate::Result;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The sources of each wrapper: a file, or a folder with all below it.
const WRAPPERS: [&str; 5] = [
    "include/poslatch.hpp",
    "bindings/csharp/src",
    "bindings/java/src/main",
    "bindings/pascal/poslatch.pas",
    "bindings/python/src",
];

/// Fails with the functions that a wrapper does not name.
pub(super) fn complete(functions: &BTreeSet<String>) -> Result<()> {
    let mut problems = String::new();
    for wrapper in WRAPPERS {
        let source = source(Path::new(wrapper))?;
        let named: BTreeSet<&str> = source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        for function in functions.iter().filter(|function| !named.contains(function.as_str())) {
            problems.push_str(&format!("\n  {wrapper} does not use {function}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(format!("wrappers are incomplete:{problems}").into()) }
}

fn source(path: &Path) -> Result<String> {
    if path.is_file() {
        // What is no text is no source: a compiled class that lies about.
        return Ok(fs::read_to_string(path).unwrap_or_default());
    }
    let mut text = String::new();
    for entry in fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))? {
        text.push_str(&source(&entry?.path())?);
        text.push('\n');
    }
    Ok(text)
}
