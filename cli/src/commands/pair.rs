//! `poslatch pair`: the code on the device's screen for an identity file.
//!
//! The code is asked for last, because the device shows it for 300 s only and a mistake in a path must not use it up.

use super::Context;
use crate::arguments::PairArguments;
use crate::dates;
use crate::done::Done;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Tone;
use crate::secret::Secret;
use crate::till::{DeviceSettings, IdentitySettings, quoted};
use poslatch::{Category, Identity, Status};
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

pub(crate) fn run(arguments: &PairArguments, context: &Context<'_>) -> Result<Done, Failure> {
    let pos_id = context.settings.needed(
        "pos-id",
        arguments.pos_id.as_deref(),
        "Choose a number that no other till of the shop has, as in --pos-id 1001, or set POSLATCH_POS_ID.",
    )?;
    let device_settings = DeviceSettings::resolve(&arguments.device, context)?;
    let identity_settings = IdentitySettings::resolve(&arguments.identity, context);
    let device = device_settings.device(None)?;
    check_place(&identity_settings.path, arguments.replace)?;
    let passphrase = passphrase(&identity_settings, arguments.encrypt)?;
    let code = Secret {
        name: "the setup code",
        prompt: "Setup code (on the device: Generate Code)",
        variable: "POSLATCH_SETUP_CODE",
        option: "--code-file",
        file: arguments.code_file.as_deref(),
    }
    .obtain()?;

    let identity = device.pair(&pos_id, code.trim()).map_err(|error| {
        let category = error.category();
        let is_about_the_line = matches!(category, Category::Network | Category::Trust)
            && error.status() != Status::PairingReplyLost;
        let failure = Failure::of(error);
        match is_about_the_line {
            true => failure.next(format!("poslatch doctor{}", device_settings.typed())),
            false => failure,
        }
    })?;
    identity
        .save(&identity_settings.path, passphrase.as_ref().map(|passphrase| passphrase.as_str()))
        .map_err(Failure::of)?;
    Ok(told(&identity, &identity_settings.path, &device_settings, identity_settings.typed()))
}

/// A file that is there is the only key to its device: it is replaced only on request.
///
/// The folder is tried out, too: an identity that cannot be saved is lost, its code is spent, and the device knows a till
/// that there is not.
fn check_place(path: &str, replace: bool) -> Result<(), Failure> {
    let place = Path::new(path);
    if place.is_dir() {
        return Err(Failure::usage(format!("\"{path}\" is a folder"), "Name a file with --identity."));
    }
    if replace || !place.exists() {
        return try_out(place).map_err(|error| {
            Failure::usage(
                format!("the identity cannot be saved as \"{path}\": {error}"),
                "Nothing was sent. Check that the folder is there and that this user may write to it.",
            )
        });
    }
    Err(Failure::usage(
        format!("\"{path}\" is there already"),
        "Pair with --replace to put the new identity in its place, or name another file with --identity.",
    )
    .next(format!("poslatch inspect {}", quoted(path))))
}

/// Makes a file beside the place, as saving does, and removes it.
fn try_out(place: &Path) -> io::Result<()> {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.trial", std::process::id()));
    let trial = place.with_file_name(name);
    OpenOptions::new().write(true).create_new(true).open(&trial)?;
    std::fs::remove_file(&trial)
}

/// The passphrase for the new file: one that was given, or one that is asked for twice.
fn passphrase(settings: &IdentitySettings, encrypt: bool) -> Result<Option<Zeroizing<String>>, Failure> {
    let secret = settings.passphrase("New passphrase of the identity");
    match secret.given()? {
        Some(given) => Ok(Some(given)),
        None if !encrypt => Ok(None),
        None => {
            let first = secret.obtain()?;
            if *secret.ask("The same again")? == *first {
                return Ok(Some(first));
            }
            Err(Failure::usage("the two passphrases differ", "Run the command again; nothing was sent."))
        }
    }
}

fn told(identity: &Identity, path: &str, device: &DeviceSettings, typed_identity: &str) -> Done {
    let name = identity.device_name().unwrap_or("a device without a name");
    let done = Done::new(Exit::Done, Tone::Good, format!("Paired with {name}"))
        .fact("posId", identity.pos_id())
        .fact("identity", format!("{path} (keep it secret: it holds the key)"))
        .fact("valid until", dates::utc_and_distance(identity.not_after()))
        .fact("fingerprint", identity.fingerprint())
        .member("pos_id", identity.pos_id())
        .member("device_name", identity.device_name())
        .member("serial", identity.serial())
        .member("identity_file", path)
        .member("not_before", dates::utc(identity.not_before()))
        .member("not_after", dates::utc(identity.not_after()))
        .member("fingerprint", identity.fingerprint());
    let done = match (&device.serial, identity.serial()) {
        (None, Some(serial)) => done.next(format!(
            "compare the serial number {serial} with the device's About screen; no other one will be accepted from now on"
        )),
        _ => done,
    };
    done.next(format!("poslatch pay 1.00 EUR{}{typed_identity}", device.typed()))
}
