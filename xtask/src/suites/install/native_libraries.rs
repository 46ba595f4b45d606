//! What a program has to link beside the static library: `abi/native-libraries.txt` says what rustc says.

use crate::Result;
use crate::artifacts;
use crate::log::Log;
use std::fs;

const DOCUMENTED: &str = "abi/native-libraries.txt";

/// The words before rustc's list.
const MARK: &str = "native-static-libs: ";

/// The documented list for this system; fails if rustc names another one.
pub(super) fn documented(log: &mut Log) -> Result<String> {
    let text = fs::read_to_string(DOCUMENTED).map_err(|error| format!("{DOCUMENTED}: {error}"))?;
    let system = if cfg!(windows) { "windows-gnu" } else { std::env::consts::OS };
    let line = text.lines().find_map(|line| line.strip_prefix(system)?.strip_prefix(' '));
    let documented = line.ok_or_else(|| format!("{DOCUMENTED} has no line for {system}"))?;
    let told = told_by_rustc(log)?;
    if told != documented {
        return Err(format!(
            "{DOCUMENTED} is not what rustc says of {system}; write there, if the change is meant\n  \
             {system} {told}\n  found: {system} {documented}"
        )
        .into());
    }
    Ok(documented.to_owned())
}

/// Cargo repeats what rustc said when the library was built.
fn told_by_rustc(log: &mut Log) -> Result<String> {
    let run = artifacts::library();
    log.command(&run)?;
    let output = run.command().output().map_err(|error| run.cannot_start(&error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    log.say(&said)?;
    let list = said.lines().find_map(|line| Some(line.split_once(MARK)?.1.trim().to_owned()));
    list.ok_or_else(|| format!("rustc names no native libraries ({}): {said}", output.status).into())
}
