//! The project's own commands, `cargo xtask ...`: this file only dispatches, each task has a file of its own.

mod abi;
mod artifacts;
mod ci;
mod cmake;
mod constants;
mod csharp;
mod demo;
mod deny;
mod dist;
mod errors;
mod generated;
mod header;
mod java;
mod linux;
mod log;
mod native_libraries;
mod pascal;
mod process;
mod project;
mod python;
mod remapping;
mod report;
mod runners;
mod scratch;
mod simulator;
mod suites;
mod test;
mod till;
mod tools;
mod windows;

use std::process::ExitCode;

/// What a task ends with when it cannot go on: sentences for a person, never a type to branch on.
type Failure = Box<dyn std::error::Error + Send + Sync>;

type Result<T> = std::result::Result<T, Failure>;

const HELP: &str = "\
The project's own commands.

    cargo xtask demo               pair a till with a simulated device and pay, step by step, on this machine only
    cargo xtask test [SUITE...]    run every suite, or those named; `cargo xtask test --list` names them
    cargo xtask test --all-platforms
                                   every suite, with those of platforms that take longer
    cargo xtask header             write include/poslatch.h and the wrappers' constants from src/ffi
    cargo xtask dist [NAME...]     write the archives and packages of target/dist, or those named; `cargo xtask dist --list`
                                   names them
    cargo xtask abi                write abi/poslatch.abi from include/poslatch.h, if the ABI's version allows what changed
    cargo xtask errors             write docs/errors.md from the texts in src/error
    cargo xtask header --check     fail if one of them is not what src/ffi says
    cargo xtask ci                 everything that has to pass before a change is taken

Needs: Rust and a C compiler. What a suite needs beyond that, it says when it is missing.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{HELP}");
            Ok(())
        }
        ["abi"] => abi::write(),
        ["ci"] => ci::run(),
        ["demo"] => demo::run(),
        ["dist", "--list"] => {
            dist::list();
            Ok(())
        }
        ["dist", names @ ..] => dist::run(names),
        ["errors"] => errors::run(),
        ["header"] => header::write(),
        ["header", "--check"] => header::check(),
        ["test", "--list"] => {
            test::list();
            Ok(())
        }
        ["test", names @ ..] => test::run(names),
        _ => {
            eprint!("xtask: \"{}\" is not a task\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
