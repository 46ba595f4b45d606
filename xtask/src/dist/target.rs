//! The machines that the library is shipped for, with their names in every form of package.

use crate::Result;
use crate::linux::{self, Target as Linux};
use crate::log::Log;
use crate::test::Context;
use crate::tools::Tool;
use crate::windows::{self, Target as Windows};
use std::path::PathBuf;

/// A kind of machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Linux(Linux),
    Windows(Windows),
}

pub(crate) const TARGETS: [Target; 6] = [
    Target::Linux(Linux::X86_64),
    Target::Linux(Linux::I686),
    Target::Linux(Linux::Aarch64),
    Target::Linux(Linux::Armv7),
    Target::Windows(Windows::X86_64),
    Target::Windows(Windows::I686),
];

/// The library of a machine, to go into packages.
pub(crate) struct Native {
    pub(super) target: Target,
    pub(super) library: PathBuf,
}

impl Target {
    /// As users read it, in the names of archives.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Target::Linux(target) => target.name(),
            Target::Windows(target) => target.name(),
        }
    }

    /// Rust's name.
    pub(super) fn triple(self) -> &'static str {
        match self {
            Target::Linux(target) => target.triple(),
            Target::Windows(target) => target.triple(),
        }
    }

    /// What it needs to load the library, in words.
    pub(super) fn floor(self) -> String {
        match self {
            Target::Linux(_) => format!("Linux with glibc {} or later", linux::GLIBC),
            Target::Windows(_) => "Windows 7 SP1 or later".to_owned(),
        }
    }

    /// NuGet's name, a folder below `runtimes`.
    pub(super) fn nuget(self) -> &'static str {
        match self {
            Target::Linux(Linux::X86_64) => "linux-x64",
            Target::Linux(Linux::I686) => "linux-x86",
            Target::Linux(Linux::Aarch64) => "linux-arm64",
            Target::Linux(Linux::Armv7) => "linux-arm",
            Target::Windows(Windows::X86_64) => "win-x64",
            Target::Windows(Windows::I686) => "win-x86",
        }
    }

    /// JNA's name, a folder of a jar.
    pub(super) fn jna(self) -> &'static str {
        match self {
            Target::Linux(Linux::X86_64) => "linux-x86-64",
            Target::Linux(Linux::I686) => "linux-x86",
            Target::Linux(Linux::Aarch64) => "linux-aarch64",
            Target::Linux(Linux::Armv7) => "linux-arm",
            Target::Windows(Windows::X86_64) => "win32-x86-64",
            Target::Windows(Windows::I686) => "win32-x86",
        }
    }

    /// The tag of a wheel, which for Linux holds the version of glibc.
    pub(super) fn wheel(self) -> String {
        let machine = match self {
            Target::Linux(Linux::X86_64) => "x86_64",
            Target::Linux(Linux::I686) => "i686",
            Target::Linux(Linux::Aarch64) => "aarch64",
            Target::Linux(Linux::Armv7) => "armv7l",
            Target::Windows(Windows::X86_64) => return "win_amd64".to_owned(),
            Target::Windows(Windows::I686) => return "win32".to_owned(),
        };
        format!("manylinux_{}_{machine}", linux::GLIBC.replace('.', "_"))
    }

    /// The file that programs load.
    pub(super) fn library(self) -> &'static str {
        match self {
            Target::Linux(_) => linux::SHARED,
            Target::Windows(_) => windows::DLL,
        }
    }

    /// What building it needs, beyond Rust.
    pub(crate) fn tools(self) -> &'static [Tool] {
        match self {
            Target::Linux(target) => target.tools(),
            Target::Windows(Windows::X86_64) => &[Tool::DebianRust, Tool::MingwX86_64, Tool::LlvmDlltool],
            Target::Windows(Windows::I686) => &[Tool::DebianRust, Tool::MingwI686, Tool::LlvmDlltool],
        }
    }

    /// Builds the libraries; returns the folder that they are in, named as cargo names them.
    pub(super) fn build(self, context: &Context, log: &mut Log) -> Result<PathBuf> {
        let project = &context.project;
        match self {
            Target::Linux(target) => linux::build(project, target, &linux::Places::of(project)?, log),
            Target::Windows(target) => Ok(context.artifacts.windows(target, project, log)?.folder),
        }
    }

    /// Rust that it is built by: its standard library is part of what is shipped.
    pub(super) fn rust(self) -> Result<String> {
        let program = match self {
            Target::Linux(Linux::X86_64) => "rustc",
            _ => crate::tools::debian_rust::RUSTC,
        };
        let said = crate::process::Run::new(program).arg("--version").read()?;
        let version = said.split_whitespace().nth(1);
        Ok(version.ok_or_else(|| format!("{program} does not tell its version"))?.to_owned())
    }
}
