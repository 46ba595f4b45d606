//! The command line: each option with its text, its default and its parser on one page.

use lexopt::prelude::*;
use poslatch_simulator::{Faults, Scenario};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const HELP: &str = "\
A payment device without hardware: pairs tills, then takes payments over mutual TLS.

Usage: poslatch-simulator [OPTIONS]

Options:
  --listen ADDR            Address and port [default: 127.0.0.1:8443]; port 0 takes a free one
  --serial S               Serial number of the device [default: 1850000123]
  --state DIR              Keep certificates, keys and paired tills in DIR [default: in memory]
  --root-ca-out FILE       Write the Root CA chain to FILE, for the till to trust
  --code-interval SECONDS  How long a setup code is shown [default: 300]
  --step-pause MS          Pause after each status message of a payment [default: 20]
  --scenario FILE          What becomes of which payment: a TOML file, or default, bad-network-day,
                           busy-saturday, market-stall, unhelpful-device
  --set NAME=VALUE         Turn a switch, such as hold_payment=true or exchange=no_reply; repeatable
  --screen ADDR            Where the screen is, for a browser, and the control API [default:
                           127.0.0.1:8080, or a free port if that is taken]; or: off
  --json                   One JSON object per line on standard output, for programs
  --until-eof              End when standard input ends, so that nothing outlives the parent
  -h, --help               Show this text

The device is named {serial}.cybs.seclib.io in its certificate, whatever its address. By default
66.66 is declined, and other amounts from 66.01 on have their own meaning. Ctrl-C ends the program.

docs/simulator-control.md lists the events of --json, and what the control API can do.
Exit codes: 0 ended as asked, 1 could not start, 2 wrong usage.

Example:
  poslatch-simulator --root-ca-out /tmp/root.pem
  curl --cacert /tmp/root.pem --resolve 1850000123.cybs.seclib.io:8443:127.0.0.1 \\
       -d '{\"posId\":\"1001\",\"setupCode\":\"8QW1YS1D\"}' https://1850000123.cybs.seclib.io:8443/
";

/// What the user asks for.
pub(crate) enum Command {
    Help,
    Run(Box<Options>),
}

pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) serial: String,
    pub(crate) state: Option<PathBuf>,
    pub(crate) root_ca_out: Option<PathBuf>,
    pub(crate) code_interval: Duration,
    pub(crate) scenario: Scenario,
    pub(crate) screen: ScreenAddress,
    pub(crate) output: Output,
    pub(crate) until_eof: bool,
}

/// Where the screen is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScreenAddress {
    /// Exactly there.
    At(SocketAddr),
    Nowhere,
    /// There if possible, else on a free port: whoever names no port wants a device, not an error.
    Preferably(SocketAddr),
}

/// Whom the output is for.
pub(crate) enum Output {
    Human,
    Json,
}

pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut options = Options {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
        serial: "1850000123".to_owned(),
        state: None,
        root_ca_out: None,
        code_interval: Duration::from_secs(300),
        scenario: Scenario::default(),
        screen: ScreenAddress::Preferably(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
        output: Output::Human,
        until_eof: false,
    };
    let (mut switches, mut step_pause) = (String::new(), None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => options.listen = parser.value()?.parse()?,
            Long("serial") => options.serial = parser.value()?.string()?,
            Long("state") => options.state = Some(parser.value()?.into()),
            Long("root-ca-out") => options.root_ca_out = Some(parser.value()?.into()),
            Long("code-interval") => options.code_interval = parser.value()?.parse_with(seconds)?,
            Long("step-pause") => step_pause = Some(parser.value()?.parse_with(milliseconds)?),
            Long("scenario") => options.scenario = parser.value()?.parse_with(scenario)?,
            Long("set") => switches.push_str(&parser.value()?.parse_with(Faults::toml_line)?),
            Long("screen") => options.screen = parser.value()?.parse_with(screen)?,
            Long("json") => options.output = Output::Json,
            Long("until-eof") => options.until_eof = true,
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    // Last, whatever the order of the options: what the command line says is stronger than a file.
    let pause =
        step_pause.map_or_else(String::new, |pause| format!("step_pause_ms = {}\n", pause.as_millis()));
    for lines in [switches, pause] {
        options.scenario = options.scenario.with_switches(&lines).map_err(|error| error.to_string())?;
    }
    Ok(Command::Run(Box::new(options)))
}

/// One that is shipped, or a file.
fn scenario(name: &str) -> Result<Scenario, String> {
    if let Some(scenario) = Scenario::shipped(name) {
        return Ok(scenario);
    }
    let shipped = || Scenario::shipped_names().collect::<Vec<_>>().join(", ");
    let text = fs::read_to_string(name)
        .map_err(|error| format!("cannot read \"{name}\": {error}; there are also {}", shipped()))?;
    Scenario::from_toml(&text).map_err(|error| error.to_string())
}

fn screen(text: &str) -> Result<ScreenAddress, String> {
    if text == "off" {
        return Ok(ScreenAddress::Nowhere);
    }
    text.parse().map(ScreenAddress::At).map_err(|_| "neither an address with a port nor \"off\"".to_owned())
}

/// At least one, because a code that is never valid pairs nobody.
fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u32>() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.into())),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let number = text.parse::<u32>().map_err(|_| "not a number of milliseconds".to_owned())?;
    Ok(Duration::from_millis(number.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parse_words(words: &[&str]) -> Result<Command, lexopt::Error> {
        parse(lexopt::Parser::from_args(words.iter().map(OsString::from)))
    }

    #[test]
    fn help_fits_on_one_screen() {
        assert!(HELP.lines().count() <= 30, "{} lines", HELP.lines().count());
        assert!(HELP.lines().all(|line| line.len() <= 100));
    }

    #[test]
    fn code_interval_of_zero_is_refused() {
        assert!(parse_words(&["--code-interval", "0"]).is_err());
        assert!(parse_words(&["--code-interval", "1"]).is_ok());
    }

    #[test]
    fn step_pause_takes_milliseconds_and_may_be_nothing() {
        assert!(parse_words(&["--step-pause", "0"]).is_ok());
        assert!(parse_words(&["--step-pause", "a while"]).is_err());
    }

    #[test]
    fn switches_are_turned_by_name_and_a_wrong_one_is_refused() {
        let words = ["--set", "hold_payment=true", "--step-pause", "5", "--set", "exchange=no_reply"];
        let words = [&words[..], &["--set", "step_pause_ms=9"]].concat();
        let Ok(Command::Run(options)) = parse_words(&words) else { panic!("refused") };
        let switches = options.scenario.switches();
        assert!(switches.hold_payment);
        assert_eq!(switches.exchange, poslatch_simulator::Exchange::NoReply);
        assert_eq!(switches.step_pause, Duration::from_millis(5));
        let error = parse_words(&["--set", "hold_payments=true"]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("hold_payment`")));
    }

    #[test]
    fn scenario_is_known_by_name_and_switches_are_laid_over_it() {
        let words = ["--set", "internet=true", "--scenario", "market-stall"];
        let Ok(Command::Run(options)) = parse_words(&words) else { panic!("refused") };
        assert!(options.scenario.switches().internet);
        assert_eq!(options.scenario.switches().printer, poslatch_simulator::Printer::None);
        let error = parse_words(&["--scenario", "no/such/file"]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("no/such/file") && error.contains("market-stall")));
    }

    #[test]
    fn help_names_every_scenario_that_is_shipped() {
        assert!(Scenario::shipped_names().all(|name| HELP.contains(name)));
    }

    #[test]
    fn screen_is_somewhere_unless_it_is_switched_off() {
        let screen = |words: &[&str]| match parse_words(words) {
            Ok(Command::Run(options)) => options.screen,
            _ => panic!("refused"),
        };
        assert!(matches!(screen(&[]), ScreenAddress::Preferably(address) if address.ip().is_loopback()));
        assert_eq!(screen(&["--screen", "off"]), ScreenAddress::Nowhere);
        let named = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80));
        assert_eq!(screen(&["--screen", "0.0.0.0:80"]), ScreenAddress::At(named));
        assert!(parse_words(&["--screen", "8080"]).is_err());
    }

    #[test]
    fn word_that_is_no_option_is_refused() {
        assert!(parse_words(&["start"]).is_err());
    }
}
