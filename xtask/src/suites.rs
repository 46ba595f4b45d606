//! The table of suites. A new suite is a file below `suites/` and a row here.

pub(crate) mod abi;
mod archives;
mod conformance;
mod cpp;
mod csharp;
mod docs;
mod examples;
mod header;
mod install;
mod java;
mod pascal;
mod prose;
mod python;
mod rust;
mod screen;
mod sweep;
mod unpacked;
mod windows;

use crate::Result;
use crate::log::Log;
use crate::test::Context;
use crate::tools::Tool;

/// A suite: what `cargo xtask test NAME` runs.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// What it proves, in one line.
    pub(crate) about: &'static str,
    pub(crate) lane: Lane,
    pub(crate) extent: Extent,
    /// What it needs beyond Rust.
    pub(crate) needs: &'static [Tool],
    /// Runs it; returns the lines for the summary.
    pub(crate) run: fn(&Context, &mut Log) -> Result<Vec<String>>,
}

/// Whether a plain `cargo xtask test` runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Always,
    /// For a platform that takes long, or whose packages are large: only with `--all-platforms`.
    AllPlatforms,
}

/// Suites of one lane run one after the other, lanes side by side. Two lanes, because two cores are what there is at
/// least, and because cargo lets only one of itself build at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Builds in the development profile.
    Cargo,
    /// Works with the shipped library.
    Native,
}

impl Lane {
    pub(crate) const ALL: [Lane; 2] = [Lane::Cargo, Lane::Native];
}

/// What the runners of all languages are built and run with.
const EVERY_LANGUAGE: &[Tool] = &[
    Tool::CCompiler,
    Tool::CxxCompiler,
    Tool::Fpc,
    Tool::Javac,
    Tool::Maven,
    Tool::Mono,
    Tool::Pip,
    Tool::Python,
];

