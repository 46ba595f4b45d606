//! Child processes: printed as one could type them, waited for without polling, never left behind. Every command of
//! every task goes through here.

use crate::Result;
use crate::log::Log;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A command that has not run yet.
#[derive(Clone)]
pub(crate) struct Run {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
}

/// What a bounded command left behind.
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(program: impl Into<OsString>) -> Run {
        Run { program: program.into(), arguments: Vec::new(), variables: Vec::new() }
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Run {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Run {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, variable: &'static str, value: impl Into<OsString>) -> Run {
        self.variables.push((variable, value.into()));
        self
    }

    /// For a program that is to start it: its words, and the variables that it needs.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let words: Vec<_> = std::iter::once(&self.program).chain(&self.arguments).map(text).collect();
        let variables: serde_json::Map<_, _> =
            self.variables.iter().map(|(name, value)| ((*name).to_owned(), text(value).into())).collect();
        serde_json::json!({ "command": words, "environment": variables })
    }

    /// Prints it, and runs it with all its output in the log.
    pub(crate) fn log(&self, log: &mut Log) -> Result<()> {
        log.command(self)?;
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(log.sink()?).stderr(log.sink()?);
        self.judge(command.status().map_err(|error| self.cannot_start(&error))?)
    }

    /// Runs it and returns its standard output; fails with its standard error.
    pub(crate) fn read(&self) -> Result<String> {
        let output =
            self.command().stdin(Stdio::null()).output().map_err(|error| self.cannot_start(&error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`{self}` failed ({}): {}", output.status, said.trim()).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs it for at most this long, with its whole process group, and returns what it said, however it ended.
    pub(crate) fn within(&self, limit: Duration) -> Result<Output> {
        let deadline = Instant::now() + limit;
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        lead_group(&mut command);
        let mut child = command.spawn().map_err(|error| self.cannot_start(&error))?;
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let ends = (|| {
            let stdout = stdout.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
            let stderr = stderr.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
            Some((stdout, stderr))
        })();
        let Some((stdout, stderr)) = ends else {
            kill_group(&mut child);
            return Err(format!("`{self}` did not end within {} s", limit.as_secs()).into());
        };
        Ok(Output { status: child.wait()?, stdout, stderr })
    }

    /// The command for `std`, for the one caller that talks to its child.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(folders) = library_folders() {
            command.env(LIBRARY_FOLDERS, folders);
        }
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn cannot_start(&self, error: &std::io::Error) -> String {
        format!("cannot start `{self}`: {error}")
    }

    fn judge(&self, status: ExitStatus) -> Result<()> {
        if status.success() { Ok(()) } else { Err(format!("`{self}` failed ({status})").into()) }
    }
}

/// Where the loader looks first, without the folders that `cargo run` adds for our own sake: in one of them lies the
/// library of the development profile, and a program that is to find its library somewhere else, or not at all, would
/// find that. Nothing if there is nothing to take out.
fn library_folders() -> Option<OsString> {
    let ours = std::env::current_exe().ok()?.parent()?.to_owned();
    let folders = std::env::var_os(LIBRARY_FOLDERS)?;
    std::env::join_paths(std::env::split_paths(&folders).filter(|folder| !folder.starts_with(&ours))).ok()
}

const LIBRARY_FOLDERS: &str =
    if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// As one would type it at the repository's root.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(&quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn text(word: &OsString) -> String {
    word.to_string_lossy().into_owned()
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+:,./@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Reads a pipe to its end on a thread of its own. The end of the pipe is the end of the process, so that waiting for
/// it with a time-out takes no polling.
fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A pipe that breaks has ended too; what came before still counts.
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Children of the child are ended with it: `cargo deny` starts git, which would go on waiting for a dead network.
#[cfg(unix)]
fn lead_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn lead_group(_: &mut Command) {}

fn kill_group(child: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        // The command and not the system call, since this crate has no unsafe code. If it is missing, the child
        // itself is ended below.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_command_can_be_typed() {
        let run = Run::new("pay").env("DIR", "a b").args(["1.00", "", "it's"]);
        assert_eq!(run.to_string(), r"DIR='a b' pay 1.00 '' 'it'\''s'");
    }

    #[test]
    #[cfg(unix)]
    fn grandchild_that_holds_the_pipe_is_ended_with_the_child() {
        let started = Instant::now();
        let run = Run::new("sh").args(["-c", "sh -c 'sleep 60' & wait"]);
        assert!(run.within(Duration::from_millis(200)).is_err());
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
