//! `poslatch completions`: what makes the Tab key know the commands.

use crate::arguments::{Arguments, CompletionsArguments};
use crate::done::Done;
use crate::failure::Failure;
use clap::CommandFactory;

pub(crate) fn run(arguments: &CompletionsArguments) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "poslatch", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Ok(Done::text(script.clone()).member("shell", arguments.shell.to_string()).member("script", script))
}
