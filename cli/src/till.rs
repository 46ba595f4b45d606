//! A till with its settings: from options, environment and file to a device, an identity and a journal. Apart from the
//! commands, since most of them begin here.

use crate::arguments::{DeviceOptions, ExchangeOptions, IdentityOptions};
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::secret::Secret;
use poslatch::{Device, DeviceBuilder, Identity, Journal, Status};
use std::path::Path;
use std::time::Duration;

pub(crate) const DEFAULT_ROOT_CA: &str = "root-ca.pem";
const DEFAULT_IDENTITY: &str = "till.pem";

/// Where the device is and who it has to be.
pub(crate) struct DeviceSettings {
    pub(crate) url: String,
    pub(crate) root_ca: String,
    pub(crate) serial: Option<String>,
    connect_timeout: Option<Duration>,
    typed: String,
}

impl DeviceSettings {
    pub(crate) fn resolve(options: &DeviceOptions, context: &Context<'_>) -> Result<DeviceSettings, Failure> {
        let settings = context.settings;
        let config = settings.named.as_ref().map(|path| path.display().to_string());
        let seconds = options.connect_timeout.map(|seconds| seconds.to_string());
        let connect_timeout = settings
            .value("connect-timeout", seconds.as_deref())
            .map(|text| {
                text.parse().map(Duration::from_secs).map_err(|_| {
                    Failure::usage(
                        "--connect-timeout is not a number of seconds",
                        "Give a number, such as 10.",
                    )
                })
            })
            .transpose()?;
        Ok(DeviceSettings {
            url: settings.needed(
                "url",
                options.url.as_deref(),
                "Give the address that the device shows under Generate Code > Details, as in --url \
                 wss://192.168.1.50:8443/, or set POSLATCH_URL.",
            )?,
            root_ca: settings
                .value("root-ca", options.root_ca.as_deref())
                .unwrap_or_else(|| DEFAULT_ROOT_CA.to_owned()),
            serial: settings.value("serial", options.serial.as_deref()),
            connect_timeout,
            typed: typed(&[
                ("--config", config.as_deref()),
                ("--url", options.url.as_deref()),
                ("--root-ca", options.root_ca.as_deref()),
                ("--serial", options.serial.as_deref()),
            ]),
        })
    }

    /// The device's description without the Root CA chain.
    pub(crate) fn bare(&self) -> DeviceBuilder {
        let mut builder = Device::builder(&self.url);
        if let Some(serial) = &self.serial {
            builder = builder.serial(serial);
        }
        if let Some(timeout) = self.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        builder
    }

    pub(crate) fn device(&self, journal: Option<Journal>) -> Result<Device, Failure> {
        let mut builder = self.bare().root_ca_file(&self.root_ca);
        if let Some(journal) = journal {
            builder = builder.journal(journal);
        }
        builder.build().map_err(|error| {
            let is_about_the_chain = matches!(error.status(), Status::File | Status::RootCaUnusable);
            let mut failure = Failure::of(error);
            if is_about_the_chain {
                failure.advice = format!(
                    "Download the Root CA chain in the Business Center (Acceptance Devices > Activation Codes) to \
                     \"{}\", name another file with --root-ca, or fetch it.",
                    self.root_ca
                );
                failure = failure.next("poslatch root-ca fetch --help");
            }
            failure
        })
    }

    /// The options as they were typed, to be typed again: what came from elsewhere comes from there the next time, too.
    pub(crate) fn typed(&self) -> &str {
        &self.typed
    }
}

/// Where the till's identity is, and how its key is opened.
pub(crate) struct IdentitySettings {
    pub(crate) path: String,
    passphrase_file: Option<String>,
    typed: String,
}

impl IdentitySettings {
    pub(crate) fn resolve(options: &IdentityOptions, context: &Context<'_>) -> IdentitySettings {
        let settings = context.settings;
        IdentitySettings {
            path: settings
                .value("identity", options.identity.as_deref())
                .unwrap_or_else(|| DEFAULT_IDENTITY.to_owned()),
            passphrase_file: settings.value("passphrase-file", options.passphrase_file.as_deref()),
            typed: typed(&[
                ("--identity", options.identity.as_deref()),
                ("--passphrase-file", options.passphrase_file.as_deref()),
            ]),
        }
    }

    pub(crate) fn passphrase_file(&self) -> Option<&str> {
        self.passphrase_file.as_deref()
    }

    pub(crate) fn passphrase<'a>(&'a self, prompt: &'a str) -> Secret<'a> {
        Secret {
            name: "the passphrase",
            prompt,
            variable: "POSLATCH_PASSPHRASE",
            option: "--passphrase-file",
            file: self.passphrase_file.as_deref(),
        }
    }

