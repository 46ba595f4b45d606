//! Where a command speaks: results on standard output, everything else on standard error, colour only where a person
//! looks.
//!
//! Apart from the commands, because a closed pipe is no error anywhere: a payment must not end otherwise because `head`
//! has seen enough. What cannot be written is dropped, and the exit code stays what it is.

use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plain;
use clap::ValueEnum;
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// How a line is meant. Never said by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Plain,
}

/// The two streams and what goes to them.
pub(crate) struct Screen {
    json: bool,
    color: ColorChoice,
}

impl Screen {
    pub(crate) fn new(json: bool, color: ColorChoice) -> Screen {
        Screen { json, color }
    }

    /// For what is refused before the arguments are read: only `--json` is looked for.
    pub(crate) fn before_the_arguments_are_known(words: &[OsString]) -> Screen {
        Screen::new(words.iter().any(|word| word == "--json"), ColorChoice::Auto)
    }

    /// Tells what goes on, on standard error.
    pub(crate) fn say(&self, text: &str) {
        write(&mut io::stderr().lock(), &format!("{}\n", plain::text(text)));
    }

    /// The device's JSON, on standard error.
    pub(crate) fn say_json(&self, json: &str) {
        write(&mut io::stderr().lock(), &format!("{}\n", plain::json(json)));
    }

    /// A heading on standard error, in bold: the name of what follows.
    pub(crate) fn say_loud(&self, tone: Tone, word: &str, rest: &str) {
        let word = self.painted(io::stderr().is_terminal(), tone, word);
        write(&mut io::stderr().lock(), &format!("{word}{}\n", plain::text(rest)));
    }

    /// A result that comes before the end; says whether anybody reads it.
    pub(crate) fn result_line(&self, text: &str) -> bool {
        let text = if self.json { plain::json(text) } else { plain::text(text) };
        write(&mut io::stdout().lock(), &format!("{text}\n"))
    }

    /// Whether a program listens.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Shows what came of a command.
    pub(crate) fn done(&self, command: &str, done: &Done) -> Exit {
        if self.json {
            self.object(command, done.exit, done.json.clone());
        } else {
            self.show(done);
        }
        for (index, sentence) in done.next.iter().enumerate() {
            match index {
                0 => self.say_loud(Tone::Plain, "Next: ", sentence),
                _ => self.say(&format!("      {sentence}")),
            }
        }
        done.exit
    }

    /// Shows why a command did not come to its end.
    pub(crate) fn failed(&self, command: &str, failure: &Failure) -> Exit {
        self.say_loud(Tone::Bad, "error: ", &failure.message);
        if !failure.advice.is_empty() {
            self.say(&format!("  {}", failure.advice));
        }
        if let Some(next) = &failure.next {
            self.say_loud(Tone::Plain, "Next: ", next);
        }
        if self.json {
            let error = Map::from_iter([("error".to_owned(), failure.to_json())]);
            self.object(command, failure.exit, error);
        }
        failure.exit
    }

    fn object(&self, command: &str, exit: Exit, mut members: Map<String, Value>) {
        members.insert("schema".into(), format!("poslatch-{command}/1").into());
        members.insert("exit_code".into(), exit.code().into());
        self.result_line(&Value::Object(members).to_string());
    }

    fn show(&self, done: &Done) {
        let mut text = String::new();
        if !done.headline.is_empty() {
            let end = done.headline.find(": ").or(done.headline.find(' ')).unwrap_or(done.headline.len());
            let (word, rest) = done.headline.split_at(end);
            text += &self.painted(io::stdout().is_terminal(), done.tone, &plain::line(word));
            text += &plain::line(rest);
            text.push('\n');
        }
        let width = done.facts.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
        for (label, value) in &done.facts {
            text += &plain::line(&format!("  {label:width$}  {value}"));
            text.push('\n');
        }
        text += &plain::text(&done.text);
        write(&mut io::stdout().lock(), &text);
    }

    fn painted(&self, is_terminal: bool, tone: Tone, text: &str) -> String {
        if !self.uses_color(is_terminal) {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "1;32",
            Tone::Bad => "1;31",
            Tone::Plain => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    fn uses_color(&self, is_terminal: bool) -> bool {
        // https://no-color.org: set and not empty.
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                is_terminal
                    && !is_set("NO_COLOR")
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// Whoever reads may have gone: then nobody misses the rest.
fn write(stream: &mut impl Write, text: &str) -> bool {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_ok()
}
