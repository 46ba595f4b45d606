//! One run of the command, with what happens to it meanwhile.

use super::case::{Case, Stream, When};
use super::stage::Stage;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// No case takes longer than seconds; this ends one that hangs.
const LIMIT: Duration = Duration::from_secs(90);

pub(crate) struct Output {
    /// None: a signal, or it had to be ended.
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(case: &Case, stage: &Stage) -> Output {
    for arguments in &case.first {
        let output = command(case, stage, arguments).stdin(Stdio::null()).output().expect("the command runs");
        stage.remember(&String::from_utf8_lossy(&output.stdout));
    }
    let mut child = command(case, stage, &case.args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // Who does not read its input closes the pipe, which is its right.
    let _ = child.stdin.take().expect("a pipe").write_all(stage.fill(&case.stdin).as_bytes());

    let stdout = child.stdout.take().filter(|_| !case.stdout_is_closed);
    let stderr = child.stderr.take().expect("a pipe");
    let process = child.id();
    let watch = |stream: Stream| {
        move |pipe: &mut dyn Read| {
            watched(pipe, case.when.iter().filter(|when| when.on == stream), stage, process)
        }
    };
    let (on_stdout, on_stderr) = (watch(Stream::Stdout), watch(Stream::Stderr));
    thread::scope(|scope| {
        let stdout = scope.spawn(move || stdout.map(|mut pipe| on_stdout(&mut pipe)).unwrap_or_default());
        let stderr = scope.spawn(move || on_stderr(&mut { stderr }));
        let exit = wait(&mut child);
        Output { exit, stdout: stdout.join().expect("no panic"), stderr: stderr.join().expect("no panic") }
    })
}

/// The command in the case's folder and environment.
fn command(case: &Case, stage: &Stage, arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_poslatch"));
    command
        .args(arguments.iter().map(|argument| stage.fill(argument)))
        .current_dir(stage.folder())
        .env("POSLATCH_URL", stage.url())
        .env("LC_ALL", "C.UTF-8");
    for (name, value) in &case.env {
        match value.as_str() {
            "" => command.env_remove(name),
            value => command.env(name, stage.fill(value)),
        };
    }
    command
}

/// Reads to the end, and does what the case wants done as soon as something was said.
fn watched<'a>(
    pipe: &mut dyn Read,
    all: impl Iterator<Item = &'a When>,
    stage: &Stage,
    process: u32,
) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    let mut waiting = all.peekable();
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        while let Some(when) = waiting.next_if(|when| String::from_utf8_lossy(&bytes).contains(&when.says)) {
            stage.act(when.action, process);
        }
    }
}

/// Waits on another thread, so that what hangs can be ended.
fn wait(child: &mut Child) -> Option<i32> {
    let (done, is_done) = mpsc::channel();
    let process = child.id();
    let guard = thread::spawn(move || {
        if is_done.recv_timeout(LIMIT).is_err() {
            let _ = Command::new("kill").args(["-KILL", &process.to_string()]).status();
        }
    });
    let status = child.wait().expect("waited for");
    let _ = done.send(());
    guard.join().expect("no panic");
    status.code()
}
