//! The `poslatch-simulator` program: a device on a port of this machine, its screen on the terminal. `main` is the table
//! of contents; everything that a device does is in the library.

mod program;

use poslatch_simulator::{Error, Simulator};
use program::arguments::{self, Command, Options, Output, ScreenAddress};
use program::human::Human;
use program::input::{Input, Inputs};
use program::json::Json;
use program::{Screen, Start};
use std::fs;
use std::io::{self, ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match arguments::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => {
            print!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Command::Run(options)) => options,
        Err(error) => {
            eprintln!("poslatch-simulator: {error}\nTry 'poslatch-simulator --help'.");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has had enough; that is a way to end, too.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("poslatch-simulator: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let inputs = Inputs::new();
    inputs.stop_on_signals().map_err(Failure::Signals)?;
    if options.until_eof {
        inputs.stop_at_end_of_stdin();
    }
    let device = start(options, &inputs)?;
    let root_ca_file = write_root_ca(options, &device)?;
    let start =
        Start { device: &device, root_ca_file: root_ca_file.as_deref(), state: options.state.as_deref() };
    let mut screen: Box<dyn Screen> = match options.output {
        Output::Human => Box::new(Human::new(io::stdout(), io::stdout().is_terminal())),
        Output::Json => Box::new(Json::new(io::stdout())),
    };
    screen.ready(&start).map_err(Failure::Output)?;
    loop {
        match inputs.next() {
            Input::Event(event) => screen.event(&device, &event).map_err(Failure::Output)?,
            Input::SecondPassed => screen.tick(&device).map_err(Failure::Output)?,
            Input::Stop => return screen.end().map_err(Failure::Output),
        }
    }
}

fn start(options: &Options, inputs: &Inputs) -> Result<Simulator, Failure> {
    let start = |screen: Option<SocketAddr>| {
        let mut builder = Simulator::builder()
            .listen(options.listen)
            .serial(&options.serial)
            .code_interval(options.code_interval)
            .scenario(options.scenario.clone())
            .events_max(EVENTS_MAX)
            .on_event(inputs.observer());
        if let Some(folder) = &options.state {
            builder = builder.state_dir(folder);
        }
        if let Some(address) = screen {
            builder = builder.control(address);
        }
        builder.start()
    };
    let started = match options.screen {
        ScreenAddress::Nowhere => start(None),
        ScreenAddress::At(address) => start(Some(address)),
        ScreenAddress::Preferably(address) => match start(Some(address)) {
            Err(Error::Listen { address: taken, .. }) if taken == address => {
                start(Some(SocketAddr::new(address.ip(), 0)))
            }
            started => started,
        },
    };
    started.map_err(Failure::Start)
}

fn write_root_ca(options: &Options, device: &Simulator) -> Result<Option<String>, Failure> {
    let Some(path) = &options.root_ca_out else { return Ok(None) };
    let shown = path.display().to_string();
    match fs::write(path, device.root_ca_chain_pem()) {
        Ok(()) => Ok(Some(shown)),
        Err(error) => Err(Failure::RootCa(shown, error)),
    }
}

/// Some tens of megabytes: days of a busy till. What is older is in the log, if anybody keeps one.
const EVENTS_MAX: usize = 200_000;

#[derive(Debug)]
enum Failure {
    Output(io::Error),
    RootCa(String, io::Error),
    Signals(io::Error),
    Start(Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Self::RootCa(path, error) => write!(f, "cannot write the root CA to \"{path}\": {error}"),
            Self::Signals(error) => write!(f, "cannot watch for signals: {error}"),
            Self::Start(error) => write!(f, "{error}"),
        }
    }
}
