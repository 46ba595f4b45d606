//! The texts of our own errors that `docs/loading.md` quotes: whoever changes one in a source changes it there, or nobody
//! finds the page by what he sees.

use crate::Result;
use std::fs;

const PAGE: &str = "docs/loading.md";

const CSHARP: &str = "bindings/csharp/src/Native/LibraryFinder.cs";
const CSHARP_FILE: &str = "bindings/csharp/src/Native/BinaryFile.cs";
const CSHARP_LIBRARY: &str = "bindings/csharp/src/Native/NativeLibrary.cs";
const JAVA: &str = "bindings/java/src/main/java/poslatch/LibrarySearch.java";
const JAVA_LOADER: &str = "bindings/java/src/main/java/poslatch/Loader.java";
const PYTHON: &str = "bindings/python/src/poslatch/_loader.py";
const PASCAL: &str = "bindings/pascal/poslatch.pas";

/// A piece of a text, as it stands in one literal of its source, and on the page.
const QUOTED: [(&str, &str); 29] = [
    (CSHARP, "The native library of poslatch cannot be loaded: "),
    (CSHARP, "there is no "),
    (CSHARP, ". Looked at:"),
    (CSHARP, ": is not there"),
    (CSHARP, "Put the library of the package's folder runtimes/"),
    (CSHARP, " names what cannot be loaded"),
    (CSHARP_FILE, "is built for "),
    (CSHARP_FILE, ", and this process is "),
    (CSHARP_LIBRARY, ": it is older than this assembly, or no poslatch."),
    (CSHARP_LIBRARY, " of the ABI; this assembly needs "),
    (JAVA, "the native library of poslatch cannot be loaded into this "),
    (JAVA, "Searched:"),
    (JAVA, "Correct the "),
    (JAVA, "it is in a jar, and may not be written to a file"),
    (JAVA, ", and these classes need "),
    (JAVA_LOADER, "JNA, by which poslatch calls its native library, does not work in this "),
    (PYTHON, "cannot load the poslatch library into this "),
    (PYTHON, "Install the poslatch wheel for this platform, or name the library's file in "),
    (PYTHON, "(named by "),
    (PYTHON, "cut short: copy or install it again"),
    (PYTHON, "a library, but not poslatch: it has no poslatch_abi_check"),
    (PYTHON, "the library was loaded by process "),
    (PASCAL, "The native library of poslatch cannot be loaded: "),
    (PASCAL, "there is no "),
    (PASCAL, ". This program has "),
    (PASCAL, " beside the program, or name its file in the environment variable "),
    (PASCAL, "is no DLL for a program of "),
    (PASCAL, "it is older than this unit, or no poslatch."),
    (PASCAL, " of the ABI; this unit needs "),
];

/// Fails with what is not said so any more; returns how many pieces were compared.
pub(super) fn quoted_as_said() -> Result<usize> {
    let page = fs::read_to_string(PAGE)?;
    let mut problems = String::new();
    for (source, text) in QUOTED {
        let said = fs::read_to_string(source).map_err(|error| format!("{source}: {error}"))?.contains(text);
        if !said {
            problems
                .push_str(&format!("\n  {source} does not say \"{text}\" any more, but {PAGE} quotes it"));
        } else if !page.contains(text.trim()) {
            problems.push_str(&format!("\n  {PAGE} does not quote \"{text}\" of {source}"));
        }
    }
    if problems.is_empty() { Ok(QUOTED.len()) } else { Err(format!("errors of loading:{problems}").into()) }
}
