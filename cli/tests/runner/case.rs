//! What can stand in a case file.
//!
//! In arguments, environment, files, input and expectations, `{url}` is the device's address with `wss`, `{https}` that
//! with `https`, `{port}` its port, `{code}` the code on its screen, `{cloud}` the address of the vendor's cloud,
//! `{folder}` the case's own folder, `{transaction}` the number that the last of the commands before has printed. In expectations, `{date}`, `{number}`, `{hex}`, `{word}` and `{...}` (any text of
//! one line) stand for what differs from run to run.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One behaviour.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The finding, as a sentence.
    pub(crate) about: String,
    pub(crate) args: Vec<String>,
    /// Commands that were run before.
    #[serde(default)]
    pub(crate) first: Vec<Vec<String>>,
    #[serde(default)]
    pub(crate) stdin: String,
    /// Beside `POSLATCH_URL`, which is always set; an empty value unsets.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// The simulator's switches.
    #[serde(default)]
    pub(crate) faults: String,
    #[serde(default)]
    pub(crate) till: Till,
    #[serde(default)]
    pub(crate) root: Root,
    /// Files in the case's folder.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// Where the device is; its URL says 127.0.0.1 all the same.
    #[serde(default = "loopback")]
    pub(crate) device_at: String,
    /// Where somebody pretends to be the device, on the same port.
    pub(crate) impostor_at: Option<String>,
    /// What happens when something is said.
    #[serde(default)]
    pub(crate) when: Vec<When>,
    /// Nobody reads standard output.
    #[serde(default)]
    pub(crate) stdout_is_closed: bool,

    pub(crate) exit: i32,
    /// The whole of it.
    pub(crate) stdout: Option<String>,
    pub(crate) stderr: Option<String>,
    #[serde(default)]
    pub(crate) stdout_has: Vec<String>,
    #[serde(default)]
    pub(crate) stderr_has: Vec<String>,
    /// On neither stream.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    /// Members of the JSON object, by JSON pointer.
    #[serde(default)]
    pub(crate) json: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) one_json_object: bool,
    pub(crate) lines_max: Option<usize>,
    pub(crate) columns_max: Option<usize>,
    /// The types of the messages that arrived, in their order.
    pub(crate) device_got: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) makes: Vec<String>,
    #[serde(default)]
    pub(crate) does_not_make: Vec<String>,
    #[serde(default)]
    pub(crate) file_has: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) file_lacks: BTreeMap<String, Vec<String>>,
}

/// What is in `till.pem`.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Till {
    /// An identity that the device knows.
    #[default]
    Paired,
    /// The same with an encrypted key.
    Encrypted,
    /// An identity that ends in five days.
    AlmostOver,
    /// An identity of another device.
    OfAnotherDevice,
    /// There is no such file.
    None,
}

/// What is in `root-ca.pem`.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Root {
    /// The device's chain.
    #[default]
    Right,
    /// That of somebody else.
    Foreign,
    /// There is no such file.
    None,
}

/// Once a stream holds this text, that happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    pub(crate) says: String,
    #[serde(default)]
    pub(crate) on: Stream,
    #[serde(rename = "do")]
    pub(crate) action: Action,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stream {
    #[default]
    Stderr,
    Stdout,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Ctrl-C at the keyboard.
    CtrlC,
    /// The device goes, and nobody answers on its port.
    DeviceDisappears,
    /// The connection breaks, and the payment that is held on it goes on to its end.
    ConnectionBreaks,
}

fn loopback() -> String {
    "127.0.0.1".into()
}
