//! `cargo xtask dist`: the archive of each machine, and the packages that a till's developer installs, each in the form of
//! his language. A new package is a file below `dist/` and a row of the table here; a new machine, a row in
//! `dist/target.rs`.

pub(crate) mod archive;
mod crates;
pub(crate) mod jar;
mod licences;
pub(crate) mod nuget;
pub(crate) mod papers;
pub(crate) mod release;
mod sbom;
mod tar;
pub(crate) mod target;
pub(crate) mod wheel;

use crate::Result;
use crate::artifacts::Artifacts;
use crate::log::Log;
use crate::project::Project;
use crate::test::Context;
use crate::tools::{self, Tool};
use std::path::PathBuf;
use target::{Native, TARGETS};

/// The version of every package, which is the library's.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A package: what `cargo xtask dist NAME` writes.
struct Piece {
    name: &'static str,
    /// What it is, in one line.
    about: &'static str,
    /// What it needs beyond Rust.
    needs: &'static [Tool],
    /// Builds it with these libraries inside, or with this machine's if there are none; returns the files below
    /// `target/dist`.
    make: fn(&Context, &[Native], &mut Log) -> Result<Vec<PathBuf>>,
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
    for target in TARGETS {
        println!("{:14} poslatch-<version>-{0}, the archive for {}", target.name(), target.floor());
    }
    PIECES.iter().for_each(|piece| println!("{:14} {}", piece.name, piece.about));
}

/// `cargo xtask dist [TARGET...] [PIECE...]`. Packages hold the libraries of the targets that are named along with them;
/// if none is, this machine's own, as it was built for the tests. Without a name, everything.
///
/// One that fails does not keep the others from being made, and is told at the end.
pub(crate) fn run(names: &[&str]) -> Result<()> {
    let is_known = |name: &str| {
        PIECES.iter().any(|piece| piece.name == name) || TARGETS.iter().any(|target| target.name() == name)
    };
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        return Err(format!("there is no package \"{unknown}\"; `cargo xtask dist --list` names them").into());
    }
    let is_chosen = |name: &str| names.is_empty() || names.contains(&name);
    let context = Context { project: Project::find()?, artifacts: Artifacts::default() };
    let path = context.project.target("test-logs/dist.log");
    let mut log = Log::begin(path, "dist: ")?;

    let (mut natives, mut not_made) = (Vec::new(), String::new());
    for target in TARGETS.into_iter().filter(|target| is_chosen(target.name())) {
        let needs = [release::NEEDS, target.tools()].concat();
        match provide(&needs, &mut log).and_then(|()| release::make(&context, target, &mut log)) {
            Ok(made) => {
                println!("{} written", made.archive.display());
                natives.push(made.native);
            }
            Err(error) => not_made.push_str(&format!("\n{}: {error}", target.name())),
        }
    }
    for piece in PIECES.iter().filter(|piece| is_chosen(piece.name)) {
        match provide(piece.needs, &mut log).and_then(|()| (piece.make)(&context, &natives, &mut log)) {
            Ok(files) => files.iter().for_each(|file| println!("{} written", file.display())),
            Err(error) => not_made.push_str(&format!("\n{}: {error}", piece.name)),
        }
    }
    if not_made.is_empty() {
        return Ok(());
    }
    Err(format!("{}\n\nnot written:{not_made}", log.tail()).into())
}

fn provide(tools: &[Tool], log: &mut Log) -> Result<()> {
    Ok(tools::provide(tools, log)?)
}

/// Where a package goes.
fn place(project: &Project, file: &str) -> PathBuf {
    project.target("dist").join(file)
}
