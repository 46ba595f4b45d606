//! A log file: where the noise of commands goes until somebody needs it.

use crate::Result;
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Lines of a log that are shown when something failed; the file has them all.
const SHOWN_LINES_MAX: usize = 300;

/// An open log file, begun anew.
pub(crate) struct Log {
    path: PathBuf,
    /// Whose commands these are, on the terminal.
    prefix: String,
    file: File,
}

impl Log {
    /// Commands that are logged here are printed after `prefix`.
    pub(crate) fn begin(path: PathBuf, prefix: &str) -> Result<Log> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file =
            File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Log { path, prefix: prefix.to_owned(), file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.file, "{}", text.trim_end())?)
    }

    /// A command that is about to run: the one thing of the log that is also printed.
    pub(crate) fn command(&mut self, command: &impl fmt::Display) -> Result<()> {
        println!("{}$ {command}", self.prefix);
        self.say(&format!("$ {command}"))
    }

    /// The same file as a child's output; the offset is shared, so nothing is overwritten.
    pub(crate) fn sink(&self) -> Result<Stdio> {
        Ok(self.file.try_clone()?.into())
    }

    pub(crate) fn text(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(&self.path)?).into_owned())
    }

    /// The end of the log, for a person who wants to know why.
    pub(crate) fn tail(&self) -> String {
        let text = self.text().unwrap_or_else(|error| error.to_string());
        let lines: Vec<&str> = text.lines().collect();
        let left_out = lines.len().saturating_sub(SHOWN_LINES_MAX);
        let mut shown = String::new();
        if left_out > 0 {
            shown.push_str(&format!("({left_out} lines before these are in {})\n", self.path.display()));
        }
        shown.push_str(&lines[left_out..].join("\n"));
        shown
    }
}