    pub(crate) fn load(&self) -> Result<Identity, Failure> {
        self.load_from(&self.path).map_err(|failure| {
            if Path::new(&self.path).exists() {
                return failure;
            }
            failure
                .advising("This till has not paired yet, or its identity is in another file: name it with --identity.")
                .next("poslatch pair --help")
        })
    }

    /// Loads an identity, and asks for its passphrase only if its key turns out to be encrypted.
    pub(crate) fn load_from(&self, path: &str) -> Result<Identity, Failure> {
        let prompt = format!("Passphrase of {path}");
        let secret = self.passphrase(&prompt);
        let given = secret.given()?;
        let passphrase = given.as_ref().map(|passphrase| passphrase.as_str());
        match Identity::load(path, passphrase) {
            Err(error) if error.status() == Status::Passphrase && given.is_none() => {
                let passphrase = secret.ask(&prompt)?;
                Identity::load(path, Some(&passphrase)).map_err(Failure::of)
            }
            // A passphrase in the environment is for whichever file needs one.
            result => result.map_err(Failure::of),
        }
    }

    pub(crate) fn typed(&self) -> &str {
        &self.typed
    }

    /// The journal that belongs to this identity.
    pub(crate) fn journal(&self, option: Option<&str>, context: &Context<'_>) -> Result<Journal, Failure> {
        let path =
            context.settings.value("journal", option).unwrap_or_else(|| format!("{}.journal", self.path));
        Journal::open(path).map_err(Failure::of)
    }
}

/// A till that has paired and is about to talk.
pub(crate) struct Till {
    pub(crate) device: Device,
    pub(crate) identity: Identity,
    pub(crate) journal: Journal,
    /// The options as they were typed, for the command to run next.
    pub(crate) typed: String,
    /// The same without those that pairing does not know.
    pub(crate) typed_for_pairing: String,
}

impl Till {
    pub(crate) fn resolve(
        device: &DeviceOptions,
        identity: &IdentityOptions,
        journal: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Till, Failure> {
        let device = DeviceSettings::resolve(device, context)?;
        let settings = IdentitySettings::resolve(identity, context);
        let loaded = settings.load()?;
        let typed_journal = typed(&[("--journal", journal)]);
        let journal = settings.journal(journal, context)?;
        let typed_for_pairing = format!("{}{}", device.typed(), settings.typed());
        let typed = format!("{typed_for_pairing}{typed_journal}");
        let device = device.device(Some(journal.clone()))?;
        Ok(Till { device, identity: loaded, journal, typed, typed_for_pairing })
    }
}

impl Till {
    /// Refuses a reference whose end is not known: whoever runs the command again after a crash would pay twice, and
    /// the look-up could not tell one from the other.
    pub(crate) fn check_not_pending(&self, reference: &str, look_up: &str) -> Result<(), Failure> {
        let pending = self.journal.pending().map_err(Failure::of)?;
        let Some(request) = pending.into_iter().find(|request| request.reference == reference) else {
            return Ok(());
        };
        Err(Failure::usage(
            format!(
                "{reference} is IN DOUBT: it was sent at {} and may have gone through; its end is not known yet",
                request.time
            ),
            "Nothing was sent now. Find out how it ended; do not repeat it, not under another reference either.",
        )
        .ending(Exit::InDoubt)
        .next(format!("poslatch lookup {look_up}{}", self.typed)))
    }
}

/// How long the device may say nothing.
pub(crate) fn silence(options: &ExchangeOptions) -> Duration {
    Duration::from_secs(options.silence.into())
}

/// ` --name value` for each that was typed, quoted where a shell needs it.
fn typed(options: &[(&str, Option<&str>)]) -> String {
    options.iter().filter_map(|(name, value)| Some(format!(" {name} {}", quoted((*value)?)))).collect()
}

/// A word as a shell takes it: what is printed to be run next may hold what others have made up.
pub(crate) fn quoted(word: &str) -> String {
    quoted_for(word, cfg!(windows))
}

/// Both shells of Windows take double quotes, in which no name of a file can hold one, and neither takes a backslash for
/// more than it is.
fn quoted_for(word: &str, is_windows: bool) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,[]".contains(c) || (is_windows && c == '\\');
    let is_plain = !word.is_empty() && word.chars().all(is_plain);
    match is_windows {
        _ if is_plain => word.to_owned(),
        true => format!("\"{}\"", word.replace('"', "'")),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_the_shell_of_the_system_takes_them() {
        for (word, elsewhere, on_windows) in [
            ("till.pem", "till.pem", "till.pem"),
            ("", "''", "\"\""),
            ("my till.pem", "'my till.pem'", "\"my till.pem\""),
            (r"C:\till\till.pem", r"'C:\till\till.pem'", r"C:\till\till.pem"),
            ("it's; rm x", r"'it'\''s; rm x'", "\"it's; rm x\""),
        ] {
            assert_eq!(quoted_for(word, false), elsewhere);
            assert_eq!(quoted_for(word, true), on_windows);
        }
    }
}
