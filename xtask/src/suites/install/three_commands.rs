//! README's three commands, typed as they stand there, beside an archive of what was installed.

use super::{Bench, absolute};
use crate::Result;
use crate::process::Run;
use std::fs;
use std::path::Path;

const README: &str = "README.md";

/// The line that the commands follow, in a block of their own.
const MARK: &str = "<!-- three commands, run by `cargo xtask test install` -->";

/// What README has in the place of a version and of a target; users read it, so it is not written with variables.
const ARCHIVE: &str = concat!("poslatch-", env!("CARGO_PKG_VERSION"), "-linux-x86_64");

/// A call of the example as README shows it.
const CALL: &str = "wss://192.168.1.50:8443/ root-ca.pem till.pem 1.00 USD";

/// Unpacks, builds and pays. The address of the device is the one thing that is not README's.
pub(super) fn work(bench: &mut Bench<'_>, prefix: &Path) -> Result<()> {
    let readme = fs::read_to_string(README)?;
    let commands = readme
        .split_once(MARK)
        .and_then(|(_, rest)| rest.split_once("```sh\n")?.1.split_once("```"))
        .map(|(commands, _)| commands)
        .ok_or_else(|| format!("{README} has no block of commands after {MARK}"))?;
    if commands.lines().count() != 3 || !commands.contains(ARCHIVE) || !commands.contains(CALL) {
        return Err(
            format!("expected three commands with {ARCHIVE} and {CALL} in {README}:\n{commands}").into()
        );
    }

    let folder = bench.scratch.join("three commands");
    fs::create_dir_all(&folder)?;
    fs::rename(prefix, folder.join(ARCHIVE))?;
    let archive = format!("{ARCHIVE}.tar.gz");
    Run::new("tar")
        .arg("-C")
        .arg(&folder)
        .args(["-czf"])
        .arg(folder.join(&archive))
        .arg(ARCHIVE)
        .log(bench.log)?;
    fs::remove_dir_all(folder.join(ARCHIVE))?;
    fs::copy(bench.device.root_ca_file(), folder.join("root-ca.pem"))?;
    fs::copy(&bench.identity_file, folder.join("till.pem"))?;

    let typed = commands.replace("wss://192.168.1.50:8443/", &bench.device.url("wss"));
    let run = Run::new("sh").args(["-e", "-c", &format!("cd \"$0\"\n{typed}")]).arg(absolute(&folder)?);
    bench.payments += 1;
    crate::till::finish(&run, bench.log)?.expect_exit(0)?.expect_text("Approved.")?;
    bench.seen()
}
