//! Settings that need not be typed each time: an option wins over the environment, that over the settings file, that
//! over the default.
//!
//! The file has lines `name = value` with the options' long names, and `#` for remarks. It is no place for secrets, only
//! for the files that hold them.

use crate::failure::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Looked for in the current folder where none is named.
const DEFAULT_FILE: &str = "poslatch.conf";

/// What can be set this way; in the environment as `POSLATCH_ROOT_CA` and so on.
const NAMES: &[&str] = &[
    "connect-timeout",
    "environment",
    "identity",
    "journal",
    "key-id",
    "merchant-id",
    "passphrase-file",
    "pos-id",
    "root-ca",
    "secret-file",
    "serial",
    "subnet",
    "url",
];

/// The settings file, read.
pub(crate) struct Settings {
    /// The file, if it was named on the command line.
    pub(crate) named: Option<PathBuf>,
    values: BTreeMap<String, String>,
}

impl Settings {
    /// Reads the file that is named, or the default one if it is there.
    pub(crate) fn read(named: Option<&Path>) -> Result<Settings, Failure> {
        let from_environment =
            std::env::var_os("POSLATCH_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let (path, must_be_there) = match named.map(Path::to_owned).or(from_environment) {
            Some(path) => (path, true),
            None => (DEFAULT_FILE.into(), false),
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if !must_be_there && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(Failure::usage(
                    format!("cannot read the settings file \"{}\": {error}", path.display()),
                    "Check that the path is right and that this user may read it.",
                ));
            }
        };
        let values = parse(&text).map_err(|(line, problem)| {
            Failure::usage(
                format!("the settings file \"{}\", line {line}: {problem}", path.display()),
                format!("Lines are NAME = VALUE; the names are {}.", NAMES.join(", ")),
            )
        })?;
        Ok(Settings { named: named.map(Path::to_owned), values })
    }

    /// The value of a setting, by its option's long name.
    pub(crate) fn value(&self, name: &str, option: Option<&str>) -> Option<String> {
        debug_assert!(NAMES.contains(&name), "{name} cannot be set");
        let variable = format!("POSLATCH_{}", name.replace('-', "_").to_uppercase());
        let from_environment = || std::env::var(variable).ok().filter(|value| !value.is_empty());
        option.map(str::to_owned).or_else(from_environment).or_else(|| self.values.get(name).cloned())
    }

    /// The same, of what there has to be.
    pub(crate) fn needed(&self, name: &str, option: Option<&str>, advice: &str) -> Result<String, Failure> {
        self.value(name, option)
            .ok_or_else(|| Failure::usage(format!("--{name} is missing"), advice.to_owned()))
    }
}

/// The lines of a settings file; a mistake comes with the number of its line, and without its value.
fn parse(text: &str) -> Result<BTreeMap<String, String>, (usize, String)> {
    let mut values = BTreeMap::new();
    // What Windows writes before a text, and nobody sees.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) =
            line.split_once('=').ok_or_else(|| (index + 1, "there is no \"=\" in it".to_owned()))?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if !NAMES.contains(&name) {
            return Err((index + 1, format!("there is no setting \"{name}\"")));
        }
        values.insert(name.to_owned(), value.to_owned());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_names_and_values() {
        let values = parse("\u{feff}# the till\n\nurl = wss://10.0.0.5:8443/\nroot-ca=\"my root.pem\"\n")
            .expect("valid");
        assert_eq!(values["url"], "wss://10.0.0.5:8443/");
        assert_eq!(values["root-ca"], "my root.pem");
    }

    #[test]
    fn a_secret_in_the_file_is_refused_without_being_repeated() {
        let (line, problem) = parse("url = x\npassphrase = hunter2\n").expect_err("refused");
        assert_eq!((line, problem.contains("hunter2")), (2, false));
    }
}
