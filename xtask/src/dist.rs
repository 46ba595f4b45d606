//! `cargo xtask dist`: the packages that a till's developer installs, each in the form of his language. A new package is
//! a file below `dist/` and a row of the table here.

mod archive;
pub(crate) mod jar;
pub(crate) mod nuget;
pub(crate) mod wheel;

use crate::Result;
use crate::artifacts::Artifacts;
use crate::log::Log;
use crate::project::Project;
use crate::test::Context;
use crate::tools::{Missing, Tool};
use std::path::PathBuf;

/// The version of every package, which is the library's.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A package: what `cargo xtask dist NAME` writes.
struct Piece {
    name: &'static str,
    /// What it is, in one line.
    about: &'static str,
    /// What it needs beyond Rust.
    needs: &'static [Tool],
    /// Builds it, for this machine's library, without network; returns the files below `target/dist`.
    make: fn(&Context, &mut Log) -> Result<Vec<PathBuf>>,
}

const PIECES: &[Piece] = &[
    Piece {
        name: "jar",
        about: "poslatch-<version>.jar, for Java 8 and later, with the library inside",
        needs: &[Tool::Javac, Tool::Maven],
        make: jar::make,
    },
    Piece {
        name: "nuget",
        about: "Poslatch.<version>.nupkg, for .NET Framework 4.8, .NET and Mono",
        needs: &[Tool::Mono],
        make: nuget::make,
    },
    Piece {
        name: "wheel",
        about: "poslatch-<version>-py3-none-<platform>.whl, for Python 3.8 and later",
        needs: &[Tool::Nm, Tool::Python],
        make: wheel::make,
    },
];

/// `cargo xtask dist --list`.
pub(crate) fn list() {
    PIECES.iter().for_each(|piece| println!("{:12} {}", piece.name, piece.about));
}

/// `cargo xtask dist [PIECE...]`.
pub(crate) fn run(names: &[&str]) -> Result<()> {
    let known = |name: &&&str| PIECES.iter().any(|piece| piece.name == **name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(format!("there is no package \"{unknown}\"; `cargo xtask dist --list` names them").into());
    }
    let context = Context { project: Project::find()?, artifacts: Artifacts::default() };
    let path = context.project.target("test-logs/dist.log");
    let mut log = Log::begin(path, "dist: ")?;
    for piece in PIECES.iter().filter(|piece| names.is_empty() || names.contains(&piece.name)) {
        for tool in piece.needs {
            tool.provide(&mut log)
                .map_err(|Missing { what, cure }| format!("{}: {what}; {cure}", piece.name))?;
        }
        let files = (piece.make)(&context, &mut log)
            .map_err(|error| format!("{}: {error}\n{}", piece.name, log.tail()))?;
        files.iter().for_each(|file| println!("{} written", file.display()));
    }
    Ok(())
}

/// Where a package goes.
fn place(project: &Project, file: &str) -> PathBuf {
    project.target("dist").join(file)
}