pub(crate) const SUITES: &[Suite] = &[
    Suite {
        name: "rust",
        about: "unit, integration and documentation tests of every crate; what we write, read by openssl, keytool, curl, .NET",
        lane: Lane::Cargo,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::Openssl, Tool::Keytool, Tool::Curl, Tool::Mono],
        run: rust::run,
    },
    Suite {
        name: "docs",
        about: "the library's documentation builds without a warning",
        lane: Lane::Cargo,
        extent: Extent::Always,
        needs: &[],
        run: docs::run,
    },
    Suite {
        name: "sweep",
        about: "pairing, opening and a payment end rightly at whichever byte the network is cut, reset or stalled",
        lane: Lane::Cargo,
        extent: Extent::Always,
        needs: &[],
        run: sweep::run,
    },
    Suite {
        name: "header",
        about: "the header compiles alone as C99, C11, C++11 and with every warning on",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::CxxCompiler],
        run: header::run,
    },
    Suite {
        name: "prose",
        about: "the C in README and docs compiles, and what they link to is there",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler],
        run: prose::run,
    },
    Suite {
        name: "abi",
        about: "source, header, built library and abi/exports.txt name the same functions and numbers",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::Nm],
        run: abi::run,
    },
    Suite {
        name: "examples-c",
        about: "the C examples pair and pay against the simulator, and fail as they should",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler],
        run: examples::run_c,
    },
    Suite {
        name: "examples-cpp",
        about: "the twins of the C examples do the same",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CxxCompiler],
        run: examples::run_cpp,
    },
    Suite {
        name: "cpp",
        about: "poslatch.hpp compiles everywhere; moves, lifetimes, exceptions and threads hold, without a leak; its page pays",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CxxCompiler, Tool::Clang],
        run: cpp::run,
    },
    Suite {
        name: "install",
        about: "what CMake installs is found wherever it is moved, by CMake and pkg-config, and pays; README's three commands",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::CxxCompiler, Tool::CMake, Tool::Nm, Tool::Pip, Tool::PkgConfig],
        run: install::run,
    },
    Suite {
        name: "csharp",
        about: "the C# wrapper on Mono and on .NET, its package, and the program of its README",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::Mono, Tool::Pip, Tool::Xbuild],
        run: csharp::run,
    },
    Suite {
        name: "java",
        about: "the Java wrapper: its tests, its Javadoc, and the README's sale from the packaged jar",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::Javac, Tool::Maven],
        run: java::run,
    },
    Suite {
        name: "python",
        about: "the Python wrapper and its wheel, on the oldest and the newest Python of this machine",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::Nm, Tool::Python],
        run: python::run,
    },
    Suite {
        name: "pascal",
        about: "the Pascal units with Free Pascal, as Delphi 7 and as Delphi 2009 read strings; their example and README pay",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::Fpc],
        run: pascal::run,
    },
    Suite {
        name: "screen",
        about: "the simulator's screen in a browser: a person pairs, pays, cancels, revokes, turns switches; strangers do not",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::Chromium, Tool::Python],
        run: screen::run,
    },
    Suite {
        name: "conformance",
        about: "one set of cases, played by a runner of every language",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: EVERY_LANGUAGE,
        run: conformance::conform,
    },
    Suite {
        name: "endurance",
        about: "ten thousand openings and exchanges in every language, and what is left of them",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: EVERY_LANGUAGE,
        run: conformance::endure,
    },
    Suite {
        name: "windows",
        about: "the archive for 64-bit Windows: what its DLL imports, and the C examples compiled from it alone, under Wine",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[
            Tool::CMake,
            Tool::DebianRust,
            Tool::DebianClippy,
            Tool::MingwX86_64,
            Tool::LlvmDlltool,
            Tool::LldLink,
            Tool::Clang,
            Tool::Wine64,
        ],
        run: windows::run_x86_64,
    },
    Suite {
        name: "windows-32",
        about: "the same of the archive for 32-bit Windows, and which calling convention its DLL has",
        lane: Lane::Native,
        extent: Extent::AllPlatforms,
        needs: &[
            Tool::CMake,
            Tool::DebianRust,
            Tool::MingwI686,
            Tool::LlvmDlltool,
            Tool::LldLink,
            Tool::Clang,
            Tool::Mmdebstrap,
            Tool::MountNamespace,
        ],
        run: windows::run_i686,
    },
    Suite {
        name: "glibc-2.17",
        about: "the archive for 64-bit Linux: what it asks of a system, and the C examples compiled from it alone",
        lane: Lane::Native,
        extent: Extent::Always,
        needs: &[Tool::CCompiler, Tool::CMake, Tool::LlvmStrip, Tool::Nm, Tool::Python],
        run: archives::run_x86_64,
    },
    Suite {
        name: "reproducible",
        about: "the same libraries come out of the same sources in another folder",
        lane: Lane::Native,
        extent: Extent::AllPlatforms,
        needs: &[Tool::LlvmStrip, Tool::Nm, Tool::Python],
        run: archives::run_reproducible,
    },
    Suite {
        name: "linux-32",
        about: "the archive for 32-bit Linux, whose examples this processor runs too; 64-bit file sizes and time",
        lane: Lane::Native,
        extent: Extent::AllPlatforms,
        needs: &[Tool::CMake, Tool::CrossI686, Tool::DebianRust, Tool::LlvmStrip, Tool::Nm, Tool::Python],
        run: archives::run_i686,
    },
    Suite {
        name: "arm",
        about: "the archives for 64-bit and 32-bit ARM, whose examples run in an emulator",
        lane: Lane::Native,
        extent: Extent::AllPlatforms,
        needs: &[
            Tool::CMake,
            Tool::CrossAarch64,
            Tool::CrossArmv7,
            Tool::DebianRust,
            Tool::LlvmStrip,
            Tool::Nm,
            Tool::Python,
            Tool::QemuUser,
        ],
        run: archives::run_arm,
    },
    Suite {
        name: "windows-it",
        about: "the library's integration tests, built for 64-bit Windows, under Wine",
        lane: Lane::Native,
        extent: Extent::AllPlatforms,
        needs: &[Tool::DebianRust, Tool::MingwX86_64, Tool::Wine64],
        run: windows::run_tests,
    },
];
