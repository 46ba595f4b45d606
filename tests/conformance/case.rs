//! A case as its file tells it. Whatever a file says that is not understood is an error: a case that is read wrongly would
//! pass for the wrong reason.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The cases of one file.
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// One thing that holds in every language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What holds, as a sentence.
    pub(crate) name: String,
    /// How the till reaches the device.
    #[serde(default)]
    pub(crate) scheme: Scheme,
    /// What is there before the first step.
    #[serde(default)]
    pub(crate) given: Given,
    /// Settings of the device `d` beside its URL and Root CA.
    #[serde(default)]
    pub(crate) device: Table,
    /// What the device plays: the name of a scenario that comes with the simulator, or one written as its files are.
    pub(crate) scenario: Option<Value>,
    /// Switches, laid over those of the scenario.
    #[serde(default)]
    pub(crate) switches: Table,
    /// Languages that have no such thing, and why.
    #[serde(default)]
    pub(crate) not_in: BTreeMap<String, String>,
    /// Entries that must not stand in the device's record when all is done.
    #[serde(default)]
    pub(crate) never: Vec<String>,
    #[serde(deserialize_with = "steps")]
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scheme {
    /// Over `wss` and over `https`: two runs.
    Both,
    Https,
    #[default]
    Wss,
}

/// What the till has before the first step; each has what the one before has.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Given {
    /// Nothing but an address.
    Nothing,
    /// The device `d`.
    #[default]
    Device,
    /// The identity `i`, paired as till 1001.
    Identity,
    /// The connection `c`.
    Connection,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The runner makes a call, and this comes of it.
    Call {
        verb: String,
        /// The name of the thread that makes it, if another one.
        thread: Option<String>,
        arguments: Table,
        expect: Value,
        /// Values of the answer that later steps can name; `KEY.PATH` is a member of one that is JSON.
        keep: BTreeMap<String, String>,
    },
    /// The device does something.
    Device { action: String, arguments: Table },
    /// Another scenario is played, from its beginning.
    Scenario(Value),
    /// The switches are turned, all of them.
    Switches(Table),
    /// The device's record comes to hold an entry: so many of its kind.
    Await { entry: String, count: usize },
    /// Later steps can name a text as it is now.
    Remember { word: String, text: String },
    /// A file is written for the till to find.
    Write { path: String, text: String },
}

/// Reads every file of a folder, in the order of the numbers that their names begin with.
pub(crate) fn read(folder: &Path) -> Result<Vec<Topic>, String> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).map_err(|error| format!("{shown}: {error}"))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort_by_cached_key(|file| (number(file), file.clone()));
    files.iter().map(|file| read_topic(file)).collect()
}

fn number(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.split('-').next()?.parse().ok()
}

fn read_topic(file: &Path) -> Result<Topic, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        case: Vec<Case>,
    }
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
    let File { case: cases } = toml::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Topic { name, cases })
}

fn steps<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Step>, D::Error> {
    let steps = Vec::<Table>::deserialize(from)?;
    if steps.is_empty() {
        return Err(serde::de::Error::custom("a case without steps"));
    }
    steps.into_iter().map(|step| Step::parse(step).map_err(serde::de::Error::custom)).collect()
}

impl Step {
    fn parse(mut step: Table) -> Result<Step, String> {
        let shown = step.to_string().replace('\n', " ");
        let unknown = || format!("not a step: {shown}");
        let mut text = |key: &str| match step.remove(key) {
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("\"{key}\" has to be text in {shown}")),
            None => Ok(None),
        };
        if let Some(verb) = text("call")? {
            let thread = text("thread")?;
            let expect = step.remove("expect").unwrap_or_else(|| Value::String("ok".to_owned()));
            let keep =
                step.remove("keep").map(Value::try_into).transpose().map_err(|error| error.to_string())?;
            return Ok(Step::Call { verb, thread, arguments: step, expect, keep: keep.unwrap_or_default() });
        }
        if let Some(action) = text("device_does")? {
            return Ok(Step::Device { action, arguments: step });
        }
        if let Some(entry) = text("await")? {
            let count = step.remove("count").and_then(|count| count.as_integer()).unwrap_or(1);
            let count = usize::try_from(count).map_err(|_| unknown())?;
            return if step.is_empty() { Ok(Step::Await { entry, count }) } else { Err(unknown()) };
        }
        if let Some(path) = text("write")? {
            let text = text("text")?.ok_or_else(unknown)?;
            return Ok(Step::Write { path, text });
        }
        if let Some(word) = text("remember")? {
            let text = text("text")?.ok_or_else(unknown)?;
            return Ok(Step::Remember { word, text });
        }
        if let Some(scenario) = step.remove("scenario") {
            return if step.is_empty() { Ok(Step::Scenario(scenario)) } else { Err(unknown()) };
        }
        match step.remove("switches") {
            Some(Value::Table(switches)) if step.is_empty() => Ok(Step::Switches(switches)),
            _ => Err(unknown()),
        }
    }
}
