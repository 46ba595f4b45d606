//! Programs beyond Rust that a task needs: found, installed where that is ours to do, or named with their cure.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::python;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A program that a suite cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Compiles the header and the examples; Rust needs it as a linker anyway.
    CCompiler,
    /// Builds and installs the library as a C project's developer would, and the consumers of what was installed.
    CMake,
    /// Compiles the C++ wrapper a second time, with other warnings.
    Clang,
    /// Compiles C for 64-bit ARM.
    CrossAarch64,
    /// Compiles C for 32-bit ARM.
    CrossArmv7,
    /// Compiles C for 32-bit PCs, with a loader for what it has compiled.
    CrossI686,
    /// Opens the simulator's screen, as a person would.
    Chromium,
    /// Compiles the header as C++.
    CxxCompiler,
    /// Reads identity files, as a technician would.
    Curl,
    /// Compiles Pascal: Free Pascal, which takes what Delphi takes.
    Fpc,
    /// Reads code for targets that rustup has no standard library for, as strictly as the rest.
    DebianClippy,
    /// Rust with the source of its standard library, which is built anew for targets that rustup has nothing for.
    DebianRust,
    /// Compiles Java.
    Javac,
    /// Reads PKCS#12, as a till in Java would.
    Keytool,
    /// Links as Visual Studio does.
    LldLink,
    /// Makes the import library for Visual Studio.
    LlvmDlltool,
    /// Takes out of a static library what only debuggers read, for whichever processor it is.
    LlvmStrip,
    /// Builds the Java wrapper.
    Maven,
    /// Compiles and links for 32-bit Windows.
    MingwI686,
    /// Compiles and links for 64-bit Windows.
    MingwX86_64,
    /// Unpacks Debian packages of another architecture into a folder.
    Mmdebstrap,
    /// Enters that folder with mounts of its own, which a system lets only root do. No package gives that.
    MountNamespace,
    /// Compiles and runs C#, as a till on .NET Framework would.
    Mono,
    /// Lists what a shared library exports.
    Nm,
    /// Reads identity files and PKCS#12.
    Openssl,
    /// Finds an installed library for projects without CMake.
    PkgConfig,
    /// Runs the Python wrapper; with venv, which Debian has in a package of its own.
    Python,
    /// Fetches programs that are carried by Python packages: the .NET runtime.
    Pip,
    /// Runs programs for other processors.
    QemuUser,
    /// Runs programs for 64-bit Windows.
    Wine64,
    /// Builds a project file of .NET Framework, as Visual Studio would.
    Xbuild,
}

/// Why a tool is not there, and the words that put it there.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) what: String,
    pub(crate) cure: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.cure)
    }
}

impl std::error::Error for Missing {}

impl Tool {
    fn program(self) -> OsString {
        match self {
            Tool::CCompiler => c_compiler(),
            Tool::CMake => "cmake".into(),
            Tool::Clang => other_cxx_compiler(),
            Tool::Chromium => CHROMIUM.into(),
            Tool::CrossAarch64 => "aarch64-linux-gnu-gcc".into(),
            Tool::CrossArmv7 => "arm-linux-gnueabihf-gcc".into(),
            Tool::CrossI686 => "i686-linux-gnu-gcc".into(),
            Tool::CxxCompiler => cxx_compiler(),
            Tool::Curl => "curl".into(),
            Tool::Fpc => "fpc".into(),
            Tool::Javac => "javac".into(),
            Tool::Keytool => "keytool".into(),
            Tool::DebianClippy => debian_rust::CLIPPY.into(),
            Tool::DebianRust => debian_rust::RUSTC.into(),
            Tool::LldLink => "lld-link".into(),
            Tool::LlvmDlltool => "llvm-dlltool".into(),
            Tool::LlvmStrip => "llvm-strip".into(),
            Tool::Maven => "mvn".into(),
            Tool::MingwI686 => "i686-w64-mingw32-gcc".into(),
            Tool::MingwX86_64 => "x86_64-w64-mingw32-gcc".into(),
            Tool::Mmdebstrap => "mmdebstrap".into(),
            Tool::MountNamespace => "unshare".into(),
            // The compiler; its package brings the runtime.
            Tool::Mono => "mcs".into(),
            Tool::Nm => "nm".into(),
            Tool::Openssl => "openssl".into(),
            Tool::PkgConfig => "pkg-config".into(),
            Tool::Python => "python3".into(),
            Tool::Pip => "python3".into(),
            Tool::QemuUser => "qemu-arm".into(),
            // Debian keeps it off the search path.
            Tool::Wine64 => "/usr/lib/wine/wine64".into(),
            Tool::Xbuild => "xbuild".into(),
        }
    }

    /// What is missing without it, in the words of whoever would type it.
    fn shown(self) -> String {
        let program = self.program().to_string_lossy().into_owned();
        match self {
            Tool::DebianRust => format!("`{program}` with the source of its standard library"),
            Tool::MountNamespace => format!("`{program} --mount`"),
            Tool::Pip => format!("`{program} -m pip`"),
            Tool::Python => format!("`{program} -m venv` of Python 3.8 or later"),
            _ => format!("`{program}`"),
        }
    }

