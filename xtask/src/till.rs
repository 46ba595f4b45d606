//! A till made of the examples of one language: each method is one run of one program, as a person would type it. Apart
//! from the demo and the suites, because all use it: what is shown is what is tested.

use crate::Result;
use crate::artifacts::{Language, with_library};
use crate::log::Log;
use crate::process::{Output, Run};
use crate::project::Project;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// No example takes longer than a few seconds against a simulator; this ends one that hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// How the examples of one build are started: here and now, or by another system's loader.
pub(crate) type Start<'a> = &'a dyn Fn(&str) -> Run;

/// A till with its settings.
pub(crate) struct Till<'a> {
    /// The command that runs an example of this name, without arguments.
    pub(crate) start: Start<'a>,
    pub(crate) url: String,
    pub(crate) root_ca_file: PathBuf,
    pub(crate) identity_file: PathBuf,
}

/// One finished run of an example.
pub(crate) struct Finished {
    pub(crate) command: String,
    pub(crate) exit_code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Till<'_> {
    pub(crate) fn pair(&self, pos_id: &str, setup_code: &str, serial: &str) -> Run {
        self.example("pair")
            .arg(&self.url)
            .arg(&self.root_ca_file)
            .args([pos_id, setup_code])
            .arg(&self.identity_file)
            .arg(serial)
    }

    pub(crate) fn show_chain(&self) -> Run {
        self.example("show_chain").arg(&self.identity_file)
    }

    pub(crate) fn pay(&self, amount: &str, reference: &str) -> Run {
        self.example("pay")
            .arg(&self.url)
            .arg(&self.root_ca_file)
            .arg(&self.identity_file)
            .args([amount, "USD", reference])
    }

    /// Asks for a payment; without a reference, what the journal holds.
    pub(crate) fn recover(&self, reference: Option<&str>) -> Run {
        let run = self.example("recover").arg(&self.url).arg(&self.root_ca_file).arg(&self.identity_file);
        run.args(reference)
    }

    pub(crate) fn refused(&self, amount: &str) -> Run {
        self.example("refused").arg(&self.url).arg(&self.root_ca_file).args([amount, "USD"])
    }

    fn example(&self, name: &str) -> Run {
        (self.start)(name)
    }
}

/// The command that runs an example of this machine's own build, without arguments.
pub(crate) fn example(project: &Project, language: Language, name: &str) -> Run {
    with_library(project, &project.example(language, name))
}

/// Runs an example to its end and logs what it said.
pub(crate) fn finish(run: &Run, log: &mut Log) -> Result<Finished> {
    log.say(&format!("$ {run}"))?;
    let Output { status, stdout, stderr } = run.within(LIMIT)?;
    log.say(&format!("{stdout}{stderr}({status})"))?;
    Ok(Finished { command: run.to_string(), exit_code: status.code(), stdout, stderr })
}

impl Finished {
    /// The value of a line `  label  value` of either stream.
    pub(crate) fn value(&self, label: &str) -> Result<&str> {
        self.stdout
            .lines()
            .chain(self.stderr.lines())
            .filter_map(|line| line.strip_prefix("  ")?.strip_prefix(label))
            .find(|rest| rest.starts_with("  "))
            .map(str::trim)
            .ok_or_else(|| {
                format!(
                    "no line \"{label}\" in the output of\n$ {}\n{}{}",
                    self.command, self.stdout, self.stderr
                )
                .into()
            })
    }

    /// Fails with everything that was said, unless the program ended like this.
    pub(crate) fn expect_exit(&self, code: i32) -> Result<&Finished> {
        if self.exit_code == Some(code) {
            return Ok(self);
        }
        let found = self.exit_code.map_or("a signal".into(), |code| code.to_string());
        Err(format!(
            "expected exit code {code}, found {found}, from\n$ {}\n{}{}",
            self.command, self.stdout, self.stderr
        )
        .into())
    }

    /// Fails with everything that was said, unless a stream holds this text.
    pub(crate) fn expect_text(&self, text: &str) -> Result<&Finished> {
        if self.stdout.contains(text) || self.stderr.contains(text) {
            return Ok(self);
        }
        Err(format!(
            "expected \"{text}\" in the output of\n$ {}\n{}{}",
            self.command, self.stdout, self.stderr
        )
        .into())
    }
}

/// Bits of a Unix mode that let others than the owner in.
pub(crate) const OTHERS: u32 = 0o077;

/// The same of a file that was made under Wine, which has a mode of its own for an access list: what only its user may
/// open gets the group's bits along with the user's, and what anybody may open gets all.
pub(crate) const OTHERS_UNDER_WINE: u32 = 0o007;

/// Whether the file is closed to those whom these bits let in; true where the system has no such bits.
pub(crate) fn is_closed_to(others: u32, path: &Path) -> Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path)?.permissions().mode();
        Ok(mode & others == 0)
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(path)?;
        let _ = others;
        Ok(true)
    }
}
