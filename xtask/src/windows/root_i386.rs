//! A folder with the few Debian packages that 32-bit Wine needs, apart from the packages of this machine, which would have
//! to take another architecture in. It gets no security updates: it is for tests.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use crate::tools::Missing;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder, complete.
pub(crate) struct RootI386 {
    folder: PathBuf,
    /// What programs in it see under the same names as outside.
    shared: Vec<PathBuf>,
}

/// There is no shell inside, so everything is made ready outside; `$1` is the folder, then what to share up to `--`, then
/// the command. In a mount namespace of its own, so that nothing is left mounted, however it ends.
const ENTER: &str = r#"root=$1; shift
mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" || exit
while [ "$1" != -- ]; do mount --bind "$1" "$root$1" || exit; shift; done
shift; exec chroot "$root" "$@""#;

impl RootI386 {
    /// Makes it, unless it is there; where its packages cannot be had, says so.
    pub(crate) fn provide(project: &Project, log: &mut Log) -> Result<RootI386> {
        let folder = std::path::absolute(project.target("wine/root-i386"))?;
        if !folder.exists() {
            let partial = folder.with_extension("partial");
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            unpack(&partial, log).map_err(|error| Missing {
                what: format!("32-bit Wine cannot be unpacked: {error}"),
                cure: "run it as root on Debian with a mirror that has i386".into(),
            })?;
            complete(&partial)?;
            fs::rename(&partial, &folder)?;
        }
        let mut shared = vec![project.root().to_owned()];
        let target = std::path::absolute(project.target(""))?;
        if !target.starts_with(project.root()) {
            shared.push(target);
        }
        for path in &shared {
            fs::create_dir_all(inside(&folder, path))?;
        }
        Ok(RootI386 { folder, shared })
    }

    /// The command that runs a program of it.
    pub(super) fn run(&self, program: &str) -> Run {
        Run::new("unshare")
            .args(["--mount", "sh", "-c", ENTER, "enter"])
            .arg(&self.folder)
            .args(&self.shared)
            .args(["--", program])
    }
}

fn unpack(folder: &Path, log: &mut Log) -> Result<()> {
    let release = fs::read_to_string("/etc/os-release")?;
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .ok_or("/etc/os-release names no release of Debian")?;
    // From where this machine has its own packages.
    let sources = Run::new("apt-get")
        .args(["indextargets", "--format", "$(CODENAME) $(REPO_URI) $(COMPONENT)", "Created-By: Packages"])
        .read()?;
    let source = sources
        .lines()
        .filter_map(|line| line.strip_prefix(codename)?.strip_prefix(' ')?.strip_suffix(" main"))
        .next()
        .ok_or_else(|| format!("apt has no source of {codename}"))?;
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    Run::new("mmdebstrap")
        .args(["--mode=root", "--variant=extract", "--architectures=i386"])
        // `libc-bin` has the locale in which names of files are any Unicode.
        .args(["--include=wine32,libc-bin", codename])
        .arg(folder)
        .arg(format!("deb {source} {codename} main"))
        .log(log)
}

/// What the packages' scripts would have done, which are not run.
fn complete(root: &Path) -> Result<()> {
    let zlib = "zlib1.dll";
    fs::copy(
        root.join("usr/i686-w64-mingw32/lib").join(zlib),
        root.join("usr/lib/i386-linux-gnu/wine/i386-windows").join(zlib),
    )
    .map_err(|error| format!("{zlib} of 32-bit Wine: {error}"))?;
    for folder in ["proc", "dev", "root", "etc", "tmp"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::copy("/etc/hosts", root.join("etc/hosts"))?;
    Ok(())
}

/// Where an absolute path is found inside.
fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}
