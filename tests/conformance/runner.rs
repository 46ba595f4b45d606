//! One runner: a process of some language that does what it is told. It answers in time or is ended.

use crate::words::Line;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How a runner is started, as the list of runners says it.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// What stands over its column, such as `csharp-mono`.
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) environment: std::collections::BTreeMap<String, String>,
}

impl Start {
    /// Whether it is a runner of this language: `csharp-mono` speaks `csharp`.
    pub(crate) fn speaks(&self, language: &str) -> bool {
        self.name.split('-').next() == Some(language)
    }
}

/// A runner that runs. Dropping it ends it.
pub(crate) struct Runner {
    child: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Runner {
    pub(crate) fn start(start: &Start) -> Result<Runner, String> {
        let (program, arguments) = start.command.split_first().ok_or("a runner without a command")?;
        let director = std::env::current_exe().map_err(|error| error.to_string())?;
        let program = if program == "{director}" { director.as_path() } else { Path::new(program) };
        let mut child = Command::new(program)
            .args(arguments)
            .envs(&start.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let commands = child.stdin.take();
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Runner { child, commands, answers })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has a command carried out.
    pub(crate) fn tell(&mut self, command: &Line) -> Result<Line, String> {
        let commands = self.commands.as_mut().ok_or("the runner was told to end")?;
        let line = command.render() + "\n";
        let told = commands.write_all(line.as_bytes()).and_then(|()| commands.flush());
        told.map_err(|error| format!("the runner has ended ({error}) {}", self.ending()))?;
        match self.answers.recv_timeout(PATIENCE) {
            Ok(answer) => Line::parse(&answer),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(format!("no answer to \"{:.100}\" within {} s", line.trim_end(), PATIENCE.as_secs()))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(format!("the runner has ended at \"{:.100}\" {}", line.trim_end(), self.ending()))
            }
        }
    }

    /// Lets it end by itself, and tells whether it ended well: everything released, no crash on the way out.
    pub(crate) fn end(mut self) -> Result<(), String> {
        drop(self.commands.take());
        match self.answers.recv_timeout(PATIENCE) {
            Err(mpsc::RecvTimeoutError::Disconnected) => {}
            Ok(stray) => return Err(format!("said at its end: {stray:.100}")),
            Err(mpsc::RecvTimeoutError::Timeout) => return Err("did not end".to_owned()),
        }
        let status = self.wait()?;
        if status.success() { Ok(()) } else { Err(format!("ended with {status}")) }
    }

    fn ending(&mut self) -> String {
        match self.wait() {
            Ok(status) => format!("with {status}"),
            Err(problem) => problem,
        }
    }

    /// Waits for the process, which has closed a pipe, or said what is no text. It need not have ended by that.
    fn wait(&mut self) -> Result<ExitStatus, String> {
        drop(self.commands.take());
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().map_err(|error| error.to_string())? {
                Some(status) => return Ok(status),
                None if Instant::now() > deadline => return Err("but its process has not".to_owned()),
                None => thread::sleep(POLL),
            }
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A failure net: no case waits for so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// The standard library can wait for the end of a process, but not for a time.
const POLL: Duration = Duration::from_millis(10);
