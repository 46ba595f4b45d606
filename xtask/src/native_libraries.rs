//! What a program has to link beside the static library: `abi/native-libraries.txt` says what rustc says.

use crate::Result;
use std::fs;

const DOCUMENTED: &str = "abi/native-libraries.txt";

/// The words before rustc's list.
const MARK: &str = "native-static-libs: ";

/// The documented list for a system; fails if rustc, which has `said` this while it built, names another one.
pub(crate) fn documented(system: &str, said: &str) -> Result<String> {
    let text = fs::read_to_string(DOCUMENTED).map_err(|error| format!("{DOCUMENTED}: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(system)?.strip_prefix(' '));
    let documented = line.ok_or_else(|| format!("{DOCUMENTED} has no line for {system}"))?;
    let told = said.lines().rev().find_map(|line| Some(line.split_once(MARK)?.1.trim()));
    let told = told.ok_or_else(|| format!("rustc names no native libraries: {said}"))?;
    if told != documented {
        return Err(format!(
            "{DOCUMENTED} is not what rustc says of {system}; write there, if the change is meant\n  \
             {system} {told}\n  found: {system} {documented}"
        )
        .into());
    }
    Ok(documented.to_owned())
}
