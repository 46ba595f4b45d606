//! A case played with one runner, from an empty stage to the device's record.

use crate::case::{Case, Given, Step};
use crate::expect;
use crate::runner::Runner;
use crate::stage::{Props, Stage};
use crate::words::Line;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// What became of a case in one language.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Passed,
    /// The language has no such thing, for this reason.
    NotInLanguage(String),
    /// In every word that helps.
    Failed(String),
}

/// Plays a case over one scheme. An error is a finding.
pub(crate) fn play(props: &Props, case: &Case, scheme: &str, runner: &mut Runner) -> Result<(), String> {
    let stage = Stage::set(props, scheme, case.scenario.as_ref(), &case.switches)?;
    let mut names = Names::default();
    let played = (|| {
        for step in given(case).iter().chain(&case.steps) {
            perform(&stage, step, runner, &mut names)
                .map_err(|problem| format!("{}\n  {problem}", told(step)))?;
        }
        match names.running.first() {
            Some(thread) => Err(format!("the case does not say what has to come of the thread {thread}")),
            None => Ok(()),
        }
    })();
    let released = release(runner, &names.given);
    played
        .and(released)
        .and_then(|()| if case.never.is_empty() { Ok(()) } else { stage.never(&case.never) })
        .map_err(|problem| format!("{problem}\n  over {scheme}; the device's record:{}", stage.record()))
}

/// The steps that are the same in many cases.
fn given(case: &Case) -> Vec<Step> {
    let call = |verb: &str, arguments: &[(&str, &str)]| Step::Call {
        verb: verb.to_owned(),
        thread: None,
        arguments: arguments.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect(),
        expect: Value::from("ok"),
        keep: Default::default(),
    };
    let mut device = vec![("as", "d"), ("url", "${url}")];
    if !["root_ca_file", "root_ca_pem"].iter().any(|key| case.device.contains_key(*key)) {
        device.push(("root_ca_file", "${root_ca}"));
    }
    let mut device = call("device", &device);
    if let Step::Call { arguments, .. } = &mut device {
        arguments.extend(case.device.clone());
    }
    let steps = [
        (Given::Device, device),
        (Given::Identity, call("from_pem", &[("pem", "${identity_pem}"), ("as", "i")])),
        (Given::Connection, call("open_mtls", &[("device", "d"), ("identity", "i"), ("as", "c")])),
    ];
    steps.into_iter().filter(|(given, _)| *given <= case.given).map(|(_, step)| step).collect()
}

fn perform(stage: &Stage, step: &Step, runner: &mut Runner, names: &mut Names) -> Result<(), String> {
    match step {
        Step::Await { entry, count } => stage.wait(entry, *count),
        Step::Device { action, arguments } => stage.act(action, arguments),
        Step::Scenario(scenario) => stage.play(scenario),
        Step::Switches(switches) => stage.turn(switches),
        Step::Remember { word, text } => {
            stage.keep(word, &stage.fill_text(text)?);
            Ok(())
        }
        Step::Write { path, text } => stage.write(&stage.fill_text(path)?, &stage.fill_text(text)?),
        Step::Call { verb, thread, arguments, expect, keep } => {
            let command = command(stage, verb, thread.as_deref(), arguments)?;
            let answer = runner.tell(&command)?;
            names.note(verb, thread.as_deref().or(command.get("thread")), &command, &answer);
            expect::judge(&answer, &stage.fill(expect)?)?;
            for (key, word) in keep {
                stage.keep(word, &expect::value(&answer, key)?);
            }
            Ok(())
        }
    }
}

/// The command of a step; on a thread it becomes an argument of `start`, whose grammar the README has.
fn command(stage: &Stage, verb: &str, thread: Option<&str>, arguments: &Table) -> Result<Line, String> {
    let mut line = Line::new(verb);
    for (key, value) in arguments {
        let text = match stage.fill(value)? {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            other => return Err(format!("{key} is neither text nor number: {other}")),
        };
        line = line.with(key, text);
    }
    Ok(match thread {
        // `join thread=t` waits for a thread, anything else with a thread starts it.
        Some(thread) if verb == "join" => line.with("thread", thread),
        Some(thread) => Line { verb: format!("start thread={thread} {}", line.verb), values: line.values },
        None => line,
    })
}

/// What objects a case has been given.
#[derive(Default)]
struct Names {
    given: Vec<String>,
    /// Threads that nobody has waited for yet.
    running: BTreeSet<String>,
    /// What those threads will give.
    awaited: Vec<(String, String)>,
}

impl Names {
    fn note(&mut self, verb: &str, thread: Option<&str>, command: &Line, answer: &Line) {
        let came = answer.verb == "ok";
        match (verb, thread) {
            ("join", Some(thread)) => drop(self.running.remove(thread)),
            (_, Some(thread)) => drop(self.running.insert(thread.to_owned())),
            (_, None) => {}
        }
        if verb == "abandon" {
            self.given.retain(|name| command.get("object") != Some(name));
            return;
        }
        match (verb, thread, command.get("as")) {
            ("join", Some(thread), _) => {
                for (_, name) in self.awaited.extract_if(.., |(of, _)| of == thread) {
                    self.given.extend(came.then_some(name));
                }
            }
            (_, Some(thread), Some(name)) => self.awaited.push((thread.to_owned(), name.to_owned())),
            (_, None, Some(name)) if came => self.given.push(name.to_owned()),
            _ => {}
        }
    }
}

/// Gives back everything that the case has named, so that the next one starts with nothing.
fn release(runner: &mut Runner, names: &[String]) -> Result<(), String> {
    for name in names.iter().rev() {
        let answer = runner.tell(&Line::new("release").with("object", name))?;
        expect::judge(&answer, &Value::from("ok")).map_err(|problem| format!("release {name}: {problem}"))?;
    }
    Ok(())
}

fn told(step: &Step) -> String {
    match step {
        Step::Await { entry, .. } => format!("waiting for {entry}:"),
        Step::Call { verb, arguments, .. } => {
            let arguments: String =
                arguments.iter().map(|(key, value)| format!(" {key}={value:.80}")).collect();
            format!("{verb}{arguments}:")
        }
        Step::Device { action, .. } => format!("the device was to {action}:"),
        Step::Remember { word, .. } => format!("remembering {word}:"),
        Step::Scenario(scenario) => format!("scenario {}:", scenario.to_string().replace('\n', " ")),
        Step::Switches(switches) => format!("switches {}:", switches.to_string().replace('\n', " ")),
        Step::Write { path, .. } => format!("writing {path}:"),
    }
}