    /// The packages, with a blank between.
    fn debian_packages(self) -> &'static str {
        match self {
            Tool::CCompiler => "gcc",
            Tool::CMake => "cmake",
            Tool::Clang => "clang",
            Tool::Chromium => "chromium",
            Tool::CrossAarch64 => "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
            Tool::CrossArmv7 => "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
            Tool::CrossI686 => "gcc-i686-linux-gnu libc6-dev-i386-cross",
            Tool::CxxCompiler => "g++",
            Tool::Curl => "curl",
            Tool::Fpc => "fp-compiler",
            Tool::Javac => "default-jdk-headless",
            Tool::Keytool => "default-jre-headless",
            Tool::DebianClippy => "rust-web-clippy",
            Tool::DebianRust => debian_rust::PACKAGES,
            Tool::LldLink => "lld",
            Tool::LlvmDlltool | Tool::LlvmStrip => "llvm",
            Tool::Maven => "maven",
            Tool::MingwI686 => "gcc-mingw-w64-i686-win32",
            Tool::MingwX86_64 => "gcc-mingw-w64-x86-64-win32",
            Tool::Mmdebstrap => "mmdebstrap",
            Tool::MountNamespace => "util-linux",
            Tool::Mono => "mono-mcs",
            Tool::Nm => "binutils",
            Tool::Openssl => "openssl",
            Tool::PkgConfig => "pkg-config",
            Tool::Python => "python3-venv",
            Tool::Pip => "python3-pip",
            Tool::QemuUser => "qemu-user",
            Tool::Wine64 => "wine64",
            Tool::Xbuild => "mono-xbuild",
        }
    }

    /// The environment variable that names another program than the usual one.
    fn chosen_by(self) -> Option<&'static str> {
        let variable = match self {
            Tool::CCompiler => "CC",
            Tool::CxxCompiler => "CXX",
            Tool::Python => python::VARIABLE,
            _ => return None,
        };
        std::env::var_os(variable).map(|_| variable)
    }

    fn works(self) -> bool {
        if self == Tool::Python {
            // Any version that the package supports, under whatever name.
            return python::oldest_and_newest().is_ok();
        }
        if self == Tool::DebianRust {
            return debian_rust::is_complete();
        }
        if matches!(self, Tool::CrossAarch64 | Tool::CrossArmv7 | Tool::CrossI686) {
            // The compiler alone runs too, but its libraries are a package of their own.
            let libc = Run::new(self.program()).arg("-print-file-name=libc.so").read();
            return libc.is_ok_and(|path| Path::new(path.trim()).is_absolute());
        }
        if self == Tool::LlvmDlltool {
            // It has nothing harmless to be asked.
            return Run::new("sh").args(["-c", "command -v llvm-dlltool"]).read().is_ok();
        }
        let harmless: &[&str] = match self {
            Tool::Fpc => &["-iV"],
            Tool::Javac => &["-version"],
            Tool::Keytool => &["-help"],
            Tool::Openssl => &["version"],
            Tool::MountNamespace => &["--mount", "true"],
            Tool::Pip => &["-m", "pip", "--version"],
            Tool::Xbuild => &["/version"],
            _ => &["--version"],
        };
        Run::new(self.program()).args(harmless.iter().copied()).read().is_ok()
    }

    /// Makes sure that it is there; if not, what is missing. Installs it only as root on Debian and its kin: a container or
    /// a CI machine.
    fn provide(self, log: &mut Log) -> std::result::Result<(), Lack> {
        if self.works() {
            return Ok(());
        }
        let shown = self.shown();
        if let Some(variable) = self.chosen_by() {
            return Err(Lack { shown, cure: Cure::Variable(variable) });
        }
        if self == Tool::MountNamespace {
            return Err(Lack { shown, cure: Cure::Root });
        }
        let packages = self.debian_packages();
        if is_root_on_debian() {
            if let Err(error) = install(packages, log) {
                let tried = Some(error.to_string());
                return Err(Lack { shown, cure: Cure::Install { packages, tried } });
            }
            if self.works() {
                return Ok(());
            }
        }
        Err(Lack { shown, cure: Cure::Install { packages, tried: None } })
    }
}

/// A tool that is not there.
struct Lack {
    shown: String,
    cure: Cure,
}

