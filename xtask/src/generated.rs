//! Files that are checked in although a command writes them, so that a developer without Rust can read them: written by
//! `cargo xtask header`, and compared with what it would write in every test run.

use crate::Result;
use std::fs;
use std::path::PathBuf;

/// A file and what has to stand in it.
pub(crate) struct Generated {
    /// From the repository's root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Generated {
    pub(crate) fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Generated {
        Generated { path: path.into(), text: text.into() }
    }

    /// Writes it if it is not there or another; says which.
    pub(crate) fn write(&self) -> Result<()> {
        let path = self.path.display();
        if fs::read_to_string(&self.path).is_ok_and(|present| present == self.text) {
            println!("{path} is up to date");
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        fs::write(&self.path, &self.text).map_err(|error| format!("cannot write {path}: {error}"))?;
        println!("{path} written");
        Ok(())
    }

    /// Fails, with the first line that differs and the cure, if another text stands in it.
    pub(crate) fn up_to_date(&self) -> Result<()> {
        let path = self.path.display();
        let found = fs::read_to_string(&self.path)
            .map_err(|error| format!("{path}: {error}; run `cargo xtask header`"))?;
        if found == self.text {
            return Ok(());
        }
        let expected = &self.text;
        let same =
            expected.lines().zip(found.lines()).take_while(|(expected, found)| expected == found).count();
        let line = |text: &str| text.lines().nth(same).unwrap_or("(the end)").trim().to_owned();
        Err(format!(
            "{path} is not what src/ffi says; run `cargo xtask header` and check the result in\n  \
             line {}\n  expected: {}\n  found:    {}",
            same + 1,
            line(expected),
            line(&found)
        )
        .into())
    }
}

/// The text of a file with another block between its two markers; the rest of it is written by hand.
pub(crate) fn between(path: &str, text: &str, begin: &str, block: &str, end: &str) -> Result<String> {
    let parts = text
        .split_once(begin)
        .and_then(|(before, rest)| rest.split_once(end).map(|(_, after)| (before, after)));
    let Some((before, after)) = parts else {
        return Err(format!("{path} has lost a line \"{}\" or \"{}\"", begin.trim(), end.trim()).into());
    };
    Ok(format!("{before}{begin}{block}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() -> Result<()> {
        let renewed = |text: &str| between("a file", text, "BEGIN\n", "new\n", "END\n");
        assert_eq!(renewed("before\nBEGIN\nold\nEND\nafter\n")?, "before\nBEGIN\nnew\nEND\nafter\n");
        assert!(renewed("before\nafter\n").is_err());
        Ok(())
    }
}
