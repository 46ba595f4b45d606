//! The command `poslatch`: what a till does with its payment device, for people at a prompt and for scripts.
//!
//! `main` is the table of contents: read the arguments, run the command, show what came of it. Results go to standard
//! output and everything else to standard error; what the exit codes mean stands in `exit.rs`.

#![forbid(unsafe_code)]

mod amount;
mod arguments;
mod commands;
mod dates;
mod done;
mod exchange;
mod exit;
mod failure;
mod interrupts;
mod plain;
mod reference;
mod refusal;
mod screen;
mod secret;
mod settings;
mod till;
mod verdict;

use arguments::{Arguments, Command, RootCaCommand};
use clap::Parser;
use commands::Context;
use done::Done;
use exit::Exit;
use failure::Failure;
use screen::Screen;
use settings::Settings;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let exit = match refusal::secret_among(&words) {
        Some(refused) => Screen::before_the_arguments_are_known(&words).failed("usage", &refused),
        None => match Arguments::try_parse_from(&words) {
            Ok(arguments) => run(&arguments),
            Err(error) => refusal::of_clap(&error, &words),
        },
    };
    exit.into()
}

fn run(arguments: &Arguments) -> Exit {
    let screen = Screen::new(arguments.json, arguments.color);
    let name = arguments.command.name();
    let result = Settings::read(arguments.config.as_deref())
        .and_then(|settings| dispatch(&arguments.command, &Context { screen: &screen, settings: &settings }));
    match result {
        Ok(done) => screen.done(name, &done),
        Err(failure) => screen.failed(name, &failure),
    }
}

fn dispatch(command: &Command, context: &Context<'_>) -> Result<Done, Failure> {
    match command {
        Command::Pair(arguments) => commands::pair::run(arguments, context),
        Command::Inspect(arguments) => commands::inspect::run(arguments, context),
        Command::NeedsRenewal(arguments) => commands::needs_renewal::run(arguments, context),
        Command::Pay(arguments) => commands::pay::run(arguments, context),
        Command::Refund(arguments) => commands::refund::run(arguments, context),
        Command::Lookup(arguments) => commands::lookup::run(arguments, context),
        Command::Send(arguments) => commands::send::run(arguments, context),
        Command::RootCa { command: RootCaCommand::Fetch(arguments) } => {
            commands::root_ca::run(arguments, context)
        }
        Command::Find(arguments) => commands::find::run(arguments, context),
        Command::Doctor(arguments) => commands::doctor::run(arguments, context),
        #[cfg(feature = "demo")]
        Command::Demo => commands::demo::run(context),
        Command::Completions(arguments) => commands::completions::run(arguments),
        Command::Man(arguments) => commands::man::run(arguments),
    }
}