enum Cure {
    /// No package makes good what somebody has set by hand.
    Variable(&'static str),
    /// A user who may do what others may not.
    Root,
    Install {
        packages: &'static str,
        /// Why installing them here has failed.
        tried: Option<String>,
    },
}

/// Makes sure that all these tools are there. What is missing is told at once, and not one by one in as many runs.
pub(crate) fn provide(tools: &[Tool], log: &mut Log) -> std::result::Result<(), Missing> {
    /// apt allows one of itself at a time, and the lanes of a test run ask side by side.
    static ONE_APT: Mutex<()> = Mutex::new(());
    let _one = ONE_APT.lock().unwrap_or_else(PoisonError::into_inner);

    let lacking: Vec<Lack> = tools.iter().filter_map(|tool| tool.provide(log).err()).collect();
    if lacking.is_empty() { Ok(()) } else { Err(missing(&lacking)) }
}

fn missing(lacking: &[Lack]) -> Missing {
    let shown: Vec<&str> = lacking.iter().map(|lack| lack.shown.as_str()).collect();
    let (mut packages, mut cures, mut tried) = (Vec::new(), Vec::new(), None);
    for lack in lacking {
        match &lack.cure {
            Cure::Variable(variable) => cures.push(format!(
                "mend or unset the environment variable {variable}, which names {}",
                lack.shown
            )),
            Cure::Root => cures.push(format!("run it as root, for {}", lack.shown)),
            Cure::Install { packages: some, tried: why } => {
                // Two tools may be of one package.
                let news: Vec<_> = some.split_whitespace().filter(|one| !packages.contains(one)).collect();
                packages.extend(news);
                tried = tried.or(why.as_deref());
            }
        }
    }
    if !packages.is_empty() {
        let them = if lacking.len() == 1 { "it" } else { "them" };
        let failed = tried.map(|why| format!(", which failed here: {why}")).unwrap_or_default();
        cures.insert(
            0,
            format!("install {them} (Debian, Ubuntu: apt-get install {}{failed})", packages.join(" ")),
        );
    }
    Missing { what: format!("{} cannot be run", shown.join(", ")), cure: cures.join("; ") }
}

/// The browser as Debian calls it.
pub(crate) const CHROMIUM: &str = "chromium";

/// `CC`, or what every Unix calls it.
pub(crate) fn c_compiler() -> OsString {
    std::env::var_os("CC").unwrap_or_else(|| "cc".into())
}

/// `CXX`, or what every Unix calls it.
pub(crate) fn cxx_compiler() -> OsString {
    std::env::var_os("CXX").unwrap_or_else(|| "c++".into())
}

/// Another one than most machines have under that name.
pub(crate) fn other_cxx_compiler() -> OsString {
    "clang++".into()
}

fn is_root_on_debian() -> bool {
    Path::new("/etc/debian_version").exists()
        && Run::new("id").arg("-u").read().is_ok_and(|user| user.trim() == "0")
}

fn install(packages: &str, log: &mut Log) -> Result<()> {
    // Others install too: a machine that has just started updates itself. And mirrors have bad moments.
    let patience = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
    let apt_get = || Run::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(patience);
    apt_get().args(["update", "--quiet"]).log(log)?;
    apt_get()
        .args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(packages.split_whitespace())
        .log(log)
}

/// Rust as Debian packages it beside its own: newer than the distribution, and with the source of the same version of
/// its standard library, which rustup has for nightly toolchains only to be built.
pub(crate) mod debian_rust {
    use crate::process::Run;
    use std::path::Path;

    pub(super) const PACKAGES: &str = "rustc-web cargo-web rust-web-src";

    /// In this place whatever else is first on the search path.
    pub(crate) const RUSTC: &str = "/usr/bin/rustc";
    pub(crate) const CARGO: &str = "/usr/bin/cargo";
    pub(crate) const CLIPPY: &str = "/usr/bin/cargo-clippy";

    /// Whether compiler, cargo and source are there, and not those of Debian's older packages of the same names.
    pub(super) fn is_complete() -> bool {
        let packages = PACKAGES.split_whitespace();
        let are_installed = Run::new("dpkg-query").args(["--show", "--showformat", "${db:Status-Status}\n"]);
        are_installed
            .args(packages)
            .read()
            .is_ok_and(|states| states.lines().all(|state| state == "installed"))
            && Path::new(CARGO).exists()
            && Run::new(RUSTC).args(["--print", "sysroot"]).read().is_ok_and(|sysroot| {
                Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml").exists()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_install(shown: &str, packages: &'static str) -> Lack {
        Lack { shown: shown.to_owned(), cure: Cure::Install { packages, tried: None } }
    }

    #[test]
    fn everything_that_is_missing_is_named_with_each_package_once() {
        let lacking = [
            to_install("`llvm-strip`", "llvm"),
            to_install("`gcc-7`", "gcc-7 libc6-dev"),
            to_install("`llvm-dlltool`", "llvm"),
            Lack { shown: "`my-cc`".to_owned(), cure: Cure::Variable("CC") },
        ];
        assert_eq!(
            missing(&lacking).to_string(),
            "`llvm-strip`, `gcc-7`, `llvm-dlltool`, `my-cc` cannot be run; install them (Debian, Ubuntu: apt-get \
             install llvm gcc-7 libc6-dev); mend or unset the environment variable CC, which names `my-cc`"
        );
    }

    #[test]
    fn an_installation_that_failed_says_why() {
        let tried = Some("no network".to_owned());
        let lack = Lack { shown: "`nm`".to_owned(), cure: Cure::Install { packages: "binutils", tried } };
        let told = missing(&[lack]).cure;
        assert_eq!(
            told,
            "install it (Debian, Ubuntu: apt-get install binutils, which failed here: no network)"
        );
    }
}
